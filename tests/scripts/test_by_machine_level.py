# SPDX-License-Identifier: MIT
"""compare --by-machine on simulated fleets: what it finds, and how often it
finds what is not there.

From launch medians on; run fleets.py for more repetitions.
"""

from functools import lru_cache
from typing import Tuple

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import fleets
from fleets import NOTHING, PLANTED, USER_ROWS, Boots, Truth
from analysis import cells, fellows, groups, inference, selection, verdict

FLEETS = 12
SHAPES = ["normal", "skewed", "bimodal"]


@lru_cache(maxsize=None)
def fleet_of(shape: str = "normal", seed: int = 1, truth: Truth = PLANTED,
             machines: int = 200) -> Tuple[pd.DataFrame, cells.Selection]:
    """A fleet's cells, judged."""
    return cells.corrected(fleets.cells_of(
        np.random.default_rng([seed, 2]), machines, truth=truth,
        noise=Boots(shape)), 0.0)


def at_most(share: float, tried: int) -> int:
    """How many of so many may be, where each is so seldom."""
    return int(stats.binom.ppf(0.999, tried, share))


# The corrections

def test_step_up_is_benjamini_and_hochbergs() -> None:
    """Their own example: 15 p, of which the first four are below 5 %."""
    p = np.array([.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344,
                  .0459, .3240, .4262, .5719, .6528, .7590, 1.0])
    found = selection.step_up(np.append(p, np.nan))
    assert (found[:-1] <= 0.05).sum() == 4
    assert found[0] == pytest.approx(.0015) and np.isnan(found[-1])
    assert found[3] == pytest.approx(.0095 * 15 / 4)
    assert (np.diff(found[:-1]) >= 0).all()


def test_step_up_keeps_the_level_where_nothing_is_true() -> None:
    random = np.random.default_rng(1)
    any_false = [(selection.step_up(random.random(200)) <= 0.05).any()
                 for _ in range(2000)]
    assert np.mean(any_false) == pytest.approx(0.05, abs=0.016)


def test_families_are_selected_before_their_rows() -> None:
    """With one of four selected, a row needs a quarter of the level."""
    p = pd.Series([0.001, 0.02, 0.9, 0.3, 0.5, 0.06, np.nan])
    family = pd.Series(list("aaabccd"))
    found, selected, known = selection.of_families(p, family)
    assert (selected, known) == (1, 3)
    assert found[0] == pytest.approx(0.003)
    assert found[1] == pytest.approx(0.06) and np.isnan(found[6])
    assert (found[2:6] > 0.05).all()


def test_where_all_families_move_rows_need_no_more() -> None:
    p = pd.Series([0.01, 0.04, 0.01, 0.04])
    found, selected, _ = selection.of_families(p, pd.Series(list("aabb")))
    assert selected == 2
    assert found.tolist() == pytest.approx(p.tolist())


def test_false_families_are_few_among_those_selected() -> None:
    """Rows of a family are one and the same; a fifth of families moved."""
    random, shares = np.random.default_rng(2), []
    family = pd.Series(np.repeat(np.arange(100), 10))
    for _ in range(200):
        z = random.standard_normal(100) + 4.0 * (np.arange(100) < 20)
        p = pd.Series(np.repeat(2 * stats.norm.sf(np.abs(z)), 10))
        within = p.groupby(family, group_keys=False).apply(selection.within)
        found, _, _ = selection.of_families(within, family)
        said = set(family[found <= 0.05])
        shares.append(sum(one >= 20 for one in said) / max(len(said), 1))
    assert np.mean(shares) < 0.05


# What boots differ by

def test_p_is_uniform_where_nothing_differs() -> None:
    random = np.random.default_rng(3)
    logs = pd.DataFrame(0.01 + 0.004 * random.standard_normal((60, 200)))
    found = fellows.of_group(logs)
    p = fellows.p_of(found["off"], found)
    assert stats.kstest(p, "uniform").statistic < 0.02
    assert (p < 1e-3).mean() < 3e-3


@pytest.mark.parametrize("freedom", [3, 5, 500])
def test_tails_are_told(freedom: int) -> None:
    z = stats.t.rvs(freedom, size=(200, 30), random_state=4)
    z[:2] = 50          # two machines most of whose rows did change
    found = fellows.tail_freedom(z)
    assert 0.6 * freedom < found < 1.7 * freedom or found > 30 < freedom


def test_a_few_that_changed_do_not_widen_the_spread() -> None:
    random = np.random.default_rng(5)
    logs = pd.DataFrame(0.004 * random.standard_normal((50, 100)))
    logs.iloc[:3] += 0.1
    scale = fellows.scale_of(logs)["scale"]
    assert scale.median() == pytest.approx(0.004, rel=0.1)


@pytest.mark.parametrize("machines", [1, fellows.LEAST - 1])
def test_too_few_machines_tell_nothing(machines: int) -> None:
    found, chosen = fleet_of(machines=machines, truth=NOTHING)
    assert chosen == (0, 0) and (found["allowance_percent"] == 10).all()
    assert not found["stands_out"].any()


# Whole fleets

@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_is_made_of_equal_sides(shape: str) -> None:
    """200 machines by 30 rows: a verdict in no more than 1 of 20 fleets."""
    several = [fleet_of(shape, seed, NOTHING)[0] for seed in range(FLEETS)]
    said = [len(fleets.changed(found)) for found in several]
    assert sum(count > 0 for count in said) <= at_most(0.05, FLEETS)
    out = [found["stands_out"].any() for found in several]
    assert sum(out) <= at_most(0.05, FLEETS)


def test_small_families_keep_the_level_too() -> None:
    """Of 40 machines the families have 16, 12, 8 and 4."""
    several = [fleet_of("normal", seed, NOTHING, 40)[0]
               for seed in range(3 * FLEETS)]
    said = sum(len(fleets.changed(found)) > 0 for found in several)
    assert said <= at_most(0.05, 3 * FLEETS)


def test_what_is_planted_is_found_and_named() -> None:
    found, chosen = fleet_of()
    some = fleets.changed(found)
    planted = fleets.MODELS[PLANTED.family][3]
    right = (some["family"] == planted) & ~some["row"].isin(USER_ROWS)
    one = (some["machine"] == "lab017") & (some["row"] == PLANTED.row)
    assert one.sum() == 1
    assert (~(right | one)).sum() <= 0.01 * len(some)
    assert set(some["verdict"][right | one]) == {verdict.SLOWER}
    assert right.sum() > 0.9 * 60 * 26
    assert 61 <= chosen.selected <= 66
    out = found[found["stands_out"]]
    assert ("lab017", PLANTED.row) in set(zip(out["machine"], out["row"]))
    assert len(out) <= 3


def group_of(found: pd.DataFrame, family: int) -> pd.DataFrame:
    """What is typical of a CPU family."""
    return groups.typical(found[
        found["family"] == fleets.MODELS[family][3]])


@pytest.mark.parametrize("shape", ["normal", "skewed"])
def test_a_family_is_told_by_its_machines(shape: str) -> None:
    """Also where boots scatter too much for a machine by itself."""
    found = fleet_of(shape)[0]
    moved, other = group_of(found, PLANTED.family), group_of(found, 0)
    kernel = ~moved["control"]
    assert (moved["verdict"][kernel] == "slower").all()
    assert (moved["typical_percent"][kernel] - 3).abs().max() < 0.5
    assert ((moved["low_percent"] <= 3) & (
        moved["high_percent"] >= 3))[kernel].all()
    assert (moved["verdict"][~kernel] == "equivalent").all()
    assert not other["verdict"].isin(["slower", "faster"]).any()


def test_families_that_differ_are_told() -> None:
    """And that no figure over all of them is typical."""
    p = groups.families_differ(fleet_of()[0])
    assert set(p.index[p <= 0.05]) == set(p.index) - set(USER_ROWS)
    same = groups.families_differ(fleet_of(truth=NOTHING)[0])
    assert (same > 0.05).all()


@pytest.mark.parametrize("count", [6, 8, 12, 30])
def test_intervals_over_machines_hold_the_truth(count: int) -> None:
    random, held = np.random.default_rng([6, count]), 0
    for _ in range(60):
        values = pd.DataFrame(0.02 + 0.01 * random.standard_normal(
            (count, 5)))
        effect = groups.over_machines(values, 5)
        held += bool(((effect.low <= 0.02) & (effect.high >= 0.02)).all())
    alone = inference.JOINT_FROM > count    # each row's by itself
    assert held >= 60 - at_most(0.25 if alone else 0.06, 60)


def test_under_six_machines_describe() -> None:
    found = groups.typical(fleet_of(machines=5)[0].assign(
        fellows="", family=""))
    assert set(found["verdict"]) == {"inconclusive"}
    assert np.isfinite(found["low_percent"]).all()
