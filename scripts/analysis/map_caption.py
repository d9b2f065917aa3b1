# SPDX-License-Identifier: MIT
"""What a fleet's heat map says in words: title, facts, families' headings."""

from typing import List

import numpy as np
import pandas as pd

from analysis import caption, groups
from analysis.cells import Fleet, verdicts_said
from analysis.groups import Group
from analysis.sentences import number_of, pct, span


def head_of(group: Group) -> str:
    """A family's heading: how many machines, and what its rows moved by."""
    text = f"{group.name}: {number_of(len(group.machines), 'machine')}"
    entering = groups.entering(group.rows)
    if entering.empty:
        return text
    middle = entering.iloc[(entering["typical_percent"] - entering[
        "typical_percent"].median()).abs().argmin()]
    ends = middle["low_percent"], middle["high_percent"]
    said = span(*ends) if np.isfinite(ends).all() else ""
    return (f"{text}, a middle kernel row {pct(middle['typical_percent'])} "
            f"{said}").rstrip()


def facts_of(found: Fleet) -> List[str]:
    """What stands below the title."""
    counts = verdicts_said(found.machines)
    machines = ", ".join(f"{count} {name}"
                         for name, count in counts.items() if count)
    emulated = sorted({one.emulated for one in found.members
                       if one.emulated})
    forced = sum(bool(one.forced) for one in found.members)
    return [*emulated, *([f"FORCED on {number_of(forced, 'machine')}: these "
                          "figures may mean nothing"] if forced else []),
            f"machines: {machines}; refused {len(found.refused)}, left out "
            f"{len(found.left_out)}",
            "slower and faster are corrected over machines and benchmarks; "
            "?: the machine's speed may have changed"]


def title_of(found: Fleet) -> str:
    """How many machines and rows, and what was meant to differ on most."""
    meant = pd.Series([f"{item.before} → {item.after}"
                       for one in found.members for item in one.differences
                       if item.fact == "kernel release"], dtype=object)
    text = (f"{number_of(len(found.members), 'machine')} by "
            f"{number_of(found.cells['row'].nunique(), 'row')}")
    return text if meant.empty else caption.shortened(
        f"{text}: Linux {meant.mode()[0]}", caption.TITLE_MOST)
