# SPDX-License-Identifier: MIT
"""compare --by-machine on run folders of machines with planted truths."""

import functools
import io
import json
import pathlib
import xml.dom.minidom
from typing import Any, Dict, List, Sequence, Tuple

import pandas as pd
import pytest

import fleets
import hand_made
import made_runs
from fleets import Truth
from hand_made import HOSTILE
from made_runs import MISSING, Said, compare, compare_once, edit, make_run
from analysis import by_machine, comparison, fleet, heatmap

pytestmark = pytest.mark.filterwarnings("error")

Sides = Tuple[List[pathlib.Path], List[pathlib.Path]]

ROWS = {name: fleets.costs_of(30)[name] for name in (
    "getppid/libc", "open/libc", "write/inline", "clock_gettime/vdso",
    "baseline/call")}
KERNEL = ["getppid/libc", "open/libc", "write/inline"]
TRUTH = Truth(machine=2)
FEW = {"launches": 10, "rounds": 2, "boot_sd": 0.002, "shared": {},
       "noise": made_runs.Noise(0.001, 0.001)}
MACHINES = 30       # of which 12, 9, 6 and 3 are of a family
FORMATS = ["text", "markdown", "csv", "json"]
OTHER_BINARY = {"tool/build_id": "00" * 20}


def make_fleet(folder: pathlib.Path, places: Sequence[int], **more: Any
               ) -> Sides:
    """These machines' runs before and after."""
    before, after = ([fleets.make_side(
        folder, place, MACHINES, ROWS, is_after, **{
            "truth": TRUTH, **FEW, **more}) for place in places]
        for is_after in (False, True))
    return before, after


def options(found: Sides, *more: Any) -> List[Any]:
    """The command line of a fleet."""
    return ["--by-machine", "--before", *found[0], "--after", *found[1],
            *more]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Sides:
    """Nine machines of the second family got slower, and lab002's row."""
    return make_fleet(tmp_path_factory.mktemp("fleet"), range(MACHINES))


@pytest.fixture(scope="module")
def told(planted: Sides) -> Dict[str, Any]:
    """What is said of it as JSON."""
    said = compare_once(*options(planted, "--format", "json"))
    assert (said.status, said.err) == (0, "")
    return said.json


@pytest.fixture
def two(tmp_path: pathlib.Path) -> Sides:
    """Two machines of one family, to be spoilt by a test."""
    return make_fleet(tmp_path, range(2))


def of_csv(text: str) -> pd.DataFrame:
    """The output's rows, what is empty as ""."""
    return pd.read_csv(io.StringIO(text), keep_default_na=False)


# What is found

def test_the_planted_are_found_and_named(told: Dict[str, Any]) -> None:
    rows = pd.DataFrame(told["rows"])
    said = rows[rows["verdict"].isin(["slower", "faster"])]
    moved = {(f"lab{place:03}", row) for place in range(12, 21)
             for row in KERNEL} | {("lab002", "getppid/libc")}
    assert set(zip(said["machine"], said["benchmark"])) == moved
    assert told["verdicts"]["slower"] == 10
    assert told["verdicts"]["faster"] == told["verdicts"]["both"] == 0
    assert [(one["machine"], one["row"]) for one in told["stands_out"]
            ] == [("lab002", "getppid/libc")]
    assert told["stands_out"][0]["off_percent"] == pytest.approx(10, abs=1)


def test_groups_say_what_is_typical(told: Dict[str, Any]) -> None:
    groups = {(group["kind"], group["name"].split(" (")[0]): group
              for group in told["groups"]}
    assert set(groups) == {
        ("all", "all machines"), ("family", "GenuineIntel 6/143"),
        ("family", "AuthenticAMD 25/17"), ("family", "GenuineIntel 6/106"),
        ("family", "AuthenticAMD 23/49"), ("mitigation", "its off -> on"),
        ("mitigation", "no mitigation's state")}
    for key in (("family", "AuthenticAMD 25/17"),
                ("mitigation", "its off -> on")):
        rows = pd.DataFrame(groups[key]["rows"]).set_index("benchmark")
        assert set(rows["verdict"][KERNEL]) == {"slower"}
        assert rows["typical_percent"][KERNEL].tolist() == pytest.approx(
            [3, 3, 3], abs=0.5)
        assert groups[key]["verdicts"]["slower"] == 9
        assert groups[key]["machines"] == [
            f"lab{place:03}" for place in range(12, 21)]
    still = pd.DataFrame(groups["family", "GenuineIntel 6/143"]["rows"])
    assert not still["verdict"].isin(["slower", "faster"]).any()


def test_a_family_too_small_for_a_test_says_so(told: Dict[str, Any],
                                               planted: Sides) -> None:
    group, = [group for group in told["groups"]
              if "23/49" in group["name"]]
    assert {row["verdict"] for row in group["rows"]} == {"inconclusive"}
    text = compare_once(*options(planted)).out
    assert "3 machines: too few for a verdict over machines" in text


def test_a_machine_is_judged_as_by_itself(told: Dict[str, Any],
                                          planted: Sides) -> None:
    """Figures and intervals are those of an ordinary comparison."""
    for place in 0, 2, 14:
        alone = compare(planted[0][place], planted[1][place],
                        "--format=json").rows
        rows = pd.DataFrame([row for row in told["rows"] if row[
            "machine"] == f"lab{place:03}"]).set_index("benchmark")
        for name in ("before_ns", "after_ns", "difference_percent",
                     "ci_low_percent", "ci_high_percent",
                     "smallest_effect_percent"):
            assert rows[name].tolist() == pytest.approx(
                alone[name].reindex(rows.index).tolist())


def test_processes_change_nothing(planted: Sides, monkeypatch:
                                  pytest.MonkeyPatch) -> None:
    tasks = fleet.sort(*(fleet.read_side(side[:4])[0] for side in planted),
                       comparison.Wanted(earlier=[]), False).tasks
    found = []
    for count in 1, 2:
        monkeypatch.setattr(fleet, "processes", lambda _: count)
        found.append(fleet.compare_all(tasks))
    for one, other in zip(*found):
        assert isinstance(one, fleet.Member)
        pd.testing.assert_frame_equal(one.rows, other.rows)
        assert one._replace(rows=None) == other._replace(rows=None)


def test_the_order_of_runs_does_not_matter(planted: Sides, told: Dict[
        str, Any]) -> None:
    said = compare(*options((planted[0][::-1], planted[1]),
                            "--format=json")).json
    assert said["rows"] == told["rows"]


def test_boots_of_a_machine_have_their_own_p(tmp_path: pathlib.Path) -> None:
    """Six boots a side test by themselves: no fellows are needed."""
    facts = {"environment/load": {"uptime": "60.00 1.00"}}
    hours = made_runs.alternating(6)
    before, after = (made_runs.make_boots(
        tmp_path, name, hours[place], costs, facts=facts)
        for place, (name, costs) in enumerate([
            ("a", ROWS), ("b", {**ROWS, "open/libc": 1.2 * 900})]))
    said = compare(*options((before, after), "--format=json")).json
    assert said["machines"][0]["units"] == "6 boot pairs"
    assert said["correction"]["machines"] == 1
    rows = {row["benchmark"]: row for row in said["rows"]}
    assert rows["open/libc"]["allowance_percent"] == 0
    assert 0 < rows["open/libc"]["p_adjusted"] <= 0.05


# What is left out

def test_machines_of_one_side_are_named(planted: Sides) -> None:
    said = compare(*options((planted[0][1:4], planted[1][:3]),
                            "--format=json")).json
    assert [(one["name"], one["why"]) for one in said["left_out"]] == [
        ("lab000", "only after"), ("lab003", "only before")]
    assert [one["machine"] for one in said["machines"]] == [
        "lab001", "lab002"]


@pytest.mark.parametrize("facts, words", [
    (OTHER_BINARY, "another binary"), ({"complete": False}, "not complete"),
    ({"environment/cpu/model": "Pentium"}, "another CPU model"),
    ({"schema": 7}, "schema"), ({"schema": None}, "no schema version"),
    ({"environment/guest/emulated_by": "tcg"}, "is emulated")])
def test_one_machine_that_may_not_be_compared(two: Sides, facts: Any,
                                              words: str) -> None:
    edit(two[1][0], facts)
    said = compare(*options(two))
    assert said.status == 0 and "1 of 2 machines compared" in said.out
    line, = [line for line in said.out.splitlines()
             if line.startswith("  refused: lab000: ")]
    assert words in line
    rows = of_csv(compare(*options(two, "--format=csv")).out)
    refused = rows[rows["verdict"] == "refused"]
    assert refused["machine"].tolist() == ["lab000"]
    assert words in refused["notes"].iloc[0]


@pytest.mark.parametrize("spoil", [
    lambda run: (run / "run.json").unlink(),
    lambda run: (run / "run.json").write_text("{"),
    lambda run: (run / "samples.csv").unlink(),
    lambda run: (run / "samples.csv").write_text("nothing\n1\n"),
    lambda run: (run / "run.json").write_text("[" * 100000)])
def test_a_run_that_cannot_be_read_spoils_no_other(two: Sides, spoil: Any
                                                   ) -> None:
    spoil(two[1][0])
    said = compare(*options(two))
    assert (said.status, said.err) == (0, "")
    assert "refused: " in said.out and "1 of " in said.out
    assert "after-lab000" in said.out


def test_force_compares_all_the_same_and_says_so(two: Sides) -> None:
    edit(two[1][0], OTHER_BINARY)
    said = compare(*options(two, "--force"))
    assert said.out.startswith("FORCED: lab000: another binary")
    rows = of_csv(compare(*options(two, "--force", "--format=csv")).out)
    forced = rows["notes"].str.contains("forced")
    assert set(rows["machine"][forced]) == {"lab000"}


def test_where_no_machine_can_be_compared(two: Sides) -> None:
    for folder in two[1]:
        edit(folder, OTHER_BINARY)
    compare(*options(two)).refused(3, "no machine", "another binary")
    compare(*options((two[0][:1], two[1][1:]))).refused(3, "only")


def test_the_same_run_on_both_sides_is_wrong_use(two: Sides) -> None:
    compare(*options((two[0], two[0]))).refused(2, "the same run")


@pytest.mark.parametrize("wrong", [
    ["--by-machine", "a", "b"], ["--by-machine", "--before", "a"],
    ["a", "b", "--plot", "c"],
    ["--by-machine", "--before", "a", "--after", "b", "--format=lkp"]])
def test_wrong_use(wrong: List[str]) -> None:
    said = compare(*wrong)
    assert said.status == 2 and said.err.count("\n") == 1


# Machines without a name

def anonymous(found: Sides, **facts: Any) -> Sides:
    """The runs as --anonymous leaves them."""
    for folder in (*found[0], *found[1]):
        edit(folder, {"environment/host": MISSING, "run/anonymous": True,
                      **facts})
    return found


def test_anonymous_runs_are_paired_by_hardware(two: Sides) -> None:
    anonymous(two)
    for folder in two[0][1], two[1][1]:
        edit(folder, {"environment/cpu/stepping": "8"})
    said = compare(*options(two, "--format=json")).json
    assert len(said["machines"]) == 2
    for one in said["machines"]:
        assert not one["named_by_host"]
        assert one["machine"].startswith("unnamed-")
        assert "paired by hardware" in one["warnings"][0]


def test_machines_that_cannot_be_told_apart_are_not_paired(two: Sides
                                                           ) -> None:
    compare(*options(anonymous(two))).refused(
        3, "no host is named", "several machines")


def test_a_host_that_one_side_does_not_name(two: Sides) -> None:
    anonymous((two[0][:1], []))
    said = compare(*options(two, "--format=json")).json
    assert len(said["machines"]) == 1
    assert sorted(one["why"] for one in said["left_out"]) == [
        "only after: before has runs of such a CPU that name no host",
        "only before: after has runs of such a CPU that name their host"]


# The forms of the output

def test_csv_and_json_hold_the_same_rows(planted: Sides, told: Dict[str, Any]
                                         ) -> None:
    found = of_csv(compare_once(*options(planted, "--format", "csv")).out)
    rows = pd.DataFrame(told["rows"])
    assert len(found) == len(rows) == MACHINES * len(ROWS)
    for column in ("machine", "family", "benchmark", "verdict", "units"):
        assert found[column].tolist() == rows[column].tolist()
    for column in ("difference_percent", "p_adjusted", "off_percent"):
        assert pd.to_numeric(found[column]).tolist() == pytest.approx(
            rows[column].astype(float).tolist(), rel=1e-4, nan_ok=True)


@pytest.mark.parametrize("form", FORMATS)
def test_output_to_a_file(planted: Sides, tmp_path: pathlib.Path, form: str
                          ) -> None:
    printed = compare_once(*options(planted, "--format", form)).out
    said = compare(*options(planted, "--format", form, "--output",
                            tmp_path / "out"))
    assert said == (0, "", "")
    assert (tmp_path / "out").read_text(encoding="utf-8") == printed


def test_the_tables_of_markdown(planted: Sides) -> None:
    said = compare_once(*options(planted, "--format", "markdown"))
    lines = said.out.splitlines()
    heads = [place for place, line in enumerate(lines)
             if line.startswith("| ---")]
    assert len(heads) >= 5
    for place in heads:
        assert lines[place].count("|") == lines[place - 1].count("|") == \
            lines[place + 1].count("|")


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_names(two: Sides, form: str) -> None:
    """In a host, a CPU and a mitigation; whatever a terminal obeys."""
    for folder in two[0][0], two[1][0]:
        edit(folder, {"environment/host": "=1|x\n\x1b[2J" + HOSTILE,
                      "environment/cpu/model": HOSTILE})
    edit(two[1][0], {"environment/mitigations/derived": {
        HOSTILE: {"state": "\x1b[31m<b>|"}}})
    said = compare(*options(two, "--format", form))
    assert said.status == 0 and "\x1b" not in said.out
    assert all(line.isprintable() for line in said.out.splitlines())
    if form == "csv":
        assert not of_csv(said.out)["machine"].str.startswith("=").any()
    if form == "markdown":
        assert "<script" not in said.out and "<b" not in said.out


def test_several_arms_are_rows_of_their_own(tmp_path: pathlib.Path) -> None:
    facts = {"environment/load": {"uptime": "60.00 1.00"}}
    runs = [make_run(tmp_path / name, {"plain": ROWS, "taxed": ROWS},
                     boot=name, hour=24 * hour, facts=facts, launches=10)
            for hour, name in enumerate("ab")]
    rows = pd.DataFrame(compare(*options(
        (runs[:1], runs[1:]), "--format=json")).json["rows"])
    assert len(rows) == 2 * len(ROWS)
    assert set(rows["arm"]) == {"plain", "taxed"}
    assert "open/libc (taxed)" in set(rows["benchmark"])


def test_some_rows(planted: Sides) -> None:
    rows = pd.DataFrame(compare(*options(
        planted, "--benchmarks=getppid", "--format=json")).json["rows"])
    assert set(rows["benchmark"]) == {"getppid/libc"}


def test_a_row_of_one_side_is_not_lost(tmp_path: pathlib.Path) -> None:
    facts = {"environment/load": {"uptime": "60.00 1.00"}}
    less = {name: cost for name, cost in ROWS.items()
            if name != "open/libc"}
    runs = [make_run(tmp_path / name, costs, boot=name, hour=24 * hour,
                     facts=facts) for hour, (name, costs) in enumerate(
                         [("a", ROWS), ("b", less)])]
    for form in FORMATS:
        said = compare(*options((runs[:1], runs[1:]), "--format", form))
        assert said.status == 0
    rows = of_csv(compare(*options((runs[:1], runs[1:]),
                                   "--format=csv")).out)
    row = rows[rows["benchmark"] == "open/libc"].iloc[0]
    assert (row["verdict"], row["notes"]) == ("inconclusive", "only before")


def test_emulated_machines_say_so(two: Sides) -> None:
    for folder in two[0][0], two[1][0]:
        edit(folder, {"environment/guest/emulated_by": "tcg"})
    said = compare(*options(two))
    assert said.out.startswith("emulated: signs and constancy only (tcg)")
    rows = of_csv(compare(*options(two, "--format=csv")).out)
    assert (rows["emulated"] != "").sum() == len(ROWS)


# The gate

def gate(found: Sides, *more: str) -> Said:
    """With --fail-above 2 %."""
    return compare_once(*options(found, "--fail-above=2%", *more))


def test_the_gate_names_machines(planted: Sides) -> None:
    said = gate(planted, "--inconclusive=pass")
    assert said.status == 1
    failing = [line for line in said.err.splitlines()
               if "slower than" in line]
    assert any(line.startswith("compare: lab002: ") for line in failing)
    assert not any("lab000" in line or "lab005" in line for line in failing)


def test_the_gate_cannot_tell_of_a_refused_machine(two: Sides) -> None:
    edit(two[1][0], OTHER_BINARY)
    said = compare(*options(two, "--fail-above=50%"))
    assert said.status == 1 and "lab000: --fail-above cannot" in said.err
    said = compare(*options(two, "--fail-above=50%", "--inconclusive=pass"))
    assert said.status == 0 and "lab000" in said.err


# The heat map

@pytest.fixture
def style() -> Any:
    """Figures as the script's, closed in the end."""
    yield from hand_made.style()


@functools.lru_cache(maxsize=None)
def judged(before: Tuple[pathlib.Path, ...], after: Tuple[pathlib.Path, ...]
           ) -> Any:
    """A fleet, and its groups."""
    members, refused, left = fleet.compare(
        before, after, comparison.Wanted(), None, False)
    whole = by_machine.fleet_of(members, refused, left, 0.0)
    return whole, by_machine.groups.of_fleet(whole)


def drawn(found: Sides) -> Any:
    """A fleet's heat map."""
    whole, groups = judged(*map(tuple, found))
    return whole, heatmap.draw(whole, groups)


def test_the_picture_is_written_twice(planted: Sides, tmp_path: pathlib.Path
                                      ) -> None:
    some = planted[0][:2], planted[1][:2]
    for name in "map.svg", "map.png", "map":
        said = compare(*options(some, "--plot", tmp_path / name))
        assert said.status == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "map.png", "map.svg"]
    xml.dom.minidom.parse(str(tmp_path / "map.svg"))
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("count", [1, 4, MACHINES])
def test_the_layout_of_the_picture(planted: Sides, style: Any, count: int
                                   ) -> None:
    whole, figure = drawn((planted[0][:count], planted[1][:count]))
    figure.canvas.draw()
    size = figure.bbox.padded(0.5)
    texts = hand_made.all_texts(figure)
    for text in texts:
        box = text.get_window_extent()
        assert size.contains(box.x0, box.y0), text.get_text()
        assert size.contains(box.x1, box.y1), text.get_text()
    axes = figure.axes[0]
    names = [label.get_text().removesuffix(" ?")
             for label in axes.get_yticklabels()]
    assert sorted(names) == sorted(whole.machines.index)
    rows = [label.get_text() for label in axes.get_xticklabels()]
    assert sorted(rows) == sorted(ROWS)
    assert not hand_made.overlaps([label.get_window_extent() for label in
                                   axes.get_yticklabels()])


def test_marks_are_the_verdicts(planted: Sides, style: Any) -> None:
    whole, figure = drawn(planted)
    marks = [(line.get_marker(), len(line.get_xdata()))
             for line in figure.axes[0].get_lines()]
    counts = whole.cells["verdict"].value_counts()
    for mark, name in (("^", "slower"), ("v", "faster"),
                       (".", "inconclusive")):
        assert sum(count for found, count in marks
                   if found == mark) == counts.get(name, 0)


def test_families_stand_together(planted: Sides, style: Any) -> None:
    whole, _ = drawn(planted)
    layout = heatmap.layout_of(whole, by_machine.groups.of_fleet(whole))
    family = whole.machines["family"].reindex(layout.y.sort_values().index)
    assert (family != family.shift()).sum() == family.nunique() == 4
    assert layout.y.is_unique and layout.x.is_unique


def test_hostile_names_are_drawn(two: Sides, tmp_path: pathlib.Path) -> None:
    for folder in two[0][0], two[1][0]:
        edit(folder, {"environment/host": HOSTILE,
                      "environment/cpu/model": HOSTILE})
    said = compare(*options(two, "--plot", tmp_path / "map"))
    assert said.status == 0
    assert "<script" not in (tmp_path / "map.svg").read_text()


def test_json_says_what_was_corrected(told: Dict[str, Any]) -> None:
    assert told["correction"]["over_machines"].startswith("Benjamini")
    assert told["correction"]["machines"] == 21     # with nine fellows
    json.dumps(told, allow_nan=False)
