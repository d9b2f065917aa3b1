# SPDX-License-Identifier: MIT
"""The state machine, with an executor that follows orders."""

import json
import pathlib
from typing import Any, Dict, Iterator

import pytest

import booted
from booting import journal
from booting.executor import Refused
from booting.matrix import Stopped
from matrices import Begun, left

Path = pathlib.Path
ORDER = ["01-off", "02-on", "03-on", "04-off"]     # of booted.PLAN


@pytest.fixture
def said(capsys: Any) -> Iterator[Any]:
    """What was said until now."""
    yield lambda: capsys.readouterr().err


def test_every_slot_is_booted_once_and_in_order(tmp_path: Path) -> None:
    one = Begun(tmp_path)
    assert one.go() == ["prepare", "enter 1", "measured 1", "enter 2",
                        "measured 2", "enter 3", "measured 3", "enter 4",
                        "measured 4", "close True"]
    assert one.states() == [["done"]] * 4
    assert one.runs() == ORDER
    marks = {json.loads(path.read_text())["kernel"]["cmdline"].split("=")[-1]
             for path in one.folder.glob("boots/*/*/environment.json")}
    assert marks == {slot.tried[0].mark for slot in one.journal.slots}
    assert len(marks) == 4


def test_what_is_said_of_boots(tmp_path: Path, said: Any) -> None:
    Begun(tmp_path, outcomes={"2": ["fail", "ok"], "4": ["fail"]}).go()
    lines = said().splitlines()
    evidence = "(cpuinfo's flags lack pti; meltdown: Not affected)"
    log = tmp_path / "m" / "boots" / "02-on" / "attempt-1" / "console.log"
    assert lines[0] == (f"boot 1 of 4  off (attempt 1) ... 0 s, verified: "
                        f"pti off {evidence}")
    assert lines[1] == (f"boot 2 of 4  on (attempt 1) ... failed: the kernel "
                        f"panicked ({log}): once more")
    assert lines[2].startswith("boot 2 of 4  on (attempt 2) ... 0 s, verif")
    assert lines[5].endswith("attempt-2/console.log): given up")
    assert len(lines) == 6


@pytest.mark.parametrize("outcome", ["fail", "truncated", "other kernel",
                                     "cut off"])
def test_a_failure_is_tried_once_more_and_kept(tmp_path: Path, outcome: str
                                               ) -> None:
    orders: Dict[str, Any] = {"facts": {"releases": {
        "debian": booted.RELEASE}}, "outcomes": {
            "2": [outcome, "ok"], "3": [outcome, outcome, "ok"]}}
    one = Begun(tmp_path, **orders)
    log = one.go()
    assert one.states() == [["done"], ["failed", "done"],
                            ["failed", "failed"], ["done"]]
    assert [log.count(f"enter {slot}") for slot in (1, 2, 3, 4)] == [
        1, 2, 2, 1]
    assert log[-1] == "close True"
    assert one.runs() == ["01-off", "02-on", "04-off"]
    assert all(slot.tried[0].reason for slot in one.journal.slots
               if len(slot.tried) > 1)
    if outcome != "cut off":
        assert (one.folder / "boots/03-on/attempt-2/console.log").exists()


def test_what_was_given_up_stays_so_until_it_is_forgiven(tmp_path: Path
                                                         ) -> None:
    Begun(tmp_path, outcomes={"2": ["fail"]}).go()
    again = Begun(tmp_path)
    assert again.go() == ["prepare", "close True"]
    third = Begun(tmp_path, outcomes={"2": ["", "", "fail", "ok"]})
    for slot in third.journal.slots:
        slot.forgive()
    assert third.go().count("enter 2") == 2
    assert third.states()[1] == ["failed"] * 3 + ["done"]
    assert [one.forgiven for one in third.journal.slots[1].tried] == [
        True, True, False, False]


def test_only_what_was_given_up_is_forgiven(tmp_path: Path) -> None:
    one = Begun(tmp_path, outcomes={"2": ["fail", "refused"]})
    with pytest.raises(Refused):
        one.go()
    for slot in one.journal.slots:
        slot.forgive()
    assert not any(tried.forgiven for slot in one.journal.slots
                   for tried in slot.tried)


# Kernels

def test_boots_of_a_kernel_are_of_one_release(tmp_path: Path) -> None:
    one = Begun(tmp_path, outcomes={"3": ["other kernel", "ok"]})
    one.go()
    assert one.states()[2] == ["failed", "done"]
    assert one.journal.slots[2].tried[0].reason == (
        f"kernel {booted.RELEASE} was asked for, 4.19.0 was booted")


def test_the_executor_knows_what_a_kernel_is_called(tmp_path: Path) -> None:
    one = Begun(tmp_path, facts={"releases": {"debian": "6.12.1"}})
    one.go()
    assert one.states() == [["failed", "failed"]] * 4
    assert one.runs() == []


def test_a_boot_counts_once(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(booted.uuid, "uuid4", lambda: "the same")
    one = Begun(tmp_path)
    one.go()
    assert one.states() == [["done"]] + [["failed", "failed"]] * 3
    assert one.journal.slots[3].tried[1].reason == (
        "the same boot as boot 1: boot_id the same")


# Ends

@pytest.mark.parametrize("outcome, raised", [
    ("refused", Refused), ("full", OSError), ("bug", ZeroDivisionError)])
def test_other_ends_leave_it_to_be_gone_on_with(
        tmp_path: Path, outcome: str, raised: Any) -> None:
    one = Begun(tmp_path, outcomes={"2": [outcome]})
    with pytest.raises(raised):
        one.go()
    assert one.executor.log[-1] == "close False"
    assert one.states() == [["done"], ["interrupted"], [], []]
    again = Begun(tmp_path)
    assert again.go()[:2] == ["prepare", "enter 2"]
    assert again.states()[1] == ["interrupted", "done"]
    assert again.runs() == ORDER


def test_nothing_is_booted_where_it_cannot_be(tmp_path: Path) -> None:
    one = Begun(tmp_path, outcomes={"prepare": ["refused"]})
    with pytest.raises(Refused, match="no QEMU"):
        one.go()
    assert one.executor.log == ["prepare", "close False"]


@pytest.mark.parametrize("before, now, word", [
    ({"emulated": False}, {"emulated": True}, "emulated was False"),
    ({"accelerator": "kvm"}, {"accelerator": "tcg"}, "accelerator was kvm"),
    ({"releases": {"debian": booted.RELEASE}},
     {"releases": {"debian": "6.1.0-57"}}, "releases was")])
def test_boots_by_other_means_are_not_mixed(
        tmp_path: Path, before: Any, now: Any, word: str) -> None:
    with pytest.raises(Refused):
        Begun(tmp_path, facts=before, outcomes={"3": ["refused"]}).go()
    other = Begun(tmp_path, facts=now)
    with pytest.raises(Refused, match=f"{word}.*start another one"):
        other.go()
    assert other.executor.log == ["prepare", "close False"]
    assert Begun(tmp_path, facts={**before, "host": "x"}).go()[1] == "enter 3"


def test_a_word_to_stop_is_heeded_between_boots(tmp_path: Path) -> None:
    one = Begun(tmp_path)
    booting = one.executor.enter

    def enter(attempt: Any) -> None:
        booting(attempt)
        (one.folder / "stop").touch()

    one.matrix.executor.enter = enter       # type: ignore[method-assign]
    with pytest.raises(Stopped):
        one.go()
    assert one.executor.log[-2:] == ["measured 1", "close False"]
    assert one.states() == [["done"], [], [], []]
    still = Begun(tmp_path)
    with pytest.raises(Stopped):
        still.go()
    assert still.executor.log == ["close False"]
    (one.folder / "stop").unlink()
    assert Begun(tmp_path).go()[:2] == ["prepare", "enter 2"]


# Over boots of this machine

def test_it_leaves_and_arrives_for_every_boot(tmp_path: Path) -> None:
    assert left(tmp_path).executor.log == ["prepare", "enter 1"]
    for slot in (1, 2, 3):
        assert left(tmp_path).executor.log == [
            "prepare", f"arrive {slot}", f"measured {slot}",
            f"enter {slot + 1}"]
    last = Begun(tmp_path, leaves=True)
    assert last.go() == ["prepare", "arrive 4", "measured 4", "close True"]
    assert (last.states(), last.runs()) == ([["done"]] * 4, ORDER)


def test_a_boot_that_never_arrives_fails(tmp_path: Path) -> None:
    left(tmp_path)
    second = left(tmp_path, outcomes={"1": ["fail"]})
    assert second.executor.log == ["prepare", "arrive 1", "enter 1"]
    third = left(tmp_path, outcomes={"1": ["fail"]})
    assert third.executor.log == ["prepare", "arrive 1", "enter 2"]
    assert third.states() == [["failed", "failed"], ["begun"], [], []]


def test_an_attempt_that_was_cut_off_does_not_count(tmp_path: Path) -> None:
    left(tmp_path)
    for number in range(2, 6):
        again = left(tmp_path, outcomes={"1": ["cut off"] * 9})
        assert again.states()[0] == ["interrupted"] * (number - 1) + ["begun"]


def test_a_stop_ends_an_attempt_that_was_left_for(tmp_path: Path) -> None:
    one = left(tmp_path)
    (one.folder / "stop").touch()
    after = Begun(tmp_path, leaves=True)
    with pytest.raises(Stopped):
        after.go()
    assert after.executor.log == ["close False"]
    assert after.states() == [["interrupted"], [], [], []]


def test_what_had_come_back_is_kept(tmp_path: Path, said: Any) -> None:
    one = left(tmp_path)
    slot = one.journal.slots[0]
    booted.measure(one.matrix.attempt_of(slot, slot.tried[0]))
    again = Begun(tmp_path)
    assert again.go()[:2] == ["prepare", "enter 2"]
    assert again.runs() == ORDER
    assert "boot 1 of 4  off: was measured, and is kept\n" in said()


def test_another_attempts_run_is_not_kept(tmp_path: Path) -> None:
    one = left(tmp_path)
    attempt = one.matrix.attempt_of(one.journal.slots[0],
                                    booted_mark("another"))
    booted.measure(attempt)
    assert Begun(tmp_path, leaves=True).matrix.is_kept(
        one.journal.slots[0], one.journal.slots[0].tried[0]) is False


def booted_mark(mark: str) -> journal.Tried:
    """A first attempt with this mark."""
    return journal.Tried(1, mark)
