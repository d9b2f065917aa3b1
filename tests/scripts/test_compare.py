# SPDX-License-Identifier: MIT
"""scripts/compare on runs with planted truths: its answers are known."""

import io
import json
import re

import numpy as np
import pandas as pd
import pytest

import made_runs
from made_runs import (BUFFERED, COSTS, ENTRIES, FEW, GHZ, KERNEL, SMALL,
                       STILL, USER, Noise, alternating, compare, compare_once,
                       edit, make_boots, make_run, only, samples, scaled,
                       taxed, two_sides, verdicts_of)

pytestmark = pytest.mark.filterwarnings("error")

HEADER = ("benchmark,before_ns,after_ns,difference_ns,difference_percent,"
          "ci_low_percent,ci_high_percent,p_adjusted,verdict,notes,emulated")
COLUMNS = HEADER.split(",")
ONE_CALL = "baseline/call"      # of 1.6 ns: nothing here differs by 1 ns
FORMATS = ["text", "markdown", "csv", "json"]


@pytest.fixture(scope="session")
def plain_and_taxed(tmp_path_factory):
    """A run of two arms, 150 ns a crossing apart."""
    return make_run(tmp_path_factory.mktemp("runs") / "arms",
                    {"plain": COSTS, "taxed": taxed(150)})


@pytest.fixture(scope="session")
def two_boots(tmp_path_factory):
    """A run each in two boots, 150 ns a crossing apart, nothing beside."""
    folder = tmp_path_factory.mktemp("runs")
    return [make_run(folder / "before", COSTS, boot=1),
            make_run(folder / "after", taxed(150), boot=2, hour=1)]


def of_csv(text):
    return pd.read_csv(io.StringIO(text), keep_default_na=False,
                       na_values=[""])


def changed(**verdicts):
    """What rows get; all others "equivalent"."""
    return {**verdicts_of(), **{name.replace("__", "/"): verdict
                                for name, verdict in verdicts.items()}}


def check_tax(said, tax_ns, rows=(len(KERNEL),), off_ns=1.0):
    """The crossing tax of the only pair is this; so many rows agree."""
    found = said.json["crossing_tax"]
    assert abs(found["ns"] - tax_ns) < off_ns
    assert found["low_ns"] <= found["ns"] <= found["high_ns"]
    assert found["high_ns"] - found["low_ns"] < 2 * off_ns
    assert found["cycles"] == pytest.approx(found["ns"] * GHZ)
    assert found["rows"] == len(KERNEL)
    assert found["rows_agreeing"] in rows


# Arms of one run

def test_a_constant_per_crossing(plain_and_taxed):
    said = compare_once(plain_and_taxed, "--format", "json")
    assert (said.status, said.err) == (0, "")
    assert said.verdicts == verdicts_of(kernel="slower")
    check_tax(said, 150)
    assert said.json["unit"] == "launch pairs" and said.json["units"] == 20
    assert said.json["reliable"] is True and said.json["warnings"] == []
    assert said.json["controls"]["rows"] == len(USER)


def test_every_row_says_the_planted_difference(plain_and_taxed):
    rows = compare_once(plain_and_taxed, "--format", "json").rows
    planted = pd.Series(taxed(150)) - pd.Series(COSTS)
    off = rows["difference_ns"] - planted[rows.index]
    assert (off.abs() < 0.005 * pd.Series(COSTS)[rows.index] + 0.02).all()
    assert (rows["before_ns"] / pd.Series(COSTS)[rows.index] - 1
            ).abs().max() < 0.01


def test_interval_and_p_are_those_of_the_sign_test(plain_and_taxed):
    medians = pd.read_csv(plain_and_taxed / "samples.csv").groupby(
        ["benchmark", "arm", "launch"])["ns_per_call"].median()
    rows = compare_once(plain_and_taxed, "--format", "json").rows
    for name in COSTS:
        before, after = (medians[name, arm] for arm in ("plain", "taxed"))
        # Launches 0 and 1 are of the first pass, 2 and 3 of the second ...
        pairs = np.sort(np.log(after.to_numpy() / before.to_numpy()))
        assert len(pairs) == 20
        # 5 % over 12 rows: 2 P(B <= 3) = 0.26 % is within, 2 P(B <= 4) not
        ends = 100 * np.expm1(pairs[[3, 16]])
        assert rows.loc[name, ["ci_low_percent", "ci_high_percent"]].tolist(
        ) == pytest.approx(ends)
        assert rows.loc[name, "difference_percent"] == pytest.approx(
            100 * np.expm1(np.median(pairs)))
    assert rows.loc[KERNEL, "p_adjusted"].to_numpy() == pytest.approx(
        12 * 2 / 2 ** 20)


@pytest.mark.parametrize("tax, kernel", [
    (-30, "faster"), (30, "slower"), (0, "equivalent"), (0.3, "equivalent")])
def test_any_constant(tmp_path, tax, kernel):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(tax)})
    said = compare(run, "--format", "json")
    assert said.verdicts == verdicts_of(kernel=kernel)
    check_tax(said, tax)


def test_one_row_only(tmp_path):
    other = {**COSTS, "getppid/libc": 1.1 * COSTS["getppid/libc"]}
    said = compare(make_run(tmp_path / "run", {"a": COSTS, "b": other}),
                   "--format", "json")
    assert said.verdicts == changed(getppid__libc="slower")
    check_tax(said, 0, rows=(5, 6))
    assert said.json["reliable"] is True


def test_the_tax_is_not_asked_of_rows_that_do_more_than_enter(tmp_path):
    """A switch has another task's entries in it, which nobody counts."""
    switches = {f"switch_same/{path}/processes": 2300.0
                for path in ("pipe", "futex", "unix", "udp", "tcp")}
    before = {**COSTS, **switches}
    after = {**taxed(30), **{name: cost + 500
                             for name, cost in switches.items()}}
    run = make_run(tmp_path / "run", {"a": before, "b": after})
    record = json.loads((run / "run.json").read_text())
    for row in record["benchmarks"]:
        row["entries_counted"] = row.get("entries_counted", 1)
        row["work"] = ["switches"] if row["name"] in switches else []
    (run / "run.json").write_text(json.dumps(record))
    said = compare(run, "--format", "json")
    check_tax(said, 30)
    assert all(said.verdicts[name] == "slower" for name in switches)


def test_a_user_space_row_that_moves_alone(tmp_path):
    other = {**COSTS, "clock_gettime/vdso": 30}
    run = make_run(tmp_path / "run", {"a": COSTS, "b": other})
    said = compare(run, "--format", "json")
    assert said.verdicts == changed(clock_gettime__vdso="slower")
    assert said.json["controls"]["moved"] == ["clock_gettime/vdso"]
    text = compare(run).out
    assert "clock_gettime/vdso" in text.split("controls")[1]


@pytest.mark.parametrize("smallest, expected", [
    ("1 %", {}), ("0.5", {}), (".3%", {"open/libc": "slower"}),
    ("0", {"open/libc": "slower"})])
def test_the_smallest_effect_moves_verdicts(tmp_path, smallest,
                                            expected):
    other = {**COSTS, "open/libc": 1.004 * COSTS["open/libc"],
             "getppid/inline": 90.4}    # under 1 ns: never matters
    run = make_run(tmp_path / "run", {"a": COSTS, "b": other}, noise=STILL)
    said = compare(run, "--smallest-effect", smallest, "--format", "json")
    assert said.verdicts == {**verdicts_of(), **expected}


def test_the_smallest_effect_is_told(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": COSTS}, noise=STILL)
    said = compare(run, "--smallest-effect", "2%", "--format", "json")
    assert said.json["smallest_effect_percent"] == pytest.approx(2)
    found = said.rows["smallest_effect_percent"]
    assert found["open/libc"] == pytest.approx(2)
    assert found["getppid/inline"] == pytest.approx(2)
    assert found["clock_gettime/vdso"] == pytest.approx(5, rel=1e-3)
    assert found[ONE_CALL] == pytest.approx(62.5, rel=1e-3)


def test_what_nothing_shows_counts_as_nothing(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(5)},
                   noise=Noise(launch=0.05))
    said = compare(run, "--format", "json")
    assert "slower" not in said.verdicts.values()
    assert (said.rows["smallest_effect_percent"] > 1.5).all()
    assert (said.rows["ci_high_percent"] - said.rows["ci_low_percent"] > 2
            ).all()


def test_drift_falls_on_both_arms_alike(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(20)},
                   noise=Noise(drift=0.002))
    said = compare(run, "--format", "json")
    assert said.verdicts == verdicts_of(kernel="slower")
    assert abs(said.json["crossing_tax"]["ns"] - 20 * 1.04) < 1


def test_a_neighbour_is_told_from_a_difference(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(20)}, rounds=12,
                   shared={"a": 0.2, "b": 0.75})
    said = compare(run, "--format", "json")
    assert said.json["adjusted"] is True
    assert said.verdicts == verdicts_of(kernel="slower")
    check_tax(said, 20)
    raw = said.rows["raw_difference_percent"] - said.rows[
        "difference_percent"]
    assert (raw > 15).all()
    assert said.rows.loc["open/libc", "raw_ci_low_percent"] > 10


def test_raw_differences_stand_beside(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": COSTS}, rounds=12,
                   shared={"a": 0.2, "b": 0.75})
    text = compare(run)
    for name, line in text.lines.items():
        assert "equivalent" in line
        assert any(19 < float(word) < 21 for word in line.split()
                   if word.startswith("+2") or word.startswith("+1")), line
    csv = of_csv(compare(run, "--format", "csv").out)
    assert csv["notes"].str.contains(r"as measured \+(?:19|20)\.").all()


def test_a_probe_that_cannot_correct_is_not_used(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS})
    other = samples({"b": COSTS}, probes=1.1, seed=9)
    batches = pd.concat([pd.read_csv(run / "samples.csv"),
                         other.assign(launch=other["launch"] + 20)])
    batches.to_csv(run / "samples.csv", index=False)
    edit(run, {"arms": [made_runs.arm_record("a"),
                        made_runs.arm_record("b")]})
    said = compare(run, "--format", "json")
    assert said.json["adjusted"] is False
    assert said.rows["difference_percent"].equals(
        said.rows["raw_difference_percent"])


def test_probes_of_different_lengths_correct_nothing(tmp_path):
    before = make_run(tmp_path / "before", {"a": COSTS})
    after = make_run(tmp_path / "after", {"a": COSTS}, seed=9)
    assert compare(before, after, "--format", "json").json["adjusted"] is True
    for run, scale in ((before, 1), (after, 2)):
        edit(run, {"probe": {"scale": scale, "no_quiet_moment": False,
                             "earlier_runs_used": 0}})
    said = compare(before, after, "--force", "--format", "json")
    assert said.json["adjusted"] is False


TAXES = {"plain": 0, "ten": 10, "same": 0, "twenty": 20, "less": -10}


@pytest.fixture(scope="session")
def five_arms(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("runs") / "five",
                    {arm: taxed(tax) for arm, tax in TAXES.items()})


def test_five_arms_give_four_pairs(five_arms):
    found = of_csv(compare_once(five_arms, "--format", "csv").out)
    assert list(found) == ["pair", *COLUMNS]
    pairs = [f"plain -> {arm}" for arm in list(TAXES)[1:]]
    assert list(found["pair"]) == [pair for pair in pairs for _ in COSTS]
    for arm, kernel in (("ten", "slower"), ("same", "equivalent"),
                        ("twenty", "slower"), ("less", "faster")):
        rows = found[found["pair"] == f"plain -> {arm}"]
        got = dict(zip(rows["benchmark"], rows["verdict"]))
        assert [got[name] for name in KERNEL if name not in (
            "open/libc", "getppid/int80")] == [kernel] * 5
        assert [got[name] for name in USER + BUFFERED] == ["equivalent"] * 5


def test_the_json_of_several_pairs(five_arms):
    found = compare_once(five_arms, "--format", "json").json
    pairs = [f"plain -> {arm}" for arm in list(TAXES)[1:]]
    for key in "differs", "crossing_tax", "controls":
        assert list(found[key]) == pairs
    for arm, tax in list(TAXES.items())[1:]:
        assert abs(found["crossing_tax"][f"plain -> {arm}"]["ns"] - tax) < 1
    assert [row["pair"] for row in found["rows"]] == [
        pair for pair in pairs for _ in COSTS]
    assert found["reliable"] is True


def test_an_unreliable_pair_among_others(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": scaled(1.05),
                                      "c": COSTS})
    found = compare(run, "--format", "json").json
    assert found["reliable"] is False
    assert {row["pair"] for row in found["rows"]
            if "unreliable" in row["notes"]} == {"a -> b"}


def test_a_run_of_two_arms_has_no_column_pair(plain_and_taxed):
    text = compare_once(plain_and_taxed, "--format", "csv").out
    assert text.splitlines()[0] == HEADER


def test_an_arm_that_was_skipped(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(20)})
    told = json.loads((run / "run.json").read_text())["arms"]
    for place in range(3):
        skipped = made_runs.arm_record("gone", skipped="no tracefs",
                                       state=None)
        edit(run, {"arms": [*told[:place], skipped, *told[place:]]})
        said = compare(run, "--format", "json")
        assert (said.status, said.err) == (0, "")
        assert said.json["pair"] == "a -> b" and said.json["units"] == 20
        assert said.json["warnings"] == []
        assert said.verdicts == verdicts_of(kernel="slower")


def test_arms_in_the_order_of_the_record(tmp_path):
    run = make_run(tmp_path / "run", {"z": COSTS, "a": taxed(30)})
    said = compare(run, "--format", "json")
    assert said.json["pair"] == "z -> a"
    check_tax(said, 30)


def test_launches_that_an_arm_lacks(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(20)})
    batches = pd.read_csv(run / "samples.csv")
    batches[~batches["launch"].isin([0, 5, 39])].to_csv(
        run / "samples.csv", index=False)
    said = compare(run, "--format", "json")
    assert said.json["units"] == 17
    assert said.verdicts == verdicts_of(kernel="slower")


# Runs: a boot or none between them

def test_two_runs_of_one_boot(tmp_path):
    runs = [make_run(tmp_path / "a", COSTS), make_run(
        tmp_path / "b", taxed(150), hour=1)]
    said = compare(*runs, "--format", "json")
    assert said.json["unit"] == "launches"
    assert any("drift" in line for line in said.json["warnings"])
    assert said.verdicts == verdicts_of(kernel="slower")
    check_tax(said, 150)
    text = compare(*runs).out
    assert "drift is not controlled" in text


def test_two_boots(two_boots):
    said = compare_once(*two_boots, "--format", "json")
    assert said.json["unit"] == "launches"
    assert any("boot" in line for line in said.json["warnings"])
    assert said.verdicts == verdicts_of(kernel="slower")
    check_tax(said, 150)


def test_the_allowance_is_told_in_every_format(two_boots):
    for form in "text", "markdown":
        assert "±10" in compare_once(*two_boots, "--format", form).out
    csv = of_csv(compare_once(*two_boots, "--format", "csv").out)
    assert csv["notes"].str.contains("±10.0 %", regex=False).all()
    rows = compare_once(*two_boots, "--format", "json").rows
    assert rows["allowance_percent"].to_numpy() == pytest.approx(10)


def test_the_allowance_is_not_in_the_interval(two_boots):
    rows = compare_once(*two_boots, "--format", "json").rows
    assert (rows["ci_high_percent"] - rows["ci_low_percent"]).max() < 2


@pytest.mark.parametrize("tax, kernel", [(5, "inconclusive"),
                                         (8, "inconclusive"),
                                         (-40, "faster")])
def test_a_tenth_is_allowed_for(tmp_path, tax, kernel):
    costs = only(*USER, "getppid/inline", "getppid/libc", "invalid/inline")
    runs = [make_run(tmp_path / "a", costs, boot=1),
            make_run(tmp_path / "b", taxed(tax, costs), boot=2, hour=1)]
    said = compare(*runs, "--format", "json")
    assert said.verdicts == {name: kernel if ENTRIES[name] else "equivalent"
                             for name in costs}


def test_a_comparison_is_turned_by_its_arguments_not_by_time(two_boots):
    said = compare_once(*two_boots[::-1], "--format", "json")
    check_tax(said, -150)
    assert said.verdicts == verdicts_of(kernel="faster")


BOOTS = [
    # boots, their unit, exact p of what moved
    (2, "boots", None), (5, "boots", None),
    (6, "boot pairs", 2 / 2 ** 6), (8, "boot pairs", 2 / 2 ** 8),
    (12, "boot pairs", 12 * 2 / 2 ** 12)]


@pytest.mark.parametrize("count, unit, p", BOOTS)
def test_boots(tmp_path, count, unit, p):
    said = compare(*two_sides(tmp_path, count, after=taxed(150)),
                   "--format", "json")
    assert said.json["unit"] == unit and said.json["units"] == count
    assert said.verdicts == verdicts_of(kernel="slower")
    check_tax(said, 150, rows=(7,) if p else range(4, 8))
    moved = said.rows.loc[KERNEL, "p_adjusted"]
    assert moved.isna().all() if p is None else (
        moved.to_numpy() == pytest.approx(p))
    assert any(f"{count} boots a side describe and do not test" in line and
               f"1 of {2 ** (count - 1)} comparisons" in line
               for line in said.json["warnings"]) is (p is None)
    assert not any("drift" in line for line in said.json["warnings"])


def test_one_boot_a_side_says_what_it_cannot_tell(two_boots):
    text = compare_once(*two_boots).out
    assert ("one boot a side: this describes two boots, and how far boots "
            "differ anyway cannot be known") in text
    assert "6 boots a side can test it" in text


def test_one_boot_on_one_side_says_so(tmp_path):
    hours = alternating(3)
    said = compare("--before", *make_boots(tmp_path, "a", hours[0][:1]),
                   "--after", *make_boots(tmp_path, "b", hours[1]),
                   "--format", "json")
    assert any("one boot on a side" in line
               for line in said.json["warnings"])
    assert not any("comparisons" in line for line in said.json["warnings"])


@pytest.mark.parametrize("count", [6, 12])
def test_nothing_between_boots(tmp_path, count):
    said = compare(*two_sides(tmp_path, count), "--format", "json")
    assert said.verdicts == verdicts_of()
    check_tax(said, 0)


def test_boots_not_launches_are_the_unit(tmp_path):
    factors = [1.0, 1.06, 1.01, 1.05, 1.02, 1.07]
    costs = [scaled(factor) for factor in factors]
    said = compare(*two_sides(tmp_path, 6, costs, costs[::-1]),
                   "--format", "json")
    assert set(said.verdicts.values()) <= {"inconclusive", "equivalent"}
    assert said.verdicts["getppid/int80"] == "inconclusive"
    wide = said.rows["ci_high_percent"] - said.rows["ci_low_percent"]
    assert (wide > 3).all()


def test_students_interval_stands_beside_that_of_boots(tmp_path):
    rows = compare(*two_sides(tmp_path, 6, after=taxed(150)),
                   "--format", "json").rows
    inside = (rows["t_low_percent"] < rows["difference_percent"]) & (
        rows["difference_percent"] < rows["t_high_percent"])
    assert inside.all()


@pytest.mark.parametrize("count", [2, 6])
def test_sides_that_did_not_alternate(tmp_path, count):
    runs = make_boots(tmp_path, "r", range(2 * count))
    said = compare("--before", *runs[:count], "--after", *runs[count:],
                   "--format", "json")
    assert any("drift" in line for line in said.json["warnings"])


def test_an_after_that_came_before(tmp_path):
    runs = make_boots(tmp_path, "r", range(4))
    said = compare("--before", *runs[2:], "--after", *runs[:2],
                   "--format", "json")
    assert any("drift" in line for line in said.json["warnings"])


def test_boots_are_paired_by_time_whatever_their_order(tmp_path):
    drifting = [scaled(1 + 0.02 * hour, SMALL) for hour in range(24)]
    before, after = alternating(12)
    runs = [make_boots(tmp_path, name, hours,
                       [drifting[hour] for hour in hours])
            for name, hours in (("a", before), ("b", after))]
    sorted_ones = compare("--before", *runs[0], "--after", *runs[1],
                          "--format", "json")
    shuffled = compare("--before", *runs[0][::-1], "--after",
                       *runs[1][3:], *runs[1][:3], "--format", "json")
    assert shuffled.rows.drop(columns="notes").equals(
        sorted_ones.rows.drop(columns="notes"))
    # Neighbours in time are 2 % apart, other pairs up to 20 %.
    wide = shuffled.rows["ci_high_percent"] - shuffled.rows["ci_low_percent"]
    assert (wide < 5).all()


@pytest.mark.parametrize("before, after", [(6, 8), (8, 6), (1, 6)])
def test_unequal_numbers_of_boots(tmp_path, before, after):
    hours = alternating(max(before, after))
    sides = ["--before", *make_boots(tmp_path, "a", hours[0][:before]),
             "--after", *make_boots(tmp_path, "b", hours[1][:after],
                                    taxed(150))]
    said = compare(*sides, "--format", "json")
    assert said.status == 0 and said.json["units"] == min(before, after)
    assert abs(said.json["crossing_tax"]["ns"] - 150) < 1
    assert said.verdicts == verdicts_of(kernel="slower")


@pytest.mark.parametrize("before, after", [(6, 8), (8, 6)])
def test_boots_that_found_no_partner_are_told(tmp_path, before,
                                              after):
    hours = alternating(max(before, after))
    said = compare(
        "--before", *make_boots(tmp_path, "a", hours[0][:before]),
        "--after", *make_boots(tmp_path, "b", hours[1][:after]),
        "--format", "json")
    unused = [f"a{place}" for place in range(after, before)] + [
        f"b{place}" for place in range(before, after)]
    told = " ".join(said.json["warnings"])
    assert f"{len(unused)} " in told or all(name in told for name in unused)
    assert "boot" in told


def test_runs_of_one_boot_count_once(tmp_path):
    hours = alternating(6)
    sides = [[make_run(tmp_path / f"{name}{boot}-{again}", costs,
                       boot=f"{name}{boot}", hour=hours[side][boot] +
                       again / 10, **FEW)
              for boot in range(3) for again in range(3)]
             for side, (name, costs) in enumerate(
                 [("a", COSTS), ("b", taxed(150))])]
    said = compare("--before", *sides[0], "--after", *sides[1],
                   "--format", "json")
    assert said.json["unit"] == "boots" and said.json["units"] == 3
    assert said.verdicts == verdicts_of(kernel="slower")


def test_six_runs_of_one_boot_are_one_boot(tmp_path):
    sides = [[make_run(tmp_path / f"{name}{again}", costs, boot=name,
                       hour=2 * again + side, **FEW) for again in range(6)]
             for side, (name, costs) in enumerate(
                 [("a", COSTS), ("b", taxed(150))])]
    said = compare("--before", *sides[0], "--after", *sides[1],
                   "--format", "json")
    assert said.json["unit"] == "launches"
    assert any("one boot a side" in line for line in said.json["warnings"])
    assert said.verdicts == verdicts_of(kernel="slower")


def test_runs_that_alternate_in_one_boot(tmp_path):
    sides = [[make_run(tmp_path / f"{name}{hour}", costs, hour=hour, **FEW)
              for hour in hours] for name, costs, hours in (
                  ("a", COSTS, (0, 3)), ("b", taxed(150), (1, 2)))]
    said = compare("--before", *sides[0], "--after", *sides[1],
                   "--format", "json")
    assert not any("one after the other" in line
                   for line in said.json["warnings"])
    assert said.json["crossing_tax"]["ns"] == pytest.approx(150, abs=1)


def test_boots_that_nobody_knows_apart(tmp_path):
    unknown = {"environment/kernel/boot_id": None}
    runs = [make_run(tmp_path / name, COSTS, hour=hour, facts=unknown)
            for hour, name in enumerate("ab")]
    said = compare(*runs, "--format", "json")
    assert not any("in one boot" in line for line in said.json["warnings"])
    assert said.json["warnings"] != []


def bad_boot(count, which=2):
    """Costs of boots of which one was off by a third."""
    return [scaled(1.3 if place == which else 1, taxed(150))
            for place in range(count)]


def test_a_single_bad_boot_of_many(tmp_path):
    said = compare(*two_sides(tmp_path, 13, after=bad_boot(13)),
                   "--format", "json")
    assert said.verdicts == verdicts_of(kernel="slower")
    assert abs(said.json["crossing_tax"]["ns"] - 150) < 1
    assert said.json["reliable"] is True


@pytest.mark.parametrize("count", [3, 6])
def test_a_single_bad_boot_is_named(tmp_path, count):
    arguments = two_sides(tmp_path, count, after=bad_boot(count))
    warnings = compare(*arguments, "--format", "json").json["warnings"]
    told = [line for line in warnings if "other boots" in line]
    assert len(told) == 1 and told[0].startswith("b2 lies +")
    assert told[0] in compare(*arguments).out


def test_a_bad_boot_among_folders_of_one_name(tmp_path):
    hours = alternating(3)
    runs = [[make_run(tmp_path / f"{hour:02}-{arm}" / "run", costs,
                      hour, hour, seed=hour, **FEW)
             for hour, costs in zip(hours[side], bad_boot(3))]
            for side, arm in enumerate(["off", "on"])]
    said = compare("--before", *runs[0], "--after", *runs[1], "--format",
                   "json").json["warnings"]
    assert [line for line in said if "other boots" in line and
            line.startswith(f"{runs[0][2]} lies +")]


@pytest.mark.parametrize("count", [2, 6])
def test_a_single_bad_boot_of_few_is_not_taken_for_the_kernel(
        tmp_path, count):
    said = compare(*two_sides(tmp_path, count, after=[
        scaled(1.3 if place == 1 else 1) for place in range(count)]),
        "--format", "json")
    assert set(said.verdicts.values()) <= {"inconclusive", "equivalent"}
    assert said.json["reliable"] is not True
    bounds = said.rows[["ci_low_percent", "ci_high_percent"]].to_numpy(float)
    assert not (np.abs(bounds) > 1000).any()    # nor bounded by chance


def test_a_row_that_one_boot_spoils_costs_only_itself(tmp_path):
    after = [{**taxed(20), "open/libc": 1300 if place == 2 else 940}
             for place in range(8)]
    said = compare(*two_sides(tmp_path, 8, after=after), "--format", "json")
    assert said.verdicts == {**verdicts_of(kernel="slower"),
                             "open/libc": "inconclusive"}


def drop(run, name):
    """Take a benchmark out of a run's samples."""
    batches = pd.read_csv(run / "samples.csv")
    batches[batches["benchmark"] != name].to_csv(run / "samples.csv",
                                                 index=False)


@pytest.mark.parametrize("count", [6, 12])
def test_a_row_that_one_boot_lacks_costs_only_itself(tmp_path,
                                                     count):
    arguments = two_sides(tmp_path, count, after=taxed(150))
    drop(arguments[1], "getppid/inline")
    said = compare(*arguments, "--format", "json")
    others = set(COSTS) - {"getppid/inline"}
    assert said.err == ""
    assert {name: said.verdicts[name] for name in others} == {
        name: verdicts_of(kernel="slower")[name] for name in others}
    assert said.verdicts["getppid/inline"] in ("slower", "inconclusive")
    wide = said.rows["ci_high_percent"] - said.rows["ci_low_percent"]
    assert (wide[list(others)] > 0.05).all()


def test_every_boot_lacks_another_row(tmp_path):
    arguments = two_sides(tmp_path, 6, after=taxed(150))
    for run, name in zip(arguments[1:7], KERNEL):
        drop(run, name)
    said = compare(*arguments, "--format", "json")
    assert (said.status, said.err) == (0, "")
    assert [said.verdicts[name] for name in USER] == ["equivalent"] * 4


# What is allowed for, by earlier runs

FOUR = only("clock_gettime/vdso", "getppid/inline", "invalid/inline",
            "write/libc/1")


def siblings(folder, count=5, spread=0.002, facts={}, first=50, boot=None,
             **more):
    """Earlier runs beside others, of boots this far apart."""
    random = np.random.default_rng(3)
    for place in range(count):
        costs = {name: cost * np.exp(spread * random.standard_normal())
                 for name, cost in FOUR.items()}
        make_run(folder / f"earlier{place}", costs, boot or first + place,
                 place - 100, facts, launches=2, rounds=2, noise=STILL,
                 **more)


def compared_with_siblings(folder, *arguments, same_boot=False):
    runs = [make_run(folder / "a", FOUR, boot=1),
            make_run(folder / "b", taxed(5, FOUR), hour=1,
                     boot=1 if same_boot else 2)]
    return compare(*runs, *(arguments or ("--format", "json")))


def is_flat(said):
    """Whether a tenth was allowed for on every row."""
    return (said.rows["allowance_percent"] - 10).abs().max() < 1e-6


def test_earlier_boots_tell_the_allowance(tmp_path):
    siblings(tmp_path)
    said = compared_with_siblings(tmp_path)
    assert said.rows["allowance_percent"].between(0.1, 3).all()
    assert said.verdicts == {name: "slower" if ENTRIES[name] else "equivalent"
                             for name in FOUR}
    assert "5 earlier" in compare(tmp_path / "a", tmp_path / "b").out


def test_the_mark_of_a_boot_makes_no_other_kind(tmp_path):
    siblings(tmp_path)
    for place in range(5):
        edit(tmp_path / f"earlier{place}", {
            "environment/kernel/cmdline": f"quiet syscost.boot={place}"})
    assert not is_flat(compared_with_siblings(tmp_path))


@pytest.mark.parametrize("spread", [0.001, 0.01])
def test_the_allowance_follows_the_spread_of_boots(tmp_path,
                                                   spread):
    siblings(tmp_path, count=12, spread=spread)
    found = compared_with_siblings(tmp_path).rows
    middle = found["allowance_percent"].median() / 100
    # Student's t of 11 degrees at 5 % / 4 rows is 3.0
    assert 1.5 < middle / (spread * 2 ** 0.5) < 5


@pytest.mark.parametrize("count", [0, 3])
def test_too_few_earlier_boots_tell_nothing(tmp_path, count):
    siblings(tmp_path, count=count)
    said = compared_with_siblings(tmp_path)
    assert is_flat(said)
    assert "too few" in compare(tmp_path / "a", tmp_path / "b").out


@pytest.mark.parametrize("facts", [
    {"tool/build_id": "77" * 20}, {"environment/kernel/release": "6.1"},
    {"environment/kernel/version": "#2"}, {"complete": False}, {"schema": 2},
    {"environment/kernel/cmdline": "pti=on"}, {"environment/host": "lab2"},
    {"environment/cpu/microcode": "0x2"}, {"environment/cpu/model": "Other"},
    {"placement/cpu": 3}], ids=str)
def test_earlier_boots_of_another_kind_tell_nothing(tmp_path, facts):
    siblings(tmp_path, facts=facts)
    assert is_flat(compared_with_siblings(tmp_path))


def test_an_earlier_boot_counts_once(tmp_path):
    siblings(tmp_path, boot=77)
    assert is_flat(compared_with_siblings(tmp_path))


def test_earlier_runs_of_this_boot_tell_of_runs_in_it(tmp_path):
    siblings(tmp_path, boot=1)
    said = compared_with_siblings(tmp_path, same_boot=True)
    assert said.rows["allowance_percent"].between(0.1, 3).all()


@pytest.mark.parametrize("boot", [None, 77])
def test_earlier_boots_do_not_tell_of_runs_in_one(tmp_path, boot):
    siblings(tmp_path, boot=boot)
    assert is_flat(compared_with_siblings(tmp_path, same_boot=True))


def test_compared_runs_do_not_tell_their_own_allowance(tmp_path):
    runs = make_boots(tmp_path, "r", range(10), FOUR)
    said = compare("--before", *runs[:5], "--after", *runs[5:],
                   "--format", "json")
    assert is_flat(said)


def test_earlier_boots_allow_for_nothing_where_boots_are_compared(
        tmp_path):
    siblings(tmp_path)
    said = compare(*two_sides(tmp_path, 6, FOUR, FOUR), "--format", "json")
    assert (said.rows["allowance_percent"] == 0).all()


# Controls

@pytest.mark.parametrize("factor", [0.95, 1.05])
def test_a_change_of_the_machines_speed(tmp_path, factor):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": scaled(factor)})
    said = compare(run, "--format", "json")
    assert said.json["reliable"] is False
    assert abs(said.json["controls"]["percent"] - 100 * (factor - 1)) < 0.2
    assert said.rows["notes"].str.contains("unreliable").all()
    assert "unreliable" in compare(run).out
    assert "unreliable" in compare(run, "--format", "markdown").out
    csv = of_csv(compare(run, "--format", "csv").out)
    assert csv["notes"].str.contains("unreliable").all()


def test_a_change_of_frequency_shows_in_the_probes_too(tmp_path):
    runs = [make_run(tmp_path / "a", COSTS), make_run(
        tmp_path / "b", scaled(1.05), hour=1, probes=1.05)]
    said = compare(*runs, "--format", "json")
    assert said.json["adjusted"] is False and said.json["reliable"] is False
    assert said.rows["difference_percent"].to_numpy() == pytest.approx(
        5, abs=0.2)


def test_a_speed_within_the_smallest_effect_is_steady(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": scaled(1.02)})
    for smallest, reliable in ("1%", False), ("3%", True):
        said = compare(run, "--smallest-effect", smallest, "--format", "json")
        assert said.json["reliable"] is reliable


def test_no_control_is_no_proof(tmp_path):
    costs = only(*KERNEL)
    run = make_run(tmp_path / "run", {"a": costs, "b": taxed(20, costs)})
    said = compare(run, "--format", "json")
    assert said.json["reliable"] is None and said.json["controls"] is None
    assert "no row that stays in user space" in compare(run).out


def test_controls_are_those_of_all_rows(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": scaled(1.1)})
    said = compare(run, "--benchmarks", "getppid", "--format", "json")
    assert sorted(said.verdicts) == [name for name in sorted(COSTS)
                                     if "getppid" in name]
    assert said.json["reliable"] is False


# Rows that are not alike on both sides

@pytest.mark.parametrize("calls, noted", [(500, False), (600, False),
                                          (1000, True), (100, True)])
def test_unequal_batch_sizes(tmp_path, calls, noted):
    runs = [make_run(tmp_path / "a", COSTS), make_run(
        tmp_path / "b", taxed(150), boot=2, hour=1, calls=calls)]
    said = compare(*runs, "--format", "json")
    assert said.verdicts == verdicts_of(kernel="slower")
    told = f"{min(500, calls)} to {max(500, calls)} calls"
    assert said.rows["notes"].str.contains(told).eq(noted).all()
    assert (told in compare(*runs).out) is noted


def without(name):
    return {other: cost for other, cost in COSTS.items() if other != name}


@pytest.mark.parametrize("left_out, note", [("after", "only before"),
                                            ("before", "only after")])
def test_a_row_on_one_side_only(tmp_path, left_out, note):
    name = "write/libc/1"
    costs = {"before": COSTS, "after": taxed(150),
             left_out: without(name) if left_out == "before" else taxed(
                 150, without(name))}
    runs = [make_run(tmp_path / "a", costs["before"], boot=1),
            make_run(tmp_path / "b", costs["after"], boot=2, hour=1)]
    said = compare(*runs, "--format", "json")
    assert said.verdicts == {**verdicts_of(kernel="slower"),
                             name: "inconclusive"}
    row = said.rows.loc[name]
    assert row["notes"] == note and np.isnan(row["difference_ns"])
    assert np.isnan(row[f"{left_out}_ns"])
    assert said.json[note.replace(" ", "_")] == [name]
    text = compare(*runs)
    assert note in text.lines[name] and "1 rows" not in text.out
    csv = of_csv(compare(*runs, "--format", "csv").out).set_index("benchmark")
    assert csv.loc[name, "notes"] == note
    assert csv.loc[name, ["difference_ns", "ci_low_percent"]].isna().all()


def test_a_row_that_one_arm_lacks(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(20)})
    batches = pd.read_csv(run / "samples.csv")
    gone = (batches["arm"] == "b") & (batches["benchmark"] == "invalid/inline")
    batches[~gone].to_csv(run / "samples.csv", index=False)
    said = compare(run, "--format", "json")
    assert said.verdicts == {**verdicts_of(kernel="slower"),
                             "invalid/inline": "inconclusive"}
    assert said.rows.loc["invalid/inline", "notes"] == "only before"


def test_no_row_in_common(tmp_path):
    runs = [make_run(tmp_path / "a", only("getppid/inline")), make_run(
        tmp_path / "b", only("invalid/inline"), boot=2, hour=1)]
    said = compare(*runs)
    said.refused(said.status)
    assert said.status in (2, 3)


def test_a_single_row(tmp_path):
    costs = only("getppid/inline")
    run = make_run(tmp_path / "run", {"a": costs, "b": taxed(20, costs)})
    said = compare(run, "--format", "json")
    assert said.verdicts == {"getppid/inline": "slower"}
    assert compare(run).err == ""


def keep_launches(run, name, arm, count):
    """Keep only the first launches of a benchmark and arm."""
    batches = pd.read_csv(run / "samples.csv")
    mine = (batches["benchmark"] == name) & (batches["arm"] == arm)
    first = sorted(batches["launch"][mine].unique())[:count]
    batches[~mine | batches["launch"].isin(first)].to_csv(
        run / "samples.csv", index=False)


@pytest.mark.parametrize("count, verdict", [(3, "inconclusive"),
                                            (8, "inconclusive"),
                                            (12, "slower"), (20, "slower")])
def test_a_row_with_fewer_launches(tmp_path, count, verdict):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(50)})
    keep_launches(run, "getppid/inline", "b", count)
    said = compare(run, "--format", "json")
    assert said.verdicts == {**verdicts_of(kernel="slower"),
                             "getppid/inline": verdict}
    assert "inf" not in said.out.lower().replace("infl", "")


@pytest.mark.parametrize("launches", [2, 5, 8])
def test_too_few_launches_decide_nothing(tmp_path, launches):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(150)},
                   launches=launches)
    said = compare(run, "--format", "json")
    assert set(said.verdicts.values()) == {"inconclusive"}
    more = said.rows["further_units"]
    assert (more >= 9 - launches).all() and (more < 40).all()
    assert said.rows["notes"].str.contains("more launch pair").all()


def test_one_launch(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(150)},
                   launches=1)
    for form in FORMATS:
        said = compare(run, "--format", form)
        assert (said.status, said.err) == (0, "")
    runs = [make_run(tmp_path / name, COSTS, boot=boot, launches=1)
            for boot, name in enumerate("ab")]
    said = compare(*runs, "--format", "json")
    assert (said.status, said.err) == (0, "")
    assert set(said.verdicts.values()) == {"inconclusive"}


def test_one_batch_a_launch(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(150)}, rounds=1)
    said = compare(run, "--format", "json")
    assert said.verdicts == verdicts_of(kernel="slower")


def test_an_inconclusive_row_says_what_it_would_take(tmp_path):
    costs = {**COSTS, "open/libc": 1.0105 * COSTS["open/libc"]}
    run = make_run(tmp_path / "run", {"a": COSTS, "b": costs})
    said = compare(run, "--format", "json")
    assert said.verdicts == changed(open__libc="inconclusive")
    row = said.rows.loc["open/libc"]
    assert row["further_units"] >= 1
    assert f"about {row['further_units']:.0f} more launch pair" in row["notes"]
    others = said.rows.drop("open/libc")
    assert others["further_units"].isna().all()


def test_entries_beyond_one_divide(tmp_path):
    costs = {name: cost + 90 * (name == "open/libc")
             for name, cost in COSTS.items()}
    said = compare(make_run(tmp_path / "run", {"a": COSTS, "b": costs}),
                   "--format", "json")
    check_tax(said, 0, rows=(5, 6))
    said = compare(make_run(tmp_path / "two", {"a": COSTS, "b": taxed(45)}),
                   "--format", "json")
    assert said.rows.loc["open/libc", "difference_ns"] == pytest.approx(
        90, abs=1)
    check_tax(said, 45)


def test_the_tax_is_that_of_an_entry(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(60)})
    told = json.loads((run / "run.json").read_text())["benchmarks"]
    for row in told:
        if row["name"] in KERNEL:
            row["entries_counted"] *= 3
    edit(run, {"benchmarks": told})
    check_tax(compare(run, "--format", "json"), 20)


def test_entries_that_changed_are_noted(tmp_path):
    runs = [make_run(tmp_path / "a", COSTS), make_run(
        tmp_path / "b", COSTS, boot=2, hour=1)]
    told = json.loads((runs[1] / "run.json").read_text())["benchmarks"]
    for row in told:
        if row["name"] == "clock_gettime/vdso":
            row["entries_counted"] = 1.0
    edit(runs[1], {"benchmarks": told})
    said = compare(*runs, "--format", "json")
    note = said.rows.loc["clock_gettime/vdso", "notes"]
    assert "enters the kernel 0 and 1 times a call" in note
    assert said.json["controls"]["rows"] == len(USER) - 1
    assert said.json["crossing_tax"]["rows"] == len(KERNEL)


def test_entries_that_were_not_counted(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(20)})
    told = json.loads((run / "run.json").read_text())["benchmarks"]
    edit(run, {"benchmarks": [{**row, "entries_counted": None}
                              for row in told]})
    said = compare(run, "--format", "json")
    assert said.verdicts == verdicts_of(kernel="slower")
    assert abs(said.json["crossing_tax"]["ns"] - 20) < 1


def test_entries_that_a_row_says_where_none_were_counted(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(60)})
    told = json.loads((run / "run.json").read_text())["benchmarks"]
    edit(run, {"benchmarks": [
        {**row, "entries_counted": None,
         "entries_expected": 3 * row["entries_counted"]} for row in told]})
    check_tax(compare(run, "--format", "json"), 20)


# The gate

def gated(folder, after, **more):
    return make_run(folder / "run", {"a": COSTS, "b": after}, **more)


ROW = "getppid/libc"    # of 91.5 ns


@pytest.mark.parametrize("row_ns, threshold, status", [
    (91.5, "5%", 0), (91.5, "0.5%", 0), (94.0, "5%", 0), (100.0, "5%", 1),
    (100.0, "5", 1), (100.0, "20%", 0), (80.0, "5%", 0), (100.0, "0%", 1),
    (100.0, "0", 1)])
def test_the_gate(tmp_path, row_ns, threshold, status):
    run = gated(tmp_path, {**COSTS, ROW: row_ns})
    if threshold in ("0", "0%"):    # what is no slower cannot be told from 0
        said = compare(run, "--fail-above", threshold,
                       "--benchmarks", f"^({ROW}|{'|'.join(USER)})$")
    else:
        said = compare(run, "--fail-above", threshold)
    assert said.status == status
    assert (ROW in said.err) is bool(status)
    assert said.lines[ROW]      # the comparison is printed all the same


@pytest.mark.parametrize("setting, status", [([], 1), (["fail"], 1),
                                             (["pass"], 0)])
def test_a_gate_that_cannot_tell(tmp_path, setting, status):
    run = gated(tmp_path, {**COSTS, ROW: 91.5 * 1.05})
    chosen = [f"--inconclusive={one}" for one in setting]
    said = compare(run, "--fail-above", "5%", *chosen)
    assert said.status == status
    assert ROW in said.err      # never in silence


def test_a_gate_fails_though_inconclusive_rows_pass(tmp_path):
    run = gated(tmp_path, {**COSTS, ROW: 91.5 * 1.05, "open/libc": 1200})
    said = compare(run, "--fail-above", "5%", "--inconclusive=pass")
    assert said.status == 1 and "open/libc" in said.err


def test_without_a_gate_nothing_fails(tmp_path):
    for setting in [], ["--inconclusive=fail"]:
        said = compare(gated(tmp_path, taxed(150)), *setting)
        assert (said.status, said.err) == (0, "")


def test_an_unreliable_comparison_does_not_pass(tmp_path):
    run = gated(tmp_path, scaled(0.9))
    said = compare(run, "--fail-above", "5%")
    assert said.status == 1 and said.err
    said = compare(run, "--fail-above", "5%", "--inconclusive=pass")
    assert said.status == 0 and said.err


def test_a_gate_without_controls_is_not_silent(tmp_path):
    costs = only(*KERNEL)
    run = make_run(tmp_path / "run", {"a": costs, "b": costs})
    said = compare(run, "--fail-above", "5%")
    assert said.status == 1 or said.err


def test_a_choice_of_rows_does_not_pass_an_unreliable_run(tmp_path):
    run = gated(tmp_path, scaled(0.5))
    said = compare(run, "--fail-above", "5%", "--benchmarks", "getppid")
    assert said.status == 1 and said.err


@pytest.mark.parametrize("lacking", ["a", "b"])
def test_a_row_of_one_side_does_not_pass(tmp_path, lacking):
    runs = [make_run(tmp_path / name, without(ROW) if name == lacking
                     else COSTS, boot=boot, hour=boot)
            for boot, name in enumerate("ab")]
    said = compare(*runs, "--fail-above", "15%")
    assert said.status == 1 and ROW in said.err
    said = compare(*runs, "--fail-above", "15%", "--inconclusive=pass")
    assert said.status == 0 and ROW in said.err


def test_a_gate_allows_for_another_boot(two_boots, tmp_path):
    runs = [make_run(tmp_path / "a", COSTS, boot=1), make_run(
        tmp_path / "b", {**COSTS, ROW: 1.1 * 91.5}, boot=2, hour=1)]
    said = compare(*runs, "--fail-above", "5%")
    assert said.status == 1 and "cannot be told" in said.err
    assert compare_once(*two_boots, "--fail-above", "5%").status == 1


def test_a_gate_over_several_pairs(five_arms):
    said = compare_once(five_arms, "--fail-above", "5%")
    assert said.status == 1
    failing = [line for line in said.err.splitlines() if "slower" in line]
    assert [line.split(": ")[1] for line in failing] == [
        "plain -> ten", "plain -> twenty"]


# The forms of the output

@pytest.fixture(params=["arms", "five", "boots"])
def some_runs(request, plain_and_taxed, five_arms, two_boots):
    return {"arms": [plain_and_taxed], "five": [five_arms],
            "boots": two_boots}[request.param]


def test_csv_and_json_hold_the_same_rows(some_runs):
    csv = of_csv(compare_once(*some_runs, "--format", "csv").out)
    said = compare_once(*some_runs, "--format", "json")
    rows = pd.DataFrame(said.json["rows"])
    assert list(rows)[:len(csv.columns)] == list(csv)
    for column in csv:
        if csv[column].dtype == object:
            assert csv[column].tolist() == rows[column].tolist()
        else:
            assert csv[column].to_numpy() == pytest.approx(
                rows[column].to_numpy(float), rel=1e-5, nan_ok=True)


def test_numbers_are_finite_or_empty(some_runs):
    text = compare_once(*some_runs, "--format", "csv").out
    found = of_csv(text)
    numbers = found.select_dtypes("number")
    assert set(COLUMNS[1:8]) <= set(numbers)
    assert np.isfinite(numbers.dropna()).all(axis=None)
    assert "inf" not in text and "nan" not in text.lower()


def test_a_difference_agrees_with_what_it_is_of(some_runs):
    found = of_csv(compare_once(*some_runs, "--format", "csv").out)
    apart = found["after_ns"] - found["before_ns"]
    off = (found["difference_ns"] - apart).abs()
    assert (off < 0.005 * found["before_ns"] + 0.01).all()
    share = 100 * apart / found["before_ns"]
    assert ((share - found["difference_percent"]).abs() < 0.6).all()
    assert found["difference_percent"].between(
        found["ci_low_percent"], found["ci_high_percent"]).all()
    assert found["p_adjusted"].dropna().between(0, 1).all()


def test_the_order_of_the_text(some_runs):
    text = compare_once(*some_runs).out
    block = text.split("\n\n\n")[0]
    parts = ["what differs", "crossing tax", "baseline/call", "controls"]
    places = [block.index(part) for part in parts]
    assert places == sorted(places)
    assert text.endswith("\n") and not text.endswith("\n\n")
    assert all(line == line.rstrip() for line in text.splitlines())


def test_the_text_has_every_row_once(two_boots):
    lines = compare_once(*two_boots).lines
    assert sorted(lines) == sorted(COSTS)
    rows = compare_once(*two_boots, "--format", "json").rows
    for name, line in lines.items():
        assert rows.loc[name, "verdict"] in line


def test_the_columns_of_the_text_line_up(plain_and_taxed):
    lines = compare_once(plain_and_taxed).lines.values()
    assert len({line.index(" ns") for line in lines}) <= 2
    starts = {line.index(word) for line in lines
              for word in ("slower", "equivalent") if word in line}
    assert len(starts) == 1


def test_the_text_of_the_tax(plain_and_taxed):
    line = next(line for line in compare_once(plain_and_taxed).out.splitlines()
                if line.startswith("crossing tax"))
    assert "+150.0 ns" in line and "+480 cycles" in line
    assert "7 of 7 rows" in line
    assert re.search(r"one constant explains (99\.\d|100\.0) %", line)


def test_no_constant_is_made_of_nothing(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": COSTS},
                   noise=Noise(launch=0.01))
    line = next(line for line in compare(run).out.splitlines()
                if line.startswith("crossing tax"))
    assert line.endswith("; that may be nothing")


def test_cycles_need_the_cores_rate(tmp_path):
    run = make_run(tmp_path / "run", {"a": SMALL, "b": taxed(20, SMALL)},
                   facts={"yardsticks/core_ghz": None})
    assert compare(run, "--format", "json").json["crossing_tax"][
        "cycles"] is None
    assert "cycles" not in compare(run).out


def cells_of(line):
    """A Markdown row's cells."""
    return line.replace("\\|", "").strip("|").split("|")


def test_the_tables_of_markdown(some_runs):
    lines = compare_once(*some_runs, "--format", "markdown").out.splitlines()
    rows = [line for line in lines if line.startswith("| ") and "/" in line
            and "-> " not in line]
    assert len({len(cells_of(line)) for line in rows
                if cells_of(line)[0].strip() in COSTS}) == 1
    heads = [place for place, line in enumerate(lines)
             if line.startswith("| ---")]
    assert heads and all(
        len(cells_of(lines[place])) == len(cells_of(lines[place - 1]))
        for place in heads)


def test_the_same_runs_give_the_same_bytes(two_boots):
    for form in FORMATS:
        assert compare(*two_boots, "--format", form) == compare_once(
            *two_boots, "--format", form)


@pytest.mark.parametrize("form", FORMATS)
def test_output_to_a_file(two_boots, tmp_path, form):
    printed = compare_once(*two_boots, "--format", form).out
    path = tmp_path / "result"
    said = compare(*two_boots, "--format", form, "--output", path)
    assert said == (0, "", "")
    assert path.read_text(encoding="utf-8") == printed
    assert [one.name for one in tmp_path.iterdir()] == ["result"]


def test_a_gate_with_output_to_a_file(two_boots, tmp_path):
    said = compare(*two_boots, "--fail-above", "5%", "--output",
                   tmp_path / "result")
    assert said.status == 1 and said.out == "" and said.err
    assert (tmp_path / "result").read_text().count("\n") > len(COSTS)


# Which rows

@pytest.mark.parametrize("pattern, names", [
    ("getppid", ["getppid/inline", "getppid/int80", "getppid/libc"]),
    ("^open/", ["open/libc"]), ("(getppid|open)/libc", [
        "getppid/libc", "open/libc"]),
    ("/inline$", ["clock_gettime/inline", "getppid/inline",
                  "invalid/inline"]),
    ("^(?!baseline)", sorted(set(COSTS) - {ONE_CALL, "baseline/add_chain"})),
    ("", sorted(COSTS))])
def test_some_rows(plain_and_taxed, pattern, names):
    said = compare_once(plain_and_taxed, "--benchmarks", pattern, "--format",
                        "json")
    assert (said.status, said.err) == (0, "")
    assert sorted(said.verdicts) == names
