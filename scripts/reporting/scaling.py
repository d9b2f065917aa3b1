# SPDX-License-Identifier: MIT
"""How calls scale: what threads get done that are in one call at once."""

from typing import Any, Dict, List, Optional

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from analysis.figure import BLUE, GREEN, GREY, ORANGE, PURPLE, RED
from reporting import drawing, names, text
from reporting.drawing import INK
from reporting.section import Picture, Section
from reporting.source import Source

# A line each, worst first; the table has the others.
LINES = ((RED, "o"), (PURPLE, "s"), (ORANGE, "X"), (BLUE, "D"), (GREEN, "^"),
         (GREY, "v"))
EFFICIENCY = ["efficiency", "efficiency_low", "efficiency_high"]


def shown(rows: pd.DataFrame) -> List[str]:
    """The benchmarks that the picture has: those that scale worst first."""
    most = rows[rows["threads"] == rows["threads"].max()]
    known = most.dropna(subset=["efficiency"]).sort_values(
        "efficiency", kind="stable")
    return list(known["benchmark"])[:len(LINES)]


def draw_row(axes: Axes, rows: pd.DataFrame, line: int) -> None:
    """One benchmark's rate in multiples of one thread's, with intervals."""
    colour, mark = LINES[line]
    times = rows[EFFICIENCY].mul(rows["threads"], axis=0)
    axes.plot(rows["threads"], times["efficiency"], color=colour, marker=mark,
              lw=1.6, ms=6.5, mew=0)
    known = times.notna().all(axis=1)
    axes.vlines(rows["threads"][known], times["efficiency_low"][known],
                times["efficiency_high"][known], colour, lw=2.4)


def said(rows: pd.DataFrame, benchmarks: List[str]) -> str:
    """The picture in words."""
    last = rows[rows["threads"] == rows["threads"].max()].set_index(
        "benchmark")
    times = last["efficiency"] * last["threads"]
    each = [f"{name} {text.small(times[name])} times" for name in benchmarks]
    return ("Calls a second of all threads together, in multiples of what "
            f"one thread gets done. By {int(last['threads'].iloc[0])} "
            f"threads: {'; '.join(each)}.")


def draw(rows: pd.DataFrame, benchmarks: List[str]) -> Picture:
    """The rates over the number of threads, beside the ideal."""
    marks = [Line2D([], [], color=colour, marker=mark, ms=5.5,
                    label=names.shortened(name))
             for name, (colour, mark) in zip(benchmarks, LINES)]
    marks.append(Line2D([], [], color=INK, ls=":", label="ideal"))
    head = drawing.head_of(marks)
    figure, axes = drawing.blank(head + 300, 62, 14, head, drawing.FOOT)
    counts = sorted(rows["threads"].unique())
    axes.set(xscale="log", yscale="log", xlabel="threads (log)",
             ylabel="rate of all, of one thread's (log)")
    axes.plot(counts, counts, ls=":", color=INK, lw=1.3)
    for line, name in enumerate(benchmarks):
        draw_row(axes, rows[rows["benchmark"] == name], line)
    axes.set_xticks(counts, [f"{count:g}" for count in counts])
    low, high = axes.get_ylim()
    ticks = 2.0 ** np.arange(np.floor(np.log2(low)), np.log2(high) + 1)
    axes.set_yticks(ticks, [f"{tick:g} ×" for tick in ticks])
    axes.set_ylim(low, high)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid()
    drawing.legend(figure, marks)
    return Picture("scaling", "What threads get done together",
                   said(rows, benchmarks), figure)


def percent(share: float) -> str:
    """A share in per cent; "–" for not known."""
    return f"{100 * share:.0f} %" if np.isfinite(share) else "–"


def table(rows: pd.DataFrame) -> List[Dict[str, Any]]:
    """The rows as texts."""
    return [{"benchmark": row.benchmark, "threads": row.threads,
             "main": text.time(row.main_ns),
             "rate": text.number(row.calls_per_s / 1e6),
             "interval": text.span(row.calls_low_per_s / 1e6,
                                   row.calls_high_per_s / 1e6,
                                   row.calls_per_s / 1e6),
             "ideal": percent(row.efficiency)}
            for row in rows.itertuples()]


def make(source: Source) -> Optional[Section]:
    """The section; None where no arm had several threads."""
    rows = source.scaling
    if rows.empty:
        return None
    rows = rows.sort_values(["benchmark", "threads"], kind="stable")
    benchmarks = shown(rows)
    pictures = [draw(rows, benchmarks)] if benchmarks else []
    most = rows[rows["threads"] == rows["threads"].max()].iloc[0]
    return Section("scaling", "Many threads in one call", "scaling.html", {
        "lines": table(rows), "drawn": bool(pictures),
        "siblings": most["cores"] < most["threads"],
        "cores": most["cores"], "threads": most["threads"],
        "left_out": percent(1 - rows["together_share"].min())}, pictures,
        "Threads")
