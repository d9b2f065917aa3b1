# SPDX-License-Identifier: MIT
"""scripts/report --by-machine --history: a fleet's trends over kernels."""

import pathlib

import pytest

import paged
from histories import Archive
from made_runs import edit
from test_by_machine import Sides, make_fleet, options
from test_report import run_report
from test_report_fleet import SECTIONS, fleet_page


@pytest.fixture
def two(tmp_path: pathlib.Path) -> Sides:
    """Two machines of one family."""
    return make_fleet(tmp_path, range(2))


def history_of(archive: Archive, count: int) -> None:
    """A history in which each of so many machines has three kernels."""
    for place in range(count):
        for kernel in range(3):
            archive.add(place, kernel, hour=kernel)
    archive.index()


def as_in_history(archive: Archive, folder: pathlib.Path, count: int
                  ) -> Sides:
    """A fleet of the history's machines."""
    sides = make_fleet(folder, range(count))
    facts = archive.base.record["environment"]
    alike = {f"environment/{name}": facts.get(name) for name in (
        "cpu", "topology", "hypervisor", "guest")}
    for side in sides:
        for place, run in enumerate(side):
            edit(run, {**alike, "environment/host": f"lab{place}"})
    return sides


@pytest.mark.parametrize("count, words", [
    (2, "A line a machine, over 6 kernels, 6.0.0 to 6.2.1: lab0 "),
    (14, "The median over 14 lines")])
def test_trends_are_there_with_a_history(tmp_path: pathlib.Path, count: int,
                                         words: str) -> None:
    archive = Archive(tmp_path)
    history_of(archive, count)
    found = fleet_page(as_in_history(archive, tmp_path, count),
                       "--history", archive.database)
    assert found.sections == [*SECTIONS, "trends"]
    assert f"history.sqlite knows {count}." in paged.words(found, "trends")
    assert [one.said for one in found.all("figcaption")] == [
        "getppid/libc: cost on a quiet core",
        "clock_gettime/vdso: cost on a quiet core"]
    assert words in found.by_id("picture-trend-1-desc").said


def test_a_history_of_others_says_so(two: Sides, tmp_path: pathlib.Path
                                     ) -> None:
    archive = Archive(tmp_path)
    history_of(archive, 1)
    found = fleet_page(two, "--history", archive.database)
    assert "knows 0" in paged.words(found, "trends")
    assert not found.all("svg")


def test_no_history_is_bad_input(two: Sides) -> None:
    status, out, err = run_report(*options(two, "--history", "none.sqlite"))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "none.sqlite: no such file" in err


def test_hostile_and_emulated_lines(tmp_path: pathlib.Path) -> None:
    archive = Archive(tmp_path)
    hosts = "_<b>$x$</b>", "qemu"
    sides = as_in_history(archive, tmp_path, 2)
    for place, host in enumerate(hosts):
        by = "tcg" if place else None
        facts = {"environment/host": host,
                 "environment/guest/emulated_by": by}
        for side in sides:
            edit(side[place], facts)
        for kernel in range(2):
            edit(archive.add(place, kernel, hour=kernel), facts)
    archive.index()
    found = fleet_page(sides, "--history", archive.database)
    said = found.by_id("picture-trend-1-desc").said
    assert f"{hosts[0]} " in said and "qemu (emulated)" in said
    texts = [one.said for one in found.all("text")]
    assert hosts[0] in texts and "qemu (emulated)" in texts
