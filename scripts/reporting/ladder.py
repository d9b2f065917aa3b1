# SPDX-License-Identifier: MIT
"""The ladder: from an empty function call to a context switch and beyond."""

from typing import List, Optional

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from reporting import drawing, names, text
from reporting.drawing import WAYS
from reporting.section import Picture, Section
from reporting.source import Source

COLUMNS = ["quiet_ns", "quiet_low_ns", "quiet_high_ns", "way"]


def handles(used: List[str]) -> List[Line2D]:
    """What marks and colours mean."""
    return [Line2D([], [], color=colour, marker=mark, ls="", ms=7,
                   label=said)
            for way, (said, colour, mark) in WAYS.items() if way in used]


def draw(rows: pd.DataFrame, labels: List[str], title: str) -> Picture:
    """Each row's cost on a quiet core with its interval, on a log axis."""
    marks = handles(list(rows["way"]))
    figure, axes = drawing.ladder_axes(labels, 66, drawing.head_of(marks))
    ends = rows[COLUMNS[:3]]
    least = ends.min().min()
    places = pd.Series(-np.arange(len(rows)), rows.index)
    for way, each in rows.groupby("way"):
        _, colour, mark = WAYS[way]
        axes.hlines(places[each.index], least / 10, each["quiet_ns"],
                    colour, lw=1, alpha=0.35)
        known = each.dropna(subset=COLUMNS[1:3])
        axes.hlines(places[known.index], known["quiet_low_ns"],
                    known["quiet_high_ns"], colour, lw=3)
        axes.plot(each["quiet_ns"], places[each.index], mark, color=colour,
                  ms=7.5, mew=0)
    for name, cost in rows["quiet_ns"].items():
        drawing.beside(axes, places[name], text.time(cost), 64)
    drawing.log_axis(axes, least, ends.max().max(),
                     "a call on a quiet core (log)")
    drawing.legend(figure, marks)
    return Picture("ladder", title, said(rows, labels), figure)


def said(rows: pd.DataFrame, labels: List[str]) -> str:
    """The ladder in a sentence."""
    costs = [f"{label} {text.time(cost)}"
             for label, cost in zip(labels, rows["quiet_ns"])]
    return (f"A ladder of {len(rows)} costs on a log axis, the cheapest at "
            f"the top: {'; '.join(costs)}. The table beside it has the "
            "intervals.")


def lines(source: Source, rows: pd.DataFrame, labels: List[str]
          ) -> List[List[str]]:
    """The picture as a table: name, row, cost, interval, calls."""
    return [[label, name, text.time(row.quiet_ns),
             text.time_span(row.quiet_low_ns, row.quiet_high_ns,
                            row.quiet_ns),
             text.times(row.quiet_ns / source.yardstick)]
            for label, name, row in zip(labels, rows.index,
                                        rows.itertuples())]


def make(source: Source) -> Optional[Section]:
    """The section; None without rows."""
    chosen = names.shown(source)
    if not chosen:
        return None
    rows = source.first.loc[chosen]
    labels = [names.label(name) for name in chosen]
    title = "From a function call to a context switch"
    return Section("ladder", title, "ladder.html", {
        "lines": lines(source, rows, labels), "count": len(source.first),
        "calls": bool(np.isfinite(source.yardstick)),
        "confidence": confidence(rows)}, [draw(rows, labels, title)],
        "Ladder")


def confidence(rows: pd.DataFrame) -> str:
    """How sure the intervals are, and by how many launches."""
    known = rows.dropna(subset=["quiet_low_ns", "confidence"])
    if known.empty:
        return "no intervals: a single launch"
    least, launches = known[["confidence", "launches"]].min()
    return (f"{100 * least:.0f} % intervals over {launches:.0f} launches, "
            "each a fresh process")
