# SPDX-License-Identifier: MIT
"""What somebody predicted, beside what a run measured.

A file of predictions is CSV that begins quantity,predicted_ns; columns behind
these are for people. A quantity is a benchmark's name, in the run's first
arm, or ARM:NAME. An empty predicted_ns is a prediction not yet made.

    predictions.of_run(folder, path)    the whole of it, for a run folder
"""

import csv
import io
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

import numpy as np
import pandas as pd

from analysis import load

HEAD = ["quantity", "predicted_ns"]
COLUMNS = ["quantity", "arm", "benchmark", "predicted_ns", "measured_ns",
           "low_ns", "high_ns", "ratio", "said"]
BYTES_MOST = 1 << 20
ROWS_MOST = 1000
QUANTITY = re.compile(rf"(?:(?P<arm>{load.WORD}):)?"
                      rf"(?P<benchmark>{load.WORD}(/{load.WORD})+)")
QUANTITY_MOST = 200     # characters
PREDICTED = load.Column("float64", 1e-6, 1e15)      # ns
NEAR = 1.1              # a factor that nobody has to explain


class Prediction(NamedTuple):
    """One line of a file; NaN is a prediction not made."""

    quantity: str
    predicted_ns: float


def text_of(path: Path) -> str:
    """What a file says, as text; spreadsheets put a mark before it."""
    with load.opened(path) as file:
        data = file.read(BYTES_MOST + 1)
    if len(data) > BYTES_MOST:
        raise load.BadInput(f"{path}: over {BYTES_MOST} bytes: no sheet of "
                            "predictions is")
    return data.decode("utf-8-sig", errors="backslashreplace")


def lines_of(path: Path) -> Iterator[Tuple[int, List[str]]]:
    """The lines that are not empty, each with its number and fields."""
    reader = csv.reader(io.StringIO(text_of(path), newline=""), strict=True)
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield reader.line_num, [field.strip() for field in fields]
    except csv.Error as problem:
        raise load.BadInput(f"{path}:{reader.line_num}: {problem}") from None


def predicted(field: str) -> float:
    """The number in a field; NaN where it is empty."""
    return float(field) if field else np.nan


def fault(fields: List[str]) -> str:
    """What is wrong with one line; "" where nothing is."""
    if len(fields) < len(HEAD):
        return f"{len(fields)} field, {len(HEAD)} are needed"
    quantity, number = fields[:2]
    shown = quantity[:load.SHOWN_MOST]
    if len(quantity) > QUANTITY_MOST or not QUANTITY.fullmatch(quantity):
        return (f'quantity cannot be "{shown}": a row\'s name is needed, as '
                "getppid/inline or seccomp-8:getppid/inline")
    if number and not PREDICTED.admits_field(number):
        return (f'predicted_ns cannot be "{number[:load.SHOWN_MOST]}": a '
                "number of nanoseconds above 0 is needed, as 1200 or 0.5")
    return ""


def check_head(path: Path, lines: List[Tuple[int, List[str]]]) -> None:
    """Refuse what is not a sheet of predictions at all."""
    number, head = lines[0] if lines else (1, [])
    if head[:2] != HEAD:
        raise load.BadInput(f"{path}:{number}: the header does not begin "
                            f"{','.join(HEAD)}, with a comma between")
    if len(lines) > ROWS_MOST + 1:
        raise load.BadInput(f"{path}: over {ROWS_MOST} predictions")


def read(path: Path) -> pd.DataFrame:
    """A file's predictions: quantity, and predicted_ns or NaN."""
    lines = list(lines_of(path))
    check_head(path, lines)
    found: Dict[str, int] = {}
    for number, fields in lines[1:]:
        wrong = fault(fields) or (
            fields[0] in found and f"a second prediction of {fields[0]}, as "
            f"in line {found[fields[0]]}")
        if wrong:
            raise load.BadInput(f"{path}:{number}: {wrong}")
        found[fields[0]] = number
    return pd.DataFrame([Prediction(fields[0], predicted(fields[1]))
                         for _, fields in lines[1:]], columns=HEAD)


def reasons(record: Dict[str, Any], key: str) -> Dict[str, str]:
    """Why a run skipped some of its benchmarks, or arms, by their names."""
    rows = load.fact(record, key)
    pairs = [(load.fact(row, "name"), load.fact(row, "skipped"))
             for row in (rows if isinstance(rows, list) else ())]
    return {name: load.printable(why)[:QUANTITY_MOST] for name, why in pairs
            if isinstance(name, str) and isinstance(why, str)}


def lacking(rows: pd.DataFrame, record: Dict[str, Any]) -> pd.Series:
    """Why each row's quantity was not measured; of those that were not."""
    why = rows["benchmark"].map(reasons(record, "benchmarks")).fillna(
        rows["arm"].map(reasons(record, "arms"))).fillna("").astype(str)
    return "not in this run" + (": " + why).where(why.ne(""), "")


def factor(ratio: pd.Series) -> pd.Series:
    """How far off each is, as text, whichever way."""
    off = ratio.where(ratio.gt(1), 1 / ratio)
    return off.map(lambda value: f"{value:,.0f}" if value >= 99.5 else
                   f"{value:.2g}").astype(str)


def said_of(rows: pd.DataFrame, record: Dict[str, Any]) -> np.ndarray:
    """Of each prediction, in words, how good it was."""
    ratio = rows["ratio"]
    within = rows["predicted_ns"].between(rows["low_ns"], rows["high_ns"])
    near = ratio.between(1 / NEAR, NEAR)
    return np.select(
        [rows["measured_ns"].isna(), ratio.isna(), within, near, ratio > 1],
        [lacking(rows, record), "no prediction", "right: in the interval",
         "right within 10 %", "too high by a factor of " + factor(ratio)],
        "too low by a factor of " + factor(ratio))


def beside(wanted: pd.DataFrame, summary: pd.DataFrame,
           record: Dict[str, Any]) -> pd.DataFrame:
    """Predictions beside what a run measured: COLUMNS, in their order.

    wanted: as read() gives them; summary: of load.summary(). measured_ns is
    the quiet level with its interval, NaN where the run lacks the row; ratio
    is predicted over measured; said is a sentence about it.
    """
    parts = wanted["quantity"].str.extract(QUANTITY)
    first = str(summary["arm"].iloc[0]) if len(summary) else ""
    rows = wanted.assign(arm=parts["arm"].fillna(first),
                         benchmark=parts["benchmark"])
    measured = summary[["arm", "benchmark", "quiet_ns", "quiet_low_ns",
                        "quiet_high_ns"]].astype(
        {"arm": str, "benchmark": str}).set_axis(
        ["arm", "benchmark", "measured_ns", "low_ns", "high_ns"], axis=1)
    rows = rows.merge(measured, on=["arm", "benchmark"], how="left")
    rows = rows.assign(ratio=rows["predicted_ns"] / rows["measured_ns"])
    return rows.assign(said=said_of(rows, record))[COLUMNS]


def of_run(folder: Path, path: Path) -> pd.DataFrame:
    """The predictions of a file beside a run folder's results: COLUMNS."""
    there = (folder / "run.json").exists()
    return beside(read(path), load.summary(folder),
                  load.record(folder) if there else {})
