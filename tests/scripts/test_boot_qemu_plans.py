# SPDX-License-Identifier: MIT
"""The plans of docs/plans: they can be read, and ask for what they mean."""

import pathlib
import re
import subprocess
from typing import Set

import pytest

from guests import SCRIPTS
from booting import images, read_plan
from booting.implied import implied
from booting.plan import Plan

PLANS = sorted((SCRIPTS.parent / "docs" / "plans").glob("*.toml"))
NEEDED_FOR_VERDICTS = 6     # boots of each arm: docs/compare.md
DEMO = "kpti-demo"          # which is to be quick, and says so


def plan_of(path: pathlib.Path) -> Plan:
    """A plan as boot-matrix reads it."""
    return read_plan.read(path).plan


def test_they_are_there() -> None:
    assert {path.stem for path in PLANS} >= {
        "kpti-x86_64", "kpti-aarch64", "mitigations-x86_64"}


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_a_plan_is_named_after_its_file_and_affords_verdicts(
        path: pathlib.Path) -> None:
    plan = plan_of(path)
    assert plan.name == path.stem
    assert plan.boots >= NEEDED_FOR_VERDICTS or path.stem == DEMO
    assert all(arm.expect for arm in plan.arms)
    assert {arm.kernel.image for arm in plan.arms} <= set(images.CLOUD)


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_what_is_expected_is_what_the_command_line_asks_for(
        path: pathlib.Path) -> None:
    machine = path.stem.rpartition("-")[2]
    for arm in plan_of(path).arms:
        asked = implied(arm.cmdline, machine)
        assert {**asked, **arm.expect} == {**arm.expect, **asked}, arm.name


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_filter_finds_rows_of_each_kind(
        path: pathlib.Path, program: pathlib.Path) -> None:
    told = subprocess.run(
        [program, "--list", f"--filter={plan_of(path).filter}"],
        capture_output=True, text=True, check=True).stdout
    rows = {line.split()[0] for line in told.splitlines()}
    assert rows >= {"baseline/empty", "baseline/call", "invalid/inline",
                    "getppid/inline", "clock_gettime/vdso",
                    "clock_gettime/inline", "write/inline/4096"}


@pytest.mark.parametrize("name, words", [
    ("kpti-x86_64", {"pti=off", "pti=on"}),
    ("kpti-aarch64", {"kpti=0", "kpti=1"})])
def test_the_arms_of_kpti_differ_by_one_word(name: str, words: Set[str]
                                             ) -> None:
    plan = plan_of(SCRIPTS.parent / "docs" / "plans" / f"{name}.toml")
    off, on = (set(arm.cmdline) for arm in plan.arms)
    assert off ^ on == words


def test_each_single_switch_is_one_word_from_all_of_them_off() -> None:
    plan = plan_of(SCRIPTS.parent / "docs/plans/mitigations-x86_64.toml")
    arms = {arm.name: arm for arm in plan.arms}
    base = set(arms["each-off"].cmdline)
    for name in ("pti", "swapgs", "retpolines", "verw"):
        added = set(arms[name].cmdline) - base
        removed = base - set(arms[name].cmdline)
        assert len(removed) == 1 and len(added) <= 1, name
        assert {re.sub("=.*", "", word) for word in added} <= {
            re.sub("=.*", "", word) for word in removed}
        assert arms[name].expect[name] == "on"
        assert arms["each-off"].expect[name] == "off"
