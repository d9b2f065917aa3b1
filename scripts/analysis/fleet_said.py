# SPDX-License-Identifier: MIT
"""What is said of a fleet, in sections, whichever way it is printed."""

from collections import Counter
from typing import Iterator, List, Sequence

import numpy as np
import pandas as pd

from analysis import fellows, groups, load, units, verdict
from analysis.cells import Fleet, verdicts_said
from analysis.group_said import (LINES_MOST, NO_TABLE, Section, groups_said,
                                 typical_said)
from analysis.groups import Group
from analysis.sentences import listed, number_of, pct, span

MACHINES_MOST = 40
VERDICT_SAID = {
    "slower": "slower in some row", "faster": "faster in some row",
    "both": "slower in some, faster in others",
    "equivalent": "equivalent in every row",
    "inconclusive": "inconclusive in some row"}


def cut(lines: Sequence[str], most: int = LINES_MOST) -> List[str]:
    """Some lines, and how many more there are."""
    more = len(lines) - most
    return [*lines[:most], *([f"and {more} more"] if more > 0 else [])]


def on_machines(text: str, count: int, of: int) -> str:
    """A text, and on how many of the machines it is true."""
    return text if count == of else f"{text} ({count} of {of} machines)"


def emulated_lines(found: Fleet) -> List[str]:
    """What is said of an emulator's figures, and of how many machines."""
    counts = Counter(one.emulated for one in found.members if one.emulated)
    return [f"{said} ({count} of {len(found.members)} machines)"
            for said, count in counts.items()]


def forced_lines(found: Fleet) -> List[str]:
    """The machines that were compared although they may not be."""
    return cut([f"FORCED: {one.machine.name}: {reason}: these figures may "
                "mean nothing" for one in found.members
                for reason in one.forced])


def made_line(found: Fleet) -> str:
    """How many machines were compared, and by what."""
    of = len(found.members)
    kinds = Counter(one.kind for one in found.members)
    made = ", ".join(f"{kind} a side on {count}"
                     for kind, count in kinds.most_common(LINES_MOST))
    every = of + len(found.refused) + len(found.left_out)
    return (f"{of} of {number_of(every, 'machine')} compared, "
            f"{number_of(found.cells['row'].nunique(), 'row')}; {made}")


def head_lines(found: Fleet) -> List[str]:
    """What was compared, and what is to be said before any figure."""
    return [*emulated_lines(found), *forced_lines(found), made_line(found)]


def warning_lines(found: Fleet) -> List[str]:
    """What machines' comparisons warn of, the most frequent first."""
    counts = Counter(line for one in found.members for line in one.warnings)
    return cut([on_machines(line, count, len(found.members))
                for line, count in counts.most_common()], 8)


def differing(found: Fleet) -> Section:
    """What differs between the sides, on how many machines."""
    counts = Counter(item for one in found.members
                     for item in one.differences)
    order = sorted(counts.items(), key=lambda item: (
        item[0].kind != "meant", -item[1], item[0].fact))
    table = pd.DataFrame([
        {"": "meant" if item.kind == "meant" else "CONFOUNDS",
         "fact": item.fact, "before -> after":
         f"{item.before[:60]} -> {item.after[:60]}", "machines": str(count)}
        for item, count in order[:LINES_MOST]])
    more = len(order) - LINES_MOST
    return Section("what differs", table, [] if order and more <= 0 else [
        f"and {more} more" if order else "nothing that run.json tells of"])


def machines_said(found: Fleet) -> Section:
    """How many machines got which verdict, and which."""
    known = found.machines
    table = pd.DataFrame([
        {"": VERDICT_SAID[name], "machines": str(count),
         "which": listed(list(known.index[known["verdict"] == name]))
         if name not in ("equivalent", "inconclusive") or count <= 8 else ""}
        for name, count in verdicts_said(known).items()])
    doubtful = list(known.index[known["reliable"].eq(False)])
    more = [
        {"": "refused", "machines": str(len(found.refused)),
         "which": listed([one.name for one in found.refused])},
        {"": "left out: on one side only",
         "machines": str(len(found.left_out)),
         "which": listed([one.name for one in found.left_out])},
        {"": "? speed may have changed", "machines": str(len(doubtful)),
         "which": listed(doubtful)}]
    lines = [f"{kind}: {load.printable(one.name)}: {one.why}"
             for kind, several in (("refused", found.refused),
                                   ("left out", found.left_out))
             for one in several]
    return Section("machines", pd.concat([table, pd.DataFrame(more)]),
                   cut(lines))


def sureness(found: Fleet) -> Section:
    """What the verdicts are corrected for, and what is allowed."""
    cells, chosen = found.cells, found.selection
    lines = [
        "over a machine's rows, which share its boots, by Holm or max-T; "
        "over machines, which are independent, by Benjamini and Hochberg",
        "so of the machines called slower or faster 1 in 20 may be so in "
        "error; where nothing differs, 1 fleet in 20 has any",
        f"{chosen.selected} of {number_of(chosen.machines, 'machine')} with "
        "a p were selected; an interval, and equivalence, holds for one "
        "machine's rows at once, by 95 %"]
    by_fellows = cells["allowed_by"] == "its fellows"
    if by_fellows.any():
        reach = cells.loc[by_fellows, "allowance_percent"]
        count = cells.loc[by_fellows, "machine"].nunique()
        lines.append(
            f"another boot may differ by ±{reach.median():.1f} % (median "
            f"over cells): so far {number_of(count, 'machine')} lie about "
            "their fellows, of one CPU family and with the same done to them"
            )
    alone = cells.loc[(cells["allowed_by"] != "its fellows") &
                      (cells["allowance_percent"] > 0)]
    if len(alone):
        lines.append(
            f"{number_of(alone['machine'].nunique(), 'machine')} with under "
            f"{fellows.LEAST} such fellows, or none like it: allowing ±"
            f"{alone['allowance_percent'].median():.1f} % for another boot "
            "or run, by earlier ones or flat, without a p")
    return Section("how sure", NO_TABLE, lines)


def standing_out(found: Fleet) -> Section:
    """Which machines are not like their fellows, and whether families are."""
    table = groups.standing_out(found)
    shown = table[:LINES_MOST]
    differ = groups.families_differ(found.cells)
    rows = list(differ.index[differ <= units.FAMILY_LEVEL])
    lines = [f"CPU families differ in {len(rows)} of "
             f"{number_of(len(differ), 'row')} (Kruskal and Wallis, Holm), "
             "so that no figure for all machines is typical there"
             ] if rows else []
    if table.empty:
        lines.append("no machine stands out among its fellows")
    elif len(table) > len(shown):
        lines.append(f"and {len(table) - len(shown)} more")
    return Section("which stand out", pd.DataFrame({
        "machine": shown.index, "rows": [
            f"{count} of {of}" for count, of in zip(
                shown["count"], shown["of"])],
        "furthest": shown["row"].map(load.printable),
        "differs by": shown["difference_percent"].map(pct),
        "off its fellows": shown["off_percent"].map(pct),
        "p": shown["p_stands_out"].map("{:.2g}".format),
        "verdict": shown["verdict"], "family": shown["family"]}), lines)


def changed_machines(found: Fleet) -> Iterator[Section]:
    """The machines that got slower or faster, and by what most."""
    known = found.machines
    some = known[known["verdict"].isin(["slower", "faster", "both"])]
    if some.empty:
        return
    cells = found.cells[found.cells["verdict"].isin(
        [verdict.SLOWER, verdict.FASTER])]
    order = cells["difference_percent"].abs().sort_values(
        ascending=False).index
    most = cells.loc[order].groupby("machine").first().reindex(some.index)
    table = pd.DataFrame({
        "machine": some.index, "verdict": some["verdict"] + np.where(
            some["reliable"].eq(False), " ?", ""),
        **{name: some[name].map(str) for name in groups.COUNTS},
        "most in": most["row"].map(load.printable),
        "by": most["difference_percent"].map(pct),
        "interval": [span(*ends) for ends in zip(
            most["ci_low_percent"], most["ci_high_percent"])],
        "family": some["family"]})
    more = len(table) - MACHINES_MOST
    yield Section("machines that changed", table[:MACHINES_MOST], [
        f"and {more} more: csv and json have all"] if more > 0 else [])


def sections_of(found: Fleet, told: Sequence[Group]) -> Iterator[Section]:
    """All that is said, in the order in which it should be read."""
    yield Section("", NO_TABLE, head_lines(found))
    warned = warning_lines(found)
    if warned:
        yield Section("to be known", NO_TABLE, warned)
    yield differing(found)
    yield machines_said(found)
    yield sureness(found)
    yield from groups_said(told, "family", "by CPU family")
    yield from groups_said(told, "mitigation", "by mitigation that differs")
    yield from typical_said(told)
    yield standing_out(found)
    yield from changed_machines(found)
