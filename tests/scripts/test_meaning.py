# SPDX-License-Identifier: MIT
"""scripts/analysis/meaning.py and columns.py: what the screen says."""

import numpy as np
import pandas as pd
import pytest

from planted import COSTS, SIZES, only, record, samples
from analysis import columns, contrasts, quiet, meaning, writes
from analysis.arm import arm_of

WHOLE = """\
what it says
  into the kernel and back               80.0 ns  [80.0, 80.0]    \
240 cycles, 40 function calls
  the libc wrapper adds                  1.75 ns  [1.75, 1.75]    \
median over 3 calls: getpid 1.00, getppid 1.75, getuid 2.00
  an out-of-line entry adds              1.50 ns  [1.50, 1.50]    \
median over 4 calls: getpid 1.25, getppid 2.00, getuid 1.50, invalid 1.50
  the vDSO saves                        110.0 ns  [110.0, 110.0]  \
on clock_gettime against syscall; time 78.0
  buffering 1 byte to /dev/null saves    84.0 ns  [84.0, 84.0]    \
108.0 by write, 24.0 by fwrite, 2.00 by putc
  buffering 256 bytes to tmpfs saves    206.0 ns  [206.0, 206.0]  \
266.0 by write, 60.0 by fwrite
  write to /dev/null: each call         108.0 ns  [108.0, 108.0]  \
whatever its size: nothing is copied; the call is never under 1 %
  write to tmpfs: each call             250.0 ns  [250.0, 250.0]
  write to tmpfs: each KiB               64.0 ns  [64.0, 64.0]    16 GB/s
  write to tmpfs: call under 1 % from  386.7 KiB  [386.7, 386.7]  \
so 512 KiB a write; measured up to 64 KiB
  64 KiB to /dev/null in writes: 7.08 ms of 1 byte, 442 µs of 16 bytes, \
27.6 µs of 256 bytes, 1.73 µs of 4 KiB, 108 ns of 64 KiB
  64 KiB to tmpfs in writes: 16.4 ms of 1 byte, 1.03 ms of 16 bytes, \
68.1 µs of 256 bytes, 8.1 µs of 4 KiB, 4.35 µs of 64 KiB"""


def said(batches, found=None, arm="plain"):
    """The lines of an arm."""
    found = record() if found is None else found
    medians = quiet.launch_medians(quiet.adjusted(batches, found))
    costs = contrasts.costs_of(medians)
    table = contrasts.contrasts(costs, found)
    return meaning.block(arm_of(table, costs, found, arm),
                         "what it says").splitlines()


def line_of(lines, label):
    """The one line that begins so, without the label."""
    line, = [line for line in lines if line.startswith(f"  {label}")]
    return line[2 + len(label):].strip()


def test_all_that_is_said():
    assert "\n".join(said(samples(rounds=1))) == WHOLE


@pytest.mark.parametrize("parts, labels", [
    (["getpid"], ["the libc wrapper", "an out-of-line"]),
    (["time"], ["the vDSO saves"]),
    (["invalid"], ["into the kernel", "an out-of-line"]),
    (["write/"], ["buffering 1 byte to /dev/null", "write to /dev/null",
                  "64 KiB to /dev/null"]),
    (["write_file/"], ["buffering 256 bytes to tmpfs"] +
     ["write to tmpfs"] * 3 + ["64 KiB to tmpfs"]),
    (["write/libc/1", "write/putc"], ["buffering 1 byte",
                                      "64 KiB to /dev/null"])])
def test_nothing_is_said_of_rows_that_are_not_there(parts, labels):
    _, *lines = said(samples(only(*parts)))
    assert len(lines) == len(labels)
    for line, label in zip(lines, labels):
        assert line.startswith(f"  {label}")


def test_what_tasks_take_more():
    costs = {"switch_same/pipe/processes": 2300.0,
             "switch_same/pipe/threads": 2180.0,
             "switch_same/tcp/processes": 6500.0,
             "switch_same/tcp/threads": 6450.0,
             "switch_cross/pipe/processes": 9100.0,
             "switch_cross/pipe/threads": 9000.0,
             "process/fork/small": 90e3, "process/fork/large": 2600e3,
             "process/vfork/small": 25e3, "process/vfork/large": 25e3}
    lines = said(samples(costs), record(list(costs)))
    assert line_of(lines, "another address space adds").endswith(
        "to a switch by pipe; tcp 50.0")
    assert line_of(lines, "a wake-up of another CPU adds").endswith(
        "to a switch by pipe")
    assert line_of(lines, "64 MiB of pages to copy add").startswith(
        "2510000 ns")
    assert len(lines) == 4


def test_only_this_arm_is_told_of():
    other = samples(only("time"), arm="b", first=20)
    batches = pd.concat([samples(only("getpid")), other])
    assert [line[:10] for line in said(batches)[1:]] == [
        "  the libc", "  an out-o"]
    assert [line[:10] for line in said(batches, arm="b")[1:]] == [
        "  the vDSO"]


def test_rows_that_only_the_table_has():
    costs = {"write/libc/1": 108.0, "write/inline/1": 105.0}
    assert said(samples(costs)) == ["what it says", meaning.NOTHING]


def test_one_call_has_no_median():
    lines = said(samples(only("getpid")))
    assert line_of(lines, "the libc wrapper adds") == (
        "1.00 ns  [1.00, 1.00]  on getpid")


def test_the_calls_listed_are_those_of_the_median():
    costs = {**only("getpid", "clock_gettime"), "clock_gettime/libc": 140.0}
    fallen = record()
    for row in fallen["benchmarks"]:
        row["entries_counted"] = 1
    lines = said(samples(costs), fallen)
    assert line_of(lines, "the libc wrapper adds").endswith(
        "on getpid")


def test_many_calls_are_not_all_listed():
    costs = {f"call{number}/{path}": cost for number in range(9)
             for path, cost in (("libc", 102.0), ("inline", 100.0))}
    line = line_of(said(samples(costs), {}), "the libc wrapper adds")
    assert "median over 9 calls: call0 2.00" in line
    assert "call5 2.00, ..." in line and "call6" not in line


def test_a_cost_within_the_noise_is_none():
    costs = {**only("getpid"), "getpid/libc": 90.0}
    lines = said(samples(costs, batch_sd=0.01, launches=10))
    assert line_of(lines, "the libc wrapper adds").startswith("~0 ns  [-")
    assert "within the noise of 0; on getpid" in lines[1]
    assert "noise" not in lines[2]


def test_what_costs_less_is_shown_so():
    costs = {**only("time"), "time/syscall": 1.5}
    assert line_of(said(samples(costs)), "the vDSO saves").startswith(
        "-0.50 ns  [-0.50, -0.50]")


def test_the_call_that_leads():
    costs = {"a/syscall": 50.0, "a/vdso": 1.0, "a/syscall/x": 60.0,
             "a/vdso/x": 1.0, **only("time")}
    counted = record([*costs, *COSTS])
    leads = line_of(said(samples(costs), counted), "the vDSO saves")
    assert leads.startswith("49.0 ns") and leads.endswith(
        "on a against syscall; time 78.0")
    costs.update(only("clock_gettime"))
    leads = line_of(said(samples(costs), counted), "the vDSO saves")
    assert leads.endswith("on clock_gettime against syscall; a 49.0, "
                          "time 78.0")
    lone = {"a/inline/x": 60.0, "a/vdso/x": 1.0}
    leads = line_of(said(samples(lone), counted), "the vDSO saves")
    assert leads.endswith("on a/x against inline")


@pytest.mark.parametrize("yardsticks, note", [
    ({}, ""), ({"core_ghz": 3}, "240 cycles"), ({"core_ghz": 0}, ""),
    ({"empty_call_ns": 40}, "2.0 function calls"),
    ({"empty_call_ns": -1, "core_ghz": -3}, ""),
    ({"empty_call_ns": float("nan"), "core_ghz": float("inf")}, "")])
def test_in_cycles_and_calls(yardsticks, note):
    lines = said(samples(only("invalid/inline", "baseline")),
                 record(yardsticks=yardsticks))
    assert line_of(lines, "into the kernel and back") == (
        f"80.0 ns  [80.0, 80.0]  {note}".rstrip())


def test_the_smallest_record_leads():
    costs = {"write/libc/16": 100.0, "write/stdio/16": 10.0,
             "write/libc/2": 100.0, "write/stdio/2": 20.0}
    _, line, *_ = said(samples(costs))
    assert line.startswith("  buffering 2 bytes to /dev/null saves  80.0 ns")


# Writes

def curve(shape):
    return samples({f"write_file/libc/{size}": shape(size)
                    for size in SIZES})


def test_a_bad_line_is_said_to_be_rough():
    lines = said(curve(lambda size: 100 + size**0.5))
    assert lines[-2].startswith("    rough: costs are up to 23 % off the "
                                "straight line, at 4 KiB")
    fair = said(curve(lambda size: 100 + size / 10 + (size == 4096) * 20))
    assert not any("rough" in line for line in fair)


def test_a_size_that_was_measured_is_not_beyond():
    lines = said(curve(lambda size: 10 + size / 10))
    assert line_of(lines, "write to tmpfs: call under 1 % from").endswith(
        "so 16 KiB a write")


def test_sizes_of_mebibytes():
    lines = said(curve(lambda size: 1000 + size / 50))
    assert line_of(lines, "write to tmpfs: call under 1 % from").split() == (
        "4.72 MiB [4.72, 4.72] so 8 MiB a write; measured up to 64 KiB"
        .split())


def test_noise_is_no_copy_and_no_proof_of_none():
    batches = samples({f"write_file/libc/{size}": 200.0 for size in SIZES},
                      batch_sd=0.1, launches=10)
    lines = said(batches)
    assert line_of(lines, "write to tmpfs: each KiB").endswith(
        "within the noise of 0")
    assert not any("never" in line or "under 1 %" in line or "GB/s" in line
                   for line in lines)


def test_copies_that_cancel_are_no_proof_of_none():
    batches = pd.concat([samples(
        {f"write_file/libc/{size}": 200 + sign * size / 1000
         for size in SIZES}, 1, first=launch)
        for launch, sign in enumerate([1, -1] * 5)])
    lines = said(batches)
    assert line_of(lines, "write to tmpfs: each KiB").startswith("~0 ns  [-")
    assert not any("never" in line for line in lines)


def test_a_single_launch_knows_a_copy_from_none():
    lines = said(samples(launches=1, batch_sd=1e-4))
    assert "never" in line_of(lines, "write to /dev/null: each call")
    assert line_of(lines, "write to tmpfs: each KiB").endswith("16 GB/s")


def test_places_are_as_the_figures_name_them():
    assert writes.TARGETS.keys() == meaning.PLACES.keys()


# What a reader must know first

def reservations(found=None, **plan):
    return [line for line in said(samples(**plan), found)
            if line.startswith("  !  ")]


def test_a_good_run_has_no_reservations():
    assert reservations() == []
    assert reservations(launches=6) == []
    assert reservations({}) == []
    assert reservations(record(doubts=[
        {"id": "core_shared", "severity": "doubt"}])) == []


@pytest.mark.parametrize("launches, told", [
    (5, "5 launches: intervals are 93.8 %, not 95 %"),
    (2, "2 launches: intervals are 50.0 %, not 95 %"),
    (1, "one launch: no intervals")])
def test_few_launches_are_said_once(launches, told):
    assert reservations(launches=launches) == [f"  !  {told}"]
    lines = said(samples(launches=launches))
    assert ("[" in lines[2]) == (launches > 1)


@pytest.mark.parametrize("change, told", [
    ({"complete": False}, "the run was not finished: this is what was "
     "measured of it"),
    ({"probe": {"no_quiet_moment": True, "earlier_runs_used": 0}},
     "the core was never quiet: these figures are of a shared core"),
    ({"probe": {"no_quiet_moment": True}},
     "the core was never quiet: these figures are of a shared core"),
    ({"probe": {"no_quiet_moment": True, "earlier_runs_used": 2}},
     "the core was never quiet: these figures are extrapolated by what "
     "earlier runs saw"),
    ({"doubts": [{"id": name, "severity": severity} for name, severity in (
        ("traced", "serious"), ("steal", "doubt"), ("clock", "serious"),
        ("no_quiet", "serious"), ("incomplete", "serious"))]},
     "serious doubts about this run: traced, clock")])
def test_reservations(change, told):
    assert reservations(record(**change)) == [f"  !  {told}"]


def test_what_a_record_names_is_printable_and_short():
    doubts = [{"id": f"\x1b[31m{'x' * 500}", "severity": "serious"}] * 50
    line, = reservations(record(doubts=doubts))
    assert line.isprintable() and len(line) < 300


# Columns

@pytest.mark.parametrize("ends, digits", [
    ((78.18, 78.16, 78.21), 2), ((111.5, 110.9, 112.1), 1),
    ((264.8, 263.9, 266.8), 1), ((4654, 4600, 4700), 0),
    ((5e6, 4e6, 6e6), 0), ((1.0, 0.9999, 1.0001), 2), ((5, 0, 10), 0),
    ((1.234, np.nan, np.nan), 2), ((12.34, np.nan, np.nan), 1),
    ((1234, np.nan, np.nan), 0), ((-3.0, np.nan, np.nan), 2),
    ((20.0, 20.0, 20.0), 1)])
def test_decimals(ends, digits):
    assert columns.decimals(ends) == digits


@pytest.mark.parametrize("size, text", [
    (1, "1 byte"), (256, "256 bytes"), (1023, "1023 bytes"),
    (1024, "1 KiB"), (1536, "1.5 KiB"), (65536, "64 KiB"),
    (1 << 20, "1 MiB"), (3 << 29, "1536 MiB")])
def test_sizes(size, text):
    assert columns.size_text(size) == text


@pytest.mark.parametrize("ends", [
    (0.1, -1, 1), (-0.1, -1, 1), (0.0, 0.0, 0.0), (0.5, 0.0, 1.0),
    (-0.5, -1.0, 0.0)])
def test_an_interval_that_holds_zero_is_no_cost(ends):
    shown = columns.texts_of(columns.Line("x", ends, "ns", "note"))
    assert shown[1] == "~0 ns" and shown[2].startswith("[")
    assert shown[3] == "within the noise of 0; note"


def test_columns_stand_below_one_another():
    shown = columns.in_columns([
        columns.Line("a", (1.5, 1.4, 1.6), "ns", "note"), "    as it is",
        columns.Line("longer", (1234, np.nan, np.nan), "KiB"),
        columns.Line("none", (0.1, -1, 1), "ns")])
    assert shown == [
        "  a        1.50 ns  [1.40, 1.60]  note", "    as it is",
        "  longer  1234 KiB",
        "  none       ~0 ns  [-1.0, 1.0]   within the noise of 0"]
    assert columns.in_columns([]) == []
