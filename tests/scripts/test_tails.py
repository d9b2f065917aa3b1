# SPDX-License-Identifier: MIT
"""scripts/analysis/tails.py: which share of the calls takes as long."""

import io

import numpy as np
import pandas as pd
import pytest

import hand_made
from hand_made import HISTOGRAM, HOSTILE, LONG
from analysis import load, tails

style = pytest.fixture(hand_made.style, autouse=True)
HEAD = HISTOGRAM.splitlines()[0] + "\n"


def read(folder, text):
    (folder / "histogram.csv").write_text(text)
    return tails.histogram(folder)


def made(names):
    """Some buckets for each of these benchmarks."""
    rows = pd.read_csv(io.StringIO(HISTOGRAM))
    rows = rows[rows["benchmark"] == "getppid/libc"]
    return HEAD + "".join(
        rows.assign(benchmark=name).to_csv(header=False, index=False,
                                           float_format="%.4f")
        for name in names)


def test_without_a_file_there_is_nothing(tmp_path):
    assert tails.histogram(tmp_path).empty
    assert tails.first_variants(tails.histogram(tmp_path)).empty
    assert tails.first_variants(read(tmp_path, HEAD)).empty


def test_the_stamps_alone_are_no_figure(tmp_path):
    rows = read(tmp_path, made(["stamp"]))
    assert len(rows) == 4 and tails.first_variants(rows).empty


def test_the_share_begins_with_all_and_ends_with_the_longest(tmp_path):
    rows = read(tmp_path, HISTOGRAM)
    share = tails.share_longer(rows[rows["benchmark"] == "getppid/libc"])
    assert share.index.tolist() == [100, 110, 5000, 34091302912]
    assert share.to_numpy() == pytest.approx([1, 0.4, 0.1, 0.01])


def test_only_the_first_arm_is_shown(tmp_path):
    other = HISTOGRAM.splitlines()[3].replace("plain", "other")
    rows = read(tmp_path, HISTOGRAM + other + "\n")
    assert set(rows["arm"]) == {"plain"} and len(rows) == 6


def test_a_group_is_shown_by_its_first_variant(tmp_path):
    rows = read(tmp_path, made(["stamp", "a/libc", "a/libc/x", "a/inline/x",
                                "write/libc/16", "write/libc/4096",
                                "write/inline/16"]))
    assert list(tails.first_variants(rows)["benchmark"].unique()) == [
        "a/libc", "write/libc/16", "write/inline/16"]


def test_a_panel_a_group_with_the_stamps_in_each(tmp_path):
    rows = read(tmp_path, HISTOGRAM + "getuid/inline,plain,9.5,9.9,7\n")
    figure = tails.draw(rows, {})
    panels = figure.axes
    assert [axes.get_title() for axes in panels] == ["getppid", "getuid"]
    stamps, calls = panels[0].get_lines()
    assert stamps.get_ydata() == pytest.approx([1, 0.1])
    assert calls.get_ydata() == pytest.approx([1, 0.4, 0.1, 0.01])
    assert len(panels[1].get_lines()) == 2


def test_paths_look_different():
    looks = tails.looks_of([*tails.PATHS, *"abcdef"])
    assert len(set(looks.values())) == len(looks)
    assert len(tails.looks_of([str(i) for i in range(100)])) == 100


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_nothing_is_clipped_or_on_top_of_another(tmp_path, count):
    paths = [*tails.PATHS, *"abcdef"]
    rows = read(tmp_path, made(["stamp"] + [
        f"group_{number}/{path}" for number in range(count)
        for path in paths[:3 + number]]))
    hand_made.check_layout(tails.draw(rows, LONG))


def test_a_bucket_from_nothing_on(tmp_path, recwarn):
    rows = read(tmp_path, HEAD + "a/b,plain,0.0000,0.5000,3\n"
                "a/b,plain,0.5000,1.0000,3\n")
    tails.draw(rows, {}).canvas.draw()
    assert not len(recwarn)


@pytest.mark.parametrize("line", [
    "a/b,plain,1,2", "a/b,plain,-1,2,3", "a/b,plain,1,2,0", "a/b,plain,x,2,1",
    "a/b,plain,nan,2,1", f"{HOSTILE},plain,1,2,1", "a/b,plain,,2,1"])
def test_a_bad_line_is_named(tmp_path, line):
    with pytest.raises(load.BadInput, match="histogram.csv:2: "):
        read(tmp_path, f"{HEAD}{line}\n")


def test_a_second_bucket_of_one_bound_is_refused(tmp_path):
    line = "a/b,plain,1,2,1\n"
    with pytest.raises(load.BadInput, match="histogram.csv:3: a second row"):
        read(tmp_path, HEAD + line + line)
    assert np.isfinite(read(tmp_path, HEAD + line)["low_ns"]).all()
