# SPDX-License-Identifier: MIT
"""scripts/analysis/batching.py and ways.py: planted truths, and what is said.

And the contrasts of the legacy ways in, and of the ways out.
"""

from typing import Dict, List

import numpy as np
import pytest

from planted import record, samples, table_of
from test_contrasts import named
from test_meaning import line_of, said
from analysis import ways

NUMBERS = (1, 8, 64, 512)


def turns(path: str, call: float, each: float, numbers=NUMBERS
          ) -> Dict[str, float]:
    """What each of many costs where a turn takes call and each of them."""
    return {f"{path}/{number}": call / number + each for number in numbers}


COSTS = {
    "getppid/inline": 100.0, "getppid/int80": 450.0,
    "time/inline": 80.0, "time/vsyscall": 330.0,
    "gettimeofday/inline": 120.0, "gettimeofday/vsyscall": 400.0,
    "sigreturn/sysret": 300.0, "sigreturn/iret": 330.0,
    "writev/write": 400.0, **turns("writev/libc", 480, 8),
    "readv/read": 160.0, **turns("readv/libc", 240, 5),
    **turns("nop/uring", 280, 70), **turns("nop/sqpoll", 600, 120),
    "pwrite/libc/16": 420.0, "pwrite/libc/4096": 450.0,
    "mapped/store/16": 2.0, "mapped/store/4096": 30.0,
    "copy/read_write/256": 700.0, "copy/sendfile/256": 900.0,
    "copy/read_write/4096": 800.0, "copy/sendfile/4096": 950.0,
    "copy/copy_file_range/4096": 750.0}


def only(*parts: str) -> Dict[str, float]:
    """The costs of the rows whose names begin so."""
    return {name: cost for name, cost in COSTS.items()
            if name.startswith(parts)}


def counted(costs: Dict[str, float]) -> Dict[str, object]:
    """A record that has counted what such rows enter."""
    rows = []
    for name in costs:
        group, path, number = f"{name}/1".split("/")[:3]
        entries = (0.0 if path in ("sqpoll", "store") else
                   1 / float(number) if path == "uring" else 1.0)
        rows.append({"name": name, "entries_counted":
                     None if path == "vsyscall" else entries})
    return record([], benchmarks=rows)


def found(costs: Dict[str, float], **plan: float):
    """The contrasts of such costs."""
    return table_of(samples(costs, **plan), counted(costs))


@pytest.fixture(scope="module")
def whole():
    """The contrasts of a run with every row."""
    return found(COSTS)


def lines(costs: Dict[str, float]) -> List[str]:
    """What is said of such costs."""
    return said(samples(costs), counted(costs))


def test_legacy_ways_in_and_ways_out(whole):
    assert named(whole, "legacy_adds") == pytest.approx({
        "getppid/int80 - getppid/inline": 350,
        "time/vsyscall - time/inline": 250,
        "gettimeofday/vsyscall - gettimeofday/inline": 280})
    assert named(whole, "iret_adds") == pytest.approx({
        "sigreturn/iret - sigreturn/sysret": 30})


def test_many_at_a_time_against_one(whole):
    assert named(whole, "gathering_saves") == pytest.approx({
        **{f"writev/write - writev/libc/{number}": 392 - 480 / number
           for number in NUMBERS},
        **{f"readv/read - readv/libc/{number}": 155 - 240 / number
           for number in NUMBERS}})
    assert named(whole, "uring_saves") == pytest.approx({
        **{f"getppid/inline - nop/uring/{number}": 30 - 280 / number
           for number in NUMBERS},
        **{f"getppid/inline - nop/sqpoll/{number}": -20 - 600 / number
           for number in NUMBERS}})


def test_what_a_turn_takes(whole):
    near = pytest.approx
    assert named(whole, "turn_call") == near({
        "writev/libc - ": 480, "readv/libc - ": 240, "nop/uring - ": 280,
        "nop/sqpoll - ": 600})
    assert named(whole, "turn_each") == near({
        "writev/libc - ": 8, "readv/libc - ": 5, "nop/uring - ": 70,
        "nop/sqpoll - ": 120})
    assert list(named(whole, "turn_misfit").values()) == near(
        [0] * 4, abs=1e-9)


def test_a_turn_that_grows_with_itself_is_no_line():
    costs = {f"nop/uring/{number}": 100 / number + number**0.5
             for number in NUMBERS}
    misfit = named(found(costs), "turn_misfit")["nop/uring - "]
    assert misfit > 0.1


@pytest.mark.parametrize("numbers, fitted", [
    ((1, 64), 0), ((1, 8, 64), 3), (NUMBERS, 3)])
def test_a_turns_line_needs_three_numbers(numbers, fitted):
    table = found(turns("nop/uring", 280, 70, numbers))
    assert table["contrast"].str.startswith("turn_").sum() == fitted


def test_a_turn_is_found_in_noise():
    table = found(turns("nop/uring", 280, 70), launches=20, batch_sd=0.01)
    for contrast, truth in ("turn_call", 280), ("turn_each", 70):
        row = table[table["contrast"] == contrast].iloc[0]
        assert row["value"] == pytest.approx(truth, rel=0.01)
        assert 0 < row["high"] - row["low"] < 0.05 * truth


def test_stores_and_copies(whole):
    assert named(whole, "mapping_saves") == pytest.approx({
        "pwrite/libc/16 - mapped/store/16": 418,
        "pwrite/libc/4096 - mapped/store/4096": 420})
    assert named(whole, "kernel_copy_saves") == pytest.approx({
        "copy/read_write/256 - copy/sendfile/256": -200,
        "copy/read_write/4096 - copy/sendfile/4096": -150,
        "copy/read_write/4096 - copy/copy_file_range/4096": 50})


def test_what_a_byte_costs(whole):
    assert named(whole, "byte") == pytest.approx({
        f"{name} - ": cost / int(name.split("/")[2])
        for name, cost in only("pwrite", "mapped", "copy").items()})
    assert set(named(found({"writev/libc/8": 9.0, "epoll/libc/10": 9.0,
                            "write/inline/8": 9.0, "write/stdio/8": 1.0,
                            "write/libc/8": 80.0}), "byte")) == {
        "write/libc/8 - "}


def test_numbers_that_are_no_bytes_have_no_line():
    costs = {f"epoll_wait/libc/{number}": 100.0 + number
             for number in (1, 10, 100, 1000)}
    assert found(costs).empty


@pytest.mark.parametrize("gone", sorted(COSTS))
def test_a_missing_row_takes_only_its_own_along(gone, whole):
    left = found({name: cost for name, cost in COSTS.items()
                  if name != gone}, launches=6, rounds=1)
    keys = ["contrast", "benchmark", "reference"]
    kept = whole[~whole[["benchmark", "reference"]].eq(gone).any(axis=1)]
    assert set(left[keys].itertuples(index=False, name=None)) == set(
        kept[keys].itertuples(index=False, name=None))


def test_variants_that_are_no_numbers():
    costs = {"pwrite/libc/x": 9.0, "mapped/store/x": 1.0,
             "copy/read_write/many": 9.0, "copy/sendfile/many": 5.0,
             "writev/write": 9.0, "writev/libc/all": 1.0,
             "pwrite/libc": 9.0, "mapped/store": 2.0}
    assert named(found(costs), "mapping_saves") == pytest.approx({
        "pwrite/libc/x - mapped/store/x": 8,
        "pwrite/libc - mapped/store": 7})
    assert len(lines(costs)) == 2


# What is said

def test_all_that_is_said_of_ways():
    assert lines(COSTS) == """\
what it says
  int $0x80 adds                    350.0 ns  [350.0, 350.0]    \
on getppid against inline
  the vsyscall page adds            280.0 ns  [280.0, 280.0]    \
on gettimeofday against inline
  a return by IRET adds              30.0 ns  [30.0, 30.0]      \
to rt_sigreturn's by SYSRET
  writev of 512 saves               391.1 ns  [391.1, 391.1]    \
on each piece: 400.0 by write, 8.94 so
  readv of 512 saves                154.5 ns  [154.5, 154.5]    \
on each piece: 160.0 by read, 5.47 so
  io_uring of 512 saves              29.5 ns  [29.5, 29.5]      \
on each operation: 100.0 by getppid, 70.5 so
  polled io_uring of 512 saves      -21.2 ns  [-21.2, -21.2]    \
on each operation: 100.0 by getppid, 121.2 so
  writev: each piece                 8.00 ns  [8.00, 8.00]      \
and 480.0 a call
  readv: each piece                  5.00 ns  [5.00, 5.00]      \
and 240.0 a call
  io_uring: each operation           70.0 ns  [70.0, 70.0]      \
and 280.0 a call; under getppid's 100.0 from 10 at a time
  polled io_uring: each operation   120.0 ns  [120.0, 120.0]    \
and 600.0 a call; never under getppid's 100.0
  a mapping saves on 4 KiB          420.0 ns  [420.0, 420.0]    \
450.0 by pwrite, 30.0 by stores
  sendfile saves on 4 KiB          -150.0 ns  [-150.0, -150.0]  \
800.0 by read and write, 950.0 so
  copy_file_range saves on 4 KiB     50.0 ns  [50.0, 50.0]      \
800.0 by read and write, 750.0 so""".splitlines()


def test_the_number_from_which_it_pays_is_the_first_that_does():
    for each in np.arange(10, 99, 7.3):
        costs = {**only("getppid/inline"), **turns("nop/uring", 280, each)}
        note = line_of(lines(costs), "io_uring: each operation").split()
        first = int(note[note.index("from") + 1])
        assert 280 / first + each < 100 <= 280 / (first - 1) + each


def test_without_a_null_call_nothing_is_compared_with_it():
    told = lines(turns("nop/uring", 280, 70))
    assert told[1:] == ["  io_uring: each operation  70.0 ns  "
                        "[70.0, 70.0]  and 280.0 a call"]


def test_the_call_that_leads():
    told = lines(only("time", "gettimeofday"))
    assert line_of(told, "the vsyscall page adds").endswith(
        "on gettimeofday against inline")
    told = lines(only("time"))
    assert line_of(told, "the vsyscall page adds").endswith(
        "on time against inline")


@pytest.mark.parametrize("ns, text", [
    (0.25, "0.25 ns"), (12.34, "12.3 ns"), (999.0, "999 ns"),
    (1000.0, "1 µs"), (23456.0, "23.5 µs"), (4.5e6, "4.5 ms"),
    (2e9, "2 s")])
def test_times(ns, text):
    assert ways.time_text(ns) == text


def test_the_same_bytes():
    costs = {"write_file/libc/1": 500.0, "write_file/libc/65536": 4000.0}
    assert lines(costs)[1:] == ["  64 KiB to tmpfs in writes: "
                                "32.8 ms of 1 byte, 4 µs of 64 KiB"]
    assert len(lines({"write_file/libc/1": 500.0,
                      "write_file/inline/1": 490.0})) == 2
