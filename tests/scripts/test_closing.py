# SPDX-License-Identifier: MIT
"""The lines that `make bench` ends with, of runs made by hand."""

import json
import os
import pathlib
import pty
import subprocess
import sys
from typing import Any, Dict, Sequence

import pytest

from conftest import REPOSITORY as ROOT

CLOSING = ROOT / "scripts" / "analysis" / "closing.py"
ROWS = [("getppid/libc", "plain", 131.84), ("invalid/inline", "plain", 75.0),
        ("clock_gettime/vdso", "plain", 22.43)]
FOUND = ("a getppid through libc costs 131.8 ns: 86 empty function calls; "
         "the vDSO tells the time in 22.4 ns without entering the kernel")
RECORD = {"complete": True, "run": {"profile": "default"}, "doubts": [],
          "yardsticks": {"empty_call_ns": 1.54}}


def doubt(severity: str, message: str = "a message") -> Dict[str, str]:
    """One as run.json has it."""
    return {"id": "one", "severity": severity, "message": message,
            "remedy": "a remedy"}


def closed(folder: pathlib.Path, rows: Sequence[Any] = ROWS,
           record: Any = RECORD, **environment: str) -> Dict[str, str]:
    """What is told of a run, by the word that it begins with."""
    folder.mkdir(exist_ok=True)
    (folder / "summary.csv").write_text("benchmark,arm,quiet_ns\n" + "".join(
        f"{name},{arm},{cost}\n" for name, arm, cost in rows))
    (folder / "run.json").write_text(json.dumps(record))
    done = subprocess.run(
        [sys.executable, CLOSING, folder.name], cwd=folder.parent,
        env={**os.environ, **environment}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split(None, 1) for line in done.stdout.splitlines()]
    return {word: said for word, said in lines}


def test_five_lines(tmp_path: pathlib.Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "report.html").write_text("")
    told = closed(tmp_path / "run")
    assert list(told.items()) == [
        ("found", FOUND), ("doubt", "nothing"), ("folder", "run/"),
        ("report", "run/report.html (open it in a browser)"),
        ("next", "change something, make bench again, make compare "
         "BEFORE=run AFTER=results/...")]


def test_without_a_report_there_are_plots_or_neither(tmp_path: pathlib.Path
                                                     ) -> None:
    assert list(closed(tmp_path / "run")) == ["found", "doubt", "folder",
                                              "next"]
    (tmp_path / "run" / "plots").mkdir()
    assert closed(tmp_path / "run")["plots"] == "run/plots/"


@pytest.mark.parametrize("doubts, said", [
    ([doubt("note")], "nothing beyond the note above"),
    ([doubt("note"), doubt("note")], "nothing beyond the 2 notes above"),
    ([doubt("doubt")], "! a message → a remedy"),
    ([doubt("note"), doubt("doubt"), doubt("serious", "worse")],
     "!! worse → a remedy (2 more above)"),
])
def test_the_worst_doubt(tmp_path: pathlib.Path,
                         doubts: Sequence[Dict[str, str]], said: str) -> None:
    told = closed(tmp_path / "run", record={**RECORD, "doubts": doubts})
    assert told["doubt"] == said


@pytest.mark.parametrize("rows, said", [
    (ROWS[1:2], "a refused call costs 75.0 ns: 49 empty function calls"),
    (ROWS[2:], "the vDSO tells the time in 22.4 ns without entering the "
     "kernel"),
    ([("a/b", "plain", 0.5)], "a/b costs 0.50 ns"),
    ([("a/b", "plain", 5), ("c/d", "plain", 2e6)],
     "2 rows, from 5.00 ns (a/b) to 2 ms (c/d)"),
    ([("a/b", "plain", "nan")], "nothing: no row was measured"),
    ([], "nothing: no row was measured"),
    ([ROWS[0], ("getppid/libc", "slow", 20000)],
     "getppid/libc: plain 131.8 ns, slow 20 µs"),
    ([("a/b", "plain", 1), ("c/d", "slow", 1)], "no row in common"),
])
def test_what_was_found(tmp_path: pathlib.Path, rows: Sequence[Any],
                        said: str) -> None:
    assert closed(tmp_path / "run", rows)["found"] == said


@pytest.mark.parametrize("change, said", [
    ({"complete": False}, "make bench, since this one was not finished"),
    ({"run": {"profile": "quick"}},
     "make bench, which takes more launches: narrower intervals")])
def test_what_is_next(tmp_path: pathlib.Path, change: Dict[str, Any],
                      said: str) -> None:
    assert closed(tmp_path / "run", record={**RECORD, **change})[
        "next"] == said


def test_arms_are_to_be_compared(tmp_path: pathlib.Path) -> None:
    told = closed(tmp_path / "run", [*ROWS, ("getppid/libc", "b", 1)])
    assert told["next"] == "scripts/compare run: what the arms differ by"


def test_an_emulated_run_says_so_first(tmp_path: pathlib.Path) -> None:
    record = {**RECORD, "yardsticks": {"empty_call_ns": None},
              "environment": {"guest": {"emulated_by": "tcg"}}}
    assert closed(tmp_path / "run", ROWS[:1], record)["found"] == (
        "emulated: signs and constancy only; a getppid through libc costs "
        "131.8 ns")


@pytest.mark.parametrize("record", [
    None, [], "x", {"doubts": 3, "run": [], "yardsticks": 0},
    {"doubts": [None, {}, {"severity": "doubt"}]},
    {"environment": {"guest": "x"}, "yardsticks": {"empty_call_ns": -1.0}}])
def test_a_strange_record_is_no_error(tmp_path: pathlib.Path, record: Any
                                      ) -> None:
    assert closed(tmp_path / "run", record=record)["folder"] == "run/"


def test_what_terminals_obey_is_written_out(tmp_path: pathlib.Path) -> None:
    told = closed(tmp_path / "run", record={
        **RECORD, "doubts": [doubt("doubt", "\x1b[31mred\nline")]})
    assert told["doubt"] == "! \\x1b[31mred\\nline → a remedy"


def test_colour_on_a_terminal_only(tmp_path: pathlib.Path) -> None:
    (tmp_path / "run").mkdir()
    for environment, coloured in (({"TERM": "xterm"}, True),
                                  ({"TERM": "dumb"}, False),
                                  ({"TERM": "xterm", "NO_COLOR": "1"}, False)):
        ours, theirs = pty.openpty()
        subprocess.run([sys.executable, CLOSING, tmp_path / "run"],
                       stdout=theirs, env={"PATH": "/usr/bin", **environment})
        os.close(theirs)
        assert (b"\x1b[1mfound" in os.read(ours, 65536)) is coloured
        os.close(ours)
