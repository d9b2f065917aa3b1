# SPDX-License-Identifier: MIT
"""kexec and reboot on a made-up machine: kernels, loaders and people."""

import itertools
import pathlib
from typing import Any

import pytest

from lab_files import USUAL
from lab_lives import MACHINES, PLAN, check, life_of
from booting.executor import Attempt, BootFailed
from booting.real import FAILED_MOST


@pytest.mark.parametrize("name", MACHINES)
def test_a_kernel_that_panics_is_tried_twice(
        name: str, memory_path: pathlib.Path, monkeypatch: Any) -> None:
    life = life_of(memory_path, name, monkeypatch, kernel=(
        lambda _, line: "panic" if "pti=on" in line else "ok"))
    life.go(1)
    assert life.states() == ["done", "failed", "failed"]
    assert all("came back in its usual entry" in str(why)
               for why in life.reasons())
    check(life)


@pytest.mark.parametrize("name", MACHINES)
def test_no_kernel_comes_up(name: str, memory_path: pathlib.Path,
                            monkeypatch: Any) -> None:
    """After so many in a row the machine is left alone; started again by
    hand, it tries so many again."""
    life = life_of(memory_path, name, monkeypatch,
                   kernel=lambda _, line: "panic")
    for starts in (1, 2):
        life.go(1)
        failed = [line for line in life.world.boots if line != USUAL]
        assert len(failed) == min(FAILED_MOST * starts, 4)
    assert "3 boots in a row failed" in " ".join(life.said)
    check(life)


@pytest.mark.parametrize("name", MACHINES)
def test_a_boot_with_another_line_is_not_measured(
        name: str, memory_path: pathlib.Path, monkeypatch: Any) -> None:
    life = life_of(memory_path, name, monkeypatch,
                   kernel=lambda _, line: f"{line} syscost.boot=other")
    life.go(1)
    assert life.measured == []
    assert set(life.states()) == {"failed", "interrupted"}
    check(life)


def test_grub_that_cannot_forget_boots_as_usual(
        memory_path: pathlib.Path, monkeypatch: Any) -> None:
    """Its entry looks once more, for what prepare could not see."""
    life = life_of(memory_path, "grub", monkeypatch, grub_writes=False)
    life.go(1)
    assert life.measured == []
    assert set(life.world.boots) == {USUAL}
    check(life)


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_that_does_not_go_down(name: str, memory_path: pathlib.Path,
                                         monkeypatch: Any) -> None:
    """What was arranged for the next boot is taken back."""
    life = life_of(memory_path, name, monkeypatch)
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
        name: str, memory_path: pathlib.Path, monkeypatch: Any) -> None:
    """The machine does not go down for a boot that would not come."""
    for broken, told in (SILENT[name],
                         ("systemctl enable", "nobody would go on")):
        life = life_of(memory_path, name, monkeypatch)
        life.world.broken = broken, "silent"
        life.folder.mkdir(parents=True)
        attempt = Attempt(1, 1, life.read.plan.arms[0], life.folder, "00ff")
        with pytest.raises(BootFailed, match=told):
            life.executor().enter(attempt)
        assert life.world.down is None
        life.executor().close(False)
        assert life.is_usual


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_that_was_asked_and_stayed(
        name: str, memory_path: pathlib.Path, monkeypatch: Any) -> None:
    """It counts as a failure, unless it is on its way."""
    life = life_of(memory_path, name, monkeypatch)
    life.world.broken = f"systemctl {life.way}", "silent"
    assert life.start() == "left"
    life.world.down = "reboot"
    assert life.start() == "left"
    assert life.states() == ["begun"]
    life.world.down = life.world.broken = None
    life.go()
    assert life.reasons() == ["the machine never went down"]
    assert life.states().count("done") == 2
    check(life)


@pytest.mark.parametrize("name", MACHINES)
def test_failures_that_are_not_in_a_row(name: str, memory_path: pathlib.Path,
                                        monkeypatch: Any) -> None:
    """However many there are, the plan goes on."""
    outcomes = itertools.cycle(["panic", "ok"])
    life = life_of(memory_path, name, monkeypatch,
                   plan=PLAN.replace("boots = 1", "boots = 2"),
                   kernel=lambda _image, _line: next(outcomes))
    life.go(1)
    assert life.states() == ["failed", "done"] * 4
    check(life)
