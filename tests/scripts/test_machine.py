# SPDX-License-Identifier: MIT
"""Which machine a run is of: told by its host, else by its hardware."""

import json
import pathlib
from typing import Any, Dict

import pytest

import hand_made
from analysis import machine, sides

RECORD: Dict[str, Any] = {
    "tool": {"architecture": "x86_64"},
    "run": {"started": "2026-11-21T10:00:00Z", "wall_s": 60},
    "environment": {
        "host": "lab1", "load": {"uptime": "600.00 1.00"},
        "kernel": {"boot_id": "a"},
        "cpu": {"vendor": "AuthenticAMD", "family": "25", "model": "EPYC",
                "model_number": "17", "stepping": "1", "microcode": "0x1"},
        "topology": {"present": "0-63", "online": "0-63", "caches": [
            {"level": "3", "type": "Unified", "size": "32M",
             "shared_by": "0-15"}]}}}


def changed(**facts: Any) -> Dict[str, Any]:
    """The record with some facts of its environment changed."""
    record = json.loads(json.dumps(RECORD))
    for path, value in facts.items():
        *above, last = path.split("__")
        place = record["environment"]
        for key in above:
            place = place[key]
        place[last] = value
    return record


def run_of(started: str = "2026-11-21T10:00:00Z", boot: str = "a",
           **facts: Any) -> sides.Run:
    """A run without a folder."""
    record = changed(kernel__boot_id=boot, **facts)
    record["run"]["started"] = started
    return sides.Run(pathlib.Path("/nonexistent"), record)


def test_a_host_is_a_machine_whatever_else_changes() -> None:
    """A new microcode, kernel or DIMM makes no other machine of it."""
    other = changed(cpu__microcode="0x2", topology__present="0-31")
    assert machine.of(RECORD).id == machine.of(other).id
    assert machine.of(RECORD).id != machine.of(changed(host="lab2")).id
    assert machine.of(RECORD)[1:3] == ("lab1", True)


@pytest.mark.parametrize("fact, value", [
    ("cpu__model", "EPYC 2"), ("cpu__revision", "3"),
    ("cpu__stepping", "2"), ("topology__present", "0-31"),
    ("topology__caches", [{"level": "3", "type": "Unified",
                           "size": "16M"}])])
def test_hardware_tells_anonymous_machines_apart(fact: str, value: Any
                                                 ) -> None:
    first, second = changed(host=None), changed(host=None, **{fact: value})
    assert machine.of(first).id != machine.of(second).id
    assert not machine.of(first).is_named


def test_new_microcode_makes_no_other_machine() -> None:
    """It comes with a kernel's initramfs, too."""
    first, second = changed(host=None), changed(host=None,
                                                cpu__microcode="0x2")
    assert machine.of(first).id == machine.of(second).id


def test_what_a_parameter_changes_makes_no_other_machine() -> None:
    """nosmt takes CPUs offline, and from those that share a cache."""
    caches = [{"level": "3", "type": "Unified", "size": "32M",
               "shared_by": "0-7"}]
    other = changed(host=None, topology__online="0-31",
                    topology__caches=caches)
    assert machine.of(changed(host=None)).id == machine.of(other).id


@pytest.mark.parametrize("record", [
    {}, {"environment": None}, {"environment": {"cpu": [], "host": 7}},
    {"environment": {"topology": {"caches": 3}, "host": ""}}])
def test_a_record_may_lack_anything(record: Dict[str, Any]) -> None:
    found = machine.of(record)
    assert not found.is_named and found.name and found.family


@pytest.mark.parametrize("host", [hand_made.HOSTILE, "a" * 5000, "a\nb",
                                  "\x1b]0;x\x07", "=cmd|' /C calc'!A0"])
def test_names_are_printable_and_bounded(host: str) -> None:
    found = machine.of(changed(host=host, cpu__model=host))
    for text in (found.name, found.family):
        assert text.isprintable() and len(text) <= machine.NAME_MOST


def test_a_host_named_like_an_unnamed_machine_is_another() -> None:
    unnamed = machine.of(changed(host=None))
    named = machine.of(changed(host=unnamed.name))
    assert named.id != unnamed.id and named.name == unnamed.name
    names = machine.distinct_names([named, unnamed, named])
    assert len(set(names.values())) == 2


def test_long_names_that_begin_alike_stay_apart() -> None:
    several = [machine.of(changed(host="a" * 100 + end)) for end in "xy"]
    assert len(set(machine.distinct_names(several).values())) == 2


def test_families() -> None:
    """By vendor, family and model's number; names stand beside them."""
    assert machine.family_of(RECORD) == "AuthenticAMD 25/17 (EPYC)"
    arm = {"environment": {"cpu": {"vendor": "ARM", "part": "0xd0c"}}}
    assert machine.family_of(arm) == "ARM 0xd0c"
    guest = changed(guest={"emulated_by": "tcg"})
    assert machine.family_of(guest).endswith("emulated by tcg")


def test_several_boots_without_a_host_may_be_of_several_machines() -> None:
    boots = [run_of(boot=boot, host=None) for boot in "ab"]
    assert "several machines" in str(machine.doubtful(boots, boots[:1]))
    assert machine.doubtful(boots[:1], boots[1:]) is None
    named = [run_of(boot=boot) for boot in "ab"]
    assert machine.doubtful(named, named[:1]) is None
    assert "paired by hardware" in machine.pairing_notes(boots[:1])[0]


@pytest.mark.parametrize("second, up_s, overlaps", [
    ("10:05:00", 900, True), ("10:05:00", 240, False),
    ("11:05:00", 7200, True), ("11:05:00", 60, False)])
def test_two_boots_up_at_once_are_told(second: str, up_s: int, overlaps: bool
                                       ) -> None:
    """The first was up from 9:50 to 10:01."""
    other = run_of(f"2026-11-21T{second}Z", "b",
                   load__uptime=f"{up_s}.00 1.00")
    for runs in ([run_of(), other], [other, run_of()]):
        assert bool(machine.pairing_notes(runs)) is overlaps
    assert machine.pairing_notes([run_of(), run_of()]) == []


@pytest.mark.parametrize("uptime", [None, "", "x y", "1e999 0", "nan", [1]])
def test_an_uptime_that_is_none_tells_nothing(uptime: Any) -> None:
    other = run_of(boot="b", load__uptime=uptime)
    assert machine.pairing_notes([run_of(), other]) == []
