# SPDX-License-Identifier: MIT
"""kexec and reboot on a made-up machine that fails at every step."""

import os
import pathlib
import shutil
import tempfile
from typing import Any, Dict, Iterator, List

import pytest

from lab_files import USUAL
from lab_lives import Life, machine_in, quickly
from lab_worlds import Fault
from booting import journal
from booting.executor import Attempt, BootFailed
from booting.real import FAILED_MOST

MACHINES = {"grub": ("grub", "reboot"),
            "systemd-boot": ("systemd-boot", "reboot"),
            "kexec": ("grub", "kexec")}
save = journal.Journal.save


@pytest.fixture
def place(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A folder in memory, where there is one: thousands of files are made."""
    memory = pathlib.Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path / "lab"
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield pathlib.Path(folder, "lab")


def life_of(place: pathlib.Path, name: str, monkeypatch: Any, **more: Any
            ) -> Life:
    """A plan on a machine; writing the journal is a step, too."""
    loader, way = MACHINES[name]
    shutil.rmtree(place, ignore_errors=True)
    life = Life(machine_in(place, loader, **more), way)
    quickly(monkeypatch, life)
    monkeypatch.setattr(journal.Journal, "save", lambda self: (
        life.world.step("journal", lambda: save(self), lambda: save(self))))
    return life


def check(life: Life) -> None:
    """What holds whatever happened."""
    assert life.is_usual
    assert life.world.line == USUAL
    assert set(life.measured) <= set(life.kept())
    attempts = life.attempts()
    assert all(one["reason"] for one in attempts
               if one["state"] in ("failed", "interrupted"))
    assert not {"begun", "verified"} & {one["state"] for one in attempts}


@pytest.mark.parametrize("name", MACHINES)
def test_all_is_measured_and_put_back(name: str, place: pathlib.Path,
                                      monkeypatch: Any) -> None:
    life = life_of(place, name, monkeypatch)
    life.go()
    assert life.states() == ["done", "done"]
    assert life.ends == ["left", "left", "done"]
    assert len(life.world.boots) == 4   # and once more as usual
    check(life)


def lives(place: pathlib.Path, name: str, monkeypatch: Any, kind: str,
          for_good: bool) -> List[Life]:
    """One for each step that a life without a fault has."""
    whole = life_of(place, name, monkeypatch)
    whole.go()
    found = []
    for step in range(1, len(whole.world.steps) + 1):
        life = life_of(place, name, monkeypatch,
                       fault=Fault(step, kind, for_good))
        life.go()
        found.append(life)
        told: Dict[str, Any] = {"step": step, "name": life.world.steps[
            step - 1], "kind": kind, "ends": life.ends, "said": life.said}
        try:
            check(life)
        except AssertionError:
            raise AssertionError(told) from None
    return found


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("kind", ["before", "middle", "after"])
def test_the_power_goes_at_any_step(name: str, kind: str,
                                    place: pathlib.Path,
                                    monkeypatch: Any) -> None:
    for life in lives(place, name, monkeypatch, kind, False):
        assert life.states().count("done") == 2


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("kind", ["fails", "silent", "late"])
def test_any_step_fails_once(name: str, kind: str, place: pathlib.Path,
                             monkeypatch: Any) -> None:
    for life in lives(place, name, monkeypatch, kind, False):
        assert life.states().count("done") == 2


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("kind", ["fails", "silent", "late"])
def test_anything_fails_for_good(name: str, kind: str,
                                 place: pathlib.Path, monkeypatch: Any
                                 ) -> None:
    """It comes to an end, in the usual entry after some power cycles at most;
    and when it works again, all is measured and put back."""
    whole = life_of(place, name, monkeypatch)
    whole.go()
    for step in range(1, len(whole.world.steps) + 1):
        life = life_of(place, name, monkeypatch,
                       fault=Fault(step, kind, True))
        life.go(2)
        for _ in range(4):
            life.cut_power()
        assert life.world.line == USUAL, whole.world.steps[step - 1]
        life.world.fault, life.world.broken = Fault(), None
        life.forgives = True
        life.go()
        assert life.states().count("done") == 2
        check(life)


@pytest.mark.parametrize("name", MACHINES)
def test_a_stop_file_at_any_step(name: str, place: pathlib.Path,
                                 monkeypatch: Any) -> None:
    """What is under way is finished, nothing more is begun, all is put back.
    """
    whole = life_of(place, name, monkeypatch)
    whole.go()
    for step in range(5, len(whole.world.steps)):
        life = life_of(place, name, monkeypatch)
        life.world.at_step = (step, life.stop)
        life.go(2)
        assert life.ends[-1] in ("stopped", "done")
        check(life)


@pytest.mark.parametrize("name", MACHINES)
def test_a_kernel_that_panics_is_tried_twice(
        name: str, place: pathlib.Path, monkeypatch: Any) -> None:
    life = life_of(place, name, monkeypatch, kernel=(
        lambda _, line: "panic" if "pti=on" in line else "ok"))
    life.go(1)
    assert life.states() == ["done", "failed", "failed"]
    assert all("came back in its usual entry" in str(why)
               for why in life.reasons())
    check(life)


@pytest.mark.parametrize("name", MACHINES)
def test_no_kernel_comes_up(name: str, place: pathlib.Path,
                            monkeypatch: Any) -> None:
    """After so many in a row the machine is left alone; started again by
    hand, it tries so many again."""
    life = life_of(place, name, monkeypatch,
                   kernel=lambda _, line: "panic")
    for starts in (1, 2):
        life.go(1)
        failed = [line for line in life.world.boots if line != USUAL]
        assert len(failed) == min(FAILED_MOST * starts, 4)
    assert "3 boots in a row failed" in " ".join(life.said)
    check(life)


@pytest.mark.parametrize("name", MACHINES)
def test_a_boot_with_another_line_is_not_measured(
        name: str, place: pathlib.Path, monkeypatch: Any) -> None:
    life = life_of(place, name, monkeypatch,
                   kernel=lambda _, line: f"{line} syscost.boot=other")
    life.go(1)
    assert life.measured == []
    assert set(life.states()) == {"failed", "interrupted"}
    check(life)


def test_grub_that_cannot_forget_boots_as_usual(
        place: pathlib.Path, monkeypatch: Any) -> None:
    """Its entry looks once more, for what prepare could not see."""
    life = life_of(place, "grub", monkeypatch, grub_writes=False)
    life.go(1)
    assert life.measured == []
    assert set(life.world.boots) == {USUAL}
    check(life)


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_that_does_not_go_down(name: str, place: pathlib.Path,
                                         monkeypatch: Any) -> None:
    """What was arranged for the next boot is taken back."""
    life = life_of(place, name, monkeypatch)
    life.world.broken = f"systemctl {life.way}", "fails"
    life.folder.mkdir(parents=True)
    attempt = Attempt(1, 1, life.read.plan.arms[0], life.folder, "00ff")
    with pytest.raises(BootFailed, match="did not go down"):
        life.executor().enter(attempt)
    assert not life.world.loaded
    assert life.world.chosen() is None
    life.executor().close(False)
    assert life.is_usual


SILENT = {"grub": ("grub-reboot syscost-00ff", "nothing is chosen"),
          "systemd-boot": ("bootctl set-oneshot", "nothing is chosen"),
          "kexec": ("kexec -l", "no kernel was loaded")}


@pytest.mark.parametrize("name", MACHINES)
def test_commands_that_do_nothing_and_say_so_of_nothing(
        name: str, place: pathlib.Path, monkeypatch: Any) -> None:
    """The machine does not go down for a boot that would not come."""
    for broken, told in (SILENT[name],
                         ("systemctl enable", "nobody would go on")):
        life = life_of(place, name, monkeypatch)
        life.world.broken = broken, "silent"
        life.folder.mkdir(parents=True)
        attempt = Attempt(1, 1, life.read.plan.arms[0], life.folder, "00ff")
        with pytest.raises(BootFailed, match=told):
            life.executor().enter(attempt)
        assert life.world.down is None
        life.executor().close(False)
        assert life.is_usual
