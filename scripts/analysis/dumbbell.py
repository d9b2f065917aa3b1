# SPDX-License-Identifier: MIT
"""Draws a comparison: each row's cost before and after, and the verdict."""

from typing import Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np
import pandas as pd
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis import (caption, crossing, figure, load, quiet, rows, sentences,
                      verdict)
from analysis.comparison import Compared, Wanted
from analysis.figure import BLUE, FACT_INCHES, GREEN, GREY, ORANGE, RED
from analysis.ladder import in_order

# A verdict: colour, mark of the cost after.
VERDICTS = {
    verdict.SLOWER: (RED, "o"), verdict.FASTER: (BLUE, "D"),
    verdict.EQUIVALENT: (GREEN, "s"), verdict.INCONCLUSIVE: (ORANGE, "^"),
}

WIDTH = 9.8             # inches, as all lengths
ROW = 0.165
LETTER = 0.062          # of a row's name, about
NAME_MOST = 44          # letters of a row's name
# Beside the axes: where these end, the last one begins, and all ends.
DIFFERENCE, PERCENT, VERDICT, RIGHT = 0.9, 1.75, 1.85, 2.75
LEGEND_COLUMNS = 4
LEGEND_ROW = 0.17
GAP = 0.6               # rows between groups
TALL = 40               # rows, from which the axis stands at the top too


class Lines(NamedTuple):
    """What is drawn, from the top: rows with y, and where controls begin."""

    rows: pd.DataFrame
    controls_y: float       # NaN: there are none
    least_y: float


def intervals_of(side: pd.DataFrame) -> pd.DataFrame:
    """low and high of each benchmark's median over units; index benchmark."""
    found = {name: quiet.interval(side[name].dropna().to_numpy(float))[1:3]
             for name in side if side[name].notna().any()}
    return pd.DataFrame.from_dict(found, "index", columns=["low", "high"])


def costs_of(one: Compared) -> pd.DataFrame:
    """The rows that both sides have, with intervals, group and variant.

    Columns: those of the comparison, before_low, before_high, after_low and
    after_high (ns), and those of rows.split_names().
    """
    both = one.rows.dropna(subset=["before_ns", "after_ns"])
    for name, side in (("before_", one.pair.found.before),
                       ("after_", one.pair.found.after)):
        both = both.join(intervals_of(side).add_prefix(name))
    named = both.assign(flags="", quiet_ns=both["before_ns"])
    return rows.split_names(named.reset_index(drop=True),
                            one.pair.first[0].record)


def placed(groups: Sequence[pd.DataFrame], top: float) -> pd.DataFrame:
    """The groups' rows with y; a gap where a group has several rows."""
    counts = np.array([len(group) for group in groups])
    gaps = GAP * (np.maximum(counts[1:], counts[:-1]) > 1)
    tops = top - np.concatenate([[0], (counts[:-1] + gaps).cumsum()])
    return pd.concat([group.assign(y=first - np.arange(len(group)))
                      for first, group in zip(tops, groups)])


def lines_of(costs: pd.DataFrame) -> Lines:
    """Rows that enter the kernel by group and cost, then those that do not."""
    control = costs["control"].eq(True)
    found, head, y = [], np.nan, 0.0
    if not control.all():
        found.append(placed(in_order(costs[~control]), y))
        y = found[0]["y"].min() - 1.6
    if control.any():
        head = y
        found.append(placed(in_order(costs[control]), head - 1))
    whole = pd.concat(found)
    return Lines(whole, head, float(whole["y"].min()))


def draw_ends(axes: Axes, shown: pd.DataFrame, side: str, colour: str) -> None:
    """The intervals of one side, where there are any, with caps."""
    known = shown.dropna(subset=[f"{side}_low", f"{side}_high"])
    for end in "low", "high":
        axes.plot(known[f"{side}_{end}"], known["y"], "|", color=colour, ms=5,
                  mew=0.9)
    axes.hlines(known["y"], known[f"{side}_low"], known[f"{side}_high"],
                colour, lw=0.9)


def draw_rows(axes: Axes, shown: pd.DataFrame, name: str) -> None:
    """The rows of one verdict: bar, cost before, cost after."""
    colour, mark = VERDICTS[name]
    axes.hlines(shown["y"], shown["before_ns"], shown["after_ns"], colour,
                lw=3.2, alpha=0.35)
    draw_ends(axes, shown, "before", GREY)
    draw_ends(axes, shown, "after", colour)
    axes.plot(shown["before_ns"], shown["y"], "o", mec=GREY, mfc="white",
              ms=4.8, mew=1.0)
    axes.plot(shown["after_ns"], shown["y"], mark, color=colour, ms=3.6,
              mew=0)


def draw_tax(axes: Axes, shown: pd.DataFrame, tax_ns: float) -> None:
    """Above each row that enters, where the common tax alone would put it."""
    entering = shown[shown["entries"] >= crossing.ENTERS_FROM]
    where = entering["before_ns"] + tax_ns * entering["entries"]
    kept = where > 0
    axes.plot(where[kept], entering["y"][kept] + 0.36, "v", color="black",
              ms=2.8, mew=0)


def draw_text(axes: Axes, y: float, inches: float, text: str, side: str,
              colour: str = "black") -> None:
    """A text beside the axes, so many inches from their right end."""
    axes.annotate(text, (1, y), (72 * inches, 0), fontsize=7, va="center",
                  ha=side, color=colour, textcoords="offset points",
                  xycoords=axes.get_yaxis_transform())


def draw_texts(axes: Axes, shown: pd.DataFrame, doubtful: bool) -> None:
    """Names at the left; difference and verdict at the right."""
    names = [caption.shortened(load.printable(name), NAME_MOST)
             for name in shown["benchmark"]]
    axes.set_yticks(shown["y"], names, fontsize=7)
    for row in shown.itertuples():
        draw_text(axes, row.y, DIFFERENCE,
                  sentences.signed_ns(row.difference_ns), "right")
        draw_text(axes, row.y, PERCENT,
                  sentences.pct(row.difference_percent), "right")
        draw_text(axes, row.y, VERDICT,
                  row.verdict + (" ?" if doubtful else ""), "left",
                  VERDICTS[row.verdict][0])


def draw_controls_head(axes: Axes, lines: Lines) -> None:
    """What stands apart: rows that must not care about a kernel."""
    if np.isfinite(lines.controls_y):
        axes.axhspan(lines.least_y - 0.6, lines.controls_y - 0.4,
                     color="#f2f2f2", lw=0, zorder=0)
        axes.text(0, lines.controls_y, "in user space: controls, which no "
                  "kernel should move", fontsize=7.5, fontweight="bold",
                  va="center", transform=axes.get_yaxis_transform())


def draw_all(axes: Axes, lines: Lines, one: Compared) -> None:
    """All rows, from the top down."""
    ends = lines.rows[["before_ns", "after_ns", "before_low", "after_low",
                       "before_high", "after_high"]]
    axes.set(xscale="log", ylim=(lines.least_y - 0.8, 0.8),
             xlim=(ends.min().min() / 1.5, ends.max().max() * 1.5),
             xlabel="ns a call on a quiet core (log)")
    draw_controls_head(axes, lines)
    for name, shown in lines.rows.groupby("verdict"):
        draw_rows(axes, shown, str(name))
    if caption.has_tax(one):
        draw_tax(axes, lines.rows, one.tax.estimate)
    draw_texts(axes, lines.rows, one.reliable is False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labeltop=len(lines.rows) > TALL)
    axes.spines["left"].set_visible(False)
    figure.make_log(axes.xaxis)


def legend_of(one: Compared, shown: pd.DataFrame) -> List[Line2D]:
    """What the marks mean."""
    counts = shown["verdict"].value_counts()
    handles = [Line2D([], [], color=GREY, marker="o", mfc="white", ls="",
                      ms=4.8, label="before")]
    handles += [
        Line2D([], [], color=colour, marker=mark, ms=3.6, lw=3.2, alpha=0.8,
               label=f"after: {name} ({counts[name]})")
        for name, (colour, mark) in VERDICTS.items() if name in counts]
    handles.append(Line2D([], [], color="black", marker="|", ms=5, lw=0.9,
                          label=caption.interval_name(one.pair.found)))
    if caption.has_tax(one):
        handles.append(Line2D(
            [], [], color="black", marker="v", ls="", ms=2.8, mew=0,
            label="by one constant: "
            f"{sentences.signed_ns(one.tax.estimate)} an entry"))
    return handles


def draw(one: Compared, wanted: Wanted) -> Figure:
    """The dumbbells of a pair; the more rows, the higher."""
    lines = lines_of(costs_of(one))
    facts = figure.wrapped(caption.facts_of(one, wanted), WIDTH)
    handles = legend_of(one, lines.rows)
    head = LEGEND_ROW * -(-len(handles) // LEGEND_COLUMNS) + (
        0.45 if len(lines.rows) > TALL else 0.25)
    height = (1.0 + head + FACT_INCHES * len(facts) +
              ROW * (1.6 - lines.least_y))
    drawn, axes = pyplot.subplots(figsize=(WIDTH, height))
    draw_all(axes, lines, one)
    top = figure.draw_head(drawn, caption.title_of(one), facts)
    drawn.legend(handles=handles, loc="upper left", ncol=LEGEND_COLUMNS,
                 bbox_to_anchor=(0.01, top), columnspacing=1.5)
    left = 0.25 + LETTER * min(NAME_MOST,
                               lines.rows["benchmark"].str.len().max())
    drawn.subplots_adjust(left=left / WIDTH, right=1 - RIGHT / WIDTH,
                          bottom=0.5 / height, top=top - head / height)
    return drawn


def pictures(found: Sequence[Compared], wanted: Wanted
             ) -> Iterator[Tuple[str, Figure]]:
    """A picture of each pair, with a name for its file."""
    for one in found:
        arm = one.pair.before.split()[-1]
        yield (f"before-after-{arm}" if len(found) > 1 else "before-after",
               draw(one, wanted))
