# SPDX-License-Identifier: MIT
"""A history of its full size, by hand only: it takes minutes and 2.3 GB.

    SYSCOST_HISTORY_RUNS=10000 pytest -s tests/scripts/test_history_size.py

prints what each command took; SYSCOST_HISTORY_BASE names the run folder that
all of them are made of (a full one has all rows), else it is the committed
one.
"""

import os
import pathlib
import subprocess
import sys
import time
from typing import Iterator

import pytest

from archived import base_of, make_all
from histories import PATH, REFERENCE, Archive

RUNS = int(os.environ.get("SYSCOST_HISTORY_RUNS", 0))
BASE = pathlib.Path(os.environ.get("SYSCOST_HISTORY_BASE", REFERENCE))
EACH = (10, 5, 5)       # kernels a machine, boots, runs
MOST_BYTES = 1 << 30
QUESTIONS = (
    "list", "list --machine lab0 --kernel 6.3", "machines",
    "trend getppid/inline", "trend getppid/inline --by time",
    "trend getppid/inline --machine lab0", "spread",
    "spread --machine lab0 --benchmarks getppid")

pytestmark = pytest.mark.skipif(not RUNS, reason="by hand only")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """So many run folders, not indexed yet."""
    found = Archive(tmp_path_factory.mktemp("size"))
    machines = RUNS // (EACH[0] * EACH[1] * EACH[2])
    make_all(base_of(BASE), found.folder / "lab", (machines, *EACH))
    yield found


def timed(archive: Archive, *words: str) -> str:
    """What a command prints, as a process of its own; its time is told."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, PATH, *words, "--database", archive.database],
        stdout=subprocess.PIPE, text=True, check=True)
    print(f"{time.monotonic() - began:8.2f} s  {' '.join(words)}")
    return done.stdout


def test_full_size(archive: Archive) -> None:
    print()
    said = timed(archive, "index", str(archive.folder))
    assert f" {RUNS} runs; {RUNS} new\n" in said
    assert f" {RUNS} runs; nothing new\n" in timed(archive, "index")
    for question in QUESTIONS:
        assert timed(archive, *question.split())
    key = archive.asked("list", "--machine", "lab0")[0]["run"]
    assert timed(archive, "show", key)
    size = archive.database.stat().st_size
    print(f"{size / 1e6:8.0f} MB")
    assert size <= MOST_BYTES
