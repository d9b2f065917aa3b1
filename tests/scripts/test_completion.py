# SPDX-License-Identifier: MIT
"""Completion of the command line, by calling its function in bash."""

import pathlib
import subprocess
from typing import List

import pytest

from conftest import Runner

ROOT = pathlib.Path(__file__).parents[2]
CALL = """
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_syscost "$1"
[[ ${#COMPREPLY[@]} == 0 ]] || printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(program: pathlib.Path, *words: str) -> List[str]:
    """What is offered for the last word; split as bash does, at = and :."""
    done = subprocess.run(
        ["bash", "-c", CALL, "bash", ROOT / "scripts" / "completion.bash",
         program, *words], capture_output=True, text=True,
        cwd=ROOT, check=True)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_every_option_of_help_is_offered(run: Runner) -> None:
    told = {word.rstrip("=") for word in offered(run.program, "")}
    page = (ROOT / "src" / "options.c").read_text()
    table = page.split("argp_option table[]")[1].split("};")[0]
    assert told == {f"--{line.split(chr(34))[1]}"
                    for line in table.splitlines()
                    if line.startswith('\t{ "')}


@pytest.mark.parametrize("words, wanted", [
    (["--pro"], ["--profile="]),
    (["--list", "--an"], ["--anonymous"]),
    (["--profile", "=", "q"], ["quick"]),
    (["--profile", "q"], ["quick"]),
    (["--clock", "="], ["auto", "counter", "raw"]),
    (["--arm", "=", "tr"], ["tracepoint", "traced"]),
    (["--arm", "=", "a", "=", "ssbd,no"], ["ssbd,noaslr"]),
    (["--arm", "=", "secc"], ["seccomp:", "seccomp-bitmap"]),
    (["--arm", "=", "seccomp", ":", "8"], []),
    (["--filter", "=", "getppid/inl"], ["getppid/inline"]),
    (["--root", "=", "tests/mach"], ["tests/machines"]),
    (["--launches", "="], []),
    (["stray"], []),
])
def test_what_is_offered(run: Runner, words: List[str], wanted: List[str]
                         ) -> None:
    assert sorted(offered(run.program, *words)) == sorted(wanted)


def test_a_filter_is_offered_every_row(run: Runner) -> None:
    rows = [line.split()[0] for line in run("--list").stdout.splitlines()]
    assert offered(run.program, "--filter", "=", "") == rows


@pytest.mark.parametrize("option", ["--profile", "--clock"])
def test_the_values_are_ones_that_the_program_takes(run: Runner, option: str
                                                    ) -> None:
    values = offered(run.program, option, "=")
    assert len(values) == 3
    for value in values:
        assert run(f"{option}={value}", "--list").returncode == 0


def test_what_the_program_prints_is_never_run(tmp_path: pathlib.Path) -> None:
    hostile = tmp_path / "syscost"
    hostile.write_text("""#!/bin/sh
case $1 in
--help) echo '      --filter=REGEX  some' ;;
*) printf '%s\\n' '$(touch${IFS}ran)  x' '`touch${IFS}ran`  x' '*  x' ;;
esac
""")
    hostile.chmod(0o755)
    assert offered(hostile, "--filter", "=", "") == [
        "$(touch${IFS}ran)", "`touch${IFS}ran`", "*"]
    assert not (ROOT / "ran").exists()
