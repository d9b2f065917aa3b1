# SPDX-License-Identifier: MIT
"""The lab's documents against the program, the makefile and their own run."""

import pathlib
import re
import shlex
import subprocess
from typing import Dict, List

import pytest

from hand_made import SCRIPTS
from analysis import predictions
from teaching import figures, questions, stations

ROOT = SCRIPTS.parent
DOCUMENTS = {name: (ROOT / "docs" / f"{name}.md").read_text("utf-8")
             for name in ("lab", "lab-answers", "said")}
RUN = ROOT / "results" / "reference" / "lab"
NUMBERS = list(range(1, 13))
TARGET = re.compile(r"^([a-z-]+):", re.M)
# What else has a slash: folders.
OTHER = re.compile(r"(arch|lib|drivers|kernel|results|docs)/")


@pytest.fixture(scope="module")
def listed(program: pathlib.Path) -> List[str]:
    """The names of all rows."""
    told = subprocess.run([program, "--list"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    return [line.split()[0] for line in told.splitlines()]


def commands(text: str) -> List[List[str]]:
    """The commands of a document, in words: its indented lines."""
    found = re.findall(r"^    ((?:make|build/|scripts/|\./scripts/)\S*.*)$",
                       text, re.M)
    return [shlex.split(re.sub(r"  +.*", "", line)) for line in found]


def syscost(text: str) -> List[List[str]]:
    """The options of each of a document's calls of the program."""
    return [words[1:] for words in commands(text)
            if words[0] == "build/syscost"]


@pytest.mark.parametrize("name", ["lab", "said"])
def test_every_filter_selects_rows(name, listed):
    filters = [option.removeprefix("--filter=")
               for options in syscost(DOCUMENTS[name]) for option in options
               if option.startswith("--filter=")]
    assert len(filters) >= 8
    assert [each for each in filters
            if not any(re.search(each, row) for row in listed)] == []


@pytest.mark.parametrize("name", ["lab", "said"])
def test_every_alternative_of_a_filter_selects_rows(name, listed):
    """No part of one is a name that was mistyped."""
    for options in syscost(DOCUMENTS[name]):
        for each in options:
            whole = each.removeprefix("--filter=")
            found = [row for row in listed if re.search(whole, row)]
            for word in re.findall(r"[a-z_]{3,}", whole) * (whole != each):
                assert any(word in row for row in found), (whole, word)


@pytest.mark.parametrize("name", ["lab", "said", "lab-answers"])
def test_every_option_and_condition_exists(name, program):
    told = subprocess.run([program, "--help"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    for options in syscost(DOCUMENTS[name]):
        for option in options:
            assert option.split("=")[0] in told
            if option.startswith("--arm="):
                condition = option.removeprefix("--arm=").split(":")[0]
                assert re.search(rf"^  {condition}\b", told, re.M)


def test_the_other_commands_are_there():
    targets = TARGET.findall((ROOT / "Makefile").read_text("utf-8"))
    for words in commands("\n".join(DOCUMENTS.values())):
        if words[0] == "make":
            assert words[1] in targets
        elif "scripts/" in words[0]:
            assert (ROOT / words[0]).is_file()


def test_each_station_measures_what_its_worksheet_shows(listed):
    parts = re.split(r"^## Station (\d+): ", DOCUMENTS["lab"], flags=re.M)
    texts = dict(zip(map(int, parts[1::2]), parts[2::2]))
    assert sorted(texts) == list(range(1, 12))
    for station in stations.STATIONS:
        options, = syscost(texts[station.number])
        wanted, = (option.removeprefix("--filter=") for option in options
                   if option.startswith("--filter="))
        assert [row for row in listed if re.search(wanted, row)] == [
            row for row in listed if re.fullmatch(station.rows, row)]
        assert [option.removeprefix("--arm=") for option in options
                if option.startswith("--arm=")] == (
                    list(stations.ARMS) if station.arms else [])


def test_stations_have_the_titles_of_the_document():
    for station in stations.STATIONS:
        assert (f"\n## Station {station.number}: {station.title}\n"
                in DOCUMENTS["lab"])


def test_the_table_to_fill_in_is_the_sheet(listed):
    rows = dict(re.findall(r"^\| `(\S+)` \| (.+) \| \|$", DOCUMENTS["lab"],
                           re.M))
    assert rows == stations.SHEET
    for name in rows:
        found = predictions.QUANTITY.fullmatch(name)
        assert found["benchmark"] in listed
        assert re.search(stations.FILTER, found["benchmark"])
        assert found["arm"] in (None, *(
            arm.replace(":", "-") for arm in stations.ARMS))


def test_each_question_is_tied_to_rows_and_has_its_answer(listed):
    asked = questions.questions(DOCUMENTS["lab"])
    assert [each.number for each in asked] == NUMBERS
    for each in asked:
        rows = [part for code, part in each.parts if code]
        assert any(row in listed for row in rows), each.number
    parts = re.split(r"^## Question (\d+)$", DOCUMENTS["lab-answers"],
                     flags=re.M)
    assert list(map(int, parts[1::2])) == NUMBERS
    for answer in parts[2::2]:
        assert len(figures.BLOCK.findall(answer)) == 1
        assert len(figures.BLOCK.sub("", answer).split()) > 40


def test_the_lab_does_not_give_its_answers_away():
    assert not figures.BLOCK.search(DOCUMENTS["lab"])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_row_that_is_named_exists(name, listed):
    words = re.findall(r"`([a-z0-9_:-]+(?:/[a-z0-9_]+)+)`", DOCUMENTS[name])
    rows = [re.sub(r"^[a-z0-9-]+:", "", word) for word in words
            if not OTHER.match(word)]
    paths = {"/".join(row.split("/")[:2]) for row in listed}
    assert len(rows) > 10
    assert [row for row in rows if row not in listed and row not in paths] \
        == []


@pytest.mark.parametrize("name", ["lab-answers", "said"])
def test_the_figures_are_the_committed_runs(name):
    text = DOCUMENTS[name]
    blocks = figures.BLOCK.findall(text)
    assert len(blocks) >= 12
    assert figures.filled(text, figures.read(RUN)) == text


def test_another_run_gives_other_figures():
    run = figures.read(RUN)
    other = run._replace(rows=run.rows.assign(
        quiet_ns=run.rows["quiet_ns"] * 2))
    for name in "lab-answers", "said":
        assert figures.filled(DOCUMENTS[name], other) != DOCUMENTS[name]


@pytest.mark.parametrize("words", [
    "getppid/inlin", "getppid/inline over kill", "kill/inline less kill/i",
    "fact clock.nothing", "fact clock.source", "kpti getppid", "calls x/y"])
def test_what_the_run_lacks_is_named(words):
    with pytest.raises(figures.load.BadInput, match=r"figures: "):
        figures.told(figures.read(RUN), words)


def test_every_claim_has_its_figures_and_a_command():
    claims = DOCUMENTS["said"].split("\n## ")[1:]
    assert len(claims) >= 12
    bare = [claim.splitlines()[0] for claim in claims
            if not figures.BLOCK.search(claim)]
    assert bare == ['"Not affected means that it is off", and '
                    '"mitigations=off turns everything off"']
    assert sum(not commands(claim) for claim in claims) == 1


def test_links_within_the_project_lead_somewhere():
    found: Dict[str, List[str]] = {
        name: re.findall(r"\]\((?!https://)([^)#]+)\)", text)
        for name, text in DOCUMENTS.items()}
    assert found["lab"] and found["lab-answers"] and found["said"]
    for links in found.values():
        for link in links:
            assert (ROOT / "docs" / link).exists(), link
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in DOCUMENTS:
        assert f"(docs/{name}.md)" in readme


def test_the_reference_run_is_anonymous_and_whole():
    run = figures.read(RUN)
    assert run.record["run"]["anonymous"] and run.record["complete"]
    assert run.record["environment"]["host"] is None
    wanted = [name for name in stations.SHEET if name not in run.rows.index]
    assert wanted == []
