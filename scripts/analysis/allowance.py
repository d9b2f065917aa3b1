# SPDX-License-Identifier: MIT
"""How far boots, or runs within a boot, differ here though nothing changed.

From the run folders beside those that are compared: two boots of the same
kernel, command line and program tell how far two boots lie apart. Where
there are too few, a flat allowance.
"""

from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import pandas as pd
from scipy.stats import t

from analysis import differs, emulated, load, sides, units

FLAT = 0.10             # of the cost, where nothing was measured
FREEDOM_LEAST = 3       # degrees, for a spread
RUNS_MOST = 200         # beside the compared ones, newest names first


class Allowance(NamedTuple):
    """What is allowed for, by benchmark, and where from."""

    log: pd.Series      # of the ratio of two boots; index benchmark
    said: str


def setting(run: sides.Run) -> Tuple[Any, ...]:
    """What must agree for two boots to be replicates of each other."""
    return tuple(differs.shown(run.fact(*keys)) for keys in (
        ("tool", "build_id"), ("environment", "host"),
        ("environment", "cpu", "model"), ("environment", "cpu", "microcode"),
        ("environment", "kernel", "release"),
        ("environment", "kernel", "version"), ("placement", "cpu"))) + (
            *run.parameters, emulated.by(run.record))


def try_read(folder: Path) -> List[sides.Run]:
    """The run in a folder, if it holds a whole one."""
    try:
        run = sides.Run(folder, load.record(folder))
    except load.BadInput:
        return []
    whole = run.fact("schema") == sides.SCHEMA and run.fact("complete") is True
    return [run] if whole and len(run.arms) > 0 else []


def beside(runs: Sequence[sides.Run]) -> List[sides.Run]:
    """The whole runs in the folders in which the compared ones lie."""
    parents = {run.folder.resolve().parent for run in runs}
    compared = {run.folder.resolve() for run in runs}
    folders = sorted((path.parent for parent in parents
                      for path in parent.glob("*/run.json")
                      if path.parent not in compared),
                     key=lambda folder: folder.name, reverse=True)
    return [run for folder in folders[:RUNS_MOST] for run in try_read(folder)]


def logs_of(run: sides.Run) -> Dict[str, float]:
    """ln quiet_ns of the run's first arm, by benchmark."""
    try:
        rows = load.summary(run.folder)
    except load.BadInput:
        return {}
    first = rows[rows["arm"] == run.arms[0]]
    return dict(zip(first["benchmark"].astype(str),
                    np.log(first["quiet_ns"])))


def replicates(runs: Sequence[sides.Run], same_boot: bool
               ) -> List[List[sides.Run]]:
    """Runs that should be alike, in groups: of one boot, or one a boot."""
    groups: Dict[Any, Dict[Any, sides.Run]] = {}
    for run in runs:
        key = (setting(run), run.boot if same_boot else None)
        unit = run.folder if same_boot else run.boot
        groups.setdefault(key, {}).setdefault(unit, run)
    return [list(group.values()) for group in groups.values()
            if len(group) > 1]


def variance(groups: Sequence[pd.DataFrame]) -> Tuple[pd.Series, pd.Series]:
    """The pooled variance of each benchmark, and its degrees of freedom."""
    freedom = sum((group.count() - 1).clip(lower=0) for group in groups)
    squares = sum(group.sub(group.mean()).pow(2).sum() for group in groups)
    return squares / freedom, freedom


def reach(error: pd.Series, freedom: pd.Series, family: int) -> pd.Series:
    """How far two more units will differ at most; error: of a difference.

    By Student's t, at the level of the family; what that level adds stops at
    the flat allowance, which a few boots would else exceed by their fewness.
    """
    one, all_of_them = (
        error * t.ppf(1 - level / 2, freedom.clip(lower=1))
        for level in (units.FAMILY_LEVEL,
                      units.FAMILY_LEVEL / max(family, 1)))
    return np.maximum(one, all_of_them.clip(upper=np.log1p(FLAT)))


def measured(runs: Sequence[sides.Run], same_boot: bool, family: int
             ) -> Tuple[pd.Series, int]:
    """The allowance by benchmark, NaN where too few tell, and of how many.

    The interval in which the difference of two more boots will lie.
    """
    groups = replicates(runs, same_boot)
    if not groups:
        return pd.Series(dtype=float), 0
    tables = [pd.DataFrame([logs_of(run) for run in group])
              for group in groups]
    names = sorted(set().union(*(table.columns for table in tables)))
    pooled, freedom = variance([table.reindex(columns=names)
                                for table in tables])
    found = reach(np.sqrt(2 * pooled), freedom, family)
    return (found.where(freedom >= FREEDOM_LEAST), sum(map(len, groups)))


def find(runs: Sequence[sides.Run], names: Sequence[str], same_boot: bool,
         family: int, earlier: Optional[Sequence[sides.Run]] = None
         ) -> Allowance:
    """The allowance for each of the benchmarks.

    earlier: other runs that may tell, where they are read already.
    """
    alike = {setting(run) for run in runs}
    others = beside(runs) if earlier is None else earlier
    earlier = [run for run in others if setting(run) in alike]
    if same_boot:
        boots = {run.boot for run in runs}
        earlier = [run for run in earlier if run.boot in boots]
    found, count = measured(earlier, same_boot, family)
    log = found.reindex(names)
    unit = "runs of this boot" if same_boot else "boots"
    said = (f"{unit} may differ by ±{100 * FLAT:.0f} %, since too few earlier "
            "ones tell")
    if log.notna().any():
        middle = 100 * np.expm1(log.median())
        said = (f"{unit} may differ by ±{middle:.1f} % (median over rows), "
                f"by {count} earlier ones")
    return Allowance(log.fillna(np.log1p(FLAT)), said)
