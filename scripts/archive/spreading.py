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
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from archive import database

NEWEST = 30             # of a group: what is older tells of another time
NORMAL = 0.9538725524   # median of |x - y| of two normal variables
MOST_SHARE = 0.95       # of pairs
ROUNDING = 1e-9
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


def weighted_quantiles(values: np.ndarray, weights: np.ndarray,
                       shares: Sequence[float]) -> List[np.ndarray]:
    """Of each column (p, m), one for each share; NaN where it has no weight.

    Where that much of the weight ends between two values, their mean.
    """
    order = np.argsort(values, axis=0)
    values = np.take_along_axis(values, order, 0)
    upto = np.take_along_axis(weights, order, 0).cumsum(axis=0)
    columns = np.arange(values.shape[1])
    ends = [[values[(upto >= share * near * upto[-1]).argmax(axis=0), columns]
             for near in (1 - ROUNDING, 1 + ROUNDING)] for share in shares]
    return [np.where(upto[-1] > 0, (low + high) / 2, np.nan)
            for low, high in ends]


class Spread(NamedTuple):
    """How far replicates lie apart, of each benchmark (m); logarithms."""

    log: np.ndarray         # the standard deviation
    most: np.ndarray        # what 95 % of pairs differ by at most
    freedom: np.ndarray     # degrees behind it


def spread(groups: Sequence[np.ndarray]) -> Spread:
    """Of groups (n, m) of replicates' logarithms, NaN for what is missing."""
    parts = [distances(group) for group in groups]
    values, weights = (np.concatenate(part) for part in zip(*parts))
    freedom = weights.sum(axis=0).round().astype(int)
    middle, most = weighted_quantiles(values, weights, (0.5, MOST_SHARE))
    return Spread(middle / NORMAL, most, freedom)


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
    """The benchmarks' ids (m); ln quiet_ns of the runs' first arms (n, m)."""
    rows = [cost for run in runs for cost in costs_of(connection, run)]
    found = np.array(rows, float).reshape(-1, 3)
    ids, columns = np.unique(found[:, 0].astype(int), return_inverse=True)
    table = np.full((len(runs), len(ids)), np.nan)
    table[np.searchsorted(runs, found[:, 1]), columns] = np.log(found[:, 2])
    return ids, table


class Costs(NamedTuple):
    """The costs of some runs."""

    runs: List[int]     # their ids, ascending (n)
    names: np.ndarray   # the benchmarks' ids (m)
    log: np.ndarray     # of quiet_ns (n, m)

    def of(self, group: Group) -> np.ndarray:
        """Those of a group's runs."""
        return self.log[np.searchsorted(self.runs, group)]


def read(connection: sqlite3.Connection, runs: Rows, levels: Sequence[str]
         ) -> Costs:
    """The costs of the runs that are replicates on any of the levels."""
    wanted = sorted({run for level in levels
                     for group in groups_of(runs, level) for run in group})
    return Costs(wanted, *table_of(connection, wanted))


def measured(costs: Costs, runs: Rows, level: str
             ) -> List[Tuple[int, float, float, int]]:
    """Of each benchmark: its id and the fields of its spread."""
    groups = groups_of(runs, level)
    if not groups:
        return []
    found = spread([costs.of(group) for group in groups])
    return [(int(name), float(log), float(most), int(freedom))
            for name, log, most, freedom in zip(costs.names, *found)
            if freedom > 0]


def runs_of(connection: sqlite3.Connection, machine: int) -> Rows:
    """A machine's complete runs, oldest first: id, setting, boot, key."""
    return connection.execute(
        "SELECT id, setting, boot, key FROM run WHERE machine = ? "
        "AND complete = 1 ORDER BY started, id", (machine,)).fetchall()


def refresh_one(connection: sqlite3.Connection, machine: int) -> None:
    """Compute a machine's spread anew."""
    runs = [row[:3] for row in runs_of(connection, machine)]
    costs = read(connection, runs, LEVELS)
    connection.execute("DELETE FROM spread WHERE machine = ?", (machine,))
    for level in LEVELS:
        connection.executemany(
            "INSERT INTO spread VALUES (?, ?, ?, ?, ?, ?)",
            [(machine, name, level, *found) for name, *found
             in measured(costs, runs, level)])
    connection.execute("DELETE FROM stale WHERE machine = ?", (machine,))


def refresh(connection: sqlite3.Connection) -> None:
    """Compute the spread of each machine whose runs are not the same."""
    stale = connection.execute("SELECT machine FROM stale").fetchall()
    for machine, in stale:
        with database.transaction(connection):
            refresh_one(connection, machine)
