# SPDX-License-Identifier: MIT
"""Single calls: how long most take, and how long the slowest, if stamped."""

from typing import List, Optional

import pandas as pd
from matplotlib.lines import Line2D

from analysis.figure import BLUE, GREY, ORANGE, RED
from reporting import drawing, names, text
from reporting.drawing import PAPER
from reporting.section import Picture, Section
from reporting.source import Source

STAMP = "stamp"
MARKS = {"p50_ns": ("middle call", BLUE, "o"),
         "p99_ns": ("1 in 100 is slower", ORANGE, "D"),
         "p999_ns": ("1 in 1,000 is slower", RED, "s"),
         "max_ns": ("slowest of all", GREY, "|")}
SHOWN = list(MARKS)


def draw(rows: pd.DataFrame, labels: List[str]) -> Picture:
    """A line for each row from its middle call to its slowest."""
    figure, axes = drawing.ladder_axes(labels, 14, drawing.head_of(SHOWN))
    for place, (_, row) in enumerate(rows.iterrows()):
        known = row[SHOWN].astype(float).dropna()
        axes.hlines(-place, known.min(), known.max(), GREY, lw=1, alpha=0.5)
        for name, cost in known.items():
            _, colour, mark = MARKS[name]
            axes.plot(cost, -place, mark, color=colour, ms=6,
                      mew=1.5 if mark == "|" else 0.5,
                      mec=colour if mark == "|" else PAPER)
    ends = rows[SHOWN].astype(float)
    drawing.log_axis(axes, ends.min().min(), ends.max().max(),
                     "the stamps included (log)")
    drawing.legend(figure, [
        Line2D([], [], color=colour, marker=mark, ls="", ms=6, label=label)
        for label, colour, mark in MARKS.values()])
    each = [f"{label} {text.time(row.p50_ns)}, slowest "
            f"{text.time(row.max_ns)}"
            for label, row in zip(labels, rows.itertuples())]
    return Picture("calls", "How long single calls take",
                   "Of each row the middle call, the one that 1 in 100 and 1 "
                   "in 1,000 exceed, and the slowest, on a log axis: "
                   f"{'; '.join(each)}.", figure)


def lines(rows: pd.DataFrame, labels: List[str]) -> List[List[str]]:
    """The picture as a table."""
    columns = ["p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns"]
    return [[label, *(text.time(float(row[column])) for column in columns)]
            for label, (_, row) in zip(labels, rows.iterrows())]


def make(source: Source) -> Optional[Section]:
    """The section; None where no single call was stamped."""
    singles = source.singles
    if singles.empty:
        return None
    chosen = [name for name in names.shown(source) if name in singles.index]
    if not chosen:
        chosen = [name for name in singles.index
                  if name != STAMP][:names.FILLED_TO]
    stamp = [STAMP] if STAMP in singles.index else []
    rows = singles.loc[[*stamp, *chosen]]
    if rows.empty:
        return None
    labels = ["the stamps alone"] * len(stamp) + [
        names.label(name) for name in chosen]
    return Section("single-calls", "How long single calls take",
                   "calls.html", {
                       "lines": lines(rows, labels),
                       "calls": f"{rows['calls'].median():,.0f}",
                       "count": len(singles) - len(stamp)},
                   [draw(rows, labels)], "Single calls")
