# SPDX-License-Identifier: MIT
"""scripts/compare on wrong usage, broken runs and hostile texts."""

import io
import json
import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from hand_made import HOSTILE, SCRIPTS
from made_runs import (COSTS, MISSING, SMALL, arm_record, compare,
                       compare_once, edit, make_run, taxed, write_record)

pytestmark = pytest.mark.filterwarnings("error")

TINY = {"launches": 6, "rounds": 2}
FORMATS = ["text", "markdown", "csv", "json", "lkp"]
LINES = 1 + TINY["launches"] * TINY["rounds"] * len(SMALL)


@pytest.fixture(scope="session")
def good(tmp_path_factory):
    """Two runs with nothing wrong."""
    folder = tmp_path_factory.mktemp("good")
    return [make_run(folder / "a", SMALL, boot=1, **TINY),
            make_run(folder / "b", taxed(50, SMALL), boot=2, hour=1, **TINY)]


@pytest.fixture
def broken(good, tmp_path):
    """A copy of the second run, to be broken."""
    return shutil.copytree(good[1], tmp_path / "broken")


# Wrong usage

MANY = "9" * 400
USAGE = [
    [], ["a", "b", "c"], ["--before", "a"], ["--after", "a"],
    ["a", "--before", "b", "--after", "c"], ["a", "--after", "b"],
    ["--before", "--after"], ["a", "--nonsense"], ["a", "--format=xml"],
    ["a", "--format"], ["a", "--inconclusive=maybe"], ["a", "--output"],
    ["a", "b", "--smallest-effect=x"], ["a", "b", "--smallest-effect=-1%"],
    ["a", "b", "--smallest-effect="], ["a", "b", "--smallest-effect=%"],
    ["a", "b", "--smallest-effect=nan"], ["a", "b", "--smallest-effect=inf"],
    ["a", "b", "--smallest-effect=1%%"], ["a", "b", "--smallest-effect=1e9"],
    ["a", "b", "--smallest-effect=" + MANY],
    ["a", "b", "--smallest-effect=1,5"], ["a", "b", "--fail-above=-5"],
    ["a", "b", "--fail-above=five"], ["a", "b", "--fail-above=" + MANY],
    ["a", "b", "--benchmarks=("], ["a", "b", "--benchmarks=*"],
    ["a", "b", "--benchmarks=x{99999999999}"],
    ["a", "b", "--benchmarks=" + "(" * 5000], ["a", "b", "--benchmarks=[z-a]"],
    ["a", "b", "--smallest-effect=\x1b[2J\n"], ["a", "b", "--format=\x1b[2J"]]


@pytest.mark.parametrize("arguments", USAGE, ids=lambda found: " ".join(
    found)[:40].encode("ascii", "backslashreplace").decode())
def test_wrong_usage(arguments):
    said = compare(*arguments)
    said.refused(2)
    assert "--help" in said.err


def test_help_is_the_docstring():
    said = compare("--help")
    assert said.status == 0 and said.err == ""
    for option in ("--before", "--after", "--benchmarks", "--smallest-effect",
                   "--fail-above", "--inconclusive", "--format", "--output",
                   "--force", "Exit status"):
        assert option in said.out


@pytest.mark.parametrize("pattern", ["nothing", "^$", "[[a]", "GETPPID"])
def test_a_pattern_that_matches_nothing(good, pattern):
    said = compare(*good, "--benchmarks", pattern)
    said.refused(2, "--benchmarks", pattern)


@pytest.mark.parametrize("twice, once", [("--before", "--after"),
                                         ("--after", "--before")])
def test_options_given_twice_add_up(good, tmp_path, twice, once):
    more = make_run(tmp_path / "c", SMALL, boot=3, hour=2, **TINY)
    apart = compare(twice, good[0], twice, more, once, good[1], "--format",
                    "json")
    assert apart == compare(twice, good[0], more, once, good[1], "--format",
                            "json")
    assert apart.json["unit"] == "boots"


# Which runs

def link_to(folder, name):
    (folder / name).symlink_to(folder / "run")
    return folder / name


def copy_of(folder, name):
    return shutil.copytree(folder / "run", folder / name)


def relabelled(folder, name):
    return edit(copy_of(folder, name), {"run/label": "other",
                                        "run/started": "2027-01-01"})


@pytest.mark.parametrize("again", [
    lambda folder, _: folder / "run", link_to, copy_of, relabelled,
    lambda folder, _: f"{folder}/run/", lambda folder, _:
    folder / "run" / ".." / "run"])
def test_the_same_run_twice(tmp_path, again):
    run = make_run(tmp_path / "run", SMALL, **TINY)
    said = compare(run, again(tmp_path, "again"))
    said.refused(2, "the same run", str(run))


def test_the_same_run_twice_among_others(good):
    said = compare("--before", *good, "--after", good[0])
    said.refused(2, "the same run")
    said = compare("--before", good[0], good[0], "--after", good[1])
    said.refused(2, "the same run")


def test_a_single_run_of_one_arm(good):
    compare(good[0]).refused(2, str(good[0]), "one arm")


def test_a_run_whose_other_arms_were_skipped(tmp_path):
    run = make_run(tmp_path / "run", {"plain": SMALL}, arms=[
        arm_record("plain"), arm_record("gone", skipped="no perf events")],
        **TINY)
    compare(run).refused(2, "one arm")


@pytest.mark.parametrize("name", ["no-such-run", "file", "b/samples.csv"])
def test_what_is_no_run(good, tmp_path, name):
    (tmp_path / "file").write_text("x")
    said = compare(good[0], tmp_path / name)
    said.refused(2, f"{tmp_path / name}/run.json")


@pytest.mark.parametrize("arms", [
    [], None, 5, "plain", [{"name": 5}], [{}], [[]], MISSING,
    [{"name": "other"}], [{"name": HOSTILE}],
    [{"name": "plain", "skipped": "yes"}]], ids=repr)
def test_a_record_without_the_arms_of_the_samples(good, broken, arms):
    edit(broken, {"arms": arms})
    compare(good[0], broken).refused(2, str(broken))
    compare(broken).refused(2, str(broken))


# run.json

def write_text(text):
    return lambda run: (run / "run.json").write_bytes(text)


def to_a_pipe(name):
    def change(run):
        (run / name).unlink()
        os.mkfifo(run / name)
    return change


def to_a_folder(name):
    def change(run):
        (run / name).unlink()
        (run / name).mkdir()
    return change


def without(name):
    return lambda run: (run / name).unlink()


RECORDS = [
    (without("run.json"), "run.json: No such file"),
    (to_a_pipe("run.json"), "run.json: not a file"),
    (to_a_folder("run.json"), "run.json: not a file"),
    (write_text(b""), "run.json:1: "), (write_text(b"[1]"), "not a JSON"),
    (write_text(b'{\n"a": 1,\n"b'), "run.json:3: "),
    (write_text(b"{\"a\": \"\xff\"}"), "run.json: not JSON"),
    (write_text(b"[" * 100000), "run.json: not JSON"),
    (write_text(b'{"a": "\x1b[2J"}'), "run.json:1: "),
    (write_text(b"{}"), "run.json: no schema")]


@pytest.mark.parametrize("damage, word", RECORDS)
@pytest.mark.parametrize("place", [0, 1])
def test_a_broken_record(good, broken, damage, word, place):
    damage(broken)
    runs = [good[0], broken] if place else [broken, good[0]]
    for force in [], ["--force"]:
        compare(*runs, *force).refused(2, word, str(broken))


@pytest.mark.parametrize("schema", [
    "x", None, MISSING, 0, -1, 1.5, True, [1], {}, "1"], ids=repr)
def test_no_schema(good, broken, schema):
    edit(broken, {"schema": schema})
    for force in [], ["--force"]:
        compare(good[0], broken, *force).refused(2, "schema", str(broken))


def test_another_schema(good, broken):
    edit(broken, {"schema": 2})
    compare(good[0], broken).refused(3, "schema", "1", "2")
    said = compare(good[0], broken, "--force", "--format", "json")
    assert said.status == 0 and "schema" in said.json["forced"][0]
    assert "FORCED" in compare(good[0], broken, "--force").out


def test_a_schema_that_is_not_known(good, broken, tmp_path):
    other = edit(shutil.copytree(good[0], tmp_path / "other"), {"schema": 2})
    edit(broken, {"schema": 2})
    compare(other, broken).refused(2, "schema 2")
    compare(edit(broken, {"schema": 10 ** 30}), other).refused(3, "schema")


@pytest.mark.parametrize("complete", [False, None, MISSING, "true", 1])
def test_an_unfinished_run(good, broken, complete):
    edit(broken, {"complete": complete, "problem": "interrupted"})
    compare(good[0], broken).refused(2, "run.json", "not complete",
                                     "--force", str(broken))
    said = compare(good[0], broken, "--force", "--format", "json")
    assert said.status == 0
    assert "not complete" in said.json["forced"][0]
    assert said.rows["notes"].str.contains("forced").all()


def test_an_unfinished_run_of_arms_by_force(tmp_path):
    run = make_run(tmp_path / "run", {"a": COSTS, "b": taxed(50)},
                   facts={"complete": False})
    compare(run).refused(2, "not complete")
    batches = pd.read_csv(run / "samples.csv")
    batches[batches["launch"] < 31].to_csv(run / "samples.csv", index=False)
    said = compare(run, "--force", "--format", "json")
    assert (said.status, said.err) == (0, "")
    assert said.json["units"] == 15
    assert "slower" in set(said.verdicts.values())


WRONG = [[1], {"a": 1}, 10 ** 400, -1, True, float("nan"), None, HOSTILE]
KEPT = ("schema", "complete", "arms", "name", "skipped")


def spoil(found, value):
    """A record with another value at every leaf but a few."""
    if isinstance(found, dict):
        return {key: old if key in KEPT else spoil(old, value)
                for key, old in found.items()}
    if isinstance(found, list):
        return [spoil(one, value) for one in found]
    return value


@pytest.mark.parametrize("value", WRONG, ids=repr)
@pytest.mark.parametrize("deep", [False, True])
def test_facts_of_any_other_type(good, broken, value, deep):
    found = json.loads((broken / "run.json").read_text())
    write_record(broken, spoil(found, value) if deep else {
        key: old if key in KEPT else value for key, old in found.items()})
    said = compare(good[0], broken, "--force", "--format", "json")
    assert (said.status, said.err) == (0, "")
    assert set(said.verdicts) == set(SMALL)


def test_a_record_of_nothing_but_arms(good, broken):
    write_record(broken, {"schema": 1, "complete": True,
                          "arms": [{"name": "plain"}]})
    said = compare(good[0], broken, "--format", "json")
    assert (said.status, said.err) == (0, "")
    assert said.json["crossing_tax"]["ns"] == pytest.approx(50, abs=1)


# samples.csv

def lines_of(run):
    return (run / "samples.csv").read_text().splitlines(keepends=True)


def with_field(column, value):
    """Put a value into the third line."""
    def change(run):
        lines = lines_of(run)
        names = lines[0].rstrip("\n").split(",")
        fields = lines[2].rstrip("\n").split(",")
        fields[names.index(column)] = value
        lines[2] = ",".join(fields) + "\n"
        (run / "samples.csv").write_text("".join(lines), newline="")
    return change


def with_lines(change_of):
    return lambda run: (run / "samples.csv").write_text(
        "".join(change_of(lines_of(run))))


SAMPLES = [
    (without("samples.csv"), "samples.csv: No such file"),
    (to_a_pipe("samples.csv"), "samples.csv: not a file"),
    (to_a_folder("samples.csv"), "samples.csv: not a file"),
    (with_lines(lambda lines: []), "samples.csv:1: "),
    (with_lines(lambda lines: lines[:1]), "samples.csv: no rows"),
    (with_lines(lambda lines: lines[1:]), "samples.csv:1: "),
    (with_lines(lambda lines: [*lines[:-1], lines[-1][:-10]]),
     f"samples.csv:{LINES}: "),
    (with_lines(lambda lines: [*lines[:-1], lines[-1].rstrip("\n")]),
     f"samples.csv:{LINES}: cut off"),
    (with_lines(lambda lines: [*lines, lines[7]]),
     f"samples.csv:{LINES + 1}: a second row"),
    (with_lines(lambda lines: [*lines[:5], "\n", *lines[5:]]),
     "samples.csv:6: "),
    (with_lines(lambda lines: [*lines[:5], "0,plain\n", *lines[5:]]),
     "samples.csv:6: "),
    *((with_field("ns_per_call", value), "samples.csv:3: ns_per_call cannot")
      for value in ("nan", "NaN", "-90.0", "0", "inf", "1e999", "", "90 ns",
                    "0x5a", "1e308")),
    *((with_field(column, "-1"), f"samples.csv:3: {column} cannot")
      for column in ("launch", "seq", "probe_before_ticks",
                     "chain_after_ticks")),
    (with_field("launch", "9" * 30), "samples.csv:3: launch cannot"),
    (with_field("dirty", "7"), "samples.csv:3: dirty cannot"),
    *((with_field("arm", value), "samples.csv:3: ") for value in (
        "=cmd()", "@SUM(A1)", "../up", "<b>", "\x1b[2J", "")),
    *((with_field("benchmark", value), "samples.csv:3: ") for value in (
        "=cmd()/x", "@a/b", "../../etc/passwd", "a/<script>", "a/\x1b[2J",
        "getppid", '"a/b"'))]


@pytest.mark.parametrize("damage, word", SAMPLES)
def test_broken_samples(good, broken, damage, word):
    damage(broken)
    said = compare(good[0], broken)
    said.refused(2, f"{broken}/{word}")


def test_samples_that_two_runs_both_lack(good, broken, tmp_path):
    other = shutil.copytree(good[0], tmp_path / "other")
    for run in other, broken:
        with_lines(lambda lines: lines[:1])(run)
    said = compare(other, broken)
    assert said.status == 2 and said.err.count("\n") == 1


def rewrite(run, **columns):
    """Other values in whole columns of the samples."""
    batches = pd.read_csv(run / "samples.csv")
    batches.assign(**columns).to_csv(run / "samples.csv", index=False)


@pytest.mark.parametrize("columns", [
    {"chain_before_ticks": 0, "chain_after_ticks": 0},
    {"probe_before_ticks": 0, "probe_after_ticks": 0},
    {"probe_before_ticks": 10 ** 17, "probe_after_ticks": 1},
    {"ns_per_call": 1e-300}, {"ns_per_call": 1e12}], ids=str)
@pytest.mark.parametrize("form", ["text", "json"])
def test_absurd_numbers(good, broken, columns, form):
    rewrite(broken, **columns)
    said = compare(good[0], broken, "--format", form)
    assert said.err.count("\n") == (said.status != 0)
    assert said.status in (0, 2)
    assert all(len(line) < 500 for line in said.out.splitlines())


def test_numbers_of_many_digits_stay_apart(tmp_path):
    run = make_run(tmp_path / "run", {"a": SMALL, "b": taxed(50, SMALL)},
                   rounds=2)
    rewrite(run, launch=pd.read_csv(run / "samples.csv")["launch"] * 2 ** 32)
    said = compare(run, "--format", "json")
    assert said.status == 2 or said.json["units"] == 20


def test_samples_of_benchmarks_that_the_record_does_not_know(good, broken):
    edit(broken, {"benchmarks": []})
    said = compare(good[0], broken, "--format", "json")
    assert said.status == 0 and set(said.verdicts) == set(SMALL)


# Runs beside the compared ones

@pytest.mark.parametrize("damage", [
    write_text(b"{"), write_text(b"[1]"), to_a_pipe("run.json"),
    to_a_folder("run.json"), without("summary.csv"),
    to_a_pipe("summary.csv"), lambda run: (run / "summary.csv").write_text(
        "x"), lambda run: edit(run, {"environment/host": ["x"]}),
    lambda run: edit(run, {"environment/kernel/boot_id": {"x": 1}}),
    lambda run: edit(run, {"arms": 7})])
def test_broken_runs_beside_are_passed_over(good, tmp_path, damage):
    runs = [shutil.copytree(run, tmp_path / run.name) for run in good]
    for place in range(5):
        damage(make_run(tmp_path / f"beside{place}", SMALL, boot=50 + place,
                        launches=1, rounds=1))
    (tmp_path / "dangling").symlink_to("nowhere")
    said = compare(*runs, "--format", "json")
    assert (said.status, said.err) == (0, "")
    assert (said.rows["allowance_percent"] - 10).abs().max() < 1e-6


# Hostile texts

TRICKS = ("<img src=x onerror=alert(1)> |a|`b`*c*_d_[e](http://f) \x1b[31m"
          "\u202e\r\n=cmd() &amp;")
FACTS = {
    "run/label": HOSTILE + TRICKS, "environment/host": HOSTILE + TRICKS,
    "environment/kernel/release": TRICKS,
    "environment/kernel/cmdline": f"quiet {TRICKS}",
    "environment/governor": HOSTILE,
    "environment/mitigations/vulnerabilities/meltdown": TRICKS,
    f"environment/mitigations/vulnerabilities/{TRICKS.replace('/', '')}":
        HOSTILE,
    "environment/task/Seccomp": "=cmd()", "tool/libc": "@SUM(A1)",
    "environment/kernel/boot_id": TRICKS, "run/started": TRICKS}


def is_harmless(said, form):
    """Check what a format must keep out, and that it can be read back."""
    assert said.err == "" and said.status == 0
    assert all(line.isprintable() for line in said.out.splitlines())
    if form == "markdown":
        assert "<" not in said.out
        tables = [line for line in said.out.splitlines()
                  if line.startswith("|")]
        widths = [line.replace("\\|", "").count("|") for line in tables]
        assert set(widths) <= {5, 10}
    elif form == "csv":
        found = pd.read_csv(io.StringIO(said.out), keep_default_na=False)
        texts = found.select_dtypes("object").stack().astype(str)
        numbers = pd.to_numeric(texts, errors="coerce").notna()
        assert not texts[~numbers].str.startswith(
            ("=", "+", "-", "@", "\t")).any()
    elif form == "json":
        assert said.json["rows"]


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_facts(good, broken, form):
    edit(broken, FACTS)
    is_harmless(compare(good[0], broken, "--format", form), form)


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_facts_that_are_forced(good, broken, form):
    edit(broken, {**FACTS, "environment/cpu/model": TRICKS,
                  "tool/build_id": HOSTILE})
    is_harmless(compare(good[0], broken, "--force", "--format", form), form)
    said = compare(good[0], broken)
    said.refused(3)


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_names_of_folders(good, tmp_path, form):
    name = TRICKS.replace("/", "") + os.fsdecode(b"\xff\xfe")
    run = shutil.copytree(good[1], tmp_path / name)
    is_harmless(compare(good[0], run, "--format", form), form)


def test_hostile_names_in_messages(good, tmp_path):
    name = TRICKS.replace("/", "") + os.fsdecode(b"\xff\xfe")
    compare(good[0], tmp_path / name).refused(2, "run.json: No such file")
    run = shutil.copytree(good[1], tmp_path / name)
    compare(run, run).refused(2, "the same run")
    compare(run).refused(2, "one arm")
    with_field("seq", "x")(run)
    compare(good[0], run).refused(2, "samples.csv:3: ")
    edit(run, {"complete": False, "problem": TRICKS})
    compare(good[0], run).refused(2, "not complete")


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_arms(tmp_path, form):
    arms = [arm_record("plain", conditions=[TRICKS, 5, None], wrap=[1]),
            arm_record("other", wrapped=True, wrap=TRICKS, state={
                TRICKS: HOSTILE, "Seccomp": ["=cmd()"]})]
    run = make_run(tmp_path / "run", {"plain": SMALL, "other": SMALL},
                   arms=arms, **TINY)
    is_harmless(compare(run, "--format", form), form)


@pytest.mark.parametrize("form", FORMATS)
def test_names_that_spreadsheets_would_compute(tmp_path, form):
    costs = {"+1/x": 90.0, "-2+3/x": 50.0, "plain/x": 20.0}
    run = make_run(tmp_path / "run", {"+a": costs, "-b": costs, "-c": costs},
                   **TINY)
    said = compare(run, "--format", form)
    is_harmless(said, form)
    if form == "csv":
        found = pd.read_csv(io.StringIO(said.out), keep_default_na=False)
        assert list(found["benchmark"][:3]) == ["'+1/x", "'-2+3/x", "plain/x"]
        assert list(found["pair"].unique()) == ["'+a -> -b", "'+a -> -c"]
    elif form == "json":
        assert said.json["rows"][0]["benchmark"] == "+1/x"


def test_hostile_names_of_rows_that_one_side_lacks(tmp_path):
    runs = [make_run(tmp_path / name, {"a/b": 90.0, f"{sign}1/x": 5.0},
                     boot=place, hour=place, **TINY)
            for place, (name, sign) in enumerate([("a", "+"), ("b", "-")])]
    for form in FORMATS:
        is_harmless(compare(*runs, "--format", form), form)


# Where the output goes

@pytest.mark.parametrize("place, word", [
    ("folder", "Is a directory"), ("missing/file", "No such file"),
    ("file/below", "Not a directory"), ("/dev/full", "No space left"),
    ("loop", "loop"), ("loop/file", "loop"),
    ("x" * 300, "File name too long")])
def test_an_output_that_cannot_be_written(good, tmp_path, place, word):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "loop").symlink_to("loop")
    before = sorted(tmp_path.rglob("*"))
    said = compare(*good, "--output", tmp_path / place)
    said.refused(2, word, str(tmp_path / place)[:60])
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "mine"


def test_an_output_that_is_there_is_replaced(good, tmp_path):
    (tmp_path / "file").write_text("old\n" * 1000)
    assert compare(*good, "--output", tmp_path / "file").status == 0
    assert (tmp_path / "file").read_text() == compare_once(*good).out


def test_an_output_that_swallows(good):
    assert compare(*good, "--output", "/dev/null") == (0, "", "")


@pytest.mark.parametrize("name", ["samples.csv", "summary.csv", "run.json"])
def test_a_run_is_not_written_over(good, broken, name):
    content = (broken / name).read_bytes()
    said = compare(good[0], broken, "--output", broken / name)
    said.refused(2, name)
    assert (broken / name).read_bytes() == content


@pytest.mark.parametrize("name", ["launches.csv", "counters.csv",
                                  "histogram.csv", "distribution.csv",
                                  "threads.csv", "scaling.csv"])
def test_what_some_runs_have_is_not_written_over_either(good, broken, name):
    (broken / name).write_text("measured")
    said = compare(good[0], broken, "--output", broken / name)
    said.refused(2, name)
    assert (broken / name).read_text() == "measured"


def test_what_fails_leaves_the_output_as_it_was(good, broken, tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    edit(broken, {"tool/build_id": "77"})
    compare(good[0], broken, "--output", path).refused(3)
    compare(good[0], "no-such", "--output", path).refused(2)
    assert path.read_text() == "old"
    assert not list(tmp_path.glob(".*"))


# As a program

def run_script(arguments, environment=None, **more):
    kept = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.run(
        [sys.executable, SCRIPTS / "compare", *map(str, arguments)],
        **{**kept, **more}, text=True, errors="replace", timeout=60,
        stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})})


def test_a_program_that_is_done(good):
    done = run_script([*good, "--format", "json"])
    once = compare_once(*good, "--format", "json")
    assert (done.returncode, done.stdout, done.stderr) == once


def test_a_program_that_refuses(good, broken):
    edit(broken, {"tool/build_id": "77"})
    done = run_script([good[0], broken])
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("\n") == 1


def test_a_program_under_wrong_usage():
    done = run_script([])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1


PLAIN = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("environment", [
    {"PYTHONIOENCODING": "ascii"}, {**PLAIN, "LC_ALL": "C"}], ids=str)
def test_letters_that_the_terminal_lacks(good, broken, environment):
    edit(broken, {"environment/governor": "\u65e5\u672c \xb1 \udcff"})
    done = run_script([good[0], broken, "--format", "markdown"], environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert "getppid" in done.stdout and "governor" in done.stdout


def test_a_reader_that_has_had_enough(good):
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as file:
        done = run_script(good, stdout=file)
    assert "Traceback" not in done.stderr and done.stderr == ""


@pytest.mark.parametrize("redirection", [">/dev/full", ">&-"])
def test_an_output_that_takes_nothing(good, redirection):
    command = f'"$@" {redirection}'
    done = subprocess.run(
        ["sh", "-c", command, "sh", sys.executable, SCRIPTS / "compare",
         *map(str, good)], text=True, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("compare: ")
    assert done.stderr.count("\n") == 1


def test_messages_that_nobody_reads(good):
    done = subprocess.run(
        ["sh", "-c", '"$@" 2>&-', "sh", sys.executable, SCRIPTS / "compare",
         *map(str, good), "--fail-above=5%", "--format=csv"], text=True,
        stdout=subprocess.PIPE, timeout=60)
    assert done.returncode == 1
    assert done.stdout == compare_once(*good, "--format=csv").out


def test_a_run_from_before_arms_had_a_state(good, broken):
    edit(broken, {"arms": [{"name": "plain", "wrapped": False,
                            "wrap": None}]})
    said = compare(good[0], broken, "--format", "json")
    assert said.json["differs"] == []
