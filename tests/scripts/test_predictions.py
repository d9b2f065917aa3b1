# SPDX-License-Identifier: MIT
"""scripts/analysis/predictions.py: a file from elsewhere, beside a run."""

import pathlib
from typing import Any, Dict, Sequence, Tuple

import numpy as np
import pandas as pd
import pytest

from hand_made import HOSTILE
from analysis import load, predictions

HEAD = "quantity,predicted_ns\n"


def written(folder: pathlib.Path, text: str) -> pathlib.Path:
    """A file of predictions that holds the text."""
    path = folder / "mine.csv"
    path.write_bytes(text.encode())
    return path


def summary(*rows: Tuple[str, str, float, float, float]) -> pd.DataFrame:
    """What load.summary() gives of rows, as far as it is read."""
    return pd.DataFrame(rows, columns=[
        "arm", "benchmark", "quiet_ns", "quiet_low_ns", "quiet_high_ns"])


MEASURED = summary(("plain", "getppid/inline", 100.0, 98.0, 103.0),
                   ("plain", "kill/inline", 2000.0, 1900.0, 2100.0),
                   ("seccomp-8", "getppid/inline", 300.0, np.nan, np.nan))
RECORD: Dict[str, Any] = {
    "benchmarks": [{"name": "getppid/int80", "skipped": "no such gate"}],
    "arms": [{"name": "seccomp-1", "skipped": "no filters here"}]}


def said(folder: pathlib.Path, *lines: str) -> Sequence[str]:
    """What is said of each line of a file."""
    path = written(folder, HEAD + "\n".join(lines) + "\n")
    return list(predictions.beside(predictions.read(path), MEASURED,
                                   RECORD)["said"])


def test_each_prediction_stands_beside_its_result(tmp_path):
    path = written(tmp_path, HEAD + "getppid/inline,50\n"
                   "seccomp-8:getppid/inline,3e3\n")
    found = predictions.beside(predictions.read(path), MEASURED, RECORD)
    assert list(found.columns) == predictions.COLUMNS
    assert list(found["arm"]) == ["plain", "seccomp-8"]
    assert list(found["measured_ns"]) == [100, 300]
    assert list(found["ratio"]) == [0.5, 10]
    assert found["low_ns"][0] == 98 and np.isnan(found["low_ns"][1])


def test_it_is_said_in_words_how_good_it_was(tmp_path):
    assert said(tmp_path, "getppid/inline,99", "kill/inline,2150",
                "seccomp-8:getppid/inline,3000") == [
        "right: in the interval", "right within 10 %",
        "too high by a factor of 10"]
    assert said(tmp_path, "getppid/inline,0.5", "kill/inline,1250") == [
        "too low by a factor of 200", "too low by a factor of 1.6"]


def test_what_was_not_measured_or_not_predicted_says_so(tmp_path):
    assert said(tmp_path, "getppid/inline,", "read/inline,5",
                "getppid/int80,", "seccomp-1:getppid/inline,7") == [
        "no prediction", "not in this run",
        "not in this run: no such gate", "not in this run: no filters here"]


def test_what_spreadsheets_write_is_read(tmp_path):
    path = written(tmp_path, '\ufeffquantity,predicted_ns,what\r\n'
                   '"getppid/inline", 90 ,"a, b ""c"""\r\n,,\r\n\r\n'
                   'kill/inline,"2000",\r\n')
    found = predictions.read(path)
    assert list(found["quantity"]) == ["getppid/inline", "kill/inline"]
    assert list(found["predicted_ns"]) == [90, 2000]


def test_a_sheet_with_no_lines_has_no_rows(tmp_path):
    path = written(tmp_path, HEAD)
    assert predictions.beside(predictions.read(path), MEASURED, RECORD).empty


def test_a_run_with_no_rows_has_measured_nothing(tmp_path):
    path = written(tmp_path, HEAD + "getppid/inline,1\n")
    found = predictions.beside(predictions.read(path), summary(), {})
    assert list(found["said"]) == ["not in this run"]


@pytest.mark.parametrize("text, line, wrong", [
    ("", 1, "the header"), ("a;b\n", 1, "the header"),
    ("quantity;predicted_ns\n", 1, "the header"),
    ("predicted_ns,quantity\n", 1, "the header"),
    (HEAD + "getppid/inline\n", 2, "1 field"),
    (HEAD + "getppid,1\n", 2, "quantity cannot be"),
    (HEAD + "a:b:c/d,1\n", 2, "quantity cannot be"),
    (HEAD + "=cmd()/x,1\n", 2, "quantity cannot be"),
    (HEAD + "a/b\0,1\n", 2, "quantity cannot be"),
    (HEAD + "a/" + "b" * 300 + ",1\n", 2, "quantity cannot be"),
    *((HEAD + f"a/b,1\n\nc/d,{number}\n", 4, "predicted_ns cannot be")
      for number in ("0", "-1", "nan", "inf", "1e999", "1e16", "ten", "1 2",
                     "1;2", "0x10", "1_0", "\u0661")),
    (HEAD + "a/b,1\na/b,2\n", 3, "a second prediction of a/b, as in line 2"),
    (HEAD + 'a/b,1\n"a/c,1\n', 3, "unexpected end"),
    (HEAD + f"{HOSTILE},1\n", 2, "quantity cannot be")])
def test_a_bad_line_is_named(tmp_path, text, line, wrong):
    path = written(tmp_path, text)
    with pytest.raises(load.BadInput) as problem:
        predictions.read(path)
    assert str(problem.value).startswith(f"{path}:{line}: ")
    assert wrong in str(problem.value)
    assert str(problem.value).isprintable()
    assert len(str(problem.value)) < len(str(path)) + 250


def test_files_have_bounds(tmp_path):
    rows = "".join(f"a/b{number},1\n" for number in range(1001))
    with pytest.raises(load.BadInput, match="over 1000 predictions"):
        predictions.read(written(tmp_path, HEAD + rows))
    with pytest.raises(load.BadInput, match="over 1048576 bytes"):
        predictions.read(written(tmp_path, HEAD + "x" * (1 << 20)))
    with pytest.raises(load.BadInput, match="field larger"):
        predictions.read(written(tmp_path, HEAD + "x" * 200000))


def test_what_is_no_file_is_refused(tmp_path):
    for path in tmp_path, tmp_path / "none.csv", pathlib.Path("/dev/zero"):
        with pytest.raises(load.BadInput, match=str(path)):
            predictions.read(path)


def test_bytes_that_are_no_text_are_named(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(HEAD.encode() + b"getppid/\xff,1\n")
    with pytest.raises(load.BadInput, match=":2: quantity cannot be"):
        predictions.read(path)
