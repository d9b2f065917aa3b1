# SPDX-License-Identifier: MIT
"""What scripts/compare --by-machine does: from run folders to an answer."""

import argparse
import sys
from pathlib import Path
from typing import Callable, List, Optional, Tuple

from analysis import fleet, fleet_forms, groups, load
from analysis.cells import Fleet, fleet_of
from analysis.comparison import Wanted
from analysis.groups import Group
from analysis.sentences import listed

PICTURES = (".svg", ".png")


def compared(given: argparse.Namespace) -> Tuple[Fleet, List[Group]]:
    """The machines that could be compared, and their groups."""
    wanted = Wanted(fail_above=given.fail_above,
                    benchmarks=given.benchmarks)
    members, refused, left_out = fleet.compare(
        given.before, given.after, wanted, given.smallest_effect,
        given.force)
    if not members:
        return Fleet([], refused, left_out, None, None, None), []
    found = fleet_of(members, refused, left_out, given.fail_above or 0.0)
    return found, groups.of_fleet(found)


def nothing(found: Fleet) -> str:
    """Why no machine could be compared, in a line."""
    first = [*found.refused, *found.left_out][0]
    more = len(found.refused) + len(found.left_out) - 1
    return load.printable(
        f"no machine can be compared: {first.name}: {first.why}" +
        (f"; and {more} more" if more else ""))


def gate_lines(found: Fleet, kind: str) -> List[str]:
    """The machines on which the gate says "fail" or "inconclusive"."""
    said = ("slower than --fail-above allows" if kind == "fail" else
            "--fail-above cannot be told")
    cells = found.cells[found.cells["gate"] == kind]
    lines = [f"{name}: {said}: {listed(list(group['row']))}"
             for name, group in cells.groupby("machine")]
    return lines if kind == "fail" else [*lines, *(
        f"{one.name}: {said}: {one.why}"
        for one in (*found.refused, *found.left_out))]


def draw(found: Fleet, told: List[Group], path: Path) -> None:
    """The heat map, as SVG and as PNG, whichever suffix the path has."""
    # Importing matplotlib takes a second that a table alone does not need.
    from analysis import heatmap, pictures
    pictures.use_style()
    stem = path.with_suffix("") if path.suffix in PICTURES else path
    pictures.save(heatmap.draw(found, told), stem)


def status_of(found: Fleet, given: argparse.Namespace) -> int:
    """What --fail-above makes of it; whatever it cannot tell is said."""
    if given.fail_above is None:
        return 0
    failed, open_ones = (gate_lines(found, kind)
                         for kind in ("fail", "inconclusive"))
    for line in [*failed, *open_ones]:
        print(f"compare: {line}", file=sys.stderr)
    return int(bool(failed or (open_ones and given.inconclusive == "fail")))


def run(given: argparse.Namespace, write: Callable[[str, Optional[Path]],
                                                   None]) -> int:
    """Compare, print or write, draw; the exit status."""
    found, told = compared(given)
    if not found.members:
        print(f"compare: {nothing(found)}", file=sys.stderr)
        return 3
    write(fleet_forms.FORMATS[given.format](found, told), given.output)
    if given.plot:
        draw(found, told, given.plot)
    return status_of(found, given)
