# SPDX-License-Identifier: MIT
"""The quiet-core estimate: what a batch would have cost on an unshared core.

One curve for one benchmark, pooled over its arms, with an effect for each
arm: ln cost = arm + b1 u + b2 u^2 + b3 v, where u and v are the logs of the
jump and load probes against their quiet level. src/quiet.c does the same and
a test holds the two together; change both or neither.

A run that never had the core to itself borrows level and curve from earlier
runs of its boot; its run.json has them.
"""

from functools import lru_cache
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import pandas as pd
from scipy.stats import binom

from analysis import load

OWN_LEVEL_LEAST = 100   # batches for a quiet level of one's own
FIT_LEAST = 20          # batches for a curve
VARIES = 1.02           # 95 % quantile over quiet level
LOW_QUANTILE = 0.01     # where a probe's lowest mode is looked for
LOW_LEAST = 10          # batches below it
NEAR = 0.03             # of a mode's middle: the mode
MODE_STEPS = 3
QUIET_WITHIN = 1.05
LOG_LOW, LOG_HIGH = -0.1, 1.0   # a probe that was preempted says nothing
DEAD = 0.02             # of the log: the probe's own noise
ITERATIONS = 20
HUBER = 1.345           # 95 % efficient under normal noise
TO_SIGMA = 1.4826       # median absolute deviation to sd
SCALE_LEAST = 1e-6
TINY = 1e-300
CONFIDENCE = 0.95

Record = Dict[str, Any]     # run.json
Level = Tuple[float, float]     # of jumps and chain, ticks


class Curve(NamedTuple):
    """How a benchmark's cost follows the probes, and where it is zero."""

    level: Level
    slopes: Sequence[float]     # of u, u^2 and v


CELL = ["benchmark", "arm"]
COLUMNS = [
    "benchmark", "arm", "launches", "batches", "quiet_ns", "quiet_low_ns",
    "quiet_high_ns", "confidence", "median_ns", "median_low_ns",
    "median_high_ns", "floor_ns", "p25_ns", "p75_ns", "mean_ns", "mdape",
    "dirty_share", "quiet_share",
]


def lower_median(values: np.ndarray) -> float:
    """The median, of two the lower: one of the values."""
    return float(np.quantile(values, 0.5, method="lower"))


def reference(values: np.ndarray) -> float:
    """The quiet level of a probe: the middle of its lowest mode.

    From a low quantile some steps to the median of what lies near. Ticks are
    often round numbers: the bounds are computed as src/quiet.c does, so that
    what lies on one is on the same side there.
    """
    low = max(LOW_QUANTILE, min(0.05, LOW_LEAST / len(values)))
    limit = np.quantile(values, low) * (1 + NEAR)
    middle = lower_median(values[values <= limit])
    for _ in range(MODE_STEPS):
        near = ((values >= middle * (1 - NEAR)) &
                (values <= middle * (1 + NEAR)))
        middle = lower_median(values[near])
    return middle


def levels(jumps: np.ndarray, chain: np.ndarray) -> Level:
    """The quiet level of both probes; each (n), of the same batches.

    A neighbour slows the chain by 2 or 3 % only, so that its modes run into
    each other: its level is that of the batches whose jumps are quiet.
    """
    level = reference(jumps)
    calm = chain[jumps <= level * (1 + NEAR)]
    return level, lower_median(calm if len(calm) else chain)


def cut_log(values: np.ndarray, level: float) -> np.ndarray:
    """ln(values / level) cut off on both sides, beyond the dead zone."""
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(values / level)
    logs = np.fmin(np.fmax(logs, LOG_LOW), LOG_HIGH)
    return np.sign(logs) * np.maximum(np.abs(logs) - DEAD, 0)


def varies(values: np.ndarray, level: float) -> bool:
    """Whether the probe moved enough, and often enough, for a curve."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return (len(values) >= FIT_LEAST and
                bool(np.quantile(values, 0.95) / level >= VARIES))


def scale_of(residuals: np.ndarray) -> float:
    """The residuals' sd, as their median absolute value tells it."""
    return max(TO_SIGMA * float(np.median(np.abs(residuals))), SCALE_LEAST)


def slopes(y: np.ndarray, arms: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """Robust slopes (k) of y (n) on the terms (n, k), arms kept apart.

    arms: n codes from 0, each present. Huber's weights, reweighted a fixed
    number of times; a prior N(0, 1) on each slope keeps it at 0 where its
    term does not vary.
    """
    effects = np.arange(arms.max() + 1) == arms[:, np.newaxis]
    design = np.hstack([effects, terms])
    prior = np.repeat([0.0, 1.0], [effects.shape[1], terms.shape[1]])
    weight = np.ones(len(y))
    scale = scale_of(y - np.median(y))
    for _ in range(ITERATIONS):
        weighted = design.T * weight
        found = np.linalg.solve(weighted @ design + np.diag(prior * scale**2),
                                weighted @ y)
        residual = np.abs(y - design @ found)
        scale = scale_of(residual)
        weight = np.fmin(1, HUBER * scale / np.fmax(residual, TINY))
    return found[effects.shape[1]:]


def covariates(jumps: np.ndarray, chain: np.ndarray, level: Level
               ) -> np.ndarray:
    """What the curve is a sum of (n, 3): u, u^2 and v."""
    u, v = cut_log(jumps, level[0]), cut_log(chain, level[1])
    return np.column_stack([u, u * u, v])


def adjust(cost: np.ndarray, arms: np.ndarray, jumps: np.ndarray,
           chain: np.ndarray, level: Level, borrowed: Optional[Curve] = None
           ) -> Tuple[np.ndarray, np.ndarray]:
    """One benchmark's costs on a quiet core, and which batches were quiet.

    All (n); cost above 0 in any unit, the probes in ticks; level is that of
    the whole run, for a benchmark with too few batches for one of its own.
    """
    if borrowed:
        level = borrowed.level
    elif len(cost) >= OWN_LEVEL_LEAST:
        level = reference(jumps), reference(chain)
    quiet = jumps <= QUIET_WITHIN * level[0]
    if not borrowed and not varies(jumps, level[0]):
        return cost, quiet
    terms = covariates(jumps, chain, level)
    found = borrowed.slopes if borrowed else slopes(np.log(cost), arms, terms)
    # A curve of a file may be out of all bounds: infinite, and no figure.
    with np.errstate(over="ignore"):
        return cost * np.exp(-terms @ found), quiet


def probes(samples: pd.DataFrame) -> Tuple[np.ndarray, np.ndarray]:
    """Each batch's jump and load probe, the mean of before and after."""
    return tuple((samples[f"{name}_before_ticks"].to_numpy(float) +
                  samples[f"{name}_after_ticks"].to_numpy(float)) / 2
                 for name in ("probe", "chain"))


def told(found: Any, keys: Sequence[str]) -> Optional[List[float]]:
    """The numbers under the keys of a part of a record; None if not all."""
    numbers = [load.number(found, key) for key in keys]
    return None if None in numbers else numbers


def level_of(record: Record, jumps: np.ndarray, chain: np.ndarray) -> Level:
    """The quiet level of a run: as recorded, else over all its batches."""
    recorded = told(load.fact(record, "probe"),
                    ["quiet_jump_ticks", "quiet_chain_ticks"])
    if recorded and min(recorded) > 0:
        return recorded[0], recorded[1]
    return (reference(jumps), reference(chain)) if len(jumps) else (1.0, 1.0)


def borrowed_curve(row: Any) -> Optional[Curve]:
    """The curve that a benchmark of a record borrowed; None if it did not."""
    curve = load.fact(row, "curve")
    level = told(curve, ["jump_ticks", "chain_ticks"])
    found = told(curve, ["jump_slope", "jump_square_slope", "chain_slope"])
    if load.fact(curve, "borrowed") is not True or not level or not found:
        return None
    return Curve((level[0], level[1]), found) if min(level) > 0 else None


def borrowed_curves(record: Record) -> Dict[str, Curve]:
    """The curves that a run borrowed, by benchmark."""
    rows = load.fact(record, "benchmarks")
    curves = [(load.fact(row, "name"), borrowed_curve(row))
              for row in (rows if isinstance(rows, list) else ())]
    return {str(name): curve for name, curve in curves if curve}


def adjusted(samples: pd.DataFrame, record: Optional[Record] = None
             ) -> pd.DataFrame:
    """Batches (n) with what an estimate is made of.

    record: the run.json of a single run; without it nothing is borrowed.
    Columns: benchmark, arm, launch, cost_ns, quiet_ns (cost on a quiet
    core), quiet (was it?), dirty. The index and order are the samples';
    benchmarks are ordered by name, arms by their first batch.
    """
    jumps, chain = probes(samples)
    name, arm = samples["benchmark"], samples["arm"]
    # pandas < 2 sorts groups by category only where categories are ordered.
    name = pd.Categorical(name, sorted(name.unique()), ordered=True)
    arm = pd.Categorical(arm, list(arm.unique()), ordered=True)
    cost = samples["ns_per_call"].to_numpy(float)
    quiet_cost, quiet = cost.copy(), np.zeros(len(cost), bool)
    level = level_of(record or {}, jumps, chain)
    curves = borrowed_curves(record or {})
    groups = samples.groupby("benchmark", observed=True).indices
    for benchmark, rows in groups.items():
        codes = pd.factorize(arm.codes[rows])[0]
        quiet_cost[rows], quiet[rows] = adjust(
            cost[rows], codes, jumps[rows], chain[rows], level,
            curves.get(benchmark))
    return pd.DataFrame({
        "benchmark": name, "arm": arm, "launch": samples["launch"],
        "cost_ns": cost, "quiet_ns": quiet_cost, "quiet": quiet,
        "dirty": samples["dirty"] != 0}, samples.index)


def launch_medians(batches: pd.DataFrame) -> pd.DataFrame:
    """Of adjusted batches: each launch's medians, the replicates.

    Columns: benchmark, arm, launch, quiet_ns, cost_ns; ns a call.
    """
    keys = [*CELL, "launch"]
    return batches.groupby(keys, observed=True)[
        ["quiet_ns", "cost_ns"]].median().reset_index()


@lru_cache(maxsize=None)
def median_ranks(count: int, wanted: float = CONFIDENCE
                 ) -> Tuple[int, int, float]:
    """Ranks (from 1) of the order statistics about a median, and how sure.

    The innermost symmetric pair that holds the median of `count` independent
    values with the wanted confidence, else the outermost; zeros where there
    are fewer than two values (David and Nagaraja, Order Statistics, 7.1).
    """
    if count < 2:
        return 0, 0, 0.0
    ranks = np.arange(1, count // 2 + 1)
    confidence = 1 - 2 * binom.cdf(ranks - 1, count, 0.5)
    low = max(int((confidence >= wanted).sum()), 1)
    return low, count + 1 - low, float(confidence[low - 1])


def interval(values: Sequence[float]) -> Tuple[float, float, float, float]:
    """Median, both ends of its interval and the interval's confidence."""
    low, high, confidence = median_ranks(len(values))
    middle = float(np.median(values))
    if not low:
        return middle, np.nan, np.nan, np.nan
    ordered = np.sort(values)
    return middle, ordered[low - 1], ordered[high - 1], confidence


def intervals(launches: pd.DataFrame, values: str, name: str
              ) -> pd.DataFrame:
    """A row for a benchmark and arm: the median of the launches' values.

    Columns: NAME_ns, NAME_low_ns, NAME_high_ns and confidence.
    """
    found = launches.groupby(CELL, observed=True)[values].agg(
        lambda cell: interval(cell.to_numpy()))
    return pd.DataFrame(
        found.to_list(), index=found.index,
        columns=[f"{name}_ns", f"{name}_low_ns", f"{name}_high_ns",
                 "confidence"])


def describe(batches: pd.DataFrame, median: pd.Series) -> pd.DataFrame:
    """What is said of the batches rather than of the launches.

    median: the median of launches in ns, by benchmark and arm.
    """
    cells = batches.groupby(CELL, observed=True)
    cost = cells["cost_ns"]
    center = median.reindex(pd.MultiIndex.from_frame(batches[CELL]))
    off = (batches["cost_ns"] / center.to_numpy() - 1).abs()
    return pd.DataFrame({
        "launches": cells["launch"].nunique(), "batches": cells.size(),
        "floor_ns": cost.min(), "p25_ns": cost.quantile(0.25),
        "p75_ns": cost.quantile(0.75), "mean_ns": cost.mean(),
        "mdape": off.groupby([batches[key] for key in CELL],
                             observed=True).median(),
        "dirty_share": cells["dirty"].mean(),
        "quiet_share": cells["quiet"].mean()})


def estimate(samples: pd.DataFrame, record: Optional[Record] = None
             ) -> pd.DataFrame:
    """A row for each benchmark and arm, columns as in COLUMNS, ns a call.

    samples: a row a batch, the columns of load.FOR_ESTIMATE; record: as of
    adjusted(). Rows come by the benchmark's name, arms in the order of their
    first batch.
    """
    if samples.empty:
        return pd.DataFrame(columns=COLUMNS)
    batches = adjusted(samples, record)
    launches = launch_medians(batches)
    quiet = intervals(launches, "quiet_ns", "quiet")
    median = intervals(launches, "cost_ns", "median")
    return pd.concat(
        [quiet, median.drop(columns="confidence"),
         describe(batches, median["median_ns"])],
        axis=1).reset_index().astype({key: str for key in CELL})[COLUMNS]
