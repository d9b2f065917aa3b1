# SPDX-License-Identifier: MIT
"""Run folders that came back from a boot: damaged, cut off, hostile."""

import json
import os
import pathlib
import socket
from typing import Any, Callable, Dict

import pytest

import booted
from booting import returned, untrusted
from booting.executor import BootFailed

Folder = pathlib.Path


@pytest.fixture
def folder(tmp_path: Folder) -> Folder:
    """A run folder that is whole."""
    booted.write_run(tmp_path / "run", booted.environment("pti=off", "b1"))
    return tmp_path / "run"


def refused(folder: Folder) -> str:
    """Why it is not believed; nothing of it is touched."""
    with pytest.raises(BootFailed) as raised:
        returned.check(folder)
    return str(raised.value)


def edit(folder: Folder, **changes: Any) -> None:
    """Change keys of run.json."""
    file = folder / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def test_a_whole_one(folder: Folder) -> None:
    assert returned.check(folder)["complete"] is True
    for name in returned.FILES:
        (folder / name).touch()
    assert returned.check(folder)["schema"] == 1


def test_none_at_all(tmp_path: Folder) -> None:
    assert refused(tmp_path / "run") == "no run folder came back"
    (tmp_path / "run").write_text("")
    assert refused(tmp_path / "run") == "run: not a folder"


def test_a_link_to_a_folder(folder: Folder) -> None:
    link = folder.with_name("link")
    link.symlink_to(folder)
    assert refused(link) == "link: not a folder"


@pytest.mark.parametrize("name", [
    "plots", ".hidden", "summary.csv~", "\x1b[2J", "\udcff"])
def test_files_that_no_run_has(folder: Folder, name: str) -> None:
    (folder / name).mkdir()
    said = refused(folder)
    assert "is no file of a run" in said and said.isprintable()


@pytest.mark.parametrize("name", returned.NEEDED)
def test_files_that_did_not_come(folder: Folder, name: str) -> None:
    (folder / name).unlink()
    assert refused(folder) == f"run folder: {name} did not come back"


def symlink(path: Folder) -> None:
    path.symlink_to("/etc/passwd")


def second_name(path: Folder) -> None:
    os.link(path.parents[1] / "other", path)


def to_socket(path: Folder) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


@pytest.mark.parametrize("name", ["samples.csv", "run.json", "gbench.json"])
@pytest.mark.parametrize("make", [symlink, second_name, os.mkfifo, to_socket,
                                  Folder.mkdir])
def test_what_is_no_plain_file(folder: Folder, name: str,
                               make: Callable[[Folder], None]) -> None:
    (folder.parent / "other").write_text("kept")
    (folder / name).unlink(missing_ok=True)
    make(folder / name)
    assert refused(folder).startswith(f"{name}: ")
    assert (folder.parent / "other").read_text() == "kept"


@pytest.mark.parametrize("name", sorted(returned.FILES))
def test_files_of_impossible_size(folder: Folder, name: str) -> None:
    with open(folder / name, "ab") as file:
        file.truncate(returned.FILES[name] + 1)
    assert f"{name}: " in refused(folder)
    assert "at most" in refused(folder)


# run.json

@pytest.mark.parametrize("content", [
    b"", b"{", b"[]", b"3", b"\xff\xfe", b'{"complete": NaN}',
    b'{"a": Infinity}', b"[" * 100000, b'{"a": ' * 100000, b'{"a": 1' * 9,
    b'{"a": ' + b"9" * 10000 + b"}"])
def test_a_record_that_is_no_json(folder: Folder, content: bytes) -> None:
    (folder / "run.json").write_bytes(content)
    assert refused(folder).startswith("run.json: ")


@pytest.mark.parametrize("changes, word", [
    ({"complete": False, "problem": "interrupted"}, "interrupted"),
    ({"complete": 1}, "not complete"), ({"complete": None}, "not complete"),
    ({"arms": []}, "0 came back"), ({"arms": None}, "arms is no list"),
    ({"arms": [3]}, "arms is no list"),
    ({"arms": [{"conditions": []}] * 2}, "2 came back"),
    ({"arms": [{"conditions": ["ssbd"]}]}, "one plain arm"),
    ({"arms": [{"conditions": [], "skipped": "why"}]}, "one plain arm"),
    ({"run": None}, "no number of rounds"),
    ({"run": {"rounds": True}}, "no number of rounds"),
    ({"run": {"rounds": 0}}, "no number of rounds"),
    ({"run": {"rounds": 10**30}}, "8 rows came back of"),
    ({"launches": "two"}, "launches is no list"),
    ({"launches": []}, "nothing was measured"),
    ({"launches": [{"done": 1}]}, "nothing was measured"),
    ({"benchmarks": []}, "nothing was measured"),
    ({"benchmarks": [{"skipped": "why"}]}, "nothing was measured"),
    ({"launches": [{"done": True}] * 3}, "8 rows came back of 12"),
    ({"launches": [{"done": True}]}, "8 rows came back of 4")])
def test_a_record_of_another_run(folder: Folder, changes: Dict[str, Any],
                                 word: str) -> None:
    edit(folder, **changes)
    assert word in refused(folder)


def test_long_texts_are_shown_in_part(folder: Folder) -> None:
    edit(folder, complete=False, problem="x" * 100000)
    assert len(refused(folder)) < 300


# samples.csv

def test_samples_that_were_cut_off_anywhere(folder: Folder) -> None:
    file = folder / "samples.csv"
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert refused(folder).startswith("samples.csv: ")
    file.write_bytes(whole)
    returned.check(folder)


@pytest.mark.parametrize("more", [b"\n", b"0,plain,0,9\n", b"\0" * 100])
def test_samples_with_more_than_was_planned(folder: Folder, more: bytes
                                            ) -> None:
    with open(folder / "samples.csv", "ab") as file:
        file.write(more)
    assert refused(folder).startswith("samples.csv: ")


def test_samples_under_another_header(folder: Folder) -> None:
    file = folder / "samples.csv"
    file.write_text(file.read_text().replace("launch,", "lunch,", 1))
    assert refused(folder) == "samples.csv: the header is another"


def test_a_file_that_may_not_be_read(tmp_path: Folder) -> None:
    with pytest.raises(BootFailed, match="^a.json: No such file"):
        untrusted.read_json(tmp_path / "a.json")
