# SPDX-License-Identifier: MIT
"""scripts/analysis/indirect.py and afterwards.py: planted truths."""

from typing import Dict, List

import numpy as np
import pytest

from planted import record, samples, table_of
from test_contrasts import named
from test_meaning import said
from analysis import afterwards, contrasts, indirect, quiet
from analysis.contrasts import costs_of

LOADS = {"64": 260.0, "16384": 265.0, "2097152": 3000.0,
         "262144_2048": 7400.0}
CALLS = {"invalid": 75.0, "getppid": 117.0, "pread": 360.0}
# What each call adds to loads of each set, ns.
ADDED = {"16384": {"invalid": 0.0, "getppid": 0.0, "pread": 2.0},
         "2097152": {"invalid": 20.0, "getppid": 35.0, "pread": 250.0},
         "262144_2048": {"invalid": -4.0, "getppid": 8.0, "pread": 30.0}}
COSTS: Dict[str, float] = {
    **{f"chase/alone/{shape}": cost for shape, cost in LOADS.items()},
    **{f"chase/{call}/{shape}":
       cost + direct + ADDED.get(shape, {}).get(call, 0)
       for shape, cost in LOADS.items() for call, direct in CALLS.items()}}


def counted(entered: float = 1.0) -> Dict[str, object]:
    """A record that has counted what the rows enter."""
    return record([], benchmarks=[
        {"name": name, "entries_counted":
         0.0 if "/alone/" in name else entered} for name in COSTS])


def lines(costs: Dict[str, float], **plan: float) -> List[str]:
    """What is said of such costs."""
    return said(samples(costs, **plan), counted())


def test_what_a_call_takes_and_what_it_adds():
    table = table_of(samples(COSTS), counted())
    assert list(table["contrast"].unique()) == indirect.CONTRASTS
    assert named(table, "direct") == pytest.approx({
        f"chase/{call}/64 - chase/alone/64": cost
        for call, cost in CALLS.items()})
    assert named(table, "indirect") == pytest.approx({
        f"chase/{call}/{shape} - chase/alone/{shape}": cost
        for shape, calls in ADDED.items() for call, cost in calls.items()},
        abs=1e-9)
    assert set(table["unit"]) == {"ns"} and set(table["launches"]) == {20}


def test_no_curve_is_taken_out_of_it():
    """Rows' curves differ by more than what is looked for."""
    costs = costs_of(quiet.launch_medians(quiet.adjusted(
        samples(COSTS), counted())))
    costs["ns"] *= np.where(costs["benchmark"].str.contains("alone"), 1, 0.98)
    found = contrasts.contrasts(costs, counted())
    assert named(found, "indirect")[
        "chase/invalid/2097152 - chase/alone/2097152"] == pytest.approx(20)


def test_what_a_whole_launch_shares_is_not_in_it():
    costs = {name: COSTS[name] for name in (
        "chase/alone/64", "chase/getppid/64", "chase/alone/2097152",
        "chase/getppid/2097152")}
    row = table_of(samples(costs, launch_sd=0.1), counted()).iloc[-1]
    assert row["contrast"] == "indirect"
    assert 30 < row["low"] <= row["high"] < 42


def test_it_is_found_in_noise_and_is_not_where_there_is_none():
    table = table_of(samples(COSTS, rounds=50, batch_sd=0.01), counted())
    rows = table.set_index("benchmark")
    found, none = rows.loc[["chase/pread/2097152", "chase/getppid/16384"]
                           ].itertuples()
    assert 0 < found.low < 250 < found.high < 300
    assert none.low < 0 < none.high


@pytest.mark.parametrize("gone, direct, added", [
    ("chase/alone/64", 0, 0), ("chase/getppid/64", 2, 6),
    ("chase/alone/16384", 3, 6), ("chase/pread/2097152", 3, 8)])
def test_a_missing_row_takes_only_its_own_along(gone, direct, added):
    costs = {name: cost for name, cost in COSTS.items() if name != gone}
    table = table_of(samples(costs), counted())
    assert len(named(table, "direct")) == direct
    assert len(named(table, "indirect")) == added


def test_a_call_that_does_not_enter_is_none():
    assert table_of(samples(COSTS), counted(0.0)).empty


def test_without_a_record_names_are_enough():
    assert len(table_of(samples(COSTS), {})) == 12


def test_all_that_is_said():
    costs = {name: cost for name, cost in COSTS.items()
             if name.split("/")[1] in ("alone", "getppid")}
    assert [" ".join(line.split()) for line in lines(costs)[1:]] == [
        "getppid every 256 loads of 16 KiB adds ~0 ns [0.00, 0.00] "
        "within the noise of 0; beside its 117.0; a load takes 1.04",
        "getppid every 2,048 loads of 256 KiB adds 8.00 ns [8.00, 8.00] "
        "beside its 117.0; a load takes 3.61",
        "getppid every 256 loads of 2 MiB adds 35.0 ns [35.0, 35.0] "
        "beside its 117.0; a load takes 11.7"]


def test_names_of_another_form():
    costs = {f"chase/{path}/{shape}": 100.0 for path in ("alone", "getppid")
             for shape in ("64", "all", "0", "16384_x")}
    assert len(lines(costs)) == 2


def test_the_names_are_the_programs(run):
    listed = {line.split()[0]: line for line in
              run("--list").stdout.splitlines()}
    assert all(f"chase/alone/{shape}" in listed for shape in LOADS)
    assert set(COSTS) <= set(listed)
    assert f" {afterwards.LOADS} loads of 2 MiB" in (
        listed["chase/alone/2097152"])
    assert " 2,048 loads of 256 KiB" in listed["chase/alone/262144_2048"]
    assert "one line" in listed[f"chase/alone/{indirect.ONE_LINE}"]
