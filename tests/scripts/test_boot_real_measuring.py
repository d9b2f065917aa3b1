# SPDX-License-Identifier: MIT
"""booting.measuring: a program measures in this boot, or does not."""

import os
import pathlib
import signal
import subprocess
import threading
import time
from typing import Any, List, Optional, Sequence

import pytest

from lab_lives import PLAN, Life, machine_in
from lab_machines import Lab
from booting import measuring
from booting.executor import Attempt, BootFailed, Refused
from booting.machine import Done
from booting.measuring import measure
from booting.options import Options

# Stands for syscost: what it is told to do, and a run folder.
PROGRAM = """#!/bin/sh
[ "$1" != --environment ] || { echo '{"kernel": {}}'; exit 0; }
for word; do case $word in --output=*) run=${word#--output=};; esac; done
echo "$@" >&2
%s
mkdir "$run"
echo '{}' >"$run/run.json"
"""


class Here:
    """A made-up machine with a program that behaves as it is told."""

    def __init__(self, place: pathlib.Path) -> None:
        self.place = place
        self.life = Life(machine_in(place), plan=PLAN + (
            '[guest]\nmemory_mib = 64\n'))
        self.lab = Lab(self.life.world)
        self.attempt = Attempt(1, 1, self.life.read.plan.arms[0],
                               place / "attempt", "00ff")
        self.attempt.folder.mkdir()

    def measure(self, does: str = "", limit_s: int = 60,
                anonymous: bool = False) -> None:
        """Have it measure."""
        program = self.place / "syscost"
        program.write_text(PROGRAM % does)
        program.chmod(0o755)
        plan = self.life.read.plan
        object.__setattr__(plan, "limit_s", limit_s)
        measure(self.lab, self.attempt, plan,
                Options(program, anonymous, lambda text: None))

    def text(self, name: str) -> str:
        """What a file of the attempt holds."""
        return (self.attempt.folder / name).read_text()


@pytest.fixture
def here(tmp_path: pathlib.Path) -> Here:
    return Here(tmp_path)


def test_what_is_left_in_the_folder(here: Here) -> None:
    here.measure(anonymous=True)
    assert here.text("environment.json") == '{"kernel": {}}\n'
    assert here.text("run/run.json") == "{}\n"
    log = here.text("console.log")
    assert log.startswith("[    0.0] Linux version\n")
    assert "--profile=default --anonymous --output=" in log


@pytest.mark.parametrize("does, told", [
    ("echo it is too warm >&2; exit 3", "ended with 3: it is too warm"),
    ("kill -9 $$", "ended with -9"),
    ("sleep 1000 & wait", "not done after 1 s")])
def test_a_program_that_fails(here: Here, does: str, told: str) -> None:
    with pytest.raises(BootFailed, match=told):
        here.measure(does, 1)
    assert not (here.attempt.folder / "run").exists()


def children_of(marker: str) -> bool:
    """Whether a process with this in its command line is there."""
    return subprocess.run(["pgrep", "-f", marker],
                          stdout=subprocess.DEVNULL).returncode == 0


def test_what_takes_too_long_leaves_nobody_behind(here: Here) -> None:
    seconds = f"10{os.getpid()}"
    with pytest.raises(BootFailed, match="not done"):
        here.measure(f"trap '' INT TERM; sleep {seconds} & wait; wait", 1)
    assert not children_of(f"sleep {seconds}")


def test_an_interrupted_program_saves_what_it_has(here: Here) -> None:
    """Ctrl-C reaches it, and it is waited for."""
    started = here.place / "started"
    threading.Thread(target=interrupt_after, args=(started,)).start()
    with pytest.raises(KeyboardInterrupt):
        here.measure(f"trap 'mkdir \"$run\"; exit 1' INT; touch {started};"
                     "while :; do sleep 0.1; done")
    assert (here.attempt.folder / "run").is_dir()


def interrupt_after(file: pathlib.Path) -> None:
    """Interrupt this process when a file is there."""
    end = time.monotonic() + 30
    while not file.exists() and time.monotonic() < end:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)


def test_what_an_earlier_start_left_is_kept_beside(here: Here) -> None:
    (here.attempt.folder / "run").mkdir()
    (here.attempt.folder / "run" / "half").touch()
    here.measure()
    assert here.text("run/run.json") == "{}\n"
    [aside] = here.attempt.folder.glob("run.*/half")
    assert aside.is_file()


def test_no_program(here: Here) -> None:
    options = Options(here.place / "none", False, lambda text: None)
    with pytest.raises(Refused, match="not a program"):
        measuring.program_of(options)
    here.place.joinpath("none").touch()
    with pytest.raises(Refused, match="not a program"):
        measuring.program_of(options)


@pytest.mark.parametrize("said, kept", [
    (Done(0, "Command line: syscost.boot=00ff\nKernel panic\n"), True),
    (Done(0, "Command line: syscost.boot=0123\nfine\n"), False),
    (Done(1, "", "no journal"), False)])
def test_the_log_of_a_boot_that_failed(here: Here, monkeypatch: Any,
                                       said: Done, kept: bool) -> None:
    """Only where it is of that boot; otherwise why there is none."""
    asked: List[Sequence[str]] = []

    def journalctl(*words: str) -> Done:
        asked.append(words)
        return said
    monkeypatch.setattr(here.lab, "journalctl", journalctl)
    measuring.keep_log_of_failed(here.lab, here.attempt)
    assert "--boot=-1" in asked[0]
    log = here.text("console.log")
    assert (log == said.out) if kept else ("not in the journal" in log)


@pytest.mark.parametrize("ticks, waits", [
    ([(0, 0), (500, 500)], 1), ([(0, 0), (100, 500), (590, 1000)], 2),
    (None, measuring.SETTLE_MOST_S // measuring.IDLE_S)])
def test_settling(here: Here, monkeypatch: Any, ticks: Optional[Any],
                  waits: int) -> None:
    """Until it was idle for a while, and not for ever."""
    rests: List[float] = []
    monkeypatch.setattr(here.lab, "rest", rests.append)
    state = [0, 0]

    def stat() -> str:
        idle, total = (ticks[len(rests)] if ticks else
                       (0, 500 * len(rests)))
        state[:] = idle, total
        return f"cpu  {total - idle} 0 0 {idle} 0 0 0 0 0 0\ncpu0 1\n"
    monkeypatch.setattr(here.lab, "text", lambda path: stat())
    measuring.settle(here.lab)
    assert len(rests) == waits
