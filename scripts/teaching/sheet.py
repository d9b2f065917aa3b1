# SPDX-License-Identifier: MIT
"""What stands on a worksheet: a run's figures as texts, station by station."""

from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import pandas as pd

from analysis import emulated, figure, load, predictions, quiet
from analysis.columns import decimals
from analysis.predictions import reasons
from teaching import questions
from teaching.stations import ARMS, SHEET, STATIONS, Station

Record = Dict[str, Any]
Cells = List[Dict[str, str]]    # a row each: column, text

VARY = ("baseline/call", "clock_gettime/vdso", "invalid/inline",
        "getppid/inline", "write/libc/1", "kill/inline",
        "switch_same/pipe/processes", "process/fork/small")
DOUBTS_MOST = 40
NONE = "–"


class Block(NamedTuple):
    """A station's table."""

    number: int
    title: str
    rows: Cells
    lacking: Sequence[Tuple[str, str]]      # rows, and why each is not there


class Sheet(NamedTuple):
    """A worksheet, as its templates show it."""

    run: str
    problem: str            # why the run is not whole; "" where it is
    emulated: str
    machine: Sequence[Tuple[str, str]]
    predicted: Cells
    any_predicted: bool
    blocks: Sequence[Block]
    vary: Cells
    doubts: Sequence[Tuple[str, str, str]]  # severity, message, remedy
    questions: Sequence[questions.Question]


def ns(value: float) -> str:
    """Nanoseconds, with the digits that tell something."""
    if not np.isfinite(value):
        return NONE
    return f"{value:,.{decimals((value, np.nan, np.nan))}f}"


def interval(low: pd.Series, high: pd.Series) -> List[str]:
    """Intervals as texts; too few launches have none."""
    return [NONE if NONE in ends else " – ".join(ends)
            for ends in zip(low.map(ns), high.map(ns))]


def whole(value: float) -> str:
    """A count of cycles or calls; of few a tenth is told."""
    if not np.isfinite(value):
        return NONE
    return f"{value:,.{1 if value < 10 else 0}f}"


def call_ns(record: Record) -> float:
    """What an empty call took, ns; NaN where it is not known."""
    if emulated.by(record):
        return np.nan
    return (quiet.told(load.fact(record, "yardsticks"), ["empty_call_ns"])
            or [np.nan])[0] or np.nan


def cells(rows: pd.DataFrame, record: Record) -> Cells:
    """Rows of a summary as texts."""
    return pd.DataFrame({
        "name": rows["name"], "quiet": rows["quiet_ns"].map(ns),
        "interval": interval(rows["quiet_low_ns"], rows["quiet_high_ns"]),
        "cycles": rows["core_cycles"].map(whole),
        "calls": (rows["quiet_ns"] / call_ns(record)).map(whole),
        "flags": rows["flags"].astype(str),
        "floor": rows["floor_ns"].map(ns), "median": rows["median_ns"].map(ns),
        "mean": rows["mean_ns"].map(ns),
        "spread": (rows["mdape"] * 100).map(lambda value: f"{value:.1f} %"),
        }).to_dict("records")


def named(summary: pd.DataFrame) -> pd.DataFrame:
    """The summary with each row's name: of other arms than the first, with
    the arm's before it."""
    summary = summary.astype({"arm": str, "benchmark": str})
    first = summary["arm"].eq(summary["arm"].iloc[0] if len(summary) else "")
    return summary.assign(first=first, name=summary["benchmark"].where(
        first, summary["arm"] + ":" + summary["benchmark"]))


def skipped(record: Record, station: Station, names: Sequence[str]
            ) -> List[Tuple[str, str]]:
    """Rows of a station that a run has not, with the reason it gives."""
    why = reasons(record, "benchmarks")
    arms = reasons(record, "arms") if station.arms else {}
    wanted = pd.Series([name for name in why if name not in names],
                       dtype=object)
    ours = wanted[wanted.str.fullmatch(station.rows).astype(bool)]
    return [*((load.printable(name), why[name]) for name in ours),
            *((f"arm {load.printable(name)}", text)
              for name, text in arms.items())]


def block(station: Station, rows: pd.DataFrame, record: Record) -> Block:
    """A station's rows in the order of the run; a run may lack them all."""
    ours = rows[rows["benchmark"].str.fullmatch(station.rows)
                & (rows["first"] | station.arms)]
    lacking = skipped(record, station, list(ours["benchmark"]))
    if ours.empty and not lacking:
        lacking = [("all rows", "this run did not measure them")]
    elif station.arms and ours["first"].all():
        lacking.append(("the arms", f"this run lacks {', '.join(ARMS[1:])}"))
    return Block(station.number, station.title, cells(ours, record), lacking)


def predicted(summary: pd.DataFrame, record: Record, path: Optional[Path]
              ) -> pd.DataFrame:
    """The student's predictions beside the results, else the results."""
    wanted = (predictions.read(path) if path else pd.DataFrame(
        {"quantity": list(SHEET), "predicted_ns": np.nan}))
    return predictions.beside(wanted, summary, record)


def summaries(record: Record) -> Dict[str, str]:
    """What each benchmark of a run is, as the program tells it."""
    rows = load.fact(record, "benchmarks")
    told = [(text(row, "name"), figure.text_of(row, "summary") or "")
            for row in (rows if isinstance(rows, list) else ())]
    return dict(told)


def predicted_cells(found: pd.DataFrame, record: Record) -> Cells:
    """Predictions as texts."""
    return pd.DataFrame({
        "name": found["quantity"],
        "what": found["quantity"].map(SHEET).fillna(
            found["benchmark"].map(summaries(record))).fillna(""),
        "predicted": found["predicted_ns"].map(ns),
        "measured": found["measured_ns"].map(ns),
        "interval": interval(found["low_ns"], found["high_ns"]),
        "said": found["said"]}).to_dict("records")


def text(record: Record, *keys: str) -> str:
    """A fact in words, or that it is not known."""
    value = load.fact(record, *keys)
    if isinstance(value, bool):
        return "yes" if value else "no"
    number = load.number(record, *keys)
    return f"{number:.6g}" if number is not None else (
        figure.text_of(record, *keys) or "not known")


def machine(record: Record) -> List[Tuple[str, str]]:
    """The machine's own sheet: what a reader must know of it."""
    clock = load.number(record, "clock", "granularity_ns")
    return [
        ("CPU", text(record, "environment", "cpu", "model")),
        ("architecture", text(record, "environment", "cpu", "architecture")),
        ("kernel", text(record, "environment", "kernel", "release")),
        ("virtual machine", text(record, "environment", "hypervisor")),
        ("container", text(record, "environment", "guest", "container")),
        ("mitigations", figure.describe_mitigations(record) or "not known"),
        ("seccomp of this task (0: none, 2: filters)",
         text(record, "environment", "task", "Seccomp")),
        ("clock", text(record, "clock", "source")),
        ("granularity of the clock",
         "not known" if clock is None else f"{ns(clock)} ns"),
        ("the kernel's clock source",
         text(record, "environment", "kernel", "clocksource")),
        ("core's rate, GHz", text(record, "yardsticks", "core_ghz")),
        ("launches an arm", text(record, "run", "launches_an_arm")),
        ("started", text(record, "run", "started"))]


def doubts(record: Record) -> List[Tuple[str, str, str]]:
    """Reasons to distrust the run, with remedies."""
    found = load.fact(record, "doubts")
    rows = found[:DOUBTS_MOST] if isinstance(found, list) else []
    return [tuple(figure.text_of(row, key) or "" for key in (
        "severity", "message", "remedy")) for row in rows]


def problem(record: Record) -> str:
    """Why a run is not whole."""
    if load.fact(record, "complete") is not False:
        return ""
    return figure.text_of(record, "problem") or "it was not measured whole"


def sheet_of(folder: Path, path: Optional[Path]) -> Sheet:
    """The worksheet of a run folder; path: of the predictions, if any."""
    there = (folder / "run.json").exists()
    summary = load.summary(folder)
    record = load.record(folder) if there else emulated.record_of(summary)
    rows = named(summary)
    found = predicted(summary, record, path)
    vary = rows[rows["first"] & rows["benchmark"].isin(VARY)]
    return Sheet(
        load.printable(folder.resolve().name), problem(record),
        emulated.line([record]), machine(record),
        predicted_cells(found, record),
        bool(found["predicted_ns"].notna().any()),
        [block(station, rows, record) for station in STATIONS],
        cells(vary, record), doubts(record), questions.of_lab())
