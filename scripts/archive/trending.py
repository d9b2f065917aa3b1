# SPDX-License-Identifier: MIT
"""How a benchmark's cost went over kernels or time, machine by machine.

A line is a machine in one state: figures of another state are no figures of
the same thing. A point is a kernel: the median over its boots, each by the
median of its runs. Over time a point is a run.
"""

import sqlite3
from argparse import Namespace
from itertools import groupby
from math import comb
from typing import (Any, Callable, Dict, Iterable, List, NamedTuple, Optional,
                    Sequence, Tuple)

from analysis.output import BadInput, printable
from archive import asking, cells, database
from archive.listing import EMULATED

BOOTS_LEAST = 6         # fewer have no 95 % interval of their median
BEYOND = 0.025          # a side
HEAD = ("machine", "state", "kernel", "started", "quiet_ns", "low_ns",
        "high_ns", "of", "marks", "emulated")
ALIKE_MOST = 5


class Run(NamedTuple):
    """A run's figure of the benchmark, and where it belongs."""

    machine: str        # its key
    name: str
    model: str
    emulated: str
    state: str
    kernel: str         # in order
    release: str
    started: str
    boot: str
    run: int
    quiet: float
    low: Optional[float]
    high: Optional[float]
    flags: str
    marks: str


class Point(NamedTuple):
    """A point of a line; ns a call."""

    machine: str
    name: str
    model: str
    emulated: str
    state: str
    kernel: str
    release: str
    started: str        # of its first run
    quiet: float
    low: Optional[float]
    high: Optional[float]
    of: str             # what it is the median of
    marks: str
    serious: bool


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the middle two."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return (ordered[half] + ordered[~half]) / 2


def rank(count: int) -> int:
    """How many order statistics from each end a 95 % interval of the median
    leaves out, by the binomial distribution; at least 6 are needed."""
    below, place = 0.0, -1
    while below + comb(count, place + 1) / 2 ** count <= BEYOND:
        place += 1
        below += comb(count, place) / 2 ** count
    return max(place, 0)


def ends_of(boots: Sequence[float], runs: Sequence[Run]
            ) -> Tuple[Optional[float], Optional[float]]:
    """An interval: of a run its own, of few boots or runs their range."""
    if len(runs) == 1:
        return runs[0].low, runs[0].high
    if len(boots) < 2:
        boots = [run.quiet for run in runs]
    ordered = sorted(boots)
    cut = rank(len(ordered)) if len(ordered) >= BOOTS_LEAST else 0
    return ordered[cut], ordered[-1 - cut]


def counted(number: int, thing: str) -> str:
    """So many things."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def marks_of(runs: Sequence[Run]) -> str:
    """What is to be said of the runs of a point, each once, how often."""
    found: Dict[str, int] = {}
    for run in runs:
        for mark in filter(None, (run.marks.strip(), run.flags)):
            found[mark] = found.get(mark, 0) + 1
    return "; ".join(mark if count == len(runs) else
                     f"{mark} ({count} of {len(runs)})"
                     for mark, count in sorted(found.items()))


def point_of(runs: Sequence[Run]) -> Point:
    """The runs of one machine, state and kernel as one point."""
    first = runs[0]
    boots: Dict[str, List[float]] = {}
    for run in runs:
        boots.setdefault(run.boot or f"run {run.run}", []).append(run.quiet)
    middles = [median(values) for values in boots.values()]
    low, high = ends_of(middles, runs)
    of = (counted(len(boots), "boot") if len(boots) > 1 else
          counted(len(runs), "run"))
    return Point(*first[:8], median(middles), low, high, of, marks_of(runs),
                 any("serious" in run.marks or "incomplete" in run.marks
                     for run in runs))


def points_of(runs: Iterable[Run], by: str) -> List[Point]:
    """The points of all lines, each line's in its order."""
    key: Callable[[Run], Tuple[Any, ...]] = (
        (lambda run: (run.name, run.machine, run.state, run.kernel,
                      run.release))
        if by == "kernel" else
        (lambda run: (run.name, run.machine, run.state, run.started,
                      run.run)))
    return [point_of(list(group)) for _, group in
            groupby(sorted(runs, key=lambda run: (*key(run), run.started)),
                    key)]


def benchmark_id(connection: sqlite3.Connection, name: str) -> int:
    """The number of a benchmark; names like it where there is none."""
    name = name.encode(errors="backslashreplace").decode()
    found = connection.execute("SELECT id FROM benchmark WHERE name = ?",
                               (name,)).fetchone()
    if found:
        return found[0]
    alike = [other for other, in connection.execute(
        "SELECT name FROM benchmark WHERE instr(name, ?) ORDER BY name "
        "LIMIT ?", (name.split("/")[0] + "/", ALIKE_MOST))]
    raise BadInput(f"{name}: no run here has that benchmark" + (
        f"; there is {', '.join(alike)}" if alike else ""))


def runs_of(connection: sqlite3.Connection, given: Namespace) -> List[Run]:
    """Each run's figure of the benchmark, by its first arm."""
    condition, values = asking.where(given)
    rows = connection.execute(
        f"SELECT machine.key, {asking.NAME}, machine.model, "
        "machine.emulated, state.name, run.kernel, run.release, "
        "run.started, run.boot, run.id, c.quiet_ns, c.low_ns, c.high_ns, "
        f"c.flags, trim({asking.MARKS}) FROM cost c CROSS JOIN {asking.RUN} "
        f"WHERE run.id = c.run AND c.arm = run.arm AND c.benchmark = ? AND "
        f"{condition}", [benchmark_id(connection, given.benchmark), *values])
    return [Run(*row) for row in rows]


def row_of(point: Point) -> Tuple[Any, ...]:
    """A point as a row of the table."""
    return (point.name, point.state, point.release, point.started,
            point.quiet, point.low, point.high, point.of, point.marks,
            point.emulated and EMULATED)


def text_of(points: Sequence[Point]) -> List[str]:
    """A block a line: what it is of, and its points."""
    lines: List[str] = []
    for (_, name, model, by, state), group in groupby(
            points, lambda point: point[:5]):
        emulated = [f"{EMULATED} ({by})"] if by else []
        head = " · ".join([name, model, *emulated, f"state: {state}"])
        lines += [printable(head), *(f"  {line}" for line in cells.in_columns(
            HEAD[2:-1], [row_of(point)[2:-1] for point in group])), ""]
    return lines[:-1]


def trend(given: Namespace) -> int:
    """The points of each line; and a picture, where one is asked for."""
    with database.reading(given.database) as connection:
        points = points_of(runs_of(connection, given), given.by)
    if not points:
        raise BadInput("no run is left by these options")
    if given.format == "csv":
        cells.put(HEAD, [row_of(point) for point in points], "csv")
    else:
        print("\n".join(text_of(points)))
    if given.plot:
        from archive import trend_plot
        trend_plot.save(points, given)
    return 0
