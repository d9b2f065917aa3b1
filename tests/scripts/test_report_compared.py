# SPDX-License-Identifier: MIT
"""scripts/report on several runs or arms: what changed, or why not to ask."""

import pathlib
import re
import sys
from typing import Any, List

import pytest

import made_runs
import paged
from hand_made import SCRIPTS
from made_runs import ENTRIES, FEW, KERNEL, USER
from test_report import page_of, run_report
from test_report_untrusted import ATTACK, hostile_record

sys.path.insert(0, str(SCRIPTS))
from analysis import sentences  # noqa: E402

TAX_NS = 20.0


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> List[Any]:
    """Six boots a side, the second with a dearer crossing."""
    folder = tmp_path_factory.mktemp("sides")
    return made_runs.two_sides(folder, 6, after=made_runs.taxed(TAX_NS))


@pytest.fixture(scope="module")
def page(sides: List[Any]) -> paged.Page:
    return page_of(*sides)


def verdicts(page: paged.Page, table: str = "comparison-rows") -> List[str]:
    """Each row's verdict, with the row's name."""
    return [f"{row[0].said.removesuffix('control')} "
            f"{row[-1].said.split()[0]}" for row in page.rows(table)]


def test_the_page_goes_beside_the_last_run_under_a_name_of_its_own(sides):
    status, out, _ = run_report(*sides)
    path = pathlib.Path(out.strip())
    assert status == 0 and path == sides[-1] / "comparison.html"
    assert {one.name for one in (sides[-1] / "plots").iterdir()} == {
        f"report-{name}.{kind}" for name in ("before-after", "difference")
        for kind in ("svg", "png")}


def test_a_dearer_crossing_is_told_with_its_verdicts(page):
    said = paged.words(page, "comparison")
    tax = re.search(r"Crossing tax([+-][\d.]+) ns a crossing", said)
    assert float(tax[1]) == pytest.approx(TAX_NS, rel=0.02)
    told = verdicts(page)
    assert {f"{name}slower" for name in KERNEL} <= {
        one.replace(" ", "") for one in told}
    assert len(told) == len(ENTRIES)


def test_every_row_of_scripts_compare_is_in_the_table(page, sides):
    rows = made_runs.compare_once(*map(str, sides), "--format", "json").rows
    shown = {row[0].said.removesuffix("control"): row
             for row in page.rows("comparison-rows")}
    assert set(shown) == set(rows.index)
    for name, row in rows.iterrows():
        cells = [cell.said for cell in shown[name]]
        assert cells[1:5] == [
            sentences.ns(row["before_ns"]), sentences.ns(row["after_ns"]),
            sentences.signed_ns(row["difference_ns"]),
            sentences.pct(row["difference_percent"])]
        assert cells[7].startswith(row["verdict"])


def test_controls_are_told_apart_and_last(page):
    rows = page.rows("comparison-rows")
    marked = [row[0].said.endswith("control") for row in rows]
    assert marked == sorted(marked) and sum(marked) == len(USER)
    assert "the machine's speed did not change" in paged.words(
        page, "comparison")


def test_both_pictures_say_each_verdict(page):
    for name in ("before-after", "difference"):
        said = page.by_id(f"picture-{name}-desc").said
        assert "getppid/inline" in said and ": slower" in said


def test_the_doubts_and_the_machines_of_all_runs_are_there(page, sides):
    runs = [one for one in sides if isinstance(one, pathlib.Path)]
    assert page.sections == ["comparison", "doubts", "machine"]
    said = paged.words(page, "doubts") + page.all("footer")[0].said
    assert all(run.name in said for run in runs)
    assert len([one for one in page.all("h3")
                if runs[0].name in one.said]) == 2


def test_what_differs_is_told_with_its_kind(tmp_path):
    one = made_runs.make_run(tmp_path / "one", **FEW)
    other = made_runs.make_run(tmp_path / "other", boot=2, facts={
        "environment/kernel/cmdline": "quiet pti=on",
        "environment/governor": "powersave"}, **FEW)
    said = paged.words(page_of(one, other), "comparison")
    assert "command line" in said and "was meant" in said
    assert "governorperformancepowersaveconfounds" in said.replace(" ", "")


def test_further_runs_are_each_set_against_the_first(tmp_path):
    runs = [made_runs.make_run(tmp_path / name, boot=name, **FEW)
            for name in ("one", "two", "three")]
    found = page_of(*runs)
    assert found.sections == ["comparison-1", "comparison-2", "doubts",
                              "machine"]
    heads = [one.said for one in found.all("h2")]
    assert heads[:2] == ["one → two", "one → three"]
    assert verdicts(found, "comparison-2-rows")


def test_many_comparisons_share_the_room_and_too_many_are_refused(tmp_path):
    costs = {f"group{place}/libc": 100.0 for place in range(300)}
    dearer = {**costs, "group299/libc": 200.0}
    runs = [made_runs.make_run(tmp_path / f"run{place}",
                               dearer if place else costs, boot=1,
                               launches=2, rounds=1) for place in range(11)]
    found = page_of(*runs)
    assert "of 300 rows that changed most" in found.source
    for place in range(1, 11):
        told = [row[0].said for row in found.rows(
            f"comparison-{place}-rows")]
        assert len(told) == 200 and "group299/libc" in told
    status, out, err = run_report(*runs, *runs[1:8])
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "too many" in err


def test_the_arms_of_a_run_are_compared_on_its_page(tmp_path):
    run = made_runs.make_run(tmp_path / "run", {
        "plain": made_runs.COSTS, "dearer": made_runs.taxed(TAX_NS)},
        arms=[made_runs.arm_record("plain"),
              made_runs.arm_record("dearer", conditions=["seccomp:8"])])
    found = page_of(run)
    assert found.sections[:3] == ["in-short", "doubts", "comparison"]
    assert "plain → dearer" in [one.said for one in found.all("h2")]
    assert "seccomp:8" in paged.words(found, "comparison")
    assert "Of the first arm, plain." in paged.words(found, "in-short")
    assert len(found.rows("rows")) == 2 * len(ENTRIES)


def test_runs_of_several_arms_have_a_section_for_each_by_its_name(tmp_path):
    costs = {"plain": made_runs.COSTS, "other": made_runs.scaled(1.2)}
    runs = made_runs.two_sides(tmp_path, 1, costs, costs)
    found = page_of(*runs)
    heads = [found.by_id(f"comparison-{number}-head").said
             for number in (1, 2)]
    assert [head.split(", ")[-1] for head in heads] == ["arm plain",
                                                        "arm other"]


def test_arms_that_cannot_be_compared_cost_the_page_nothing(tmp_path):
    run = made_runs.make_run(tmp_path / "run", {
        "plain": made_runs.COSTS, "other": made_runs.COSTS},
        facts={"complete": False}, **FEW)
    found = page_of(run)
    assert "comparison" not in found.sections
    assert "the arms are not compared" in found.source


# Refused

OTHER_CPU = {"environment/cpu/model": "Another CPU", **{
    "environment/cpu/model_number": "99"}}


def refused_page(*arguments: Any) -> paged.Page:
    """The page of runs that may not be compared: status 3, and it is said."""
    status, out, err = run_report(*arguments)
    assert status == 3 and err.count("\n") == 1
    assert "may not be compared" in err and "--force" in err
    return paged.read(pathlib.Path(out.strip()))


@pytest.mark.parametrize("facts, reason", [
    (OTHER_CPU, "CPU model"), ({"tool/build_id": "other"}, "binary"),
    ({"complete": False}, "not complete")])
def test_runs_that_may_not_be_compared_get_reasons_and_no_verdict(
        tmp_path, facts, reason):
    one = made_runs.make_run(tmp_path / "one", **FEW)
    other = made_runs.make_run(tmp_path / "other", boot=2, facts=facts, **FEW)
    found = refused_page(one, other)
    assert found.sections == ["refused", "doubts", "machine"]
    assert reason in paged.words(found, "refused")
    assert not found.all("svg") and not found.rows("comparison-rows")
    assert not [one for one in found.elements
                if "verdict" in one.attributes.get("class", "")]


def test_forced_figures_say_so(tmp_path):
    one = made_runs.make_run(tmp_path / "one", **FEW)
    other = made_runs.make_run(tmp_path / "other", boot=2, facts=OTHER_CPU,
                               **FEW)
    found = page_of(one, other, "--force")
    alerts, = [one for one in found.all("section") if one.has("alerts")]
    assert "Forced: " in alerts.said
    assert "FORCED: " in paged.words(found, "comparison")


def test_an_emulated_side_is_told_at_every_figure(tmp_path):
    runs = [made_runs.make_run(tmp_path / name, boot=name, facts={
        "environment/guest/emulated_by": "tcg"}, **FEW)
        for name in ("one", "two")]
    found = page_of(*runs)
    assert "signs and constancy only" in paged.words(found, "comparison")
    assert "signs and constancy only" in [
        one for one in found.all("section") if one.has("alerts")][0].said


def test_what_both_sides_say_is_text_and_nothing_else(tmp_path):
    runs = [made_runs.make_run(tmp_path / name, boot=name, **FEW)
            for name in ("one", "two")]
    shapes = []
    for attack in ("harmless words", ATTACK):
        for run in runs:
            record = hostile_record(run, attack)
            record["complete"] = True
            made_runs.write_record(run, record)
        shapes.append(paged.shape(page_of(*runs)))
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("arguments, words", [
    (["one", "one"], "same run"), (["one", "none"], "No such file")])
def test_runs_that_are_none_are_bad_input(tmp_path, arguments, words):
    made_runs.make_run(tmp_path / "one", **FEW)
    status, out, err = run_report(*(tmp_path / name for name in arguments))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert words in err
