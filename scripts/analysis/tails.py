# SPDX-License-Identifier: MIT
"""Draws how long single calls take: which share of them takes longer."""

from pathlib import Path
from typing import Any, Dict, List

import numpy as np
import pandas as pd
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from analysis import load
from analysis.figure import (BLUE, FACT_INCHES, GREEN, GREY, ORANGE, PURPLE,
                             RED, SKY, draw_head, facts_of, make_log)

STAMP = "stamp"         # the stamps alone: they are in every other figure
HISTOGRAM: load.Columns = {
    "benchmark": load.Column("category",
                             pattern=rf"{load.WORD}(/{load.WORD})*"),
    "arm": load.ARM, "low_ns": load.Column("float64", 0),
    "high_ns": load.KNOWN_OR_NOT, "count": load.ORDINAL,
}

# A path: colour, line. Others take what is left, in their order.
PATHS = {
    "libc": (RED, "-"), "syscall": (ORANGE, "--"), "inline": (BLUE, "-."),
    "stub": (GREEN, ":"), "vdso": (PURPLE, "-"), "int80": (SKY, "--"),
    "stdio": (GREEN, "-"), "stdio_line": (SKY, "-."),
    "stdio_unbuffered": (PURPLE, "--"),
}
OTHERS = [(GREEN, "--"), (PURPLE, ":"), (SKY, "-"), (BLUE, "--"),
          (RED, ":"), (ORANGE, "-.")]
COLUMNS = 3
PANELS_MOST = 60        # of any file; the catalogue has fewer groups


def split_names(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with group, path and variant, "" for none."""
    names = rows["benchmark"].astype(str)
    parts = names.str.split("/", n=2, expand=True).reindex(columns=range(3))
    parts = parts.fillna("").astype(str)
    return rows.assign(benchmark=names, group=parts[0], path=parts[1],
                       variant=parts[2])


def histogram(folder: Path) -> pd.DataFrame:
    """The first arm's histogram; none of it where there is no file."""
    path = folder / "histogram.csv"
    if not path.exists():
        return split_names(pd.DataFrame(columns=list(HISTOGRAM)))
    rows = load.table(path, HISTOGRAM, ["benchmark", "arm", "low_ns"])
    return split_names(rows[rows["arm"] == rows["arm"].iloc[0]]
                       if len(rows) else rows)


def first_variants(rows: pd.DataFrame) -> pd.DataFrame:
    """Of each group what has no variant, or else its first one."""
    stamped = rows[rows["group"] != STAMP]
    plain = (stamped["variant"] == "").groupby(stamped["group"]).transform(
        "any")
    first = stamped.groupby("group")["variant"].transform("first")
    return stamped[stamped["variant"] == first.where(~plain, "")]


def share_longer(rows: pd.DataFrame) -> pd.Series:
    """The share of the calls in a bucket or beyond, by its lower bound."""
    rows = rows.sort_values("low_ns")
    beyond = rows["count"][::-1].cumsum()[::-1] / rows["count"].sum()
    return beyond.set_axis(rows["low_ns"])


def draw_calls(axes: Axes, rows: pd.DataFrame, colour: str, line: str
               ) -> None:
    """One row's calls as steps that end at the longest."""
    share = share_longer(rows)
    axes.plot(share.index, share, color=colour, ls=line, lw=1.1,
              drawstyle="steps-pre")


def looks_of(paths: List[str]) -> Dict[str, Any]:
    """A colour and a line for each path."""
    left = iter(OTHERS * len(paths))
    return {path: PATHS.get(path) or next(left) for path in paths}


def draw_group(axes: Axes, rows: pd.DataFrame, stamp: pd.DataFrame,
               looks: Dict[str, Any]) -> None:
    """The paths of a group, and the stamps alone behind them."""
    name = f"{rows['group'].iloc[0]} {rows['variant'].iloc[0]}".strip()
    axes.set(xscale="log", yscale="log")
    axes.set_title(name)
    if not stamp.empty:
        draw_calls(axes, stamp, GREY, "-")
    for path, each in rows.groupby("path", sort=False):
        draw_calls(axes, each, *looks[path])
    axes.grid()
    axes.set_axisbelow(True)


def share_name(value: float, _: Any = None) -> str:
    """One of so many."""
    return "all" if value >= 1 else f"1 in {1 / value:,.0f}"


def scale(axes: np.ndarray, rows: pd.DataFrame) -> None:
    """The same scales everywhere; shares down to one call."""
    least = 1 / rows.groupby("benchmark")["count"].sum().max()
    low, high = rows["low_ns"].replace(0, np.nan).min(), rows["low_ns"].max()
    for place in axes.flat:
        place.set(xlim=(low / 1.3, high * 1.3), ylim=(least / 1.5, 1.5))
        place.yaxis.set_major_locator(LogLocator(10))
        place.yaxis.set_minor_locator(NullLocator())
        place.yaxis.set_major_formatter(FuncFormatter(share_name))
        make_log(place.xaxis)


def label_axes(axes: np.ndarray, count: int) -> None:
    """Labels at the left and at the foot; places without a panel go."""
    for place in axes[:, 0]:
        place.set_ylabel("calls as long or longer (log)")
    for place in axes.flat[max(count - axes.shape[1], 0):count]:
        place.set_xlabel("ns, the stamps included (log)")
        place.tick_params(labelbottom=True)
    for place in axes.flat[count:]:
        place.remove()


def draw_legend(figure: Figure, looks: Dict[str, Any], top: float) -> None:
    """The paths, and the stamps, below a share of the figure's height."""
    handles = [Line2D([], [], color=GREY, label="the stamps alone")] + [
        Line2D([], [], color=colour, ls=line, label=load.printable(path))
        for path, (colour, line) in looks.items()]
    figure.legend(handles=handles, loc="upper left", ncol=6,
                  bbox_to_anchor=(0.01, top), columnspacing=1.5)


def draw(rows: pd.DataFrame, record: Dict[str, Any]) -> Figure:
    """The share of calls that take longer, over time, a panel a group."""
    shown, stamp = first_variants(rows), rows[rows["group"] == STAMP]
    groups = list(dict.fromkeys(shown["group"]))[:PANELS_MOST]
    shown = shown[shown["group"].isin(groups)]
    looks = looks_of(list(dict.fromkeys(shown["path"])))
    columns = min(COLUMNS, len(groups))
    lines = -(-len(groups) // columns)
    width = max(3.6 * columns + 0.4, 6.6)
    facts = facts_of(record, str(rows["arm"].iloc[0]), width)
    head = 0.2 + 0.16 * -(-(len(looks) + 1) // 6)
    height = 0.9 + head + FACT_INCHES * len(facts) + 2.4 * lines
    figure, axes = pyplot.subplots(lines, columns, squeeze=False, sharex=True,
                                   sharey=True, figsize=(width, height))
    for place, group in zip(axes.flat, groups):
        draw_group(place, shown[shown["group"] == group], stamp, looks)
    scale(axes, pd.concat([shown, stamp]))
    label_axes(axes, len(groups))
    top = draw_head(figure, "How long single calls take", facts)
    draw_legend(figure, looks, top)
    figure.tight_layout(rect=(0, 0, 1, top - head / height))
    return figure
