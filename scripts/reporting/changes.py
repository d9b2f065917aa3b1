# SPDX-License-Identifier: MIT
"""The pictures of a comparison: costs before and after, and the difference."""

from typing import List, Tuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis import dumbbell, load, sentences
from analysis.comparison import Compared
from analysis.dumbbell import VERDICTS
from analysis.figure import GREY
from reporting import drawing, names, text
from reporting.drawing import GRID, INK, PAPER
from reporting.section import Picture

HALF_MOST = 400.0       # per cent that an axis shows to either side
HEAD = range(4)         # marks of a legend, about
DIFFERENCE = ["difference_percent", "ci_low_percent", "ci_high_percent"]


def chosen(one: Compared, most: int) -> pd.DataFrame:
    """The rows that are shown: the ladder's, and those that changed most.

    What enters the kernel first, cheapest first, then the controls.
    """
    costs = dumbbell.costs_of(one).set_index("benchmark", drop=False)
    steps = costs.index.isin(list(names.STEPS))
    moved = costs["verdict"].isin(["slower", "faster"])
    size = costs["difference_percent"].abs() + 1e9 * steps
    few = np.sum(steps | moved) < names.ENOUGH
    kept = costs.assign(size=size)[steps | moved | few]
    kept = kept.nlargest(most, "size", keep="first")
    return kept.assign(control=kept["control"].eq(True)).sort_values(
        ["control", "before_ns"], kind="stable")


def labels_of(rows: pd.DataFrame) -> List[str]:
    """Names that fit beside the axes."""
    return [names.shortened(load.printable(name)) for name in rows.index]


def handles(rows: pd.DataFrame, first: str) -> List[Line2D]:
    """What marks and colours mean."""
    before = [Line2D([], [], color=GREY, marker="o", mfc=PAPER, ls="", ms=7,
                     label=first)] if first else []
    return before + [
        Line2D([], [], color=colour, marker=mark, ls="", ms=6,
               label=f"after: {name}" if first else name)
        for name, (colour, mark) in VERDICTS.items()
        if rows["verdict"].eq(name).any()]


def axes_of(rows: pd.DataFrame, right: float, marks: List[Line2D]
            ) -> Tuple[Figure, Axes]:
    """Axes with a row each, the controls on a ground of their own.

    Both pictures have the same head, so that their rows lie side by side.
    """
    figure, axes = drawing.ladder_axes(labels_of(rows), right,
                                       drawing.head_of(HEAD))
    count = int(rows["control"].sum())
    if count:
        axes.axhspan(0.5 - len(rows), 0.5 - len(rows) + count, color=GRID,
                     alpha=0.45, lw=0, zorder=0)
    drawing.legend(figure, marks)
    return figure, axes


def draw_costs(rows: pd.DataFrame, name: str, sides: str) -> Picture:
    """Each row's cost before and after, with intervals, on a log axis."""
    figure, axes = axes_of(rows, 14, handles(rows, "before"))
    for place, (_, row) in enumerate(rows.iterrows()):
        colour, mark = VERDICTS[row["verdict"]]
        axes.hlines(-place, row["before_ns"], row["after_ns"], colour, lw=5,
                    alpha=0.35)
        for side, tone, y in (("before", GREY, -place + 0.2),
                              ("after", colour, -place - 0.2)):
            if np.isfinite(row[[f"{side}_low", f"{side}_high"]].astype(
                    float)).all():
                axes.hlines(y, row[f"{side}_low"], row[f"{side}_high"], tone,
                            lw=1.8)
        axes.plot(row["before_ns"], -place, "o", mec=GREY, mfc=PAPER, ms=8,
                  mew=1.4)
        axes.plot(row["after_ns"], -place, mark, color=colour, ms=5, mew=0)
    ends = rows[["before_ns", "after_ns", "before_low", "after_low",
                 "before_high", "after_high"]].astype(float)
    drawing.log_axis(axes, ends.min().min(), ends.max().max(),
                     "a call on a quiet core (log)")
    each = [f"{row.benchmark} {text.time(row.before_ns)} before, "
            f"{text.time(row.after_ns)} after: {row.verdict}"
            for row in rows.itertuples()]
    return Picture(name, f"{sides}: costs", load.printable(
        f"Each row's cost before and after: {'; '.join(each)}."), figure)


def reach_of(rows: pd.DataFrame) -> float:
    """How far the axis of differences goes, %."""
    ends = rows[DIFFERENCE].abs().replace(np.inf, np.nan)
    far = np.nanmax([ends["difference_percent"].max(),
                     ends.max(axis=1).quantile(0.9), 2.0])
    return float(min(1.15 * far, HALF_MOST))


def draw_shares(rows: pd.DataFrame, name: str, sides: str) -> Picture:
    """Each row's difference in per cent with its interval, about nothing."""
    marks = handles(rows, "")
    figure, axes = axes_of(rows, 66, marks)
    reach = reach_of(rows)
    for place, (_, row) in enumerate(rows.iterrows()):
        colour, mark = VERDICTS[row["verdict"]]
        ends = [float(row[end]) for end in DIFFERENCE]
        least = row["smallest_effect_percent"]
        axes.fill_between([-least, least], -place - 0.4, -place + 0.4,
                          color=GREY, alpha=0.18, lw=0)
        if np.isfinite(ends[1:]).all():
            axes.hlines(-place, *np.clip(ends[1:], -reach, reach), colour,
                        lw=2)
        axes.plot(np.clip(ends[0], -reach, reach), -place, mark,
                  color=colour, ms=6, mew=0)
        drawing.beside(axes, -place, sentences.pct(ends[0]), 64)
    axes.axvline(0, color=INK, lw=0.8)
    axes.set(xlim=(-reach, reach), xlabel="difference, % of the cost before")
    each = [f"{row.benchmark} {sentences.pct(row.difference_percent)} "
            f"{sentences.span(row.ci_low_percent, row.ci_high_percent)}: "
            f"{row.verdict}" for row in rows.itertuples()]
    return Picture(name, f"{sides}: difference",
                   load.printable(f"Each row's difference with its interval:"
                                  f" {'; '.join(each)}."), figure)
