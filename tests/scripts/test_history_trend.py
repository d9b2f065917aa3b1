# SPDX-License-Identifier: MIT
"""Trends: the order of kernels, points and their intervals, the picture."""

import itertools
import pathlib
from typing import List

import pytest
from scipy.stats import binom

from hand_made import HOSTILE
from histories import ROWS, Archive

from archive import kernels, trending

NAME = ROWS[0]
DERIVED = "environment__mitigations__derived"


@pytest.fixture
def archive(tmp_path: pathlib.Path) -> Archive:
    return Archive(tmp_path)


ORDERED = [
    "", "generic", "2.6.32-754.el6.x86_64", "4.4.0", "5.15.0-91-generic",
    "6.1-rc3", "6.1-rc10", "6.1.0-13-amd64", "6.1.0-21-amd64", "6.1.9",
    "6.1.10", "6.1.100", "6.2-rc1", "6.2", "6.10", "6.18.44", "10.0"]


def test_order_of_kernels() -> None:
    for seed in range(3):
        shuffled = sorted(ORDERED, key=lambda text: text[seed:] + text)
        assert sorted(shuffled, key=kernels.order) in (
            ORDERED, [*ORDERED[1:2], *ORDERED[:1], *ORDERED[2:]])


def test_releases_that_differ_are_ordered_apart() -> None:
    for one, other in itertools.combinations(ORDERED, 2):
        assert kernels.order(one) != kernels.order(other)


def test_a_hostile_release_is_bounded() -> None:
    assert len(kernels.order("9" * 100000)) < 1000
    assert len(kernels.order("1." * 100000)) < 10000


@pytest.mark.parametrize("count", range(trending.BOOTS_LEAST, 60))
def test_the_interval_of_a_median_holds_95_percent(count: int) -> None:
    """Between the order statistics lies the median with 95 % and more, and
    the next narrower interval has less."""
    cut = trending.rank(count)
    assert 2 * binom.cdf(cut, count, 0.5) <= 0.05
    assert 2 * binom.cdf(cut + 1, count, 0.5) > 0.05


def test_a_point_a_kernel_in_order_of_version(archive: Archive) -> None:
    for hour, kernel in enumerate((10, 9, 100)):
        archive.add(kernel=kernel, hour=hour)
    archive.index()
    rows = archive.asked("trend", NAME)
    assert [row["kernel"] for row in rows] == ["6.9.0", "6.10.0", "6.100.0"]
    by_time = archive.asked("trend", NAME, "--by", "time")
    assert [row["kernel"] for row in by_time] == ["6.10.0", "6.9.0",
                                                  "6.100.0"]


def quiets(archive: Archive) -> List[float]:
    """Each run's cost, by the time it began."""
    return [float(row["quiet_ns"]) for row in
            archive.asked("trend", NAME, "--by", "time")]


def test_a_point_is_the_median_over_boots(archive: Archive) -> None:
    """However many runs one of them has; the interval is their range."""
    for boot, run in ((0, 0), (1, 0), (2, 0), (2, 1), (2, 2)):
        archive.add(boot=boot, run=run, hour=10 * boot + run)
    archive.index()
    point, = archive.asked("trend", NAME)
    cost = quiets(archive)
    boots = [cost[0], cost[1], sorted(cost[2:])[1]]
    assert float(point["quiet_ns"]) == pytest.approx(sorted(boots)[1], 1e-5)
    assert float(point["low_ns"]) == pytest.approx(min(boots), 1e-5)
    assert float(point["high_ns"]) == pytest.approx(max(boots), 1e-5)
    assert point["of"] == "3 boots"


def test_the_interval_of_many_boots(archive: Archive) -> None:
    for boot in range(9):
        archive.add(boot=boot, hour=boot)
    archive.index()
    point, = archive.asked("trend", NAME)
    cost = sorted(quiets(archive))
    assert [float(point[name]) for name in (
        "low_ns", "quiet_ns", "high_ns")] == pytest.approx(
            [cost[1], cost[4], cost[7]], 1e-5)


def test_a_run_has_its_own_interval(archive: Archive) -> None:
    folder = archive.add()
    archive.index()
    point, = archive.asked("trend", NAME)
    row, = [row for row in archive.asked("show", folder)
            if row["benchmark"] == NAME]
    assert point["of"] == "1 run"
    assert [point[name] for name in ("quiet_ns", "low_ns", "high_ns")] == [
        row[name] for name in ("quiet_ns", "low_ns", "high_ns")]


def test_states_are_lines_of_their_own(archive: Archive) -> None:
    archive.add(run=0)
    archive.add(run=1, **{DERIVED: {"pti": {"state": "on"},
                                    "srso": {"state": "unknown"}}})
    archive.add(run=2, environment__task__Seccomp="2")
    archive.add(run=3, **{DERIVED: None})
    archive.index()
    states = {row["state"] for row in archive.asked("trend", NAME)}
    assert len(states) == 4
    assert {"pti srso?", "?"} < states
    assert sum(state.endswith(" seccomp") for state in states) == 1


def test_the_first_arm_is_shown(archive: Archive) -> None:
    folder = archive.add(arms=[
        {"name": "skipped", "skipped": "no"},
        {"name": "filter", "skipped": None, "conditions": ["seccomp:8"]},
        {"name": "plain", "skipped": None, "conditions": []}])
    head, *rows = (folder / "summary.csv").read_text().splitlines()
    again = [row.replace(",plain,", ",filter,") for row in rows]
    (folder / "summary.csv").write_text("\n".join([head, *rows, *again, ""]))
    archive.index()
    point, = archive.asked("trend", NAME)
    assert point["state"].endswith("[seccomp:8]")
    assert [row["arm"] for row in archive.asked("show", folder)] == [
        "filter"] * 3 + ["plain"] * 3


def test_doubts_are_marked(archive: Archive) -> None:
    archive.add(run=0)
    archive.add(run=1, doubts=[
        {"id": "no_quiet", "severity": "serious"},
        {"id": "turbo", "severity": "note"}])
    archive.add(run=2, complete=False)
    archive.index()
    point, = archive.asked("trend", NAME)
    assert point["marks"] == ("incomplete (1 of 3); "
                              "serious: no_quiet (1 of 3)")
    assert [row["marks"] for row in archive.asked("list")] == [
        "", "serious: no_quiet", "incomplete"]


def test_an_unknown_benchmark(archive: Archive) -> None:
    archive.add()
    archive.index()
    archive("trend", "getppid/x").refused("getppid/inline, getppid/libc")
    archive("trend", NAME, "--machine", "nobody").refused("no run is left")


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_the_picture(archive: Archive, tmp_path: pathlib.Path, suffix: str
                     ) -> None:
    for machine in (0, 1):
        for kernel in (0, 1, 2):
            archive.add(machine, kernel, hour=kernel, complete=kernel != 1,
                        environment__cpu__model=HOSTILE)
    archive.add(2, environment__guest__emulated_by="tcg")
    archive.index()
    for by in ("kernel", "time"):
        pictures = [tmp_path / f"{number}{by}.{suffix}" for number in (0, 1)]
        for picture in pictures:
            said = archive("trend", NAME, "--plot", picture, "--by", by)
            assert (said.status, said.err) == (0, "")
        first, second = (picture.read_bytes() for picture in pictures)
        assert len(first) > 10000 and first == second


def test_what_a_picture_says(archive: Archive) -> None:
    import matplotlib
    from analysis.figure import STYLE
    from archive import database, trend_plot
    for machine in range(14):
        archive.add(machine, doubts=[
            {"id": "x", "severity": "serious"}] if machine == 0 else [])
        archive.add(machine, 1)
    archive.add(0, 2, environment__guest__emulated_by="tcg")
    archive.index()
    given = trending.Namespace(benchmark=NAME, machine=None, kernel=None,
                               label=None, state=None, since=None, until=None)
    with database.reading(archive.database) as connection:
        points = trending.points_of(trending.runs_of(connection, given),
                                    "kernel")
    with matplotlib.rc_context(STYLE):
        figure = trend_plot.draw(points, NAME, "kernel")
    texts = " ".join(text.get_text() for text in figure.texts)
    assert "3 more machines are not shown" in texts
    assert len(figure.axes) == trend_plot.PANELS_MOST
    names = [text.get_text() for text in figure.axes[-1].get_xticklabels()]
    assert names == sorted(names, key=kernels.order)
    hollow = [line for line in figure.axes[0].lines
              if line.get_markerfacecolor() == "white"]
    assert len(hollow) == 1
    matplotlib.pyplot.close(figure)


def test_no_picture_where_it_cannot_go(archive: Archive) -> None:
    archive.add()
    archive.index()
    said = archive("trend", NAME, "--plot", archive.folder / "no" / "x.svg")
    assert said.status == 2 and "x.svg: No such file" in said.err
