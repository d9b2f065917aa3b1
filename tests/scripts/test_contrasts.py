# SPDX-License-Identifier: MIT
"""scripts/analysis/contrasts.py on planted truths."""

import numpy as np
import pandas as pd
import pytest

import planted
from planted import COSTS, HEADER, SIZES, only, record, samples, table_of
from analysis import contrasts, differing, quiet


def named(table, contrast):
    """The values of one contrast by `benchmark - reference`."""
    rows = table[table["contrast"] == contrast]
    return dict(zip(rows["benchmark"] + " - " + rows["reference"],
                    rows["value"]))


def but_bytes(table):
    """The table without what a byte costs, which every write has."""
    return table[table["contrast"] != "byte"]


# Which rows make a contrast

def test_every_contrast_of_exact_costs():
    table = table_of(samples())
    near = pytest.approx
    assert named(table, "crossing") == {
        "invalid/inline - baseline/empty": near(80)}
    assert named(table, "wrapper") == {
        "getpid/libc - getpid/inline": near(1),
        "getppid/libc - getppid/inline": near(1.75),
        "getuid/libc - getuid/inline": near(2),
        "clock_gettime/libc/process_cputime - "
        "clock_gettime/inline/process_cputime": near(8),
        "libc - inline": near(1.75)}
    assert named(table, "out_of_line") == {
        "getpid/stub - getpid/inline": near(1.25),
        "getppid/stub - getppid/inline": near(2),
        "getuid/stub - getuid/inline": near(1.5),
        "invalid/stub - invalid/inline": near(1.5),
        "stub - inline": near(1.5)}
    assert named(table, "vdso_saves") == {
        "clock_gettime/syscall - clock_gettime/vdso": near(110),
        "time/syscall - time/vdso": near(78)}
    assert named(table, "buffering_saves") == {
        "write/libc/1 - write/stdio/1": near(84),
        "write/libc/1 - write/putc/1": near(106),
        "write_file/libc/256 - write_file/stdio/256": near(206)}
    assert named(table, "write_call") == {
        "write/libc - ": near(108), "write_file/libc - ": near(250)}
    assert named(table, "write_byte") == {
        "write/libc - ": near(0, abs=1e-9),
        "write_file/libc - ": near(1 / 16)}
    assert named(table, "write_misfit") == {
        "write/libc - ": near(0, abs=1e-9),
        "write_file/libc - ": near(0, abs=1e-9)}
    assert named(table, "buffer_bytes") == {
        "write_file/libc - ": near(99 * 250 * 16)}


def test_the_table():
    table = table_of(samples())
    assert ",".join(table) == HEADER
    assert list(table["contrast"].unique()) == [
        "crossing", "wrapper", "out_of_line", "vdso_saves",
        "buffering_saves", "byte", "write_call", "write_byte",
        "write_misfit", "buffer_bytes"]
    assert not table.isna().any(axis=None)
    assert set(table["launches"]) == {20}
    assert table["confidence"].to_numpy() == pytest.approx(0.9586, abs=5e-5)
    assert dict(zip(table["contrast"], table["unit"])) == {
        **dict.fromkeys(["crossing", "wrapper", "out_of_line", "vdso_saves",
                         "buffering_saves", "write_call"], "ns"),
        "byte": "ns/byte", "write_byte": "ns/byte", "write_misfit": "share",
        "buffer_bytes": "bytes"}


def test_a_libc_row_that_the_vdso_serves_is_no_wrapper():
    costs = only("clock_gettime/libc", "clock_gettime/inline")
    found = named(table_of(samples(costs)), "wrapper")
    assert list(found) == ["clock_gettime/libc/process_cputime - "
                           "clock_gettime/inline/process_cputime"]
    assert not found.keys() & {"libc - inline"}


def test_a_detour_by_the_vdso_is_not_pooled():
    names = ["clock_gettime/vdso", "clock_gettime/libc",
             "clock_gettime/inline", "getpid/libc", "getpid/inline"]
    costs = {**{name: COSTS[name] for name in names},
             "clock_gettime/libc": 140.0}
    fallen = record()
    for row in fallen["benchmarks"]:
        row["entries_counted"] = 1
    found = named(table_of(samples(costs), fallen), "wrapper")
    assert found == pytest.approx({
        "clock_gettime/libc - clock_gettime/inline": 12,
        "getpid/libc - getpid/inline": 1, "libc - inline": 1})


TASKS = {
    "switch_same/pipe/processes": 2300.0, "switch_same/pipe/threads": 2180.0,
    "switch_same/tcp/processes": 6500.0, "switch_cross/pipe/threads": 9000.0,
    "switch_cross/pipe/processes": 9100.0,
    "switch_cross/tcp/processes": 12000.0,
    "process/fork/small": 90000.0, "process/fork/large": 2600000.0,
    "process/vfork/small": 25000.0, "process/vfork/large": 24000.0,
    "process/exec/large": 60000.0, "poll/inline/1": 300.0}


def test_contrasts_of_tasks():
    table = table_of(samples(TASKS), record(list(TASKS)))
    near = pytest.approx
    assert named(table, "address_space") == {
        "switch_same/pipe/processes - switch_same/pipe/threads": near(120)}
    assert named(table, "other_cpu") == {
        "switch_cross/pipe/processes - switch_same/pipe/processes":
            near(6800),
        "switch_cross/pipe/threads - switch_same/pipe/threads": near(6820),
        "switch_cross/tcp/processes - switch_same/tcp/processes":
            near(5500)}
    assert named(table, "copied_pages") == {
        "process/fork/large - process/fork/small": near(2510000),
        "process/vfork/large - process/vfork/small": near(-1000)}
    assert set(table["contrast"]) == {
        "address_space", "other_cpu", "copied_pages"}
    assert set(table["unit"]) == {"ns"}


@pytest.mark.parametrize("count, rows", [(0, 1), (0.4, 1), (1, 0), (7, 0)])
def test_a_vdso_row_that_falls_back_saves_nothing(count, rows):
    found = record()
    for row in found["benchmarks"]:
        if row["name"] == "time/vdso":
            row["entries_counted"] = count
    table = table_of(samples(only("time")), found)
    assert len(named(table, "vdso_saves")) == rows


def test_a_syscall_row_that_does_not_enter_proves_nothing():
    names = [name for name in COSTS if not name.startswith("time/syscall")]
    found = record(names)
    found["benchmarks"].append({"name": "time/syscall",
                                "entries_counted": 0})
    assert table_of(samples(only("time")), found).empty


def test_the_instruction_stands_in_for_syscall():
    costs = only("clock_gettime/vdso", "clock_gettime/inline")
    assert named(table_of(samples(costs)), "vdso_saves") == {
        "clock_gettime/inline - clock_gettime/vdso": pytest.approx(108)}


@pytest.mark.parametrize("key, rows", [("entries_counted", 2),
                                       ("entries_expected", 2), ("x", 3)])
def test_a_stream_that_gathers_nothing_is_not_buffered(key, rows):
    found = record([])
    found["benchmarks"] = [
        {"name": name, "entries_counted": None, key: planted.entries_of(name)}
        for name in COSTS]
    saved = named(table_of(samples(only("write/")), found), "buffering_saves")
    assert len(saved) == rows


def test_what_was_counted_outweighs_what_was_expected():
    found = record()
    for row in found["benchmarks"]:
        row["entries_expected"] = 1
    assert len(named(table_of(samples(only("write/")), found),
                     "buffering_saves")) == 2


def test_the_crossing_by_the_yardstick():
    costs = only("invalid/inline")
    assert named(table_of(samples(costs)), "crossing") == {
        "invalid/inline - yardsticks.empty_loop_ns": pytest.approx(80)}
    for yardsticks in None, {}, {"empty_loop_ns": "0.3"}, [1]:
        assert table_of(samples(costs), record(yardsticks=yardsticks)).empty
    both = only("invalid/inline", "baseline/empty")
    far = record(yardsticks={"empty_loop_ns": 40})
    assert named(table_of(samples(both), far), "crossing") == {
        "invalid/inline - baseline/empty": pytest.approx(80)}


@pytest.mark.parametrize("gone, contrast", [
    ("invalid/inline", "crossing"), ("getpid/libc", "wrapper"),
    ("getuid/stub", "out_of_line"), ("time/vdso", "vdso_saves"),
    ("write/putc", "buffering_saves")])
def test_a_missing_row_takes_only_its_own_along(gone, contrast):
    whole = table_of(samples())
    costs = {name: cost for name, cost in COSTS.items()
             if not name.startswith(gone)}
    left = table_of(samples(costs))
    lost = {*named(whole, contrast)} - {*named(left, contrast)}
    assert lost and all(gone in name for name in lost)
    keys = ["contrast", "benchmark", "reference"]
    untouched = whole[~whole["benchmark"].str.startswith(gone) &
                      ~whole["reference"].str.startswith(gone)]
    there = set(left[keys].itertuples(index=False, name=None))
    assert set(untouched[keys].itertuples(index=False, name=None)) == there


def test_rows_that_make_no_contrast():
    assert table_of(samples(only("getpid/libc", "time/vdso"))).empty


# By launch

def test_what_a_launch_has_in_common_is_not_in_a_difference():
    batches = samples(launch_sd=0.05, batch_sd=0.001, seed=2)
    table = table_of(batches)
    row = table[table["benchmark"] == "getppid/libc"].iloc[0]
    assert row["low"] <= 1.75 <= row["high"]
    medians = batches.groupby(["benchmark", "launch"])["ns_per_call"].median()
    unpaired = (medians["getppid/libc"].to_numpy() -
                np.roll(medians["getppid/inline"], 1))
    _, low, high, _ = quiet.interval(unpaired)
    assert row["high"] - row["low"] < (high - low) / 20


def test_launches_and_arms_are_kept_apart():
    slow = {name: 2 * cost for name, cost in COSTS.items()}
    table = table_of(pd.concat([
        samples(launches=6, arm="z"),
        samples(slow, launches=7, arm="a", first=3)]))
    wrapper = table[table["benchmark"] == "getpid/libc"]
    assert wrapper["arm"].tolist() == ["z", "a"]
    assert wrapper["value"].to_numpy() == pytest.approx([1, 2])
    assert wrapper["launches"].tolist() == [6, 7]


def test_a_launch_that_lacks_a_row_does_not_count():
    batches = samples(launches=8)
    gone = ((batches["launch"] == 3) &
            batches["benchmark"].isin(["getpid/libc", "write/libc/16"]))
    table = table_of(batches[~gone])
    counts = table.groupby("benchmark")["launches"].unique()
    assert counts["getpid/libc"] == counts["write/libc"] == [7]
    assert counts["getuid/libc"] == counts["write_file/libc"] == [8]


@pytest.mark.parametrize("launches, confidence", [(2, 0.5), (5, 0.9375)])
def test_few_launches_give_less_confidence(launches, confidence):
    table = table_of(samples(launches=launches, batch_sd=0.01))
    assert set(table["confidence"]) == {confidence}
    assert (table["low"] <= table["value"]).all()


def test_one_launch_gives_no_interval():
    table = table_of(samples(launches=1, batch_sd=1e-4))
    assert table[["low", "high", "confidence"]].isna().all(axis=None)
    assert not table["value"].isna().any()
    assert named(table, "buffer_bytes").keys() == {"write_file/libc - "}


def values_of(draws, contrast="x"):
    """Values of contrasts 0, 1 ... in one arm; draws: contrast, launch."""
    number, launch = np.indices(draws.shape)
    return pd.DataFrame({
        "contrast": "wrapper", "benchmark": number.ravel(), "reference": "",
        "unit": "ns", "arm": "plain", "launch": launch.ravel(),
        "value": draws.ravel()})


@pytest.mark.parametrize("launches", [5, 10, 20])
@pytest.mark.parametrize("shape", ["normal", "skewed"])
def test_intervals_hold_the_truth_as_often_as_they_say(launches, shape):
    random = np.random.default_rng(launches)
    size = 3000, launches
    draws = (random.standard_normal(size) if shape == "normal" else
             random.exponential(size=size) - np.log(2))
    table = contrasts.intervals(values_of(draws))
    held = table["low"].le(0) & table["high"].ge(0)
    assert held.mean() == pytest.approx(table["confidence"][0], abs=0.02)


def test_differences_of_noisy_rows_hold_the_truth_as_often_as_they_say():
    names = [f"g{number}/{path}" for number in range(1500)
             for path in ("libc", "inline")]
    truth = dict(zip(names, [102.0, 100.0] * 1500))
    batches = samples(truth, 10, 1, launch_sd=0.03, batch_sd=0.01, seed=4)
    costs = batches.rename(columns={"ns_per_call": "ns"})[
        ["benchmark", "arm", "launch", "ns"]]
    costs = costs.assign(measured_ns=costs["ns"])
    table = contrasts.contrasts(costs, {})
    table = table[table["benchmark"].str.startswith("g")]
    assert len(table) == 1500
    held = table["low"].le(2) & table["high"].ge(2)
    assert held.mean() == pytest.approx(table["confidence"].iloc[0], abs=0.02)


# Lines through sizes

def lines(call, byte, launches=2000, noise=0.02, sizes=SIZES, seed=5):
    random = np.random.default_rng(seed)
    sizes = np.array(sizes, float)
    factor = 1 + noise * random.standard_normal((launches, len(sizes)))
    return sizes, (call + byte * sizes) * factor


@pytest.mark.parametrize("call, byte", [(150, 0.07), (80, 1.5), (1000, 0.1)])
def test_a_planted_line_is_found(call, byte):
    found_call, found_byte = contrasts.line_through(*lines(call, byte))
    assert np.median(found_call) == pytest.approx(call, rel=2e-3)
    assert np.median(found_byte) == pytest.approx(byte, rel=5e-3)
    assert found_call.std() < 0.02 * call


def test_relative_errors_are_what_is_least():
    sizes, costs = lines(150, 0.07, 1)
    best = contrasts.line_through(sizes, costs)

    def off(call, byte):
        return (((call + byte * sizes) / costs[0] - 1)**2).sum()

    least = off(*best)
    for call, byte in ((1.01, 1), (0.99, 1), (1, 1.01), (1, 0.99)):
        assert off(best[0] * call, best[1] * byte) > least


def test_intervals_of_a_line_hold_the_truth():
    batches = []
    sizes, costs = lines(150, 0.07, 6000)
    for contrast, truth in ("write_call", 150), ("write_byte", 0.07):
        found = dict((key[0], values) for key, values in
                     contrasts.fit(sizes, costs).items())[contrast]
        table = contrasts.intervals(values_of(found.reshape(-1, 10)))
        held = table["low"].le(truth) & table["high"].ge(truth)
        batches.append(held.mean())
    assert batches == pytest.approx([0.9785, 0.9785], abs=0.02)


def test_a_line_needs_three_sizes():
    def fitted(*sizes):
        return table_of(samples({f"write/libc/{size}": 100.0 + len(size)
                                 for size in sizes}))
    assert but_bytes(fitted("1", "16")).empty
    assert "write_call" in set(fitted("1", "16", "256")["contrast"])
    for size in "x", "016", "1.5", "0":
        assert but_bytes(fitted("1", "16", size)).empty


def test_a_curve_is_no_line():
    costs = {f"write/libc/{size}": 100.0 + size**0.5 for size in SIZES}
    found = named(table_of(samples(costs)), "write_misfit")
    sizes = np.array(SIZES, float)
    call, byte = contrasts.line_through(sizes, 100 + sizes[None]**0.5)
    worst = np.abs((call + byte * sizes) / (100 + sizes**0.5) - 1).max()
    assert found["write/libc - "] == pytest.approx(worst)
    assert worst > 0.1


@pytest.mark.parametrize("seed", range(5))
def test_where_nothing_is_copied_no_size_is_enough(seed):
    costs = only("write/libc")
    table = table_of(samples(costs, batch_sd=0.002, seed=seed))
    assert named(table, "buffer_bytes") == {}
    row = table[table["contrast"] == "write_byte"].iloc[0]
    assert abs(row["value"] * max(SIZES)) < 1


def test_a_copy_that_hardly_shows_is_none():
    def size_of(copy):
        costs = {f"write/libc/{size}": 100 + copy * size / max(SIZES)
                 for size in SIZES}
        return named(table_of(samples(costs)), "buffer_bytes")
    assert size_of(0.9) == {}
    assert size_of(1.1) == {"write/libc - ": pytest.approx(
        99 * 100 * max(SIZES) / 1.1)}


def test_what_does_not_enter_the_kernel_has_no_call():
    found = record([])
    found["benchmarks"] = [{"name": f"write/libc/{size}",
                            "entries_counted": 0} for size in SIZES]
    table = table_of(samples(only("write/libc")), found)
    assert but_bytes(table).empty


def test_a_copy_that_shows_in_a_few_launches_only_names_no_size():
    many, few = samples(only("write/libc"), 12), samples(
        {f"write/libc/{size}": 108 + size / 1000 for size in SIZES}, 8,
        first=12)
    table = table_of(pd.concat([many, few]))
    assert but_bytes(table)["launches"].tolist() == [20, 20, 20]
    assert named(table, "buffer_bytes") == {}


def test_a_call_that_costs_nothing_never_matters():
    found = contrasts.fit(np.array([1.0, 10, 100]),
                          np.array([[0.5, 9.5, 99.5]]))
    assert found["write_call", "ns"][0] < 0
    assert found["buffer_bytes", "bytes"][0] == 0


def test_the_share_of_the_call_is_one_in_a_hundred():
    found = contrasts.fit(np.array(SIZES, float), lines(100, 0.5, 1, 0)[1])
    size = found["buffer_bytes", "bytes"][0]
    assert 100 / (100 + 0.5 * size) == pytest.approx(0.01)


def test_the_names_are_the_programs(run):
    listed = {line.split()[0] for line in run("--list").stdout.splitlines()}
    assert {differing.CROSSED, differing.EMPTY, "write/libc/1",
            "write_file/libc/1", "clock_gettime/vdso", "getpid/stub",
            "write/stdio/1", "write/putc/1"} <= listed
