# SPDX-License-Identifier: MIT
"""scripts/report --predictions: a sheet that was filled in, on the page."""

import pathlib
import re
from typing import List, Sequence

import pytest

import made_runs
import paged
from analysis import load, predictions
from reporting import predicted, text
from test_report import page_of, run_report
from test_report_untrusted import ATTACK, KEPT

HEAD = "quantity,predicted_ns\n"
FAR = ["getppid/libc,0.5", "baseline/call,1e6", "clock_gettime/vdso,",
       "nothing/inline,7"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A run of 12 rows."""
    return made_runs.make_run(tmp_path_factory.mktemp("one") / "run",
                              launches=8)


def sheet(folder: pathlib.Path, lines: Sequence[str]) -> pathlib.Path:
    """A file of predictions."""
    path = folder / "mine.csv"
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines))
    return path


def page(run: pathlib.Path, folder: pathlib.Path, lines: Sequence[str]
         ) -> paged.Page:
    """The run's page with predictions."""
    return page_of(run, "--predictions", sheet(folder, lines), "--output",
                   folder / "page.html")


def cells(found: paged.Page) -> List[List[str]]:
    """The table of the section, as text."""
    at = [one.attributes.get("id") for one in found.elements].index(
        "predicted")
    rows: List[List[str]] = []
    for one in found.elements[at:]:
        if one.tag == "section" and one.attributes.get("id") != "predicted":
            break
        if one.tag == "tr" and "tbody" in one.within:
            rows.append([])
        if one.tag in ("th", "td") and "tbody" in one.within:
            rows[-1].append(one.said)
    return rows


def test_the_section_stands_behind_the_headline(run, tmp_path):
    found = page(run, tmp_path, FAR)
    assert found.sections[:3] == ["in-short", "predicted", "doubts"]


def test_without_a_sheet_there_is_no_section(run, tmp_path):
    assert "predicted" not in page_of(
        run, "--output", tmp_path / "page.html").sections


def test_each_prediction_stands_beside_what_is_so(run, tmp_path):
    rows = cells(page(run, tmp_path, FAR))
    told = predictions.of_run(run, tmp_path / "mine.csv")
    assert [row[0] for row in rows] == list(told["quantity"])
    assert [row[1] for row in rows] == ["0.5 ns", "1 ms", "", "7 ns"]
    ends = told[["measured_ns", "low_ns", "high_ns"]]
    assert [row[2] for row in rows] == [
        f"{text.time(cost)} {text.time_span(low, high, cost)}".strip()
        for cost, low, high in ends.itertuples(index=False)]
    assert " – " in rows[0][2] and rows[3][2] == "–"
    assert [row[3] for row in rows] == list(told["said"])


def test_the_worst_is_named(run, tmp_path):
    found = paged.words(page(run, tmp_path, FAR), "predicted")
    assert "Of 2 predictions that can be judged, 1 too low; 1 too high" in (
        found)
    assert "Farthest off: baseline/call, too high by a factor of" in found


def test_what_is_right_is_told(run, tmp_path):
    cost = load.summary(run).set_index("benchmark")["quiet_low_ns"]
    lines = [f"{name},{cost[name]}" for name in ("getppid/libc",
                                                 "getppid/inline")]
    found = page(run, tmp_path, lines)
    assert [row[3] for row in cells(found)] == ["right: in the interval"] * 2
    said = paged.words(found, "predicted")
    assert "judged, 2 right, in the interval or within 10 %." in said
    assert "Farthest" not in said


def test_the_picture_shows_what_can_be_judged(run, tmp_path):
    found = page(run, tmp_path, FAR)
    said = found.by_id("picture-predicted-desc").said
    assert said.startswith("Predictions of 2 rows")
    assert "0.5 ns predicted" in said
    assert "nothing" not in said
    drawn = [one.said for one in found.all("text")]
    assert any(re.fullmatch(r"[\d,.]+ × over", one) for one in drawn)
    assert any(re.fullmatch(r"[\d,.]+ × under", one) for one in drawn)


@pytest.mark.parametrize("lines", [[], ["nothing/inline,1"],
                                   ["getppid/libc,"]])
def test_without_a_prediction_to_judge_there_is_no_picture(run, tmp_path,
                                                           lines):
    found = page(run, tmp_path, lines)
    assert "No row of this run was predicted" in paged.words(found,
                                                             "predicted")
    assert not found.has("picture-predicted-desc")
    assert len(cells(found)) == len(lines)


def test_rows_of_an_arm_are_predicted_by_its_name(tmp_path):
    costs = {"plain": made_runs.COSTS,
             "seccomp-8": made_runs.scaled(2)}
    run = made_runs.make_run(tmp_path / "run", costs, launches=4)
    found = page(run, tmp_path, ["seccomp-8:getppid/libc,5"])
    assert "seccomp-8: getppid" in found.by_id("picture-predicted-desc").said
    row, = cells(found)
    cost = load.summary(run).set_index(["benchmark", "arm"])["quiet_ns"]
    assert row[2].startswith(text.time(cost["getppid/libc", "seccomp-8"]))


def test_many_predictions_are_drawn_in_part(tmp_path):
    costs = {f"many/call/{number}": 1.0 + number for number in range(40)}
    run = made_runs.make_run(tmp_path / "run", costs, launches=2)
    found = page(run, tmp_path, [f"{name},3" for name in costs])
    assert len(cells(found)) == 40
    assert f"shows the first {predicted.DRAWN_MOST}" in found.source
    assert found.by_id("picture-predicted-desc").said.startswith(
        f"Predictions of {predicted.DRAWN_MOST} rows")


def test_a_run_without_rows_takes_predictions_too(tmp_path):
    run = made_runs.make_run(tmp_path / "run", launches=2)
    (run / "summary.csv").unlink()
    found = page(run, tmp_path, ["getppid/libc,5"])
    assert cells(found)[0][3] == "not in this run"


def test_what_a_sheet_or_a_reason_says_is_text(run, tmp_path):
    attack = tmp_path / "run"
    made_runs.make_run(attack, launches=2)
    record = made_runs.load.record(attack)
    record["benchmarks"] += [{"name": "x/y", "skipped": ATTACK}]
    made_runs.write_record(attack, record)
    found = page(attack, tmp_path, ["x/y,1"])
    assert "x/y1 ns–not in this run: " + KEPT in paged.words(found,
                                                             "predicted")
    assert "\x1b" not in found.source


@pytest.mark.parametrize("line, wrong", [
    ("<script>alert(1)</script>/x,1", "quantity cannot be"),
    ("getppid/libc,<b>", "predicted_ns cannot be"),
    ("getppid/libc,nan", "predicted_ns cannot be"),
    ("getppid/libc,\x1b[31m", "predicted_ns cannot be")])
def test_a_hostile_sheet_is_refused_by_line(run, tmp_path, line, wrong):
    path = sheet(tmp_path, ["baseline/call,1", line])
    status, out, err = run_report(run, "--predictions", path, "--output",
                                  tmp_path / "page.html")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert f"mine.csv:3: {wrong}" in err and err[:-1].isprintable()
    assert not (tmp_path / "page.html").exists()


def test_predictions_are_for_one_run(run, tmp_path):
    path = sheet(tmp_path, FAR)
    for runs in ([run, run], ["--before", run, "--after", run]):
        status, out, err = run_report(*runs, "--predictions", path)
        assert (status, out) == (2, "") and "for one RUN" in err


@pytest.mark.parametrize("ns, said", [
    (50, "50 ns"), (1234567, "1.235 ms"), (1e-6, "0.000001 ns"),
    (1e15, "1000000 s"), (float("nan"), "")])
def test_a_guess_is_shown_as_it_was_written(ns, said):
    assert predicted.guess(ns) == said
