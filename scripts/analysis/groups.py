# SPDX-License-Identifier: MIT
"""What groups of machines have in common: here the machine is the replicate.

All machines, those of a CPU family, those on which a mitigation's verified
state differs between the sides in the same way.
"""

from typing import Callable, Dict, List, NamedTuple, Optional, Sequence

import numpy as np
import pandas as pd
from scipy.stats import kruskal

from analysis import crossing, inference, quiet, units, verdict
from analysis.cells import Fleet, changes_of
from analysis.comparison import percent
from analysis.fleet import Member

ALL = "all machines"
COUNTS = list(verdict.VERDICTS)
NOTHING = "no mitigation's state"
FAMILY_LEAST = 5        # machines, for a test between families


class Middle(NamedTuple):
    """The median over machines of something that each has one of."""

    estimate: float
    low: float
    high: float
    machines: int


class Group(NamedTuple):
    """Some machines, and what they have in common."""

    kind: str           # "all", "family" or "mitigation"
    name: str
    machines: pd.DataFrame      # of Fleet.machines
    rows: pd.DataFrame          # of typical(), and COUNTS; index row
    tax: Optional[Middle]       # ns an entry
    speed: Optional[Middle]     # of user-space rows, a share


def kind_of(count: int) -> units.Kind:
    """Which test so many machines suffice for: that of as many boots."""
    return (units.Kind.BOOTS if count >= units.FLIPS_FROM
            else units.Kind.FEW_BOOTS)


def over_machines(values: pd.DataFrame, family: int) -> inference.Effect:
    """The median over machines (n) of each column (m), with an interval.

    Sign flips, from 11 machines on the sign test; under 6 the range.
    """
    found = units.Units(kind_of(len(values)), values * 0, values, True, False)
    return units.effect(found, family)


def typical(cells: pd.DataFrame) -> pd.DataFrame:
    """The typical difference of each row over a group's machines.

    Columns: control, entries, before_ns, machines, typical_percent,
    low_percent, high_percent (of all rows at once, by 95 %), differ_percent
    (an sd over machines, whatever a few do), p_adjusted, verdict.
    """
    logs = cells.pivot(index="machine", columns="row", values="log")
    logs = logs.loc[:, logs.notna().any()]
    first = cells.groupby("row").agg(
        {"control": "first", "entries": "max", "before_ns": "median"}
        ).reindex(logs.columns)
    effect = over_machines(logs, logs.shape[1])
    p = effect.p if effect.joint else inference.holm(effect.p)
    spread = quiet.TO_SIGMA * (logs - logs.median()).abs().median()
    alone = logs.notna().sum() < 2      # a range of one is none
    low, high = (pd.Series(end, logs.columns).mask(alone, endless)
                 for end, endless in ((effect.low, -np.inf),
                                      (effect.high, np.inf)))
    found = first.assign(
        machines=logs.notna().sum(),
        typical_percent=percent(effect.estimate),
        low_percent=percent(low), high_percent=percent(high),
        differ_percent=percent(spread), p_adjusted=p)
    return found.assign(verdict=judged(found, cells, len(logs)))


def judged(found: pd.DataFrame, cells: pd.DataFrame, count: int) -> pd.Series:
    """The verdict over machines; too few describe and do not test."""
    if count < units.FLIPS_FROM:
        return pd.Series(verdict.INCONCLUSIVE, found.index)
    wanted = cells["wanted_percent"].max() / 100
    delta = verdict.smallest(found["before_ns"].astype(float), wanted,
                             pd.Series(0.0, found.index))
    low, high = (found[f"{end}_percent"] / 100 for end in ("low", "high"))
    return verdict.judge(low, high, delta, low * 0, found["p_adjusted"])


def counted(cells: pd.DataFrame) -> pd.DataFrame:
    """How many machines got which verdict, by row."""
    return pd.crosstab(cells["row"], cells["verdict"]).reindex(
        columns=COUNTS, fill_value=0)


def middle_of(values: Sequence[Optional[float]]) -> Optional[Middle]:
    """The median over machines of one value each; None without any."""
    known = pd.DataFrame({"value": [value for value in values
                                    if value is not None]}, dtype=float)
    if known.empty:
        return None
    effect = over_machines(known, 1)
    low, high = ((float(effect.low[0]), float(effect.high[0]))
                 if len(known) > 1 else (-np.inf, np.inf))
    return Middle(float(effect.estimate[0]), low, high, len(known))


def tax_of(member: Member) -> Optional[float]:
    """A machine's crossing tax in its first arm, ns an entry."""
    first = next(iter(member.tax.values()), None)
    return first and first.estimate


def speed_of(member: Member) -> Optional[float]:
    """How a machine's user-space rows moved, a share."""
    return member.controls and member.controls.estimate


def group_of(found: Fleet, kind: str, name: str, names: Sequence[str]
             ) -> Group:
    """What these machines have in common."""
    cells = found.cells[found.cells["machine"].isin(names)]
    members = [one for one in found.members if one.machine.name in set(names)]
    differ = families_differ(cells).reindex(sorted(cells["row"].unique()))
    rows = typical(cells).join(counted(cells))
    return Group(kind, name, found.machines.loc[list(names)],
                 rows.assign(families_differ=(
                     differ <= units.FAMILY_LEVEL).reindex(rows.index)),
                 middle_of([tax_of(one) for one in members]),
                 middle_of([speed_of(one) for one in members]))


def named_by(found: Fleet, tell: Callable[[Member], Sequence[str]]
             ) -> Dict[str, List[str]]:
    """The machines of each thing that is told of them, the most first."""
    names: Dict[str, List[str]] = {}
    for one in found.members:
        for thing in tell(one):
            names.setdefault(thing, []).append(one.machine.name)
    return dict(sorted(names.items(), key=lambda item: (
        -len(item[1]), item[0])))


def entering(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of typical() that enter the kernel at most calls."""
    return rows[rows["entries"] >= crossing.ENTERS_FROM]


def of_fleet(found: Fleet) -> List[Group]:
    """All machines, each CPU family, each change of a mitigation."""
    everything = [one.machine.name for one in found.members]
    families = named_by(found, lambda one: [one.machine.family])
    changes = named_by(found, lambda one: changes_of(one) or [NOTHING])
    if list(changes) == [NOTHING]:
        changes = {}
    return [group_of(found, "all", ALL, everything),
            *(group_of(found, "family", name, names)
              for name, names in families.items()),
            *(group_of(found, "mitigation", name, names)
              for name, names in changes.items())]


def changed_rows(group: Group) -> pd.DataFrame:
    """The rows that are slower or faster over the group's machines."""
    return group.rows[group.rows["verdict"].isin(
        [verdict.SLOWER, verdict.FASTER])]


def standing_out(found: Fleet) -> pd.DataFrame:
    """The machines that stand out among their fellows, the most so first.

    Index machine; columns family, row (the furthest off), off_percent,
    count, of (rows), middle_percent (over the rows that stand out).
    """
    cells = found.cells[found.cells["stands_out"]]
    order = cells["off_percent"].abs().sort_values(ascending=False).index
    by_machine = cells.loc[order].groupby("machine", sort=False)
    first = by_machine[["family", "row", "off_percent", "difference_percent",
                        "p_stands_out", "verdict"]].first()
    return first.assign(
        count=by_machine.size(), middle_percent=by_machine[
            "off_percent"].median(),
        of=found.cells.groupby("machine").size().reindex(first.index))


def families_differ(cells: pd.DataFrame) -> pd.Series:
    """p of no difference between CPU families, Holm over rows; index row.

    Kruskal and Wallis, over families of five machines and more, which its
    distribution needs; empty where there are not two.
    """
    cells = cells.dropna(subset=["log"])
    sizes = cells.groupby("family")["machine"].nunique()
    large = cells[cells["family"].isin(sizes.index[sizes >= FAMILY_LEAST])]
    p = {}
    for row, group in large.groupby("row"):
        several = [one["log"] for _, one in group.groupby("family")
                   if len(one) >= FAMILY_LEAST]
        if len(several) > 1 and group["log"].nunique() > 1:
            p[row] = kruskal(*several).pvalue
    return pd.Series(inference.holm(np.array(list(p.values()), float)),
                     list(p), dtype=float)
