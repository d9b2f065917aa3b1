# SPDX-License-Identifier: MIT
"""scripts/plot on run folders made here."""

import importlib.machinery
import importlib.util
import subprocess
import sys
import xml.dom.minidom

import pytest

import hand_made
from hand_made import HOSTILE, NAMES, RECORD, SCRIPTS, make_run, summary
from analysis import load


def load_script(name):
    """A script without a suffix, as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(SCRIPTS / name))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


plot = load_script("plot")
style = pytest.fixture(hand_made.style, autouse=True)


def run_main(monkeypatch, *arguments):
    """The exit code of the script, run within this process."""
    monkeypatch.setattr(sys, "argv", ["plot", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        load.run(plot.main)
    return caught.value.code


def test_help_is_the_docstring(monkeypatch, capsys):
    assert run_main(monkeypatch, "--help") == 0
    assert plot.__doc__.strip() in capsys.readouterr().out


def test_both_figures_in_both_formats(tmp_path, monkeypatch, capsys):
    run = make_run(tmp_path / "run", summary(NAMES[:12]), RECORD)
    assert run_main(monkeypatch, run) == 0
    said = capsys.readouterr()
    made = sorted(path.name for path in (run / "plots").iterdir())
    assert made == ["ladder.png", "ladder.svg", "writes.png", "writes.svg"]
    assert all(name in said.out for name in made) and not said.err
    for path in (run / "plots").glob("*.svg"):
        xml.dom.minidom.parse(str(path))
    for path in (run / "plots").glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_single_calls_have_a_figure_of_their_own(tmp_path, monkeypatch):
    run = make_run(tmp_path / "run", summary(NAMES[:6]), RECORD)
    (run / "histogram.csv").write_text(hand_made.HISTOGRAM)
    assert run_main(monkeypatch, run) == 0
    assert sorted(path.name for path in (run / "plots").iterdir()) == [
        "ladder.png", "ladder.svg", "tails.png", "tails.svg"]


def test_the_same_run_gives_the_same_bytes(tmp_path, monkeypatch):
    run = make_run(tmp_path / "run", summary(NAMES[:6]), RECORD)
    for place in "a", "b":
        run_main(monkeypatch, run, "--output", tmp_path / "out" / place)
    for name in "ladder.svg", "ladder.png":
        assert ((tmp_path / "out/a" / name).read_bytes() ==
                (tmp_path / "out/b" / name).read_bytes())
    assert not (run / "plots").exists()
    assert not (tmp_path / "out/a/writes.svg").exists()


def test_hostile_text_is_drawn_as_text(tmp_path, monkeypatch, capsys):
    record = {
        "run": {"label": HOSTILE, "started": ["no"]}, "complete": False,
        "environment": {
            "kernel": {"release": HOSTILE}, "cpu": "none",
            "mitigations": {"pti_flag": "maybe", "vulnerabilities": {
                HOSTILE: HOSTILE, "number": 5}}},
        "benchmarks": [7, {"name": ["x"]}, {"name": "a", "x": 1}]}
    run = make_run(tmp_path / "run", summary(NAMES[:6]), record)
    assert run_main(monkeypatch, run) == 0
    assert not capsys.readouterr().err
    drawn = (run / "plots/ladder.svg").read_text()
    assert "<script" not in drawn and "\x1b" not in drawn
    assert "$x^{ $\\frac{ &lt;script&gt;alert(1)" in drawn


def test_no_rows_are_nothing_to_show(tmp_path, monkeypatch, capsys):
    run = make_run(tmp_path / "run", summary([]))
    assert run_main(monkeypatch, run) == 3
    assert capsys.readouterr().err.count("\n") == 1


def break_header(run):
    (run / "summary.csv").write_text("benchmark\n")


def break_field(run):
    summary(NAMES[:3], quiet_ns=-1).to_csv(run / "summary.csv", index=False)


def break_name(run):
    summary(["$x^{/<b>\x1b[2J"]).to_csv(run / "summary.csv", index=False)


def break_histogram(run):
    (run / "histogram.csv").write_text(hand_made.HISTOGRAM + "stamp,a\n")


def break_record(run):
    (run / "run.json").write_text('{"a": ')


def break_output(run):
    (run / "plots").write_text("in the way")


@pytest.mark.parametrize("damage, said", [
    (break_header, "summary.csv:1: "), (break_field, "summary.csv:2: "),
    (break_name, r"summary.csv:2: benchmark cannot be "),
    (break_histogram, "histogram.csv:8: "),
    (break_record, "run.json:1: "), (break_output, "plots/ladder: ")])
def test_bad_input_is_one_line(tmp_path, monkeypatch, capsys, damage, said):
    run = make_run(tmp_path / "run", summary(NAMES[:3]), RECORD)
    damage(run)
    assert run_main(monkeypatch, run) == 2
    told = capsys.readouterr()
    assert told.err.count("\n") == 1 and said in told.err
    assert told.err.startswith("plot: ") and "\x1b" not in told.err
    assert not told.out


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--arm=b"]])
def test_wrong_use_is_one_line(monkeypatch, capsys, arguments):
    assert run_main(monkeypatch, *arguments) == 2
    told = capsys.readouterr()
    assert told.err.startswith("plot: ") and not told.out
    assert told.err.count("\n") == 1


def test_as_a_program(tmp_path):
    done = subprocess.run([sys.executable, SCRIPTS / "plot", tmp_path / "no"],
                          text=True, capture_output=True)
    assert done.returncode == 2
    assert done.stderr == (f"plot: {tmp_path}/no/summary.csv: "
                           "No such file or directory; a whole run folder is "
                           "needed\n")
