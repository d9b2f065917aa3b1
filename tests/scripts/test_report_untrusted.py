# SPDX-License-Identifier: MIT
"""scripts/report on runs that are hostile, broken or only there in part."""

import json
import pathlib
import xml.etree.ElementTree as ElementTree
from typing import Any, Dict, List

import pandas as pd
import pytest

import hand_made
import made_runs
import paged
from analysis import load
from hand_made import HOSTILE, NAMES, RECORD
from test_report import page_of, run_report

ATTACK = ('</style></script><script>alert(1)</script><img src=x onerror='
          '"alert(1)">" onmouseover="alert(1)\' style=\'x {{ 7*7 }} {% raw %}'
          ' <!-- --> ]]> &lt;b&gt; &#60;i&#62; javascript:alert(1) '
          'http://example.com/x \x1b[31m \u202e \x00 \ud800')
KEPT = "</style></script><script>alert(1)</script><img src=x onerror="


def poisoned(found: Any, attack: str) -> Any:
    """A record all of whose texts are hostile, but for those that matter."""
    if isinstance(found, dict):
        return {key: value if key in ("severity", "state", "name", "arm")
                else poisoned(value, attack) for key, value in found.items()}
    if isinstance(found, list):
        return [poisoned(value, attack) for value in found]
    return attack if isinstance(found, str) else found


def hostile_record(run: pathlib.Path, attack: str) -> Dict[str, Any]:
    """The run's record, poisoned, with names and doubts that are as well."""
    record = poisoned(json.loads((run / "run.json").read_text()), attack)
    record["doubts"] = [{"id": attack, "severity": severity,
                         "message": attack, "remedy": attack}
                        for severity in ("serious", "doubt", attack)]
    record["complete"], record["problem"] = False, attack
    told = record["environment"]["mitigations"]
    told["derived"] = {attack: {"state": attack, "evidence": attack}}
    told["vulnerabilities"] = {attack: attack}
    record["benchmarks"][0]["name"] = attack
    record["run"]["label"] = attack
    record["environment"]["guest"]["emulated_by"] = attack
    return record


@pytest.mark.parametrize("attack", [ATTACK, HOSTILE, "\ud800", "]]>" * 40])
def test_what_a_run_says_is_text_and_nothing_else(tmp_path, attack):
    run = made_runs.make_run(tmp_path / "run", launches=2)
    made_runs.write_record(run, hostile_record(run, "harmless words"))
    harmless = page_of(run)
    made_runs.write_record(run, hostile_record(run, attack))
    found = page_of(run)
    assert paged.shape(found) == paged.shape(harmless)
    assert "\x1b" not in found.source and "\u202e" not in found.source
    assert "<img" not in found.source


def test_a_hostile_text_is_shown_as_it_is(tmp_path):
    run = made_runs.make_run(tmp_path / "run", launches=2)
    made_runs.write_record(run, hostile_record(run, ATTACK))
    found = page_of(run)
    assert KEPT in paged.words(found, "doubts")
    assert KEPT in paged.words(found, "machine")
    assert "{{ 7*7 }}" in paged.words(found, "doubts")
    assert KEPT in found.all("h1")[0].said


@pytest.mark.parametrize("attack", [ATTACK, HOSTILE])
def test_saved_pictures_hold_it_as_text_too(tmp_path, attack):
    run = made_runs.make_run(tmp_path / "run", launches=2)
    made_runs.write_record(run, hostile_record(run, attack))
    status, _, err = run_report(run)
    assert (status, err) == (0, "")
    pictures = list((run / "plots").glob("*.svg"))
    assert len(pictures) == 2
    for path in pictures:
        tags = {one.tag.split("}")[-1].lower()
                for one in ElementTree.parse(path).iter()}
        assert tags <= paged.SVG | paged.METADATA


def test_a_hostile_folder_name_is_text(tmp_path):
    run = made_runs.make_run(
        tmp_path / "<img src=x onerror=alert(1)> & \u202e", launches=2)
    found = page_of(run, "--output", tmp_path / "page.html")
    assert "<img src=x" in found.all("footer")[0].said


@pytest.mark.parametrize("name", ["<b>/x", "a b/c", "a/\x1b[31m", "a"])
def test_benchmarks_with_other_names_are_refused(tmp_path, name):
    rows = hand_made.summary(["baseline/call", name])
    run = hand_made.make_run(tmp_path / "run", rows, RECORD)
    status, out, err = run_report(run)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "summary.csv:3" in err and err[:-1].isprintable()
    assert not (run / "report.html").exists()


@pytest.mark.parametrize("record", [*hand_made.SPARSE, hand_made.LONG, {
    "doubts": [None, 1, {"id": 2, "severity": []}, {}], "run": [],
    "environment": {"mitigations": {"derived": {"pti": 1, "x": {}}}},
    "yardsticks": {"empty_call_ns": float("nan"), "core_ghz": 1e999},
    "clock": {"ticks_per_ns": float("inf")}, "benchmarks": [1, None, {}]}])
def test_records_with_anything_in_them_make_a_page(tmp_path, record):
    run = hand_made.make_run(tmp_path / "run", hand_made.summary(NAMES),
                             record)
    found = page_of(run)
    assert "table" in found.sections
    assert "nan" not in [cell.said for row in found.rows("rows")
                         for cell in row]


MISSING = ["run.json", "summary.csv", "samples.csv"]


@pytest.mark.parametrize("gone", [[name] for name in MISSING] + [
    ["run.json", "samples.csv"], ["summary.csv", "samples.csv"]])
def test_what_is_not_there_is_said(tmp_path, gone):
    run = made_runs.make_run(tmp_path / "run", launches=2)
    for name in gone:
        (run / name).unlink()
    found = page_of(run)
    lacks, = [one for one in found.all("section") if one.has("lacks")]
    assert all(f"{name} is not there" in lacks.said for name in gone
               if name != "samples.csv" or "summary.csv" not in gone)


def test_an_empty_folder_is_no_run(tmp_path):
    status, out, err = run_report(tmp_path)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "not a run folder" in err


def test_a_run_without_rows_says_so(tmp_path):
    rows = hand_made.summary([])
    found = page_of(hand_made.make_run(tmp_path / "run", rows, RECORD))
    assert "nothing was measured" in found.source
    assert "table" not in found.sections


def test_one_row_of_one_launch_makes_a_page(tmp_path):
    run = made_runs.make_run(tmp_path / "run", {"getppid/libc": 100.0},
                             launches=1)
    rows = load.summary(run).assign(quiet_low_ns=float("nan"),
                                    quiet_high_ns=float("nan"))
    rows.to_csv(run / "summary.csv", index=False)
    found = page_of(run)
    assert found.sections == ["in-short", "doubts", "ladder", "table",
                              "machine"]
    assert "a single launch" in paged.words(found, "ladder")
    assert "[" not in paged.words(found, "in-short")


def test_an_interrupted_run_says_so_at_the_top(tmp_path):
    run = made_runs.make_run(tmp_path / "run", launches=2, facts={
        "complete": False, "problem": "interrupted"})
    alerts, = [one for one in page_of(run).all("section")
               if one.has("alerts")]
    assert "not finished" in alerts.said and "(interrupted)" in alerts.said


@pytest.mark.parametrize("name", ["samples.csv", "distribution.csv"])
def test_a_file_cut_off_in_the_middle_costs_its_sections_only(tmp_path, name):
    run = made_runs.make_run(tmp_path / "run", launches=2)
    whole = (run / "samples.csv").read_bytes()
    (run / name).write_bytes(whole[:-20])
    found = page_of(run)
    lacks, = [one for one in found.all("section") if one.has("lacks")]
    assert f"{name} cannot be read" in lacks.said
    assert "table" in found.sections


@pytest.mark.parametrize("name, content", [
    ("summary.csv", "benchmark\n"), ("run.json", "{"), ("run.json", "[]"),
    ("summary.csv", "")])
def test_what_the_page_stands_on_must_be_right(tmp_path, name, content):
    run = made_runs.make_run(tmp_path / "run", launches=2)
    (run / name).write_text(content)
    status, out, err = run_report(run)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert name in err


def test_stored_contrasts_serve_where_the_samples_are_gone(tmp_path):
    run = made_runs.make_run(tmp_path / "run", launches=2)
    pd.DataFrame({
        "contrast": ["crossing", "made_up"], "arm": "plain",
        "benchmark": "invalid/inline", "reference": "baseline/empty",
        "value": 77.5, "low": 76.5, "high": 78.5, "unit": "ns",
        "confidence": 0.95, "launches": 20}).to_csv(
            run / "contrasts.csv", index=False)
    (run / "samples.csv").unlink()
    assert "77.5 ns [76.5 – 78.5]" in paged.words(page_of(run), "in-short")


# Where it is written

def refused(arguments: List[Any], *words: str) -> None:
    """Check that it is one line and status 2."""
    status, out, err = run_report(*arguments)
    assert (status, out, err.count("\n")) == (2, "", 1), err
    assert all(word in err for word in words), err


def test_nothing_of_a_run_is_written_over(tmp_path):
    run = made_runs.make_run(tmp_path / "run", launches=2)
    before = {path: path.read_bytes() for path in run.iterdir()}
    refused([run, "--output", run / "summary.csv"], "not overwritten")
    refused([run, "--output", run], "not a file")
    assert {path: path.read_bytes() for path in run.iterdir()} == before


def test_a_folder_that_cannot_be_written_names_the_remedy(tmp_path):
    run = made_runs.make_run(tmp_path / "run", launches=2)
    (tmp_path / "file").write_text("")
    refused([run, "--output", tmp_path / "file" / "page.html"],
            "page.html", "--output")


def test_pictures_that_cannot_be_saved_cost_the_page_nothing(tmp_path):
    run = made_runs.make_run(tmp_path / "run", launches=2)
    (run / "plots").write_text("")
    status, out, err = run_report(run)
    assert status == 0 and "pictures are not saved" in err
    assert err.count("\n") == 1
    paged.read(pathlib.Path(out.strip()))


def test_a_page_is_replaced_whole(tmp_path):
    run = made_runs.make_run(tmp_path / "run", launches=2)
    (run / "report.html").write_text("old")
    page_of(run)
    assert not [path for path in run.iterdir() if "partial" in path.name]


@pytest.mark.parametrize("arguments", [
    [], ["a", "--before", "b", "--after", "c"], ["--before", "a"],
    ["--smallest-effect", "x", "a"]])
def test_wrong_use_is_one_line(arguments):
    refused(arguments, "--help")
