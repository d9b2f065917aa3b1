# SPDX-License-Identifier: MIT
"""scripts/analysis/rows.py: the first arm, and how its rows enter."""

import pandas as pd

from hand_made import NAMES, make_run, split, summary
from analysis import rows


def ways(names, record=None, flags=""):
    return dict(zip(names, split(names, record, flags=flags)["way"]))


def test_only_the_first_arm_is_drawn(tmp_path):
    both = pd.concat([summary(NAMES[:5], "z"), summary(NAMES[:5], "a")])
    run = make_run(tmp_path / "run", both)
    assert rows.first_arm(run, {})["arm"].unique().tolist() == ["z"]


def test_ways_of_entering():
    found = ways(NAMES + ["getppid/libc", "time/libc/x", "time/vdso/x",
                          "time/vsyscall"])
    for name, way in {
            "baseline/empty": "user", "getppid/int80": "legacy",
            "time/vsyscall": "legacy",
            "getppid/inline": "kernel", "getppid/libc": "kernel",
            "clock_gettime/vdso": "vdso", "clock_gettime/libc": "vdso",
            "clock_gettime/inline": "kernel", "time/libc/x": "vdso",
            "write/libc/1": "kernel", "write/stdio/256": "buffered",
            "write/stdio_line/1": "buffered", "write/putc/1": "buffered",
            "write/stdio_unbuffered/1": "kernel"}.items():
        assert found[name] == way, name


def test_what_was_counted_outweighs_the_name():
    names = ["clock_gettime/vdso", "clock_gettime/libc"]
    assert set(ways(names).values()) == {"vdso"}
    assert set(ways(names, flags="falls_back unstable").values()) == {
        "kernel"}
    counted = {"benchmarks": [{"name": names[0], "entries_counted": 1},
                              {"name": names[1], "entries_counted": None}]}
    assert ways(names, counted) == {names[0]: "kernel", names[1]: "vdso"}
    many = {"benchmarks": [
        {"name": "nop/uring/64", "entries_counted": 1 / 64},
        {"name": "nop/uring/1", "entries_counted": 1},
        {"name": "writev/libc/8", "entries_counted": 1 / 8},
        {"name": "time/vdso", "entries_counted": 0.1},
        {"name": "mapped/store/64", "entries_counted": 0}]}
    assert list(ways([row["name"] for row in many["benchmarks"]],
                     many).values()) == [
                         "gathered", "kernel", "gathered", "vdso", "user"]
    lone = {"benchmarks": [{"name": names[1], "entries_counted": 0}]}
    assert ways(names[1:]) == {names[1]: "kernel"}
    assert ways(names[1:], lone) == {names[1]: "vdso"}


def test_exceptions_and_memory_are_told_apart():
    names = ["page_fault/write/anonymous", "exception/store",
             "sched_getcpu/libc", "sched_getcpu/inline"]
    record = {"benchmarks": [
        {"name": names[0], "entries_counted": None},
        {"name": names[2], "entries_counted": 0},
        {"name": names[3], "entries_counted": 1}]}
    assert ways(names, record) == dict(zip(names, [
        "exception", "exception", "user", "kernel"]))


def test_entries_are_as_counted_or_as_said():
    record = {"benchmarks": [
        {"name": "a/b", "entries_counted": 3, "entries_expected": 1},
        {"name": "c/d", "entries_counted": None, "entries_expected": 2},
        {"name": "e/f"}]}
    assert rows.entries_of(record) == {"a/b": 3, "c/d": 2}
    for sparse in ({}, {"benchmarks": None}, {"benchmarks": [1]}):
        assert rows.entries_of(sparse) == {}
