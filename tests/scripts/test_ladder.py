# SPDX-License-Identifier: MIT
"""scripts/analysis/ladder.py: every row is there, and can be read."""

import numpy as np
import pytest

import hand_made
from hand_made import LONG, NAMES, RECORD, SPARSE, catalogue, split
from analysis import ladder

style = pytest.fixture(hand_made.style, autouse=True)


@pytest.mark.parametrize("record", SPARSE)
def test_a_record_may_lack_anything(record):
    assert len(ladder.draw(split(NAMES[:4], record), record).axes) == 1


def test_every_row_has_its_marks_and_its_name():
    names = catalogue()
    rows = split(names)
    figure = ladder.draw(rows, RECORD)
    shown = [label.get_text() for axes in figure.axes
             for label in axes.get_yticklabels()]
    assert len(figure.axes) == 2
    assert len(shown) == len(names) + rows["group"].nunique()
    marks = np.concatenate([line.get_xdata() for axes in figure.axes
                            for line in axes.get_lines()])
    for column in "quiet_ns", "median_ns":
        assert np.isin(rows[column], marks).all()
    for axes in figure.axes:
        low, high = axes.get_xlim()
        assert low < rows["quiet_ns"].min() and high > rows["median_ns"].max()


def test_nothing_is_clipped_or_on_top_of_another():
    rows = split(catalogue(), LONG)
    for shown in rows, rows.groupby("way").head(1):
        hand_made.check_layout(ladder.draw(shown, LONG))


def test_without_intervals(recwarn):
    rows = split(NAMES, quiet_low_ns=np.nan, quiet_high_ns=np.nan)
    ladder.draw(rows, {}).canvas.draw()
    assert not len(recwarn)


@pytest.mark.parametrize("value, text", [
    (0.3245, "0.32"), (9.99, "9.99"), (21.94, "21.9"), (105.4, "105"),
    (4730.8, "4,731")])
def test_numbers(value, text):
    assert ladder.plain_number(value) == text
