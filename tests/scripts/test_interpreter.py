# SPDX-License-Identifier: MIT
"""scripts/analysis/interpreter.py among fake interpreters."""

import os
import pathlib
import subprocess
import sys

import pytest

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from analysis import interpreter  # noqa: E402

MODULE = "module_of_this_test"

# What a script does, told by what it prints.
SCRIPT = f"""
import os, sys
sys.path.insert(0, {str(SCRIPTS)!r})
from analysis import interpreter
interpreter.ensure([{MODULE!r}])
import {MODULE}
print({MODULE}.OWNER, sys.argv[1:], interpreter.CHOSEN in os.environ)
"""


class Pythons:
    """Fake interpreters, each the running one with a module or without."""

    def __init__(self, folder):
        self.folder = folder
        self.script = folder / "script"
        self.script.write_text(SCRIPT)

    def add(self, path, body=f'exec {sys.executable} "$@"'):
        fake = self.folder / path
        fake.parent.mkdir(exist_ok=True)
        fake.write_text(f"#!/bin/sh\n{body}\n")
        fake.chmod(0o755)
        return str(fake)

    def add_good(self, path):
        owner = path.replace("/", "-")
        library = self.folder / f"{owner}-library"
        library.mkdir()
        (library / f"{MODULE}.py").write_text(f"OWNER = {owner!r}\n")
        return self.add(path, f"export PYTHONPATH={library}\n"
                              f'exec {sys.executable} "$@"')

    def run(self, folders, *arguments, **environment):
        """Run the script under an interpreter that lacks the module."""
        path = ":".join(str(self.folder / name) for name in folders)
        return subprocess.run(
            [sys.executable, self.script, *arguments], timeout=60,
            capture_output=True, text=True, cwd=self.folder,
            env={"PATH": path, **environment})


@pytest.fixture
def pythons(tmp_path):
    return Pythons(tmp_path)


def test_the_first_python_is_passed_over_when_it_lacks_a_module(pythons):
    pythons.add("first/python3")
    pythons.add_good("second/python3")
    done = pythons.run(["first", "second"], "--filter", "a b")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "second-python3 ['--filter', 'a b'] False\n"


def test_an_interpreter_that_has_the_modules_stays(tmp_path):
    code = SCRIPT.replace(MODULE, "json").replace("json.OWNER", "'stayed'")
    done = subprocess.run([sys.executable, "-c", code], text=True,
                          capture_output=True, env={"PATH": ""})
    assert done.stdout == "stayed [] False\n"


def test_the_running_interpreter_is_found_first(pythons, monkeypatch):
    monkeypatch.setenv("SYSCOST_PYTHON", pythons.add("named/python3"))
    assert interpreter.find(["json"]) == sys.executable


def test_the_variable_goes_before_path(pythons):
    pythons.add_good("first/python3")
    named = pythons.add_good("named/any-name")
    done = pythons.run(["first"], SYSCOST_PYTHON=named)
    assert done.stdout.startswith("named-any-name ")


def test_the_variable_may_be_a_name_on_path(pythons):
    pythons.add_good("first/python3.7")
    done = pythons.run(["first"], SYSCOST_PYTHON="python3.7")
    assert done.stdout.startswith("first-python3.7 ")


def test_a_useless_variable_is_passed_over(pythons):
    pythons.add_good("first/python3")
    done = pythons.run(["first"], SYSCOST_PYTHON="/nowhere/python3")
    assert done.stdout.startswith("first-python3 ")


def test_names_with_a_version_are_tried_newest_first(pythons):
    pythons.add("first/python3")
    for version in ("3.9", "3.12", "3.10"):
        pythons.add_good(f"first/python{version}")
    pythons.add_good("first/python3.13-config")
    done = pythons.run(["first"])
    assert done.stdout.startswith("first-python3.12 ")


def test_what_does_not_run_is_passed_over(pythons):
    pythons.add("first/python3", "exit 127")
    (pythons.folder / "second").mkdir()
    garbage = pythons.folder / "second" / "python3"
    garbage.write_bytes(b"\0\1\2")
    garbage.chmod(0o755)
    pythons.add_good("third/python3")
    done = pythons.run(["first", "second", "nowhere", "third"])
    assert done.stdout.startswith("third-python3 ")


def test_none_that_will_do_is_one_line_and_exit_3(pythons):
    pythons.add("first/python3")
    done = pythons.run(["first"])
    assert (done.returncode, done.stdout) == (3, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("script: ")
    assert f"lacks {MODULE})" in line
    assert line.endswith("run ./scripts/setup")


def test_one_that_only_claims_to_have_them_ends_in_exit_3(pythons):
    pythons.add("first/python3", '[ "$1" = -c ] && exit 0\n'
                                 f'exec {sys.executable} "$@"')
    done = pythons.run(["first"])
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_here_of_the_modules_name_is_no_module(
        tmp_path, monkeypatch):
    (tmp_path / MODULE).mkdir()
    monkeypatch.chdir(tmp_path)
    assert not interpreter.has(sys.executable, [MODULE])
    assert interpreter.has(sys.executable, ["json"])


def test_wrappers_are_asked_last(pythons, monkeypatch):
    wrapper = pythons.add("first/python3")
    (pythons.folder / "second").mkdir()
    binary = pythons.folder / "second" / "python3"
    binary.symlink_to(os.path.realpath(sys.executable))
    monkeypatch.setenv("PATH", f"{pythons.folder}/first:"
                               f"{pythons.folder}/second")
    monkeypatch.delenv("SYSCOST_PYTHON", raising=False)
    found = interpreter.candidates()
    assert found.index(str(binary)) < found.index(wrapper)


def test_as_a_command_it_prints_the_interpreter(pythons):
    # -S hides the distribution's modules from the one that runs it.
    agreeable = pythons.add("named/python3", "exit 0")
    done = subprocess.run(
        [sys.executable, "-S", interpreter.__file__], text=True,
        capture_output=True, env={"SYSCOST_PYTHON": agreeable})
    assert (done.returncode, done.stdout) == (0, agreeable + "\n")


def test_as_a_command_it_exits_3_when_there_is_none(monkeypatch, capsys):
    monkeypatch.setattr(interpreter, "find", lambda: None)
    with pytest.raises(SystemExit) as end:
        interpreter.main()
    assert end.value.code == 3
    assert "run ./scripts/setup" in capsys.readouterr().err
