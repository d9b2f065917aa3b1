# SPDX-License-Identifier: MIT
"""What the page's pictures share: their size, their style, their colours.

They are drawn narrow, so that they can be read on a phone, and stand side by
side on a screen. Lengths are in points, which are CSS pixels there.
"""

import warnings
from functools import partial
from typing import Any, Dict, List, Optional, Sequence, Tuple

import matplotlib
import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from analysis import ladder
from analysis.figure import GREY, STYLE, make_log

WIDTH = 430
ROW = 28            # points a row of a ladder
SIZE = 12.5         # points of the text
NARROW, WIDE = ".,:;/|()[]ijlrtfI1 '", "mwMW@%"
DECADES = ("ns", "µs", "ms", "s")
LEGEND_ROW = 1.42 * SIZE
FOOT = 46           # points below the axes
INK, GRID, PAPER = "#111111", "#d8d8d8", "#ffffff"

PAGE_STYLE: Dict[str, Any] = {
    **STYLE, "svg.fonttype": "none", "font.family": "sans-serif",
    "font.size": SIZE, "axes.edgecolor": GREY, "axes.labelcolor": INK,
    "text.color": INK, "xtick.color": INK, "ytick.color": INK,
    "xtick.labelcolor": INK, "ytick.labelcolor": INK, "grid.color": GRID,
    "xtick.major.size": 3, "axes.linewidth": 0.8, "legend.fontsize": SIZE,
    "axes.labelsize": SIZE, "axes.axisbelow": True,
}

# A way of entering: what the legend calls it here, for short. The marks differ
# as well as the colours, for whoever sees or prints none.
SHORT = {
    "user": "user space", "vdso": "vDSO", "buffered": "stdio's buffer",
    "gathered": "one entry for many", "kernel": "system call",
    "exception": "exception", "legacy": "legacy gate",
}
WAYS = {way: (name, *ladder.WAYS[way][1:]) for way, name in SHORT.items()}


def use_style() -> None:
    """Draw as the pages do."""
    matplotlib.use("Agg")
    rcParams.update(PAGE_STYLE)
    warnings.filterwarnings("ignore", message="Glyph")  # the font lacks


def blank(height: float, left: float, right: float, top: float,
          bottom: float) -> Tuple[Figure, Axes]:
    """A figure with axes; margins in points."""
    figure = Figure(figsize=(WIDTH / 72, height / 72))
    axes = figure.add_axes((left / WIDTH, bottom / height,
                            (WIDTH - left - right) / WIDTH,
                            (height - top - bottom) / height))
    return figure, axes


def width_of(label: str) -> float:
    """About how many points a text takes, in any usual face."""
    return SIZE * sum(0.4 if letter in NARROW else
                      0.92 if letter in WIDE else 0.61 for letter in label)


def ladder_axes(labels: Sequence[str], right: float, head: float
                ) -> Tuple[Figure, Axes]:
    """Axes with a row for each label from the top, and room at the right.

    Row i lies at y = -i; head: points above the first.
    """
    left = 12 + max(map(width_of, labels), default=0)
    height = head + ROW * len(labels) + FOOT
    figure, axes = blank(height, left, right, head, FOOT)
    axes.set_ylim(0.5 - len(labels), 0.5)
    axes.set_yticks([-place for place in range(len(labels))], labels)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    return figure, axes


def beside(axes: Axes, y: float, text: str, points: float, **more: Any
           ) -> None:
    """A text at the right of the axes that ends so many points from them."""
    axes.annotate(text, (1, y), (points, 0), va="center", ha="right",
                  textcoords="offset points",
                  xycoords=axes.get_yaxis_transform(), **more)


def log_axis(axes: Axes, low: float, high: float, label: str) -> None:
    """A log axis of x that holds both ends, with some room."""
    start = min(low / 1.35, 0.9 * 10 ** np.floor(np.log10(low)))
    axes.set(xscale="log", xlim=(start, high * 1.35), xlabel=label)
    make_log(axes.xaxis)
    if high > 100 * low:
        axes.xaxis.set_major_locator(LogLocator(10, numticks=12))
        axes.xaxis.set_major_formatter(FuncFormatter(
            partial(tick_time, room=decade_of(axes))))


def decade_of(axes: Axes) -> float:
    """How many points of a log axis of x a power of ten takes."""
    low, high = np.log10(axes.get_xlim())
    width = axes.get_position().width * axes.figure.get_figwidth() * 72
    return width / (high - low)


def tick_time(ns: float, _: Optional[int] = None, *, room: float) -> str:
    """A power of ten of nanoseconds, in so many points of room.

    Where not all have room the unit stands at its 1 only, and then that only.
    """
    place = int(np.floor(np.log10(ns) + 1e-9))
    if place < 0:
        return ""
    unit, power = DECADES[min(place // 3, len(DECADES) - 1)], place % 3
    short = f"{10 ** power}"
    if power == 0 or room > width_of("100 ns") + 6:
        return f"{short} {unit}"
    return short if room > width_of("1 µs") + 9 else ""


def head_of(handles: Sequence[Any], columns: int = 2) -> float:
    """Points that a legend takes at the top."""
    return 12 + LEGEND_ROW * -(-len(handles) // columns)


def legend(figure: Figure, handles: List[Any], columns: int = 2) -> None:
    """A legend at the very top."""
    figure.legend(handles=handles, loc="upper left", ncol=columns,
                  bbox_to_anchor=(0, 1),
                  columnspacing=1.2, handletextpad=0.4, borderpad=0,
                  borderaxespad=0.2, labelspacing=0.35)
