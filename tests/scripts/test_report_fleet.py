# SPDX-License-Identifier: MIT
"""scripts/report --by-machine: the page of a fleet, its map and its links."""

import pathlib
import re
from typing import Any, Dict, List
from urllib.parse import quote

import numpy as np
import pytest

import fleets
import paged
from analysis import cells, fleet, groups, machine
from hand_made import HOSTILE
from made_runs import compare_once, edit
from test_by_machine import (MACHINES, OTHER_BINARY, ROWS, Sides, make_fleet,
                             options)
from test_report import contrast, run_report
from test_report_untrusted import ATTACK

SECTIONS = ["in-short", "map", "machines", "typical"]
REPORTED = (0, 2, 12)       # machines whose run after has a report
MARK = "report.html"


def fleet_page(found: Sides, *more: Any, status: int = 0) -> paged.Page:
    """The page that the script made, and printed the place of."""
    said, out, err = run_report(*options(found, "--no-plots", *more))
    assert (said, err.count("\n")) == (status, bool(status))
    return paged.read(pathlib.Path(out.strip()), leads_out=True)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Sides:
    """Nine machines of the second family got slower, and lab002's row."""
    made = make_fleet(tmp_path_factory.mktemp("fleet"), range(MACHINES))
    for place in REPORTED:
        (made[1][place] / MARK).write_text("")
    return made


@pytest.fixture(scope="module")
def page(planted: Sides) -> paged.Page:
    return fleet_page(planted)


@pytest.fixture
def two(tmp_path: pathlib.Path) -> Sides:
    """Two machines of one family, to be spoilt by a test."""
    return make_fleet(tmp_path, range(2))


def told_of(found: Sides) -> Dict[str, Any]:
    """What scripts/compare says."""
    said = compare_once(*options(found, "--format", "json"))
    return said.json


def map_rows(page: paged.Page) -> Dict[str, List[paged.Element]]:
    """The cells of each machine of the map, by its name."""
    return {row[0].said.removesuffix(" ?"): row[1:]
            for row in page.rows("map-cells") if len(row) > 1}


def heads(page: paged.Page) -> List[str]:
    """The benchmarks of the map."""
    return [one.said for one in page.all("th")
            if "thead" in one.within and "table" in one.within
            and one.said in ROWS]


def test_the_page_lies_beside_the_runs(planted: Sides, page: paged.Page
                                       ) -> None:
    assert (planted[1][0].parent / "fleet.html").is_file()
    assert page.sections == SECTIONS
    assert "30 machines by 5 rows" in page.source


def test_counts_are_those_of_compare(planted: Sides, page: paged.Page
                                     ) -> None:
    told = told_of(planted)
    said = paged.words(page, "in-short")
    for words, name in (("slower in some row", "slower"),
                        ("faster in some row", "faster"),
                        ("equivalent in every row", "equivalent"),
                        ("inconclusive in some row", "inconclusive")):
        assert f"{words}{told['verdicts'][name]}" in said
    for words in "by CPU family", "by mitigation that differs", "off -> on":
        assert words in said
    assert "lab002" in paged.words(page, "machines")


def test_each_cell_is_that_of_compare(planted: Sides, page: paged.Page
                                      ) -> None:
    rows, names = map_rows(page), heads(page)
    assert len(rows) == MACHINES and set(names) == set(ROWS)
    for one in told_of(planted)["rows"]:
        cell = rows[one["machine"]][names.index(one["benchmark"])]
        assert cell.has(one["verdict"]) and cell.said.split()[2].rstrip(
            ",") == one["verdict"]
        assert float(cell.said.split()[0]) == pytest.approx(
            one["difference_percent"], abs=0.051)
        assert cell.has("out") == one["stands_out"]


def test_colours_follow_the_difference(page: paged.Page) -> None:
    steps = sorted((float(cell.said.split()[0]), int(
        cell.attributes["class"].split()[0][1:]))
        for row in map_rows(page).values() for cell in row)
    assert [step for _, step in steps] == sorted(step for _, step in steps)
    assert all((step > 5) == (percent > 0) or step == 5
               for percent, step in steps)
    assert steps[-1][1] == 10


def test_families_stand_together(page: paged.Page) -> None:
    families = [row[0].said for row in page.rows("map-cells")
                if len(row) == 1]
    assert len(families) == 4 and "12 machines" in families[0]


def test_links_lead_to_the_reports_that_are_there(page: paged.Page) -> None:
    wanted = {f"after-lab{place:03}/{MARK}" for place in REPORTED}
    found = paged.links(page)
    assert set(found) == wanted
    assert len(found) == len(REPORTED) * (len(ROWS) + 1)


def test_links_from_elsewhere_and_to_odd_names(
        two: Sides, tmp_path: pathlib.Path) -> None:
    odd = 'a b"><img src=x>&#%2F?\n\u202e'
    place = two[1][0].rename(two[1][0].with_name(odd))
    (place / MARK).write_text("")
    output = tmp_path / "pages" / "page.html"
    output.parent.mkdir()
    found = fleet_page((two[0], [place, two[1][1]]), "--output", output)
    assert set(paged.links(found)) == {f"../{quote(odd)}/{MARK}"}
    assert "<img" not in found.source


def test_links_too_long_for_every_cell_stand_at_the_machine(
        two: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    from reporting import heat
    monkeypatch.setattr(heat, "LINKS_MOST", 10)
    (two[1][0] / MARK).write_text("")
    assert paged.links(fleet_page(two)) == [f"after-lab000/{MARK}"]


def test_a_map_too_large_shows_what_changed_most(
        planted: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    from reporting import heat
    monkeypatch.setattr(heat, "CELLS_MOST", 20)
    monkeypatch.setattr(heat, "ROWS_LEAST", 2)
    found = fleet_page(planted, "--output", planted[0][0].parent / "x.html")
    rows = map_rows(found)
    assert len(rows) == 10 and "lab002" in rows
    assert {len(row) for row in rows.values()} == {2}
    said = paged.words(found, "map")
    assert "The 2 of 5 benchmarks" in said
    assert "The 10 of 30 machines" in said


@pytest.mark.parametrize("attack", [HOSTILE, ATTACK.replace("\0", "")])
def test_hostile_names_are_text(two: Sides, attack: str) -> None:
    shapes = []
    for text in "harmless", attack:
        for run in two[0][0], two[1][0]:
            edit(run, {"environment/host": text,
                       "environment/cpu/model": text,
                       "tool/version": text})
        for run in two[0][1], two[1][1]:
            edit(run, {"environment/cpu/model": text})
        found = fleet_page(two)
        shapes.append(paged.shape(found))
    assert shapes[0] == shapes[1]
    assert "\x1b" not in found.source and "\u202e" not in found.source


def test_who_was_not_compared_is_named_with_the_reason(
        tmp_path: pathlib.Path) -> None:
    found = make_fleet(tmp_path, range(3))
    edit(found[1][0], OTHER_BINARY)
    said = paged.words(fleet_page((found[0], found[1][:2])), "machines")
    assert re.search("lab000refused.*binary", said)
    assert "lab002left outonly before" in said


def test_a_fleet_of_which_none_may_be_compared(two: Sides) -> None:
    for run in two[1]:
        edit(run, OTHER_BINARY)
    found = fleet_page(two, status=3)
    assert found.sections == ["refused"]
    assert "lab000refused" in paged.words(found, "refused")
    forced = fleet_page(two, "--force")
    assert "FORCED: lab000" in forced.all("main")[0].said
    assert forced.sections == SECTIONS


def test_emulated_machines_say_so_at_every_figure(two: Sides) -> None:
    for run in two[0][0], two[1][0]:
        edit(run, {"environment/guest/emulated_by": "tcg"})
    found = fleet_page(two)
    line = "emulated: signs and constancy only (tcg) (1 of 2 machines)"
    assert all(line in paged.words(found, name) for name in SECTIONS)
    alerts, = [one for one in found.all("section") if one.has("alerts")]
    assert line in alerts.said


@pytest.mark.parametrize("more, words", [
    (["--by-machine", "run"], "--by-machine needs"),
    (["--history", "x", "--before", "a", "--after", "b"], "needs --by-mach"),
    (["--by-machine", "--before", "none", "--after", "none2",
      "--output", "x/y.html"], "x/y.html")])
def test_wrong_use_is_one_line(more: List[str], words: str) -> None:
    status, out, err = run_report(*more)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert words in err


# The map's looks

def test_figures_can_be_read_on_every_colour() -> None:
    style = (paged.TEMPLATES / "style.css").read_text()
    light, dark = (dict(re.findall(r"--(h\d+|h-\w+): (#\w{6})", block))
                   for block in re.findall(r":root \{(.*?)\}", style, re.S))
    far = [f"h{step}" for step in (0, 1, 9, 10)]
    assert ", ".join(f".heat .{name}" for name in far) in style
    for colours in light, dark:
        assert len(colours) == 13
        for step in range(11):
            ink = colours["h-far" if f"h{step}" in far else "h-ink"]
            assert contrast(ink, colours[f"h{step}"]) >= 4.5, (step, colours)


def large_fleet(folder: pathlib.Path) -> cells.Fleet:
    """200 machines by 30 rows, each of which has a report."""
    rows, chosen = cells.corrected(fleets.cells_of(
        np.random.default_rng(1), truth=fleets.PLANTED), 0)
    members = []
    for name, family in rows.groupby("machine")["family"].first().items():
        run = folder / f"after-{name}"
        run.mkdir()
        (run / MARK).write_text("")
        members.append(fleet.Member(
            machine.Machine(name, name, True, family), rows[:0],
            "20 launches", False, {"": None}, None, True, [], [], 0.01, "",
            [], [run]))
    return cells.Fleet(members, [], [], rows, cells.of_cells(rows), chosen)


def test_a_large_fleet_makes_a_small_page(tmp_path: pathlib.Path) -> None:
    from reporting import fleet_page as pages
    from reporting import page as whole
    found = large_fleet(tmp_path)
    made = pages.page(found, groups.of_fleet(found), [],
                      tmp_path / "fleet.html", None)
    (tmp_path / "fleet.html").write_bytes(whole.render(made, {}))
    page = paged.read(tmp_path / "fleet.html", leads_out=True)
    assert len(paged.links(page)) == 200 * 31
    assert len(page.source.encode()) < 1_000_000
