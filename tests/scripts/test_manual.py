# SPDX-License-Identifier: MIT
"""The manual page says what --help says, and renders."""

import pathlib
import re
import shutil
import subprocess
from typing import List

import pytest

from conftest import Runner

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "docs" / "syscost.1"


def plain(roff: str) -> str:
    """The text of roff's source: fonts and spacing left out."""
    roff = re.sub(r"\\f(?:\(?CW|[A-Z])|\\[,/&]", "", roff)
    return roff.replace(r"\-", "-")


def words_between(text: str, first: str, last: str) -> List[str]:
    """The words behind one heading and before another."""
    return text.split(first, 1)[1].split(last, 1)[0].split()


def section(name: str) -> str:
    """A section of the page, without requests."""
    kept = PAGE.read_text().split(f".SH {name}\n", 1)[1].split("\n.SH ")[0]
    return plain(re.sub(r"^\.(?:SS|TP|PP|IP|RS|RE|nf|fi)\b *", "", kept,
                        flags=re.M)).replace('"', "")


def test_the_options_are_those_of_help(run: Runner) -> None:
    told = run("--help").stdout
    assert section("OPTIONS").split() == [
        "What", "to", "measure:", *words_between(
            told, "What to measure:", "Conditions of an arm")]


def test_so_are_the_conditions_of_an_arm(run: Runner) -> None:
    told = run("--help").stdout
    assert section('"CONDITIONS OF AN ARM"').split() == words_between(
        told, "Conditions of an arm,", "Examples:")


def test_so_are_examples_and_exit_statuses(run: Runner) -> None:
    told = run("--help").stdout
    examples = words_between(told, "Examples:", "Exit status:")
    assert section("EXAMPLES").split()[:len(examples)] == examples
    assert section('"EXIT STATUS"').split() == told.split(
        "Exit status:")[1].split()


def test_the_version_is_the_programs(run: Runner) -> None:
    version = run("--version").stdout.strip()
    assert f'"{version}"' in PAGE.read_text().splitlines()[1]


def test_every_file_of_a_run_is_named(run: Runner) -> None:
    run(*run.short, "--distribution", "--output=run")
    told = section("FILES")
    assert [name for name in run.contents()[1:]
            if pathlib.Path(name).name not in told] == []


@pytest.mark.parametrize("command", [
    ["groff", "-ww", "-man", "-Tutf8"], ["mandoc", "-Tlint", "-Wwarning"]])
def test_it_renders_without_a_warning(command: List[str]) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]} here")
    done = subprocess.run([*command, str(PAGE)], capture_output=True,
                          text=True)
    warned = done.stderr + (done.stdout if command[0] == "mandoc" else "")
    assert (done.returncode, warned) == (0, "")


def test_it_is_as_it_would_be_made(run: Runner) -> None:
    if not shutil.which("help2man"):
        pytest.skip("no help2man here")
    done = subprocess.run([ROOT / "scripts" / "manual", "--check"],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
