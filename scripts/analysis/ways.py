# SPDX-License-Identifier: MIT
"""What other ways in cost, and what fewer crossings save: lines of text."""

from typing import Dict

import numpy as np
import pandas as pd

from analysis.arm import Arm, Lines, ends_of
from analysis.batching import NULL_CALL
from analysis.columns import Line, figure, joined, size_text

WHOLE_BYTES = 65536         # what is told by writes of several sizes
GATES = {"int80": "int $0x80", "vsyscall": "the vsyscall page"}
LEADS = ("getppid", "gettimeofday")     # calls that many runs have
# Paths that take many at a time: how they are called, and what they take.
HANDED = {"writev/libc": ("writev", "piece"),
          "readv/libc": ("readv", "piece"),
          "nop/uring": ("io_uring", "operation"),
          "nop/sqpoll": ("polled io_uring", "operation")}
TIMES = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns"))


def time_text(ns: float) -> str:
    """A time in the unit that reads best."""
    scale, unit = next((each for each in TIMES if ns >= each[0]), TIMES[-1])
    return f"{ns / scale:.3g} {unit}"


def path_of(benchmark: str) -> str:
    return "/".join(benchmark.split("/")[:2])


def numbered(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """The rows whose benchmark there has a number for its variant.

    With its path, and that number: a size, or how many at a time.
    """
    numbers = rows[column].str.extract("^[^/]*/[^/]*/([1-9][0-9]{0,14})$")[0]
    rows = rows.assign(path=rows[column].map(path_of),
                       number=pd.to_numeric(numbers))
    return rows.dropna(subset=["number"]).sort_values("number", kind="stable")


def largest(rows: pd.DataFrame) -> pd.DataFrame:
    """Of each path that is compared with, the contrast of most at a time."""
    return numbered(rows, "reference").drop_duplicates("path", keep="last")


def costs(arm: Arm, row: pd.Series, first: str, second: str) -> str:
    """What both sides of a contrast take."""
    return (f"{figure(arm.levels[row['benchmark']])} by {first}, "
            f"{figure(arm.levels[row['reference']])} {second}")


def legacy(arm: Arm) -> Lines:
    """What each legacy way in adds, on a call that many runs have."""
    rows = arm.of("legacy_adds")
    groups = rows["benchmark"].str.split("/").str[0]
    rows = rows.assign(path=rows["benchmark"].str.split("/").str[1],
                       group=groups, later=~groups.isin(LEADS))
    rows = rows.sort_values("later", kind="stable")
    for _, row in rows.drop_duplicates("path").iterrows():
        yield Line(f"{GATES[row['path']]} adds", ends_of(row), "ns",
                   f"on {row['group']} against inline")


def iret(arm: Arm) -> Lines:
    """What a return by IRET adds to one by SYSRET."""
    for _, row in arm.of("iret_adds").iterrows():
        yield Line("a return by IRET adds", ends_of(row), "ns",
                   "to rt_sigreturn's by SYSRET")


def the_same_bytes(arm: Arm, places: Dict[str, str]) -> Lines:
    """What the same bytes take in a place by writes of each size."""
    rows = numbered(arm.of("byte"), "benchmark")
    for group, place in places.items():
        each = rows[rows["path"] == f"{group}/libc"]
        texts = [f"{time_text(row.value * WHOLE_BYTES)} of "
                 f"{size_text(row.number)}" for row in each.itertuples()]
        if len(texts) > 1:
            yield (f"  {size_text(WHOLE_BYTES)} to {place} in writes: "
                   f"{', '.join(texts)}")


def gathering(arm: Arm) -> Lines:
    """What many at a time save on each, of the most at a time."""
    rows = pd.concat([arm.of("gathering_saves"), arm.of("uring_saves")])
    for _, row in largest(rows).iterrows():
        alone = row["benchmark"].split("/")
        call = alone[0] if row["benchmark"] == NULL_CALL else alone[1]
        way, thing = HANDED[row["path"]]
        yield Line(f"{way} of {row['number']:.0f} saves", ends_of(row), "ns",
                   f"on each {thing}: {costs(arm, row, call, 'so')}")


def under_a_call(arm: Arm, name: str, call: float, each: float) -> str:
    """From how many at a time an operation costs less than a null call."""
    null = arm.levels.get(NULL_CALL, np.nan)
    if not name.startswith("nop/") or not call > 0 or not null > 0:
        return ""
    if each >= null:
        return f"never under getppid's {figure(null)}"
    return (f"under getppid's {figure(null)} from "
            f"{np.floor(call / (null - each)) + 1:.0f} at a time")


def turns(arm: Arm) -> Lines:
    """What handing over takes once, and for each."""
    for _, each in arm.of("turn_each").iterrows():
        name = each["benchmark"]
        call = arm.one("turn_call", name)["value"].iloc[0]
        yield Line(": each ".join(HANDED[name]), ends_of(each), "ns",
                   joined(f"and {figure(call)} a call",
                          under_a_call(arm, name, call, each["value"])))


def mapping(arm: Arm) -> Lines:
    """What a store in a mapping saves, of the largest size."""
    for _, row in largest(arm.of("mapping_saves")).iterrows():
        yield Line(f"a mapping saves on {size_text(row['number'])}",
                   ends_of(row), "ns",
                   costs(arm, row, "pwrite", "by stores"))


def kernel_copies(arm: Arm) -> Lines:
    """What a copy within the kernel saves, of the largest size."""
    for _, row in largest(arm.of("kernel_copy_saves")).iterrows():
        yield Line(f"{row['path'].split('/')[1]} saves on "
                   f"{size_text(row['number'])}", ends_of(row), "ns",
                   costs(arm, row, "read and write", "so"))
