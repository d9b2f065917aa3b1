# SPDX-License-Identifier: MIT
"""What is said of groups of machines: how many, and what is typical."""

from typing import Dict, Iterator, List, NamedTuple, Optional, Sequence

import numpy as np
import pandas as pd

from analysis import groups, inference, load, units, verdict
from analysis.cells import verdicts_said
from analysis.groups import Group, Middle
from analysis.sentences import number_of, pct, signed_ns, span

LINES_MOST = 20         # of one kind; CSV and JSON have all


class Section(NamedTuple):
    """A title, a table of texts that may be empty, and lines below it."""

    title: str
    table: pd.DataFrame
    lines: List[str]


NO_TABLE = pd.DataFrame()


def middle_said(middle: Optional[Middle], unit: str) -> str:
    """A median over machines with its interval."""
    if middle is None:
        return "-"
    known = np.isfinite(middle.low) and np.isfinite(middle.high)
    if unit == "ns":
        said = (f"[{middle.low:+,.2f}, {middle.high:+,.2f}]")
        return f"{signed_ns(middle.estimate)} {said if known else ''}".strip()
    said = span(100 * middle.low, 100 * middle.high)
    return f"{pct(100 * middle.estimate)} {said if known else ''}".strip()


def group_row(group: Group) -> Dict[str, str]:
    """A group in a line."""
    counts = verdicts_said(group.machines)
    entering = groups.entering(group.rows)
    slower, faster = ((entering["verdict"] == name).sum()
                      for name in (verdict.SLOWER, verdict.FASTER))
    return {"": group.name, "machines": str(len(group.machines)),
            **{name: str(count) for name, count in counts.items()},
            "kernel rows slower": f"{slower} of {len(entering)}",
            "faster": str(counts["faster"]),
            "kernel rows faster": f"{faster} of {len(entering)}",
            "crossing tax": middle_said(group.tax, "ns"),
            "user space": middle_said(group.speed, "%")}


def groups_said(found: Sequence[Group], kind: str, title: str
                ) -> Iterator[Section]:
    """The groups of a kind, a line each."""
    of_kind = [group for group in found if group.kind == kind]
    if of_kind:
        more = len(of_kind) - LINES_MOST
        yield Section(title, pd.DataFrame([
            group_row(group) for group in of_kind[:LINES_MOST]]),
            [f"and {more} more"] if more > 0 else [])


def rows_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Typical differences as texts, those that enter the kernel first."""
    rows = rows.sort_values("control", kind="stable")
    return pd.DataFrame({
        "benchmark": [load.printable(name) for name in rows.index],
        "machines": rows["machines"].map(str),
        **{name: rows[name].map(str) for name in groups.COUNTS},
        "typical": rows["typical_percent"].map(pct),
        "interval": [span(*ends) for ends in zip(
            rows["low_percent"], rows["high_percent"])],
        "machines differ by": rows["differ_percent"].map(
            "±{:.2f} %".format),
        "over machines": rows["verdict"].mask(
            rows["families_differ"], "families differ"),
        " ": np.where(rows["control"], "user space", "")})


def held(count: int) -> str:
    """What the intervals over so many machines are."""
    if count < units.FLIPS_FROM:
        return (f"{number_of(count, 'machine')}: the intervals are their "
                "range, which describes and does not test")
    return ("intervals over machines, which are the replicates here: " + (
        "each row's by itself, by 95 %" if count < inference.JOINT_FROM
        else "all rows' at once, by 95 %"))


def group_section(group: Group) -> Section:
    """What is typical of a group; of all machines every row is told."""
    shown = (group.rows if group.kind == "all" else
             groups.changed_rows(group))
    count = len(group.machines)
    if shown.empty:
        return Section(f"typical of {group.name}", NO_TABLE, [
            "no row is slower or faster over these "
            f"{number_of(count, 'machine')}" if count >= units.FLIPS_FROM
            else f"{number_of(count, 'machine')}: too few for a verdict "
            "over machines"])
    return Section(f"typical of {group.name}", rows_table(shown),
                   [held(count)])


def typical_said(found: Sequence[Group]) -> Iterator[Section]:
    """What is typical of each group; of the same machines it stands once."""
    told: Dict[frozenset, str] = {}
    for group in found[:LINES_MOST]:
        names = frozenset(group.machines.index)
        if names not in told:
            yield group_section(group)
        elif told[names] != groups.ALL:
            yield Section(f"typical of {group.name}", NO_TABLE, [
                f"the same machines as {told[names]}"])
        told.setdefault(names, group.name)
