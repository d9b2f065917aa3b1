# SPDX-License-Identifier: MIT
"""Draws the ladder: what every call costs, group by group."""

from typing import Any, Dict, List

import numpy as np
import pandas as pd
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis.figure import (BLUE, FACT_INCHES, GREEN, GREY, ORANGE, PURPLE,
                             RED, draw_head, facts_of, make_log)
from analysis.rows import INTERVAL

# A way of entering: what the legend calls it, colour, mark.
WAYS = {
    "user": ("user space", GREY, "v"),
    "vdso": ("vDSO", BLUE, "D"),
    "buffered": ("stdio's buffer", GREEN, "^"),
    "gathered": ("kernel, one entry for many", ORANGE, "P"),
    "kernel": ("kernel, by its entry instruction", RED, "o"),
    "exception": ("kernel, by an exception", ORANGE, "X"),
    "legacy": ("kernel, by the legacy gate", PURPLE, "s"),
}

ROW_INCHES = 0.155
COLUMN_ROWS = 70        # rows of a ladder that still fit in one column


def plain_number(value: float) -> str:
    """Three digits or so, never as a power of ten."""
    digits = 2 if value < 10 else 1 if value < 100 else 0
    return f"{value:,.{digits}f}"


def in_order(rows: pd.DataFrame) -> List[pd.DataFrame]:
    """The groups, each with its rows cheapest first.

    Cheapest groups first, but those that move bytes after the others: they
    have a row for each size, and fill a column of their own.
    """
    groups = [group.sort_values("quiet_ns")
              for _, group in rows.groupby("group", sort=False)]
    return sorted(groups, key=lambda group: (
        group["variant"].str.isdecimal().any(), group["quiet_ns"].median()))


def in_columns(groups: List[pd.DataFrame]) -> List[List[pd.DataFrame]]:
    """The groups in one column, or in two about as long as one another."""
    ends = np.cumsum([len(group) + 1 for group in groups])
    if ends[-1] <= COLUMN_ROWS or len(groups) < 2:
        return [groups]
    cut = int(np.abs(ends[:-1] - ends[-1] / 2).argmin()) + 1
    return [groups[:cut], groups[cut:]]


def lines_of(groups: List[pd.DataFrame]) -> pd.DataFrame:
    """The column's lines from the top: a head for each group, then its rows.

    Columns: those of the rows, label, and y; a head has no quiet_ns.
    """
    parts: List[pd.DataFrame] = []
    for group in groups:
        name = group["group"].iloc[0]
        label = (group["path"] + "/" + group["variant"]).str.rstrip("/")
        parts += [pd.DataFrame({"label": [name]}), group.assign(label=label)]
    lines = pd.concat(parts, ignore_index=True)
    return lines.assign(y=-lines.index.to_numpy(float))


def draw_marks(axes: Axes, lines: pd.DataFrame) -> None:
    """Each row's quiet cost with its interval, and the raw median, hollow."""
    for way, rows in lines.groupby("way"):
        _, colour, mark = WAYS[way]
        axes.plot(rows["median_ns"], rows["y"], mark, mfc="none", mec=colour,
                  ms=5.5, mew=0.7)
        known = rows.dropna(subset=INTERVAL)
        axes.hlines(known["y"], *(known[end] for end in INTERVAL), colour,
                    lw=1.6)
        axes.plot(rows["quiet_ns"], rows["y"], mark, color=colour, ms=3.4,
                  mew=0)


def draw_labels(axes: Axes, lines: pd.DataFrame) -> None:
    """Names at the left, heads in bold, the quiet cost at the right."""
    heads = lines["quiet_ns"].isna()
    axes.set_yticks(lines["y"], lines["label"], fontsize=7)
    for tick in np.asarray(axes.get_yticklabels())[heads]:
        tick.set(fontweight="bold", fontsize=7.5)
    axes.hlines(lines["y"][heads] + 0.5, -0.34, 1.11, "#b0b0b0", lw=0.5,
                transform=axes.get_yaxis_transform(), clip_on=False)
    for y, cost in lines.loc[~heads, ["y", "quiet_ns"]].to_numpy():
        axes.text(1.1, y, plain_number(cost), fontsize=7, va="center",
                  ha="right", transform=axes.get_yaxis_transform())


def draw_column(axes: Axes, lines: pd.DataFrame) -> None:
    """One column of the ladder, from the top down."""
    draw_marks(axes, lines)
    draw_labels(axes, lines)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("ns a call (log)")
    axes.text(1.1, 0, "ns", fontsize=7, va="center", ha="right",
              fontweight="bold", transform=axes.get_yaxis_transform())


def draw_legend(figure: Figure, ways: List[str], top: float) -> None:
    """What colours and marks mean, below a share of the figure's height."""
    handles = [Line2D([], [], color=colour, marker=mark, ls="", ms=5,
                      label=label)
               for way, (label, colour, mark) in WAYS.items() if way in ways]
    handles += [
        Line2D([], [], color="black", marker="o", ms=3.4, lw=1.6,
               label="on a quiet core, with its interval"),
        Line2D([], [], color="black", marker="o", ms=5.5, mfc="none", ls="",
               mew=0.7, label="as measured")]
    figure.legend(handles=handles, loc="upper left", ncol=3,
                  bbox_to_anchor=(0.01, top), columnspacing=1.5)


def draw(rows: pd.DataFrame, record: Dict[str, Any]) -> Figure:
    """Every row's cost by group, in one column or two."""
    columns = [lines_of(groups) for groups in in_columns(in_order(rows))]
    longest = max(map(len, columns))
    width = 6.6 * len(columns)
    facts = facts_of(record, str(rows["arm"].iloc[0]), width)
    height = 1.75 + FACT_INCHES * len(facts) + ROW_INCHES * longest
    figure, axes = pyplot.subplots(
        1, len(columns), figsize=(width, height), squeeze=False)
    costs = rows[["quiet_ns", "median_ns", *INTERVAL]]
    for place, lines in zip(axes[0], columns):
        draw_column(place, lines)
        place.set(xscale="log", ylim=(0.3 - longest, 0.7), xlim=(
            costs.min().min() / 2, costs.max().max() * 2))
        make_log(place.xaxis)
    top = draw_head(figure, "What a call costs", facts)
    draw_legend(figure, list(rows["way"]), top)
    figure.subplots_adjust(
        left=1.75 / width, right=1 - 0.6 / width, bottom=0.5 / height,
        top=top - 0.75 / height, wspace=0.5)
    return figure
