# SPDX-License-Identifier: MIT
"""scripts/worksheet: a run and predictions made into a sheet to hand in."""

import html.parser
import json
import pathlib
import shutil
import subprocess
import sys
from typing import Any, List, Tuple

import pytest

from hand_made import HOSTILE, SCRIPTS
from teaching import questions, rendering, sheet, stations

SCRIPT = SCRIPTS / "worksheet"
REFERENCE = SCRIPTS.parent / "results" / "reference" / "lab"
GUARD_S = 300


class Page(html.parser.HTMLParser):
    """What a page consists of: tags with attributes, and its texts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: List[Tuple[str, Any]] = []
        self.texts: List[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def worksheet(*options: Any, **more: Any
              ) -> "subprocess.CompletedProcess[str]":
    """The script, run as a user does."""
    return subprocess.run(
        [sys.executable, SCRIPT, *map(str, options)], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=GUARD_S,
        **more)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """The committed run, to be changed and written into."""
    copy = tmp_path / "run"
    shutil.copytree(REFERENCE, copy)
    return copy


def change(folder: pathlib.Path, *keys: str, to: Any) -> None:
    """Another fact in run.json."""
    path = folder / "run.json"
    record = json.loads(path.read_text())
    place = record
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = to
    path.write_text(json.dumps(record))


def test_a_sheet_to_fill_in_is_filled_in_and_comes_back(folder, tmp_path):
    mine = tmp_path / "mine.csv"
    asked = worksheet("--predict", mine)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert f"make lab PREDICTIONS={mine}" in asked.stdout
    lines = mine.read_text().splitlines()
    assert lines[0] == "quantity,predicted_ns,what"
    assert len(lines) == len(stations.SHEET) + 1
    mine.write_text("\n".join([lines[0], *(
        line.replace(",,", ",1e6,", 1) for line in lines[1:])]))
    made = worksheet(folder, "--predictions", mine)
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.split() == [str(folder / "worksheet.html"),
                                   str(folder / "worksheet.md")]
    text = (folder / "worksheet.md").read_text()
    assert text.count("too high by a factor of") == len(stations.SHEET)
    assert "No predictions were given" not in text
    page = Page((folder / "worksheet.html").read_text())
    assert sum("too high by" in text for text in page.texts) == len(
        stations.SHEET)


def test_a_sheet_that_is_there_is_kept(tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_text("filled in")
    asked = worksheet("--predict", mine)
    assert (asked.returncode, asked.stdout) == (2, "")
    assert "is there already" in asked.stderr
    assert mine.read_text() == "filled in"


def test_without_predictions_the_results_are_there(folder, tmp_path):
    made = worksheet(folder, "--output", tmp_path / "out")
    assert made.returncode == 0
    text = (tmp_path / "out" / "worksheet.md").read_text()
    assert "No predictions were given" in text
    assert text.count("| no prediction |") == len(stations.SHEET)
    assert not (folder / "worksheet.md").exists()


def test_every_station_and_question_is_on_the_sheet(folder):
    made = sheet.sheet_of(folder, None)
    text = rendering.markdown(made)
    for number in range(1, 12):
        assert f"## Station {number}: " in text
    for each in questions.of_lab():
        assert each.text in text
    assert len(made.questions) == 12
    assert all(block.rows and not block.lacking for block in made.blocks)
    page = Page(rendering.html(made))
    answers = [attributes["aria-label"] for tag, attributes in page.tags
               if tag == "textarea"]
    assert answers == [f"Answer to question {number}"
                       for number in range(1, 13)]


def test_the_stations_stand_in_their_order(folder):
    text = rendering.markdown(sheet.sheet_of(folder, None))
    places = [text.index(f"## Station {number}: ")
              for number in range(1, 12)]
    assert places == sorted(places)


def test_the_page_loads_nothing(folder):
    text = rendering.html(sheet.sheet_of(folder, None))
    page = Page(text)
    names = {tag for tag, _ in page.tags}
    assert names & {"script", "link", "img", "iframe", "object", "a"} == set()
    assert "url(" not in text and "@import" not in text
    policy, = (attributes["content"] for tag, attributes in page.tags
               if attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")


def test_a_run_of_few_rows_says_what_it_lacks(folder):
    path = folder / "summary.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[0], *(
        line for line in lines if line.startswith("getppid/inline,plain"))]))
    made = sheet.sheet_of(folder, None)
    lacking = {block.number: block.lacking for block in made.blocks}
    assert lacking[1] == [("all rows", "this run did not measure them")]
    assert lacking[9] == [
        ("the arms",
         "this run lacks seccomp-bitmap, seccomp:1, seccomp:8")]
    text = rendering.markdown(made)
    assert "not there: all rows: this run did not measure them" in text
    assert text.count("not in this run") == len(stations.SHEET)
    assert "getppid/inline" in made.vary[0]["name"] and len(made.vary) == 1


def test_rows_that_were_skipped_say_why(folder):
    path = folder / "summary.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(
        line for line in lines if not line.startswith("getppid/int80")))
    rows = json.loads((folder / "run.json").read_text())["benchmarks"]
    for row in rows:
        if row["name"] == "getppid/int80":
            row["skipped"] = "no such gate here"
    change(folder, "benchmarks", to=rows)
    text = rendering.markdown(sheet.sheet_of(folder, None))
    assert "not there: getppid/int80: no such gate here" in text
    assert "| not in this run: no such gate here |" in text


def test_a_run_without_a_record_is_shown_all_the_same(folder):
    (folder / "run.json").unlink()
    made = sheet.sheet_of(folder, None)
    assert dict(made.machine)["CPU"] == "not known"
    assert "getppid/inline" in rendering.html(made)


def test_runs_that_are_emulated_or_cut_off_say_so(folder):
    change(folder, "environment", "guest", "emulated_by", to="tcg")
    change(folder, "complete", to=False)
    change(folder, "problem", to="interrupted")
    made = sheet.sheet_of(folder, None)
    for text in rendering.markdown(made), rendering.html(made):
        assert "emulated: signs and constancy only (tcg)" in text
        assert "interrupted" in text and "not whole" in text
    assert {row["calls"] for row in made.blocks[0].rows} == {sheet.NONE}


@pytest.mark.parametrize("keys", [
    ("environment", "cpu", "model"), ("environment", "kernel", "release"),
    ("environment", "guest", "container"), ("clock", "source"),
    ("environment", "mitigations", "derived", "pti", "state"),
    ("problem",), ("doubts", 0, "message"), ("doubts", 0, "remedy"),
    ("benchmarks", 0, "summary"), ("run", "started")])
def test_what_a_run_says_is_escaped(folder, keys):
    hostile = HOSTILE + '"\'><img src=x> | `x` [a](b) *c* {{ 7 * 7 }}'
    change(folder, *keys, to=hostile)
    change(folder, "complete", to=False)
    made = sheet.sheet_of(folder, None)
    page = rendering.html(made)
    assert {tag for tag, _ in Page(page).tags} & {"script", "img"} == set()
    assert "\x1b" not in page and "\u202e" not in page
    text = rendering.markdown(made)
    assert not any(each in text for each in ("<script", "<img", "[a](b)"))
    assert "\x1b" not in text and "\u202e" not in text
    assert "49" not in text.split("Predicted and measured")[0]


def test_the_name_of_the_folder_is_escaped(folder):
    hostile = folder.with_name("<script>alert(1)<\\script>\x1b|\n")
    folder.rename(hostile)
    made = sheet.sheet_of(hostile, None)
    page = Page(rendering.html(made))
    assert "script" not in {tag for tag, _ in page.tags}
    assert "<script" not in rendering.markdown(made)


@pytest.mark.parametrize("options", [
    ("--launches=0",), ("--launches=x",), ("--launches=1001",),
    ("--predict=a.csv", "--predictions=b.csv"), ("--predict=a.csv", "run"),
    ("run", "again"), ("none",), ("--predictions=none.csv",),
    (str(REFERENCE), "--output=/dev/null/x"), ("--predict=/dev/null/x",)])
def test_wrong_use_is_one_line(options, tmp_path):
    made = worksheet(*options, cwd=tmp_path)
    assert (made.returncode, made.stdout) == (2, "")
    assert made.stderr.count("\n") == 1
    assert made.stderr.startswith("worksheet: ")
    assert list(tmp_path.iterdir()) == []
