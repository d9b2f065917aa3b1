# SPDX-License-Identifier: MIT
"""Arms: their conditions verified in a run, their order, their end."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess

import pandas as pd
import pytest

NULL = "getppid/inline"
USER = ["baseline/call", "baseline/indirect"]       # these enter no kernel
ROWS = "^(getppid/inline|baseline/(call|indirect))$"
SHORT = ("--launches=2", "--rounds=3", f"--filter=^{NULL}$")
LAUNCHES = 4
NOBODY = 65534

# Every arm of one run, and what its worker must read back.
ARMS = {
    "plain": {},
    "seccomp:2": {"Seccomp": "2", "NoNewPrivs": "1"},
    "seccomp-bitmap": {"Seccomp": "2", "NoNewPrivs": "1"},
    "dispatch": {},
    "traced": {"traced": True},
    "noaslr": {"aslr": False},
    "ssbd": {"Speculation_Store_Bypass": "thread mitigated"},
    "indirect": {"SpeculationIndirectBranch": "conditional disabled"},
    "work:50": {"work_ns_an_entry": 50},
    "threads:2": {"threads": 2},
    "both=seccomp:1,dispatch": {"Seccomp": "2"},
    "tracepoint": {},
}


def name_of(arm):
    return arm.split("=")[0].replace(":", "-")


class Run:
    """A run folder with arms."""

    def __init__(self, folder):
        self.record = json.loads((folder / "run.json").read_text())
        self.samples = pd.read_csv(folder / "samples.csv")
        self.summary = pd.read_csv(folder / "summary.csv",
                                   keep_default_na=False, na_values=[""])
        self.arms = {arm["name"]: arm for arm in self.record["arms"]}
        self.measured = [name for name, arm in self.arms.items()
                         if arm["skipped"] is None]

    def need(self, *names):
        """The arms; the test is skipped where one was."""
        for name in names:
            if self.arms[name]["skipped"]:
                pytest.skip(f"{name}: {self.arms[name]['skipped']}")

    def floor(self, arm, benchmark=NULL):
        """The quickest batch: on a noisy machine the steadiest figure."""
        line = self.summary[(self.summary["arm"] == arm) &
                            (self.summary["benchmark"] == benchmark)]
        return line["floor_ns"].item()

    def order(self):
        """The arms, launch by launch."""
        return list(self.samples.groupby("launch")["arm"].first())


def skipped_rows(made):
    """Why each selected row was skipped; None for those that were not."""
    return {row["name"]: row["skipped"] for row in made.record["benchmarks"]}


def succeeded(result):
    assert (result.stderr, result.returncode) == ("", 0)
    return result


def refused(result, status, *words):
    assert (result.stdout, result.returncode) == ("", status)
    assert result.stderr.startswith("syscost: ")
    assert result.stderr.count("\n") == 1 and result.stderr.endswith("\n")
    assert [word for word in words if word not in result.stderr] == []


@pytest.fixture(scope="module")
def folder(runner_in, tmp_path_factory):
    place = tmp_path_factory.mktemp("arms")
    result = runner_in(place)(
        f"--launches={LAUNCHES}", "--rounds=20", f"--filter={ROWS}",
        "--output=run", *(f"--arm={arm}" for arm in ARMS))
    succeeded(result)
    (place / "screen").write_text(result.stdout)
    return place


@pytest.fixture(scope="module")
def arms(folder):
    return Run(folder / "run")


@pytest.fixture(scope="module")
def screen(folder):
    return (folder / "screen").read_text()


def test_every_arm_is_told_in_order(arms):
    assert list(arms.arms) == [name_of(arm) for arm in ARMS]
    assert [arm["conditions"] for arm in arms.record["arms"][:2]] == [
        [], ["seccomp:2"]]
    assert arms.arms["both"]["conditions"] == ["seccomp:1", "dispatch"]
    assert [name for name, arm in arms.arms.items()
            if arm["reference"]] == ["plain"]
    assert arms.arms["plain"]["skipped"] is None


@pytest.mark.parametrize("arm", ARMS)
def test_an_arm_is_verified_or_skipped_with_the_reason(arms, arm):
    told = arms.arms[name_of(arm)]
    if told["skipped"] is None:
        assert told["verified_launches"] == LAUNCHES
        for key, value in ARMS[arm].items():
            assert told["state"][key] == value
    else:
        conditions = [text.split(":")[0] for text in told["conditions"]]
        condition, _, reason = told["skipped"].partition(": ")
        assert condition in conditions and len(reason) > 10
        assert (told["state"], told["verified_launches"]) == (None, 0)
        assert name_of(arm) not in set(arms.samples["arm"])
        assert name_of(arm) not in set(arms.summary["arm"])


def test_filters_are_counted(arms):
    arms.need("seccomp-2", "seccomp-bitmap", "both")
    told = {name: arms.arms[name]["state"]["Seccomp_filters"]
            for name in ("plain", "seccomp-2", "seccomp-bitmap", "both")}
    if told["plain"] is None:
        pytest.skip("this kernel counts no filters")
    count = int(told["plain"])
    assert [int(told[name]) - count
            for name in ("seccomp-2", "seccomp-bitmap", "both")] == [2, 1, 1]


def test_no_mitigation_rides_along(arms):
    """Filters used to bring SSBD with them; only ssbd is to."""
    key = "Speculation_Store_Bypass"
    plain = arms.arms["plain"]["state"][key]
    assert {arms.arms[name]["state"][key] for name in arms.measured
            if name != "ssbd"} == {plain}


def test_only_the_state_that_was_asked_for_differs(arms):
    plain = arms.arms["plain"]["state"]
    for name in ("dispatch", "tracepoint"):
        if arms.arms[name]["skipped"] is None:
            assert arms.arms[name]["state"] == plain
    assert "state_changed" not in [
        doubt["id"] for doubt in arms.record["doubts"]]


# What it costs, against the plain arm of the same run.

def added(arms, arm, benchmark=NULL):
    return arms.floor(arm, benchmark) - arms.floor("plain", benchmark)


def test_work_is_added_to_the_null_call(arms):
    told = arms.arms["work-50"]["added_ns_a_call"]
    assert told[NULL] == pytest.approx(50, rel=0.01)
    assert 0.5 < added(arms, "work-50") / told[NULL] < 2


def test_rows_in_user_space_get_no_work(arms):
    told = arms.arms["work-50"]["added_ns_a_call"]
    assert {told[row] for row in USER} == {0}
    assert {arm["added_ns_a_call"] for name, arm in arms.arms.items()
            if name != "work-50"} == {None}
    for row in USER:
        assert added(arms, "work-50", row) < 25        # half of the work


@pytest.mark.parametrize("arm", ["seccomp-2", "dispatch", "traced", "both"])
def test_conditions_cost_something(arms, arm):
    """The slow path of an entry: far above what two floors differ by."""
    arms.need(arm)
    assert added(arms, arm) > 0.05 * arms.floor("plain")


def test_a_tracer_costs_most(arms):
    arms.need("traced")
    assert arms.floor("traced") > 3 * arms.floor("plain")
    assert added(arms, "traced") > added(arms, "work-50")


def test_two_conditions_cost_more_than_one(arms):
    arms.need("both", "dispatch")
    assert added(arms, "both") > added(arms, "dispatch")


# The order

def check_order(arms, launches):
    """Each pass has each arm once, each block a pass and its mirror."""
    order, count = arms.order(), len(arms.measured)
    assert list(arms.samples["launch"].unique()) == list(
        range(launches * count))
    for launch in range(0, len(order), count):
        assert set(order[launch:launch + count]) == set(arms.measured)
    for block in range(0, len(order), 2 * count):
        half = order[block:block + count]
        assert order[block + count:block + 2 * count] == half[::-1]
    assert [launch["arm"] for launch in arms.record["launches"]] == order


def test_arms_alternate_in_mirrored_passes(arms):
    check_order(arms, LAUNCHES)
    blocks = arms.samples.groupby("launch")["block"].first()
    assert list(blocks) == [launch // (2 * len(arms.measured))
                            for launch in blocks.index]


def test_a_batch_is_as_large_in_every_arm(arms):
    assert set(arms.samples.groupby("benchmark")["calls"].nunique()) == {1}


@pytest.mark.parametrize("seeds, same", [((7, 7), True), ((7, 8), False)])
def test_the_seed_draws_the_order(run, seeds, same):
    options = ("--launches=20", "--rounds=1", f"--filter=^{NULL}$",
               "--arm=A", "--arm=B", "--arm=C")
    for i, seed in enumerate(seeds):
        succeeded(run(*options, f"--seed={seed}", f"--output=run{i}"))
    one, other = (Run(run.folder / f"run{i}") for i in range(2))
    assert (one.order() == other.order()) is same
    assert one.record["run"]["seed"] == seeds[0]


def test_two_plain_arms(run):
    succeeded(run(*SHORT, "--arm=A", "--arm=B", "--output=run"))
    arms = Run(run.folder / "run")
    assert arms.measured == ["A", "B"]
    assert [arm["conditions"] for arm in arms.record["arms"]] == [[], []]
    assert arms.arms["A"]["state"] == arms.arms["B"]["state"]


# The screen, and the probes

def test_the_screen_names_arms_and_conditions(arms, screen):
    heads = re.findall(r"^(\S+)(?: \[(.*?)\])? +quiet core", screen, re.M)
    assert heads == [(name, ",".join(arms.arms[name]["conditions"]))
                     for name in arms.measured]


def test_the_screen_lists_skipped_arms(arms, screen):
    skipped = re.findall(r"^  arm (\S+) +(\S.*)$", screen, re.M)
    assert skipped == [(name, arm["skipped"])
                       for name, arm in arms.arms.items() if arm["skipped"]]


def test_the_probes_are_told_arm_by_arm(arms):
    probes = arms.record["probe"]["arms"]
    assert [probe["name"] for probe in probes] == arms.measured
    for probe in probes:
        assert probe["quiet_jump_ticks"] > 0
        assert probe["quiet_chain_ticks"] > 0
        assert 0 <= probe["shared_share"] <= 1
        assert probe["alone_share"] is None or 0 <= probe["alone_share"] <= 1


# Arms that cannot be run

BAD = "--wrap=bad=no-such-command-at-all"


@pytest.mark.parametrize("options, reference", [
    (["--arm=plain", BAD, "--arm=work:20"], "plain"),
    ([BAD, "--arm=plain", "--arm=work:20"], "plain"),
    ([BAD, "--arm=work:20", "--arm=plain"], "work-20"),
    (["--arm=threads:1024", BAD, "--arm=plain", "--wrap=w=env"], "plain"),
])
def test_an_impossible_arm_is_skipped_and_the_rest_measured(
        run, options, reference):
    result = succeeded(run(*SHORT, "--output=run", *options))
    arms = Run(run.folder / "run")
    assert arms.arms["bad"]["skipped"] == "could not be executed"
    assert arms.record["complete"] is True
    assert [name for name, arm in arms.arms.items()
            if arm["reference"]] == [reference]
    first = options[0].partition("=")[2].split("=")[0]
    said = f"the reference is {reference}" in result.stdout
    assert said is (first != reference)
    check_order(arms, 2)


def test_a_wrapped_worker_that_dies_at_once_is_skipped(run):
    script = run.folder / "dies"
    script.write_text("#!/bin/sh\nkill -SEGV $$\n")
    script.chmod(0o755)
    succeeded(run(*SHORT, "--output=run", "--arm=plain",
                  f"--wrap=dies={script}"))
    arms = Run(run.folder / "run")
    assert arms.measured == ["plain"]
    assert arms.arms["dies"]["skipped"] == "killed by SIGSEGV"
    assert {launch["arm"] for launch in arms.record["launches"]} == {"plain"}


def test_without_any_arm_nothing_is_measured(run):
    result = run(*SHORT, "--arm=threads:1024", BAD)
    refused(result, 3, "arm threads-1024 cannot be run: threads: ")
    assert run.contents() == []


def test_conditions_as_another_user(for_anyone):
    """What needs root is skipped; the rest goes on."""
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
               "--clear-groups"]
    if os.geteuid() or subprocess.run(
            [*command, "true"], stderr=subprocess.DEVNULL,
            check=False).returncode:
        pytest.skip("another user can run no program here")
    succeeded(for_anyone(*SHORT, "--output=run", "--arm=plain",
                         "--arm=seccomp:1", "--arm=tracepoint",
                         "--arm=traced", under=command))
    arms = Run(for_anyone.folder / "run")
    assert arms.arms["tracepoint"]["skipped"].startswith("tracepoint: ")
    assert {"plain", "seccomp-1"} <= set(arms.measured)


def test_a_tracepoint(run, privately):
    """Where tracefs can be mounted, its event counts entries."""
    under = privately("mount -t tracefs none /sys/kernel/tracing")
    if os.geteuid():
        pytest.skip("perf's tracepoints are root's")
    succeeded(run("--launches=4", "--rounds=20", f"--filter={ROWS}",
                  "--output=run", "--arm=plain", "--arm=tracepoint",
                  under=under))
    arms = Run(run.folder / "run")
    skipped = arms.arms["tracepoint"]["skipped"]
    if skipped and "no perf event" in skipped:
        pytest.skip(skipped)
    assert skipped is None
    assert arms.arms["tracepoint"]["verified_launches"] == 4
    assert added(arms, "tracepoint") > 0.05 * arms.floor("plain")


def test_threads_are_in_the_row_that_is_timed(run):
    """Both write to one open file, which has one lock for its position."""
    succeeded(run("--launches=4", "--rounds=20", "--output=run",
                  "--filter=^write_file/libc/1$", "--arm=plain",
                  "--arm=threads:2"))
    arms = Run(run.folder / "run")
    arms.need("threads-2")
    cost = arms.summary.set_index("arm")["median_ns"]
    assert cost["threads-2"] > 1.3 * cost["plain"]


# Entries are counted under any condition of the first arm.

@pytest.mark.parametrize("arm", ["traced", "seccomp:2", "dispatch",
                                 "threads:2", "work:50", "ssbd"])
def test_entries_are_counted_in_the_trying_worker(run, arm):
    succeeded(run(*SHORT, "--output=plain"))
    succeeded(run(*SHORT, f"--arm={arm}", "--arm=last", "--output=run"))
    plain, arms = (Run(run.folder / name) for name in ("plain", "run"))
    if arms.arms[name_of(arm)]["skipped"]:
        pytest.skip(arms.arms[name_of(arm)]["skipped"])
    assert [row["entries_counted"] for row in arms.record["benchmarks"]] == [
        row["entries_counted"] for row in plain.record["benchmarks"]]


def test_the_whole_catalogue_under_conditions(run):
    """Every row, in both kinds of worker: none is lost to a condition."""
    options = ("--launches=1", "--rounds=1", "--profile=full")
    succeeded(run(*options, "--output=plain"))
    succeeded(run(*options, "--output=run",
                  "--arm=both=seccomp:1,dispatch,work:1", "--arm=traced"))
    plain, arms = (Run(run.folder / name) for name in ("plain", "run"))
    reasons = skipped_rows(plain)
    assert skipped_rows(arms) == reasons
    assert arms.record["complete"] is True
    counts = arms.samples.groupby("benchmark")["arm"].nunique()
    assert set(counts) == {len(arms.measured)}
    assert len(counts) == sum(why is None for why in reasons.values())


@pytest.mark.parametrize("first, second", [
    ("--arm=threads:2", "--arm=plain"), ("--arm=plain", "--arm=threads:2")])
def test_rows_for_one_caller_are_left_out_beside_threads(run, first, second):
    """All others are measured in every arm."""
    succeeded(run("--launches=1", "--rounds=1", "--profile=full",
                  "--output=run", first, second))
    arms = Run(run.folder / "run")
    arms.need("threads-2")
    reasons = skipped_rows(arms)
    assert "threads" in reasons["switch_same/pipe/processes"]
    assert reasons["process/fork/small"] is None
    assert arms.record["complete"] is True
    counts = arms.samples.groupby("benchmark")["arm"].nunique()
    assert set(counts) == {2}
    assert len(counts) == sum(why is None for why in reasons.values())


# Nothing is left behind

def session_of(leader):
    """The processes of a session that have not ended."""
    found = {}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if os.getsid(int(process.name)) != leader:
                continue
            stat = (process / "stat").read_text().rpartition(")")[2].split()
            if stat[0] not in "ZX":
                found[int(process.name)] = int(stat[1])
    return found


def tracer_of(leader):
    """A tracer: a process of the third generation; None while there is
    none that is attached."""
    session = session_of(leader)
    for pid, parent in session.items():
        if parent == leader or pid == leader or parent not in session:
            continue
        with contextlib.suppress(OSError):
            status = pathlib.Path(f"/proc/{parent}/status").read_text()
            if re.search(rf"^TracerPid:\s*{pid}$", status, re.M):
                return pid
    return None


@pytest.fixture
def traced(run, until):
    """A long run of traced launches, one of them just begun."""
    succeeded(run(*SHORT, "--arm=traced", "--arm=plain", "--output=first"))
    Run(run.folder / "first").need("traced")
    process = run.start("--launches=500", "--rounds=200",
                        f"--filter=^{NULL}$", "--arm=plain", "--arm=traced",
                        "--output=run")
    samples = run.folder / ".run.partial" / "samples.csv"
    until(lambda: samples.exists() and samples.stat().st_size > 1000,
          "a first launch")
    ending = tracer_of(process.pid)
    until(lambda: tracer_of(process.pid) not in (None, ending), "a tracer")
    return process


def test_an_interrupted_traced_run_is_kept_and_leaves_nobody(
        run, until, traced):
    os.killpg(traced.pid, signal.SIGINT)
    _, stderr = traced.communicate(timeout=60)
    assert (traced.returncode, stderr) == (130, "syscost: interrupted\n")
    until(lambda: not session_of(traced.pid), "the end of all", 10)
    arms = Run(run.folder / "run")
    assert arms.record["complete"] is False
    assert len(arms.order()) > 0


def test_a_killed_traced_run_leaves_nobody(until, traced):
    traced.kill()
    traced.communicate(timeout=60)
    until(lambda: not session_of(traced.pid), "the end of all", 10)


def test_a_killed_tracer_costs_its_launch(run, until, traced):
    os.kill(until(lambda: tracer_of(traced.pid), "a tracer"),
            signal.SIGKILL)
    samples = run.folder / ".run.partial" / "samples.csv"
    size = samples.stat().st_size
    until(lambda: samples.stat().st_size > 3 * size, "more launches")
    traced.send_signal(signal.SIGINT)
    traced.communicate(timeout=60)
    kept = Run(run.folder / "run").record["launches"]
    lost = [launch for launch in kept
            if launch["problem"] == "killed by SIGKILL"]
    assert {launch["arm"] for launch in lost} <= {"traced", "plain"}
    assert any(launch["arm"] == "traced" for launch in lost)
    assert any(launch["done"] and launch["launch"] > lost[0]["launch"]
               for launch in kept)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_threads_end_with_the_run(run, until, stop):
    process = run.start("--launches=50", "--rounds=100000",
                        f"--filter=^{NULL}$", "--arm=threads:2",
                        "--output=run")
    samples = run.folder / ".run.partial" / "samples.csv"
    if not until(lambda: samples.exists() or process.poll() is not None,
                 "a start") or process.poll() is not None:
        pytest.skip(process.communicate()[1])
    process.send_signal(stop)
    process.communicate(timeout=60)
    until(lambda: not session_of(process.pid), "the end of all", 10)


# Wrong usage

@pytest.mark.parametrize("option, words", [
    ("--arm=a=nonsense", ["nonsense", "seccomp:N", "threads:N", "work:NS"]),
    ("--arm=seccomp:65", ["1 to 64"]),
    ("--arm=threads:1", ["2 to 1024"]),
    ("--arm=work:0", ["0.001 to 1000000"]),
    ("--arm=a=ssbd,ssbd", ["twice"]),
    ("--arm=ssbd,traced", ["NAME=CONDITION"]),
    ("--arm=a b", ["a b"]),
])
def test_wrong_usage(run, option, words):
    refused(run(option), 2, "--arm=", *words)
    assert run.contents() == []
