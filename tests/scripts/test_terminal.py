# SPDX-License-Identifier: MIT
"""What the program shows on a terminal, and nowhere else."""

import os
import pty
import re
import subprocess
import time
from typing import Dict, Tuple

import pytest

from conftest import Runner

COLOUR = re.compile(r"\x1b\[[\d;]*m")
# A CPU that is said to be emulated is a serious doubt on every machine.
DOUBTFUL = "--emulated=tcg"


def read_all(end: int) -> str:
    """What came through a terminal until its other end was closed."""
    told = b""
    while True:
        try:
            piece = os.read(end, 65536)
        except OSError:     # Linux says so where all have closed it
            piece = b""
        if not piece:
            os.close(end)
            return told.decode()
        told += piece


def shown(run: Runner, *options: str, out: bool = True, err: bool = True,
          **environment: str) -> Tuple[str, str]:
    """Output and errors where either, both or none is a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [str(run.program), *options], cwd=run.folder,
        stdin=subprocess.DEVNULL, text=True,
        stdout=theirs if out else subprocess.PIPE,
        stderr=theirs if err else subprocess.PIPE,
        env={"PATH": os.environ["PATH"], "TERM": "xterm", **environment})
    os.close(theirs)
    told = read_all(ours)
    piped = process.communicate()
    assert process.returncode == 0, told
    return (told if out else piped[0]), (told if err else piped[1])


def test_progress_is_on_the_terminal_and_taken_away(run: Runner) -> None:
    table, told = shown(run, "--launches=3", *run.short[1:], out=False)
    assert "\r\x1b[Ktrying the rows" in told
    assert "\r\x1b[Klaunch " in told and " of 3" in told
    assert told.endswith("\r\x1b[K") and "\n" not in told
    assert "\x1b" not in table and "launch " not in table


def test_progress_is_calm(run: Runner) -> None:
    """However short the launches are, it changes four times a second."""
    begin = time.monotonic()
    _, told = shown(run, "--launches=60", *run.short[1:], out=False)
    spent_s = time.monotonic() - begin
    assert 1 <= told.count("launch ") <= 4 * spent_s + 1


def test_time_left_is_told_once_a_launch_is_over(run: Runner) -> None:
    _, told = shown(run, "--launches=3", "--rounds=2000", run.short[2],
                    out=False)
    first, *others = re.findall(r"launch \d of 3([^\r]*)", told)
    assert first == ""
    assert others and all(re.fullmatch(r" · (\d+ min \d\d s|\d+ s) left", one)
                          for one in others)


@pytest.mark.parametrize("environment", [
    {"TERM": "dumb"}, {"TERM": ""}])
def test_none_where_a_line_cannot_be_written_anew(
        run: Runner, environment: Dict[str, str]) -> None:
    told, _ = shown(run, *run.short, DOUBTFUL, **environment)
    assert "launch 1" not in told and "\x1b" not in told


def test_nothing_of_it_in_a_pipe(run: Runner) -> None:
    table, told = shown(run, *run.short, DOUBTFUL, out=False, err=False)
    assert told == "" and "\x1b" not in table


def test_few_colours_on_a_terminal(run: Runner) -> None:
    table, _ = shown(run, *run.short, DOUBTFUL, err=False)
    assert set(COLOUR.findall(table)) <= {
        "\x1b[1m", "\x1b[35m", "\x1b[1;35m", "\x1b[0m"}
    assert re.search(r"\ngetppid/inline +\x1b\[1m +[\d.]+ ns\x1b\[0m", table)
    assert "\n  \x1b[1;35m!!\x1b[0m " in table


@pytest.mark.parametrize("out, environment, coloured", [
    (True, {"NO_COLOR": "1"}, False),
    (True, {"NO_COLOR": ""}, True),
    (True, {"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, False),
    (False, {"CLICOLOR_FORCE": "1"}, True),
    (False, {"CLICOLOR_FORCE": "0"}, False),
    (True, {"CLICOLOR_FORCE": "0"}, True),
    (True, {"TERM": "dumb", "CLICOLOR_FORCE": "1"}, True),
])
def test_who_decides(run: Runner, out: bool, environment: Dict[str, str],
                     coloured: bool) -> None:
    table, _ = shown(run, *run.short, DOUBTFUL, out=out, err=False,
                     **environment)
    assert bool(COLOUR.search(table)) is coloured


def test_without_colours_it_says_the_same(run: Runner) -> None:
    """The marks are there in any case; figures differ from run to run."""
    tables = [shown(run, *run.short, DOUBTFUL, err=False, **environment)[0]
              for environment in ({"NO_COLOR": "1"}, {"TERM": "xterm"})]
    serious = [re.findall(r"^  !! .*", COLOUR.sub("", table), re.M)
               for table in tables]
    assert serious[0] == serious[1] != []
