# SPDX-License-Identifier: MIT
"""Draws a fleet's comparison: machines by benchmarks, coloured by how much."""

from typing import List, NamedTuple, Sequence

import numpy as np
import pandas as pd
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis import caption, figure, load, map_caption, verdict
from analysis.cells import Fleet
from analysis.figure import FACT_INCHES, GREY
from analysis.groups import Group

# Brewer's red to blue, which colour-blind readers can tell apart; what is
# slower is marked by its direction too.
COLOURS = "RdBu_r"
MARKS = {verdict.SLOWER: ("^", "black"), verdict.FASTER: ("v", "black"),
         verdict.INCONCLUSIVE: (".", GREY)}
LEGEND = {verdict.SLOWER: "slower", verdict.FASTER: "faster",
          verdict.INCONCLUSIVE: "inconclusive"}

CORNERS = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])

FEW = 14                # machines, and rows: then cells have their number
NUMBERED = (0.52, 0.26)     # inches, as all lengths: a cell's width, height
SMALL = (0.17, 0.115)
LETTER = 0.052          # of a name of 6 points, about
NAME_MOST = 36          # letters
WIDTH_LEAST = 7.5
HEAD_ROWS = 1.5         # of a family's heading, in rows
QUANTILE = 0.98         # of the differences, at the end of the scale
TALL = 40               # machines, from which names stand below too


class Layout(NamedTuple):
    """Where everything lies, in cells from the upper left."""

    y: pd.Series        # of each machine
    x: pd.Series        # of each row
    heads: pd.Series    # y of each family's heading
    height: float       # of all machines
    width: float


def layout_of(found: Fleet, told: Sequence[Group]) -> Layout:
    """Machines by family and by how much they moved; rows that enter first.

    Rows keep the order of the catalogue.
    """
    cells = found.cells
    moved = cells.groupby("machine")["difference_percent"].mean()
    names, y, heads, at = [], [], {}, 0.0
    for group in told:
        if group.kind == "family":
            order = moved.reindex(group.machines.index).sort_values(
                ascending=False, kind="stable").index
            heads[group.name] = at + HEAD_ROWS / 2 - 0.1
            at += HEAD_ROWS
            names += list(order)
            y += list(at + np.arange(len(order)) + 0.5)
            at += len(order) + 0.3
    rows = cells.drop_duplicates("row").set_index("row")["control"]
    rows = rows.sort_values(kind="stable")
    x = pd.Series(np.arange(len(rows)) + 0.5 + 0.6 * rows.to_numpy(),
                  rows.index)
    return Layout(pd.Series(y, names), x, pd.Series(heads, dtype=float), at,
                  float(x.max()) + 0.5)


def scale_of(found: Fleet) -> Normalize:
    """White at nothing, full colour at what nearly all stay under."""
    known = found.cells["difference_percent"].dropna().astype(float).abs()
    most = max(float(known.quantile(QUANTILE)) if len(known) else 0,
               2 * float(found.cells["wanted_percent"].max()))
    return Normalize(-most, most)


def draw_cells(axes: Axes, cells: pd.DataFrame, colours: ScalarMappable
               ) -> None:
    """A rectangle each, exactly one cell in size; what is not known grey."""
    known = cells["difference_percent"].notna().to_numpy()
    faces = colours.to_rgba(cells["difference_percent"].fillna(
        0).to_numpy(float))
    faces[~known] = (0.85, 0.85, 0.85, 1)
    centres = cells[["x", "y"]].to_numpy()[:, np.newaxis]
    axes.add_collection(PolyCollection(
        centres + CORNERS, facecolors=faces, edgecolors="white",
        linewidths=0.4))
    absent = cells[~known]
    axes.plot(absent["x"], absent["y"], "x", color=GREY, ms=3, mew=0.6)


def is_dark(percent: pd.Series, norm: Normalize) -> pd.Series:
    """Where black cannot be read."""
    return percent.abs() > 0.7 * norm.vmax


def draw_marks(axes: Axes, cells: pd.DataFrame, norm: Normalize,
               is_few: bool) -> None:
    """The verdicts, and a frame about what stands out."""
    known = cells[cells["difference_percent"].notna()]
    for name, (mark, colour) in MARKS.items():
        some = known[known["verdict"] == name]
        dark = is_dark(some["difference_percent"], norm)
        for shade, part in ((colour, some[~dark]), ("white", some[dark])):
            axes.plot(part["x"] + (0.36 if is_few else 0), part["y"], mark,
                      color=shade, ms=4 if is_few else 3.4, mew=0)
    out = known[known["stands_out"].to_numpy(bool)]
    axes.add_collection(PolyCollection(
        out[["x", "y"]].to_numpy()[:, np.newaxis] + CORNERS,
        facecolors="none", edgecolors="black", linewidths=1.2))


def draw_numbers(axes: Axes, cells: pd.DataFrame, norm: Normalize) -> None:
    """Each difference in words, where there is room for it."""
    known = cells.dropna(subset=["difference_percent"])
    for cell, dark in zip(known.itertuples(), is_dark(
            known["difference_percent"], norm)):
        axes.text(cell.x - 0.06, cell.y, f"{cell.difference_percent:+.1f}",
                  fontsize=6.5, ha="center", va="center",
                  color="white" if dark else "black")


def names_of(found: Fleet, places: pd.Series) -> List[str]:
    """The machines' names; a question mark where the speed may differ."""
    doubtful = found.machines["reliable"].eq(False)
    return [caption.shortened(load.printable(name), NAME_MOST) +
            (" ?" if doubtful[name] else "") for name in places.index]


def draw_names(axes: Axes, found: Fleet, layout: Layout,
               told: Sequence[Group]) -> None:
    """Machines at the left, rows above, families in the gaps."""
    axes.set_yticks(layout.y, names_of(found, layout.y), fontsize=6)
    axes.set_xticks(layout.x, [caption.shortened(load.printable(
        name), NAME_MOST) for name in layout.x.index], fontsize=6,
        rotation=90)
    tall = len(layout.y) > TALL
    axes.tick_params(length=0, pad=1.5, labeltop=True, labelbottom=tall)
    for group in told:
        if group.kind == "family":
            axes.text(0, layout.heads[group.name], map_caption.head_of(group),
                      fontsize=7, fontweight="bold", va="center")
    for spine in axes.spines.values():
        spine.set_visible(False)


def legend_of(found: Fleet) -> List[Line2D]:
    """What the marks mean, and how many cells have them."""
    counts = found.cells["verdict"].value_counts()
    handles = [Line2D([], [], ls="", color=colour, marker=mark, ms=5, mew=0,
                      label=f"{LEGEND[name]} ({counts.get(name, 0)})")
               for name, (mark, colour) in MARKS.items()]
    out = int(found.cells["stands_out"].sum())
    return [*handles, Line2D(
        [], [], ls="", label="no mark: equivalent "
        f"({counts.get(verdict.EQUIVALENT, 0)})"), Line2D(
        [], [], ls="", marker="s", mfc="none", mec="black", ms=6,
        label=f"stands out among its fellows ({out})")]


def draw_all(axes: Axes, found: Fleet, told: Sequence[Group],
             layout: Layout, is_few: bool) -> ScalarMappable:
    """Cells, marks and names; the colours that were used."""
    axes.set(xlim=(0, layout.width), ylim=(layout.height, 0))
    cells = found.cells.assign(x=found.cells["row"].map(layout.x),
                               y=found.cells["machine"].map(layout.y))
    norm = scale_of(found)
    colours = ScalarMappable(norm, COLOURS)
    draw_cells(axes, cells, colours)
    draw_marks(axes, cells, norm, is_few)
    if is_few:
        draw_numbers(axes, cells, norm)
    draw_names(axes, found, layout, told)
    return colours


def draw_key(drawn: Figure, found: Fleet, colours: ScalarMappable,
             top: float) -> None:
    """What colours and marks mean, below this share of the height."""
    width, height = drawn.get_size_inches()
    bar = drawn.add_axes([0.2 / width, top - 0.18 / height, 2.2 / width,
                          0.1 / height])
    drawn.colorbar(colours, cax=bar, orientation="horizontal",
                   extend="both")
    bar.tick_params(labelsize=6.5, length=2, pad=1)
    drawn.text(2.6 / width, top - 0.14 / height,
               "per cent slower (red) or faster (blue) after",
               fontsize=7, va="center")
    drawn.legend(handles=legend_of(found), loc="upper left", ncol=5,
                 bbox_to_anchor=(0.1 / width, top - 0.36 / height),
                 fontsize=6.5, columnspacing=1.0, handletextpad=0.3)


def draw(found: Fleet, told: Sequence[Group]) -> Figure:
    """The heat map; as large as so many machines and rows need."""
    layout = layout_of(found, told)
    is_few = len(layout.y) <= FEW and len(layout.x) <= FEW
    cell = NUMBERED if is_few else SMALL
    left = 0.2 + LETTER * max(map(len, names_of(found, layout.y)))
    above = 0.1 + LETTER * min(NAME_MOST, layout.x.index.str.len().max())
    below = above if len(layout.y) > TALL else 0.1
    wide, high = layout.width * cell[0], layout.height * cell[1]
    heads = LETTER * 1.25 * max(
        len(map_caption.head_of(group)) for group in told
        if group.kind == "family")
    width = max(left + max(wide, heads) + 0.2, WIDTH_LEAST)
    facts = figure.wrapped(map_caption.facts_of(found), width)
    head = 1.2 + FACT_INCHES * len(facts)
    height = head + above + high + below
    drawn = pyplot.figure(figsize=(width, height))
    axes = drawn.add_axes([left / width, below / height, wide / width,
                           high / height])
    colours = draw_all(axes, found, told, layout, is_few)
    top = figure.draw_head(drawn, map_caption.title_of(found), facts)
    draw_key(drawn, found, colours, top)
    return drawn
