# SPDX-License-Identifier: MIT
"""kexec and reboot on a made-up machine that fails at every step."""

import pathlib
from typing import Any, Dict, List

import pytest

from lab_files import USUAL
from lab_lives import MACHINES, Life, check, life_of
from lab_worlds import Fault


@pytest.mark.parametrize("name", MACHINES)
def test_all_is_measured_and_put_back(name: str, memory_path: pathlib.Path,
                                      monkeypatch: Any) -> None:
    life = life_of(memory_path, name, monkeypatch)
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
                                    memory_path: pathlib.Path,
                                    monkeypatch: Any) -> None:
    for life in lives(memory_path, name, monkeypatch, kind, False):
        assert life.states().count("done") == 2


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("kind", ["fails", "silent", "late"])
def test_any_step_fails_once(name: str, kind: str, memory_path: pathlib.Path,
                             monkeypatch: Any) -> None:
    for life in lives(memory_path, name, monkeypatch, kind, False):
        assert life.states().count("done") == 2


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize("kind", ["fails", "silent", "late"])
def test_anything_fails_for_good(name: str, kind: str,
                                 memory_path: pathlib.Path, monkeypatch: Any
                                 ) -> None:
    """It comes to an end, in the usual entry after some power cycles at most;
    and when it works again, all is measured and put back."""
    whole = life_of(memory_path, name, monkeypatch)
    whole.go()
    for step in range(1, len(whole.world.steps) + 1):
        life = life_of(memory_path, name, monkeypatch,
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
def test_a_stop_file_at_any_step(name: str, memory_path: pathlib.Path,
                                 monkeypatch: Any) -> None:
    """What is under way is finished, nothing more is begun, all is put back.
    """
    whole = life_of(memory_path, name, monkeypatch)
    whole.go()
    for step in range(5, len(whole.world.steps)):
        life = life_of(memory_path, name, monkeypatch)
        life.world.at_step = (step, life.stop)
        life.go(2)
        assert life.ends[-1] in ("stopped", "done")
        check(life)
