# SPDX-License-Identifier: MIT
"""What a comparison is made of: pairs of launches, launches, or boots.

A table of units has a row a unit and a column a benchmark, in ns a call. The
launch is the replicate within a boot, the boot between kernels; never the
batch.
"""

from enum import Enum
from typing import List, NamedTuple, Sequence, Tuple

import numpy as np
import pandas as pd

from analysis import inference, sides
from analysis.inference import Effect

FLIPS_FROM = 6      # boots a side: fewer cannot refute anything at 5 %
SIGNS_FROM = 11     # boots a side: the sign test, which no bad boot moves
FLIPS_MOST = 14     # boots a side: 8,192 flips
FAMILY_LEVEL = 0.05


class Kind(Enum):
    """What a unit is, and so which test is right."""

    PAIRS = "launch pairs"      # arms that alternate in one run
    LAUNCHES = "launches"       # one boot a side
    FEW_BOOTS = "boots"         # too few for a test
    BOOTS = "boot pairs"


class Units(NamedTuple):
    """Two sides' units; where they are paired, row by row."""

    kind: Kind
    before: pd.DataFrame
    after: pd.DataFrame
    alternated: bool        # drift falls on both sides alike
    same_boot: bool
    unused: int = 0         # boots of the longer side that no boot pairs

    @property
    def count(self) -> int:
        """The units of the smaller side."""
        return min(len(self.before), len(self.after))

    def of(self, names: Sequence[str]) -> "Units":
        """The same of some benchmarks only."""
        return self._replace(before=self.before[names],
                             after=self.after[names])

    def map(self, function: "np.ufunc") -> "Units":
        """The same with a function applied to every value."""
        return self._replace(before=function(self.before),
                             after=function(self.after))


def pivot(values: pd.Series, unit: str) -> pd.DataFrame:
    """Of launch medians: a row a unit, a column a benchmark."""
    return values.unstack("benchmark").sort_index(level=unit)


def arm_table(values: pd.Series, arm: str) -> pd.DataFrame:
    """One arm's launches of a single run: index launch."""
    return values.xs((0, arm), level=("run", "arm")).unstack("benchmark")


def of_arms(run: sides.Run, values: pd.Series, before: str, after: str
            ) -> Units:
    """Launches of two arms of one run, paired by the pass they stood in.

    A pass runs each arm once, and the next is its mirror image, so that the
    passes tell pairs that drift treats alike. Launches that are numbered
    otherwise are paired in their order, which leaves drift uncontrolled.
    """
    tables = [arm_table(values, arm) for arm in (before, after)]
    arms = max(len(run.arms), 2)
    passes = [table.set_axis(table.index // arms) for table in tables]
    alternated = all(table.index.is_unique for table in passes)
    if not alternated:
        passes = [table.reset_index(drop=True) for table in tables]
    common = passes[0].index.intersection(passes[1].index)
    return Units(Kind.PAIRS, passes[0].loc[common], passes[1].loc[common],
                 alternated, True)


def side_table(values: pd.Series, places: Sequence[int], arm: str
               ) -> pd.DataFrame:
    """The launches of a side's runs: index run, launch."""
    runs = values.index.get_level_values("run")
    picked = values[runs.isin(places)].xs(arm, level="arm")
    return picked.unstack("benchmark")


def by_boot(table: pd.DataFrame, runs: Sequence[sides.Run]) -> pd.DataFrame:
    """The median launch of each boot, the boots in the order they began."""
    places = table.index.get_level_values("run")
    boots = pd.Series([runs[place].boot for place in places], table.index)
    started = {runs[place].boot: runs[place].started
               for place in sorted(set(places), reverse=True,
                                   key=lambda place: runs[place].started)}
    return table.groupby(boots.to_numpy()).median().sort_index(
        key=lambda found: found.map(started))


def interleaved(runs: Sequence[sides.Run], before: Sequence[int],
                after: Sequence[int]) -> bool:
    """Whether neither side was over before the other began."""
    first, second = ([runs[place].started for place in side]
                     for side in (before, after))
    return max(first) > min(second) and max(second) > min(first)


def of_runs(runs: Sequence[sides.Run], values: pd.Series, arms: Tuple[
        str, str], before: Sequence[int], after: Sequence[int]) -> Units:
    """The runs of two sides: launches for a boot a side, else boots."""
    tables = [side_table(values, places, arm)
              for places, arm in zip((before, after), arms)]
    boots = [{runs[place].boot for place in places}
             for places in (before, after)]
    alternated = interleaved(runs, before, after)
    if max(map(len, boots)) == 1:
        same = boots[0] == boots[1] != {sides.UNKNOWN_BOOT}
        return Units(Kind.LAUNCHES, *tables, alternated, same)
    by_boots = [by_boot(table, runs) for table in tables]
    count = min(map(len, by_boots))
    if count < FLIPS_FROM:
        return Units(Kind.FEW_BOOTS, *by_boots, alternated, False)
    return Units(Kind.BOOTS, *(table.iloc[:count] for table in by_boots),
                 alternated, False, sum(map(len, by_boots)) - 2 * count)


def spread(before: np.ndarray, after: np.ndarray) -> Effect:
    """The shift of a few boots, and how far any two of them are apart."""
    shifts = (after[np.newaxis] - before[:, np.newaxis]).reshape(
        -1, before.shape[1])
    unknown = np.full(before.shape[1], np.nan)
    count = np.full(before.shape[1], min(len(before), len(after)))
    return Effect(inference.median(after) - inference.median(before),
                  np.nanmin(shifts, axis=0), np.nanmax(shifts, axis=0),
                  unknown, count)


def flips_of_whole(differences: np.ndarray) -> Effect:
    """Sign flips of the benchmarks that no boot lacks; of others nothing."""
    whole = ~np.isnan(differences).any(axis=0)
    columns = differences.shape[1]
    bound = np.full(columns, np.inf)
    found = Effect(inference.median(differences), -bound, bound.copy(),
                   np.full(columns, np.nan),
                   (~np.isnan(differences)).sum(axis=0), True)
    if whole.any():
        joint = inference.joint_flips(differences[:, whole], FAMILY_LEVEL)
        for all_of_them, of_whole in zip(found[1:4], joint[1:4]):
            all_of_them[whole] = of_whole
    return found


def signs_from(family: int) -> int:
    """From how many boots on the sign test can refute anything.

    It is worth less than flips of as many, but one bad boot does not move
    it, and it needs no symmetry.
    """
    return min(max(SIGNS_FROM, least_count(Kind.PAIRS, family)),
               FLIPS_MOST + 1)


def effect(units: Units, family: int) -> Effect:
    """The shift from before to after, judged as one of so many benchmarks.

    In the units of the tables: hand in their logarithms for relative shifts.
    """
    before, after = units.before.to_numpy(float), units.after.to_numpy(float)
    alpha = FAMILY_LEVEL / max(family, 1)
    if units.kind is Kind.LAUNCHES:
        return inference.unpaired(before, after, alpha)
    if units.kind is Kind.FEW_BOOTS:
        return spread(before, after)
    if units.kind is Kind.PAIRS or units.count >= signs_from(family):
        return inference.paired(after - before, alpha)
    return flips_of_whole(after - before)


def student(units: Units, family: int) -> Tuple[np.ndarray, np.ndarray]:
    """Student's interval beside that of boots; NaN for other units."""
    if units.kind is not Kind.BOOTS:
        unknown = np.full(units.before.shape[1], np.nan)
        return unknown, unknown
    return inference.student(
        (units.after - units.before.to_numpy()).to_numpy(float),
        FAMILY_LEVEL / max(family, 1))


def neighbour_differences(table: pd.DataFrame) -> np.ndarray:
    """Between units that follow each other: what nothing at all shows."""
    values = table.to_numpy(float)
    even = len(values) // 2 * 2
    return values[1:even:2] - values[:even:2]


def null_reach(units: Units) -> np.ndarray:
    """What A/A shows here: 95 % of shifts between equal sides are smaller.

    From neighbouring units of one side; in the units of the tables.
    """
    within: List[np.ndarray] = [neighbour_differences(side) for side in
                                (units.before, units.after)]
    return inference.null_reach(np.concatenate(within), units.count)


def least_count(kind: Kind, family: int) -> int:
    """The fewest units a side that can give an interval at the level."""
    if kind in (Kind.BOOTS, Kind.FEW_BOOTS):
        return FLIPS_FROM
    alpha = FAMILY_LEVEL / max(family, 1)
    counts = np.arange(2, 200)
    if kind is Kind.PAIRS:
        return int(counts[inference.sign_ranks(counts, alpha) >= 0][0])
    enough = [count for count in counts[:30]
              if inference.rank_sum_cdf(count, count)[0] <= alpha / 2]
    return int(enough[0])
