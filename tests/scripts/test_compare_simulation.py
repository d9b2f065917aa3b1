# SPDX-License-Identifier: MIT
"""scripts/compare on simulated machines, whose truth is known.

Whether it takes noise for a difference, or a neighbour for one; whether it
finds the difference that is there; and whether it refuses where it has to.
Batches of made-up runs go through all of it but the reading of files. Rates
have the bounds that so few repetitions allow; run simulated.py for more.
"""

import re
from functools import lru_cache
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import simulated
from analysis import allowance, comparison, crossing, inference, units
from simulated import (AS_MEASURED, NOTHING, ROWS, SCENARIOS, SETTLED, STDIO,
                       SYSCALL, TREATMENT, Machine, Treatment)

COUNT = 60      # comparisons without a verdict: fewer than 1 in 20 have one
TREATED = 20
ALLOWED = 40
TAX_NS = TREATMENT.tax_ns
BIAS_MOST = 0.5     # per cent
USER = [name for name, row in ROWS.items() if not row.entries]
NOISY = [name for name in SCENARIOS if name != "quiet"]
KERNEL = [name for name, row in ROWS.items() if row.entries >= 1]


def at_most(share, tried):
    """How often something that rare may be seen in so many."""
    return stats.binom.ppf(0.999, tried, share) / tried


def truth_of(treatment):
    """The true differences from an arm that nothing is done to."""
    return simulated.differences_of((NOTHING, treatment))


@lru_cache(maxsize=None)
def arms_of(name, treatment=None):
    """Pairs of arms in a scenario; of equal ones without a treatment."""
    place = list(SCENARIOS).index(name)
    return simulated.arms(
        [1, place, bool(treatment)], SCENARIOS[name],
        TREATED if treatment else COUNT,
        TREATMENT if treatment else NOTHING)


@lru_cache(maxsize=None)
def said(name, treatment=None):
    """What is said of them."""
    return simulated.outcome(arms_of(name, treatment), truth_of(
        TREATMENT if treatment else NOTHING))


def test_the_order_of_launches():
    """Every pass runs each arm once, and every second mirrors the first."""
    random = np.random.default_rng(1)
    for launches in (1, 7, 20):
        order = simulated.planned(random, launches, 2).reshape(-1, 2)
        assert (np.sort(order) == [0, 1]).all() and len(order) == launches
        pairs = launches // 2 * 2
        assert (order[1:pairs:2] == order[:pairs:2, ::-1]).all()


@pytest.mark.parametrize("skew", [0, 0.8])
def test_the_noise_is_as_it_is_said_to_be(skew):
    machine = Machine(common=0.03, lag=0.66 if skew else 0.6, skew=skew)
    found = simulated.wandering(np.random.default_rng(2), machine,
                                [500, 100])
    assert found.std() == pytest.approx(0.03, rel=0.05)
    following = np.corrcoef(found[:, 1:].ravel(), found[:, :-1].ravel())
    assert following[0, 1] == pytest.approx(0.6, abs=0.03)
    assert stats.skew(found.ravel()) == pytest.approx(
        3.69 if skew else 0, abs=0.5)


@pytest.mark.parametrize("name, least, most", [
    ("skewed", 0.015, 0.05), ("bimodal", 0.02, 0.05),
    ("drifting", 0.01, 0.05), ("neighbour", 0.05, 0.2)])
def test_launches_differ_as_measured(name, least, most):
    spread = [np.log(pair.raw.before).std().median()
              for pair in arms_of(name)]
    assert least < np.median(spread) < most


@pytest.mark.parametrize("lag", [0, 0.6, 0.9])
@pytest.mark.parametrize("skew", [0, 0.8])
def test_mirrored_passes_make_pairs_independent(lag, skew):
    """Noise that outlives a launch leaves the sign test's level alone."""
    random = np.random.default_rng([3, int(10 * lag)])
    noise = simulated.wandering(random, Machine(1, lag, skew), [4000, 40])
    order = np.array([simulated.planned(random, 20, 2) for _ in noise])
    first, second = (noise[order == arm].reshape(-1, 20) for arm in (0, 1))
    found = inference.paired((second - first).T, 0.05)
    assert (found.p <= 0.05).mean() == pytest.approx(0.041, abs=0.012)
    held = simulated.holds(found.low, found.high, 0)
    assert 0.94 <= held.mean() <= 0.97


@pytest.mark.parametrize("name", NOISY)
def test_nothing_is_made_of_noise(name):
    found = said(name)
    assert len(found.verdict) == COUNT
    assert found.any_changed == 0
    assert found.any_refuted <= at_most(0.05, COUNT)
    assert 1 - found.all_held <= at_most(0.05, COUNT)


def test_family_wise_error():
    """Over all scenarios: of corrected p and of the rows' intervals."""
    everything = [said(name) for name in NOISY]
    tried = COUNT * len(everything)
    assert np.mean([found.any_refuted for found in everything]
                   ) <= stats.binom.ppf(0.95, tried, 0.05) / tried
    assert np.mean([1 - found.all_held for found in everything]
                   ) <= stats.binom.ppf(0.95, tried, 0.05) / tried


def test_error_of_single_rows():
    """Uncorrected, a row's p is under 5 % in 4.1 % of the comparisons."""
    below = [(said(name).alone <= 0.05).to_numpy().mean()
             for name in NOISY]
    assert np.mean(below) <= at_most(0.05, COUNT * len(NOISY))


@pytest.mark.parametrize("name", NOISY)
def test_slower_and_faster_are_as_frequent(name):
    middle = said(name).difference.median(axis=1)
    up = int((middle > 0).sum())
    assert stats.binomtest(up, COUNT, 0.5).pvalue > 0.001


def test_a_neighbour_who_prefers_an_arm_is_told_from_it():
    """As measured the arm is far slower; on a quiet core it is not.

    Now and then he leaves it in none of its launches: then it is refused.
    """
    found = said("prefers")
    refused = [pair.probe.reason for pair in arms_of("prefers")
               if not pair.probe.adjusted]
    assert len(refused) <= 0.05 * COUNT
    assert all("never had the core alone" in reason for reason in refused)
    assert (found.raw[KERNEL].median() > 5).all()
    assert found.bias < BIAS_MOST


@pytest.mark.parametrize("name", SETTLED)
def test_what_is_there_is_found(name):
    """5 % of a row, and 3 ns a crossing, beside whatever else there is."""
    found = said(name, True)
    least = 0.95 if name == "quiet" else 0.9
    assert found.truth[[STDIO, SYSCALL]].tolist() == pytest.approx(
        [5.08, 4], abs=0.01)
    assert found.found(STDIO) >= least and found.found(SYSCALL) >= least
    assert 1 - found.all_held <= at_most(0.05, TREATED)


@pytest.mark.parametrize("name", [*SETTLED, "everything"])
def test_nothing_is_hidden_or_of_the_wrong_sign(name):
    found = said(name, True)
    assert found.wrong == 0
    assert found.hidden <= at_most(0.025, TREATED) * TREATED


@pytest.mark.parametrize("name", SETTLED)
def test_how_large_it_is_said_to_be(name):
    found = said(name, True)
    apart = found.difference[STDIO] - found.truth[STDIO]
    assert abs(apart.median()) < 0.3
    assert apart.abs().quantile(0.9) < 1


def in_common(shared, name, treatment=None):
    """What each comparison's rows share: crossing.tax or crossing.speed."""
    pairs = arms_of(name, treatment)
    entered = crossing.entries(list(ROWS), pairs[0].first[0])
    entered = entered[pairs[0].found.before.columns]
    return [shared(pair.found.map(np.log) if shared is crossing.speed else
                   pair.found, entered) for pair in pairs]


@pytest.mark.parametrize("shared, treatment, truth, rows", [
    (crossing.tax, True, TAX_NS, KERNEL), (crossing.tax, None, 0, KERNEL),
    (crossing.speed, None, 0, USER), (crossing.speed, True, 0, USER)])
def test_what_rows_share_covers_what_was_planted(shared, treatment, truth,
                                                 rows):
    """The crossing's tax, and the machine's speed, which never changed."""
    tried = [*SETTLED, "everything"] if treatment else NOISY
    found = [each for name in tried
             for each in in_common(shared, name, treatment)]
    held = np.mean([each.low <= truth <= each.high for each in found])
    assert 0.92 <= held <= 0.99
    assert {each.rows for each in found} == {len(rows)}


@pytest.mark.parametrize("name", SETTLED)
def test_tax_is_found(name):
    """Though no row alone may show it."""
    found = in_common(crossing.tax, name, True)
    assert np.mean([tax.low > 0 for tax in found]) >= 0.9
    assert np.median([tax.estimate for tax in found]) == pytest.approx(
        TAX_NS, abs=0.4)


@pytest.mark.parametrize("name", SETTLED)
def test_user_space_rows_stay_as_they_are(name):
    found = said(name, True).verdict[USER]
    assert (found == "equivalent").to_numpy().mean() >= 0.95


def one(machine, treatment=NOTHING, seed=1, **how):
    """One whole comparison of two arms."""
    pair, = simulated.arms([4, seed], machine, 1, treatment, **how)
    return comparison.compare(pair, comparison.Wanted())


@pytest.mark.parametrize("seed", range(4))
def test_a_neighbour_who_never_leaves_an_arm(seed):
    """He may be the arm's own: the adjustment is refused, and it is said."""
    found = one(Machine(busy=0, busy_after=1), seed=seed)
    assert not found.pair.probe.adjusted
    assert "never had the core alone" in found.pair.probe.reason
    assert "as measured" in found.pair.probe.reason
    assert found.pair.found is found.pair.raw
    assert found.reliable is False


@pytest.mark.parametrize("busy", [0, 0.35])
@pytest.mark.parametrize("clock", [0.95, 1.05])
def test_another_frequency(busy, clock):
    """No neighbour's work: not adjusted away, and the controls tell."""
    found = one(Machine(busy=busy), Treatment(clock=clock))
    assert not found.pair.probe.adjusted
    assert "frequency" in found.pair.probe.reason
    assert found.reliable is False
    assert (found.rows["gate"] == "inconclusive").all()
    assert found.rows["notes"].str.contains("unreliable").all()
    if not busy:
        assert 100 * found.controls.estimate == pytest.approx(
            100 * clock - 100, abs=0.5)


@pytest.mark.parametrize("treatment", [NOTHING, TREATMENT])
def test_controls_stand_still_under_a_treatment_of_the_kernel(treatment):
    found = [one(Machine(busy=0.2), treatment, seed) for seed in range(6)]
    assert all(each.reliable for each in found)


def two_runs(random, machine=Machine(), treatment=NOTHING, drift=0.0,
             boots=("boot", "boot"), after=None):
    """A comparison of two runs, one after the other."""
    first = simulated.run(random, machine, [NOTHING], boot=boots[0])
    second = simulated.run(random, after or machine, [treatment],
                           shift=drift, boot=boots[1], number=1)
    pair, = simulated.pairs_of([first], [second])
    return pair


@pytest.mark.parametrize("boots", [("boot", "boot"), ("one", "two")])
@pytest.mark.parametrize("drift", [-0.03, 0.03])
def test_drift_between_two_runs(boots, drift):
    """Allowed for: without earlier runs 10 % may be just another run."""
    random = np.random.default_rng([5, drift > 0])
    found = simulated.outcome(
        [two_runs(random, drift=drift, boots=boots) for _ in range(8)],
        truth_of(NOTHING))
    assert found.any_changed == 0
    assert found.all_held == 0          # which is why


@pytest.mark.parametrize("boots", [("boot", "boot"), ("one", "two")])
def test_more_than_the_allowance_is_found_between_runs(boots):
    random = np.random.default_rng(6)
    treatment = Treatment(share={STDIO: 0.15})
    found = simulated.outcome(
        [two_runs(random, treatment=treatment, drift=0.02, boots=boots)
         for _ in range(5)], truth_of(treatment))
    assert found.found(STDIO) == 1
    assert found.wrong == 0 and found.any_changed == 1


def test_a_run_beside_a_neighbour_who_never_left():
    """Another run knows the quiet level; what is said is extrapolated."""
    random = np.random.default_rng(7)
    found = [two_runs(random, Machine(busy=0.3), after=Machine(busy=1))
             for _ in range(6)]
    assert all(pair.probe.adjusted and pair.probe.extrapolated and
               "extrapolation" in pair.probe.reason for pair in found)
    said_of_them = simulated.outcome(found, truth_of(NOTHING))
    assert said_of_them.any_changed == 0
    assert said_of_them.raw["getppid/inline"].median() > 30
    assert said_of_them.difference["getppid/inline"].abs().median() < 7


def earlier(logs):
    """Earlier runs with these logs of costs (runs, rows), for allowance."""
    names = list(ROWS)
    runs = [simulated.run(np.random.default_rng(1), Machine(), [NOTHING], 1,
                          1, boot=f"earlier {place}", number=place).run
            for place in range(len(logs))]
    costs = {run.boot: dict(zip(names, row)) for run, row in zip(runs, logs)}
    return mock.patch.multiple(
        allowance, beside=lambda compared: runs,
        logs_of=lambda run: costs[run.boot])


@pytest.mark.parametrize("family, spread, boots", [
    (1, 0.01, 4), (1, 0.2, 4), (9, 0.003, 8), (9, 0.01, 5)])
def test_allowance_covers_two_more_boots(family, spread, boots):
    """95 % of pairs of boots, of the whole family where spread is small."""
    random = np.random.default_rng([8, family, boots])
    names = list(ROWS)[:family]
    run = simulated.run(random, Machine(), [NOTHING], 1, 1).run
    kept = []
    for _ in range(ALLOWED):
        with earlier(spread * random.standard_normal((boots, len(ROWS)))):
            found = allowance.find([run, run], names, False, family)
        apart = spread * np.sqrt(2) * random.standard_normal(family)
        kept.append((np.abs(apart) <= found.log).all())
    assert 1 - np.mean(kept) <= at_most(0.05, ALLOWED)


BOOTS = [6, 8, 10, 12]
BOOTS_TRIED = 24
BOOTS_TREATED = 6


@pytest.fixture(scope="module")
def errors():
    """Of equal boots: by count, p (tried, rows) and whether all held 0."""
    found = {}
    for count in BOOTS:
        random = np.random.default_rng([9, count])
        effects = [units.effect(simulated.boots(random, count).found.map(
            np.log), len(ROWS)) for _ in range(BOOTS_TRIED)]
        found[count] = (np.array([each.p for each in effects]), [
            simulated.holds(each.low, each.high, 0).all()
            for each in effects])
    return found


def test_error_between_boots(errors):
    """1 % from boot to boot in common, 0.3 % of each row: at most 5 %."""
    refuted = [(p <= 0.05).any(axis=1).mean() for p, _ in errors.values()]
    missed = [1 - np.mean(held) for _, held in errors.values()]
    tried = BOOTS_TRIED * len(BOOTS)
    for wrong in (refuted, missed[1:]):     # 6 boots bound each row alone
        assert np.mean(wrong) <= stats.binom.ppf(0.99, tried, 0.05) / tried
        assert max(wrong) <= at_most(0.05, BOOTS_TRIED)


@pytest.mark.parametrize("counts", [[8, 10], [12, 14, 16]])
def test_power_between_boots(counts):
    """3 ns of 75, and 5 %: by flips of a few boots, and by the sign test.

    12 boots by the sign test tell less than 10 by flips, and 6 or 7 bound
    each row by itself.
    """
    found = []
    for count in counts:
        random = np.random.default_rng([10, count])
        found.append(simulated.outcome(
            [simulated.boots(random, count, TREATMENT)
             for _ in range(BOOTS_TREATED)], truth_of(TREATMENT)))
    for name in (SYSCALL, STDIO):
        assert found[-1].found(name) >= 0.85
        width = [(each.high - each.low)[name].median() for each in found]
        assert (np.diff(width) < 0.1).all()
    assert sum(each.wrong for each in found) == 0


@pytest.mark.parametrize("rows", [9, 122])
def test_more_boots_are_never_worth_less(rows):
    """Where the test changes, nothing that was known becomes unknown."""
    random = np.random.default_rng([10, rows])
    names = [f"row{place}/inline" for place in range(rows)]
    widths = []
    for count in range(6, 17, rows // 122 + 1):
        before, after = np.exp(0.003 * random.standard_normal(
            (2, count, rows)))
        found = units.effect(units.Units(
            units.Kind.BOOTS, pd.DataFrame(before, columns=names),
            pd.DataFrame(1.5 * after, columns=names), True, False), rows)
        widths.append(np.median(found.high - found.low))
    assert np.isfinite(widths).all()
    assert all(more <= 3 * less for less, more in zip(widths, widths[1:]))


@pytest.mark.parametrize("count", [6, 8, 12])
@pytest.mark.parametrize("place", [2, 7])
def test_a_bad_boot_is_named_and_no_verdict(count, place):
    random = np.random.default_rng([11, count])
    for _ in range(4):
        pair = simulated.boots(random, count, bad={place: np.log(1.3)})
        found = comparison.compare(pair, comparison.Wanted())
        assert not found.rows["verdict"].isin(["slower", "faster"]).any()
        named = [line for line in found.warnings if "boot" in line]
        assert len(named) == 1
        assert re.match(rf"boot-{place} .* \+[23]\d\.\d %", named[0])


def test_boots_through_the_whole_of_it():
    """From batches on, neighbours and all; the sides in turn."""
    random = np.random.default_rng(12)
    runs = [simulated.run(
        random, Machine(busy=0.3), [TREATMENT if place % 2 else NOTHING],
        launches=5, rounds=6, shift=0.005 * random.standard_normal(),
        boot=f"boot {place}", number=place) for place in range(16)]
    pair, = simulated.pairs_of(runs[::2], runs[1::2])
    found = comparison.compare(pair, comparison.Wanted())
    assert pair.found.kind is units.Kind.BOOTS and pair.found.count == 8
    assert pair.probe.adjusted and pair.found.alternated
    assert found.tax.low <= TAX_NS <= found.tax.high and found.tax.low > 0
    assert found.rows["verdict"][STDIO] == "slower"
    assert found.rows["verdict"]["clock_gettime/vdso"] == "equivalent"


def test_power_grows_with_pairs():
    found = simulated.power_curve(13, (12, 48), 5)
    assert list(found.columns) == [0.01, 0.02, 0.05]
    assert (found.T[48] >= found.T[12]).all()
    assert (found.T.diff().iloc[1:] >= 0).all(axis=None)
    assert found[0.05][12] >= 90 and found[0.02][48] >= 90
    assert found[0.01][12] <= 20


def test_the_machine_of_the_power_curve_is_as_measured():
    pairs = simulated.arms([14], AS_MEASURED, 5)
    spread = np.median([np.log(pair.found.before).std().median()
                        for pair in pairs])
    assert 0.006 < spread < 0.014
