# SPDX-License-Identifier: MIT
"""Three-way verdicts: an interval against the smallest effect that matters."""

import numpy as np
import pandas as pd

from analysis import units

SLOWER, FASTER = "slower", "faster"
EQUIVALENT, INCONCLUSIVE = "equivalent", "inconclusive"
VERDICTS = (SLOWER, FASTER, EQUIVALENT, INCONCLUSIVE)
LEAST_NS = 1.0          # what nobody can tell from where the code lies
COUNT_MOST = 1000       # units beyond which nobody will go


def smallest(before_ns: pd.Series, wanted: float, null_log: pd.Series
             ) -> pd.Series:
    """The smallest effect that counts, as a share of the cost before.

    The largest of what was asked for, of what A/A shows here, and of 1 ns.
    """
    return np.maximum(np.maximum(wanted, np.expm1(null_log)),
                      LEAST_NS / before_ns)


def judge(low: pd.Series, high: pd.Series, delta: pd.Series,
          margin: pd.Series, p: pd.Series) -> pd.Series:
    """The verdict of intervals; all as shares of the cost before.

    That something differs needs the whole interval beyond delta, and beyond
    the margin that another boot may make, and a p of the family (NaN: none)
    that refutes that nothing does; equivalence the whole of it within delta.
    """
    beyond = np.maximum(delta, margin)
    refuted = ~(p > units.FAMILY_LEVEL)
    found = np.select(
        [(low > beyond) & refuted, (high < -beyond) & refuted,
         (low >= -delta) & (high <= delta)],
        [SLOWER, FASTER, EQUIVALENT], INCONCLUSIVE)
    return pd.Series(found, low.index)


def needed(rows: pd.DataFrame, kind: units.Kind, count: int, family: int
           ) -> pd.Series:
    """How many further units a side an inconclusive row would take.

    rows: share, low, high and delta. An interval narrows with the root of
    the units; it has to fit between the estimate and the nearer bound. NaN
    where no number that anybody would wait for does.
    """
    gap = (rows["share"].abs() - rows["delta"]).abs()
    half = (rows["high"] - rows["low"]) / 2
    least = units.least_count(kind, family)
    known = np.isfinite(half)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.ceil(count * (half / gap) ** 2).where(known, least)
    more = total.clip(lower=max(least, count + 1)) - count
    return more.where((more <= COUNT_MOST) &
                      (rows["verdict"] == INCONCLUSIVE))


def gate(low: pd.Series, high: pd.Series, threshold: float,
         margin: pd.Series) -> pd.Series:
    """What a gate says of each row: "pass", "fail" or "inconclusive"."""
    found = np.select([low > np.maximum(threshold, margin),
                       high <= threshold], ["fail", "pass"], "inconclusive")
    return pd.Series(found, low.index)


def moved_controls(rows: pd.DataFrame) -> pd.Series:
    """The verdicts of the rows that moved without entering the kernel."""
    moved = rows["control"].eq(True) & rows["verdict"].isin([SLOWER, FASTER])
    return rows["verdict"][moved]
