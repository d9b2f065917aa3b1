# SPDX-License-Identifier: MIT
"""Surroundings that are broken, cut short or change: a run is made all the
same, or one line says why not."""

import os
import pathlib
import re
import resource
import shutil
import subprocess

import pytest

import faults
from test_cli import (as_nobody, finished, is_whole, record, refused,
                      said_one_line)

ROWS, ROUNDS = 2, 3             # of Runner.short
MIB = 1 << 20


# Another machine's topology

def cpus_of_this_process():
    return sorted(os.sched_getaffinity(0))


def is_measured_here(folder):
    """Check that the CPU is one that the kernel lets us have."""
    is_whole(folder, [0, 1], ROWS * ROUNDS)
    placement = record(folder)["placement"]
    assert placement["cpu"] in cpus_of_this_process()
    assert {int(row["cpu"]) for row in faults.sampled(folder)} == {
        placement["cpu"]}
    return placement


@pytest.mark.parametrize("name, value", [
    ("HWLOC_SYNTHETIC", "pu:64"),
    ("HWLOC_SYNTHETIC", "pack:2 numa:2 core:4 pu:2"),
    ("HWLOC_SYNTHETIC", "pu:1(indexes=1023)"),
    ("HWLOC_FSROOT", "empty"),
    ("HWLOC_XMLFILE", "nonsense"),
])
def test_variables_that_make_up_a_machine_are_put_aside(run, name, value):
    (run.folder / "empty").mkdir()
    (run.folder / "nonsense").write_text("<topology><object/>")
    path = run.folder / value
    finished(run(*run.short, "--output=run", environment={
        name: str(path) if path.exists() else value}))
    placement = is_measured_here(run.folder / "run")
    assert placement["hwloc_variables_ignored"] is True


@pytest.mark.parametrize("name, value", [
    ("HWLOC_SYNTHETIC", "not a machine"),
    ("HWLOC_XMLFILE", "/nonexistent"),
    ("HWLOC_COMPONENTS", "-linux"),
    ("HWLOC_COMPONENTS", "nonsense,stop"),
    ("HWLOC_COMPONENTS", "no_os"),
])
def test_variables_that_hwloc_can_do_nothing_with(run, name, value):
    finished(run(*run.short, "--output=run", environment={name: value}))
    is_measured_here(run.folder / "run")


@pytest.mark.parametrize("machine", ["pu:1024", "pu:1(indexes=1023)"])
def test_a_machine_that_is_said_to_be_this_one(run, machine):
    said = {"HWLOC_SYNTHETIC": machine, "HWLOC_THISSYSTEM": "1"}
    if 1023 in cpus_of_this_process():
        pytest.skip("it might be this one")
    finished(run(*run.short, "--output=run", environment=said))
    is_measured_here(run.folder / "run")
    refused(run(*run.short, "--cpu=1023", "--output=other",
                environment=said), 2, "--cpu=1023")


# Limits

def limited(name, most):
    """For subprocess: a limit that cannot be raised again."""
    return lambda: resource.setrlimit(name, (most, most))


def is_complete(run):
    kept = record(run.folder / "run")
    assert (kept["complete"], kept["problem"]) == (True, None)
    return kept


def test_64_mib_are_enough_for_every_row(run):
    finished(run("--launches=2", "--rounds=20", "--output=run",
                 preexec_fn=limited(resource.RLIMIT_AS, 64 * MIB)))
    kept = is_complete(run)
    assert [row["skipped"] for row in kept["benchmarks"]
            if "memory" in (row["skipped"] or "")] == []


def peak_kib(pid):
    """The most memory that a process had so far; 0 where it is gone."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int((re.findall(r"^VmHWM:\s*(\d+)", status, re.M) or [0])[0])


def test_it_stays_below_that_by_itself(run):
    process = run.start("--launches=2", "--rounds=20", "--output=run")
    most = 0
    for _ in faults.while_it_runs(process):
        both = [process.pid, *faults.children_of(process.pid)]
        most = max(most, sum(map(peak_kib, both)))
    finished(faults.end(process))
    assert 0 < most < 64 * 1024


@pytest.mark.parametrize("mib", [3, 5, 7, 8, 9, 10, 12])
def test_too_little_memory_is_said(run, mib):
    result = run(*run.short, "--output=run",
                 preexec_fn=limited(resource.RLIMIT_AS, mib * MIB))
    if result.returncode == 0:
        is_whole(run.folder / "run", [0, 1], ROWS * ROUNDS)
    elif result.returncode == 3:
        said_one_line(result, 3)
        assert run.contents() == []
    else:           # the loader's word, or a library's, before main
        assert result.returncode in (127, -11, -9) or (
            result.returncode == -6 and "terminate called" in result.stderr)
        assert run.contents() == []


def test_16_descriptors(run):
    finished(run("--launches=2", "--rounds=3", "--output=run",
                 preexec_fn=limited(resource.RLIMIT_NOFILE, 16)))
    rows = is_complete(run)["benchmarks"]
    skipped = [row for row in rows if row["skipped"]]
    assert len(rows) - len(skipped) > 20
    assert {row["skipped"] for row in skipped
            if "files" in row["skipped"]} <= {
        "set-up failed: Too many open files"}


@pytest.mark.parametrize("most", range(3, 12))
def test_too_few_descriptors_are_said(run, most):
    result = run(*run.short, "--output=run",
                 preexec_fn=limited(resource.RLIMIT_NOFILE, most))
    if result.returncode == 0:
        is_whole(run.folder / "run", [0, 1], ROWS * ROUNDS)
        return
    assert result.returncode in (2, 3, 127)     # 127: the loader's word
    assert result.stderr.count("\n") == 1
    assert run.contents() == []


@pytest.mark.parametrize("name, most", [
    ("RLIMIT_MEMLOCK", 0), ("RLIMIT_CORE", 0), ("RLIMIT_STACK", 512 << 10),
    ("RLIMIT_DATA", 16 * MIB), ("RLIMIT_SIGPENDING", 0),
    ("RLIMIT_MSGQUEUE", 0), ("RLIMIT_NICE", 0), ("RLIMIT_RTPRIO", 0)])
def test_limits_that_do_no_harm(run, name, most):
    finished(run(*run.short, "--output=run",
                 preexec_fn=limited(getattr(resource, name), most)))
    is_whole(run.folder / "run", [0, 1], ROWS * ROUNDS)


def test_no_process_may_be_started(for_anyone):
    under = [*as_nobody(), "prlimit", "--nproc=0"]
    if not shutil.which("prlimit"):
        pytest.skip("no prlimit")
    result = for_anyone(*for_anyone.short, "--output=run", under=under)
    if "failed to execute" in result.stderr:
        pytest.skip("not even the program may be started")
    refused(result, 3, "Resource temporarily unavailable")
    assert for_anyone.contents() == []


# /proc and /sys, in part

READ = ["/proc/cpuinfo", "/proc/stat", "/proc/cmdline", "/proc/loadavg",
        "/proc/meminfo", "/proc/sys/kernel/random/boot_id",
        "/proc/sys/kernel/randomize_va_space",
        "/sys/devices/system/cpu/online", "/sys/devices/system/cpu/possible",
        "/sys/devices/system/cpu/isolated",
        "/sys/devices/system/cpu/smt/control",
        "/sys/devices/system/cpu/smt/active",
        "/sys/devices/system/cpu/cpu0/topology/core_cpus",
        "/sys/devices/system/cpu/cpu0/topology/core_id",
        "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor",
        "/sys/devices/system/cpu/vulnerabilities/spectre_v2",
        "/sys/devices/system/cpu/vulnerabilities/meltdown",
        "/sys/devices/system/clocksource/clocksource0/current_clocksource"]
FOLDERS = ["/proc/self", "/proc/sys", "/sys/devices/system/cpu",
           "/sys/devices/system/cpu/vulnerabilities",
           "/sys/devices/system/cpu/cpu0", "/sys/devices/system/node",
           "/sys/devices/system/clocksource", "/sys/fs", "/sys/kernel"]

# What the files are covered with; written by a shell.
COVERS = {
    "empty": ":",
    "a newline": "echo",
    "garbage": "head -c 100000 /dev/urandom",
    "one endless line": "head -c 1000000 /dev/zero | tr '\\0' x",
    "numbers out of range": "echo 99999999999999999999,-1-2,5-",
    "zeros": "head -c 5000 /dev/zero",
}


def covered(paths, what):
    """A script that lets these files read so, where they are there."""
    lines = [f"{what} >cover"]
    lines += [f"test ! -f {path} || mount --bind cover {path}"
              for path in paths]
    return "\n".join(lines)


@pytest.mark.parametrize("what", ["empty", "garbage",
                                  "numbers out of range"])
def test_files_that_read_nonsense(run, privately, what):
    # A launch takes a second more: Google Benchmark times the CPU's clock
    # where /proc/cpuinfo does not tell.
    result = run("--launches=1", "--rounds=3", faults.ROW, "--output=run",
                 under=privately(covered(READ, COVERS[what])),
                 errors="replace")
    finished(result)
    is_whole(run.folder / "run", [0], ROUNDS)
    placement = record(run.folder / "run")["placement"]
    assert placement["cpu"] in cpus_of_this_process()


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_that_is_empty(run, privately, folder):
    if not pathlib.Path(folder).is_dir():
        pytest.skip(f"{folder} is not there")
    # /proc/self is the shell's there: the program's is a folder of its own.
    result = run(*run.short, "--output=run",
                 under=privately(f"mount -t tmpfs none {folder}"))
    finished(result)
    is_measured_here(run.folder / "run")


def test_files_that_may_not_be_read(for_anyone, privately):
    nobody = as_nobody()
    closed = "\n".join([
        "echo secret >cover", "chmod 000 cover",
        *(f"test ! -f {path} || mount --bind cover {path}"
          for path in READ),
        "mkdir shut", "chmod 000 shut",
        "mount --bind shut /sys/devices/system/cpu/vulnerabilities"])
    if not pathlib.Path(
            "/sys/devices/system/cpu/vulnerabilities").is_dir():
        pytest.skip("this kernel tells of no vulnerabilities")
    finished(for_anyone(*for_anyone.short, "--output=run",
                        under=[*privately(closed), *nobody]))
    is_measured_here(for_anyone.folder / "run")
    facts = record(for_anyone.folder / "run")["environment"]
    assert facts["kernel"]["boot_id"] is None
    assert "kernel.boot_id" in facts["unreadable"]


def test_the_environment_of_all_that(run, privately):
    for what in COVERS.values():
        result = run("--environment", under=privately(covered(READ, what)))
        finished(result)


# A clock that steps

# Every read of the wall clock is an hour further off than the last, in turn
# ahead and behind.
STEPPING = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

static long step(void)
{
    static long reads;

    return ++reads % 2 ? 3600 * reads : -3600 * reads;
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    int (*real)(clockid_t, struct timespec *) =
        dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, now);

    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
        now->tv_sec += step();
    return result;
}

time_t time(time_t *result)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    if (result)
        *result = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *now, void *zone)
{
    struct timespec other;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &other);
    now->tv_sec = other.tv_sec;
    now->tv_usec = other.tv_nsec / 1000;
    return 0;
}
"""


@pytest.mark.parametrize("clock", ["auto", "raw"])
def test_a_wall_clock_that_steps(run, tmp_path_factory, clock):
    shim = faults.compiled(STEPPING, tmp_path_factory.mktemp("shim"))
    shown = [subprocess.run(["date", "+%s"], stdout=subprocess.PIPE,
                            env={"LD_PRELOAD": str(preload)}).stdout
             for preload in (shim, "")]
    assert abs(int(shown[0]) - int(shown[1])) > 1800
    finished(run(*run.short, f"--clock={clock}", "--output=run",
                 environment={"LD_PRELOAD": str(shim)}))
    is_whole(run.folder / "run", [0, 1], ROWS * ROUNDS)
    kept = is_complete(run)
    assert all(0 < launch["wall_ms"] < 60000 for launch in kept["launches"])
    assert kept["clock"]["drift_ppm"] < 1e5
