# SPDX-License-Identifier: MIT
"""How far runs and boots lie apart on a machine though nothing changed.

Runs of one boot, and boots of one setting (kernel, command line, state,
program, microcode), are replicates. A boot counts by its first run, so that
its spread is what two runs in two boots differ by, the runs' own in it.

The spread is robust: the median of the absolute differences of all pairs
within a group (M. Shamos, 1976; Rousseeuw and Croux, JASA 88, 1993), scaled
to be the standard deviation of a normal distribution. Groups of any size can
be put together, two a group too, and a quarter of bad runs do not move it.
"""

import sqlite3
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np

from archive import database

NEWEST = 30             # of a group: what is older tells of another time
NORMAL = 0.9538725524   # median of |x - y| of two normal variables
EFFICIENCY = 0.86       # degrees that a difference of pairs is worth
LEVELS = ("run", "boot")

Rows = Sequence[Tuple[Any, ...]]
Group = List[int]       # ids of runs


def groups_of(runs: Rows, level: str) -> List[Group]:
    """The runs that should be alike; runs: id, setting, boot, oldest first.

    A run without a boot is no replicate of any.
    """
    found: Dict[Any, Dict[Any, int]] = {}
    for run, setting, boot in runs:
        if boot:
            key, unit = ((setting, boot), run) if level == "run" else (
                setting, boot)
            found.setdefault(key, {}).setdefault(unit, run)
    return [list(units.values())[-NEWEST:] for units in found.values()
            if len(units) > 1]


def distances(group: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """|x - y| of all pairs of units (p, m), and their weights (p, m).

    group (n, m): logarithms, NaN where a unit lacks a benchmark. Weights sum
    to the degrees of freedom.
    """
    first, second = np.triu_indices(len(group), 1)
    found = np.abs(group[first] - group[second])
    count = (~np.isnan(group)).sum(axis=0)
    weights = np.where(np.isnan(found), 0, 2 / np.maximum(count, 1))
    return found, weights


def weighted_median(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Of each column (p, m); NaN where it has no weight."""
    order = np.argsort(values, axis=0)
    values = np.take_along_axis(values, order, 0)
    weights = np.take_along_axis(weights, order, 0)
    upto = weights.cumsum(axis=0)
    half = upto[-1] / 2
    low = (upto >= half * (1 - 1e-9)).argmax(axis=0)
    high = (upto > half * (1 + 1e-9)).argmax(axis=0)
    columns = np.arange(values.shape[1])
    middle = (values[low, columns] + values[high, columns]) / 2
    return np.where(upto[-1] > 0, middle, np.nan)


def spread(groups: Sequence[np.ndarray]) -> Tuple[np.ndarray, np.ndarray]:
    """The standard deviation of the logarithms (m), and its degrees (m)."""
    parts = [distances(group) for group in groups]
    values, weights = (np.concatenate(part) for part in zip(*parts))
    freedom = weights.sum(axis=0).round().astype(int)
    return weighted_median(values, weights) / NORMAL, freedom


def costs_of(connection: sqlite3.Connection, run: int) -> Rows:
    """Of a run's first arm: the benchmark's id, the run's, quiet_ns.

    By each benchmark, since the key of the table begins with it.
    """
    return connection.execute(
        "SELECT c.benchmark, c.run, c.quiet_ns FROM run r CROSS JOIN "
        "benchmark b CROSS JOIN cost c ON c.benchmark = b.id AND "
        "c.run = r.id AND c.arm = r.arm WHERE r.id = ?", (run,)).fetchall()


def table_of(connection: sqlite3.Connection, runs: Sequence[int]
             ) -> Tuple[np.ndarray, np.ndarray]:
    """ln quiet_ns of the runs' first arms (n, m); the benchmarks' ids (m)."""
    rows = [cost for run in runs for cost in costs_of(connection, run)]
    found = np.array(rows, float).reshape(-1, 3)
    ids, columns = np.unique(found[:, 0].astype(int), return_inverse=True)
    table = np.full((len(runs), len(ids)), np.nan)
    table[np.searchsorted(runs, found[:, 1]), columns] = np.log(found[:, 2])
    return table, ids


def measured(connection: sqlite3.Connection, runs: Rows, level: str
             ) -> List[Tuple[int, float, int]]:
    """Of each benchmark: its id, spread and degrees of freedom."""
    groups = groups_of(runs, level)
    wanted = sorted({run for group in groups for run in group})
    if not wanted:
        return []
    table, ids = table_of(connection, wanted)
    log, freedom = spread([table[np.searchsorted(wanted, group)]
                           for group in groups])
    return [(int(name), float(one), int(degrees)) for name, one, degrees
            in zip(ids, log, freedom) if degrees > 0]


def runs_of(connection: sqlite3.Connection, machine: int) -> Rows:
    """A machine's complete runs, oldest first: id, setting, boot, key."""
    return connection.execute(
        "SELECT id, setting, boot, key FROM run WHERE machine = ? "
        "AND complete = 1 ORDER BY started, id", (machine,)).fetchall()


def refresh_one(connection: sqlite3.Connection, machine: int) -> None:
    """Compute a machine's spread anew."""
    runs = [row[:3] for row in runs_of(connection, machine)]
    connection.execute("DELETE FROM spread WHERE machine = ?", (machine,))
    for level in LEVELS:
        connection.executemany(
            "INSERT INTO spread VALUES (?, ?, ?, ?, ?)",
            [(machine, name, level, log, freedom) for name, log, freedom
             in measured(connection, runs, level)])
    connection.execute("DELETE FROM stale WHERE machine = ?", (machine,))


def refresh(connection: sqlite3.Connection) -> None:
    """Compute the spread of each machine whose runs are not the same."""
    stale = connection.execute("SELECT machine FROM stale").fetchall()
    for machine, in stale:
        with database.transaction(connection):
            refresh_one(connection, machine)
