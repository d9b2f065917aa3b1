# SPDX-License-Identifier: MIT
"""A comparison of two sides: what differs, the tax, the rows, the controls."""

from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import pandas as pd

from analysis import caption, load, present, sentences, verdict
from analysis.comparison import Compared, Wanted
from reporting import changes
from reporting.section import Section

PAIRS_MOST = 15
KEYS = {"before": "before_ns", "after": "after_ns",
        "difference": "difference_ns", "": "difference_percent"}


class Line(NamedTuple):
    """A row of the table."""

    name: str
    control: bool
    cells: List[Tuple[float, str]]      # what to sort by, and the text
    interval: Tuple[float, str]
    measured: Tuple[float, str]
    verdict: str
    notes: str


def sortable(value: Any) -> float:
    """What a cell is sorted by; what is not known is the least."""
    return float(value) if pd.notna(value) and abs(value) < 1e300 else -1e300


class Room(NamedTuple):
    """What a pair has of a page that is to stay under 2 MiB."""

    pictured: int       # rows
    listed: int


def room_for(pairs: int) -> Room:
    """The room of each of so many pairs; more than a page holds are none."""
    if pairs > PAIRS_MOST:
        raise load.BadInput(f"{pairs} comparisons are too many for a page, "
                            f"which holds {PAIRS_MOST}: name fewer runs")
    return Room(36 if pairs <= 4 else 16, 2000 // max(pairs, 1))


def kept(rows: pd.DataFrame, most: int) -> pd.DataFrame:
    """So many of the rows, those that changed most; in their order."""
    moved = rows["verdict"].isin([verdict.SLOWER, verdict.FASTER])
    size = rows["difference_percent"].abs().fillna(0) + 1e9 * moved
    return rows[size.rank(ascending=False, method="first") <= most]


def lines(one: Compared, most: int) -> List[Line]:
    """The table: what enters the kernel, then what does not."""
    rows = kept(one.rows, most).sort_values(
        "control", kind="stable", key=lambda column: column.eq(True))
    cells = present.columns_of(rows, one.reliable)
    notes = present.shown_notes(rows)
    return [Line(load.printable(name), row["control"] is True,
                 [(sortable(row[key]), cells.loc[name, column])
                  for column, key in KEYS.items()],
                 (sortable(row["ci_low_percent"]),
                  cells.loc[name, "interval"]),
                 (sortable(row["raw_difference_percent"]),
                  cells.loc[name, "as measured"]),
                 cells.loc[name, "verdict"], notes[name])
            for name, row in rows.iterrows()]


def counts(one: Compared) -> List[Tuple[str, int]]:
    """How many rows got which verdict."""
    found = one.rows["verdict"].value_counts()
    return [(name, int(found.get(name, 0))) for name in verdict.VERDICTS]


def sides_of(one: Compared) -> Tuple[str, str]:
    """What both sides are called."""
    if one.pair.first[0] is one.pair.second[0]:
        return one.pair.before, one.pair.after
    return (caption.side_name(one, one.pair.first),
            caption.side_name(one, one.pair.second))


def heading(one: Compared) -> List[str]:
    """What is compared with what, a line a side, and by how many units."""
    lines = present.heading(one)
    found: Dict[str, List[str]] = {}
    for line in lines[:-1]:
        side, _, name = line.partition(": ")
        found.setdefault(side, []).append(name)
    return [*(f"{side}: {', '.join(names)}" if names[0] else side
              for side, names in found.items()), lines[-1]]


def shown_of(one: Compared, wanted: Wanted, room: Room) -> Dict[str, Any]:
    """What the template shows of a pair."""
    return {
        "sides": sides_of(one), "heading": heading(one),
        "emulated": sentences.emulated_lines(one),
        "forced": sentences.forced_lines(wanted), "warnings": one.warnings,
        "differences": one.pair.differences, "traps": one.pair.traps,
        "probe": one.pair.probe.reason, "tax": sentences.tax_sentence(one),
        "threshold": sentences.threshold_sentence(one),
        "allowance": one.allowance,
        "controls": sentences.control_sentence(one),
        "unreliable": one.reliable is False,
        "moved": [line.strip() for line in present.moved_lines(one)],
        "counts": counts(one), "lines": lines(one, room.listed)}


def titles(found: Sequence[Compared]) -> List[str]:
    """What each pair is called: runs of several arms are several pairs."""
    sides = [" → ".join(sides_of(one)) for one in found]
    arms = [load.printable(one.pair.before).removeprefix("before ")
            for one in found]
    return [f"{side}, arm {arm}" if sides.count(side) > 1 else side
            for side, arm in zip(sides, arms)]


def section(one: Compared, wanted: Wanted, title: str, place: int, pairs: int
            ) -> Section:
    """A pair's section; place: among the page's pairs, from 0."""
    mark = f"-{place + 1}" if pairs > 1 else ""
    room = room_for(pairs)
    rows = changes.chosen(one, room.pictured)
    pictures = [changes.draw_costs(rows, f"before-after{mark}", title),
                changes.draw_shares(rows, f"difference{mark}", title)]
    return Section(
        f"comparison{mark}", title, "compared.html",
        {**shown_of(one, wanted, room), "total": len(one.rows),
         "pictured": len(rows), "costs": pictures[0].name,
         "shares": pictures[1].name}, pictures,
        f"Comparison {place + 1}" if pairs > 1 else "Comparison")


def make(found: Sequence[Compared], wanted: Wanted) -> List[Section]:
    """A section for each pair."""
    return [section(one, wanted, title, place, len(found))
            for place, (one, title) in enumerate(zip(found, titles(found)))]
