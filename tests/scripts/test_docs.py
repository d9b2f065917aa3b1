# SPDX-License-Identifier: MIT
"""What the program tells is in its documents, and nothing else is."""

import json
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parents[2]
ENVIRONMENT = (ROOT / "docs" / "environment.md").read_text()


def test_every_doubt_is_documented_with_its_severity():
    table = re.findall(
        r'^\t\{ "(\w+)",\s*SEVERITY_(\w+), DOUBTS_(\w+),',
        (ROOT / "src" / "doubts.c").read_text(), re.M)
    wanted = {(name, severity.lower(), "run" if phase == "RUN" else "before")
              for name, severity, phase in table}
    told = set(re.findall(
        r"^\| `(\w+)` \| (note|doubt|serious) \| (run|before) \|",
        ENVIRONMENT, re.M))
    assert len(table) > 30
    assert told == wanted


def test_every_fact_is_documented(program):
    sections = {name.strip("`"): facts for name, facts in re.findall(
        r"^\| (`\w+`|top) \| (.*) \|$",
        ENVIRONMENT.split("## Mitigations")[0], re.M)}
    told = json.loads(subprocess.run(
        [str(program), "--environment"], capture_output=True, text=True,
        check=True).stdout)
    missing = [f"{section}.{key}" for section, facts in told.items()
               if isinstance(facts, dict) and section in sections
               for key in facts if f"`{key}`" not in sections[section]]
    known = {"Seccomp", "Seccomp_filters", "NoNewPrivs", "TracerPid",
             "Speculation_Store_Bypass", "SpeculationIndirectBranch",
             "Cpus_allowed_list", "x86_Thread_features",
             "speculation_store_bypass", "speculation_indirect_branch",
             "speculation_l1d_flush"}
    assert [name for name in missing if not name.startswith("settings.")
            and name.split(".", 1)[1] not in known] == []
    assert set(told) - set(sections) == {
        "host", "governor", "hypervisor", "loadavg", "placement", "tool",
        "doubts", "unreadable"}


# The table of switches in docs/kernels.md

KERNELS = (ROOT / "docs" / "kernels.md").read_text()
SWITCHES = KERNELS.split("## The switches")[1]
OTHER_WORDS = {"console", "panic", "quiet"}     # of plans: no switches


def cells_of(column):
    """All that stands in code letters in a column of the table."""
    rows = [line.strip("|").split("|") for line in SWITCHES.splitlines()
            if line.startswith("| `")]
    assert len(rows) > 20 and {len(row) for row in rows} == {6}
    return [text for row in rows
            for text in re.findall(r"`([^`]+)`", row[column])]


def switches():
    """The parameters of the table, without values."""
    return {text.split("=")[0] for text in cells_of(0)}


def words_in(found):
    """The words of every command line in a plan."""
    if isinstance(found, dict):
        own = str(found.get("cmdline", "")).split()
        return own + [word for value in found.values()
                      for word in words_in(value)]
    return [word for value in (found if isinstance(found, list) else ())
            for word in words_in(value)]


def test_every_mitigation_that_is_derived_is_in_the_table_of_switches():
    derived = {name for path in ("mitigation_x86.c", "mitigation_arm64.c")
               for name in re.findall(
                   r'^\t\{ "(\w+)",\s*\.(?:file|derive) =',
                   (ROOT / "src" / path).read_text(), re.M)}
    assert len(derived) == 15
    assert derived - set(cells_of(4)) == set()


def test_the_program_derives_what_the_table_says(program):
    told = json.loads(subprocess.run(
        [str(program), "--environment"], capture_output=True, text=True,
        check=True).stdout)
    assert set(told["mitigations"]["derived"]) <= set(cells_of(4))


@pytest.mark.parametrize("plan", sorted(
    (ROOT / "docs" / "plans").glob("*.toml")), ids=lambda plan: plan.name)
def test_every_parameter_of_a_plan_is_in_the_table_of_switches(plan):
    words = words_in(tomllib.loads(plan.read_text()))
    used = {word.split("=")[0] for word in words} - OTHER_WORDS
    assert used
    assert used - switches() == set()


def test_what_a_comparison_knows_of_switches_is_in_the_table():
    sys.path.insert(0, str(ROOT / "scripts"))
    from analysis import differs
    assert set(differs.FOLLOWS) - switches() == set()


def test_every_source_is_named_and_used():
    table, sources = SWITCHES.split("\nSources: ")
    listed = re.findall(r"\((\d{1,2})\) ", sources)
    assert listed == [str(place) for place in range(1, len(listed) + 1)]
    assert set(re.findall(r"[( ](\d{1,2})\)", table)) == set(listed)
