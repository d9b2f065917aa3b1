# SPDX-License-Identifier: MIT
"""What a machine's history allows two boots, or two runs, to differ by.

In place of a flat allowance: the spread of all settings the machine was ever
in, so that it is known after a few boots of each kernel. The compared runs
themselves have no part in it.
"""

from pathlib import Path
from typing import NamedTuple, Sequence, Set

import numpy as np
import pandas as pd

from analysis import load, sides
from analysis.allowance import FREEDOM_LEAST, Allowance, reach
from archive import database, files, identity, spreading

RUNS_MOST = 1000        # of the machine, the newest
# A median of pairs' differences knows less than a standard deviation of as
# many degrees: with half of them 95 % of pairs stay under, of two, four or
# thirty boots a group (docs/history.md).
FREEDOM_SHARE = 0.5


class History(NamedTuple):
    """What is known of a machine's spread; index benchmark."""

    spread: pd.DataFrame    # log, most, freedom
    runs: int


def keys_of(runs: Sequence[sides.Run]) -> Set[str]:
    """What these runs are known by; a folder without a summary is not."""
    found = set()
    for run in runs:
        try:
            found.add(files.key_of(*files.both(run.folder)))
        except load.BadInput:
            continue
    return found


def read(path: Path, machine: str, without: Set[str], level: str
         ) -> History:
    """The spread of a machine over all runs but these."""
    with database.reading(path) as connection:
        rows = [row for one in connection.execute(
            "SELECT id FROM machine WHERE key = ?", (machine,)).fetchall()
            for row in spreading.runs_of(connection, one[0])]
        kept = [row[:3] for row in rows if row[3] not in without][-RUNS_MOST:]
        costs = spreading.read(connection, kept, [level])
        found = spreading.measured(costs, kept, level)
        names = dict(connection.execute("SELECT id, name FROM benchmark"))
    table = pd.DataFrame(found, columns=["id", "log", "most", "freedom"])
    return History(table.set_index(table.pop("id").map(names)).astype(float),
                   len(kept))


def reach_of(known: pd.DataFrame, family: int) -> pd.Series:
    """How far two more will differ at most; NaN where too few tell."""
    found = np.maximum(reach(np.sqrt(2) * known["log"],
                             FREEDOM_SHARE * known["freedom"], family),
                       known["most"])
    return found.where(known["freedom"] >= FREEDOM_LEAST)


def said_of(known: pd.DataFrame, logs: pd.Series, runs: int, unit: str
            ) -> str:
    """The allowance in a line."""
    told = known["freedom"][logs.reindex(known.index).notna()]
    least, most = told.agg(["min", "max"])
    degrees = f"{least:.0f}" + (f" to {most:.0f}" if most > least else "")
    return (f"{unit} may differ by ±{100 * np.expm1(logs.median()):.1f} % "
            f"(median over rows), by {runs} runs in this machine's history: "
            f"{degrees} degrees of freedom a row")


def by_history(path: Path, otherwise: Allowance, runs: Sequence[sides.Run],
               same_boot: bool) -> Allowance:
    """The allowance by a history where that tells, else the other one."""
    machines = {identity.machine_of(run.record).key for run in runs}
    if len(machines) > 1:
        return otherwise._replace(said=f"{otherwise.said}; no history is of "
                                  "two machines")
    history = read(path, machines.pop(), keys_of(runs),
                   "run" if same_boot else "boot")
    names = otherwise.log.index
    known = history.spread[history.spread.index.isin(names)]
    logs = reach_of(known, len(names)).reindex(names)
    if not logs.notna().any():
        return otherwise._replace(said=f"{otherwise.said}; the history knows "
                                  "too little of this machine")
    said = said_of(known, logs, history.runs,
                   "runs of a boot" if same_boot else "boots")
    rest = int(logs.isna().sum())
    return Allowance(logs.fillna(otherwise.log), said + (
        f"; of {rest} rows it knows too little: {otherwise.said}"
        if rest else ""))
