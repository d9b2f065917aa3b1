# SPDX-License-Identifier: MIT
"""Draws what a write costs over its size, a call and a byte."""

from typing import Any, Dict, Optional

import numpy as np
import pandas as pd
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from analysis.figure import (BLUE, FACT_INCHES, GREEN, GREY, ORANGE, PURPLE,
                             RED, SKY, draw_head, facts_of, make_log)
from analysis.rows import INTERVAL

# A path of writing: colour, mark, line.
WRITERS = {
    "libc": (RED, "o", "-"),
    "syscall": (ORANGE, "s", "--"),
    "inline": (GREY, "D", ":"),
    "stdio_unbuffered": (PURPLE, "P", "-."),
    "stdio_line": (SKY, "v", "--"),
    "stdio": (GREEN, "^", "-"),
    "putc": (BLUE, "*", ""),
}
TARGETS = {"write": "to /dev/null", "write_file": "to a file in memory"}


def sizes_of(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of write and write_file, with bytes a call."""
    numbers = pd.to_numeric(rows["variant"], errors="coerce")
    known = rows["group"].isin(TARGETS) & rows["path"].isin(WRITERS)
    return rows.assign(bytes=numbers)[known & (numbers > 0)]


def size_name(size: float, _: Optional[int] = None) -> str:
    """Bytes as 256 or 64 Ki."""
    return f"{size:.0f}" if size < 1024 else f"{size / 1024:g} Ki"


def draw_writer(axes: Axes, rows: pd.DataFrame, a_byte: bool) -> None:
    """One path of writing over the size of a write."""
    colour, mark, line = WRITERS[rows["path"].iloc[0]]
    rows = rows.sort_values("bytes")
    costs = rows[["quiet_ns", *INTERVAL]].div(
        rows["bytes"] if a_byte else 1, axis=0).set_index(rows["bytes"])
    axes.plot(costs["quiet_ns"], marker=mark, ls=line, color=colour, lw=1.1,
              mfc="none" if line else colour, ms=6,
              label=rows["path"].iloc[0])
    known = costs.dropna()
    axes.vlines(known.index, *(known[end] for end in INTERVAL), colour, lw=2)


def draw_target(axes: Axes, rows: pd.DataFrame, a_byte: bool) -> None:
    """All paths of writing to one target."""
    axes.set(xscale="log", yscale="log")
    for path in WRITERS:
        if (rows["path"] == path).any():
            draw_writer(axes, rows[rows["path"] == path], a_byte)
    axes.set_xticks(sorted(rows["bytes"].unique()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(size_name))
    make_log(axes.yaxis)
    axes.grid()


def draw(rows: pd.DataFrame, record: Dict[str, Any]) -> Figure:
    """ns a call and ns a byte over the bytes of a write, by target."""
    targets = [name for name in TARGETS if (rows["group"] == name).any()]
    width = 4.6 * len(targets) + 0.4
    facts = facts_of(record, str(rows["arm"].iloc[0]), width)
    figure, axes = pyplot.subplots(
        2, len(targets), sharex=True, sharey="row", squeeze=False,
        figsize=(width, 7.2 + FACT_INCHES * len(facts)))
    for (line, column), place in np.ndenumerate(axes):
        target = targets[column]
        draw_target(place, rows[rows["group"] == target], line == 1)
    for column, target in enumerate(targets):
        axes[0, column].set_title(f"{target}: {TARGETS[target]}")
        axes[1, column].set_xlabel("bytes a call (log)")
    axes[0, 0].set_ylabel("ns a call (log)")
    axes[1, 0].set_ylabel("ns a byte (log)")
    axes[0, 0].legend()
    top = draw_head(figure, "What a write costs", facts)
    figure.tight_layout(rect=(0, 0, 1, top))
    return figure
