# SPDX-License-Identifier: MIT
"""A run on an emulated CPU says so on every figure and table it leaves."""

import json
import pathlib
import subprocess
from typing import Any, Callable, Dict, List, Tuple

import pandas as pd
import pytest

LABEL = "emulated: signs and constancy only"

Told = Tuple["subprocess.CompletedProcess[str]", pathlib.Path]


@pytest.fixture(scope="module")
def told(runner_in: Callable[..., Any],
         tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A run with two arms and single calls: what it printed, its folder."""
    folder = tmp_path_factory.mktemp("emulated")
    run = runner_in(folder)
    result = run(*run.short, "--emulated=made-up_1.0", "--distribution",
                 "--arm=one", "--arm=other", "--output=run")
    assert (result.returncode, result.stderr) == (0, "")
    return result, folder / "run"


def record(told: Told) -> Dict[str, Any]:
    """run.json."""
    found: Dict[str, Any] = json.loads((told[1] / "run.json").read_text())
    return found


def test_the_label_is_directly_above_each_table(told: Told) -> None:
    lines = told[0].stdout.splitlines()
    below: List[str] = [lines[number + 1]
                        for number, line in enumerate(lines) if line == LABEL]
    assert [line.split()[:2] for line in below] == [
        ["one", "quiet"], ["other", "quiet"], ["one", "p50"],
        ["other", "p50"]]
    assert "emulated by made-up_1.0" in lines[0]


def test_each_row_is_flagged_and_has_no_cycles_by_adds(told: Told) -> None:
    rows = pd.read_csv(told[1] / "summary.csv", keep_default_na=False)
    assert len(rows) == 4
    assert rows["flags"].str.split().map(set).ge({"emulated"}).all()
    assert not rows["core_cycles_from"].eq("adds").any()
    assert rows["core_cycles"].ne("").eq(
        rows["core_cycles_from"].eq("pmu")).all()


def test_the_record_says_by_what_and_how(told: Told) -> None:
    guest = record(told)["environment"]["guest"]
    assert guest["emulated_by"] == "made-up_1.0"
    assert guest["emulated_how"].startswith("--emulated")
    doubts = {doubt["id"]: doubt for doubt in record(told)["doubts"]}
    assert doubts["emulated"]["severity"] == "serious"
    assert doubts["emulated"]["message"].startswith(LABEL)
    assert "guest" not in doubts


def test_cycles_and_neighbours_are_not_known(told: Told) -> None:
    assert record(told)["yardsticks"]["core_ghz"] is None
    assert record(told)["probe"]["alone_share"] is None
    assert {launch["core_ghz"] for launch in record(told)["launches"]
            } == {None}
    launches = pd.read_csv(told[1] / "launches.csv")
    assert launches[["core_ghz", "alone_share"]].isna().all(axis=None)


def test_other_tools_are_told(told: Told) -> None:
    exported = json.loads((told[1] / "gbench.json").read_text())
    meaning = "made-up_1.0, signs and constancy only"
    assert exported["context"]["emulated"] == meaning
    assert (f"\nemulated: {meaning}\n"
            in (told[1] / "benchstat.txt").read_text())


def test_strict_measures_nothing(run: Any) -> None:
    result = run(*run.short, "--emulated=tcg", "--strict", "--output=run")
    assert result.returncode == 3
    assert "(clock)" in result.stderr or "(emulated)" in result.stderr
    assert not (run.folder / "run").exists()
