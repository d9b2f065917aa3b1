# SPDX-License-Identifier: MIT
"""Intervals and tests for differences: what independent units can tell.

Everywhere a column is a benchmark and a row is a unit: a pair of launches or
of boots, or one launch where sides are not paired. NaN is a unit that a
benchmark lacks. alpha is the two-sided level of one benchmark's interval.
docs/compare.md says which is used where, and why.
"""

from functools import lru_cache
from typing import NamedTuple, Tuple

import numpy as np
from scipy.special import binom as binomial
from scipy.stats import beta, binom, norm, t

EXACT_MOST = 3000       # pairwise differences, for the exact distribution
DOUBLINGS = 12          # of an interval, before it counts as unbounded
BISECTIONS = 25
JOINT_FROM = 8          # units whose flips bound all benchmarks at once
GRID = 4001             # of cosines
ROUNDING = 1e-9         # of sums that are equal but for their order
NULL_SHARE = 0.95       # of what an A/A comparison would show


class Effect(NamedTuple):
    """Each benchmark's shift; all (m), in the units of what was given.

    A bound that the units cannot give is infinite; p is for no difference,
    not yet corrected for the number of benchmarks unless `joint` says so.
    """

    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray
    count: np.ndarray       # units, of both sides where they are not paired
    joint: bool = False     # p and interval hold for the whole family


def holm(p: np.ndarray) -> np.ndarray:
    """p (m) so corrected that the chance of any false one is bounded.

    Holm, A simple sequentially rejective multiple test procedure, 1979. NaN
    stays NaN and does not count.
    """
    corrected = np.full(len(p), np.nan)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return corrected


def sign_ranks(count: np.ndarray, alpha: float) -> np.ndarray:
    """How many order statistics lie outside a median's interval, each side.

    Below 0 where even the outermost pair does not hold the median with the
    confidence 1 - alpha (David and Nagaraja, Order Statistics, 7.1).
    """
    count = np.asarray(count)
    outside = binom.ppf(alpha / 2, count, 0.5) - 1
    # ppf is the least k with cdf(k) >= alpha / 2: equality is allowed.
    equal = binom.cdf(outside + 1, count, 0.5) <= alpha / 2
    return np.where(count > 0, outside + equal, -1).astype(int)


def paired(differences: np.ndarray, alpha: float) -> Effect:
    """The median of paired differences (n, m), by the sign test.

    Distribution-free: independence of the pairs is assumed and nothing else.
    """
    if not len(differences):
        differences = np.full((1, differences.shape[1]), np.nan)
    ordered = np.sort(differences, axis=0)      # NaN last
    count = (~np.isnan(differences)).sum(axis=0)
    ranks = sign_ranks(count, alpha)
    column = np.arange(differences.shape[1])
    inside = np.maximum(ranks, 0)
    known = (ranks >= 0) & (count > 0)
    low = ordered[np.minimum(inside, len(ordered) - 1), column]
    high = ordered[np.maximum(count - 1 - inside, 0), column]
    above = (differences > 0).sum(axis=0)
    below = (differences < 0).sum(axis=0)
    p = 2 * binom.cdf(np.minimum(above, below), above + below, 0.5)
    return Effect(median(differences), np.where(known, low, -np.inf),
                  np.where(known, high, np.inf),
                  np.where(count > 0, np.minimum(p, 1), np.nan), count)


def median(values: np.ndarray) -> np.ndarray:
    """The median of each column (m), units that are missing left out."""
    found = np.full(values.shape[1], np.nan)
    known = ~np.isnan(values).all(axis=0)
    found[known] = np.nanmedian(values[:, known], axis=0)
    return found


@lru_cache(maxsize=None)
def rank_sum_cdf(first: int, second: int) -> np.ndarray:
    """P(U <= u), u from 0, of the Mann-Whitney statistic without ties.

    Exact: the partitions of u into at most `first` parts of at most
    `second`; above EXACT_MOST the normal distribution does (SciPy has the
    test, but not the distribution that an interval needs).
    """
    most = first * second
    if most > EXACT_MOST:
        sd = np.sqrt(most * (first + second + 1) / 12)
        return norm.cdf((np.arange(most + 1) + 0.5 - most / 2) / sd)
    ways = np.zeros((first + 1, most + 1))
    ways[0, 0] = 1
    for size in range(1, second + 1):
        for parts in range(1, first + 1):
            ways[parts, size:] += ways[parts - 1, :-size]
    return np.cumsum(ways.sum(axis=0)) / binomial(first + second, first)


def rank_sum(first: int, second: int, ordered: np.ndarray, alpha: float
             ) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bounds and p of shifts, by all the pairwise differences, sorted (k, m).

    Each (m); the bounds are infinite where there are too few units.
    """
    cdf = rank_sum_cdf(first, second)
    outside = int((cdf <= alpha / 2).sum()) - 1
    above = (ordered > 0).sum(axis=0) + (ordered == 0).sum(axis=0) / 2
    least = np.minimum(above, first * second - above).astype(int)
    p = np.minimum(2 * cdf[least], 1)
    if outside < 0:
        unknown = np.full(ordered.shape[1], np.inf)
        return -unknown, unknown, p
    return ordered[outside], ordered[len(ordered) - 1 - outside], p


def unpaired(before: np.ndarray, after: np.ndarray, alpha: float) -> Effect:
    """The shift from before (n1, m) to after (n2, m): Hodges and Lehmann.

    The median of all pairwise differences, with the interval and p of the
    Mann-Whitney test: both sides are taken to have one shape.
    """
    sizes = np.stack([(~np.isnan(side)).sum(axis=0)
                      for side in (before, after)])
    ordered = np.sort((after[np.newaxis] - before[:, np.newaxis]).reshape(
        -1, before.shape[1]), axis=0)
    shape = before.shape[1]
    low, high = np.full(shape, -np.inf), np.full(shape, np.inf)
    p = np.full(shape, np.nan)
    for first, second in {(int(a), int(b)) for a, b in sizes.T if a and b}:
        columns = (sizes.T == (first, second)).all(axis=1)
        low[columns], high[columns], p[columns] = rank_sum(
            first, second, ordered[:first * second, columns], alpha)
    return Effect(median(ordered), low, high, p, sizes.sum(axis=0))


def signs(count: int) -> np.ndarray:
    """Every way to flip the signs of some units, up to all of them (k, n).

    The first row flips none; the statistics here are the same for the
    opposite of a row, so that half of all suffice.
    """
    bits = np.arange(2 ** (count - 1))[:, np.newaxis] >> np.arange(count)
    return 1.0 - 2 * (bits & 1)


def flipped(differences: np.ndarray, flips: np.ndarray) -> np.ndarray:
    """|sum of the flipped units| over their root sum of squares (k, m).

    Monotone in Student's t; what does not vary from 0 gives 0.
    """
    size = np.sqrt((differences ** 2).sum(axis=0))
    return np.abs(flips @ differences) / np.where(size > 0, size, 1)


def flipped_about_mean(differences: np.ndarray, flips: np.ndarray
                       ) -> np.ndarray:
    """The same about each column's own mean, as large as about the truth.

    A statistic here is root n times the cosine of the angle between a flip
    and the units. About their mean the units have a dimension less, and of
    the flip only a part lies in it: the cosine in n - 1 dimensions is
    exchanged for that which is as seldom in n (its square has a beta
    distribution where units are normal). What the first row, which flips
    none, would show cannot be known: 0.
    """
    count = len(differences)
    left = count - flips.sum(axis=1) ** 2 / count
    centred = flipped(differences - differences.mean(axis=0), flips)
    cosines = centred / np.sqrt(np.where(left > 0, left, np.inf))[
        :, np.newaxis]
    grid = np.linspace(0, 1, GRID)
    seldom = beta.sf(grid ** 2, 0.5, (count - 2) / 2)
    exchanged = np.sqrt(beta.isf(seldom, 0.5, (count - 1) / 2))
    return np.sqrt(count) * np.interp(cosines, grid, exchanged)


def largest_of_others(statistics: np.ndarray) -> np.ndarray:
    """For each flip and benchmark: the largest of the other benchmarks'."""
    if statistics.shape[1] == 1:
        return np.zeros_like(statistics)
    top = np.partition(statistics, -2, axis=1)[:, -2:]
    is_largest = statistics.argmax(axis=1)[:, np.newaxis] == np.arange(
        statistics.shape[1])
    return np.where(is_largest, top[:, :1], top[:, 1:])


def flip_p(differences: np.ndarray, others: np.ndarray, flips: np.ndarray
           ) -> np.ndarray:
    """How often a flip gives a larger statistic, of this or any other (m)."""
    own = flipped(differences, flips)
    return (np.maximum(own, others) >= own[0] - ROUNDING).mean(axis=0)


def flip_bound(differences: np.ndarray, others: np.ndarray,
               flips: np.ndarray, alpha: float, direction: int
               ) -> np.ndarray:
    """The shift furthest off, up or down, that is not yet refuted (m).

    len(flips) must be at least 1 / alpha: then some shift is refuted.
    """
    middle = differences.mean(axis=0)
    reach = np.abs(differences - middle).max(axis=0)
    inside, outside = middle, middle + direction * 2 * reach
    for _ in range(DOUBLINGS):
        far = flip_p(differences - outside, others, flips) > alpha
        if not far.any():
            break
        outside = np.where(far, middle + 2 * (outside - middle), outside)
    for _ in range(BISECTIONS):
        center = (inside + outside) / 2
        kept = flip_p(differences - center, others, flips) > alpha
        inside = np.where(kept, center, inside)
        outside = np.where(kept, outside, center)
    return np.where(far & (reach > 0), direction * np.inf, inside)


def joint_flips(differences: np.ndarray, alpha: float) -> Effect:
    """Paired differences (n, m) of a few boots, by flipping their signs.

    p and interval hold for all benchmarks at once: each is judged by the
    largest statistic over all (Westfall and Young, Resampling-based multiple
    testing, 1993), so that what one boot does to all rows alike counts once.
    Of fewer than JOINT_FROM units a flip too many is near to the largest
    statistic that there can be: their interval is each benchmark's own, and
    p alone is joint. Symmetry is assumed; nothing may be missing. Too few
    units for the level bound nothing.
    """
    count, columns = differences.shape
    each = np.full(columns, count)
    unbounded = np.full(columns, np.inf)
    if 2.0 ** (1 - count) > alpha:
        return Effect(median(differences), -unbounded, unbounded,
                      np.full(columns, np.nan), each, True)
    flips = signs(count)
    others = largest_of_others(flipped_about_mean(differences, flips))
    beside = others if count >= JOINT_FROM else np.zeros_like(others)
    return Effect(
        median(differences), flip_bound(differences, beside, flips, alpha, -1),
        flip_bound(differences, beside, flips, alpha, 1),
        flip_p(differences, others, flips), each, True)


def student(differences: np.ndarray, alpha: float
            ) -> Tuple[np.ndarray, np.ndarray]:
    """Student's interval of the mean of paired differences (n, m)."""
    count = (~np.isnan(differences)).sum(axis=0)
    known = count > 1
    low = np.full(differences.shape[1], np.nan)
    high = low.copy()
    values, freedom = differences[:, known], count[known] - 1
    middle = np.nanmean(values, axis=0)
    error = np.nanstd(values, axis=0, ddof=1) / np.sqrt(freedom + 1)
    reach = t.ppf(1 - alpha / 2, freedom) * error
    low[known], high[known] = middle - reach, middle + reach
    return low, high


def null_reach(differences: np.ndarray, count: int) -> np.ndarray:
    """How far a median of `count` pairs strays where nothing differs (m).

    differences (n, m): between launches of the same arm. The bound that 95 %
    of such medians keep, by the binomial distribution of how many of
    independent pairs lie beyond it.
    """
    beyond = beta.ppf((1 - NULL_SHARE) / 2, (count + 1) / 2, (count + 1) / 2)
    found = np.zeros(differences.shape[1])
    known = ~np.isnan(differences).all(axis=0)
    found[known] = np.nanquantile(np.abs(differences[:, known]),
                                  1 - 2 * beyond, axis=0)
    return found
