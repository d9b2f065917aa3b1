# SPDX-License-Identifier: MIT
"""`make install` into a folder of its own, and what runs from there."""

import os
import pathlib
import re
import subprocess
from typing import Iterator, List

import pytest

ROOT = pathlib.Path(__file__).parents[2]
RUN = ROOT / "results" / "reference"
CLEAN = {"PATH": "/usr/bin:/bin", "HOME": "/", "LC_ALL": "C.UTF-8",
         "PYTHONDONTWRITEBYTECODE": "1"}


def make(target: str, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a target of the Makefile."""
    return subprocess.run(["make", "-C", ROOT, target, *words], text=True,
                          capture_output=True)


@pytest.fixture(scope="module")
def staged(program: pathlib.Path,
           tmp_path_factory: pytest.TempPathFactory
           ) -> Iterator[pathlib.Path]:
    """Where a package would be made of it; removed again by uninstall."""
    folder = tmp_path_factory.mktemp("staged here")
    words = f"DESTDIR={folder}", "PREFIX=/usr"
    done = make("install", *words)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "usr" / "bin" / "another").write_text("not ours\n")
    yield folder / "usr"
    assert make("uninstall", *words).returncode == 0
    assert [path for path in folder.rglob("*") if not path.is_dir()] == [
        folder / "usr" / "bin" / "another"]
    assert not list(folder.rglob("syscost"))


def run(staged: pathlib.Path, *words: str
        ) -> "subprocess.CompletedProcess[str]":
    """Run what was installed, found by its name, from elsewhere."""
    path = f"{staged / 'bin'}:{CLEAN['PATH']}"
    return subprocess.run(words, env={**CLEAN, "PATH": path}, cwd="/",
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)


def scripts() -> List[str]:
    """The scripts of the tree that are for its users."""
    return sorted(
        path.name for path in (ROOT / "scripts").iterdir()
        if path.is_file() and
        path.name not in ("probe-study", "lab-figures") and
        path.read_text().startswith("#!/usr/bin/env python3\n"))


def test_the_program(staged: pathlib.Path) -> None:
    version = run(staged, "syscost", "--version").stdout
    assert re.fullmatch(r"syscost \d+\.\d+\.\d+\n", version)
    assert "getppid/inline" in run(staged, "syscost", "--list").stdout


@pytest.mark.parametrize("name", scripts())
def test_every_script_has_a_name_on_the_path(staged: pathlib.Path, name: str
                                             ) -> None:
    done = run(staged, f"syscost-{name}", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"usage: syscost-{name} ")


def test_a_script_on_a_run(staged: pathlib.Path, tmp_path: pathlib.Path
                           ) -> None:
    done = run(staged, "syscost-plot", f"--output={tmp_path}", str(RUN))
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "ladder.svg").stat().st_size > 1000


def test_a_worksheet_of_a_run(staged: pathlib.Path, tmp_path: pathlib.Path
                              ) -> None:
    done = run(staged, "syscost-worksheet", f"--output={tmp_path}",
               str(RUN / "lab"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "Answer to question 12" in (
        tmp_path / "worksheet.html").read_text()


def test_what_measures_finds_the_program(staged: pathlib.Path) -> None:
    from_scripts = ("from analysis import program; "
                    "print(program.find().resolve())")
    done = subprocess.run(
        ["/usr/bin/env", "python3", "-c", from_scripts], env=CLEAN,
        cwd=staged / "share" / "syscost" / "scripts", capture_output=True,
        text=True)
    assert done.stdout.strip() == str(staged / "bin" / "syscost")


def test_manual_completion_and_documents(staged: pathlib.Path) -> None:
    share = staged / "share"
    for path in ("man/man1/syscost.1", "doc/syscost/method.md",
                 "doc/syscost/LICENSE", "doc/syscost/plans/kpti-demo.toml",
                 "bash-completion/completions/syscost"):
        assert (share / path).stat().st_size > 0
    assert not list(staged.rglob("__pycache__"))


def test_the_links_lead_within_the_package(staged: pathlib.Path) -> None:
    links = [path for path in staged.rglob("*") if path.is_symlink()]
    assert len(links) == len(scripts())
    assert not [path for path in links if os.path.isabs(os.readlink(path))]


def test_nothing_to_uninstall_is_said(tmp_path: pathlib.Path) -> None:
    done = subprocess.run(
        [ROOT / "scripts" / "uninstall", tmp_path / "none"],
        capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        2, f"uninstall: {tmp_path}/none: nothing was installed from here\n")
