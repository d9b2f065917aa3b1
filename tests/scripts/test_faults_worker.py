# SPDX-License-Identifier: MIT
"""Workers that are killed, stopped, moved and kept from their CPU."""

import concurrent.futures
import contextlib
import os
import pathlib
import random
import resource
import signal
import time

import pytest

import faults
from test_cli import finished, record, refused

KILLS = 100
LAUNCHES, ROUNDS = 4, 2
EARLIER = 3     # children before the launches: counter, check, trial


# Killed at a random point

def kill_one(process, which, delay_s):
    """Kill the program's worker of that number; False: it was done before."""
    for i, worker in enumerate(faults.children(process)):
        if i == which:
            time.sleep(delay_s)
            return faults.send(worker, signal.SIGKILL)
    return False


def lost_all(result, run, name):
    refused(result, 3, "killed by SIGKILL")
    assert not (run.folder / name).exists()


def lost_at_most_a_launch(result, run, name):
    finished(result)
    folder = run.folder / name
    kept = faults.is_kept(folder, ROUNDS)
    assert len(kept) >= LAUNCHES - 1
    assert faults.problems(folder) <= {"killed by SIGKILL"}
    assert record(folder)["complete"] is (len(kept) == LAUNCHES)


def killed_run(run, cpu, random_state, name):
    """One run with one worker killed; False: none was."""
    process = run.start(f"--launches={LAUNCHES}", f"--rounds={ROUNDS}",
                        f"--cpu={cpu}", faults.ROW, f"--output={name}")
    killed = kill_one(process, random_state.randrange(EARLIER + LAUNCHES),
                      random_state.uniform(0, 0.03))
    launching = (run.folder / f".{name}.partial").exists()
    result = faults.end(process)
    if result.returncode and not launching:
        lost_all(result, run, name)
    else:
        lost_at_most_a_launch(result, run, name)
    assert not (run.folder / f".{name}.partial").exists()
    return killed


def killed_runs(run, cpu, seed):
    """Runs until half of the kills are made; how many runs that took."""
    random_state = random.Random(seed)
    kills = runs = 0
    earlier = {}
    while kills < KILLS // 2:
        assert runs < 3 * KILLS
        runs += 1
        kills += killed_run(run, cpu, random_state, f"run{seed}-{runs}")
        for name, hashes in earlier.items():
            assert faults.contents(run.folder / name) == hashes
        if (run.folder / f"run{seed}-{runs}").exists():
            name = f"run{seed}-{runs}"
            earlier = {name: faults.contents(run.folder / name)}
    return runs


def test_a_hundred_kills_at_random_points(run):
    cpus = sorted(os.sched_getaffinity(0))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        halves = [pool.submit(killed_runs, run, cpus[i % len(cpus)], i)
                  for i in (0, 1)]
        assert sum(half.result() for half in halves) >= KILLS


# Stopped

@contextlib.contextmanager
def bound_to(cpu):
    """This process runs there meanwhile."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {cpu})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def test_a_stopped_worker_goes_on_and_its_batches_are_marked(run):
    # From another CPU: who stops it does not preempt it.
    here, there = faults.two_cpus()
    stop_ns = 20e6
    process = run.start("--launches=3", "--rounds=2500", f"--cpu={there}",
                        faults.ROW, "--output=run")
    random_state = random.Random(7)
    with bound_to(here):
        for _ in faults.while_it_runs(process):
            time.sleep(random_state.uniform(0, 0.02))
            for worker in faults.children_of(process.pid):
                with faults.stopped(worker):
                    time.sleep(1.2 * stop_ns * 1e-9)
    finished(faults.end(process))
    folder = run.folder / "run"
    assert faults.is_kept(folder, 2500) == [0, 1, 2]
    rate = record(folder)["clock"]["ticks_per_ns"]
    late = [row for row in faults.sampled(folder)
            if int(row["ticks"]) / rate > stop_ns]
    assert late, "no stop hit a batch: they take most of the time"
    assert {(row["dirty"], row["nivcsw"] != "0") for row in late} == {
        ("1", True)}


def test_a_worker_that_stays_stopped_costs_its_launch(run, until):
    process = run.start("--launches=3", "--rounds=300", faults.ROW,
                        "--limit=1", "--output=run")
    until(faults.is_measuring(run), "a first launch")
    for i, worker in enumerate(faults.children(process)):
        if i == 1:              # the first may be as good as done
            faults.send(worker, signal.SIGSTOP)
    finished(faults.end(process))
    folder = run.folder / "run"
    assert len(faults.is_kept(folder, 300)) == 2
    assert faults.problems(folder) == {
        "did not end and was killed (--limit)"}


def test_a_worker_that_is_stopped_from_the_start(run):
    process = run.start("--limit=1", faults.ROW, "--output=run")
    for _ in faults.while_it_runs(process):
        for child in filter(faults.is_worker, faults.children_of(process.pid)):
            faults.send(child, signal.SIGSTOP)
    refused(faults.end(process), 3, "did not end and was killed")
    assert run.contents() == []


def test_a_stopped_program_goes_on(run, until):
    process = run.start("--launches=4", "--rounds=300", faults.ROW,
                        "--limit=4", "--output=run")
    until(faults.is_measuring(run), "a first launch")
    with faults.stopped(process.pid):
        time.sleep(0.3)
    finished(faults.end(process))
    assert faults.is_kept(run.folder / "run", 300) == [0, 1, 2, 3]


# Moved

def test_a_worker_that_is_moved_is_marked(run, until):
    here, there = faults.two_cpus()
    process = run.start("--launches=2", "--rounds=4000", faults.ROW,
                        f"--cpu={here}", "--output=run")
    until((run.folder / faults.HIDDEN).exists, "a start")
    worker = next(faults.children(process))
    until(lambda: os.sched_getaffinity(worker) == {here}, "its binding")
    time.sleep(0.06)            # its warm-up, and some batches
    os.sched_setaffinity(worker, {there})
    finished(faults.end(process))
    folder = run.folder / "run"
    assert faults.is_kept(folder, 4000) == [0, 1]
    rows = faults.sampled(folder)
    moved = [row for row in rows if row["cpu"] == str(there)]
    assert moved and {row["launch"] for row in moved} == {"0"}
    assert {(row["migrated"], row["dirty"]) for row in moved} == {("1", "1")}
    assert "dirty" in faults.doubts(folder)


def cpusets():
    """Where cpusets can be made, and what else a new one needs."""
    root = pathlib.Path("/sys/fs/cgroup")
    if (root / "cpuset" / "cpuset.cpus").exists():
        return root / "cpuset", ["cpuset.mems"]
    controllers = root / "cgroup.subtree_control"
    if controllers.exists() and "cpuset" in controllers.read_text().split():
        return root, []
    pytest.skip("no cpusets can be made here")


@contextlib.contextmanager
def a_cpuset(cpus):
    """A cpuset of this test's own."""
    root, needed = cpusets()
    folder = root / f"syscost-test-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as error:
        pytest.skip(f"no cpusets can be made here: {error.strerror}")
    try:
        for name in needed:
            (folder / name).write_text((root / name).read_text())
        (folder / "cpuset.cpus").write_text(",".join(map(str, cpus)))
        yield folder
    finally:
        for pid in (folder / "cgroup.procs").read_text().split():
            faults.send(int(pid), signal.SIGKILL)
        for _ in range(1000):
            with contextlib.suppress(OSError):
                folder.rmdir()
                break
            time.sleep(0.001)


def lost_its_cpu(run, process, cpu):
    """Check a run whose CPU was taken away after its first launch."""
    result = faults.end(process)
    finished(result)
    folder = run.folder / "run"
    kept = faults.is_kept(folder, 300)
    assert 0 in kept and len(kept) < 20
    lost = faults.problems(folder)
    assert all(f"CPU {cpu}, offline or out of the cpuset" in problem
               for problem in lost)
    assert record(folder)["complete"] is False
    strays = [row for row in faults.sampled(folder)
              if row["cpu"] != str(cpu)]
    assert {row["dirty"] for row in strays} <= {"1"}


def test_a_cpuset_that_shrinks(run, until):
    here, there = faults.two_cpus()
    with a_cpuset([here, there]) as cpuset:
        process = run.start("--launches=20", "--rounds=300", faults.ROW,
                            f"--cpu={here}", "--output=run")
        (cpuset / "cgroup.procs").write_text(str(process.pid))
        until(faults.is_measuring(run), "a first launch")
        (cpuset / "cpuset.cpus").write_text(str(there))
        lost_its_cpu(run, process, here)


@contextlib.contextmanager
def offline(cpu):
    """Take a CPU away meanwhile; asked for, since others may be using it."""
    switch = pathlib.Path(f"/sys/devices/system/cpu/cpu{cpu}/online")
    if not os.environ.get("SYSCOST_TEST_OFFLINE"):
        pytest.skip("takes a CPU from the whole machine for a second: set "
                    "SYSCOST_TEST_OFFLINE")
    if not os.access(switch, os.W_OK):
        pytest.skip(f"{switch}: no such file, or no right to write")
    switch.write_text("0")
    try:
        yield
    finally:
        switch.write_text("1")


def test_a_cpu_that_goes_offline(run, until):
    cpu = faults.two_cpus()[-1]
    process = run.start("--launches=20", "--rounds=300", faults.ROW,
                        f"--cpu={cpu}", "--output=run")
    until(faults.is_measuring(run), "a first launch")
    with offline(cpu):
        lost_its_cpu(run, process, cpu)


# No memory any more

def test_memory_that_runs_out_during_the_run(run, until):
    process = run.start("--launches=20", "--rounds=300", faults.ROW,
                        "--output=run")
    until(faults.is_measuring(run), "a first launch")
    resource.prlimit(process.pid, resource.RLIMIT_AS, (1 << 22, 1 << 22))
    result = faults.end(process)
    if result.returncode == 0:
        assert 0 in faults.is_kept(run.folder / "run", 300)
        return
    # Before that the loader may have spoken, for workers.
    last = result.stderr.splitlines()[-1]
    assert last.startswith("syscost: out of memory") and faults.HIDDEN in last
    assert result.returncode == 3
    tables = ["launches.csv", "samples.csv"]
    hidden = run.folder / faults.HIDDEN
    assert {path.name for path in hidden.iterdir()} >= set(tables)
    assert all(faults.ends_whole(hidden / name) for name in tables)
    launches = [row["launch"] for row in faults.sampled(hidden)]
    assert {launches.count(launch) for launch in launches} == {300}


# The program itself killed

@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_a_killed_program_leaves_whole_launches_and_the_way_open(
        run, until, number):
    process = run.start("--launches=500", "--rounds=100", faults.ROW,
                        "--output=run")
    until(faults.is_measuring(run), "a first launch")
    process.send_signal(number)
    assert faults.end(process).returncode == -number
    rest = run.folder / faults.HIDDEN
    before = faults.contents(rest)
    assert ends_in_whole_launches(rest, 100)
    refused(run(*run.short, "--output=run"), 2, faults.HIDDEN, "move it away")
    finished(run(*run.short, "--output=other"))
    faults.is_kept(run.folder / "other", 6)
    assert faults.contents(rest) == before


def ends_in_whole_launches(folder, rows):
    """A launch is written in one flush: only the last may be cut off."""
    launches = [row["launch"] for row in faults.sampled(folder)]
    counts = [launches.count(launch) for launch in dict.fromkeys(launches)]
    return counts and set(counts[:-1]) <= {rows}
