# SPDX-License-Identifier: MIT
"""scripts/report on one run: what its page holds, and what it leaves out."""

import io
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, List, Tuple

import matplotlib
import pandas as pd
import pytest

import hand_made
import made_runs
import paged
from analysis import load
from analysis.columns import Line, texts_of
from hand_made import NAMES, RECORD, SCRIPTS

sys.path.insert(0, str(SCRIPTS))
from reporting import differences, drawing, sheet, text  # noqa: E402

REFERENCE = SCRIPTS.parent / "results" / "reference"
report = made_runs.load_script("report")


def run_report(*arguments: Any) -> Tuple[int, str, str]:
    """Exit status, standard output and standard error of the script."""
    out, err = io.StringIO(), io.StringIO()
    argv, sys.argv = sys.argv, ["report", *map(str, arguments)]
    try:
        with redirect_stdout(out), redirect_stderr(err), \
                matplotlib.rc_context():
            load.run(report.main)
    except SystemExit as done:
        return int(done.code or 0), out.getvalue(), err.getvalue()
    finally:
        sys.argv = argv
    raise AssertionError("it did not exit")


def page_of(*arguments: Any) -> paged.Page:
    """The page that the script made, and printed the place of."""
    status, out, err = run_report(*arguments, "--no-plots")
    assert (status, err) == (0, "")
    return paged.read(pathlib.Path(out.strip()))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A whole run of 12 rows in 20 launches."""
    return made_runs.make_run(tmp_path_factory.mktemp("one") / "run")


@pytest.fixture(scope="module")
def page(made: pathlib.Path) -> paged.Page:
    return page_of(made)


def test_help_is_the_docstring():
    status, out, _ = run_report("--help")
    assert status == 0 and report.__doc__.strip() in out


def test_the_page_of_the_committed_run_holds_all_that_it_measured(tmp_path):
    whole = page_of(REFERENCE, "--output", tmp_path / "page.html")
    assert whole.sections == ["in-short", "doubts", "ladder", "meaning",
                              "buffering", "single-calls", "table", "machine"]
    assert "samples.csv is not there" in whole.source


def test_the_sections_are_those_that_the_rows_suffice_for(page):
    assert page.sections == ["in-short", "doubts", "ladder", "meaning",
                             "launches", "table", "machine"]
    assert not [one for one in page.all("section") if one.has("alerts")]
    assert "Nothing: the run found no reason" in paged.words(page, "doubts")


def test_every_row_of_the_summary_is_in_the_table(page, made):
    rows = load.summary(made)
    shown = page.rows("rows")
    assert [cells[0].said.removesuffix("made up").strip()
            for cells in shown] == list(rows["benchmark"])
    for column, name in ((1, "quiet_ns"), (2, "quiet_low_ns"),
                         (3, "quiet_high_ns"), (4, "median_ns"),
                         (5, "floor_ns")):
        cells = [row[column] for row in shown]
        assert [cell.said for cell in cells] == list(
            rows[name].map(text.number))
        assert [float(cell.attributes["data-key"]) for cell in cells] == (
            pytest.approx(list(rows[name])))


def test_a_figure_stands_there_in_every_unit_the_run_knows(page, made):
    rows = load.summary(made)
    cells = [row[1].attributes for row in page.rows("rows")]
    ticks = rows["quiet_ns"] * made_runs.TICKS_PER_NS
    assert [cell["data-ticks"] for cell in cells] == list(
        ticks.map(text.number))
    assert [cell["data-cycles"] for cell in cells] == list(
        rows["core_cycles"].map(text.number))


def test_units_that_the_run_does_not_know_are_not_offered(tmp_path):
    rows = hand_made.summary(NAMES[:12], core_cycles=float("nan"))
    found = page_of(hand_made.make_run(tmp_path / "run", rows, RECORD))
    assert [one.attributes["value"] for one in found.all("input")
            if one.attributes["type"] == "radio"] == ["ns"]


def sentences(page: paged.Page) -> List[str]:
    """What stands in short."""
    inside = False
    said = []
    for one in page.elements:
        inside = one.has("headline") if one.tag == "ul" else inside
        if inside and one.tag == "li":
            said.append(one.said)
    return said


def test_the_sentences_say_what_the_rows_do(page, made):
    costs = load.summary(made).set_index("benchmark")["quiet_ns"]
    call = json.loads((made / "run.json").read_text())["yardsticks"][
        "empty_call_ns"]
    said = sentences(page)
    assert len(said) == 4
    null = costs["getppid/libc"]
    assert f"costs {null:.1f} ns" in said[0]
    assert f"{null / call:,.0f} empty function calls" in said[0]
    crossing = re.search(r"takes ([\d.]+) ns", said[1])
    assert float(crossing[1]) == pytest.approx(
        made_runs.COSTS["invalid/inline"], rel=0.02)
    assert f"in {costs['clock_gettime/vdso']:.1f} ns" in said[2]
    ratio = costs["clock_gettime/inline"] / costs["clock_gettime/vdso"]
    assert f"{ratio:.1f} times as much" in said[2]
    ratio = costs["write/libc/1"] / costs["write/stdio/1"]
    assert f"{ratio:.1f} times less" in said[3]


@pytest.mark.parametrize("gone, kept", [
    ("getppid/libc", 3), ("clock_gettime/vdso", 3), ("write/stdio/1", 3),
    ("invalid/inline", 3)])
def test_a_sentence_without_its_rows_is_not_said(tmp_path, gone, kept):
    costs = {name: cost for name, cost in made_runs.COSTS.items()
             if name != gone}
    found = page_of(made_runs.make_run(tmp_path / "run", costs, launches=2))
    assert len(sentences(found)) == kept


def test_a_vdso_that_falls_back_is_not_praised(tmp_path):
    run = made_runs.make_run(tmp_path / "run", launches=2)
    record = json.loads((run / "run.json").read_text())
    for row in record["benchmarks"]:
        row["entries_counted"] = 1.0
    made_runs.write_record(run, record)
    said = sentences(page_of(run))
    assert any("since it enters the kernel here" in one for one in said)
    assert not any("without entering" in one for one in said)


def test_the_ladder_is_ordered_and_has_its_table_beside_it(page, made):
    costs = load.summary(made).set_index("benchmark")["quiet_ns"]
    said = page.by_id("picture-ladder-desc").said
    places = [said.index(name) for name in (
        "empty function call", "clock, by the vDSO", "getppid, by libc",
        "open and close")]
    assert places == sorted(places)
    assert text.time(costs["open/libc"]) in paged.words(page, "ladder")


def test_of_many_rows_the_pictures_show_some(tmp_path):
    many = hand_made.summary(hand_made.catalogue())
    found = page_of(hand_made.make_run(tmp_path / "run", many, RECORD))
    assert len(found.rows("rows")) == len(many)
    assert f"of {len(many)} in all" in paged.words(found, "ladder")
    marks = [one for one in found.all("g") if one.attributes.get(
        "id", "").startswith("picture-ladder-ytick")]
    assert 6 <= len(marks) <= 30


def test_a_page_of_any_number_of_rows_stays_small(tmp_path):
    many = hand_made.summary([f"group{place}/libc" for place in range(4000)])
    found = page_of(hand_made.make_run(tmp_path / "run", many, RECORD))
    assert len(found.rows("rows")) == sheet.ROWS_MOST
    assert "4000 rows, of which the first 1500" in found.source


def test_buffering_has_the_fitted_line_and_the_break_even_buffer(tmp_path):
    sizes = {f"write_file/libc/{size}": 400 + 0.05 * size
             for size in (1, 16, 256, 4096, 65536)}
    buffered = {f"write_file/stdio/{size}": 10 + 0.06 * size
                for size in (1, 16, 256, 4096, 65536)}
    run = made_runs.make_run(
        tmp_path / "run", {**sizes, **buffered}, noise=made_runs.STILL,
        facts={"probe/quiet_jump_ticks": made_runs.JUMPS,
               "probe/quiet_chain_ticks": made_runs.CHAIN})
    said = paged.words(page_of(run), "buffering")
    assert "400 ns + 51.2 ns a KiB" in said
    assert f"copying: {text.size(400 / 0.05)}" in said
    assert f"under 1 % from {text.size(99 * 400 / 0.05)}" in said


def test_where_nothing_is_copied_there_is_no_break_even(tmp_path):
    sizes = {f"write/libc/{size}": 150.0 for size in (1, 256, 65536)}
    run = made_runs.make_run(tmp_path / "run", sizes)
    said = paged.words(page_of(run), "buffering")
    assert "whatever n is" in said and "no break-even" in said


def test_modes_are_named(tmp_path):
    run = made_runs.make_run(tmp_path / "run")
    rows = load.summary(run)
    rows["flags"] = rows["benchmark"].eq("open/libc").map(
        {True: "modes", False: ""})
    rows.to_csv(run / "summary.csv", index=False)
    found = page_of(run)
    assert "In two clusters (marked" in paged.words(found, "launches")
    assert "In two clusters: open and close." in found.by_id(
        "picture-launches-desc").said


def test_single_calls_are_shown_when_they_were_stamped(made, tmp_path):
    stamped = pd.read_csv(REFERENCE / "distribution.csv")
    run = made_runs.make_run(tmp_path / "run", launches=2)
    stamped.to_csv(run / "distribution.csv", index=False)
    found = page_of(run)
    assert "single-calls" in found.sections
    row = stamped.set_index("benchmark").loc["getppid/libc"]
    said = paged.words(found, "single-calls")
    assert text.time(row["p50_ns"]) in said
    assert text.time(row["max_ns"]) in said


def test_doubts_come_the_serious_first_and_those_stand_at_the_top(tmp_path):
    doubts = [{"id": kind, "severity": kind, "message": f"a {kind} one",
               "remedy": f"mend the {kind}"}
              for kind in ("note", "doubt", "serious")]
    found = page_of(made_runs.make_run(tmp_path / "run", launches=2,
                                       facts={"doubts": doubts}))
    said = paged.words(found, "doubts")
    places = [said.index(f"a {kind} one")
              for kind in ("serious", "doubt", "note")]
    assert places == sorted(places)
    assert "→ mend the serious" in said
    alerts, = [one for one in found.all("section") if one.has("alerts")]
    assert "a serious one → mend the serious" in alerts.said
    assert "doubt one" not in alerts.said


def test_the_machine_is_a_card_with_the_raw_lines(page):
    said = paged.words(page, "machine")
    assert "Intel(R) Xeon(R) Processor @ 2.50GHz" in said
    assert "off pti" in said and "cpuinfo's flags lack pti" in said
    assert "spectre_v2Mitigation: IBRS" in said


def test_an_emulated_run_says_so_wherever_figures_stand(tmp_path):
    run = made_runs.make_run(tmp_path / "run", launches=2, facts={
        "environment/guest/emulated_by": "tcg"})
    status, out, _ = run_report(run)
    found = paged.read(pathlib.Path(out.strip()))
    assert status == 0
    told = [one.said for one in found.all("p") if one.has("emulated")]
    without = {"doubts", "machine"}
    assert len(told) == len(set(found.sections) - without)
    assert set(told) == {"emulated: signs and constancy only (tcg)"}
    assert not any(words in said for said in sentences(found)
                   for words in ("function calls", "times as", "times less",
                                 "× getppid"))
    for path in (run / "plots").glob("*.svg"):
        assert "signs and constancy only" in path.read_text()


def test_the_same_run_gives_the_same_bytes(made, tmp_path):
    pages = [tmp_path / name / "page.html" for name in ("one", "other")]
    for path in pages:
        path.parent.mkdir()
        assert run_report(made, "--output", path)[0] == 0
    one, other = ({path.name: path.read_bytes()
                   for path in sorted(page.parent.rglob("*.*"))}
                  for page in pages)
    assert one == other and len(one) == 5


def test_pictures_are_saved_as_svg_and_png(made, tmp_path):
    status, out, err = run_report(made, "--output", tmp_path / "page.html")
    assert (status, err) == (0, "")
    assert out == f"{tmp_path}/page.html\n"
    names = sorted(path.name for path in (tmp_path / "plots").iterdir())
    assert names == ["report-ladder.png", "report-ladder.svg",
                     "report-launches.png", "report-launches.svg"]
    for name in names[1::2]:
        said = "".join(ElementTree.parse(
            tmp_path / "plots" / name).getroot().itertext())
        assert "Intel(R) Xeon(R)" in said and "Linux 6.18.44" in said
    for name in names[::2]:
        assert (tmp_path / "plots" / name).read_bytes().startswith(
            b"\x89PNG")


def test_the_page_goes_into_the_run_and_nothing_else_is_left(tmp_path):
    run = made_runs.make_run(tmp_path / "run", launches=2)
    before = {path.name for path in run.iterdir()}
    assert run_report(run)[0] == 0
    assert {path.name for path in run.iterdir()} - before == {
        "report.html", "plots"}


@pytest.mark.parametrize("scheme", range(2))
def test_every_colour_can_be_read_on_its_ground(scheme):
    style = (paged.TEMPLATES / "style.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.S)
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", blocks[scheme]))
    inks = {name for name in colours if not re.match(r"h\d|h-", name)}
    inks -= {"paper", "ground", "grid", "line", "serious-ground",
             "doubt-ground"}
    pairs = [(ink, ground) for ink in inks for ground in ("paper", "ground")]
    pairs += [(ink, "serious-ground") for ink in ("ink", "soft", "serious")]
    pairs += [("ink", "doubt-ground"), ("link", "doubt-ground")]
    assert len(blocks) == 2 and len(inks) > 10
    assert [pair for pair in pairs
            if contrast(*(colours[name] for name in pair)) < 4.5] == []


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, as WCAG 2.1 defines it."""
    def luminance(colour: str) -> float:
        parts = [int(colour[at:at + 2], 16) / 255 for at in (1, 3, 5)]
        lines = [part / 12.92 if part <= 0.03928 else
                 ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * lines[0] + 0.7152 * lines[1] + 0.0722 * lines[2]
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def test_every_way_of_entering_has_its_word_and_its_colour():
    from analysis import ladder
    from reporting import drawing, svg
    assert set(drawing.WAYS) == set(ladder.WAYS)
    assert {colour for _, colour, _ in drawing.WAYS.values()} <= set(
        svg.COLOURS)
    assert set(sheet.UNITS) == {"ns", "ticks", "cycles"}


@pytest.mark.parametrize("room, said", [
    (60, ["", "1 ns", "10 ns", "100 ns", "1 µs", "10 µs", "1 s"]),
    (40, ["", "1 ns", "10", "100", "1 µs", "10", "1 s"]),
    (28, ["", "1 ns", "", "", "1 µs", "", "1 s"])])
def test_an_axis_names_as_many_powers_of_ten_as_have_room(room, said):
    powers = [0.1, 1, 10, 100, 1e3, 1e4, 1e9]
    assert [drawing.tick_time(ns, room=room) for ns in powers] == said


def test_differences_are_in_the_unit_that_the_tables_use():
    far = differences.readable(Line("int80", (4906.2, 4880.0, 4931.0), "ns"))
    assert texts_of(far)[1:3] == ("4.91 µs", "[4.88, 4.93]")
    byte = differences.readable(Line("copy", (-2e6, -3e6, -1e6), "ns/KiB"))
    assert (byte.ends, byte.unit) == ((-2, -3, -1), "ms/KiB")
    for kept in (Line("near", (74.0, 73.0, 75.0), "ns"),
                 Line("size", (5e5, 4e5, 6e5), "KiB")):
        assert differences.readable(kept) == kept
