# SPDX-License-Identifier: MIT
"""How far two boots differ though nothing changed, as a fleet tells it.

Machines of one CPU family to which the same was done should all have moved
alike: what each lies off their middle is what another pair of boots would
too, and what its launches scatter. An upper bound, since machines may also
differ in what was done to them.
"""

import numpy as np
import pandas as pd
from scipy.stats import t

from analysis import quiet, units

LEAST = 9               # machines: fewer tell no spread that could be used
FAR = 10                # sds, by the median deviation
CAUTION = 1.5           # degrees are divided by it: tails are guessed
FREEDOMS = np.geomspace(1.5, 500, 400)
TAIL = 0.99             # quantile by which tails are told
TAIL_LEAST = 0.8        # of few values
WILD = 4                # cells that may be anything
ENDLESS = 1e6           # degrees: as good as normal
COLUMNS = ["off", "scale", "freedom"]


def scale_of(logs: pd.DataFrame) -> pd.DataFrame:
    """The sd of each row (m) over machines (n, m), and its freedom.

    Of those within FAR median deviations: the few that did change do not
    count, and of normal ones hardly any is lost.
    """
    count, off = logs.notna().sum(), logs - logs.median()
    near = off.abs() <= FAR * quiet.TO_SIGMA * off.abs().median()
    kept = logs.where(near)
    found = kept.std()
    known = (count >= LEAST) & (found > 0)
    return pd.DataFrame({"scale": found, "freedom": kept.count() - 1.0}
                        ).where(known)


def tail_freedom(z: np.ndarray) -> float:
    """Of Student's t whose tails are as long as those of z, by quantiles.

    z: (machines, rows). A machine most of whose rows lie far off is left
    out, and of the others a hundredth, or WILD, may be anything: they did
    change.
    """
    size = np.abs(z)
    common = np.nanmedian(np.where(np.isfinite(size), size, 0), axis=1)
    known = size[common <= FAR]
    known = known[np.isfinite(known)]
    if len(known) == 0 or np.median(known) == 0:
        return ENDLESS
    tail = max(min(TAIL, 1 - WILD / len(known)), TAIL_LEAST)
    ratio = np.quantile(known, tail) / np.median(known)
    ratios = t.ppf((1 + tail) / 2, FREEDOMS) / t.ppf(0.75, FREEDOMS)
    return (ENDLESS if ratio <= ratios[-1] else
            float(np.interp(-ratio, -ratios, FREEDOMS)))


def of_group(logs: pd.DataFrame) -> pd.DataFrame:
    """How machines (n) lie among each other in rows (m): COLUMNS, stacked.

    off: from the row's middle, in logs; scale: an sd; freedom: of the t
    that off / scale is held against. NaN where too few machines tell.
    """
    off, told = logs - logs.median(), scale_of(logs)
    tails = tail_freedom((off / told["scale"]).to_numpy(float))
    freedom = told["freedom"].clip(upper=tails) / CAUTION
    whole = pd.DataFrame(index=logs.index, columns=logs.columns, dtype=float)
    return pd.DataFrame({
        "off": off.stack(dropna=False),
        "scale": whole.fillna(told["scale"]).stack(dropna=False),
        "freedom": whole.fillna(freedom).stack(dropna=False)})


def spread(cells: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS of each cell, index as cells.

    cells: columns fellows (which machines are alike), machine, benchmark,
    log (of after over before).
    """
    found = []
    for _, group in cells.groupby("fellows"):
        logs = group.pivot(index="machine", columns="benchmark",
                           values="log")
        if len(logs) >= LEAST:
            keys = pd.MultiIndex.from_frame(group[["machine", "benchmark"]])
            found.append(of_group(logs).reindex(keys).set_axis(group.index))
    empty = pd.DataFrame(columns=COLUMNS, dtype=float)
    return pd.concat([empty, *found]).reindex(cells.index).astype(float)


def p_of(logs: pd.Series, told: pd.DataFrame) -> pd.Series:
    """p of so large a shift, where boots differ as the fellows tell."""
    return pd.Series(2 * t.sf(logs.abs() / told["scale"], told["freedom"]),
                     logs.index)


def reach(told: pd.DataFrame) -> pd.Series:
    """What 95 % of shifts stay under where nothing changed, in logs."""
    return pd.Series(told["scale"] * t.ppf(
        1 - units.FAMILY_LEVEL / 2, told["freedom"]), told.index)
