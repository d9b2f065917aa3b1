# SPDX-License-Identifier: MIT
"""Nothing is left of the test's lab, whatever ends the test."""

import os
import pathlib
import signal
import subprocess
import sys
from typing import Any, Callable, List

import pytest

import lab_world

HERE = pathlib.Path(__file__).parent
SCRIPT = """
import pathlib, sys, time
sys.path.insert(0, sys.argv[2])
import lab_world
with lab_world.lab(pathlib.Path(sys.argv[1])) as world:
    for name in ("one", "two"):
        world.add(name)
    print("ready", flush=True)
    time.sleep(600)
"""


def left_of(folder: pathlib.Path) -> List[str]:
    """Processes that still have to do with a lab."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = entry.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in text and str(os.getpid()) not in entry.parts:
            found.append(text)
    return found


def interfaces() -> str:
    """The machine's own, by name."""
    return " ".join(sorted(os.listdir("/sys/class/net")))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM,
                                    signal.SIGKILL])
def test_nothing_is_left(tmp_path: pathlib.Path, until: Callable[..., Any],
                         number: int) -> None:
    problem = lab_world.obstacle()
    if problem:
        pytest.skip(problem)
    before = interfaces()
    with subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(tmp_path), str(HERE)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout and process.stdout.readline() == "ready\n"
        assert len(left_of(tmp_path)) > 1       # it would be seen
        process.send_signal(number)
        process.wait()
    until(lambda: not left_of(tmp_path), "all of it to end")
    assert interfaces() == before
    if number == signal.SIGINT:
        assert not list(tmp_path.rglob("*_key"))
    assert not list(pathlib.Path("/run/netns").glob("one"))
