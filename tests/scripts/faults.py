# SPDX-License-Identifier: MIT
"""What the tests of faults share: runs that are short, and hands on them."""

import contextlib
import csv
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import time
from typing import Any, Callable, Dict, Iterator, List, Set

import pytest

from conftest import GUARD_S
from test_cli import end_of, is_whole, record, worker_of

ROW = "--filter=^getppid/inline$"
HIDDEN = ".run.partial"


def children_of(pid: int) -> List[int]:
    """The program's children, of which there is one at a time."""
    path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [int(child) for child in path.read_text().split()]
    except OSError:             # gone, or a kernel without this file
        worker = worker_of(pid)
        return [worker] if worker else []


def is_worker(pid: int) -> bool:
    """Is it one yet, and no child that only looks at the machine?"""
    try:
        words = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"--worker=" in words


def while_it_runs(process: "subprocess.Popen[str]") -> Iterator[None]:
    """Again and again until the program ends, which it has to."""
    guard = time.monotonic() + GUARD_S
    while process.poll() is None:
        if time.monotonic() > guard:
            pytest.fail("the program hangs")
        yield
        time.sleep(0.0005)


def children(process: "subprocess.Popen[str]") -> Iterator[int]:
    """The children of a running program, each once, until it ends."""
    seen: Set[int] = set()
    for _ in while_it_runs(process):
        for child in set(children_of(process.pid)) - seen:
            seen.add(child)
            yield child


def send(pid: int, number: int) -> bool:
    """Send a signal; was there still somebody to take it?"""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[bool]:
    """Stop a process meanwhile; says whether it was there."""
    was_there = send(pid, signal.SIGSTOP)
    yield was_there
    send(pid, signal.SIGCONT)


def done_launches(folder: pathlib.Path) -> List[int]:
    """The launches that run.json says were measured."""
    return [launch["launch"] for launch in record(folder)["launches"]
            if launch["done"]]


def problems(folder: pathlib.Path) -> Set[str]:
    """Why the others were not."""
    return {launch["problem"] for launch in record(folder)["launches"]
            if not launch["done"]}


def doubts(folder: pathlib.Path) -> Set[str]:
    """The ids of the run's doubts."""
    return {doubt["id"] for doubt in record(folder)["doubts"]}


def is_kept(folder: pathlib.Path, rows: int) -> List[int]:
    """Check that what was measured is whole; the launches it has."""
    done = done_launches(folder)
    is_whole(folder, done, rows)
    assert ("incomplete" in doubts(folder)) is not record(folder)["complete"]
    assert {path.name for path in folder.iterdir()} >= {
        "run.json", "samples.csv", "summary.csv", "gbench.json",
        "benchstat.txt"}
    assert not (folder / ".reserve").exists()
    return done


def sampled(folder: pathlib.Path) -> List[Dict[str, str]]:
    """The rows of samples.csv, of a hidden folder too."""
    with open(folder / "samples.csv", newline="") as file:
        return list(csv.DictReader(file))


def ends_whole(path: pathlib.Path) -> bool:
    """Does a file of lines end with a line's end?"""
    return path.read_bytes()[-1:] == b"\n"


def contents(folder: pathlib.Path) -> Dict[str, str]:
    """A hash of each file under a folder."""
    return {str(path.relative_to(folder)):
            hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


def end(process: "subprocess.Popen[str]"
        ) -> "subprocess.CompletedProcess[str]":
    """Wait for the program; nobody of its session is left behind."""
    result = end_of(process)
    left = [pid for pid in session_members(process.pid) if pid]
    assert left == []
    return result


def session_members(leader: int) -> List[int]:
    """Living processes of a session: a killed one may still be dying."""
    for _ in range(1000):
        living = [pid for pid in pids() if is_member(pid, leader)]
        if not living:
            break
        time.sleep(0.001)
    return living


def pids() -> List[int]:
    """All processes."""
    return [int(path.name) for path in pathlib.Path("/proc").glob("[0-9]*")]


def is_member(pid: int, leader: int) -> bool:
    """Is it of this session, and no zombie of another's making?"""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    state, _, _, session = stat.rpartition(")")[2].split()[:4]
    return int(session) == leader and state not in "ZX"


def two_cpus() -> List[int]:
    """Two CPUs, or the test is skipped."""
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) < 2:
        pytest.skip("a single CPU")
    return cpus[:2]


def compiled(source: str, folder: pathlib.Path) -> pathlib.Path:
    """A shared object of C, or the test is skipped."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not compiler:
        pytest.skip("no C compiler")
    (folder / "shim.c").write_text(source)
    shim = folder / "shim.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", shim,
                    folder / "shim.c"], check=True)
    return shim


def is_measuring(run: Any, folder: str = HIDDEN) -> Callable[[], bool]:
    """Is a first launch in the samples?"""
    samples = run.folder / folder / "samples.csv"

    def look() -> bool:
        try:
            return samples.read_bytes().count(b"\n") > 1
        except OSError:
            return False
    return look
