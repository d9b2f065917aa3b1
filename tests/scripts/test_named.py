# SPDX-License-Identifier: MIT
"""scripts/analysis/named.py: rows of different groups, by their names."""

from typing import Dict

import pandas as pd
import pytest

from planted import record, samples, table_of
from analysis import arm, contrasts, meaning, named, quiet

# What each costs, ns a call.
COSTS: Dict[str, float] = {
    "invalid/inline": 80.0, "getppid/inline": 100.0,
    "page_fault/write/anonymous": 1300.0,
    "page_fault/read/anonymous": 680.0,
    "mmap_touched/libc/4096": 6000.0, "mmap_touched/libc/65536": 30000.0,
    "mmap_touched/libc/2097152": 770000.0,
    "mmap/libc/4096": 1500.0, "mmap/libc/65536": 1900.0,
    "mmap/libc/2097152": 2000.0,
    "kill/inline": 2100.0, "kill/inline/ignored": 640.0,
    "arguments/call/0": 1.5, "arguments/call/6": 2.5,
    "arguments/inline/0": 80.0, "arguments/inline/6": 82.0}


def values_of(table: pd.DataFrame, contrast: str) -> Dict[str, float]:
    """The values of one contrast by the names of its rows."""
    rows = table[table["contrast"] == contrast]
    return dict(zip(rows["benchmark"] + " - " + rows["reference"],
                    rows["value"]))


def shown(costs: Dict[str, float]) -> str:
    """What is said of a run with such costs."""
    found = record(list(costs), yardsticks=None)
    medians = contrasts.costs_of(quiet.launch_medians(
        quiet.adjusted(samples(costs), found)))
    return meaning.block(arm.arm_of(
        contrasts.contrasts(medians, found), medians, found, "plain"), "it")


def test_each_is_one_row_less_another():
    table = table_of(samples(COSTS))
    near = pytest.approx
    assert values_of(table, "fault") == {
        "page_fault/write/anonymous - invalid/inline": near(1220)}
    assert values_of(table, "fresh_page") == {
        "page_fault/write/anonymous - page_fault/read/anonymous": near(620)}
    assert values_of(table, "signal") == {
        "kill/inline - getppid/inline": near(2000)}
    assert values_of(table, "signal_caught") == {
        "kill/inline - kill/inline/ignored": near(1460)}
    assert values_of(table, "function_arguments") == {
        "arguments/call/6 - arguments/call/0": near(1)}
    assert values_of(table, "call_arguments") == {
        "arguments/inline/6 - arguments/inline/0": near(2)}


def test_pages_are_told_one_by_one():
    table = table_of(samples(COSTS))
    assert values_of(table, "touched_page") == {
        "mmap_touched/libc/2097152 - mmap/libc/2097152":
            pytest.approx(1500)}
    units = table.set_index("contrast")["unit"].drop("crossing").to_dict()
    assert units == {pair.contrast: pair.unit for pair in named.NAMED}
    assert units["touched_page"] == "ns/page" and units["signal"] == "ns"


@pytest.mark.parametrize("pair", named.NAMED)
def test_one_row_alone_says_nothing(pair):
    for gone in pair.benchmark, pair.reference:
        left = {name: cost for name, cost in COSTS.items() if name != gone}
        assert values_of(table_of(samples(left)), pair.contrast) == {}


def test_no_line_is_drawn_through_sizes_of_mappings():
    table = table_of(samples(COSTS))
    assert not table["contrast"].str.startswith(("write", "buffer")).any()


def test_what_is_said_of_them():
    lines = shown(COSTS).splitlines()[1:]
    assert len(lines) == len(named.NAMED)
    for line, pair in zip(lines, named.NAMED):
        assert pair.label in line and f" {pair.unit} " in line + " "
    assert "1220 ns" in lines[0] and "1500 ns/page" in lines[2]


def test_two_wrappers_are_not_one():
    costs = {"open/libc": 2040.0, "open/inline": 2000.0,
             "stat/libc": 806.0, "stat/inline": 800.0}
    found = record([])
    found["benchmarks"] = [
        {"name": name, "entries_counted": 2 if "open" in name else 1}
        for name in costs]
    assert values_of(table_of(samples(costs), found), "wrapper") == {
        "open/libc - open/inline": pytest.approx(40),
        "stat/libc - stat/inline": pytest.approx(6),
        "libc - inline": pytest.approx(6)}


def test_the_names_are_the_programs(run):
    listed = {line.split()[0] for line in run("--list").stdout.splitlines()}
    assert {pair.benchmark for pair in named.NAMED} <= listed
    assert {pair.reference for pair in named.NAMED} <= listed
