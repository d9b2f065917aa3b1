# SPDX-License-Identifier: MIT
"""scripts/plot of two sides: the figures and verdicts of scripts/compare."""

import sys
import xml.dom.minidom

import numpy as np
import pandas as pd
import pytest

import hand_made
import made_runs
from hand_made import HOSTILE, catalogue
from made_runs import (COSTS, FEW, KERNEL, SMALL, USER, make_boots, make_run,
                       only, scaled, taxed, two_sides)
from analysis import (caption, comparison, dumbbell, emulated, load, quiet,
                      sentences, sides, units, verdict)

style = pytest.fixture(hand_made.style, autouse=True)
plot = made_runs.load_script("plot")
PTI_ON = {"environment/mitigations/derived/pti/state": "on",
          "environment/mitigations/pti_flag": True}
TCG = {"environment/guest/emulated_by": "tcg"}


def compared(before, after, **wanted):
    """The only pair of these run folders."""
    runs = sides.read_records([*before, *after])
    found = comparison.compare_runs(runs[:len(before)], runs[len(before):],
                                    comparison.Wanted(**wanted))
    assert len(found) == 1
    return found[0]


def of_boots(folder, count, after=taxed(149), before=COSTS, facts={}, **more):
    """So many boots a side, compared; the facts are those after."""
    hours = made_runs.alternating(count)
    return compared(make_boots(folder, "a", hours[0], before, **more),
                    make_boots(folder, "b", hours[1], after, facts=facts,
                               **more))


def of_one_boot(folder, before=COSTS, after=taxed(149), facts={}, **more):
    """A boot a side, compared."""
    return compared([make_run(folder / "a", before, **{**FEW, **more})],
                    [make_run(folder / "b", after, boot=2, hour=1,
                              facts=facts, **{**FEW, **more})])


def texts_of(figure):
    """All that is written in the picture."""
    return [text.get_text() for text in hand_made.all_texts(figure)]


def points_of(figure):
    """Everywhere that a mark stands on the axis of costs."""
    return np.concatenate([np.atleast_1d(line.get_xdata())
                           for line in figure.axes[0].get_lines()])


@pytest.mark.parametrize("count, launches", [(1, 20), (2, 4), (6, 4)])
def test_every_row_has_both_costs_and_its_verdict(tmp_path, count, launches):
    one = of_boots(tmp_path, count, facts=PTI_ON, launches=launches)
    figure = dumbbell.draw(one, comparison.Wanted())
    hand_made.check_layout(figure)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert sorted(names) == sorted(COSTS)
    for column in "before_ns", "after_ns":
        assert np.isin(one.rows[column], points_of(figure)).all()
    written = texts_of(figure)
    assert written.count("slower") == len(KERNEL)
    assert written.count("equivalent") == len(COSTS) - len(KERNEL)
    for row in one.rows.itertuples():
        assert sentences.pct(row.difference_percent) in written
        assert sentences.signed_ns(row.difference_ns) in written


def test_controls_stand_below_the_others(tmp_path):
    lines = dumbbell.lines_of(dumbbell.costs_of(of_one_boot(tmp_path)))
    lowest = lines.rows.set_index("benchmark")["y"]
    assert lowest[USER].max() < lines.controls_y < lowest[
        [*KERNEL, "write/stdio/1"]].min()
    assert not lowest.duplicated().any()
    assert lowest["getppid/inline"] > lowest["getppid/libc"] > lowest[
        "getppid/int80"]


def test_intervals_are_of_the_units(tmp_path):
    one = of_boots(tmp_path, 6)
    rows = dumbbell.costs_of(one).set_index("benchmark")
    for name in COSTS:
        boots = one.pair.found.after[name]
        assert rows.loc[name, ["after_low", "after_high"]].tolist() == [
            boots.min(), boots.max()]
    assert caption.interval_name(one.pair.found) == (
        "97 % interval over 6 boots")


@pytest.mark.parametrize("count, named", [
    (1, "no interval of 1 boot"), (2, "the range of 2 boots"),
    (5, "the range of 5 boots"), (8, "99 % interval over 8 boots")])
def test_what_an_interval_is_called(count, named):
    found = one_sided(count)
    assert caption.interval_name(found) == named
    known = quiet.median_ranks(count)[2] >= quiet.CONFIDENCE
    assert ("%" in named) is bool(known)


def one_sided(count):
    """Units of so many boots."""
    frame = pd.DataFrame({"getppid/inline": np.ones(count)})
    return units.Units(units.Kind.FEW_BOOTS if count < units.FLIPS_FROM
                       else units.Kind.BOOTS, frame, frame, True, False)


def test_title_and_facts(tmp_path):
    one = of_boots(tmp_path, 2, facts=PTI_ON)
    assert caption.title_of(one) == (
        "a0 and 1 more → b0 and 1 more: pti off → on")
    said = "\n".join(caption.facts_of(one, comparison.Wanted()))
    assert "before: a0 and 1 more · Linux 6.18.44 · pti off" in said
    assert "after: b0 and 1 more · Linux 6.18.44 · pti on" in said
    assert "2 boots" in said and "describe and do not test" in said
    assert f"crossing tax: {sentences.tax_sentence(one)}" in said
    assert f"controls: {sentences.control_sentence(one)}" in said
    assert emulated.TEXT not in said and "FORCED" not in said


def test_labels_name_the_sides(tmp_path):
    one = compared([make_run(tmp_path / "x", facts={"run/label": "nopti"})],
                   [make_run(tmp_path / "y", boot=2, facts={
                       **PTI_ON, "run/label": "pti"})])
    assert caption.title_of(one) == "nopti → pti: pti off → on"


def test_folders_of_one_name_go_by_where_they_lie(tmp_path):
    one = compared([make_run(tmp_path / "off" / "run")],
                   [make_run(tmp_path / "on" / "run", boot=2, seed=7)])
    assert caption.title_of(one) == (
        "off → on: nothing that was meant differs")


def test_boots_of_a_matrix_go_by_their_arm(tmp_path):
    runs = [make_run(tmp_path / "boots" / f"{place:02}-{arm}" / "run", SMALL,
                     boot=place, hour=place, seed=place, **FEW)
            for place, arm in enumerate(["off", "on", "on", "off"], 1)]
    one = compared([runs[0], runs[3]], [runs[1], runs[2]])
    assert caption.title_of(one).startswith("off → on: ")


def test_many_differences_are_counted(tmp_path):
    derived = {f"environment/mitigations/derived/m{number}/state": "on"
               for number in range(30)}
    one = of_one_boot(tmp_path, facts=derived)
    title = caption.title_of(one)
    assert len(title) <= caption.TITLE_MOST and " more" in title


def test_the_constant_is_drawn_where_there_is_one(tmp_path):
    one = of_one_boot(tmp_path)
    figure = dumbbell.draw(one, comparison.Wanted())
    where = one.rows.loc["open/libc", "before_ns"] + 2 * one.tax.estimate
    assert np.isclose(points_of(figure), where).any()
    assert any("+148" in text or "+149" in text for text in texts_of(figure)
               if text.startswith("by one constant"))


def test_no_constant_where_nothing_differs(tmp_path):
    figure = dumbbell.draw(of_one_boot(tmp_path, after=COSTS),
                           comparison.Wanted())
    assert not any(text.startswith("by one constant")
                   for text in texts_of(figure))


def test_what_is_unreliable_is_questioned(tmp_path):
    one = of_one_boot(tmp_path, after=scaled(1.5))
    written = texts_of(dumbbell.draw(one, comparison.Wanted()))
    assert [text for text in written if text in verdict.VERDICTS] == []
    assert sum(text.removesuffix(" ?") in verdict.VERDICTS
               for text in written) == len(COSTS)
    assert any("NOT equivalent" in text for text in written)


def test_as_many_rows_as_the_program_has(tmp_path):
    names = catalogue()
    costs = dict(zip(names, np.geomspace(0.3, 5000, len(names))))
    one = of_one_boot(tmp_path, costs, taxed(20, costs))
    figure = dumbbell.draw(one, comparison.Wanted())
    hand_made.check_layout(figure)
    few = dumbbell.draw(of_one_boot(tmp_path / "few"), comparison.Wanted())
    assert figure.get_figheight() > 3 * few.get_figheight()
    assert len(figure.axes[0].get_yticklabels()) == len(names)


@pytest.mark.parametrize("names", [
    ["getppid/inline"], ["baseline/call"], USER, KERNEL])
def test_rows_of_one_kind(tmp_path, names):
    costs = only(*names)
    figure = dumbbell.draw(of_one_boot(tmp_path, costs, taxed(20, costs)),
                           comparison.Wanted())
    hand_made.check_layout(figure)


def test_a_single_launch_has_no_interval(tmp_path, recwarn):
    one = of_one_boot(tmp_path, launches=1)
    written = texts_of(dumbbell.draw(one, comparison.Wanted()))
    assert "no interval of 1 launch" in written
    assert not [warned for warned in recwarn
                if "dumbbell" in str(warned.filename)]


def test_a_row_of_one_side_has_no_dumbbell(tmp_path):
    one = of_one_boot(tmp_path, before=SMALL,
                      after=taxed(20, only("getppid/inline", "open/libc")))
    figure = dumbbell.draw(one, comparison.Wanted())
    assert [label.get_text() for label in
            figure.axes[0].get_yticklabels()] == ["getppid/inline"]
    assert any("only before" in text for text in texts_of(figure))


@pytest.mark.filterwarnings("ignore:Glyph")
def test_long_and_hostile_names(tmp_path):
    long = "clock_" * 30 + "/inline/" + "x" * 80
    costs = {**SMALL, long: 500.0}
    facts = {"run/label": HOSTILE, "environment/kernel/release": HOSTILE,
             "environment/cpu/model": HOSTILE}
    one = compared([make_run(tmp_path / "a", costs, facts=facts, **FEW)],
                   [make_run(tmp_path / "b", taxed(20, costs), boot=2,
                             facts={**facts, **PTI_ON}, **FEW)])
    figure = dumbbell.draw(one, comparison.Wanted())
    written = texts_of(figure)
    assert not any("\x1b" in text for text in written)
    assert any(text.startswith("clock_") and "…" in text and
               len(text) <= dumbbell.NAME_MOST for text in written)
    figure.canvas.draw()


# The script

def run_main(monkeypatch, *arguments):
    """The exit code of the script, run within this process."""
    monkeypatch.setattr(sys, "argv", ["plot", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        load.run(plot.main)
    return caught.value.code


def test_the_script_draws_two_sides(tmp_path, monkeypatch, capsys):
    given = two_sides(tmp_path, 2, after=taxed(149))
    assert run_main(monkeypatch, *given) == 0
    said = capsys.readouterr()
    made = sorted(path.name for path in (tmp_path / "b0/plots").iterdir())
    assert made == ["before-after.png", "before-after.svg"]
    assert all(name in said.out for name in made) and not said.err
    xml.dom.minidom.parse(str(tmp_path / "b0/plots/before-after.svg"))
    for place in "one", "two":
        run_main(monkeypatch, *given, "--output", tmp_path / place)
    for name in made:
        assert ((tmp_path / "one" / name).read_bytes() ==
                (tmp_path / "two" / name).read_bytes())


def test_a_picture_for_each_arm_that_all_have(tmp_path, monkeypatch):
    both = {"plain": COSTS, "seccomp": taxed(30)}
    runs = [make_run(tmp_path / name, both, boot=name, **FEW)
            for name in "ab"]
    assert run_main(monkeypatch, "--before", runs[0], "--after", runs[1],
                    "--output", tmp_path / "out") == 0
    assert sorted(path.name for path in (tmp_path / "out").glob("*.svg")) == [
        "before-after-plain.svg", "before-after-seccomp.svg"]


def test_some_rows_only(tmp_path, monkeypatch):
    given = two_sides(tmp_path, 1)
    assert run_main(monkeypatch, *given, "--benchmarks", "^getppid") == 0
    drawn = (tmp_path / "b0/plots/before-after.svg").read_text()
    assert "getppid/inline" in drawn and "open/libc" not in drawn


@pytest.mark.parametrize("smallest, drawn", [("1%", "slower"),
                                             ("90%", "equivalent")])
def test_the_smallest_effect_is_that_of_compare(tmp_path, monkeypatch,
                                                smallest, drawn):
    given = [*two_sides(tmp_path, 2, SMALL, taxed(50, SMALL)),
             "--smallest-effect", smallest, "--benchmarks", "getppid/inline"]
    assert run_main(monkeypatch, *given) == 0
    assert made_runs.compare(*given, "--format", "json").verdicts == {
        "getppid/inline": drawn}
    assert f"<!-- {drawn} -->" in (
        tmp_path / "b0/plots/before-after.svg").read_text()


def test_what_may_not_be_compared_is_not_drawn(tmp_path, monkeypatch, capsys):
    runs = [make_run(tmp_path / "a", SMALL),
            make_run(tmp_path / "b", SMALL, facts=TCG, seed=5)]
    given = ["--before", runs[0], "--after", runs[1]]
    assert run_main(monkeypatch, *given) == 3
    told = capsys.readouterr()
    assert told.err.startswith("plot: these runs may not be compared: b is ")
    assert told.err.count("\n") == 1 and not told.out
    assert run_main(monkeypatch, *given, "--force") == 0
    drawn = (runs[1] / "plots/before-after.svg").read_text()
    assert "FORCED" in drawn and emulated.TEXT in drawn


@pytest.mark.parametrize("arguments", [
    ["--before", "a"], ["--after", "a"], ["a", "--before", "b", "--after",
                                          "c"],
    ["--before", "a", "--after", "b", "--benchmarks", "("]])
def test_wrong_use_is_one_line(monkeypatch, capsys, arguments):
    assert run_main(monkeypatch, *arguments) == 2
    told = capsys.readouterr()
    assert told.err.startswith("plot: ") and not told.out
    assert told.err.count("\n") == 1


def test_bad_input_is_one_line(tmp_path, monkeypatch, capsys):
    run = make_run(tmp_path / "a", SMALL)
    assert run_main(monkeypatch, "--before", run, "--after",
                    tmp_path / "no") == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert run_main(monkeypatch, "--before", run, "--after", run) == 2
    assert "the same run" in capsys.readouterr().err
