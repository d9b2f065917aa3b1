# SPDX-License-Identifier: MIT
"""What a call costs the code around it: rows of group chase.

Costs and values as in contrasts.py, rows as of contrasts.rows_of(). A row's
variant is its set in bytes and, where they are not 256, _ and the loads of a
turn. All is as measured: what is looked for is a hundredth of a turn, and each
row's own curve of the neighbour's load may err by more; turns with and without
a call stand in the same rounds, where they have the same neighbour.
"""

from typing import List

import pandas as pd

from analysis.batching import CELL

GROUP = "chase"
ALONE = "alone"         # the path of turns without a call
ONE_LINE = "64"         # the set that no call can displace
CONTRASTS = ["direct", "indirect"]


def added(costs: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """What a call adds to a turn: a row a benchmark, arm and launch.

    benchmark, reference, path, variant, CELL and value, ns.
    """
    chases = rows.loc[rows["group"] == GROUP,
                      ["benchmark", "path", "variant", "way"]]
    each = costs.merge(chases, on="benchmark")
    alone = each.loc[each["path"] == ALONE,
                     ["benchmark", "variant", "measured_ns", *CELL]]
    calls = each[each["path"].ne(ALONE) & each["way"].eq("kernel")]
    both = calls.merge(alone, on=["variant", *CELL],
                       suffixes=("", "_alone"))
    return both.assign(value=both["measured_ns"] - both["measured_ns_alone"],
                       reference=both["benchmark_alone"], unit="ns")


def values(costs: pd.DataFrame, rows: pd.DataFrame) -> List[pd.DataFrame]:
    """Values of what a call takes by itself, and of what it adds to that.

    By itself: among loads of one line, which hide as much of the turn's own
    instructions as loads of any set do.
    """
    calls = added(costs, rows)
    direct = calls[calls["variant"] == ONE_LINE]
    others = calls[calls["variant"] != ONE_LINE].merge(
        direct[["path", "value", *CELL]], on=["path", *CELL],
        suffixes=("", "_direct"))
    found = [direct.assign(contrast="direct"),
             others.assign(contrast="indirect",
                           value=others["value"] - others["value_direct"])]
    return [each[["contrast", "benchmark", "reference", "unit", *CELL,
                  "value"]] for each in found]
