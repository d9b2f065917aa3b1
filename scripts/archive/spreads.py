# SPDX-License-Identifier: MIT
"""Shows how far runs and boots lie apart where nothing changed."""

import re
import sys
from argparse import Namespace
from math import expm1
from typing import Any, Optional, Tuple

from archive import asking, cells, database

HEAD = ("machine", "benchmark", "runs_percent", "runs_most_percent",
        "runs_degrees", "boots_percent", "boots_most_percent",
        "boots_degrees", "emulated")
FIELDS = ", ".join(f"max(CASE s.level WHEN '{level}' THEN s.{name} END)"
                   for level in ("run", "boot")
                   for name in ("log", "most", "freedom"))


def percent(log: Optional[float]) -> Optional[float]:
    """A standard deviation of logarithms as per cent."""
    return None if log is None else 100 * expm1(min(log, 50.0))


def row_of(found: Tuple[Any, ...]) -> Tuple[Any, ...]:
    """A row of the table by what was found."""
    name, benchmark, runs, most, degrees, boots, boots_most, *rest = found
    return (name, benchmark, percent(runs), percent(most), degrees,
            percent(boots), percent(boots_most), *rest)


def spread(given: Namespace) -> int:
    """The spread of each machine and benchmark, with its degrees."""
    condition, values = (asking.machine(given.machine) if given.machine
                         else ("1", []))
    with database.reading(given.database) as connection:
        stale, = connection.execute("SELECT count(*) FROM stale").fetchone()
        found = connection.execute(
            f"SELECT {asking.NAME}, b.name, {FIELDS}, machine.emulated "
            "FROM spread s JOIN machine ON machine.id = s.machine JOIN "
            "benchmark b ON b.id = s.benchmark "
            f"WHERE {condition} GROUP BY machine.id, b.id "
            "ORDER BY 1, machine.id, b.name", values).fetchall()
    wanted = re.compile(given.benchmarks or "")
    rows = [row_of(row) for row in found if wanted.search(row[1])]
    if stale:
        print(f"history: the spread of {stale} machines is older than their "
              "runs: scripts/history index", file=sys.stderr)
    cells.put(HEAD, rows, given.format)
    return 0
