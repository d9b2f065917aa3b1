# SPDX-License-Identifier: MIT
"""scripts/analysis/quiet.py on known values and on simulated neighbours."""

import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

REPOSITORY = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "scripts"))

from analysis import load, quiet  # noqa: E402

QUIET_JUMPS, QUIET_CHAIN = 1400, 370     # ticks


def neighbour(random, count, busy):
    """How much of the core others took, 0 to 1: they come and go."""
    stays = random.random(count) < 0.95
    states = random.random(count) < busy
    last = np.maximum.accumulate(np.where(stays, 0, np.arange(count)))
    return states[last] * random.uniform(0.6, 1, count)


def simulate(random, cost, launches=20, rounds=50, busy=0.6, arm="plain",
             benchmark="getppid/inline"):
    """Samples of one benchmark that costs so many ns on a quiet core."""
    count = launches * rounds
    taken = neighbour(random, count, busy)

    def noisy(level, slope, spread):
        return level * np.exp(slope * taken + spread *
                              random.standard_normal(count))

    return pd.DataFrame({
        "launch": np.repeat(np.arange(launches), rounds), "arm": arm,
        "seq": np.tile(np.arange(rounds), launches), "benchmark": benchmark,
        "ns_per_call": noisy(cost, 0.45, 0.02), "dirty": 0,
        "probe_before_ticks": noisy(QUIET_JUMPS, 0.4, 0.005).round(),
        "probe_after_ticks": noisy(QUIET_JUMPS, 0.4, 0.005).round(),
        "chain_before_ticks": noisy(QUIET_CHAIN, 0.1, 0.003).round(),
        "chain_after_ticks": noisy(QUIET_CHAIN, 0.1, 0.003).round()})


def still(samples):
    """The same with probes that nobody disturbs."""
    return samples.assign(probe_before_ticks=1400, probe_after_ticks=1402,
                          chain_before_ticks=370, chain_after_ticks=370)


@pytest.mark.parametrize("count, low, high, confidence", [
    (20, 6, 15, 0.9586), (10, 2, 9, 0.9785), (12, 3, 10, 0.9614),
    (40, 14, 27, 0.9615), (6, 1, 6, 0.9688), (5, 1, 5, 0.9375),
    (3, 1, 3, 0.75), (2, 1, 2, 0.5), (1, 0, 0, 0)])
def test_known_ranks(count, low, high, confidence):
    found = quiet.median_ranks(count)
    assert found[:2] == (low, high)
    assert found[2] == pytest.approx(confidence, abs=5e-5)


@pytest.mark.parametrize("count", range(6, 80))
def test_ranks_are_the_innermost_that_suffice(count):
    low, high, confidence = quiet.median_ranks(count)
    inside = binom.pmf(np.arange(low, high), count, 0.5).sum()
    nearer = binom.pmf(np.arange(low + 1, high - 1), count, 0.5).sum()
    assert confidence == pytest.approx(inside)
    assert inside >= 0.95 > nearer


def test_interval_of_values_in_any_order():
    values = np.random.default_rng(1).permutation(np.arange(1.0, 21))
    assert quiet.interval(values)[:3] == (10.5, 6, 15)
    assert quiet.interval([7.0])[0] == 7
    assert np.isnan(quiet.interval([7.0])[1:]).all()


def test_reference_is_the_middle_of_the_lowest_mode():
    modes = np.concatenate([np.linspace(995, 1005, 200),
                            np.linspace(1500, 1600, 800), [5e6]])
    assert quiet.reference(modes) == pytest.approx(1000, rel=1e-3)
    assert quiet.reference(np.array([3.0])) == 3
    assert quiet.reference(np.zeros(100)) == 0


def test_reference_of_a_rare_quiet_moment():
    modes = np.concatenate([np.linspace(995, 1005, 40),
                            np.linspace(1500, 1600, 1960)])
    assert quiet.reference(modes) == pytest.approx(1000, rel=1e-3)


def test_reference_steps_to_the_middle_of_its_mode():
    mode = np.concatenate([np.full(12, 970.0), np.linspace(990, 1030, 500)])
    assert quiet.reference(mode) == pytest.approx(1009, rel=3e-3)


def test_reference_is_not_fooled_by_two_odd_readings():
    assert quiet.reference(np.repeat([500.0, 1000], [2, 98])) == 1000


def test_reference_counts_what_lies_on_its_bounds():
    assert quiet.reference(np.repeat([1400.0, 1442], [20, 21])) == 1442
    assert quiet.reference(np.repeat([1400.0, 1444], [20, 21])) == 1400


def test_planted_slopes_are_found_in_spite_of_outliers():
    random = np.random.default_rng(2)
    arms = random.integers(0, 3, 2000)
    covariates = random.uniform(0, 0.5, (2000, 3))
    y = np.array([1, 5, -2])[arms] + covariates @ [0.8, -0.5, 0.3]
    y += 0.01 * random.standard_normal(2000)
    y[::20] += random.exponential(3, 100)
    found = quiet.slopes(y, arms, covariates)
    assert found == pytest.approx([0.8, -0.5, 0.3], abs=0.02)


def test_a_covariate_that_does_not_vary_has_no_slope():
    random = np.random.default_rng(3)
    u = random.uniform(0, 0.5, 500)
    covariates = np.column_stack([u, u * u, np.zeros(500)])
    y = 2 * u + 0.01 * random.standard_normal(500)
    assert quiet.slopes(y, np.zeros(500, int), covariates)[2] == 0


@pytest.mark.parametrize("seed", range(5))
def test_planted_cost_is_found_beside_a_neighbour(seed):
    samples = simulate(np.random.default_rng(seed), 100)
    row = quiet.estimate(samples).iloc[0]
    assert row["quiet_ns"] == pytest.approx(100, rel=0.005)
    assert row["quiet_low_ns"] <= row["quiet_ns"] <= row["quiet_high_ns"]
    assert abs(row["median_ns"] / 100 - 1) > 0.05
    assert 0.2 < row["quiet_share"] < 0.6


def test_probes_that_stand_still_change_nothing():
    samples = still(simulate(np.random.default_rng(4), 100))
    row = quiet.estimate(samples).iloc[0]
    for end in "ns", "low_ns", "high_ns":
        assert row[f"quiet_{end}"] == row[f"median_{end}"]
    assert row["quiet_share"] == 1


def test_probes_that_hardly_vary_change_nothing():
    samples = still(simulate(np.random.default_rng(4), 100))
    moved = np.arange(len(samples)) % 25
    samples["probe_before_ticks"] += moved
    samples["ns_per_call"] *= 1 + moved / 2800
    row = quiet.estimate(samples).iloc[0]
    assert row["quiet_ns"] == row["median_ns"]


def test_too_few_batches_change_nothing():
    samples = simulate(np.random.default_rng(5), 100, 1, 19)
    row = quiet.estimate(samples).iloc[0]
    assert row["quiet_ns"] == row["median_ns"]
    assert np.isnan(row["quiet_low_ns"]) and np.isnan(row["confidence"])


def test_an_arm_keeps_its_effect():
    random = np.random.default_rng(6)
    samples = pd.concat([
        simulate(random, 100, busy=0.3),
        simulate(random, 103, busy=0.7, arm="slow").assign(
            launch=lambda frame: frame["launch"] + 20)])
    found = quiet.estimate(samples).set_index("arm")
    effect = found.loc["slow", "quiet_ns":] / found.loc["plain", "quiet_ns":]
    assert effect["quiet_ns"] == pytest.approx(1.03, abs=0.004)
    assert abs(effect["median_ns"] - 1.03) > 0.05


def test_what_the_probe_does_by_itself_adjusts_nothing():
    level = 1400.0
    near = level * np.exp(np.array([-0.019, 0, 0.019]))
    assert (quiet.cut_log(near, level) == 0).all()
    far = level * np.exp(np.array([-1, -0.05, 0.05, 2]))
    assert quiet.cut_log(far, level) == pytest.approx(
        [-0.08, -0.03, 0.03, 0.98])


def test_a_probe_that_an_arm_moves_a_little_biases_nothing():
    random = np.random.default_rng(21)
    plain = simulate(random, 100, busy=0.3)
    moved = simulate(random, 100, busy=0.3, arm="moved")
    probes = [name for name in moved if name.endswith("_ticks")]
    moved[probes] *= 1.01
    found = quiet.estimate(pd.concat([plain, moved])).set_index("arm")
    assert found.loc["moved", "quiet_ns"] / found.loc["plain", "quiet_ns"] == (
        pytest.approx(1, abs=0.003))


def test_few_batches_take_the_level_of_the_run():
    random = np.random.default_rng(7)
    rare = simulate(random, 50, 3, 20, busy=1.0, benchmark="rare/call")
    many = simulate(random, 100, busy=0.3)
    found = quiet.estimate(pd.concat([many, rare])).set_index("benchmark")
    assert found.loc["rare/call", "quiet_share"] < 0.2
    assert found.loc["rare/call", "median_ns"] > 65
    assert found.loc["rare/call", "quiet_ns"] < 60
    alone = quiet.estimate(rare).iloc[0]
    assert alone["quiet_ns"] > 60


def record_of(**curve):
    """A run.json whose benchmark has this curve."""
    return {"probe": {"quiet_jump_ticks": 1400.0, "quiet_chain_ticks": 370.0},
            "benchmarks": [{"name": "getppid/inline", "curve": {
                "jump_ticks": 1400.0, "chain_ticks": 370.0, "borrowed": True,
                "jump_slope": 0.45 / (0.4 - quiet.DEAD),
                "jump_square_slope": 0,
                "chain_slope": 0, **curve}}]}


def test_a_run_without_a_quiet_moment_borrows():
    samples = simulate(np.random.default_rng(14), 100, busy=1.0)
    own = quiet.estimate(samples).iloc[0]
    assert own["quiet_ns"] > 110
    lent = quiet.estimate(samples, record_of()).iloc[0]
    assert lent["quiet_ns"] == pytest.approx(100, rel=0.01)
    assert lent["quiet_share"] < 0.1 < own["quiet_share"]


@pytest.mark.parametrize("record", [
    {}, {"benchmarks": None}, {"benchmarks": [3, {"name": "x"}]},
    {"probe": {"quiet_jump_ticks": "1", "quiet_chain_ticks": None}},
    record_of(borrowed=False), record_of(borrowed="yes"),
    record_of(jump_ticks=0), record_of(jump_ticks=None),
    record_of(chain_slope=float("nan")), record_of(chain_slope=[1])])
def test_a_record_that_lends_nothing(record):
    samples = simulate(np.random.default_rng(15), 100, 5, 30, busy=1.0)
    pd.testing.assert_frame_equal(quiet.estimate(samples, record),
                                  quiet.estimate(samples))


def test_few_batches_take_the_recorded_level():
    samples = simulate(np.random.default_rng(16), 100, 3, 20, busy=1.0)
    level = {"probe": record_of()["probe"]}
    assert quiet.estimate(samples)["quiet_share"][0] > 0.05
    assert quiet.estimate(samples, level)["quiet_share"][0] < 0.05


def test_a_zero_probe_is_survived():
    samples = simulate(np.random.default_rng(8), 100)
    for name in "probe", "chain":
        for place in "before", "after":
            samples[f"{name}_{place}_ticks"] = np.arange(1000) // 250
    assert np.isfinite(quiet.estimate(samples)["quiet_ns"]).all()


def test_what_is_said_of_the_batches():
    samples = still(simulate(np.random.default_rng(9), 100, 3, 4))
    samples["ns_per_call"] = [1, 2, 3, 4, 2, 4, 6, 8, 3, 3, 3, 30.0]
    samples.loc[[0, 5, 6], "dirty"] = 1
    samples.loc[11, ["probe_before_ticks", "probe_after_ticks"]] = 1480
    row = quiet.estimate(samples).iloc[0]
    assert row[["launches", "batches"]].tolist() == [3, 12]
    assert row["median_ns"] == 3            # of 2.5, 5 and 3
    assert row["median_low_ns"] == 2.5 and row["median_high_ns"] == 5
    assert row["confidence"] == 0.75
    assert row["floor_ns"] == 1 and row["mean_ns"] == 5.75
    assert row["p25_ns"] == 2.75 and row["p75_ns"] == 4.5
    assert row["mdape"] == pytest.approx(1 / 3)
    assert row["dirty_share"] == 0.25
    assert row["quiet_share"] == pytest.approx(11 / 12)


def test_rows_are_in_order():
    random = np.random.default_rng(10)
    samples = pd.concat([
        simulate(random, 10, 2, 5, arm=arm, benchmark=benchmark)
        for arm in ("z", "a") for benchmark in ("b/x", "a/x")])
    found = quiet.estimate(samples.astype({"benchmark": "category"}))
    assert list(found) == quiet.COLUMNS
    assert found["benchmark"].tolist() == ["a/x", "a/x", "b/x", "b/x"]
    assert found["arm"].tolist() == ["z", "a", "z", "a"]


def test_launches_of_one_number_in_two_arms_stay_apart():
    random = np.random.default_rng(11)
    samples = pd.concat([simulate(random, 10, 3, 10),
                         simulate(random, 20, 3, 10, arm="b")])
    medians = quiet.launch_medians(quiet.adjusted(samples))
    assert len(medians) == 6
    assert set(load.FOR_ESTIMATE) == set(samples)


def test_no_batches():
    none = simulate(np.random.default_rng(12), 100).iloc[:0]
    assert list(quiet.estimate(none)) == quiet.COLUMNS


HARNESS = r"""
#include <stdio.h>
#include <stdlib.h>
#include "quiet.h"

int main(void)
{
    double cost[4096], jumps[4096], chain[4096], adjusted[4096];
    unsigned int arm[4096], known;
    struct quiet_curve curve;
    struct quiet_fit fit;
    size_t n = 0;

    if (scanf("%lf %lf %lf %lf %lf %u", &curve.level.jumps,
              &curve.level.chain, &curve.slope[0], &curve.slope[1],
              &curve.slope[2], &known) != 6)
        return 1;
    curve.known = known;
    while (n < 4096 && scanf("%lf %lf %lf %u", &cost[n], &jumps[n],
                             &chain[n], &arm[n]) == 4)
        n++;
    if (quiet_adjust(&(struct quiet_batches){ n, cost, jumps, chain, arm, 2 },
                     &curve.level, &curve, adjusted, &fit))
        return 1;
    for (size_t i = 0; i < n; i++)
        printf("%.17g\n", adjusted[i]);
    return 0;
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """src/quiet.c as a program that reads batches and prints their costs."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("quiet")
    (folder / "harness.c").write_text(HARNESS)
    source = REPOSITORY / "src"
    subprocess.run([compiler, "-std=gnu11", "-I", source, "harness.c",
                    source / "quiet.c", source / "stats.c", "-lm", "-o",
                    "harness"], cwd=folder, check=True)
    return folder / "harness"


@pytest.mark.parametrize("launches, busy", [(20, 0.6), (20, 0), (1, 0.9)])
@pytest.mark.parametrize("known", [0, 1])
def test_the_program_says_the_same(program, launches, busy, known):
    random = np.random.default_rng(13)
    samples = pd.concat([simulate(random, 100, launches, busy=busy),
                         simulate(random, 110, launches // 2, arm="b")])
    jumps, chain = quiet.probes(samples)
    cost = samples["ns_per_call"].to_numpy()
    arms = (samples["arm"] == "b").to_numpy(int)
    rows = pd.DataFrame([cost, jumps, chain, arms]).T.astype({3: int})
    said = subprocess.run(
        [program], text=True, check=True, stdout=subprocess.PIPE,
        input=f"1401.5 370.25 1.1 -0.4 0.2 {known}\n" +
        rows.to_csv(sep=" ", header=False, index=False)).stdout
    curve = quiet.Curve((1401.5, 370.25), [1.1, -0.4, 0.2])
    mine, _ = quiet.adjust(cost, arms, jumps, chain, curve.level,
                           curve if known else None)
    assert np.array(said.split(), float) == pytest.approx(mine, rel=1e-6)
