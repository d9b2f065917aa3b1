# SPDX-License-Identifier: MIT
"""Single calls of real runs: the files, what is left out, what is kept."""

import json
import re
import signal

import numpy as np
import pandas as pd
import pytest

import hand_made  # noqa: F401
from analysis import load

TABLE = ("benchmark,arm,launches,calls,confidence,p50_ns,p50_low_ns,"
         "p50_high_ns,p90_ns,p90_low_ns,p90_high_ns,p99_ns,p99_low_ns,"
         "p99_high_ns,p999_ns,p999_low_ns,p999_high_ns,max_ns,nivcsw,minflt")
HISTOGRAM = "benchmark,arm,low_ns,high_ns,count"
ROWS = ["getppid/libc", "getppid/inline", "invalid/inline",
        "write_file/inline/65536"]
QUICK = "baseline/empty"        # no clock can tell one of its calls
FILTER = f"--filter=^({'|'.join([*ROWS, QUICK])})$"
SHORT = ("--launches=2", "--rounds=3", "--distribution", "--output=run")

# Runs what a file says in its line for this start of a worker, then the
# worker: 0 checks the arm, 1 tries the rows, then come the launches.
SCRIPTED = """#!/bin/sh
n=$(cat started 2>/dev/null || echo 0)
echo $((n + 1)) >started
eval "$(sed -n "$((n + 1))p" script)"
exec "$@"
"""


class Stamped:
    """A run folder with single calls, read."""

    def __init__(self, folder, result):
        self.folder, self.result = folder, result
        self.record = json.loads((folder / "run.json").read_text())
        self.table = pd.read_csv(folder / "distribution.csv")
        self.histogram = pd.read_csv(folder / "histogram.csv")

    def row(self, name, arm="plain"):
        """The one line of the table."""
        found = self.table[(self.table["benchmark"] == name) &
                           (self.table["arm"] == arm)]
        assert len(found) == 1
        return found.iloc[0]


def measured(run, *options):
    """A run in which the rows' single calls could be stamped."""
    result = run(*SHORT, *options)
    assert (result.stderr, result.returncode) == ("", 0)
    if not (run.folder / "run" / "histogram.csv").exists():
        pytest.skip("no row is slow enough for this clock")
    return Stamped(run.folder / "run", result)


@pytest.fixture(scope="module")
def stamped(runner_in, tmp_path_factory):
    """Two arms that can be stamped, and one that cannot."""
    folder = tmp_path_factory.mktemp("stamped")
    return measured(runner_in(folder), FILTER, "--arm=plain",
                    "--arm=other", "--arm=worked=work:100")


def test_the_columns(stamped):
    lines = (stamped.folder / "distribution.csv").read_text().splitlines()
    assert lines[0] == TABLE
    assert all(line.count(",") == TABLE.count(",") for line in lines)
    lines = (stamped.folder / "histogram.csv").read_text().splitlines()
    assert lines[0] == HISTOGRAM


def test_the_stamps_come_first_and_every_row_once(stamped):
    cells = list(stamped.table[["benchmark", "arm"]].itertuples(index=False))
    refused = {row["name"] for row in stamped.record["benchmarks"]
               if row["not_stamped"]}
    rows = ["stamp", *(row["name"] for row in stamped.record["benchmarks"]
                       if row["name"] not in refused)]
    assert cells == [(row, arm) for row in rows for arm in ("plain", "other")]
    assert QUICK in refused


def test_the_counts_add_up(stamped):
    counts = stamped.histogram.groupby(["benchmark", "arm"])["count"].sum()
    table = stamped.table.set_index(["benchmark", "arm"])
    assert (counts.reindex(table.index) == table["calls"]).all()
    assert (stamped.histogram["count"] > 0).all()
    assert (table["launches"] == 2).all()


def test_the_buckets_do_not_overlap(stamped):
    share = stamped.record["distribution"]["bucket_share"]
    tick = 1 / stamped.record["clock"]["ticks_per_ns"]
    for _, each in stamped.histogram.groupby(["benchmark", "arm"]):
        assert (each["low_ns"] < each["high_ns"]).all()
        assert (each["high_ns"].to_numpy()[:-1] <=
                each["low_ns"].to_numpy()[1:]).all()
        width = each["high_ns"] - each["low_ns"]
        assert (width <= (share * each["low_ns"]).clip(tick) + 0.001).all()


def test_quantiles_rise_and_lie_in_their_intervals(stamped):
    names = [f"p{part}_ns" for part in (50, 90, 99, 999)]
    values = stamped.table[[*names, "max_ns"]]
    enough = stamped.table["calls"] >= 2 * 10000
    assert values.drop(columns="p999_ns").notna().all(axis=None)
    assert (values["p999_ns"].notna() == enough).all() and enough.any()
    values = values[enough]
    assert (np.diff(values.to_numpy()) >= 0).all()
    for name in names[:3]:
        low, high = (stamped.table[name.replace("_ns", f"_{end}_ns")]
                     for end in ("low", "high"))
        assert (low <= stamped.table[name]).all()
        assert (stamped.table[name] <= high).all()


def test_the_median_is_that_of_the_histogram(stamped):
    """Of launches that are alike, not far from that of all calls."""
    for (name, arm), each in stamped.histogram.groupby(["benchmark", "arm"]):
        row = stamped.row(name, arm)
        below = each["count"].cumsum() / each["count"].sum()
        ends = each[(below >= 0.4)]["low_ns"].iloc[0], each[
            below >= 0.6]["high_ns"].fillna(np.inf).iloc[0]
        assert ends[0] <= row["p50_high_ns"] and row["p50_low_ns"] <= ends[1]
        top = each.iloc[-1]
        assert top["low_ns"] - 0.001 <= row["max_ns"]
        assert not row["max_ns"] > top["high_ns"]


def test_every_figure_holds_the_stamps(stamped):
    for arm in "plain", "other":
        for name in set(stamped.table["benchmark"]) - {"stamp"}:
            assert (stamped.row(name, arm)["p50_ns"] >=
                    stamped.row("stamp", arm)["p50_ns"])


def test_what_is_not_stamped_is_said(stamped):
    told = {row["name"]: row["not_stamped"]
            for row in stamped.record["benchmarks"]}
    assert re.fullmatch(r"a call takes \S+ ns, under 4 steps of the clock "
                        r"\(\S+ ns\)", told[QUICK])
    shown = re.search(r"not stamped, under 4 steps .*: (.*)",
                      stamped.result.stdout)[1]
    assert shown.split(", ") == [name for name in told if told[name]]
    arms = {arm["name"]: arm["not_stamped"]
            for arm in stamped.record["distribution"]["arms"]}
    assert arms["plain"] is None and arms["other"] is None
    assert "work" in arms["worked"]
    assert "arm worked not stamped" in stamped.result.stdout


def test_the_limit_is_four_steps(stamped):
    facts = stamped.record["distribution"]
    assert facts["least_ns"] == pytest.approx(4 * facts["granularity_ns"])
    assert facts["granularity_ns"] == stamped.record["clock"][
        "granularity_ns"]
    costs = pd.read_csv(stamped.folder / "summary.csv").groupby(
        "benchmark")["median_ns"].max()
    assert all(costs[row["name"]] < 10 * facts["least_ns"]
               for row in stamped.record["benchmarks"] if row["not_stamped"])


def test_what_the_record_says(stamped):
    facts = stamped.record["distribution"]
    assert facts["complete"] is True and facts["problem"] is None
    assert facts["launches_an_arm"] == 2
    assert sorted(launch["arm"] for launch in facts["launches"]) == [
        "other"] * 2 + ["plain"] * 2
    assert all(launch["done"] for launch in facts["launches"])
    assert stamped.record["run"]["distribution"] is True


def test_nothing_of_it_is_in_a_batch_figure(stamped):
    samples = load.samples(stamped.folder)
    assert set(samples["launch"]) == set(range(6))
    assert len(samples) == 6 * 3 * len(stamped.record["benchmarks"])
    assert set(load.summary(stamped.folder)["launches"]) == {2}
    assert len(stamped.record["launches"]) == 6
    for name in "gbench.json", "benchstat.txt", "samples.csv", "summary.csv":
        assert "stamp" not in (stamped.folder / name).read_text()


def test_the_table_on_the_screen(stamped):
    out = stamped.result.stdout
    assert out.index("quiet core") < out.index("single calls, each")
    assert len(re.findall(r"^stamp( +[\d.]+){5}$", out, re.M)) == 2
    assert len(re.findall(r"p50 +p90 +p99 +p99.9 +max ns$", out, re.M)) == 2


def test_not_asked_for_there_is_nothing(run):
    result = run(*run.short, "--output=run")
    assert "single calls" not in result.stdout
    assert not list((run.folder / "run").glob("*gram.csv"))
    record = json.loads((run.folder / "run" / "run.json").read_text())
    assert record["distribution"] is None
    assert record["run"]["distribution"] is False
    assert {row["not_stamped"] for row in record["benchmarks"]} == {None}


def test_rows_that_are_all_too_quick(run):
    result = run(*SHORT, f"--filter=^{QUICK}$")
    assert (result.stderr, result.returncode) == ("", 0)
    assert "nothing was stamped: every row is too quick" in result.stdout
    folder = run.folder / "run"
    assert not (folder / "histogram.csv").exists()
    record = json.loads((folder / "run.json").read_text())
    assert record["complete"] is True
    assert record["distribution"]["complete"] is False
    assert record["distribution"]["launches"] == []


def test_arms_that_are_all_left_out(run):
    result = run(*SHORT, "--filter=^write_file/libc/4096$",
                 "--arm=worked=work:100")
    assert (result.stderr, result.returncode) == ("", 0)
    assert "nothing was stamped: no arm can" in result.stdout or (
        "too quick" in result.stdout)
    assert not (run.folder / "run" / "histogram.csv").exists()


def test_by_the_kernels_clock(run):
    found = measured(run, FILTER, "--clock=raw")
    assert found.record["clock"]["source"] == "CLOCK_MONOTONIC_RAW"
    assert found.row("stamp")["p50_ns"] > 0
    for name in set(found.table["benchmark"]) - {"stamp"}:
        assert found.row(name)["p50_ns"] >= found.row("stamp")["p50_ns"]


def test_threads_are_beside_single_calls_too(run):
    result = run(*SHORT, FILTER, "--arm=beside=threads:2")
    if result.returncode == 3:
        pytest.skip(result.stderr)
    assert (result.stderr, result.returncode) == ("", 0)
    assert "getppid/libc,beside," in (
        run.folder / "run" / "distribution.csv").read_text()


@pytest.fixture
def scripted(run):
    """Runs the program; words by the number of a worker's start."""
    (run.folder / "wrap").write_text(SCRIPTED)
    (run.folder / "wrap").chmod(0o755)

    def begin(words, *options):
        (run.folder / "script").write_text("".join(
            words.get(number, ":") + "\n" for number in range(20)))
        return (*SHORT, FILTER, f"--wrap=w={run.folder}/wrap", *options)
    return begin


def test_a_lost_launch_is_one_launch(run, scripted):
    result = run(*scripted({4: "kill -9 $$"}))
    assert (result.stderr, result.returncode) == ("", 0)
    found = Stamped(run.folder / "run", result)
    assert set(found.table["launches"]) == {1}
    assert found.record["complete"] is True
    assert found.record["distribution"]["complete"] is False
    lost, kept = found.record["distribution"]["launches"]
    assert (lost["done"], lost["problem"]) == (False, "killed by SIGKILL")
    assert (kept["done"], kept["problem"]) == (True, None)
    assert "launch 0 was lost: killed by SIGKILL" in result.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("at, kept", [(4, 0), (5, 1)])
def test_interrupted_while_stamping(run, until, scripted, number, at, kept):
    process = run.start(*scripted({at: "touch here; sleep 60"}))
    until((run.folder / "here").exists, "a launch of single calls")
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "syscost: interrupted while single calls were stamped\n"
    folder = run.folder / "run"
    record = json.loads((folder / "run.json").read_text())
    assert record["complete"] is True
    assert record["distribution"]["complete"] is False
    assert sum(launch["done"] for launch in
               record["distribution"]["launches"]) == kept
    assert set(load.summary(folder)["launches"]) == {2}
    assert (folder / "histogram.csv").exists() is bool(kept)
    if kept:
        assert set(pd.read_csv(folder / "distribution.csv")["launches"]) == {1}


def test_what_cannot_be_written_costs_nothing_else(run, scripted):
    result = run(*scripted({5: "mkdir .run.partial/distribution.csv"}))
    assert result.returncode == 2
    assert "not everything could be written" in result.stderr
    folder = run.folder / "run"
    assert json.loads((folder / "run.json").read_text())["complete"] is True
    assert len(load.summary(folder)) > 0
    assert len(pd.read_csv(folder / "histogram.csv")) > 0


def test_interrupted_before_there_are_no_single_calls(run, until, scripted):
    process = run.start(*scripted({3: "touch here; sleep 60"}))
    until((run.folder / "here").exists, "the last launch of batches")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    record = json.loads((run.folder / "run" / "run.json").read_text())
    assert record["distribution"] is None
