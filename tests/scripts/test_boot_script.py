# SPDX-License-Identifier: MIT
"""scripts/boot-matrix as it is called: options, folders, comparisons."""

import json
import os
import pathlib
import re
from typing import Any, Dict, List

import pytest

import booted
import made_runs
from booting import comparing, journal, words
from driving import Driven

TEXT = (booted.SCRIPTS.parent / "docs" / "formats.md").read_text()


@pytest.fixture
def driven(tmp_path: pathlib.Path) -> Driven:
    """The script, with nothing booted yet."""
    return Driven(tmp_path)


@pytest.mark.parametrize("arguments, word", [
    ([], "PLAN.toml is needed"), (["--resume"], "need --output=DIR"),
    (["--stop"], "need --output=DIR"),
    (["p.toml", "--retry-failed"], "needs --resume"),
    (["--resume", "--stop", "--output=m"], "beside"),
    (["p.toml", "--executor=ssh"], "ssh"), (["p.toml", "q.toml"], "q.toml"),
    (["q.toml"], "q.toml: No such file"),
    (["q.toml", "--dry-run"], "q.toml: No such file"),
    (["--resume", "--output=m"], "m: no such folder"),
    (["--stop", "--output=m"], "matrix.json: No such file")])
def test_wrong_use_is_one_line(driven: Driven, arguments: List[str],
                               word: str) -> None:
    result = driven(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("boot-matrix: ")
    assert word in result.stderr and result.stderr.count("\n") == 1
    assert sorted(os.listdir(driven.folder)) in (
        ["p.toml"], ["machine", "p.toml"])


def test_a_dry_run_shows_all_and_does_nothing(driven: Driven) -> None:
    result = driven("p.toml", "--dry-run")
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("kpti: 4 boots, 2 of each arm, order abba")
    assert lines[1].split() == ["1", "off", "debian:cloud-amd64", "pti=off",
                                "->", "pti", "off"]
    assert [line.split()[1] for line in lines[1:5]] == [
        "off", "on", "on", "off"]
    assert lines[5:] == ["then compare off with on"]
    assert os.listdir(driven.folder) == ["p.toml"]


def test_an_existing_folder_is_left_alone(driven: Driven) -> None:
    (driven.folder / "m").mkdir()
    (driven.folder / "m" / "mine").write_text("kept")
    result = driven("p.toml", "--output=m")
    assert result.returncode == 2
    assert "m: already there: --resume goes on with it" in result.stderr
    assert os.listdir(driven.folder / "m") == ["mine"]


def test_the_folders_name_has_time_and_plan(driven: Driven) -> None:
    assert driven("p.toml").returncode == 0
    name, = os.listdir(driven.folder / "results")
    assert re.fullmatch(r"\d{8}T\d{6}Z-matrix-kpti", name)


def test_a_folder_that_cannot_be_made(driven: Driven) -> None:
    result = driven("p.toml", "--output=p.toml/m")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "boot-matrix: p.toml/m: File exists\n"


def test_what_cannot_be_written_in_the_end(driven: Driven) -> None:
    """A comparison that the disk has no room for: the boots are kept."""
    driven("p.toml", "--output=m")
    (driven.folder / "m" / "comparisons").write_text("in the way")
    result = driven("--resume", "--output=m", compare=True)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    assert result.stderr.endswith("m/comparisons/off-on: Not a directory\n")


def test_what_is_refused_leaves_nothing(driven: Driven) -> None:
    result = driven("p.toml", "--output=m", executor={
        "outcomes": {"prepare": ["refused"]}})
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.endswith("boot-matrix: no QEMU here\n")
    assert driven.lines() == ["prepare", "close False"]
    assert not (driven.folder / "m").exists()


def refuse(driven: Driven, *arguments: str) -> str:
    """What a resumption is refused for; nothing is booted."""
    before = driven.lines()
    result = driven("--resume", "--output=m", *arguments)
    assert result.returncode == 2, result.stderr
    assert driven.lines() == before
    return result.stderr


def test_going_on_is_going_on_with_the_same(driven: Driven) -> None:
    cut = {"outcomes": {"2": ["refused"]}}
    assert driven("p.toml", "--output=m", "--program=x/syscost",
                  executor=cut).returncode == 3
    assert driven.journal()["program"] == str(driven.folder / "x/syscost")
    assert "with another (qemu)" in refuse(driven, "--executor=reboot")
    assert "with another" in refuse(driven, "--program=y")
    assert "with another (False)" in refuse(driven, "--anonymous")
    plan = driven.folder / "p.toml"
    plan.write_text(booted.PLAN + "# another\n")
    assert "p.toml: the plan has changed" in refuse(driven, "p.toml")
    copy = driven.folder / "m" / "plan.toml"
    copy.write_text(booted.PLAN.replace("boots = 2", "boots = 3"))
    assert "m/plan.toml: the plan has changed" in refuse(driven)
    copy.write_text(booted.PLAN)
    plan.write_text(booted.PLAN)
    driven.resume()
    again = driven("--resume", "--output=m", "p.toml", "--executor=qemu",
                   "--program=x/syscost")
    assert again.returncode == 0
    assert driven.lines()[-2:] == ["prepare", "close True"]


def test_relative_paths_are_the_plans_also_later(driven: Driven) -> None:
    plan = driven.folder / "p.toml"
    plan.write_text(booted.PLAN.replace("debian:cloud-amd64", "vmlinuz"))
    driven("p.toml", "--output=m", executor={"outcomes": {"2": ["refused"]}})
    assert driven.journal()["plan"]["folder"] == str(driven.folder)


# What it comes to

def test_a_given_up_boot_is_named_to_the_end(driven: Driven) -> None:
    result = driven("p.toml", "--output=m",
                    executor={"outcomes": {"2": ["fail"]}})
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["boot", "arm", "attempts", "seconds", "state"]
    assert lines[2].split() == ["2", "on", "2", "given", "up"]
    assert lines[3].split()[:3] == ["3", "on", "1"]
    assert "boot 2 on: given up: the kernel panicked; " in result.stderr
    again = driven("--resume", "--output=m")
    assert again.returncode == 1
    assert driven.lines()[-2:] == ["prepare", "close True"]
    third = driven("--resume", "--retry-failed", "--output=m")
    assert third.returncode == 0
    assert driven.states()[1] == ["failed", "failed", "done"]


def test_an_arm_without_any_boot(driven: Driven) -> None:
    result = driven("p.toml", "--output=m", executor={
        "outcomes": {"2": ["fail"], "3": ["fail"]}})
    assert result.returncode == 3
    assert "on: not one boot of it was measured" in result.stderr
    assert "compare" not in result.stderr


def test_where_there_is_no_pandas(driven: Driven) -> None:
    result = driven("p.toml", "--output=m")
    assert result.returncode == 0
    assert ("scripts/compare --before boots/01-off/run boots/04-off/run "
            "--after boots/02-on/run boots/03-on/run\n") in result.stderr


def test_emulation_is_said_with_the_table(driven: Driven) -> None:
    told = driven("p.toml", "--output=m", executor={
        "facts": {"accelerator": "tcg", "emulated": True}})
    assert told.stdout.splitlines()[-1] == words.EMULATED
    real = driven("p.toml", "--output=n", executor={
        "facts": {"accelerator": "kvm", "emulated": False}})
    assert words.EMULATED not in real.stdout


@pytest.fixture(scope="module")
def runs(tmp_path_factory: Any) -> Dict[str, str]:
    """Four runs by slot: every entry costs 300 ns more with pti=on."""
    folder = tmp_path_factory.mktemp("runs")
    found = {}
    for slot, tax in enumerate((0, 300, 300, 0), 1):
        found[str(slot)] = str(made_runs.make_run(
            folder / f"r{slot}", made_runs.taxed(tax), hour=slot,
            facts={"run/rounds": 2}, **made_runs.FEW))
    return found


def test_arms_are_compared(driven: Driven, runs: Dict[str, str]) -> None:
    result = driven("p.toml", "--output=m", compare=True,
                    executor={"runs": runs})
    assert result.returncode == 0, result.stderr
    assert "\noff -> on\n" in result.stdout
    assert "before: boots/01-off/run\n" in result.stdout
    assert re.search(r"^\s*getppid/inline .*slower", result.stdout, re.M)
    place = driven.folder / "m" / "comparisons" / "off-on"
    assert (place / "compare.txt").read_text() in result.stdout
    rows = json.loads((place / "compare.json").read_text())["rows"]
    verdicts = {row["benchmark"]: row["verdict"] for row in rows}
    assert verdicts["getppid/inline"] == "slower"
    assert verdicts["baseline/call"] == "equivalent"
    assert (place / "compare.csv").read_text().startswith("benchmark,")
    assert "|" in (place / "compare.md").read_text()


def test_what_may_not_be_compared(driven: Driven, runs: Dict[str, str],
                                  tmp_path: Any) -> None:
    other = made_runs.make_run(
        tmp_path / "other", hour=2, facts={
            "run/rounds": 2, "tool/build_id": "00" * 20}, **made_runs.FEW)
    result = driven("p.toml", "--output=m", compare=True,
                    executor={"runs": {**runs, "2": str(other)}})
    assert result.returncode == 3
    assert "compare: these runs may not be compared: another binary" in (
        result.stderr)
    assert "off-on: not compared (status 3)" in result.stderr


# Documents

def test_the_journal_is_documented() -> None:
    section = TEXT.split("## The folder of a matrix")[1]
    keys = [*journal.Tried.__dataclass_fields__, "facts", "begun", "program",
            *journal.STATES, *comparing.FILES.values()]
    assert [key for key in keys if f"`{key}`" not in section] == []


def test_every_key_of_a_plan_is_documented() -> None:
    section = TEXT.split("## Plans of boots")[1].split("\n## ")[0]
    keys = ["name", "boots", "order", "seed", "pairs", "profile", "filter",
            "arguments", "limit_s", "cpu", "memory_mib", "accelerator",
            "image", "initrd", "release", "kernel", "cmdline", "expect"]
    help_text = (booted.SCRIPTS / "boot-matrix").read_text()
    for key in keys:
        assert f"`{key}`" in section and key in help_text
