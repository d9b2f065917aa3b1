# SPDX-License-Identifier: MIT
"""scripts/analysis/writes.py: each path over the sizes, to each target."""

import numpy as np
import pytest

import hand_made
from hand_made import LONG, NAMES, PATHS, catalogue, split
from analysis import writes

style = pytest.fixture(hand_made.style, autouse=True)


def test_writes_have_a_line_a_path_and_a_panel_a_target():
    rows = split(NAMES)
    sizes = writes.sizes_of(rows)
    assert set(sizes["path"]) == {*PATHS, "putc"}
    figure = writes.draw(sizes, {})
    assert len(figure.axes) == 4
    for axes in figure.axes:
        lines = {line.get_label(): line for line in axes.get_lines()}
        assert set(lines) == {*PATHS, "putc"}
        assert lines["libc"].get_xdata().tolist() == [1, 256, 65536]
        assert lines["putc"].get_xdata().tolist() == [1]
    known = rows.set_index("benchmark")["quiet_ns"]
    a_call, a_byte = (axes.get_lines()[0] for axes in figure.axes[::2])
    assert a_call.get_ydata()[1] == known["write/libc/256"]
    assert a_byte.get_ydata()[1] == known["write/libc/256"] / 256


def test_nothing_is_clipped_or_on_top_of_another():
    sizes = writes.sizes_of(split(catalogue(), LONG))
    hand_made.check_layout(writes.draw(sizes, LONG))


def test_without_intervals(recwarn):
    rows = split(NAMES, quiet_low_ns=np.nan, quiet_high_ns=np.nan)
    writes.draw(writes.sizes_of(rows), {}).canvas.draw()
    assert not len(recwarn)
