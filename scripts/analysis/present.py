# SPDX-License-Identifier: MIT
"""A comparison for people: text for a terminal, Markdown for a mail."""

from typing import List, Optional, Sequence

import pandas as pd

from analysis import inference, load, sides, units, verdict
from analysis.comparison import Compared, Wanted
from analysis.sentences import (control_sentence, emulated_lines,
                                forced_lines, ns, number_of, pair_name, pct,
                                signed_ns, span, tax_sentence,
                                threshold_sentence)

TABLE_HEAD = ["before", "after", "difference", "", "interval",
              "as measured", "verdict"]


def columns_of(rows: pd.DataFrame, reliable: Optional[bool]
               ) -> pd.DataFrame:
    """The table's cells as text; index: benchmark."""
    doubtful = " ?" if reliable is False else ""
    return pd.DataFrame({
        "before": rows["before_ns"].map(ns),
        "after": rows["after_ns"].map(ns),
        "difference": rows["difference_ns"].map(signed_ns),
        "": rows["difference_percent"].map(pct),
        "interval": [span(*bounds) for bounds in zip(
            rows["ci_low_percent"], rows["ci_high_percent"])],
        "as measured": rows["raw_difference_percent"].map(pct),
        "verdict": rows["verdict"] + doubtful}, rows.index)


def shown_notes(rows: pd.DataFrame) -> pd.Series:
    """The notes that are not in a column of the table already.

    What was allowed for stands above the table, and with the rows that
    differ by more.
    """
    kept = rows["notes"].str.replace(
        r"(^|; )(unreliable|as measured|extrapolated)[^;]*", "",
        regex=True).str.removeprefix("; ")
    brief = kept.str.replace(r"(^|; )allowing[^;]*", "", regex=True)
    differs = rows["verdict"].isin([verdict.SLOWER, verdict.FASTER])
    return kept.where(differs, brief.str.removeprefix("; "))


def aligned(cells: pd.DataFrame, words: Sequence[str] = (
        "benchmark", "verdict", "notes")) -> pd.DataFrame:
    """The cells with their heads, as wide as their column.

    words: the columns that begin at the left.
    """
    head = pd.DataFrame([cells.columns], ["head"], cells.columns)
    whole = pd.concat([head, cells])
    widths = whole.apply(lambda column: column.str.len().max())
    return pd.DataFrame({
        column: whole[column].str.ljust(widths[column])
        if column in words
        else whole[column].str.rjust(widths[column]) for column in whole})


def text_table(one: Compared) -> List[str]:
    """The table: a head, what enters the kernel, what does not."""
    rows = one.rows.sort_values("control", kind="stable", key=lambda column:
                                column.eq(True))
    cells = columns_of(rows, one.reliable)
    cells.insert(0, "benchmark", [load.printable(name)
                                  for name in rows.index])
    cells["notes"] = shown_notes(rows)
    lines = list(aligned(cells).agg("  ".join, axis=1).str.rstrip())
    controls = int(rows["control"].eq(True).sum())
    first = len(lines) - controls
    gap = ["", "  in user space:"] if controls else []
    return [*lines[:first], *gap, *lines[first:]]


def difference_lines(one: Compared) -> List[str]:
    """What differs, what was meant first; then the traps."""
    found = one.pair.differences
    width = max((len(item.fact) for item in found), default=0)
    lines = [f"  {'meant    ' if item.kind == 'meant' else 'CONFOUNDS'}  "
             f"{item.fact:<{width}}  {item.before} -> {item.after}"
             for item in found]
    return [*(lines or ["  nothing that run.json tells of"]),
            *(f"  note       {note}" for note in one.pair.traps)]


def moved_lines(one: Compared) -> List[str]:
    """The user-space rows that differ by themselves."""
    return [f"  {load.printable(name)} is {said}, and does not enter the "
            "kernel"
            for name, said in verdict.moved_controls(one.rows).items()]


def counts(one: Compared) -> str:
    """How many rows got which verdict."""
    found = one.rows["verdict"].value_counts()
    return ", ".join(f"{found.get(name, 0)} {name}"
                     for name in verdict.VERDICTS)


def heading(one: Compared) -> List[str]:
    """What is compared with what, by how many units."""
    pair, found = one.pair, one.pair.found
    lines = [f"{pair.before} -> {pair.after}"]
    if pair.first is not pair.second and pair.first[0] is not pair.second[0]:
        runs = [*pair.first, *pair.second]
        named = [pair.before] * len(pair.first) + [
            pair.after] * len(pair.second)
        lines = [f"{side}: {folder}"
                 for side, folder in zip(named, sides.names_of(runs))]
    held = ("the intervals are the range of the boots"
            if found.kind is units.Kind.FEW_BOOTS else
            "each row's interval holds by itself, by 95 %"
            if found.kind is units.Kind.BOOTS and
            found.count < inference.JOINT_FROM else
            "the intervals hold for all of them at once, by 95 %")
    count = " and ".join(str(len(side)) for side in (
        found.before, found.after)) if found.kind in (
            units.Kind.FEW_BOOTS, units.Kind.LAUNCHES) else found.count
    return [*lines, f"{count} {found.kind.value}, "
            f"{number_of(len(one.rows), 'row')}; {held}"]


def text_of(one: Compared, wanted: Wanted) -> List[str]:
    """A pair's lines, in the order in which they should be read."""
    return [
        *emulated_lines(one), *heading(one),
        *(f"  ! {line}" for line in one.warnings), "",
        "what differs", *difference_lines(one), "",
        f"the probe     {one.pair.probe.reason}",
        f"crossing tax  {tax_sentence(one)}",
        f"smallest      {threshold_sentence(one)}",
        *([f"allowance     {one.allowance}"] if one.allowance else []), "",
        *text_table(one), "",
        f"controls      {control_sentence(one)}", *moved_lines(one),
        f"verdicts      {counts(one)}"]


def as_text(found: Sequence[Compared], wanted: Wanted) -> str:
    """For people, in a terminal."""
    blocks = ["\n".join(text_of(one, wanted)) for one in found]
    return "\n".join([*forced_lines(wanted), "\n\n\n".join(blocks), ""])


def markdown_cell(text: str) -> str:
    """A text that neither ends a cell nor begins HTML or a link."""
    escaped = load.printable(text).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{c}" if c in "|`*_[]\\" else c for c in escaped)


def markdown_table(one: Compared) -> List[str]:
    """The rows as a Markdown table."""
    cells = columns_of(one.rows, one.reliable)
    cells["notes"] = one.rows["notes"]
    lines = [f"| benchmark | {' | '.join(TABLE_HEAD)} | notes |",
             f"| --- |{' ---: |' * 6} --- | --- |"]
    body = pd.DataFrame({"benchmark": one.rows.index}, cells.index).join(
        cells).apply(lambda column: column.map(markdown_cell))
    return [*lines, *("| " + body.agg(" | ".join, axis=1) + " |")]


def markdown_of(one: Compared, wanted: Wanted) -> List[str]:
    """A pair in Markdown."""
    facts = [f"| {item.kind} | {markdown_cell(item.fact)} | "
             f"{markdown_cell(item.before)} | {markdown_cell(item.after)} |"
             for item in one.pair.differences]
    return [
        f"## {markdown_cell(pair_name(one))}", "",
        *(f"**{markdown_cell(line)}**\n" for line in emulated_lines(one)),
        *(f"* {markdown_cell(line)}" for line in [
            *heading(one), *one.warnings, *one.pair.traps]), "",
        *(["| | what differs | before | after |", "| --- | --- | --- | --- |",
           *facts, ""] if facts else []),
        f"**The probe:** {markdown_cell(one.pair.probe.reason)}", "",
        f"**Crossing tax:** {markdown_cell(tax_sentence(one))}", "",
        f"**Smallest effect:** {markdown_cell(threshold_sentence(one))}", "",
        *([f"**Allowance:** {markdown_cell(one.allowance)}", ""]
          if one.allowance else []),
        *markdown_table(one), "",
        f"**Controls:** {markdown_cell(control_sentence(one))}", "",
        f"**Verdicts:** {counts(one)}"]


def as_markdown(found: Sequence[Compared], wanted: Wanted) -> str:
    """For a mail or a pull request."""
    blocks = ["\n".join(markdown_of(one, wanted)) for one in found]
    return "\n".join([*(f"**{markdown_cell(line)}**\n"
                        for line in forced_lines(wanted)),
                      "\n\n".join(blocks), ""])
