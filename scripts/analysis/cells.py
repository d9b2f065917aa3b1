# SPDX-License-Identifier: MIT
"""The verdict of each machine and benchmark, corrected over all of them."""

from typing import Dict, List, NamedTuple, Sequence, Tuple

import numpy as np
import pandas as pd

from analysis import fellows, inference, selection, units, verdict
from analysis.fleet import Left, Member

MITIGATION = "mitigation "      # of a Difference's fact
FROM_BOOTS = (units.Kind.LAUNCHES.value, units.Kind.FEW_BOOTS.value)
WORST_FIRST = ("slower", "faster", "both", "equivalent", "inconclusive")


class Selection(NamedTuple):
    """What was corrected for, and by how much."""

    selected: int       # machines with a p below the level
    machines: int       # that have a p


class Fleet(NamedTuple):
    """Everything that is said of many machines."""

    members: List[Member]
    refused: List[Left]
    left_out: List[Left]
    cells: pd.DataFrame     # a row a machine and benchmark: of_members()
    machines: pd.DataFrame  # a row a machine: of_cells(); index name
    selection: Selection


def changes_of(member: Member) -> List[str]:
    """The mitigations whose verified state differs, and how."""
    return [f"{item.fact.removeprefix(MITIGATION)} {item.before} -> "
            f"{item.after}" for item in member.differences
            if item.fact.startswith(MITIGATION)]


def of_member(member: Member) -> pd.DataFrame:
    """A machine's rows, with what they are judged by."""
    from_boots = any(name in member.kind for name in FROM_BOOTS)
    return member.rows.rename_axis("row").reset_index().assign(
        machine=member.machine.name, family=member.machine.family,
        wanted_percent=100 * member.wanted,
        units=member.kind, reliable=member.reliable,
        forced=bool(member.forced), emulated=member.emulated or None,
        boots=from_boots and not member.one_boot,
        fellows="\n".join([member.machine.family, member.kind,
                           *changes_of(member)]))


def of_members(members: Sequence[Member]) -> pd.DataFrame:
    """All rows of all machines, as each comparison said by itself."""
    cells = pd.concat([of_member(one) for one in members], ignore_index=True)
    cells["benchmark"] = cells["row"]
    return cells.assign(
        log=np.log1p(cells["difference_percent"].astype(float) / 100),
        control=cells["control"].eq(True))


def allowed(cells: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """The cells with p and allowance as the fellows tell, where they do.

    Only where boots cannot tell by themselves: a machine with six boots a
    side has a p of its own, one whose sides are of one boot allows for runs.
    """
    known = cells["boots"] & told["scale"].notna() & cells["log"].notna()
    p = fellows.p_of(cells["log"], told).where(known)
    p = p.groupby(cells["machine"], group_keys=False).apply(selection.within)
    margin = 100 * np.expm1(fellows.reach(told))
    return cells.assign(
        p_adjusted=p.reindex(cells.index).where(
            known, cells["p_adjusted"].astype(float)),
        allowance_percent=margin.where(known, cells["allowance_percent"]),
        allowed_by=np.select(
            [known, cells["allowance_percent"] > 0],
            ["its fellows", "earlier boots, or flat"], ""))


def judged(cells: pd.DataFrame, fail_above: float) -> pd.DataFrame:
    """The cells with the verdict and the gate that p and allowance give."""
    low, high, delta, margin = (
        cells[name].astype(float) / 100 for name in (
            "ci_low_percent", "ci_high_percent", "smallest_effect_percent",
            "allowance_percent"))
    there = cells["log"].notna()
    found = verdict.judge(low, high, delta, margin, cells["p_adjusted"])
    gate = verdict.gate(low, high, fail_above, margin)
    refuted = ~(cells["p_adjusted"] > units.FAMILY_LEVEL)
    gate = gate.where(refuted | (gate != "fail"), "inconclusive")
    return cells.assign(
        verdict=found.where(there, verdict.INCONCLUSIVE),
        gate=gate.where(there & cells["reliable"].ne(False), "inconclusive"))


def outlying(cells: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """off_percent, and whether a cell stands out among its fellows.

    Holm over all cells: rows of a machine depend on each other in any way,
    and none should be named without a reason.
    """
    p = fellows.p_of(told["off"], told)
    corrected = pd.Series(inference.holm(p.to_numpy(float)), cells.index)
    off = 100 * np.expm1(told["off"])
    return cells.assign(
        off_percent=off, p_stands_out=corrected,
        stands_out=(corrected <= units.FAMILY_LEVEL) & (
            off.abs() > cells["smallest_effect_percent"].astype(float)))


def machine_verdict(counts: pd.DataFrame) -> pd.Series:
    """A machine's verdict by those of its rows."""
    slower, faster = counts["slower"] > 0, counts["faster"] > 0
    rest = counts["inconclusive"] > 0
    return pd.Series(np.select(
        [slower & faster, slower, faster, rest],
        ["both", "slower", "faster", "inconclusive"], "equivalent"),
        counts.index)


def of_cells(cells: pd.DataFrame) -> pd.DataFrame:
    """A row a machine: family, units, reliable, how many rows got what."""
    counts = pd.crosstab(cells["machine"], cells["verdict"]).reindex(
        columns=verdict.VERDICTS, fill_value=0)
    first = cells.groupby("machine")[["family", "units", "fellows"]].first()
    return first.join(counts).assign(
        verdict=machine_verdict(counts),
        reliable=cells.groupby("machine")["reliable"].agg(
            lambda known: known.iloc[0]),
        stands_out=cells.groupby("machine")["stands_out"].sum())


def corrected(cells: pd.DataFrame, fail_above: float
              ) -> Tuple[pd.DataFrame, Selection]:
    """The cells with their verdicts, corrected over all of them."""
    told = fellows.spread(cells)
    found = allowed(cells, told)
    p, selected, known = selection.of_families(
        found["p_adjusted"], found["machine"])
    found = judged(found.assign(p_adjusted=p), fail_above)
    return outlying(found, told), Selection(selected, known)


def fleet_of(members: Sequence[Member], refused: Sequence[Left],
             left_out: Sequence[Left], fail_above: float) -> Fleet:
    """Everything that is said of the machines, but for their groups."""
    cells, chosen = corrected(of_members(members), fail_above)
    return Fleet(list(members), list(refused), list(left_out), cells,
                 of_cells(cells), chosen)


def verdicts_said(machines: pd.DataFrame) -> Dict[str, int]:
    """How many machines got which verdict, the gravest first."""
    found = machines["verdict"].value_counts()
    return {name: int(found.get(name, 0)) for name in WORST_FIRST}
