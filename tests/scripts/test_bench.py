# SPDX-License-Identifier: MIT
"""scripts/bench in a tree of stand-ins for what it runs."""

import os
import pathlib
import pty
import pwd
import shutil
import signal
import subprocess
import tempfile

import pytest

from hand_made import SCRIPTS

PROGRAM = """#!/bin/sh
printf '%s\\n' "$@" >arguments
mkdir -p results/run
: >results/run/summary.csv
echo a table
echo 'results/run/ · next: something'
exit {status}
"""
CLOSING = "import sys\nprint('closing of', sys.argv[1])\n"
WORKS = "#!/bin/sh\necho {name} of $1\n"


class Tree:
    """A folder with the script and what it needs."""

    def __init__(self, folder):
        self.folder = folder
        for name in "build", "scripts":
            (folder / name).mkdir()
        shutil.copy(SCRIPTS / "bench", folder / "scripts" / "bench")
        self.put("build/syscost", PROGRAM.format(status=0))
        (folder / "scripts" / "analysis").mkdir()
        for name in "contrasts", "plot":
            self.put(f"scripts/{name}", WORKS.format(name=name))
        self.put("scripts/analysis/closing.py", CLOSING)

    def put(self, name, text):
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def run(self, *words, process={}, **environment):
        return subprocess.run(
            [self.folder / "scripts" / "bench", *words], text=True, cwd="/",
            stdin=subprocess.DEVNULL, **{"capture_output": True, **process},
            env={"PATH": "/usr/bin:/bin", **environment})


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


SHOWN = ["a table", "results/run/ · next: something", "",
         "contrasts of results/run/", "", "closing of results/run"]


@pytest.mark.parametrize("status", [0, 1, 130])
def test_the_order_and_the_status(tree, status):
    tree.put("build/syscost", PROGRAM.format(status=status))
    done = tree.run()
    assert done.stdout.splitlines() == SHOWN
    assert (done.returncode, done.stderr) == (status, "")


def test_the_options(tree):
    tree.run("--launches=3", PROFILE="quick", LABEL="a b", FILTER="x|y")
    assert (tree.folder / "arguments").read_text().splitlines() == [
        "--profile=quick", "--label=a b", "--filter=x|y", "--launches=3"]


@pytest.mark.parametrize("name", ["contrasts", "plot"])
@pytest.mark.parametrize("text, why", [
    ("#!/bin/sh\necho '{name}: no Python here: run ./scripts/setup' >&2\n"
     "exit 3\n", "no Python here: run ./scripts/setup"),
    ("#!/bin/sh\nprintf 'Traceback\\n  line\\nKeyError: 1\\n' >&2\nexit 1\n",
     "KeyError: 1"),
    ("#!/bin/sh\nkill -KILL $$\n", ""),
    ("#!/no/such\n", None)])
@pytest.mark.parametrize("status", [0, 130])
def test_what_fails_says_so_in_a_line(tree, name, text, why, status):
    tree.put("build/syscost", PROGRAM.format(status=status))
    tree.put(f"scripts/{name}", text.format(name=name))
    done = tree.run()
    assert (done.returncode, done.stderr) == (status, "")
    said, = [line for line in done.stdout.splitlines()
             if line.startswith("no ")]
    start = f"no {name} (scripts/{name} results/run/): "
    assert said.startswith(start)
    assert why is None or said == f"{start}{why}"
    others = [line for line in SHOWN if name not in line]
    assert [line for line in done.stdout.splitlines()
            if line in others] == others


def test_a_warning_of_what_works_is_passed_on(tree):
    tree.put("scripts/plot", "#!/bin/sh\necho building the fonts >&2\n")
    done = tree.run()
    assert done.stderr == "building the fonts\n"
    assert done.stdout.splitlines() == SHOWN


def test_a_report_is_made_where_there_is_one_to_make(tree):
    tree.put("scripts/report", "#!/bin/sh\necho $1report.html\n"
             "echo made of $1 >report\n")
    tree.put("scripts/plot", "#!/bin/sh\necho too >plotted\n")
    done = tree.run()
    assert done.stdout.splitlines() == SHOWN
    assert (tree.folder / "report").read_text() == "made of results/run/\n"
    assert not (tree.folder / "plotted").exists()


def test_a_report_that_cannot_be_made_ends_no_bench(tree):
    tree.put("scripts/report", "#!/bin/sh\necho report: no Jinja2 >&2\n"
             "exit 3\n")
    done = tree.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        *SHOWN[:-1], "no report (scripts/report results/run/): no Jinja2",
        SHOWN[-1]]


@pytest.mark.parametrize("closing", [
    "raise SystemExit(2)\n", "no Python\n"])
def test_without_its_closing_lines_the_folder_is_named(tree, closing):
    tree.put("scripts/analysis/closing.py", closing)
    done = tree.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [*SHOWN[:-1], "folder  results/run/"]


def test_the_program_is_told_of_colour_on_a_terminal_only(tree):
    tree.put("build/syscost", "#!/bin/sh\nenv >>told\n")
    ours, theirs = pty.openpty()
    for environment in ({"TERM": "xterm"}, {"TERM": "dumb"},
                        {"TERM": "xterm", "NO_COLOR": "1"}):
        tree.run(process={"stdout": theirs, "stderr": theirs,
                          "capture_output": False}, **environment)
        told = (tree.folder / "told").read_text()
        assert told.count("CLICOLOR_FORCE=1\n") == 1
    tree.run(TERM="xterm")
    told = (tree.folder / "told").read_text()
    assert told.count("CLICOLOR_FORCE=1\n") == 1
    os.close(ours)
    os.close(theirs)


def test_ctrl_c_is_for_the_program_which_shows_what_it_has(tree):
    tree.put("build/syscost", """#!/bin/sh
trap 'mkdir -p results/run
: >results/run/summary.csv
echo results/run/
exit 130' INT
echo begun
while :; do sleep 0.05; done
""")
    with subprocess.Popen(
            [tree.folder / "scripts" / "bench"], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True, env={"PATH": "/usr/bin:/bin"}) as bench:
        assert bench.stdout.readline() == "begun\n"
        os.killpg(bench.pid, signal.SIGINT)     # as a terminal does
        rest = bench.stdout.read().splitlines()
    assert bench.returncode == 130
    assert rest == ["results/run/", "", "contrasts of results/run/", "",
                    "closing of results/run"]


def test_without_a_run_there_is_nothing_to_show(tree):
    tree.put("build/syscost", "#!/bin/sh\necho getpid/libc\nexit 0\n")
    done = tree.run("--list")
    assert done.stdout == "getpid/libc\n" and done.returncode == 0


TUNE = """#!/bin/sh
printf '%s\\n' "$@" >tuned
while [ "$1" != -- ]; do shift; done
shift
exec "$@"
"""


def tuned(tree):
    """What scripts/tune was called with."""
    return (tree.folder / "tuned").read_text().splitlines()


@pytest.mark.parametrize("value", ["", "0"])
def test_it_is_not_tuned_unless_asked_for(tree, value):
    tree.put("scripts/tune", TUNE)
    assert tree.run(TUNE=value).stdout.splitlines() == SHOWN
    assert not (tree.folder / "tuned").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="as root")
@pytest.mark.parametrize("words, told", [
    ([], []), (["--cpu=3"], ["--cpu=3"]), (["--seed=1", "--cpu", "3"],
                                           ["--cpu=3"])])
def test_tuned_by_root(tree, words, told):
    tree.put("scripts/tune", TUNE)
    done = tree.run(*words, TUNE="1")
    assert done.stdout.splitlines() == SHOWN
    assert tuned(tree) == ["run", *told, "--", "./build/syscost",
                           "--profile=default", *words]


@pytest.fixture
def for_nobody(nobody):
    """The same tree where an ordinary user may write, and that user."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="syscost-"))
    tree = Tree(folder)
    (folder / "bin").mkdir()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777)
    yield tree, nobody
    shutil.rmtree(folder)


def test_tuned_by_a_user(for_nobody):
    tree, user = for_nobody
    tree.put("scripts/tune", TUNE)
    tree.put("bin/sudo", '#!/bin/sh\necho asked >sudo\nshift\nexec "$@"\n')
    done = tree.run(TUNE="1", PATH=f"{tree.folder}/bin:/usr/bin:/bin",
                    process=user)
    assert done.stdout.splitlines() == SHOWN
    assert (tree.folder / "sudo").read_text() == "asked\n"
    name = pwd.getpwuid(user.get("user", os.geteuid())).pw_name
    assert tuned(tree)[:4] == ["run", f"--user={name}", "--",
                               "./build/syscost"]


def test_without_sudo_it_says_what_to_do(for_nobody):
    tree, user = for_nobody
    for name in "id", "dirname", "mktemp", "rm", "bash":
        (tree.folder / "bin" / name).symlink_to(shutil.which(name))
    done = tree.run(TUNE="1", PATH=f"{tree.folder}/bin", process=user)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == ("bench: TUNE=1 needs root and there is no sudo: "
                           "run it as root\n")


def test_another_word_is_no_wish(tree):
    done = tree.run(TUNE="yes")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bench: TUNE=yes: ")


@pytest.mark.parametrize("status", [1, 3])
def test_a_tune_that_refuses_measures_nothing(for_nobody, status):
    tree, user = for_nobody
    tree.put("bin/sudo", f"#!/bin/sh\necho refused >&2\nexit {status}\n")
    tree.put("scripts/tune", f"#!/bin/sh\necho refused >&2\nexit {status}\n")
    done = tree.run(TUNE="1", PATH=f"{tree.folder}/bin:/usr/bin:/bin",
                    process=user)
    assert (done.returncode, done.stdout, done.stderr) == (
        status, "", "refused\n")
