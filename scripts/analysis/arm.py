# SPDX-License-Identifier: MIT
"""One arm of a run, as what is said of it needs it."""

from typing import Any, Dict, Iterator, NamedTuple

import pandas as pd

from analysis.columns import Ends, Text
from analysis.contrasts import rows_of

Record = Dict[str, Any]     # run.json
Lines = Iterator[Text]


class Arm(NamedTuple):
    """One arm of a run."""

    found: pd.DataFrame     # its contrasts
    levels: pd.Series       # ns a call, by benchmark
    rows: pd.DataFrame      # as of contrasts.rows_of()
    record: Record

    def of(self, contrast: str) -> pd.DataFrame:
        """The rows of one contrast."""
        return self.found[self.found["contrast"] == contrast]

    def one(self, contrast: str, benchmark: str) -> pd.DataFrame:
        """The row of one contrast and benchmark; none where there is none."""
        return self.of(contrast)[self.of(contrast)["benchmark"] == benchmark]


def arm_of(found: pd.DataFrame, costs: pd.DataFrame, record: Record,
           name: str) -> Arm:
    """An arm by its name; found and costs: of all arms."""
    costs = costs[costs["arm"] == name]
    return Arm(found[found["arm"] == name],
               costs.groupby("benchmark")["ns"].median(),
               rows_of(costs, record), record)


def ends_of(row: pd.Series, scale: float = 1) -> Ends:
    """A contrast's value, low and high, times the scale."""
    return tuple(float(row[end]) * scale for end in ("value", "low", "high"))


def group_of(benchmark: str) -> str:
    return benchmark.split("/")[0]
