# SPDX-License-Identifier: MIT
"""Disks that fail at every write in turn, or fill up page by page."""

import json
import os
import re
import resource
import shutil

import pytest

import faults
from test_cli import is_whole, on_a_disk, record, said_one_line

LAUNCHES, ROUNDS = 3, 2
CANNOT = 77                     # of fail_write: not possible here
CAUSES = {"once": "Input/output error", "full": "space"}
ENDS = {"run.json": '"doubts"', "summary.csv": "getppid/inline",
        "gbench.json": '"benchmarks"', "benchstat.txt": "BenchmarkGetppid",
        "launches.csv": "launch,arm,", "counters.csv": "getppid/inline",
        "threads.csv": "getppid/inline", "scaling.csv": "getppid/inline"}


class Disk:
    """Runs on a disk that fails at its nth call."""

    def __init__(self, run, helper):
        self.run, self.helper, self.options = run, helper, []
        self.folder = run.folder / "disk"
        self.folder.mkdir()
        self.log = run.folder / "log"

    def __call__(self, how, nth):
        for path in self.folder.glob("*run*"):
            shutil.rmtree(path)
        output = self.folder / "run"
        result = self.run(
            f"--launches={LAUNCHES}", f"--rounds={ROUNDS}", faults.ROW,
            f"--output={output}", *self.options,
            under=[str(self.helper), how, str(nth), str(self.folder) + "/",
                   str(self.log)])
        if result.returncode == CANNOT:
            pytest.skip("a filter of one's own with a listener is refused")
        return result

    def calls(self):
        """What the last run asked of the disk: name, path, failed or not."""
        return [re.fullmatch(r"\d+ (\w+) (.*?)( failed)?", line).groups()
                for line in self.log.read_text().splitlines()]

    def left(self):
        """The folders of the run that are there, hidden or not."""
        return sorted(path.name for path in self.folder.iterdir()
                      if path.name != "earlier")


@pytest.fixture
def disk(run, program):
    helper = program.parent / "tests" / "fail_write"
    if not os.access(helper, os.X_OK):
        pytest.skip(f"{helper}: not built")
    found = Disk(run, helper)
    assert run(*run.short, f"--output={found.folder}/earlier").returncode == 0
    return found


def told_no_lie(folder, complete):
    """What is in a folder is whole, and the samples are those of run.json."""
    names = {path.name for path in folder.iterdir()} - {".reserve"}
    assert "samples.csv" in names
    assert faults.ends_whole(folder / "samples.csv")
    launches = [row["launch"] for row in faults.sampled(folder)]
    assert {launches.count(launch) for launch in launches} <= {ROUNDS}
    for name in names - {"samples.csv"}:
        text = (folder / name).read_text()
        assert ENDS[name] in text and text.endswith("\n")
    if "run.json" in names:
        done = faults.done_launches(folder)
        assert done == sorted({int(launch) for launch in launches})
        assert record(folder)["complete"] is (len(done) == LAUNCHES)
    if complete:
        assert len(set(launches)) == LAUNCHES


def measured(calls):
    """Were launches' rows asked to be written, and all of them taken?"""
    rows = [failed for name, path, failed in calls
            if name == "write" and path.endswith("samples.csv")][1:]
    return sum(not failed for failed in rows)


def check(disk, how, result):
    """What is to be after a failed call: see the assertions."""
    calls = disk.calls()
    kept = measured(calls)
    said_one_line(result, 2, CAUSES[how])
    left = disk.left()
    if not kept:                # nothing was measured: nothing is left
        assert left in ([], [".run.partial"]) and (
            not left or any(failed for name, _, failed in calls
                            if name in ("unlink", "unlinkat", "rmdir")))
        return
    assert len(left) == 1 and left[0] in ("run", ".run.partial")
    folder = disk.folder / left[0]
    assert result.stdout.splitlines()[-1] == f"{folder}/"
    told_no_lie(folder, kept == LAUNCHES)


@pytest.mark.parametrize("how", ["once", "full"])
def test_every_write_in_turn(disk, how):
    before = faults.contents(disk.folder / "earlier")
    nth = 0
    while True:
        nth += 1
        result = disk(how, nth)
        if not any(failed for _, _, failed in disk.calls()):
            break
        check(disk, how, result)
        assert faults.contents(disk.folder / "earlier") == before
    assert result.returncode == 0 and nth > 15
    is_whole(disk.folder / "run", list(range(LAUNCHES)), ROUNDS)


def test_every_write_in_turn_beside_threads(disk):
    """What threads did is of the launches that samples.csv has."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one CPU")
    disk.options = ["--threads=2"]
    nth = 0
    while True:
        nth += 1
        result = disk("full", nth)
        if not any(failed for _, _, failed in disk.calls()):
            break
        said_one_line(result, 2, CAUSES["full"])
        for folder in map(disk.folder.joinpath, disk.left()):
            told_no_lie(folder, False)
            threads = folder / "threads.csv"
            lines = (threads.read_text().splitlines()[1:]
                     if threads.exists() else [])
            assert len(lines) == 2 * len(faults.sampled(folder)) > 0
    assert result.returncode == 0 and nth > 15


# Fills all but so many pages once the first launch is in the file.
FILLER = """mkdir disk/earlier && echo mine >disk/earlier/samples.csv
(
    until test "$(wc -l <disk/.run.partial/samples.csv)" -gt 1; do
        kill -0 $$ || exit
        sleep 0.01
    done
    cat /dev/zero >disk/filler
    truncate -s -{pages}K disk/filler
) 2>/dev/null &"""


@pytest.mark.parametrize("pages", [4, 8, 16, 32])
def test_a_disk_with_pages_left(run, privately, pages):
    if not shutil.which("truncate"):
        pytest.skip("no truncate")
    under = on_a_disk(privately, "8m", FILLER.format(pages=pages))
    result = run("--launches=200", "--rounds=60", faults.ROW,
                 "--output=disk/run", under=under)
    said_one_line(result, 2, "samples.csv", "No space left")
    kept = run.folder / "kept"
    assert sorted(path.name for path in kept.iterdir()) == ["earlier", "run"]
    assert (kept / "earlier" / "samples.csv").read_text() == "mine\n"
    done = faults.is_kept(kept / "run", 60)
    assert done == list(range(len(done))) and 0 < len(done) < 200
    assert "No space left" in record(kept / "run")["problem"]


@pytest.mark.parametrize("limit", [1 << 10, 1 << 20])
def test_a_limit_on_the_size_of_files(run, limit):
    result = run("--launches=40", "--rounds=600", faults.ROW, "--output=run",
                 preexec_fn=lambda: resource.setrlimit(
                     resource.RLIMIT_FSIZE, (limit, limit)))
    if limit < 1 << 20:
        said_one_line(result, 2, "run", "ulimit -f")
        assert run.contents() == []
        return
    said_one_line(result, 2, "samples.csv", "File too large")
    done = faults.is_kept(run.folder / "run", 600)
    assert 0 < len(done) < 40
    assert "File too large" in json.loads(
        (run.folder / "run" / "run.json").read_text())["problem"]
