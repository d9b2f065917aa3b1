# SPDX-License-Identifier: MIT
"""What a history knows of run folders, and how it follows them."""

import os
import pathlib
import shutil
import sqlite3
from typing import Callable, List

import pandas as pd
import pytest

from hand_made import HOSTILE
from histories import ROWS, Archive
from made_runs import edit as edit_facts


@pytest.fixture
def archive(tmp_path: pathlib.Path) -> Archive:
    return Archive(tmp_path)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Two machines, two kernels, two boots, two runs; indexed."""
    found = Archive(tmp_path_factory.mktemp("full"))
    for machine in (0, 1):
        for kernel in (9, 10):
            for boot in (0, 1):
                for run in (0, 1):
                    found.add(machine, kernel, boot, run,
                              24 * (kernel + boot) + run)
    assert found.index() == "16 runs; 16 new"
    return found


# What is new, and what is not

def test_nothing_new(archive: Archive) -> None:
    archive.add()
    assert archive.index() == "1 run; 1 new"
    assert archive.index() == "1 run; nothing new"
    assert archive.index("--again") == "1 run; 1 touched"


def test_folders_that_are_known_need_not_be_named(archive: Archive) -> None:
    archive.add()
    archive.index()
    archive.add(run=1)
    assert "2 runs; 1 new" in archive("index").out


def test_by_default_the_folder_of_the_history(archive: Archive) -> None:
    archive.add()
    assert "1 run; 1 new" in archive("index").out


def test_a_run_that_changed(archive: Archive) -> None:
    folder = archive.add()
    archive.index()
    before = archive.asked("show", folder)
    text = (folder / "summary.csv").read_text()
    (folder / "summary.csv").write_text(text.replace("clock_gettime",
                                                     "clock_gettimeofday"))
    assert archive.index() == "1 run; 1 changed"
    names = {row["benchmark"] for row in archive.asked("show", folder)}
    assert "clock_gettimeofday/vdso" in names and len(names) == len(before)
    assert len(archive.asked("export")) == len(before)


def test_a_run_that_was_touched(archive: Archive) -> None:
    folder = archive.add()
    archive.index()
    os.utime(folder / "run.json", (1, 1))
    assert archive.index() == "1 run; 1 touched"
    assert archive.index() == "1 run; nothing new"


def test_a_run_that_vanished_stays_and_is_marked(archive: Archive) -> None:
    archive.add()
    shutil.rmtree(archive.add(run=1))
    archive.add(run=1)
    archive.index()
    shutil.move(archive.folder / "m0-k0-b0-r1", archive.folder.parent / "x")
    assert archive.index() == "2 runs, 1 of them gone; nothing new"
    assert [row["marks"] for row in archive.asked("list")] == ["", "gone"]
    shutil.move(archive.folder.parent / "x", archive.folder / "m0-k0-b0-r1")
    assert archive.index() == "2 runs; 1 back"


def test_what_is_gone_is_removed_when_asked(archive: Archive) -> None:
    archive.add()
    shutil.rmtree(archive.add(run=1))
    folder = archive.add(run=1)
    archive.index()
    shutil.rmtree(folder)
    assert archive.index("--prune") == "1 run; 1 pruned"
    assert len(archive.asked("export")) == len(ROWS)


def test_a_moved_run_is_the_same(archive: Archive) -> None:
    folder = archive.add()
    archive.index()
    key = archive.asked("list")[0]["run"]
    shutil.move(folder, archive.folder / "elsewhere")
    assert archive.index() == "1 run; 1 moved"
    assert [row["run"] for row in archive.asked("list")] == [key]
    assert archive("show", archive.folder / "elsewhere").status == 0


def test_a_copy_counts_once(archive: Archive) -> None:
    folder = archive.add()
    shutil.copytree(folder, archive.folder / "z")
    assert archive.index() == "1 run; 1 new, 1 copy"
    assert archive.index() == "1 run; nothing new"


def test_a_copy_takes_the_place_of_what_is_gone(archive: Archive) -> None:
    folder = archive.add()
    shutil.copytree(folder, archive.folder / "z")
    archive.index()
    shutil.rmtree(folder)
    assert archive.index() == "1 run; 1 moved"


def test_runs_deeper_down_but_not_hidden_ones(archive: Archive) -> None:
    folder = archive.add()
    deep = archive.folder / "matrix" / "boots" / "01-a"
    deep.mkdir(parents=True)
    shutil.copytree(archive.add(run=1), archive.folder / ".x.partial")
    shutil.move(archive.folder / "m0-k0-b0-r1", deep / "run")
    (archive.folder / "link").symlink_to(folder)
    assert archive.index() == "2 runs; 2 new"


def test_folders_within_each_other_are_looked_at_once(archive: Archive
                                                      ) -> None:
    folder = archive.add()
    assert archive.index(folder, archive.folder) == "1 run; 1 new"


# What cannot be taken in

def edit(name: str, before: str, after: str
         ) -> Callable[[pathlib.Path], object]:
    """Something that changes a file of a run."""
    return lambda folder: (folder / name).write_text(
        (folder / name).read_text().replace(before, after, 1))


BAD = {
    "no JSON": (edit("run.json", "{", "["), "run.json: not JSON"),
    "no object": (lambda folder: (folder / "run.json").write_text("[]"),
                  "run.json: not a JSON object"),
    "deep": (lambda folder: (folder / "run.json").write_text("[" * 200000),
             "run.json: not JSON"),
    "schema": (edit("run.json", '"schema": 1', '"schema": 2'), "no schema 1"),
    "no summary": (lambda folder: (folder / "summary.csv").unlink(),
                   "summary.csv: No such file"),
    "pipe": (lambda folder: ((folder / "summary.csv").unlink(),
                             os.mkfifo(folder / "summary.csv")),
             "summary.csv: not a file"),
    "link": (lambda folder: ((folder / "run.json").rename(folder / "x"),
                             (folder / "run.json").symlink_to("x")),
             "run.json: "),
    "header": (edit("summary.csv", "quiet_ns", "quiet"), "summary.csv:1:"),
    "cut off": (lambda folder: os.truncate(
        folder / "summary.csv",
        (folder / "summary.csv").stat().st_size - 9), "cut off"),
    "no number": (edit("summary.csv", ",plain,20", ",plain,x"),
                  'summary.csv:2: launches cannot be "x'),
    "twice": (edit("summary.csv", "getppid/libc", "getppid/inline"),
              "a second row of getppid/inline"),
    "NUL": (edit("summary.csv", "getppid/libc", "getppid/l\0"),
            "summary.csv:"),
    "huge": (lambda folder: os.truncate(folder / "summary.csv", 9 << 20),
             "more than 8 MiB"),
    "long name": (edit("summary.csv", "getppid/libc", "getppid/" + "l" * 200),
                  "a name of over 100"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_folder_is_named_and_the_others_taken_in(
        archive: Archive, name: str) -> None:
    damage, said = BAD[name]
    archive.add()
    folder = archive.add(run=1)
    damage(folder)
    for expected in ("1 run; 1 new, 1 refused", "1 run; nothing new"):
        found = archive("index", archive.folder)
        assert found.status == 1 and expected in found.out
        assert found.err.startswith(f"history: {folder}: ")
        assert said in found.err and found.err.count("\n") == 1
    shutil.rmtree(folder)
    assert archive.index() == "1 run; nothing new"


def test_many_bad_folders_are_counted(archive: Archive) -> None:
    for number in range(30):
        folder = archive.folder / f"bad{number}"
        folder.mkdir()
        (folder / "run.json").write_text("{")
    found = archive("index", archive.folder)
    assert found.err.count("\n") == 21 and "and 10 more" in found.err


def test_hostile_texts_are_kept_and_shown_escaped(archive: Archive) -> None:
    hostile = HOSTILE + "\ud800'; DROP TABLE run; --\n"
    folder = archive.add(
        environment__host=hostile, environment__cpu__model=hostile,
        run__label="=1+1", environment__kernel__release=hostile,
        environment__mitigations__derived={hostile: {"state": "on"}},
        doubts=[{"id": hostile, "severity": "serious"}, None, 3])
    assert archive.index() == "1 run; 1 new"
    for words in (["list"], ["machines"], ["show", folder],
                  ["trend", ROWS[0]], ["export"]):
        said = archive(*words)
        assert said.status == 0
        assert said.out.replace("\n", "").isprintable(), words
    assert archive.asked("list")[0]["label"] == "'=1+1"
    assert len(archive.asked("list", "--machine", "'; DROP")) == 0
    assert archive("list", "--machine", hostile).status == 0


@pytest.mark.parametrize("key", ["environment", "run", "tool", "arms"])
def test_facts_of_another_kind(archive: Archive, key: str) -> None:
    """Whatever lies under a key, it is refused or taken in."""
    for number, value in enumerate((None, 3, "x", [], [3], {"x": []})):
        edit_facts(archive.add(run=number), {key: value})
    said = archive("index", archive.folder)
    assert said.status in (0, 1) and "6 " in said.out
    assert archive("list").status == archive("machines").status == 0


# Questions

def test_list_filters(full: Archive) -> None:
    def count(*options: str) -> int:
        return len(full.asked("list", *options))
    assert count() == 16
    assert count("--machine", "lab0") == 8
    assert count("--kernel", "6.10") == 8 and count("--kernel", "6.1") == 0
    assert count("--kernel", "6.10.1") == 4
    assert count("--label", "run1") == 8
    assert count("--since", "2026-01-12") == 4
    assert count("--until", "2026-01-10") == 4
    assert count("--since", "2026") == 16 and count("--until", "2025") == 0
    state = full.asked("list")[0]["state"]
    assert count("--state", state) == 16 and count("--state", "x") == 0


def test_a_machine_is_found_by_its_key(full: Archive) -> None:
    key = full.asked("machines")[0]["key"]
    assert len(full.asked("list", "--machine", key)) == 8
    assert full.asked("list", "--machine", key[:2]) == []


def test_machines(full: Archive) -> None:
    found = full.asked("machines")
    assert [row["machine"] for row in found] == ["lab0", "lab1"]
    assert {(row["runs"], row["boots"], row["kernels"]) for row in found} == {
        ("8", "4", "2")}


def test_show_by_key_and_by_folder(full: Archive) -> None:
    run = full.asked("list")[3]["run"]
    by_key = full.asked("show", run)
    assert {row["benchmark"] for row in by_key} == set(ROWS)
    folder = full.folder / "m0-k9-b0-r0"
    assert "m0-k9-b0-r0" in full("show", folder).out
    full("show", "ffff").refused("no run")
    full("show", full.folder).refused("no run")


def test_export_has_all(full: Archive, tmp_path: pathlib.Path) -> None:
    rows = full("export").rows
    assert len(rows) == 16 * len(ROWS)
    assert {row["first_arm"] for row in rows} == {"1"}
    output = tmp_path / "all.csv"
    said = full("export", "--benchmarks", "libc", "--machine", "lab1",
                "--output", output)
    assert (said.status, said.out) == (0, "")
    assert output.read_text().count("\n") == 1 + 8
    assert [path.name for path in tmp_path.iterdir()] == ["all.csv"]


def test_export_never_over_a_run(full: Archive) -> None:
    target = full.folder / "m0-k9-b0-r0" / "summary.csv"
    before = target.read_bytes()
    full("export", "--output", target).refused("not overwritten")
    full("export", "--output", full.database).refused("not overwritten")
    assert target.read_bytes() == before


def test_parquet_needs_a_module(full: Archive, tmp_path: pathlib.Path,
                                monkeypatch: pytest.MonkeyPatch) -> None:
    from archive import exporting
    monkeypatch.setattr(exporting, "WRITERS", ("no_such_module",))
    full("export", "--format", "parquet", "--output",
         tmp_path / "x").refused("Parquet needs")


def test_parquet_has_the_same_rows(full: Archive, tmp_path: pathlib.Path,
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    """With a writer put in the place of those that may be missing."""
    from archive import exporting
    monkeypatch.setattr(exporting, "WRITERS", ("json",))
    monkeypatch.setattr(pd.DataFrame, "to_parquet",
                        lambda frame, path, index: frame.to_json(path))
    full("export", "--format", "parquet").refused("--output FILE")
    output = tmp_path / "all.parquet"
    assert full("export", "--format", "parquet", "--output",
                output).status == 0
    found = pd.read_json(output)
    assert list(found["benchmark"]) == [row["benchmark"] for row in
                                        full("export").rows]


def test_anonymous_runs_of_one_kind_are_one_machine(archive: Archive
                                                    ) -> None:
    archive.add(machine=0, environment__host=None)
    archive.add(machine=1, environment__host=None)
    archive.add(machine=2, environment__host=None,
                environment__cpu__stepping="7")
    archive.add(machine=3, environment__host=None,
                environment__cpu__microcode="0x9")
    archive.index()
    found = archive.asked("machines")
    assert sorted(row["runs"] for row in found) == ["1", "3"]
    assert all(row["machine"] == row["key"] for row in found)


def test_an_emulated_machine_is_another_and_says_so(archive: Archive) -> None:
    archive.add()
    archive.add(run=1, environment__guest__emulated_by="tcg")
    archive.index()
    assert sorted(row["emulated"] for row in archive.asked("machines")) == [
        "", "tcg"]
    assert "emulated: signs and constancy only (tcg)" in archive(
        "trend", ROWS[0]).out


@pytest.mark.parametrize("words", [
    [], ["nonsense"], ["list", "--since", "yesterday"], ["show"],
    ["trend", ROWS[0], "--plot", "x.pdf"], ["export", "--format", "x"],
    ["spread", "--benchmarks", "("]])
def test_wrong_use(full: Archive, words: List[str]) -> None:
    full(*words).refused()


def test_a_folder_that_is_not_there(archive: Archive) -> None:
    archive("index", archive.folder / "nowhere").refused("no such folder")


def test_tables_of_the_document(full: Archive) -> None:
    """The file's tables are those that docs/history.md tells of."""
    text = (pathlib.Path(__file__).parents[2] / "docs" / "history.md"
            ).read_text()
    with sqlite3.connect(full.database) as connection:
        names = {name for name, in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert [name for name in names if f"`{name}`" not in text] == []
