# SPDX-License-Identifier: MIT
"""What an emulator made says so, in whatever form it is shown."""

import csv
import io
import json
import subprocess
import sys

import pytest

import hand_made
import made_runs
import planted
from hand_made import HOSTILE, SCRIPTS
from made_runs import COSTS, FEW, SMALL, compare, edit, make_run, taxed
from analysis import (comparison, dumbbell, emulated, figure, ladder, load,
                      sides, tails, writes)

style = pytest.fixture(hand_made.style, autouse=True)

TCG = {"environment/guest/emulated_by": "tcg"}
OLDER = {"environment/guest/signature": "TCGTCGTCGTCG"}
FORMATS = ["text", "markdown", "csv", "json", "lkp"]


def record(**guest):
    """A run.json that tells of a guest."""
    return {"environment": {"guest": guest}}


def two_runs(folder, facts, other=None):
    """A run a side, 150 ns a crossing apart, on machines of these facts."""
    return [make_run(folder / "a", SMALL, facts=facts, **FEW),
            make_run(folder / "b", taxed(150, SMALL), boot=2, hour=1,
                     facts=facts if other is None else other, **FEW)]


@pytest.mark.parametrize("found, name", [
    (record(emulated_by="tcg"), "tcg"), (record(emulated_by=" tcg "), "tcg"),
    (record(signature="TCGTCGTCGTCG"), "tcg"),
    (record(emulated_by=None, signature="TCGTCGTCGTCG"), "tcg"),
    (record(emulated_by="none"), None), (record(emulated_by=""), None),
    (record(signature="KVMKVMKVM"), None), (record(signature=["x"]), None),
    (record(emulated_by=7), None), (record(emulated_by={"a": 1}), None),
    ({}, None), ({"environment": None}, None),
    ({"environment": {"guest": "TCGTCGTCGTCG"}}, None)])
def test_who_emulates(found, name):
    assert emulated.by(found) == name
    assert emulated.line([{}, found, found]) == (
        f"{emulated.TEXT} ({name})" if name else "")


def test_a_hostile_name_is_escaped_and_short():
    name = emulated.by(record(emulated_by=HOSTILE * 9))
    assert name.isprintable() and len(name) == emulated.NAME_MOST
    assert emulated.line([record(emulated_by=HOSTILE)]).startswith(
        f"{emulated.TEXT} ($x^")


def test_several_are_named_once_each():
    found = [record(emulated_by=name) for name in ("tcg", "bochs", "tcg")]
    assert emulated.line(found) == f"{emulated.TEXT} (tcg, bochs)"


@pytest.mark.parametrize("flags, told", [
    ("emulated", True), ("unstable emulated", True), ("", False),
    ("not_emulated", False)])
def test_flags_tell_where_there_is_no_record(flags, told):
    rows = hand_made.summary(hand_made.NAMES[:3], flags=flags)
    assert bool(emulated.by(emulated.record_of(rows))) is told


# scripts/compare

@pytest.mark.parametrize("facts", [TCG, OLDER], ids=["by name", "by CPUID"])
@pytest.mark.parametrize("form", FORMATS)
def test_every_format_says_so(tmp_path, facts, form):
    said = compare(*two_runs(tmp_path, facts), "--format", form)
    assert said.status == 0
    assert emulated.TEXT in said.out


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_says_so_of_a_cpu(tmp_path, form):
    said = compare(*two_runs(tmp_path, {}), "--format", form)
    assert emulated.TEXT not in said.out


def test_the_first_line_of_the_text(tmp_path):
    runs = two_runs(tmp_path, TCG)
    line = f"{emulated.TEXT} (tcg)"
    assert compare(*runs).out.splitlines()[0] == line
    assert compare(*runs, "--format", "lkp").out.splitlines()[0] == (
        f"# {line}")
    assert compare(*runs, "--format", "markdown").out.splitlines()[:3] == [
        "## before -> after", "", f"**{line}**"]


def test_every_row_of_the_csv(tmp_path):
    runs = two_runs(tmp_path, TCG)
    rows = list(csv.DictReader(io.StringIO(
        compare(*runs, "--format", "csv").out)))
    assert [row["emulated"] for row in rows] == [emulated.TEXT] * len(SMALL)
    assert list(rows[0])[-1] == "emulated"


def test_the_keys_of_the_json(tmp_path):
    runs = two_runs(tmp_path, TCG)
    found = compare(*runs, "--format", "json").json
    assert found["emulated"] == f"{emulated.TEXT} (tcg)"
    assert {row["emulated"] for row in found["rows"]} == {emulated.TEXT}
    plain = compare(*two_runs(tmp_path / "plain", {}), "--format",
                    "json").json
    assert plain["emulated"] is None
    assert {row["emulated"] for row in plain["rows"]} == {None}


def test_every_pair_of_arms(tmp_path):
    run = make_run(tmp_path / "run", {
        "plain": SMALL, "a": SMALL, "b": taxed(20, SMALL)}, facts=TCG, **FEW)
    assert compare(run).out.count(emulated.TEXT) == 2
    found = compare(run, "--format", "json").json
    assert found["emulated"] and all(pair["emulated"]
                                     for pair in found["pairs"])
    assert compare(run, "--format", "markdown").out.count(emulated.TEXT) == 2


def test_an_emulator_has_no_cycles(tmp_path):
    runs = two_runs(tmp_path, TCG)
    assert "cycles" not in compare(*runs).out
    assert compare(*runs, "--format", "json").json["crossing_tax"][
        "cycles"] is None


@pytest.mark.parametrize("facts", [(TCG, {}), ({}, TCG), (OLDER, {})])
def test_beside_a_cpu_it_is_refused(tmp_path, facts):
    runs = two_runs(tmp_path, *facts)
    emulating = "ab"[facts.index(TCG) if TCG in facts else 0]
    compare(*runs).refused(3, f"{emulating} is emulated (tcg)")
    said = compare(*runs, "--force")
    assert said.status == 0
    assert said.out.startswith("FORCED: ") and emulated.TEXT in said.out


def test_one_emulated_boot_of_many_is_refused(tmp_path):
    given = made_runs.two_sides(tmp_path, 2, SMALL, SMALL, facts=TCG)
    edit(given[2], {"environment/guest/emulated_by": "none"})
    compare(*given).refused(3, "and not all runs are")


def test_another_emulator_confounds(tmp_path):
    runs = two_runs(tmp_path, TCG, {"environment/guest/emulated_by": "bochs"})
    found = compare(*runs, "--format", "json").json
    assert {"fact": "emulated by", "before": "tcg", "after": "bochs",
            "kind": "confounds"} in found["differs"]


@pytest.mark.parametrize("facts, named, percent", [
    (TCG, [], 5), ({}, [], 1), (TCG, ["--smallest-effect", "2%"], 2)])
def test_what_has_no_size_need_not_be_equal_to_a_percent(tmp_path, facts,
                                                         named, percent):
    found = compare(*two_runs(tmp_path, facts), *named, "--format",
                    "json").json
    assert found["smallest_effect_percent"] == pytest.approx(percent)


def test_an_older_run_beside_a_newer_one(tmp_path):
    found = compare(*two_runs(tmp_path, {**TCG, **OLDER}, OLDER), "--format",
                    "json").json
    assert found["differs"] == []


def test_a_hostile_name_in_every_format(tmp_path):
    runs = two_runs(tmp_path, {
        "environment/guest/emulated_by": "\x1b[31m|<b>`\n# x"})
    for form in FORMATS:
        out = compare(*runs, "--format", form).out
        assert emulated.TEXT in out and "\x1b" not in out
    markdown = compare(*runs, "--format", "markdown").out
    assert "<b>" not in markdown and "\n# x" not in markdown


# The other scripts

def run_script(monkeypatch, name, *arguments):
    """The exit code of a script, run within this process."""
    script = made_runs.load_script(name)
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        load.run(script.main)
    return caught.value.code


@pytest.mark.parametrize("guest, told", [
    ({"emulated_by": "tcg"}, True), ({"emulated_by": "none"}, False)])
def test_contrasts(tmp_path, monkeypatch, capsys, guest, told):
    found = {**planted.record(), **record(**guest)}
    run = planted.make_run(tmp_path / "run", planted.samples(), found)
    assert run_script(monkeypatch, "contrasts", run) == 0
    out = capsys.readouterr().out
    assert (out.splitlines()[1] == f"  !  {emulated.TEXT} (tcg)") is told
    assert ("cycles" in out) is not told
    with open(run / "contrasts.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["emulated"] for row in rows} == {
        emulated.TEXT if told else ""}


def figures():
    """Every figure of an emulated run, by name."""
    found = {**hand_made.RECORD, **record(emulated_by="tcg")}
    rows = hand_made.split(hand_made.NAMES, found)
    yield ladder.draw(rows, found)
    yield writes.draw(writes.sizes_of(rows), found)
    yield tails.draw(tails.split_names(hand_made.pd.read_csv(
        io.StringIO(hand_made.HISTOGRAM))), found)


def test_every_figure_has_a_line_of_its_own(tmp_path):
    runs = sides.read_records(two_runs(tmp_path, TCG))
    wanted = comparison.Wanted()
    drawn = [*figures(), dumbbell.draw(
        comparison.compare_runs(runs[:1], runs[1:], wanted)[0], wanted)]
    for one in drawn:
        line = [text for text in one.texts
                if text.get_text() == f"{emulated.TEXT} (tcg)"]
        assert len(line) == 1
        assert line[0].get_color() == figure.RED
        assert line[0].get_fontweight() == "bold"
        hand_made.check_layout(one)


def test_a_crowd_of_facts_does_not_hide_it():
    found = {**hand_made.LONG}
    found["environment"] = {**found["environment"],
                            "guest": {"emulated_by": "tcg"}}
    facts = figure.facts_of(found, "plain", 6.6)
    assert facts[0] == f"{emulated.TEXT} (tcg)"
    assert len(facts) == figure.FACTS_MOST


@pytest.mark.parametrize("with_record", [True, False])
def test_plot(tmp_path, monkeypatch, with_record):
    rows = hand_made.summary(hand_made.NAMES[:12], flags="emulated")
    run = hand_made.make_run(tmp_path / "run", rows, {
        **hand_made.RECORD, **record(emulated_by="tcg")}
        if with_record else None)
    assert run_script(monkeypatch, "plot", run) == 0
    for path in (run / "plots").glob("*.svg"):
        assert emulated.TEXT in path.read_text()


def test_export(tmp_path):
    found = {**hand_made.RECORD, **record(emulated_by="tcg")}
    run = hand_made.make_run(tmp_path / "run", hand_made.summary(
        hand_made.NAMES[:3], flags="emulated"), found)
    done = subprocess.run([SCRIPTS / "export", run, "--build=lab:1"],
                          stdout=subprocess.PIPE, check=True)
    for test in json.loads(done.stdout)["tests"]:
        assert test["comment"] == emulated.TEXT
        assert test["misc"]["emulated_by"] == "tcg"


def test_selfcheck(tmp_path, monkeypatch, capsys):
    arms = {"plain": COSTS, "same": COSTS, "slower": taxed(6),
            "hardly": taxed(1)}
    run = make_run(tmp_path / "run", arms, facts=TCG)
    run_script(monkeypatch, "selfcheck", run)
    assert capsys.readouterr().out.splitlines()[0] == (
        f"{emulated.TEXT} (tcg)")
