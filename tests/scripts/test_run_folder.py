# SPDX-License-Identifier: MIT
"""The files of real runs, against each other and against the scripts."""

import json
import math
import os
import pathlib
import re
import shutil
import statistics
import sys

import numpy as np
import pandas as pd
import pytest

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from analysis import load, quiet  # noqa: E402

SAMPLES = ("launch,arm,block,seq,benchmark,calls,ticks,ns_per_call,cpu_ns,"
           "cpu,migrated,nivcsw,minflt,dirty,probe_before_ticks,"
           "probe_after_ticks,chain_before_ticks,chain_after_ticks")
SUMMARY = ("benchmark,arm,launches,batches,quiet_ns,quiet_low_ns,"
           "quiet_high_ns,confidence,median_ns,median_low_ns,median_high_ns,"
           "floor_ns,p25_ns,p75_ns,mean_ns,mdape,median_ticks,net_ns,"
           "core_cycles,dirty_share,quiet_share,flags,core_cycles_from,"
           "instructions_user,instructions_kernel")
LAUNCHES = ("launch,arm,block,done,wall_ms,timed_ms,window_ms,nvcsw,nivcsw,"
            "minflt,majflt,ran_ms,other_ms,steal_ms,irq_ms,softirq_ms,"
            "interrupts,softirqs,run_delay_ms,core_throttles,"
            "package_throttles,khz_before,khz_after,core_ghz,drift_ppm,"
            "alone_share,padding_bytes,problem")
CELL = ["benchmark", "arm"]

# Decimals in the two tables, where they are not those of ns a call.
NS_DIGITS = 6
DIGITS = {"confidence": 4, "mdape": 5, "dirty_share": 5, "quiet_share": 5}
EXPORTED_DIGITS = 4

# Keeps another CPU busy while the worker runs; where that is a hardware
# thread of the same core, the probes see it.
NEIGHBOUR = """#!/bin/sh
taskset -c {cpu} sh -c 'while :; do :; done' 2>/dev/null &
"$@"
status=$?
kill $! 2>/dev/null
exit $status
"""


class Run:
    """A run folder, read."""

    def __init__(self, folder, launches, rounds, rows, arms):
        self.folder = folder
        self.launches = launches    # an arm
        self.rounds, self.rows, self.arms = rounds, rows, arms
        self.record = json.loads((folder / "run.json").read_text())
        self.ticks_per_ns = self.record["clock"]["ticks_per_ns"]
        self.summary = pd.read_csv(folder / "summary.csv",
                                   keep_default_na=False, na_values=[""])
        self.samples = pd.read_csv(folder / "samples.csv")
        self.table = pd.read_csv(folder / "launches.csv",
                                 keep_default_na=False, na_values=[""])
        # ns_per_call is rounded in the file; the ticks are not.
        self.samples["cost"] = (self.samples["ticks"] / self.ticks_per_ns /
                                self.samples["calls"])

    def by_cell(self, column, how):
        """A figure for each line of summary.csv, from the samples."""
        found = self.samples.groupby(CELL)[column].agg(how)
        return found.reindex(
            pd.MultiIndex.from_frame(self.summary[CELL])).to_numpy()

    def launch_medians(self):
        """Of the costs as measured, by benchmark, arm and launch."""
        return self.samples.groupby([*CELL, "launch"])["cost"].median()


def small(make, folder):
    """Too few batches for a curve, or a level of a benchmark's own."""
    result = make(folder)(*make(folder).short, "--output=run")
    assert (result.returncode, result.stderr) == (0, "")
    return Run(folder / "run", 2, 3, ["getppid/libc", "getppid/inline"],
               ["plain"])


def plain(make, folder):
    result = make(folder)(
        "--launches=6", "--rounds=40", "--label=plain",
        "--filter=^(getppid/(libc|inline)|baseline/call|write/stdio/16)$")
    assert (result.returncode, result.stderr) == (0, "")
    run, = (folder / "results").iterdir()
    return Run(run, 6, 40, ["baseline/call", "getppid/libc",
                            "getppid/inline", "write/stdio/16"], ["plain"])


def arms(make, folder):
    """Two arms, one of them beside a busy neighbour."""
    cpus = sorted(os.sched_getaffinity(0))
    script = folder / "neighbour"
    script.write_text(NEIGHBOUR.format(cpu=cpus[0]))
    script.chmod(0o755)
    alone = shutil.which("env")
    result = make(folder)(
        "--launches=6", "--rounds=40", "--filter=^getppid/(libc|inline)$",
        f"--cpu={cpus[-1]}", f"--wrap=alone={alone}",
        f"--wrap=beside={script}", "--output=run")
    assert (result.returncode, result.stderr) == (0, "")
    return Run(folder / "run", 6, 40, ["getppid/libc", "getppid/inline"],
               ["alone", "beside"])


@pytest.fixture(scope="module", params=[small, plain, arms],
                ids=lambda make: make.__name__)
def run(request, runner_in, tmp_path_factory):
    return request.param(runner_in, tmp_path_factory.mktemp("run"))


def close(ours, theirs, digits):
    """Whether printed figures are those, but for rounding to `digits`."""
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    return np.allclose(ours, theirs, rtol=1e-6, equal_nan=True,
                       atol=0.501 * 10.0 ** -digits)


def first_line(path):
    with open(path) as file:
        return file.readline().rstrip("\n")


def test_the_folder_holds_what_it_should(run):
    counted = ["counters.csv"] if run.record["counters"]["source"] else []
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "benchstat.txt", *counted, "gbench.json", "launches.csv", "run.json",
        "samples.csv", "summary.csv"]


def test_the_scripts_take_it(run):
    assert len(load.samples(run.folder)) == len(run.samples)
    assert len(load.summary(run.folder)) == len(run.summary)
    assert load.record(run.folder)["schema"] == 1


# samples.csv

def test_columns(run):
    assert first_line(run.folder / "samples.csv") == SAMPLES
    assert first_line(run.folder / "summary.csv") == SUMMARY


def test_a_row_for_each_launch_round_and_benchmark(run):
    counts = run.samples.groupby(["launch", "benchmark"]).size()
    assert set(counts) == {run.rounds}
    assert set(run.samples["benchmark"]) == set(run.rows)
    launches = run.launches * len(run.arms)
    assert list(run.samples["launch"].unique()) == list(range(launches))
    assert len(counts) == launches * len(run.rows)


def test_the_order_within_a_launch(run):
    for _, launch in run.samples.groupby("launch"):
        assert list(launch["seq"]) == list(range(len(launch)))


def test_every_round_has_every_row(run):
    turn = run.samples["seq"] // len(run.rows)
    counts = run.samples.groupby(["launch", turn])["benchmark"].nunique()
    assert set(counts) == {len(run.rows)}


def test_rounds_are_shuffled(run):
    turn = run.samples["seq"] // len(run.rows)
    orders = run.samples.groupby(["launch", turn])["benchmark"].agg(tuple)
    if len(orders) < 60:
        pytest.skip("too few rounds: they may all be alike by chance")
    assert orders.nunique() > math.factorial(len(run.rows)) / 2


def test_ns_per_call_is_made_of_ticks(run):
    assert close(run.samples["ns_per_call"], run.samples["cost"], NS_DIGITS)


def test_a_batch_is_as_large_in_every_launch(run):
    calls = run.samples.groupby("benchmark")["calls"].agg(set)
    assert calls.to_dict() == {
        row["name"]: {row["batch_calls"]} for row in run.record["benchmarks"]}


def test_batches_last_about_as_long_as_they_should(run):
    lasted = run.samples.groupby("benchmark")["cost"].min() * \
        run.samples.groupby("benchmark")["calls"].first()
    ratio = lasted / run.record["run"]["batch_ns"]
    assert ratio.between(0.05, 20).all()


def test_dirty_is_what_left_a_trace(run):
    traces = run.samples[["migrated", "nivcsw", "minflt"]].sum(axis=1) > 0
    assert list(run.samples["dirty"]) == list(traces.astype(int))


def test_every_batch_ran_where_it_should(run):
    assert set(run.samples["cpu"]) == {run.record["placement"]["cpu"]}
    assert not run.samples["migrated"].any()


def test_probes_were_read(run):
    probes = run.samples[SAMPLES.split(",")[-4:]]
    assert (probes > 0).all(axis=None)
    assert len(probes.drop_duplicates()) > 1


def test_arms_alternate_in_balanced_blocks(run):
    launches = run.samples.groupby("launch")[["arm", "block"]].first()
    assert set(launches["arm"]) == set(run.arms)
    for _, block in launches.groupby("block")["arm"]:
        assert list(block) == list(block)[::-1]
        assert set(block.value_counts()) == {2}


# launches.csv

def test_columns_of_launches(run):
    assert first_line(run.folder / "launches.csv") == LAUNCHES


def test_a_line_for_each_launch(run):
    planned = pd.DataFrame(run.record["launches"])
    for column in ["launch", "arm", "block", "done", "padding_bytes"]:
        assert list(run.table[column]) == list(planned[column])
    assert run.table["done"].all() and run.table["problem"].isna().all()


@pytest.mark.parametrize("column, digits", [
    ("wall_ms", 6), ("timed_ms", 6), ("core_ghz", 6), ("alone_share", 6)])
def test_run_json_says_the_same_of_launches(run, column, digits):
    said = pd.DataFrame(run.record["launches"])[column].astype(float)
    assert close(run.table[column], said, digits)


def test_what_is_timed_is_within_what_is_watched(run):
    timed = run.samples.groupby("launch")["ticks"].sum() / run.ticks_per_ns
    assert close(run.table["timed_ms"], timed / 1e6, 6)
    assert (run.table["timed_ms"] > 0).all()
    assert (run.table["timed_ms"] < run.table["window_ms"]).all()
    assert (run.table["window_ms"] < run.table["wall_ms"]).all()


@pytest.mark.parametrize("column", ["nivcsw", "minflt"])
def test_what_batches_saw_is_within_what_launches_saw(run, column):
    seen = run.samples.groupby("launch")[column].sum()
    assert (run.table[column].to_numpy() >= seen.to_numpy()).all()


def test_what_is_known_is_possible(run):
    signed = ["other_ms", "drift_ppm"]
    figures = run.table.drop(columns=["arm", "problem", *signed])
    assert (figures.fillna(0) >= 0).all(axis=None)
    assert not figures[["nvcsw", "nivcsw", "minflt", "majflt"]].isna().any(
        axis=None)
    other = run.table["other_ms"].dropna()
    assert (other < run.table["ran_ms"][other.index]).all()


# summary.csv

def test_a_line_for_each_row_and_arm(run):
    assert list(run.summary["benchmark"]) == [
        row for row in run.rows for _ in run.arms]
    assert list(run.summary["arm"]) == run.arms * len(run.rows)


def test_what_is_counted(run):
    assert set(run.summary["launches"]) == {run.launches}
    assert set(run.summary["batches"]) == {run.launches * run.rounds}
    assert list(run.by_cell("launch", "nunique")) == list(
        run.summary["launches"])


@pytest.mark.parametrize("column, how", [
    ("floor_ns", "min"), ("mean_ns", "mean"),
    ("p25_ns", lambda cell: cell.quantile(0.25)),
    ("p75_ns", lambda cell: cell.quantile(0.75))])
def test_what_is_said_of_the_batches(run, column, how):
    assert close(run.summary[column], run.by_cell("cost", how), NS_DIGITS)


def test_the_dirty_share(run):
    assert close(run.summary["dirty_share"], run.by_cell("dirty", "mean"), 5)


def test_the_median_is_that_of_launch_medians(run):
    middle = run.launch_medians().groupby(CELL).median()
    cells = pd.MultiIndex.from_frame(run.summary[CELL])
    assert close(run.summary["median_ns"], middle.reindex(cells), NS_DIGITS)
    assert close(run.summary["median_ticks"],
                 middle.reindex(cells) * run.ticks_per_ns, 3)


def test_the_interval_is_of_launches(run):
    medians = run.launch_medians().groupby(CELL)
    cells = pd.MultiIndex.from_frame(run.summary[CELL])
    # Up to seven launches it is the smallest and the largest: 1 - 2 / 2^n.
    assert close(run.summary["median_low_ns"], medians.min().reindex(cells),
                 NS_DIGITS)
    assert close(run.summary["median_high_ns"], medians.max().reindex(cells),
                 NS_DIGITS)
    assert close(run.summary["confidence"], 1 - 2 ** (1 - run.launches), 4)


def test_few_launches_are_flagged(run):
    flagged = [isinstance(flags, str) and "few" in flags.split()
               for flags in run.summary["flags"]]
    assert set(flagged) == {run.launches < 6}


def test_what_follows_from_the_quiet_figure(run):
    yardsticks = run.record["yardsticks"]
    cost = run.summary["quiet_ns"]
    assert np.allclose(run.summary["net_ns"],
                       cost - yardsticks["empty_loop_ns"], atol=2e-6)
    estimated = run.summary["core_cycles_from"] == "adds"
    assert np.allclose(run.summary["core_cycles"][estimated],
                       cost[estimated] * yardsticks["core_ghz"], rtol=1e-5,
                       atol=0.0051)
    for low, high in (("quiet_low_ns", "quiet_high_ns"),
                      ("median_low_ns", "median_high_ns"),
                      ("floor_ns", "p25_ns"), ("p25_ns", "p75_ns")):
        assert (run.summary[low] <= run.summary[high]).all()


def test_cycles_and_instructions_are_counted_or_not(run):
    """A PMU that may be used counts all; without, there is a reason."""
    counters = run.record["counters"]
    counted = run.summary["core_cycles_from"] == "pmu"
    kernel = run.summary["instructions_kernel"]
    if counters["source"] is None:
        assert not counted.any() and kernel.isna().all()
        assert run.summary["instructions_user"].isna().all()
        pytest.skip(counters["why_not"])
    assert (counters["why_not"] is None) == counters["kernel"]
    assert counted.all() if counters["kernel"] else not counted.any()
    if counters["kernel"]:
        enters = run.summary["benchmark"].str.startswith("getppid/")
        assert (kernel[enters] > 50).all()


def test_every_count_belongs_to_a_batch(run):
    path = run.folder / "counters.csv"
    if not path.exists():
        pytest.skip(run.record["counters"]["why_not"])
    counts = pd.read_csv(path)
    keys = ["launch", "arm", "seq", "benchmark", "calls"]
    assert not counts.duplicated(keys).any()
    assert len(counts.merge(run.samples, on=keys)) == len(counts)


# C against Python

def estimate(run):
    """What the scripts make of the samples, in summary.csv's order."""
    samples = run.samples.assign(ns_per_call=run.samples["cost"])
    found = quiet.estimate(samples, run.record).set_index(CELL)
    return found.loc[list(run.summary[CELL].itertuples(index=False))]


@pytest.mark.parametrize("column", [
    name for name in SUMMARY.split(",") if name in quiet.COLUMNS[2:]])
def test_the_scripts_say_the_same(run, column):
    assert close(run.summary[column], estimate(run)[column],
                 DIGITS.get(column, NS_DIGITS))


def test_all_estimates_are_compared():
    alone = {"median_ticks", "net_ns", "core_cycles", "flags",
             "core_cycles_from", "instructions_user", "instructions_kernel"}
    assert set(SUMMARY.split(",")) - alone == set(quiet.COLUMNS)


def curve_of(samples, level):
    """What the scripts make of one benchmark: a curve as in run.json."""
    jumps, chain = quiet.probes(samples)
    if len(samples) >= quiet.OWN_LEVEL_LEAST:
        level = quiet.reference(jumps), quiet.reference(chain)
    if not quiet.varies(jumps, level[0]):
        return None
    slopes = quiet.slopes(np.log(samples["cost"].to_numpy()),
                          pd.factorize(samples["arm"])[0],
                          quiet.covariates(jumps, chain, level))
    return dict(zip(CURVE, [*level, *slopes]))


CURVE = ["jump_ticks", "chain_ticks", "jump_slope", "jump_square_slope",
         "chain_slope"]


def test_curves_are_the_same(run):
    probe = run.record["probe"]
    level = probe["quiet_jump_ticks"], probe["quiet_chain_ticks"]
    for row in run.record["benchmarks"]:
        samples = run.samples[run.samples["benchmark"] == row["name"]]
        curve = curve_of(samples, level)
        assert (row["curve"] is None) is (curve is None)
        if curve:
            assert {key: row["curve"][key] for key in CURVE} == pytest.approx(
                curve, rel=1e-6, abs=1e-6)
            assert row["curve"]["borrowed"] is False


# run.json

def test_what_run_json_says_of_the_run(run):
    record = run.record
    assert (record["schema"], record["complete"]) == (1, True)
    assert record["problem"] is None
    assert 0 < record["duty_cycle"] <= 1
    assert record["run"]["rounds"] == run.rounds
    assert record["run"]["launches_an_arm"] == run.launches
    assert [arm["name"] for arm in record["arms"]] == run.arms
    assert [row["name"] for row in record["benchmarks"]] == run.rows
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
                        record["run"]["started"])
    assert re.fullmatch(r"[0-9a-f]{40}", record["tool"]["build_id"])


def test_the_duty_cycle_is_that_of_the_launches(run):
    timed = sum(launch["timed_ms"] for launch in run.record["launches"])
    wall = sum(launch["wall_ms"] for launch in run.record["launches"])
    assert run.record["duty_cycle"] == pytest.approx(timed / wall, rel=1e-6)


def test_launches_are_those_of_the_samples(run):
    launches = pd.DataFrame(run.record["launches"]).set_index("launch")
    mine = run.samples.groupby("launch")
    assert list(launches["arm"]) == list(mine["arm"].first())
    assert list(launches["block"]) == list(mine["block"].first())
    assert launches["done"].all() and launches["problem"].isna().all()
    assert np.allclose(launches["timed_ms"],
                       mine["ticks"].sum() / run.ticks_per_ns / 1e6)
    assert (launches["wall_ms"] > launches["timed_ms"]).all()
    assert launches["padding_bytes"].between(0, 4095).all()
    assert len(launches) < 6 or launches["padding_bytes"].nunique() > 1


def test_the_clock(run):
    clock = run.record["clock"]
    assert clock["ticks_per_ns"] > 0 and clock["granularity_ticks"] >= 1
    assert clock["granularity_ns"] == pytest.approx(
        clock["granularity_ticks"] / clock["ticks_per_ns"])
    assert (clock["why_not_counter"] is None) == (
        clock["source"] != "CLOCK_MONOTONIC_RAW")
    # A batch in which a guest is taken off its CPU may end between two steps
    # (seen: 2 of 9,600); half of them would with a step twice too large.
    steps = run.samples["ticks"] % clock["granularity_ticks"] == 0
    assert steps.mean() > 0.95 or (~steps).sum() == 1


def read(path):
    """A file's first line; None where it cannot be read."""
    try:
        return pathlib.Path(path).read_text().split("\n")[0]
    except OSError:
        return None


def test_the_kernel(run):
    kernel = run.record["environment"]["kernel"]
    assert kernel["release"] == os.uname().release
    assert kernel["version"] == os.uname().version
    assert kernel["boot_id"] == read("/proc/sys/kernel/random/boot_id")
    assert kernel["cmdline"] == read("/proc/cmdline")
    assert kernel["clocksource"] == read(
        "/sys/devices/system/clocksource/clocksource0/current_clocksource")


def test_every_vulnerability_is_told(run):
    folder = pathlib.Path("/sys/devices/system/cpu/vulnerabilities")
    if not folder.is_dir():
        pytest.skip("this kernel does not tell")
    assert run.record["environment"]["mitigations"]["vulnerabilities"] == {
        path.name: read(path) for path in folder.iterdir()}


def test_the_pti_flag(run):
    flags = re.search(r"^flags\s*:(.*)$",
                      pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    told = run.record["environment"]["mitigations"]["pti_flag"]
    assert told is ("pti" in flags[1].split() if flags else None)


def test_the_state_of_the_task(run):
    status = dict(re.findall(r"^(\w+):\s*(.*?)\s*$", pathlib.Path(
        "/proc/self/status").read_text(), re.M))
    task = run.record["environment"]["task"]
    assert {"Seccomp", "TracerPid", "NoNewPrivs"} <= set(task)
    known = {key: value for key, value in task.items()
             if isinstance(value, str)}
    assert known == {key: status[key] for key in known}
    assert [key for key in task if key not in known and key in status] == []


def test_what_is_null_is_named(run):
    facts = run.record["environment"]
    nulls = [f"{section}.{key}" for section, part in facts.items()
             if isinstance(part, dict) and section != "unreadable"
             for key, value in part.items() if value is None]
    nulls += [key for key, value in facts.items() if value is None]
    assert [path for path in nulls if path not in facts["unreadable"]] == []


# Other tools' formats

def launch_figures(run):
    """Each launch's medians by row, from the file that benchstat reads."""
    line = re.compile(r"(Benchmark[^a-z\s]\S*)[ \t]+(\d+)[ \t]+(\d+\.\d{4}) "
                      r"ns/op[ \t]+(\d+\.\d{4}) as-measured-ns/op")
    text = (run.folder / "benchstat.txt").read_text()
    return [line.fullmatch(each).groups() for each in text.splitlines()
            if each.startswith("Benchmark")]


def test_benchstat_can_read_it(run):
    text = (run.folder / "benchstat.txt").read_text()
    assert text.endswith("\n") and text.isascii()
    for line in text.splitlines():
        assert re.fullmatch(
            r"[a-z][^\sA-Z:]*: \S.*"
            r"|Unit \S+( [a-z]+=[a-z]+)+"
            r"|Benchmark[^a-z\s]\S*[ \t]+[1-9]\d*([ \t]+\d+\.\d+ \S+)+", line)
    assert re.search(r"^goos: linux$", text, re.M)
    assert re.search(r"^Unit ns/op better=lower$", text, re.M)


def benchstat_name(row, arm, arms_):
    group, path, *variant = row.split("/")
    return (f"Benchmark{group.capitalize()}/path={path}" +
            "".join(f"/variant={part}" for part in variant) +
            (f"/arm={arm}" if len(arms_) > 1 else "") + "-1")


def test_benchstat_has_a_line_for_each_launch(run):
    figures = launch_figures(run)
    names = [benchstat_name(row, arm, run.arms)
             for row in run.rows for arm in run.arms]
    assert [name for name, *_ in figures] == [
        name for name in names for _ in range(run.launches)]
    calls = {row["name"]: row["batch_calls"]
             for row in run.record["benchmarks"]}
    assert [int(count) for _, count, *_ in figures] == [
        calls[row] for row in run.rows for _ in run.arms
        for _ in range(run.launches)]


def test_benchstat_has_the_launch_medians(run):
    figures = launch_figures(run)
    medians = run.launch_medians()
    for i, cell in enumerate(run.summary[CELL].itertuples(index=False)):
        mine = figures[i * run.launches:(i + 1) * run.launches]
        assert close([float(figure[3]) for figure in mine],
                     medians[tuple(cell)], EXPORTED_DIGITS)
        assert close(statistics.median(float(figure[2]) for figure in mine),
                     run.summary["quiet_ns"][i], EXPORTED_DIGITS)


def gbench(run):
    return json.loads((run.folder / "gbench.json").read_text())


def test_google_benchmarks_compare_can_read_it(run):
    context, rows = gbench(run)["context"], gbench(run)["benchmarks"]
    assert context["json_schema_version"] == 1
    assert {"date", "host_name", "num_cpus", "mhz_per_cpu", "caches",
            "load_avg", "library_build_type"} <= set(context)
    names = [row["name"] for row in rows]
    assert len(set(names)) == len(run.rows) * len(run.arms)
    for i, row in enumerate(rows):
        assert row["run_name"] == row["name"]
        assert (row["run_type"], row["time_unit"]) == ("iteration", "ns")
        assert row["repetitions"] == run.launches
        assert row["repetition_index"] == i % run.launches
        assert row["family_index"] == i // run.launches
        assert row["per_family_instance_index"] == 0
        assert (row["threads"], row["cpu_time"]) == (1, row["real_time"])
        assert row["real_time"] > 0 and "error_occurred" not in row


def test_both_tools_get_the_same(run):
    rows, figures = gbench(run)["benchmarks"], launch_figures(run)
    assert [row["iterations"] for row in rows] == [
        int(figure[1]) for figure in figures]
    assert close([float(figure[2]) for figure in figures],
                 [row["real_time"] for row in rows], EXPORTED_DIGITS)
    assert close([float(figure[3]) for figure in figures],
                 [row["as_measured_ns"] for row in rows], EXPORTED_DIGITS)
