# SPDX-License-Identifier: MIT
"""What a call costs the code around it: lines of text."""

import pandas as pd

from analysis.arm import Arm, Lines, ends_of
from analysis.columns import Line, figure, joined, size_text
from analysis.indirect import ONE_LINE

LOADS = 256             # of a turn whose name has no number of them
SHAPE = "^chase/([a-z]+)/([1-9][0-9]{0,14})(?:_([1-9][0-9]{0,8}))?$"


def shaped(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the call, the set's bytes and the loads of a turn."""
    parts = rows["benchmark"].str.extract(SHAPE)
    rows = rows.assign(call=parts[0], bytes=pd.to_numeric(parts[1]),
                       loads=pd.to_numeric(parts[2]).fillna(LOADS))
    rows = rows.dropna(subset=["bytes"])
    return rows.sort_values(["call", "bytes", "loads"], kind="stable")


def direct_text(arm: Arm, call: str) -> str:
    """What a call takes among loads of one line."""
    rows = arm.one("direct", f"chase/{call}/{ONE_LINE}")
    return "".join(f"beside its {figure(value)}" for value in rows["value"])


def indirect(arm: Arm) -> Lines:
    """What a call adds to loads beyond itself."""
    for _, row in shaped(arm.of("indirect")).iterrows():
        load = arm.levels[row["reference"]] / row["loads"]
        yield Line(f"{row['call']} every {row['loads']:,.0f} loads of "
                   f"{size_text(row['bytes'])} adds", ends_of(row), "ns",
                   joined(direct_text(arm, row["call"]),
                          f"a load takes {figure(load)}"))
