# SPDX-License-Identifier: MIT
"""scripts/worksheet where it measures itself: with made-up programs, and ours.
"""

import importlib.machinery
import importlib.util
import pathlib
import sys
from types import ModuleType

import pytest

from hand_made import SCRIPTS
from analysis import load
from teaching import stations

SCRIPT = SCRIPTS / "worksheet"
REFERENCE = SCRIPTS.parent / "results" / "reference" / "lab"


@pytest.fixture
def script() -> ModuleType:
    """The script as a module."""
    loader = importlib.machinery.SourceFileLoader("worksheet", str(SCRIPT))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader("worksheet", loader))
    loader.exec_module(module)
    return module


def test_bad_predictions_are_named_before_anything_is_measured(
        tmp_path, script, monkeypatch, capsys):
    mine = tmp_path / "mine.csv"
    mine.write_text("quantity,predicted_ns\ngetppid/inline,<script>\n")
    monkeypatch.setattr(sys, "argv", ["worksheet", "--predictions",
                                      str(mine)])
    monkeypatch.setattr(script, "measure", lambda _: pytest.fail("measured"))
    with pytest.raises(load.BadInput, match=r":2: predicted_ns cannot be"):
        script.main()


def pretend(script: ModuleType, monkeypatch: pytest.MonkeyPatch,
            root: pathlib.Path, text: str, *options: str) -> int:
    """The script's exit with another program and results folder."""
    program = root / "program"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    (root / "results").mkdir()
    monkeypatch.setattr(script, "PROGRAM", program)
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, "argv", ["worksheet", *options])
    monkeypatch.setattr(script.signal, "signal", lambda *_: None)
    return script.main()


COPY = (f'for each; do case $each in --output=*) cp -r "{REFERENCE}" '
        '"${each#--output=}";; esac; done; ')


@pytest.mark.parametrize("status", [0, 130])
def test_what_was_measured_is_shown(script, monkeypatch, tmp_path, status):
    found = pretend(script, monkeypatch, tmp_path,
                    f'{COPY}printf "%s\\n" "$@" > "{tmp_path}/options"; '
                    f"exit {status}", "--launches=7", "--anonymous")
    assert found == status
    made, = (tmp_path / "results").iterdir()
    assert (made / "worksheet.html").exists() and made.name.endswith("-lab")
    options = (tmp_path / "options").read_text().splitlines()
    assert "--launches=7" in options and "--anonymous" in options
    assert f"--filter={stations.FILTER}" in options
    assert options[1:5] == [f"--arm={arm}" for arm in stations.ARMS]


@pytest.mark.parametrize("text, status", [("exit 3", 3), ("exit 0", 3),
                                          ("kill -9 $$", 137)])
def test_what_was_not_measured_is_not(script, monkeypatch, tmp_path, text,
                                      status):
    assert pretend(script, monkeypatch, tmp_path, text) == status
    assert list((tmp_path / "results").iterdir()) == []


def test_the_lab_is_measured(script, monkeypatch, tmp_path, program, capfd):
    status = pretend(script, monkeypatch, tmp_path,
                     f'exec "{program}" "$@" --rounds=2', "--launches=1")
    assert status == 0
    made, = (tmp_path / "results").iterdir()
    text = (made / "worksheet.md").read_text()
    assert "this run did not measure them" not in text
    shown = capfd.readouterr().out.splitlines()[-1]
    assert shown.startswith(str(made.relative_to(tmp_path)))
