# SPDX-License-Identifier: MIT
"""The full table: every row of summary.csv, in ns, ticks and core cycles."""

from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np
import pandas as pd

from analysis import load
from reporting import text
from reporting.drawing import WAYS
from reporting.section import Section
from reporting.source import Source

ROWS_MOST = 1500        # so that the page stays under 2 MiB
UNITS = {"ns": "ns", "ticks": "clock ticks", "cycles": "core cycles"}


class Cell(NamedTuple):
    """A figure in each unit, and what it is sorted by."""

    key: float
    texts: Dict[str, str]


class Line(NamedTuple):
    """A row of the table."""

    name: str
    summary: str
    arm: str
    way: str
    cost: Cell
    low: Cell       # of the interval
    high: Cell
    measured: Cell
    floor: Cell
    calls: Cell
    flags: str


def factors(row: Any, ticks: float) -> Dict[str, float]:
    """What a figure in ns is multiplied by, by unit."""
    cycles = row.core_cycles / row.quiet_ns if row.core_cycles > 0 else np.nan
    return {"ns": 1.0, "ticks": ticks, "cycles": cycles}


def cell(ns: float, scales: Dict[str, float]) -> Cell:
    """A figure of a row; what is not known is the least."""
    known = bool(np.isfinite(ns))
    return Cell(float(ns) if known else -1.0,
                {unit: text.number(ns * scale)
                 for unit, scale in scales.items()})


def line(row: Any, source: Source, ticks: float) -> Line:
    """One row of summary.csv."""
    scales = factors(row, ticks)
    calls = row.quiet_ns / source.yardstick
    return Line(
        load.printable(row.benchmark),
        source.summaries.get(row.benchmark, ""), load.printable(row.arm),
        WAYS[row.way][0], *(cell(value, scales) for value in (
            row.quiet_ns, row.quiet_low_ns, row.quiet_high_ns, row.median_ns,
            row.floor_ns)),
        Cell(float(calls) if np.isfinite(calls) else -1.0,
             {"ns": text.times(calls)}), load.printable(row.flags))


def units_of(source: Source, rows: pd.DataFrame) -> Dict[str, str]:
    """The units that the run has figures in."""
    found = dict(UNITS)
    if not load.number(source.record, "clock", "ticks_per_ns"):
        del found["ticks"]
    if not rows["core_cycles"].gt(0).any():
        del found["cycles"]
    return found


def make(source: Source) -> Optional[Section]:
    """The section; None without rows."""
    if source.rows.empty:
        return None
    ticks = load.number(source.record, "clock", "ticks_per_ns") or np.nan
    lines: List[Line] = [line(row, source, ticks)
                         for row in source.rows[:ROWS_MOST].itertuples()]
    return Section("table", "Every row", "sheet.html", {
        "lines": lines, "total": len(source.rows),
        "units": units_of(source, source.rows),
        "arms": len(source.arms) > 1,
        "calls": bool(np.isfinite(source.yardstick)),
        "yardstick": text.number(source.yardstick),
        "cycles_from": cycles_from(source)}, nav="Table")


def cycles_from(source: Source) -> str:
    """What the core cycles are by, in words."""
    return text.fact(source.record, "yardsticks/core_cycles_from", 80)
