# SPDX-License-Identifier: MIT
"""matrix.json: damaged, of another form, and replaced whole."""

import json
import pathlib
import shutil
from typing import Any

import pytest

from matrices import Begun, left
from analysis.output import BadInput
from booting import journal

Path = pathlib.Path


@pytest.mark.parametrize("damage", [
    "", "{", "[]", '{"schema": 2}', '{"schema": 1}', "null", "[" * 100000])
def test_a_journal_that_is_none(tmp_path: Path, damage: str) -> None:
    left(tmp_path)
    (tmp_path / "m" / "matrix.json").write_text(damage)
    with pytest.raises(BadInput, match="no matrix to go on with"):
        Begun(tmp_path)


def damaged(place: Path, change: Any) -> None:
    """Change the journal on the disk."""
    file = place / "m" / "matrix.json"
    found = json.loads(file.read_text())
    change(found)
    file.write_text(json.dumps(found))


@pytest.mark.parametrize("change", [
    lambda found: found.update(slots=None),
    lambda found: found.update(slots=found["slots"][:-1]),
    lambda found: found["slots"].reverse(),
    lambda found: found["slots"][0].update(arm="../.."),
    lambda found: found["slots"][0].pop("attempts"),
    lambda found: found["slots"][0]["attempts"].append(3),
    lambda found: found["slots"][0]["attempts"][0].update(state="fine"),
    lambda found: found["slots"][0]["attempts"][0].update(number=7),
    lambda found: found["slots"][0]["attempts"][0].update(mark=None),
    lambda found: found["slots"][0]["attempts"][0].update(started="soon"),
    lambda found: found["slots"][0]["attempts"][0].update(started=3),
    lambda found: found["slots"][0]["attempts"][0].update(more=3)])
def test_a_damaged_journal_is_not_believed(tmp_path: Path, change: Any
                                           ) -> None:
    left(tmp_path)
    damaged(tmp_path, change)
    with pytest.raises(BadInput, match="damaged"):
        Begun(tmp_path)


@pytest.mark.parametrize("change", [
    lambda found: found.pop("plan"), lambda found: found.update(plan=3),
    lambda found: found.update(executor=None),
    lambda found: found.update(program=3),
    lambda found: found.update(facts=[])])
def test_a_head_of_another_form(tmp_path: Path, change: Any) -> None:
    left(tmp_path)
    damaged(tmp_path, change)
    with pytest.raises(BadInput, match="no matrix to go on with"):
        Begun(tmp_path)


def test_the_journal_is_replaced_whole(tmp_path: Path, monkeypatch: Any
                                       ) -> None:
    one = left(tmp_path)
    before = (one.folder / "matrix.json").read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal.os, "fsync", full)
    with pytest.raises(BadInput, match="No space left.*--resume"):
        one.journal.save()
    assert (one.folder / "matrix.json").read_bytes() == before
    assert sorted(path.name for path in one.folder.iterdir()) == [
        "boots", "matrix.json"]


def test_a_verified_run_that_is_gone_is_an_error(tmp_path: Path) -> None:
    one = left(tmp_path)
    one.journal.slots[0].tried[0].state = "verified"
    one.journal.save()
    shutil.rmtree(one.folder / "boots")
    with pytest.raises(FileNotFoundError):
        Begun(tmp_path).go()
