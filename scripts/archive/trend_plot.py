# SPDX-License-Identifier: MIT
"""Draws how a benchmark's cost went: a panel a machine, a line a state."""

import warnings
from argparse import Namespace
from itertools import groupby
from typing import Any, Dict, List, Sequence, Tuple

import matplotlib
from matplotlib import pyplot
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.figure import (BLUE, FACT_INCHES, GREEN, ORANGE, PURPLE, RED,
                             SKY, STYLE, draw_head, wrapped)
from analysis.output import BadInput, printable
from archive.listing import EMULATED
from archive.trending import Point

WIDTH, PANEL = 9.8, 2.0         # inches
PANELS_MOST = 12
TICKS_MOST = 24                 # on the axis below
NAME_MOST = 48                  # characters
LINES = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "D"), (PURPLE, "^"),
         (SKY, "v"))

Places = Dict[Any, int]         # of points on the axis below


def place_of(point: Point, by: str) -> Tuple[str, ...]:
    """What orders a point."""
    return ((point.kernel, point.release) if by == "kernel"
            else (point.started,))


def places_of(points: Sequence[Point], by: str) -> Places:
    """Where each kernel, or each time, stands."""
    each = sorted({place_of(point, by) for point in points})
    return {one: place for place, one in enumerate(each)}


def name_of(point: Point, by: str) -> str:
    """What stands below a point."""
    name = point.release if by == "kernel" else point.started[:16]
    return printable(name)[:NAME_MOST]


def draw_line(axes: Axes, points: Sequence[Point], places: Places, by: str,
              look: Tuple[str, str]) -> None:
    """One state's points with their intervals; doubtful ones hollow."""
    colour, mark = look
    x = [places[place_of(point, by)] for point in points]
    dashes = "--" if points[0].emulated else "-"
    axes.plot(x, [point.quiet for point in points], dashes, color=colour,
              linewidth=1, marker=mark, markersize=4,
              label=printable(points[0].state)[:NAME_MOST])
    for place, point in zip(x, points):
        if point.low is not None and point.high is not None:
            axes.vlines(place, point.low, point.high, color=colour)
        if point.serious:
            axes.plot(place, point.quiet, mark, markersize=6,
                      markerfacecolor="white", markeredgecolor=RED)


def title_of(point: Point) -> str:
    """What a panel is of."""
    emulated = [f"{EMULATED} ({point.emulated})"] if point.emulated else []
    return " · ".join(printable(part)[:NAME_MOST] for part in (
        point.name, point.model, *emulated))


def draw_panel(axes: Axes, points: Sequence[Point], places: Places, by: str
               ) -> None:
    """A machine: a line a state."""
    lines = [list(group) for _, group in
             groupby(points, lambda point: point.state)]
    for number, line in enumerate(lines):
        draw_line(axes, line, places, by, LINES[number % len(LINES)])
    axes.set_title(title_of(points[0]), loc="left",
                   color=RED if points[0].emulated else "black")
    axes.set_ylabel("ns a call")
    axes.grid(axis="y")
    axes.margins(y=0.15)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title="state")


def draw_axis(axes: Axes, points: Sequence[Point], places: Places, by: str
              ) -> None:
    """Names below the last panel, no more than there is room for."""
    names = {places[place_of(point, by)]: name_of(point, by)
             for point in points}
    step = -(-len(names) // TICKS_MOST)
    shown = sorted(names)[::step]
    axes.set_xticks(shown, [names[place] for place in shown], rotation=40,
                    ha="right")


def panels_of(points: Sequence[Point]) -> List[List[Point]]:
    """Each machine's points, those with the most first."""
    found = [list(group) for _, group in
             groupby(points, lambda point: point.machine)]
    return sorted(found, key=lambda group: -len(group))


def facts_of(panels: Sequence[List[Point]], by: str) -> List[str]:
    """What the picture cannot say by itself."""
    left = len(panels) - PANELS_MOST
    interval = ("an interval: over 6 and more boots 95 % of the median, else "
                "the range; of one run its own" if by == "kernel" else
                "a point is a run, with the interval over its launches")
    return [interval, "red and hollow: a run in it is incomplete or has a "
            "serious doubt",
            *([f"{left} more machines are not shown: --machine"]
              if left > 0 else [])]


def draw(points: Sequence[Point], benchmark: str, by: str) -> Figure:
    """The whole picture."""
    panels = panels_of(points)
    facts = wrapped(facts_of(panels, by), WIDTH)
    panels = panels[:PANELS_MOST]
    shown = [point for panel in panels for point in panel]
    places = places_of(shown, by)
    head = 0.75 + FACT_INCHES * len(facts)
    figure, all_axes = pyplot.subplots(
        len(panels), squeeze=False, sharex=True,
        figsize=(WIDTH, head + PANEL * len(panels) + 0.8))
    for axes, panel in zip(all_axes[:, 0], panels):
        draw_panel(axes, panel, places, by)
    draw_axis(all_axes[-1, 0], shown, places, by)
    title = f"{printable(benchmark)[:NAME_MOST]}: cost on a quiet core"
    top = draw_head(figure, title, facts)
    height = figure.get_figheight()
    figure.subplots_adjust(0.08, 1.0 / height, 0.78, top - 0.25 / height,
                           hspace=0.25)
    return figure


def save(points: Sequence[Point], given: Namespace) -> None:
    """Write the picture; the same history gives the same bytes."""
    matplotlib.use("Agg")
    matplotlib.rcParams.update(STYLE)
    warnings.filterwarnings("ignore", message="Glyph")
    figure = draw(points, given.benchmark, given.by)
    kept = {"Date": None} if given.plot.suffix == ".svg" else {}
    try:
        figure.savefig(given.plot, metadata=kept)
    except OSError as problem:
        raise BadInput(f"{given.plot}: {problem.strerror}") from None
    pyplot.close(figure)
