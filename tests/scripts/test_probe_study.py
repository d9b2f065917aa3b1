# SPDX-License-Identifier: MIT
"""scripts/probe-study on candidates of known worth."""

import importlib.machinery
import importlib.util
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from analysis import load  # noqa: E402

loader = importlib.machinery.SourceFileLoader(
    "probe_study", str(SCRIPTS / "probe-study"))
study = importlib.util.module_from_spec(
    importlib.util.spec_from_loader("probe_study", loader))
loader.exec_module(study)


def simulate(runs=8, batches=240):
    """Batches whose cost a neighbour raises, more of them in some runs.

    jumps10 and the longer jumps20 tell how much he takes, near5 tells
    another trouble, far5 nothing.
    """
    random = np.random.default_rng(1)
    count = runs * batches
    busy = np.repeat(random.uniform(0.1, 0.9, runs), batches)
    taken = (random.random(count) < busy) * random.uniform(0.5, 1, count)
    memory = np.repeat(random.uniform(0, 0.3, runs), batches)

    def noisy(level, logs, spread=0.003):
        return level * np.exp(logs + spread * random.standard_normal(count))

    operations = np.tile(["getppid", "write"], count // 2)
    cost = np.where(operations == "write", 250.0, 200.0)
    return pd.DataFrame({
        "run": np.repeat(np.arange(runs), batches),
        "batch": np.tile(np.arange(batches), runs), "operation": operations,
        "ticks": noisy(cost, 0.5 * taken + 0.3 * memory, 0.01),
        "jumps10": noisy(1000, 0.4 * taken),
        "jumps20": noisy(2000, 0.4 * taken),
        "near5": noisy(500, memory), "far5": noisy(500, 0 * taken)})


@pytest.fixture(scope="module")
def batches():
    return simulate()


def run_main(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["probe-study", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        load.run(study.main)
    return caught.value.code


def test_candidates_are_probes_and_pairs_of_two_kinds():
    found = study.candidates(["jumps1", "jumps2", "near1", "far1"])
    assert found == [
        ("jumps1",), ("jumps2",), ("near1",), ("far1",), ("jumps1", "near1"),
        ("jumps1", "far1"), ("jumps2", "near1"), ("jumps2", "far1")]


def test_the_probe_that_tells_wins(batches):
    table = study.study(batches, study.candidates(list(batches)[4:]))
    both = "jumps10 + near5"
    for operation in "getppid", "write", "all":
        spread = table[operation]
        assert spread["jumps10"] < spread["median"] / 3
        assert spread[both] < spread["jumps10"] / 2
        assert spread["far5"] == pytest.approx(spread["median"])
    assert table["ticks"][both] == pytest.approx(1500, rel=0.05)
    assert np.isnan(table["ticks"]["median"])
    squares = (table[["getppid", "write"]] ** 2).sum(axis=1)
    assert table["all"].to_numpy() == pytest.approx(np.sqrt(squares / 2))
    chosen = study.choose(table)
    assert f"10 % of it: {both} (" in chosen


def test_the_shorter_of_two_nearly_as_good():
    table = pd.DataFrame(
        {"ticks": [np.nan, 500, 300, 100], "all": [0.5, 1.0, 1.09, 1.11]},
        index=["median", "long", "short", "shortest"])
    assert study.choose(table) == (
        "best: long (1.00 %); shortest within 10 % of it: short "
        "(1.09 %, 300 ticks)")


def test_spread_of_runs():
    logs = pd.Series(np.log([3, 1, 2, 3, 4, 9, 8, 8, 27.0]))
    runs = pd.Series(np.repeat([0, 1, 2], 3))
    assert study.spread(logs, runs) == pytest.approx(100 * np.log(2))
    assert study.spread(logs, runs, 1) == pytest.approx(100 * np.log(3))


def test_what_is_printed(batches, tmp_path, monkeypatch, capsys):
    batches.to_csv(tmp_path / "study.csv", index=False)
    assert run_main(monkeypatch, tmp_path / "study.csv") == 0
    said = capsys.readouterr().out
    head = said.splitlines()[0].split()
    assert head == ["ticks", "getppid", "write", "all"]
    assert "5th percentile" in said and "nan" not in said.lower()
    assert said.splitlines()[-1].startswith("best: ")


def test_one_run_has_no_spread(batches, tmp_path, monkeypatch, capsys):
    batches[batches["run"] == 0].to_csv(tmp_path / "one.csv", index=False)
    assert run_main(monkeypatch, tmp_path / "one.csv") == 3
    assert capsys.readouterr().err.count("\n") == 1


HEADER = "run,batch,operation,ticks,jumps1\n"


@pytest.mark.parametrize("text, said", [
    ("", ":1: "), ("a,b\n", ":1: "), ("run,batch,operation,ticks\n", ":1: "),
    (HEADER.replace("jumps1", "\x1b[31m$x^{<b>"), ":1: "),
    (HEADER.replace("jumps1", "jumps1,jumps1"), ":1: "),
    (HEADER + "0,0,x,1,nan\n", ":2: jumps1 "),
    (HEADER + "0,0,x,1,2\n0,1,x,-1,2\n", ":3: ticks "),
    (HEADER + "0,0,\x1b[2J,1,2\n", ":2: operation "),
    (HEADER + "0,0,x,1,2\n0,1,x\n", ":3: 3 fields"),
    (HEADER + "0,0,x,1,2\n0,1,x,1,2", ":3: cut off"),
    (HEADER + "0,0,x,1,2\n0,0,x,1,2\n", ":3: a second row")])
def test_bad_input_is_one_line(tmp_path, monkeypatch, capsys, text, said):
    (tmp_path / "bad.csv").write_text(text)
    assert run_main(monkeypatch, tmp_path / "bad.csv") == 2
    told = capsys.readouterr()
    assert told.err.startswith(f"probe-study: {tmp_path}/bad.csv{said}")
    assert told.err.count("\n") == 1 and "\x1b" not in told.err
    assert not told.out


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--runs=2"]])
def test_wrong_use_is_one_line(monkeypatch, capsys, arguments):
    assert run_main(monkeypatch, *arguments) == 2
    told = capsys.readouterr()
    assert told.err.startswith("probe-study: ") and not told.out
    assert told.err.count("\n") == 1


def test_help_is_the_docstring(monkeypatch, capsys):
    assert run_main(monkeypatch, "--help") == 0
    assert study.__doc__.strip() in capsys.readouterr().out


def test_as_a_program(tmp_path):
    script = SCRIPTS / "probe-study"
    done = subprocess.run([sys.executable, script, tmp_path / "none"],
                          text=True, capture_output=True)
    assert done.returncode == 2
    assert done.stderr == (f"probe-study: {tmp_path}/none: "
                           "No such file or directory; a whole run "
                           "folder is needed\n")
