# SPDX-License-Identifier: MIT
"""A fleet's comparison as text, Markdown, CSV and JSON."""

import json
from typing import Any, Callable, Dict, List, Optional, Sequence

import numpy as np
import pandas as pd

from analysis import crossing, groups, load
from analysis.cells import Fleet, verdicts_said
from analysis.fleet import Left, Member
from analysis.fleet_said import sections_of
from analysis.group_said import Section
from analysis.groups import Group, Middle
from analysis.present import aligned, markdown_cell
from analysis.tables import harmless, plain

WORDS = ("benchmark", "verdict", "notes", "", "fact", "before -> after",
         "which", "machine", "most in", "family", "furthest",
         "over machines", " ")
CSV = ["machine", "family", "benchmark", "arm", "before_ns", "after_ns",
       "difference_ns", "difference_percent", "ci_low_percent",
       "ci_high_percent", "p_adjusted", "verdict", "smallest_effect_percent",
       "allowance_percent", "off_percent", "stands_out", "control",
       "reliable", "units", "notes", "emulated"]
TEXTS = ["machine", "family", "benchmark", "arm", "units", "notes"]


def safe(table: pd.DataFrame) -> pd.DataFrame:
    """The cells with nothing in them that a terminal obeys."""
    return table.astype(str).apply(lambda column: column.map(load.printable))


def text_of(section: Section) -> str:
    """A section for a terminal."""
    lines = [section.title] if section.title else []
    if not section.table.empty:
        table = safe(section.table).reset_index(drop=True)
        lines += ["  " + line for line in aligned(table, WORDS).agg(
            "  ".join, axis=1).str.rstrip()]
    return "\n".join([*lines, *(
        f"{'  ' if section.title else ''}{load.printable(line)}"
        for line in section.lines)])


def as_text(found: Fleet, told: Sequence[Group]) -> str:
    """For people, in a terminal."""
    return "\n\n".join(map(text_of, sections_of(found, told))) + "\n"


def markdown_table(table: pd.DataFrame) -> List[str]:
    """A table of texts in Markdown."""
    if table.empty:
        return []
    sides = ["---" if name in WORDS else "---:" for name in table]
    body = table.astype(str).apply(lambda column: column.map(markdown_cell))
    return ["| " + " | ".join(table.columns) + " |",
            "| " + " | ".join(sides) + " |",
            *("| " + body.agg(" | ".join, axis=1) + " |"), ""]


def markdown_of(section: Section) -> str:
    """A section for a mail or a pull request."""
    title = [f"## {markdown_cell(section.title)}", ""] if section.title else []
    return "\n".join([*title, *markdown_table(section.table), *(
        f"* {markdown_cell(line)}" for line in section.lines)]).rstrip()


def as_markdown(found: Fleet, told: Sequence[Group]) -> str:
    """For a mail or a pull request."""
    return "\n\n".join(map(markdown_of, sections_of(found, told))) + "\n"


def left_rows(several: Sequence[Left], kind: str) -> List[Dict[str, str]]:
    """Rows of CSV for machines of which nothing is said."""
    return [{"machine": one.name, "family": one.family, "benchmark": "",
             "verdict": kind, "notes": one.why} for one in several]


def csv_rows(found: Fleet) -> pd.DataFrame:
    """A row a machine and benchmark, then those that were not compared."""
    cells = found.cells.assign(benchmark=found.cells["row"])
    left = pd.DataFrame([*left_rows(found.refused, "refused"),
                         *left_rows(found.left_out, "left out")])
    rows = pd.concat([cells, left], ignore_index=True).reindex(columns=CSV)
    rows[TEXTS] = rows[TEXTS].fillna("").apply(harmless)
    return rows.replace([np.inf, -np.inf], np.nan)


def as_csv(found: Fleet, told: Sequence[Group]) -> str:
    """For a spreadsheet or a program."""
    return csv_rows(found).to_csv(index=False, float_format="%.6g",
                                  lineterminator="\n")


def records(table: pd.DataFrame) -> List[Dict[str, Any]]:
    """Rows as JSON has them; NaN is null."""
    return [{key: None if value is pd.NA else plain(value)
             for key, value in row.items()}
            for row in table.to_dict("records")]


def common_json(found: Optional[crossing.Common], scale: float = 1
                ) -> Optional[Dict[str, Any]]:
    """What the rows of one machine have in common."""
    return found and {
        **{key: plain(scale * value) for key, value in zip(
            ("estimate", "low", "high"), found)}, "rows": found.rows}


def middle_json(found: Optional[Middle], scale: float = 1
                ) -> Optional[Dict[str, Any]]:
    """What machines have in common."""
    return found and {
        **{key: plain(scale * value) for key, value in zip(
            ("estimate", "low", "high"), found)},
        "machines": found.machines}


def member_json(member: Member, row: pd.Series) -> Dict[str, Any]:
    """A machine, but for its rows."""
    tax = next(iter(member.tax.values()), None)
    return {
        "machine": member.machine.name, "id": member.machine.id,
        "named_by_host": member.machine.is_named,
        "family": member.machine.family, "units": member.kind,
        "verdict": row["verdict"], "reliable": member.reliable,
        **{name: int(row[name]) for name in groups.COUNTS},
        "stands_out": int(row["stands_out"]),
        "crossing_tax_ns": common_json(tax),
        "controls_percent": common_json(member.controls, 100),
        "differs": [item._asdict() for item in member.differences],
        "warnings": member.warnings, "forced": member.forced,
        "emulated": member.emulated or None}


def group_json(group: Group) -> Dict[str, Any]:
    """A group of machines."""
    rows = group.rows.rename_axis("benchmark").reset_index()
    return {"kind": group.kind, "name": group.name,
            "machines": list(group.machines.index),
            "verdicts": verdicts_said(group.machines),
            "crossing_tax_ns": middle_json(group.tax),
            "user_space_percent": middle_json(group.speed, 100),
            "rows": records(rows)}


def as_json(found: Fleet, told: Sequence[Group]) -> str:
    """For a program."""
    out = groups.standing_out(found).reset_index()
    cells = found.cells.assign(benchmark=found.cells["row"])
    return json.dumps({
        "schema": 1, "by_machine": True,
        "verdicts": verdicts_said(found.machines),
        "correction": {
            "within_machines": "Holm or max-T",
            "over_machines": "Benjamini-Hochberg, Benjamini-Bogomolov",
            "level": 0.05, **found.selection._asdict()},
        "refused": [one._asdict() for one in found.refused],
        "left_out": [one._asdict() for one in found.left_out],
        "machines": [member_json(one, found.machines.loc[one.machine.name])
                     for one in found.members],
        "groups": [group_json(group) for group in told],
        "stands_out": records(out),
        "families_differ": records(groups.families_differ(
            found.cells).rename_axis("benchmark").reset_index(
                name="p_adjusted")),
        "rows": records(cells[CSV + ["allowed_by"]])},
        indent=1, allow_nan=False) + "\n"


FORMATS: Dict[str, Callable[[Fleet, Sequence[Group]], str]] = {
    "text": as_text, "markdown": as_markdown, "csv": as_csv, "json": as_json}
