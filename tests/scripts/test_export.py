# SPDX-License-Identifier: MIT
"""The export for kernel CI systems keeps to KCIDB's schema 5.3."""

import json
import re
import subprocess

import pytest

from hand_made import HOSTILE, RECORD, SCRIPTS, make_run, summary

NAMES = ["baseline/empty", "getppid/libc", "write/libc/65536"]
SKIPPED = {"name": "getppid/int80", "skipped": "no gate " + HOSTILE}


def export(folder, *options):
    """What the script prints for a run folder."""
    return subprocess.run(
        [SCRIPTS / "export", folder, *options], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture(scope="module")
def document(tmp_path_factory):
    """The export of a small run with two arms and a skipped row."""
    folder = tmp_path_factory.mktemp("run")
    rows = summary(NAMES)
    rows["quiet_low_ns"] = None
    record = {**RECORD, "benchmarks": [SKIPPED, {"name": 3}, None]}
    make_run(folder / "run", rows, record)
    done = export(folder / "run", "--build=lab:6.18")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_version(document):
    assert document["version"] == {"major": 5, "minor": 3}


def test_ids_begin_with_the_origin_and_are_unique(document):
    tests = document["tests"]
    assert len({test["id"] for test in tests}) == len(tests) == 4
    for test in tests:
        assert test["id"].startswith("lab:")
        assert (test["build_id"], test["origin"]) == ("lab:6.18", "lab")
        assert re.fullmatch(r"[.a-zA-Z0-9_-]*", test["path"])


def test_a_cost_is_in_seconds(document):
    test = document["tests"][1]
    cost = summary(NAMES)["quiet_ns"][1]
    assert test["status"] == "DONE"
    assert test["number"] == {"value": pytest.approx(cost * 1e-9),
                              "unit": "s", "prefix": "metric"}
    assert test["misc"]["median_ns"] == pytest.approx(cost * 1.1)
    assert test["path"] == "syscost.getppid.libc.plain"


def test_nothing_is_null(document):
    def values(found):
        inner = (found.values() if isinstance(found, dict) else found
                 if isinstance(found, list) else ())
        return [found] + [value for one in inner for value in values(one)]
    assert None not in values(document)
    assert "quiet_low_ns" not in document["tests"][0]["misc"]


def test_what_was_skipped_says_why(document):
    test = document["tests"][-1]
    assert (test["status"], test["path"]) == (
        "SKIP", "syscost.getppid.int80.any")
    assert test["misc"]["reason"].startswith("no gate")
    assert "number" not in test


@pytest.mark.parametrize("options, said", [
    ((), "required: --build"), (("--build=x",), "ORIGIN:ID"),
    (("--build=A B:1",), "ORIGIN:ID"), (("--build=lab:",), "ORIGIN:ID")])
def test_wrong_use(tmp_path, options, said):
    done = export(tmp_path, *options)
    assert done.returncode == 2 and said in done.stderr
    assert done.stderr.count("\n") == 1


def test_no_run(tmp_path):
    done = export(tmp_path, "--build=lab:1")
    assert done.returncode == 2 and "summary.csv" in done.stderr
