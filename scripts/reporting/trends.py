# SPDX-License-Identifier: MIT
"""How a few benchmarks of a fleet went over kernels, by a history."""

from argparse import Namespace
from itertools import groupby
from pathlib import Path
from typing import Any, Dict, Iterable, List, Sequence, Tuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis import load
from analysis.cells import Fleet
from analysis.figure import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY
from analysis.sentences import number_of
from archive import database, identity, trending
from archive.trending import Point
from reporting import drawing, names, text
from reporting.section import Picture, Section

ROWS = ("invalid/inline", "getppid/libc", "clock_gettime/vdso",
        "write/libc/1", "page_fault/write/anonymous",
        "switch_same/pipe/processes")
PICTURES_MOST = 4
LINES_MOST = 12         # beyond: the median over machines and a band
KERNELS_MOST = 40       # the last ones
TICKS_MOST = 8
BAND = (10, 50, 90)     # percentiles over machines
HEIGHT, BELOW = 210, 76     # points of the axes, and below them
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, GREY)
MARKS = "osD^vP"
WHOLE = Namespace(machine=None, kernel=None, label=None, state=None,
                  since=None, until=None)

Lines = List[List[Point]]   # each of one machine in one state
Kernel = Tuple[str, str]    # what it is ordered by, and its release


def keys_of(found: Fleet) -> List[str]:
    """The fleet's machines as a history knows them."""
    return [identity.machine_of(load.record(one.after[-1])).key
            for one in found.members]


def points_of(path: Path, keys: Iterable[str]) -> Dict[str, List[Point]]:
    """The points of each of ROWS that the history has, of these machines."""
    wanted, found = set(keys), {}
    with database.reading(path) as connection:
        known = {name for name, in connection.execute(
            "SELECT name FROM benchmark")}
        for name in known.intersection(ROWS):
            runs = trending.runs_of(connection, Namespace(
                **vars(WHOLE), benchmark=name))
            found[name] = trending.points_of(
                [run for run in runs if run.machine in wanted], "kernel")
    return found


def chosen(found: Dict[str, List[Point]]) -> List[str]:
    """The benchmarks that most machines have, in the order of ROWS."""
    counts = {name: len({point.machine for point in points})
              for name, points in found.items() if points}
    most = sorted(counts, key=lambda name: (-counts[name],
                                            ROWS.index(name)))
    return sorted(most[:PICTURES_MOST], key=ROWS.index)


def kernel_of(point: Point) -> Kernel:
    """What orders a point."""
    return point.kernel, point.release


def lines_of(points: Sequence[Point]) -> Lines:
    """The points of the last kernels, a line a machine and state."""
    last = set(sorted(set(map(kernel_of, points)))[-KERNELS_MOST:])
    return [list(group) for _, group in groupby(
        (point for point in points if kernel_of(point) in last),
        lambda point: (point.machine, point.state))]


def label_of(line: Sequence[Point], lines: Lines) -> str:
    """A line's name; its state where the machine has several."""
    first = line[0]
    alike = sum(other[0].machine == first.machine for other in lines)
    said = load.printable(f"{first.name} {first.state}" if alike > 1
                          else first.name)
    # A legend leaves out a label that begins with _.
    mark = " " if said.startswith("_") else ""
    emulated = " (emulated)" if first.emulated else ""
    return f"{mark}{names.shortened(said, 20)}{emulated}"


def draw_each(axes: Axes, lines: Lines, places: Dict[Kernel, int]
              ) -> List[Line2D]:
    """A line a machine and state; an emulator's is dashed."""
    for place, line in enumerate(lines):
        axes.plot([places[kernel_of(point)] for point in line],
                  [point.quiet for point in line],
                  "--" if line[0].emulated else "-",
                  color=COLOURS[place % len(COLOURS)], lw=1.2, ms=4,
                  marker=MARKS[place % len(MARKS)],
                  label=label_of(line, lines))
    return list(axes.lines)


def band_of(lines: Lines, places: Dict[Kernel, int]) -> np.ndarray:
    """Percentiles over lines (3) at each kernel (n): array n by 3."""
    at: Dict[int, List[float]] = {place: [] for place in places.values()}
    for line in lines:
        for point in line:
            at[places[kernel_of(point)]].append(point.quiet)
    return np.array([np.percentile(at[place], BAND) for place in sorted(at)])


def draw_band(axes: Axes, band: np.ndarray) -> List[Any]:
    """The median over machines, and the band that most lie in."""
    x = np.arange(len(band))
    known = [axes.fill_between(x, band[:, 0], band[:, 2], color=BLUE,
                               alpha=0.25, lw=0, label="10 – 90 %")]
    return [*axes.plot(x, band[:, 1], "o-", color=BLUE, lw=1.5, ms=4,
                       label="median over machines"), *known]


def axes_for(places: Dict[Kernel, int], rows: int) -> Tuple[Figure, Axes]:
    """Axes with the kernels below, under a legend of so many rows."""
    head = drawing.head_of(range(2 * rows))
    figure, axes = drawing.blank(head + HEIGHT + BELOW, 62, 12, head, BELOW)
    step = -(-len(places) // TICKS_MOST)
    shown = list(places)[::step]
    axes.set_xticks([places[one] for one in shown], [names.shortened(
        load.printable(release), 16) for _, release in shown], rotation=35,
        ha="right", fontsize=10)
    axes.set_ylabel("ns a call")
    axes.margins(y=0.15)
    axes.grid(axis="y")
    return figure, axes


def said_of(lines: Lines, band: np.ndarray, kernels: Sequence[Kernel]
            ) -> str:
    """What a picture shows, in words."""
    over = (f"over {number_of(len(kernels), 'kernel')}, "
            f"{kernels[0][1]} to {kernels[-1][1]}")
    if len(lines) > LINES_MOST:
        first, last = ("{1} ({0} to {2})".format(*map(text.time, ends))
                       for ends in (band[0], band[-1]))
        return (f"The median over {len(lines)} lines, a machine in a state "
                f"each, with 10 to 90 %, {over}: {first}, then {last}.")
    each = [f"{label_of(line, lines)} {text.time(line[0].quiet)}, then "
            f"{text.time(line[-1].quiet)}" for line in lines]
    return f"A line a machine, {over}: {'; '.join(each)}."


def draw(name: str, points: Sequence[Point], place: int) -> Picture:
    """A benchmark's picture."""
    lines = lines_of(points)
    real = [line for line in lines if not line[0].emulated]
    if len(lines) > LINES_MOST and real:    # an emulator's ns are no others'
        lines = real
    kernels = sorted({kernel_of(point) for line in lines for point in line})
    places = {kernel: at for at, kernel in enumerate(kernels)}
    many = len(lines) > LINES_MOST
    figure, axes = axes_for(places, 1 if many else -(-len(lines) // 2))
    band = band_of(lines, places)
    drawing.legend(figure, draw_band(axes, band) if many else
                   draw_each(axes, lines, places))
    axes.set_ylim(bottom=0)
    return Picture(f"trend-{place}", f"{name}: cost on a quiet core",
                   load.printable(said_of(lines, band, kernels)), figure)


def make(found: Fleet, path: Path) -> Section:
    """The section; path: the history."""
    keys = keys_of(found)
    points = points_of(path, keys)
    pictures = [draw(name, points[name], place)
                for place, name in enumerate(chosen(points), 1)]
    known = {point.machine for several in points.values()
             for point in several}
    lines = [f"Of these {number_of(len(keys), 'machine')} the history "
             f"{load.printable(path.name)} knows {len(known)}.", *(
                 ["A point is a kernel: the median over its boots. Beyond "
                  f"{LINES_MOST} lines the median over machines in a state "
                  "is shown; not every kernel ran on each of them."]
                 if pictures else [])]
    return Section("trends", "Over kernels", "trends.html", {
        "lines": lines, "names": [one.name for one in pictures]}, pictures,
        nav="Trends")
