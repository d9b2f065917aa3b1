# SPDX-License-Identifier: MIT
"""A fleet's heat map as a table: machines by benchmarks, each with a link."""

import os
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence
from urllib.parse import quote

import numpy as np
import pandas as pd

from analysis import heatmap, load, map_caption, verdict
from analysis.caption import shortened
from analysis.cells import Fleet
from analysis.fleet import Member
from analysis.groups import Group
from analysis.heatmap import Layout
from analysis.sentences import number_of, pct
from reporting.section import Section

STEPS = 5               # of colour to either side of the middle
CELLS_MOST = 8000       # so that the page stays under 2 MiB
ROWS_LEAST = 20         # of benchmarks, however many machines there are
LINKS_MOST = 600_000    # bytes of links in cells


class Cell(NamedTuple):
    """A machine and a benchmark."""

    looks: str          # classes: the step of colour, the verdict
    text: str
    said: str           # what follows for who cannot see the marks


class Line(NamedTuple):
    """A machine."""

    name: str
    link: str           # to its run's report; "" where there is none
    cells: List[Cell]


ABSENT = Cell("hx", "–", " not measured")


def link_of(member: Member, folder: Path) -> str:
    """How a page in a folder names the machine's last report after.

    By the paths as they were given: a browser resolves `..` in the text of
    an address and does not follow symbolic links.
    """
    for run in reversed(member.after):
        report = run / "report.html"
        if report.is_file():
            path = os.path.relpath(os.path.abspath(report),
                                   os.path.abspath(folder))
            return quote(os.fsencode(path))
    return ""


def number(percent: float) -> str:
    """A difference as short as a cell is."""
    text = f"{percent:+.{0 if abs(percent) >= 100 else 1}f}"
    return "0.0" if float(text) == 0 else text


def cells_of(found: pd.DataFrame, most: float) -> pd.Series:
    """A Cell for each row; index machine and row."""
    known = found["difference_percent"].astype(float)
    steps = (known / most).clip(-1, 1).mul(STEPS).round().add(STEPS)
    made = [Cell(f"h{step:.0f} {name}{' out' if out else ''}",
                 number(percent),
                 f" % {name}{', stands out' if out else ''}")
            if np.isfinite(percent) else
            Cell(f"hx {name}", "–", f" {name}: not known on both sides")
            for percent, step, name, out in zip(
                known, steps, found["verdict"], found["stands_out"])]
    return pd.Series(made, pd.MultiIndex.from_frame(
        found[["machine", "row"]]), dtype=object)


def columns_of(found: Fleet, layout: Layout) -> List[str]:
    """The benchmarks that are shown, in their order: where there are too many
    those that changed most."""
    room = max(CELLS_MOST // max(len(layout.y), 1), ROWS_LEAST)
    cells = found.cells
    moved = cells["verdict"].isin([verdict.SLOWER, verdict.FASTER])
    size = (cells["difference_percent"].astype(float).abs().fillna(0) +
            1e9 * moved).groupby(cells["row"]).mean()
    kept = set(size.nlargest(room).index)
    return [name for name in layout.x.index if name in kept]


def machines_of(found: Fleet, count: int) -> List[str]:
    """The machines that are shown beside so many benchmarks: where there are
    too many those that changed most."""
    counts = found.machines[[verdict.SLOWER, verdict.FASTER]].sum(axis=1)
    return list(counts.sort_values(ascending=False, kind="stable").index[
        :CELLS_MOST // max(count, 1)])


def groups_of(found: Fleet, told: Sequence[Group], layout: Layout,
              columns: Sequence[str], folder: Path) -> List[Dict[str, Any]]:
    """The families with their machines, those that got slower first."""
    shown = set(machines_of(found, len(columns)))
    cells = cells_of(found.cells[found.cells["row"].isin(columns)],
                     heatmap.scale_of(found).vmax).to_dict()
    members = {one.machine.name: one for one in found.members}
    names = dict(zip(layout.y.index, heatmap.names_of(found, layout.y)))
    families = [(group, [name for name in layout.y.index if name in shown and
                         name in group.machines.index])
                for group in told if group.kind == "family"]
    return [{"head": map_caption.head_of(group), "machines": [
        Line(names[name], link_of(members[name], folder),
             [cells.get((name, row), ABSENT) for row in columns])
        for name in some]} for group, some in families if some]


def left_lines(found: Fleet, columns: int, machines: int) -> List[str]:
    """What the map does not show."""
    rows = found.cells["row"].nunique()
    return [f"The {shown} of {number_of(of, thing)} that changed most: "
            "scripts/compare has all."
            for shown, of, thing in ((columns, rows, "benchmark"),
                                     (machines, len(found.members),
                                      "machine")) if shown < of]


def make(found: Fleet, told: Sequence[Group], folder: Path) -> Section:
    """The section; folder: where the page goes."""
    layout = heatmap.layout_of(found, told)
    columns = columns_of(found, layout)
    groups = groups_of(found, told, layout, columns, folder)
    lines = [line for group in groups for line in group["machines"]]
    size = sum(len(line.link) for line in lines) * len(columns)
    return Section("map", "Machines by benchmarks", "heat.html", {
        "columns": [shortened(load.printable(name), heatmap.NAME_MOST)
                    for name in columns],
        "groups": groups, "most": pct(heatmap.scale_of(found).vmax)[1:],
        "linked": any(line.link for line in lines),
        "cells_linked": size <= LINKS_MOST,
        "lines": left_lines(found, len(columns), len(lines))}, nav="Map")
