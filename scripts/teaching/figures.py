# SPDX-License-Identifier: MIT
"""Puts a committed run's figures into documents, so that none is typed.

A document has blocks

    <!-- figures
    getppid/inline
    getppid/int80 over getppid/inline
    -->
    | … the table, made by this module … |
    <!-- end of figures -->

with a line each of: NAME or ARM:NAME, a row; A over B, a ratio; A less B, a
difference as in contrasts.csv, else of the two figures; spread NAME, its
floor, median and mean; entries NAME, how often a call was seen to enter the
kernel; fact KEY.KEY, of run.json; calls NAME, how many make one step of the
clock 1 % of their time; kpti NAME, a row of kpti-demo.csv.
"""

import re
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple

import pandas as pd

from analysis import load
from analysis.rows import entries_counted
from teaching.sheet import Record, call_ns, interval, named, ns, whole

BLOCK = re.compile(r"^<!-- figures\n(?P<lines>.*?)^-->\n(?P<table>.*?)"
                   r"^<!-- end of figures -->$", re.M | re.S)
HEAD = ["| | figure | 95 % interval | |", "| --- | ---: | --- | --- |"]
KPTI = "kpti-demo.csv"
# By how a fact's name ends, the longer end first.
UNITS = (("_per_ns", " a ns"), ("_ns", " ns"), ("_ghz", " GHz"))


class Run(NamedTuple):
    """A committed run: tables by name, and its record."""

    rows: pd.DataFrame          # summary.csv, index: name
    contrasts: pd.DataFrame
    record: Record
    kpti: pd.DataFrame          # index: benchmark


def read(folder: Path) -> Run:
    """A run folder that was committed, with its contrasts and KPTI rows."""
    return Run(named(load.summary(folder)).set_index("name"),
               pd.read_csv(folder / "contrasts.csv"), load.record(folder),
               pd.read_csv(folder / KPTI, index_col="benchmark"))


def row_of(run: Run, name: str) -> pd.Series:
    """A row by its name."""
    if name not in run.rows.index:
        raise load.BadInput(f"figures: the run has no row {name}")
    return run.rows.loc[name]


def line(what: str, figure: str, ends: str = "", more: str = "") -> str:
    """A line of a table."""
    return f"| {what} | {figure} | {ends} | {more} |"


def ends_of(low: float, high: float) -> str:
    """An interval as text; nothing where there is none."""
    told = interval(pd.Series([low]), pd.Series([high]))[0]
    return f"{told} ns" if " – " in told else ""


def one(run: Run, name: str) -> str:
    """A row: its cost, interval, cycles and calls."""
    row = row_of(run, name)
    more = [f"{whole(row['core_cycles'])} cycles",
            f"{whole(row['quiet_ns'] / call_ns(run.record))} calls",
            *(["falls_back"] if "falls_back" in str(row["flags"]) else [])]
    return line(f"`{name}`", f"{ns(row['quiet_ns'])} ns",
                ends_of(row["quiet_low_ns"], row["quiet_high_ns"]),
                ", ".join(more))


def ratio(run: Run, words: str) -> str:
    """One row's cost over another's."""
    top, bottom = words.split(" over ")
    value = row_of(run, top)["quiet_ns"] / row_of(run, bottom)["quiet_ns"]
    return line(f"`{top}` over `{bottom}`", f"{value:,.3g} times")


def difference(run: Run, words: str) -> str:
    """One row's cost less another's, paired by launches where it is told."""
    first, second = words.split(" less ")
    found = run.contrasts
    found = found[found["benchmark"].eq(first) & found["reference"].eq(second)
                  & found["arm"].eq(run.rows["arm"].iloc[0])
                  & found["unit"].eq("ns")]
    what = f"`{first}` less `{second}`"
    if found.empty:
        value = (row_of(run, first)["quiet_ns"]
                 - row_of(run, second)["quiet_ns"])
        return line(what, f"{ns(value)} ns", "", "of the two figures")
    told = found.iloc[0]
    return line(what, f"{ns(told['value'])} ns", "" if pd.isna(told["low"])
                else f"[{ns(told['low'])}, {ns(told['high'])}] ns",
                "by launches")


def spread(run: Run, name: str) -> str:
    """How a row's batches vary."""
    row = row_of(run, name)
    return line(f"`{name}`", f"{ns(row['quiet_ns'])} ns", ends_of(
        row["quiet_low_ns"], row["quiet_high_ns"]),
        f"floor {ns(row['floor_ns'])}, median as measured "
        f"{ns(row['median_ns'])}, mean {ns(row['mean_ns'])}")


def entries(run: Run, name: str) -> str:
    """How often a call enters the kernel, as counted."""
    count = entries_counted(run.record).get(name)
    told = "not counted" if count is None else (
        "never" if count == 0 else f"{count:.0f} a call" if count >= 1
        else f"once in {1 / count:,.0f} calls")
    return line(f"`{name}` enters the kernel", told, "", "counted by ptrace")


def fact(run: Run, keys: str) -> str:
    """A number of run.json."""
    value: Any = load.number(run.record, *keys.split("."))
    if value is None:
        raise load.BadInput(f"figures: the run has no number {keys}")
    unit = next((unit for end, unit in UNITS if keys.endswith(end)), "")
    return line(f"`{keys}`", f"{ns(value)}{unit}")


def calls(run: Run, name: str) -> str:
    """How many calls a batch needs, so that the clock's steps do not show."""
    step = load.number(run.record, "clock", "granularity_ns") or 0
    count = 100 * step / row_of(run, name)["quiet_ns"]
    return line(f"calls of `{name}` for 1 %", f"{count:,.0f}", "",
                f"100 × {ns(step)} ns over {ns(row_of(run, name)['quiet_ns'])}"
                " ns")


def kpti(run: Run, name: str) -> str:
    """A row before and after page table isolation."""
    if name not in run.kpti.index:
        raise load.BadInput(f"figures: {KPTI} has no row {name}")
    row = run.kpti.loc[name]
    return line(
        f"`{name}`, off → on",
        f"{ns(row['before_ns'])} → {ns(row['after_ns'])} ns",
        row["emulated"] if isinstance(row["emulated"], str) else "",
        f"{row['difference_ns']:+,.0f} ns, {row['difference_percent']:+,.0f} "
        f"%: {row['verdict']}")


KINDS: Dict[str, Callable[[Run, str], str]] = {
    "spread": spread, "entries": entries, "fact": fact, "calls": calls,
    "kpti": kpti}


def told(run: Run, words: str) -> str:
    """One line of a block as a line of its table."""
    kind, _, rest = words.partition(" ")
    if kind in KINDS:
        return KINDS[kind](run, rest)
    if " over " in words:
        return ratio(run, words)
    return (difference if " less " in words else one)(run, words)


def table(run: Run, lines: List[str]) -> str:
    """A block's table."""
    return "\n".join([*HEAD, *(told(run, words) for words in lines), ""])


def filled(text: str, run: Run) -> str:
    """A document with each of its blocks made anew."""
    return BLOCK.sub(lambda found: (
        f"<!-- figures\n{found['lines']}-->\n"
        f"{table(run, found['lines'].split(chr(10))[:-1])}"
        "<!-- end of figures -->"), text)
