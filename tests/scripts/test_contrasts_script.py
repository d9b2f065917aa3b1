# SPDX-License-Identifier: MIT
"""scripts/contrasts on run folders with planted truths."""

import importlib.machinery
import importlib.util
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from hand_made import HOSTILE, SCRIPTS
from planted import COSTS, HEADER, make_run, only, record, samples, table_of
from analysis import load


def load_script(name):
    """A script without a suffix, as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(SCRIPTS / name))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


script = load_script("contrasts")


def run_main(monkeypatch, *arguments):
    """The exit code of the script, run within this process."""
    monkeypatch.setattr(sys, "argv", ["contrasts", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        load.run(script.main)
    return caught.value.code


@pytest.fixture
def whole(tmp_path):
    """The folder of a run with every kind of row."""
    return make_run(tmp_path / "run", samples(), record())


def stored(path):
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def test_help_is_the_docstring(monkeypatch, capsys):
    assert run_main(monkeypatch, "--help") == 0
    assert script.__doc__.strip() in capsys.readouterr().out


def test_what_is_stored(whole, monkeypatch, capsys):
    assert run_main(monkeypatch, whole) == 0
    said = capsys.readouterr()
    assert said.out.startswith("what it says\n") and not said.err
    text = (whole / "contrasts.csv").read_text()
    assert text.splitlines()[0] == HEADER
    assert text.splitlines()[1] == ("crossing,plain,invalid/inline,"
                                    "baseline/empty,80,80,80,ns,0.9586,20,")
    assert ("buffer_bytes,plain,write_file/libc,,396000,396000,396000,bytes,"
            "0.9586,20,") in text
    assert len(stored(whole / "contrasts.csv")) == len(table_of(samples()))


def test_it_is_stored_elsewhere_and_again(whole, tmp_path, monkeypatch):
    other = tmp_path / "other.csv"
    for _ in range(2):
        assert run_main(monkeypatch, whole, "--output", other) == 0
    assert not (whole / "contrasts.csv").exists()
    run_main(monkeypatch, whole)
    assert (whole / "contrasts.csv").read_bytes() == other.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "other.csv", "run"]


def test_a_table_that_cannot_be_written_leaves_the_older(whole, monkeypatch,
                                                         capsys):
    run_main(monkeypatch, whole)
    older = (whole / "contrasts.csv").read_bytes()
    before = sorted(whole.iterdir())

    def full(self, file, **options):
        file.write("contrast,")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    assert run_main(monkeypatch, whole) == 2
    assert "contrasts.csv: No space left" in capsys.readouterr().err
    assert (whole / "contrasts.csv").read_bytes() == older
    assert sorted(whole.iterdir()) == before


@pytest.mark.parametrize("name", ["samples.csv", "run.json"])
def test_nothing_else_is_replaced(whole, monkeypatch, capsys, name):
    before = (whole / name).read_bytes()
    assert run_main(monkeypatch, whole, "--output", whole / name) == 2
    assert "not be replaced" in capsys.readouterr().err
    assert (whole / name).read_bytes() == before


@pytest.mark.parametrize("output", ["", "no/such", "run", "run/run.json/x"])
def test_a_place_that_is_none(whole, tmp_path, monkeypatch, capsys, output):
    monkeypatch.chdir(tmp_path)
    assert run_main(monkeypatch, whole, f"--output={output}") == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and not said.out


def test_a_device_is_not_replaced(whole, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    assert run_main(monkeypatch, whole, "--output", tmp_path / "pipe") == 2
    assert (tmp_path / "pipe").is_fifo()


def test_an_empty_file_is_filled(whole, tmp_path, monkeypatch):
    (tmp_path / "new").touch()
    assert run_main(monkeypatch, whole, "--output", tmp_path / "new") == 0
    assert len(stored(tmp_path / "new"))


def test_a_link_in_the_folder_is_replaced_and_not_followed(
        whole, tmp_path, monkeypatch):
    (tmp_path / "victim").touch()
    (whole / "contrasts.csv").symlink_to(tmp_path / "victim")
    assert run_main(monkeypatch, whole) == 0
    assert not (whole / "contrasts.csv").is_symlink()
    assert (tmp_path / "victim").read_bytes() == b""


def test_no_text_starts_a_formula(tmp_path, monkeypatch):
    arms = ["-1+2", "+A1", "plain"]
    batches = pd.concat([samples(only("getpid"), 2, arm=arm, first=2 * place)
                         for place, arm in enumerate(arms)])
    run = make_run(tmp_path / "run", batches, record())
    assert run_main(monkeypatch, run) == 0
    written = stored(run / "contrasts.csv")
    assert list(written["arm"].unique()) == ["'-1+2", "'+A1", "plain"]
    for name in "contrast", "arm", "benchmark", "reference", "unit":
        texts = written[name].dropna().astype(str)
        assert not texts.str.startswith(("=", "+", "-", "@")).any()


@pytest.mark.parametrize("name", ["=1+2", "@SUM", "a\tb", "\x1b[2J"])
def test_names_that_would_be_formulas_are_refused(tmp_path, monkeypatch,
                                                  capsys, name):
    run = make_run(tmp_path / "run", samples(only("getpid"), arm=name))
    assert run_main(monkeypatch, run) == 2
    said = capsys.readouterr()
    assert "samples.csv:2: arm cannot be" in said.err
    assert "\x1b" not in said.err and not said.out


def arms_run(folder):
    """Three arms; run.json names another first than the samples do."""
    costs = only("getpid", "getuid")
    batches = pd.concat([samples(
        {name: (place + 1) * cost for name, cost in costs.items()}, 6,
        arm=arm, first=6 * place) for place, arm in enumerate("cba")])
    return make_run(folder, batches, record(
        arms=[{"name": "b"}, {"name": "gone"}, 7, {"name": ["c"]}]))


@pytest.mark.parametrize("given, shown, value", [
    ([], "b", "3.00 ns"), (["--arm=c"], "c", "1.50 ns"),
    (["--arm=a"], "a", "4.50 ns")])
def test_which_arm_is_printed(tmp_path, monkeypatch, capsys, given, shown,
                              value):
    run = arms_run(tmp_path / "run")
    assert run_main(monkeypatch, run, *given) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"what it says of arm {shown}\n")
    assert value in said.splitlines()[1]
    written = stored(run / "contrasts.csv")
    assert written["arm"].value_counts().to_dict() == dict.fromkeys("abc", 6)


def test_an_unknown_arm(tmp_path, monkeypatch, capsys):
    run = arms_run(tmp_path / "run")
    assert run_main(monkeypatch, run, "--arm=x\x1b") == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and "b, c, a" in said.err
    assert "\x1b" not in said.err
    assert not said.out and not (run / "contrasts.csv").exists()


@pytest.mark.parametrize("costs", [only("getpid/libc"), {"a/b": 1.0}])
def test_nothing_to_show(tmp_path, monkeypatch, capsys, costs):
    for batches in samples(costs), samples(costs).iloc[:0]:
        run = make_run(tmp_path / "run", batches, record())
        assert run_main(monkeypatch, run) == 3
        said = capsys.readouterr()
        assert said.err.startswith("contrasts: nothing to show: ")
        assert said.err.count("\n") == 1 and not said.out
        assert not (run / "contrasts.csv").exists()


def test_without_a_record(tmp_path, monkeypatch, capsys):
    run = make_run(tmp_path / "run", samples(only("getpid", "time")))
    assert run_main(monkeypatch, run) == 0
    assert "the vDSO saves" in capsys.readouterr().out


def break_field(run):
    lines = (run / "samples.csv").read_text().splitlines()
    lines[6] = f"x{lines[6]}"
    (run / "samples.csv").write_text("\n".join(lines) + "\n")


def break_header(run):
    (run / "samples.csv").write_text("launch\n")


def break_record(run):
    (run / "run.json").write_text('{\n"a": ')


def break_end(run):
    text = (run / "samples.csv").read_text()
    (run / "samples.csv").write_text(text[:-20])


@pytest.mark.parametrize("damage, said", [
    (break_field, "samples.csv:7: "), (break_header, "samples.csv:1: "),
    (break_record, "run.json:2: "), (break_end, "samples.csv:3601: "),
    (lambda run: (run / "samples.csv").unlink(), "samples.csv: No such")])
def test_bad_input_is_one_line(whole, monkeypatch, capsys, damage, said):
    damage(whole)
    assert run_main(monkeypatch, whole) == 2
    told = capsys.readouterr()
    assert told.err.startswith("contrasts: ") and said in told.err
    assert told.err.count("\n") == 1 and not told.out
    assert not (whole / "contrasts.csv").exists()


@pytest.mark.parametrize("found", [
    {}, {"benchmarks": None, "arms": None, "yardsticks": None,
         "doubts": None, "probe": None, "complete": None},
    {"benchmarks": [7, {"name": ["x"]}, {"name": HOSTILE}], "arms": [HOSTILE],
     "yardsticks": HOSTILE, "doubts": HOSTILE, "probe": HOSTILE,
     "complete": HOSTILE},
    {"benchmarks": [{"name": name, "entries_counted": HOSTILE,
                     "entries_expected": [name]} for name in COSTS],
     "arms": [{"name": HOSTILE}], "yardsticks": {
         "core_ghz": HOSTILE, "empty_call_ns": 0, "empty_loop_ns": None},
     "doubts": [7, {"id": HOSTILE, "severity": "serious"},
                {"id": 8, "severity": "serious"}, {"severity": HOSTILE}],
     "probe": {"no_quiet_moment": True, "earlier_runs_used": HOSTILE}}])
def test_hostile_records(tmp_path, monkeypatch, capsys, found):
    run = make_run(tmp_path / "run", samples(), found)
    assert run_main(monkeypatch, run) == 0
    said = capsys.readouterr()
    assert "\x1b" not in said.out and "\u202e" not in said.out
    assert "the libc wrapper adds" in said.out and not said.err


@pytest.mark.parametrize("slope", [1e308, -1e308, 30000])
def test_a_borrowed_curve_out_of_all_bounds(tmp_path, monkeypatch, slope):
    curve = {"borrowed": True, "jump_ticks": 2.0, "chain_ticks": 1.0,
             "jump_slope": slope, "jump_square_slope": 0, "chain_slope": 0}
    rows = [{"name": name, "entries_counted": 1, "curve": curve}
            for name in ("write/libc/1", "write/libc/16", "getpid/libc")]
    found = record()
    found["benchmarks"] += rows
    run = make_run(tmp_path / "run", samples(), found)
    assert run_main(monkeypatch, run) == 0
    written = stored(run / "contrasts.csv")
    assert "getpid/libc" not in set(written["benchmark"])
    assert np.isfinite(written["value"]).all()


def test_as_a_program(whole, tmp_path):
    def start(*words):
        return subprocess.run([sys.executable, SCRIPTS / "contrasts", *words],
                              text=True, capture_output=True)
    done = start(whole)
    assert (done.returncode, done.stderr) == (0, "")
    done = start(tmp_path / "no")
    assert done.returncode == 2
    assert done.stderr == (f"contrasts: {tmp_path}/no/samples.csv: "
                           "No such file or directory; a whole run folder is "
                           "needed\n")


def test_a_real_run(run, monkeypatch, capsys):
    result = run("--launches=6", "--rounds=10", "--output=run", "--filter="
                 "^(getpid/(libc|inline)|baseline/empty|write_file/libc/.*)$")
    assert (result.returncode, result.stderr) == (0, "")
    folder = run.folder / "run"
    assert run_main(monkeypatch, folder) == 0
    found = stored(folder / "contrasts.csv").set_index(
        ["contrast", "benchmark"])
    quiet_ns = load.summary(folder).set_index("benchmark")["quiet_ns"]
    call, byte = (found.loc[(contrast, "write_file/libc"), "value"]
                  for contrast in ("write_call", "write_byte"))
    misfit = found.loc[("write_misfit", "write_file/libc"), "value"]
    for size in 1, 4096, 65536:
        assert call + byte * size == pytest.approx(
            quiet_ns[f"write_file/libc/{size}"], rel=misfit + 0.1)
    assert set(found.loc["wrapper"].index) == {"getpid/libc", "libc"}
    assert "the libc wrapper adds" in capsys.readouterr().out
