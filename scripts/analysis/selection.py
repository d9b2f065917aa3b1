# SPDX-License-Identifier: MIT
"""Which of many families of hypotheses hold something, at a known error.

A family is a machine, whose rows depend on each other in any way (they share
its boots); families are independent, as machines are.
"""

from typing import Tuple

import numpy as np
import pandas as pd

from analysis import inference, units


def step_up(p: np.ndarray) -> np.ndarray:
    """p (n) so corrected that of those below a level q a share q is false.

    Benjamini and Hochberg, Controlling the false discovery rate, 1995; SciPy
    has it from 1.11 on (stats.false_discovery_control). NaN stays NaN and
    does not count. Where nothing is true the chance of any is at most q.
    """
    corrected = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * len(order) / np.arange(1, len(order) + 1)
    corrected[order] = np.minimum(
        np.minimum.accumulate(steps[::-1])[::-1], 1)
    return corrected


def within(p: pd.Series) -> pd.Series:
    """Holm's correction over one family's rows."""
    return pd.Series(inference.holm(p.to_numpy(float)), p.index)


def smallest(p: pd.Series, family: pd.Series) -> pd.Series:
    """The smallest p of each family, NaN where it has none."""
    return p.groupby(family).min()


def of_families(p: pd.Series, family: pd.Series,
                level: float = units.FAMILY_LEVEL
                ) -> Tuple[pd.Series, int, int]:
    """p of rows, corrected within families, corrected over families too.

    Families are selected by their smallest p, by step_up; with R of M
    selected a row counts where its p is below level * R / M (Benjamini and
    Bogomolov, Selective inference on multiple families of hypotheses, 2014).
    Returned so that it is to be held against the level; then R and M.
    """
    least = smallest(p, family)
    corrected = pd.Series(step_up(least.to_numpy(float)), least.index)
    selected, known = int((corrected <= level).sum()), int(
        least.notna().sum())
    scaled = p * known / max(selected, 1)
    return (np.maximum(scaled, family.map(corrected)).clip(upper=1),
            selected, known)
