# SPDX-License-Identifier: MIT
"""Which cells of the runs are compared with which, and by what values."""

import re
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import pandas as pd

from analysis import differs, load, pooled, sides, traps, units


class Pair(NamedTuple):
    """Two cells of the data that are compared, and what is told of them."""

    before: str         # a name for people
    after: str
    found: units.Units      # of quiet_ns, or of median_ns where refused
    raw: units.Units        # of median_ns
    probe: pooled.Probe
    differences: List[differs.Difference]
    traps: List[str]
    first: Tuple[sides.Run, ...]
    second: Tuple[sides.Run, ...]


def measured(side: pd.DataFrame) -> pd.Index:
    """The benchmarks of which a side has any unit."""
    return side.columns[side.notna().any()]


def common_names(found: units.Units) -> List[str]:
    """The benchmarks that both sides measured."""
    return list(measured(found.before).intersection(measured(found.after),
                                                    sort=False))


def missing_names(found: units.Units) -> Tuple[List[str], List[str]]:
    """The benchmarks of one side only: before, after."""
    first, second = measured(found.before), measured(found.after)
    return (list(first.difference(second, sort=False)),
            list(second.difference(first, sort=False)))


def matching(names: Sequence[str], pattern: Optional[str]) -> List[str]:
    """The names that match a regular expression; all without one."""
    found = [name for name in names if re.search(pattern or "", name)]
    if not found:
        raise load.BadInput(f"--benchmarks {pattern}: no name matches of a "
                            "benchmark that both sides have; without it all "
                            "are compared")
    return found


def arm_pairs(run: sides.Run, medians: pd.DataFrame, cells: Dict[
        pooled.Cell, pooled.Core]) -> List[Pair]:
    """The first arm of a run against each of the others."""
    present = [arm for arm in run.arms if (0, arm) in cells]
    if len(present) < 2:
        raise load.BadInput(
            f"{run.folder}: one arm, so nothing to compare; name two runs, "
            "or measure with --arm=NAME twice")
    return [arm_pair(run, medians, cells, present[0], other)
            for other in present[1:]]


def arm_pair(run: sides.Run, medians: pd.DataFrame, cells: Dict[
        pooled.Cell, pooled.Core], before: str, after: str) -> Pair:
    """Two arms of one run."""
    probe = pooled.compare(cells[0, before], cells[0, after], True)
    raw = units.of_arms(run, medians["median_ns"], before, after)
    found = (units.of_arms(run, medians["quiet_ns"], before, after)
             if probe.adjusted else raw)
    return Pair(before, after, found, raw, probe,
                differs.arm_differences(run, run, (before, after)), [],
                (run,), (run,))


def run_pair(runs: Sequence[sides.Run], medians: pd.DataFrame, cells: Dict[
        pooled.Cell, pooled.Core], count: int, arms: Tuple[str, str]
        ) -> Pair:
    """The first `count` runs against the others, by one arm of each."""
    places = range(count), range(count, len(runs))
    cores = [pooled.merged([cells[place, arm] for place in side])
             for side, arm in zip(places, arms)]
    probe = pooled.compare(*cores, False)
    raw, quiet_units = (
        units.of_runs(runs, medians[column], arms, *places)
        for column in ("median_ns", "quiet_ns"))
    first, second = tuple(runs[:count]), tuple(runs[count:])
    found = differs.between_runs(first, second, arms)
    labels = [f" {arm}" if max(len(run.arms) for run in runs) > 1 or
              arms[0] != arms[1] else "" for arm in arms]
    return Pair(f"before{labels[0]}", f"after{labels[1]}",
                quiet_units if probe.adjusted else raw, raw, probe, found,
                traps.found_in(first, second, found), first, second)


def arms_of(runs: Sequence[sides.Run], cells: Dict[pooled.Cell, pooled.Core],
            first: int) -> List[str]:
    """The arms that all of a side's runs have batches of, in order."""
    present = [[arm for arm in run.arms if (first + place, arm) in cells]
               for place, run in enumerate(runs)]
    shared = [arm for arm in present[0]
              if all(arm in arms for arms in present)]
    if not shared:
        raise load.BadInput(f"{runs[0].folder}: no arm that run.json and "
                            "samples.csv of every run of its side have; "
                            "measure them with the same arms")
    return shared


def run_pairs(runs: Sequence[sides.Run], medians: pd.DataFrame, cells: Dict[
        pooled.Cell, pooled.Core], count: int) -> List[Pair]:
    """Two sides of runs: each arm that all have, else the first of each."""
    before = arms_of(runs[:count], cells, 0)
    after = arms_of(runs[count:], cells, count)
    both = [(arm, arm) for arm in before if arm in after]
    return [run_pair(runs, medians, cells, count, arms)
            for arms in both or [(before[0], after[0])]]


def of(before: Sequence[sides.Run], after: Sequence[sides.Run]
       ) -> List[Pair]:
    """All pairs: the arms of a single run, or the runs of two sides."""
    runs = [*before, *after]
    batches = sides.read_batches(runs)
    cells = pooled.cores(runs, batches)
    medians = pooled.launch_medians(batches, pooled.adjust(
        batches, pooled.curves(runs, batches, cells)))
    if after:
        return run_pairs(runs, medians, cells, len(before))
    return arm_pairs(runs[0], medians, cells)
