# SPDX-License-Identifier: MIT
"""The page of a fleet: what is said of many machines, their map, trends."""

from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import pandas as pd

from analysis import fleet_said, load, map_caption
from analysis.cells import Fleet
from analysis.fleet_forms import WORDS, safe
from analysis.group_said import Section as Told
from analysis.group_said import groups_said, typical_said
from analysis.groups import Group
from analysis.sentences import number_of
from reporting import heat, text
from reporting.alerts import Alert
from reporting.page import Page
from reporting.section import Section

ROWS_MOST = 60          # of a table, so that the page stays under 2 MiB
LEFT_MOST = 500         # machines that were not compared
WHY_MOST = 300          # letters
HEADS = {"": "what", " ": "note"}     # of columns that have none
TEXTS = (*WORDS, "why")
TITLE = "What changed over the machines"


def part_of(told: Told, most: int = ROWS_MOST) -> Dict[str, Any]:
    """What is told under one heading, as the template shows it."""
    table = safe(told.table[:most]).reset_index(drop=True)
    more = len(told.table) - most
    return {"title": load.printable(told.title).strip(),
            "heads": [(HEADS.get(name, name),
                       "" if name in TEXTS else "number") for name in table],
            "rows": table.to_numpy().tolist(),
            "lines": [*map(load.printable, told.lines), *(
                [f"and {more} rows more: scripts/compare has all"]
                if more > 0 else [])]}


def section(name: str, title: str, told: Sequence[Told], nav: str = "",
            most: int = ROWS_MOST) -> Section:
    """A section of what is told."""
    return Section(name, title, "told.html",
                   {"parts": [part_of(one, most) for one in told]}, nav=nav)


def left_table(found: Fleet) -> Told:
    """The machines that were not compared, each with its reason."""
    return Told("not compared", pd.DataFrame([
        {"machine": one.name, "which": kind,
         "why": text.of(one.why, WHY_MOST)}
        for kind, several in (("refused", found.refused),
                              ("left out", found.left_out))
        for one in several]), [])


def summary(found: Fleet, told: Sequence[Group]) -> Section:
    """How many got what, by family and by mitigation, and how sure it is."""
    warned = fleet_said.warning_lines(found)
    return section("in-short", "In short", [
        Told("", pd.DataFrame(), [fleet_said.made_line(found)]),
        fleet_said.machines_said(found)._replace(lines=[]),
        *groups_said(told, "family", "by CPU family"),
        *groups_said(told, "mitigation", "by mitigation that differs"),
        fleet_said.differing(found), *(
            [Told("to be known", pd.DataFrame(), warned)] if warned else []),
        fleet_said.sureness(found)])


def apart(found: Fleet) -> Section:
    """The machines that are to be looked at, or could not be."""
    left = left_table(found)
    return section("machines", "Machines to look at", [
        fleet_said.standing_out(found), *fleet_said.changed_machines(found),
        *([] if left.table.empty else [left])], "Machines", LEFT_MOST)


def version_of(folders: Sequence[Path]) -> str:
    """The tool's, as the first run that can be read tells it."""
    for folder in folders:
        try:
            return text.fact(load.record(folder), "tool/version", 40)
        except load.BadInput:
            continue
    return ""


def alerts_of(found: Fleet) -> List[Alert]:
    """What a reader must know before any figure."""
    return [*(Alert(f"{line}. An emulator's figures: that something costs "
                    "more can be seen here, how much more cannot.")
              for line in fleet_said.emulated_lines(found)),
            *map(Alert, map(load.printable, fleet_said.forced_lines(found)))]


def made_of(found: Fleet, runs: int) -> List[str]:
    """Of what the page was made."""
    every = sum(map(len, (found.members, found.refused, found.left_out)))
    return [f"{number_of(runs, 'run')} of {number_of(every, 'machine')}"]


def refused(found: Fleet, folders: Sequence[Path]) -> Page:
    """The page of a fleet of which no machine may be compared."""
    why = section("refused", "No machine may be compared", [left_table(
        found)], "Refused", LEFT_MOST)._replace(figures=False)
    return Page(TITLE, "", [], [], "", [why], made_of(found, len(folders)),
                version_of(folders))


def page(found: Fleet, told: Sequence[Group], folders: Sequence[Path],
         place: Path, trends: Optional[Section]) -> Page:
    """A fleet's page; folders: of all runs, place: of the page."""
    sections = [summary(found, told), heat.make(found, told, place.parent),
                apart(found), section("typical", "What is typical",
                                      list(typical_said(told)), "Typical"),
                *([trends] if trends else [])]
    return Page(TITLE, map_caption.title_of(found), alerts_of(found), [],
                "; ".join(fleet_said.emulated_lines(found)), sections,
                made_of(found, len(folders)), version_of(folders))
