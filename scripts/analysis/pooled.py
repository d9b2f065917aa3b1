# SPDX-License-Identifier: MIT
"""One curve of cost over probe for all the runs that are compared.

The estimate of quiet.py, pooled: every run and arm has an effect of its own,
the curve is common. First the probe itself is compared: what the treatment
moves cannot correct for it.
"""

from typing import (Any, Dict, FrozenSet, List, NamedTuple, Optional, Sequence,
                    Tuple)

import numpy as np
import pandas as pd

from analysis import load, quiet, sides

FIT_MOST = 1500         # batches of a benchmark, evenly spaced, for its curve
LEVEL_MOST = 50000      # batches, likewise, for a run's quiet level
SELDOM_ALONE = 0.01     # of the time: a probe's lowest mode is not quiet then
SAME_LEVEL = 1.02       # two quiet levels of one core at one frequency
SAME_LAG = 1.05         # of jumps over chain: beyond, somebody shared the core

Cell = Tuple[int, str]  # a run's place and an arm


class Core(NamedTuple):
    """How the core was in a run's arm, as the probes tell it."""

    level: quiet.Level          # ticks, the lowest mode
    alone: Optional[float]      # share of the time; None: not known
    shared: float               # share of the batches above the level
    scales: FrozenSet[float] = frozenset()  # lengths of the probes

    @property
    def lag(self) -> float:
        """Of the front end behind the clock: a frequency moves it not."""
        return self.level[0] / self.level[1] if self.level[1] else np.inf


class Probe(NamedTuple):
    """Whether the adjustment may be used between two cells, and why."""

    adjusted: bool
    reason: str         # in a line, for people
    extrapolated: bool = False      # a side saw no quiet moment


def ratio(first: float, second: float) -> float:
    """The larger over the smaller."""
    return max(first, second) / min(first, second)


def step(count: int, most: int) -> int:
    """The step that leaves at most so many of a count."""
    return -(-count // most)


def scales_of(record: Dict[str, Any]) -> FrozenSet[float]:
    """How many times their usual length a run's probes had, if it tells."""
    scale = load.fact(record, "probe", "scale")
    return frozenset([scale] if isinstance(scale, (int, float)) else [])


def core_of(run: sides.Run, arm: str, batches: pd.DataFrame) -> Core:
    """The core as the batches of one run's arm found it."""
    some = batches.iloc[::step(len(batches), LEVEL_MOST)]
    jumps = some["jumps"].to_numpy(float)
    level = quiet.levels(jumps, some["chain"].to_numpy(float))
    return Core(level, sides.alone_share(run, arm),
                float((jumps > quiet.QUIET_WITHIN * level[0]).mean()),
                scales_of(run.record))


def cores(runs: Sequence[sides.Run], batches: pd.DataFrame
          ) -> Dict[Cell, Core]:
    """The core of every run and arm that has batches."""
    groups = batches.groupby(["run", "arm"], observed=True)
    return {(place, arm): core_of(runs[place], arm, group)
            for (place, arm), group in groups}


def merged(found: Sequence[Core]) -> Core:
    """Several runs of one side as one: the quietest level, mean shares."""
    told = [core.alone for core in found if core.alone is not None]
    quietest = min(found, key=lambda core: core.lag)
    return Core(quietest.level, sum(told) / len(told) if told else None,
                sum(core.shared for core in found) / len(found),
                frozenset().union(*(core.scales for core in found)))


def saw_quiet(core: Core, other: Core) -> bool:
    """Whether the core was ever alone; by the other side if it is silent."""
    if core.alone is not None:
        return core.alone >= SELDOM_ALONE
    return core.lag <= SAME_LAG * other.lag


def compare(before: Core, after: Core, one_run: bool) -> Probe:
    """Compare the probes of two sides before any cost is.

    Within one run an arm that never has the core alone may itself be the
    one who loads it; between runs of one program that can only be others.
    """
    if not min(*before.level, *after.level):
        return Probe(False, "the probes read nothing: costs are compared as "
                     "measured")
    if len(before.scales | after.scales) > 1:
        return Probe(False, "probes of different lengths: costs are compared "
                     "as measured")
    jumps, chain = (ratio(*pair) for pair in zip(before.level, after.level))
    saw = saw_quiet(before, after), saw_quiet(after, before)
    said = (f"quiet level {before.level[0]:.0f} and {after.level[0]:.0f} "
            f"ticks, core shared {100 * before.shared:.0f} % and "
            f"{100 * after.shared:.0f} % of the time")
    if all(saw) and max(jumps, chain) > SAME_LEVEL:
        return Probe(False, f"{said}: the core itself ran otherwise (its "
                     "frequency?), so costs are compared as measured")
    if not any(saw) and ratio(before.lag, after.lag) > SAME_LAG:
        return Probe(False, f"{said}: no quiet moment on either side, and not "
                     "the same neighbours; costs are compared as measured")
    if any(saw) and not all(saw) and one_run:
        return Probe(False, f"{said}: one arm never had the core alone, and "
                     "may itself be why; costs are compared as measured")
    if not all(saw):
        return Probe(True, f"{said}: {'one side' if any(saw) else 'neither'} "
                     "saw a quiet moment; what is said of a quiet core is an "
                     "extrapolation", True)
    return Probe(True, f"{said}: costs are compared as on a quiet core")


class Columns(NamedTuple):
    """Batches as arrays (n), for the fits."""

    log_cost: np.ndarray
    jumps: np.ndarray
    chain: np.ndarray
    effect: np.ndarray      # a code for each run and arm
    quiet: np.ndarray       # its run saw a quiet moment

    def pick(self, rows: np.ndarray) -> "Columns":
        """Some of them."""
        return Columns(*(column[rows] for column in self))


def fit(batches: Columns, run_level: quiet.Level) -> Optional[quiet.Curve]:
    """A benchmark's curve over all runs; None where nothing is to adjust.

    The level is that of the runs that saw a quiet moment. Where others did
    not, the curve is without its square: a straight line can be trusted
    further out (docs/method.md).
    """
    calm = batches.quiet if batches.quiet.any() else np.ones_like(
        batches.quiet)
    level = run_level
    if calm.sum() >= quiet.OWN_LEVEL_LEAST:
        level = quiet.levels(batches.jumps[calm], batches.chain[calm])
    if not min(level) or not quiet.varies(batches.jumps, level[0]):
        return None
    terms = quiet.covariates(batches.jumps, batches.chain, level)
    if not calm.all():
        terms[:, 1] = 0
    effects = np.unique(batches.effect, return_inverse=True)[1]
    return quiet.Curve(level, quiet.slopes(batches.log_cost, effects, terms))


def borrowed(runs: Sequence[sides.Run]) -> Dict[str, quiet.Curve]:
    """The curves that all the runs borrowed, the first run's first."""
    each = [quiet.borrowed_curves(run.record) for run in runs]
    if not all(each):
        return {}
    return {name: curve for found in reversed(each)
            for name, curve in found.items()}


def curves(runs: Sequence[sides.Run], batches: pd.DataFrame,
           cells: Dict[Cell, Core]) -> List[Optional[quiet.Curve]]:
    """A curve, or none, for each category of benchmark, in their order."""
    place, arm = batches["run"].to_numpy(), batches["arm"].cat
    width = len(arm.categories)
    level = merged(list(cells.values()))
    calm = np.zeros((len(runs), width), bool)
    for (run, name), core in cells.items():
        calm[run, arm.categories.get_loc(name)] = saw_quiet(core, level)
    codes = arm.codes.to_numpy()
    lent = borrowed(runs) if not calm.any() else {}
    columns = Columns(
        np.log(batches["cost_ns"].to_numpy()),
        batches["jumps"].to_numpy(float), batches["chain"].to_numpy(float),
        place * width + codes, calm[place, codes])
    rows_of = batches.groupby("benchmark", observed=True).indices
    return [lent.get(name) or fit(
        columns.pick(rows_of[name][::step(len(rows_of[name]), FIT_MOST)]),
        level.level) for name in batches["benchmark"].cat.categories]


def adjust(batches: pd.DataFrame, found: Sequence[Optional[quiet.Curve]]
           ) -> np.ndarray:
    """What each batch would have cost on a quiet core (n), ns a call."""
    code = batches["benchmark"].cat.codes.to_numpy()
    levels = np.array([curve.level if curve else (1.0, 1.0)
                       for curve in found])
    slopes = np.array([curve.slopes if curve else (0.0, 0.0, 0.0)
                       for curve in found])
    u = quiet.cut_log(batches["jumps"].to_numpy(float), levels[code, 0])
    v = quiet.cut_log(batches["chain"].to_numpy(float), levels[code, 1])
    shift = u * (slopes[code, 0] + u * slopes[code, 1]) + v * slopes[code, 2]
    return batches["cost_ns"].to_numpy() * np.exp(-shift)


def launch_medians(batches: pd.DataFrame, adjusted_ns: np.ndarray
                   ) -> pd.DataFrame:
    """Each launch's medians: the replicates within a boot.

    Index: run, arm, launch, benchmark; columns quiet_ns and median_ns.
    """
    keys = ["run", "arm", "launch", "benchmark"]
    found = batches.assign(quiet_ns=adjusted_ns).groupby(
        keys, observed=True)[["quiet_ns", "cost_ns"]].median().rename(
            columns={"cost_ns": "median_ns"})
    # Categories are slow to look up, and of no more use.
    found.index = found.index.set_levels(
        [level.astype(str) if level.dtype == "category" else level
         for level in found.index.levels])
    return found
