# SPDX-License-Identifier: MIT
"""What somebody predicted beside what was measured: in words and a picture."""

from pathlib import Path
from typing import Any, List, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from analysis import predictions
from analysis.figure import BLUE, GREY, RED
from reporting import drawing, names, text
from reporting.section import Picture, Section, Sentence, Strong
from reporting.source import Source

DRAWN_MOST = 24         # rows of the picture; the table has all
LABEL_MOST = 26         # letters in it
EDGE = 1.6              # a factor, so that no mark is cut off
TITLE = "What was predicted, and what is so"


class Line(NamedTuple):
    """A row of the table."""

    quantity: str
    predicted: str
    measured: str
    interval: str
    said: str
    right: bool


def guess(ns: float) -> str:
    """A predicted time as somebody would write it: 50 ns, 1.2 µs."""
    if not np.isfinite(ns):
        return ""
    scale, unit = text.unit_of(ns)
    digits = np.format_float_positional(ns / scale, 4, fractional=False,
                                        trim="-")
    return f"{digits} {unit}"


def line(row: Any) -> Line:
    """A prediction and what is so."""
    return Line(row.quantity, guess(row.predicted_ns),
                text.time(row.measured_ns),
                text.time_span(row.low_ns, row.high_ns, row.measured_ns),
                row.said, row.said.startswith("right"))


def off(rows: pd.DataFrame) -> pd.Series:
    """By which factor each is wrong, whichever way."""
    return np.exp(np.log(rows["ratio"]).abs())


def counted(rows: pd.DataFrame) -> List[str]:
    """How many are right, too low and too high; what is none is not said."""
    right = rows["said"].str.startswith("right")
    high = ~right & rows["ratio"].gt(1)
    found = {"right, in the interval or within 10 %": right,
             "too low": ~right & ~high, "too high": high}
    return [f"{which.sum()} {words}" for words, which in found.items()
            if which.any()]


def sentence(rows: pd.DataFrame) -> Sentence:
    """How good the predictions were, all in all; rows: that can be judged."""
    if rows.empty:
        return ["No row of this run was predicted."]
    wrong = off(rows)
    worst = rows.loc[wrong.idxmax()]
    one = len(rows) == 1
    said = ["The prediction is " if one else
            f"Of {len(rows)} predictions that can be judged, ",
            worst["said"] if one else "; ".join(counted(rows))]
    if one or worst["said"].startswith("right"):
        return [*said, "."]
    return [*said, ". Half of them are off by a factor of ",
            Strong(text.times(wrong.median())), " or more. Farthest off: ",
            Strong(worst["quantity"]), f", {worst['said']}."]


def label(row: Any, first: str) -> str:
    """What a row is called; of another arm, with the arm."""
    name = names.STEPS.get(row.benchmark, row.benchmark)
    return name if row.arm == first else f"{row.arm}: {name}"


def beside(row: Any) -> str:
    """How far off a prediction is, in the picture."""
    if row.said.startswith("right"):
        return "right"
    factor = max(row.ratio, 1 / row.ratio)
    return f"{text.times(factor)} × {'over' if row.ratio > 1 else 'under'}"


def marks() -> List[Line2D]:
    """What the marks mean."""
    return [Line2D([], [], color=GREY, marker="D", mfc="none", ls="", ms=7,
                   label="predicted"),
            Line2D([], [], color=BLUE, marker="o", ls="", ms=7,
                   label="measured")]


def draw(rows: pd.DataFrame, first: str) -> Picture:
    """Each prediction joined by a line to what is so, on a log axis."""
    labels = [label(row, first) for row in rows.itertuples()]
    handles = marks()
    figure, axes = drawing.ladder_axes(
        [names.shortened(one, LABEL_MOST) for one in labels], 88,
        drawing.head_of(handles))
    places = pd.Series(-np.arange(len(rows)), rows.index)
    right = rows["said"].str.startswith("right")
    axes.hlines(places, rows["predicted_ns"], rows["measured_ns"],
                np.where(right, BLUE, RED), lw=1.5, alpha=0.6)
    known = rows.dropna(subset=["low_ns", "high_ns"])
    axes.hlines(places[known.index], known["low_ns"], known["high_ns"], BLUE,
                lw=3)
    axes.plot(rows["measured_ns"], places, "o", color=BLUE, ms=7.5, mew=0)
    axes.plot(rows["predicted_ns"], places, "D", color=GREY, ms=7,
              mfc="none", mew=1.4)
    for place, row in zip(places, rows.itertuples()):
        drawing.beside(axes, place, beside(row), 86)
    ends = rows[["predicted_ns", "measured_ns", "low_ns", "high_ns"]]
    drawing.log_axis(axes, ends.min().min() / EDGE, ends.max().max() * EDGE,
                     "a call on a quiet core (log)")
    drawing.legend(figure, handles)
    return Picture("predicted", "Predicted and measured", said(rows, labels),
                   figure)


def said(rows: pd.DataFrame, labels: List[str]) -> str:
    """The picture in a sentence."""
    parts = [f"{name} {guess(row.predicted_ns)} predicted, "
             f"{text.time(row.measured_ns)} measured"
             for name, row in zip(labels, rows.itertuples())]
    return (f"Predictions of {len(rows)} rows, each joined to what was "
            f"measured, on a log axis: {'; '.join(parts)}. The table beside "
            "it has the intervals.")


def make(source: Source, path: Path) -> Section:
    """The section of a file of predictions."""
    rows = predictions.beside(predictions.read(path), source.rows,
                              source.record)
    judged = rows[rows["ratio"].notna()]
    first = source.arms[0] if source.arms else ""
    drawn = judged[:DRAWN_MOST]
    return Section("predicted", TITLE, "predicted.html", {
        "lines": [line(row) for row in rows.itertuples()],
        "sentence": sentence(judged), "drawn": len(drawn),
        "judged": len(judged)},
        [] if drawn.empty else [draw(drawn, first)], "Predicted")
