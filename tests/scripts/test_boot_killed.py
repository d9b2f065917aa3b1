# SPDX-License-Identifier: MIT
"""boot-matrix ended at every writing of its journal, in every way."""

import pathlib
from typing import Any

import pytest

from driving import GUARD_S, Driven

# Of two boots: one to begin with, then begun, verified, done and over.
SAVES = 1 + 4 * 2
SOME = (1, 2, 3, 4, 5, SAVES)


@pytest.fixture
def driven(tmp_path: pathlib.Path) -> Driven:
    """The script and a plan of four boots, nothing booted yet."""
    return Driven(tmp_path)


@pytest.fixture
def small(tmp_path: pathlib.Path) -> Driven:
    """The same with two boots."""
    return Driven(tmp_path, 1)


def check_measured_once(driven: Driven) -> None:
    """Nothing is lost, and nothing was measured twice."""
    slots = driven.journal()["slots"]
    assert driven.runs() == [f"{slot['slot']:02d}-{slot['arm']}"
                             for slot in slots]
    measured = [line for line in driven.lines() if "measured" in line]
    assert measured == [f"measured {slot['slot']}" for slot in slots]
    assert driven.lines()[-1] == "close True"


def check_whole(driven: Driven) -> None:
    """And none of it counts as failed."""
    check_measured_once(driven)
    for states in driven.states():
        assert states[-1] == "done" and set(states[:-1]) <= {"interrupted"}


def test_as_many_writings_as_are_ended_at(small: Driven) -> None:
    never = {"save": SAVES + 1, "when": "before", "do": "SIGKILL"}
    assert small("p.toml", "--output=m", at=never).returncode == 0
    check_whole(small)
    last = {"save": SAVES, "when": "after", "do": "SIGKILL"}
    assert small("p.toml", "--output=n", at=last).returncode == -9


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("save", range(1, SAVES + 1))
def test_killed(small: Driven, save: int, when: str) -> None:
    at = {"save": save, "when": when, "do": "SIGKILL"}
    assert small("p.toml", "--output=m", at=at).returncode == -9
    if (save, when) == (1, "before"):
        result = small("--resume", "--output=m")
        assert result.returncode == 2
        assert "matrix.json: No such file" in result.stderr
        return
    small.resume()
    check_whole(small)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("save", SOME)
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_interrupted(small: Driven, name: str, save: int, when: str) -> None:
    at = {"save": save, "when": when, "do": name}
    result = small("p.toml", "--output=m", at=at)
    assert result.returncode == 130, result.stderr
    assert "Traceback" not in result.stderr
    assert f"{name}: what was measured is in m; boot-matrix --resume " in (
        result.stderr)
    assert "begun" not in sum(small.states(), [])
    if small.lines()[-1] != "close True":
        assert small.lines()[-1] == "close False"
    small.resume()
    check_whole(small)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("save", SOME)
def test_full_disk(small: Driven, save: int, when: str) -> None:
    """Where the journal cannot be written nothing is booted any more."""
    at = {"save": save, "when": when, "do": "full"}
    result = small("p.toml", "--output=m", at=at)
    if (save, when) == (SAVES, "after"):
        assert result.returncode == 0
        return
    assert (result.returncode, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    assert "File too large" in result.stderr.splitlines()[-1]
    assert small.lines()[-1] == "close False"
    if (save, when) == (1, "before"):
        assert small.lines() == ["prepare", "close False"]
        assert not (small.folder / "m").exists()
        return
    small.resume()
    check_whole(small)


@pytest.mark.parametrize("save", [4, 5])
def test_killed_again_and_again(small: Driven, save: int) -> None:
    """Every start is killed, and each was of use."""
    at = {"save": save, "when": "after", "do": "SIGKILL"}
    words = ["p.toml", "--output=m"]
    for _ in range(20):
        result = small(*words, at=at)
        words = ["--resume", "--output=m"]
        if result.returncode == 0:
            break
        assert result.returncode == -9
    check_whole(small)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("start, save", [
    (1, 2), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5)])
def test_a_machine_that_goes_down_for_each(small: Driven, start: int,
                                           save: int, when: str) -> None:
    """Killed in one of its starts: the others bring all to the end."""
    executor = {"leaves": True}
    words = ["p.toml", "--output=m"]
    for number in range(1, 20):
        at = {"save": save, "when": when, "do": "SIGKILL"} if (
            number == start) else {}
        result = small(*words, executor=executor, at=at)
        words = ["--resume", "--output=m"]
        assert result.returncode == (-9 if number == start else 0)
        if small.lines()[-1] == "close True":
            break
    check_measured_once(small)


# While it boots

def test_a_signal_while_it_boots(driven: Driven, until: Any) -> None:
    one = driven.start("p.toml", "--output=m",
                       executor={"outcomes": {"2": ["hang"]}})
    until(lambda: "enter 2" in driven.lines(), "the second boot")
    one.terminate()
    _, said = one.communicate(timeout=GUARD_S)
    assert one.returncode == 130
    assert "SIGTERM: what was measured is in m" in said
    assert driven.states() == [["done"], ["interrupted"], [], []]
    assert driven.lines()[-1] == "close False"
    driven.resume()
    check_whole(driven)


def test_one_at_a_time(driven: Driven, until: Any) -> None:
    one = driven.start("p.toml", "--output=m",
                       executor={"outcomes": {"2": ["hang"]}})
    until(lambda: "enter 2" in driven.lines(), "the second boot")
    before = driven.lines()
    for words in (["p.toml", "--output=n"], ["--resume", "--output=m"]):
        result = driven(*words)
        assert result.returncode == 3
        assert f"process {one.pid} measures on this machine" in result.stderr
    other = driven("--resume", "--output=m", lock="elsewhere")
    assert other.returncode == 3
    assert f"process {one.pid} is at work in m" in other.stderr
    assert driven.lines() == before
    assert not (driven.folder / "n").exists()
    one.kill()
    one.communicate()
    driven.resume()
    check_whole(driven)


def test_a_word_to_stop_from_beside(driven: Driven, until: Any) -> None:
    """It ends after the boot; one that nobody is at work on ends at once."""
    one = driven.start("p.toml", "--output=m",
                       executor={"outcomes": {"2": ["hang"]}})
    until(lambda: "enter 2" in driven.lines(), "the second boot")
    result = driven("--stop", "--output=m")
    assert result.returncode == 0
    assert "ends after the boot" in result.stderr
    one.kill()
    one.communicate()
    result = driven("--stop", "--output=m")
    assert (result.returncode, driven.lines()[-1]) == (0, "close False")
    assert driven.states() == [["done"], ["interrupted"], [], []]
    again = driven("--resume", "--output=m")
    assert again.returncode == 130
    assert "remove m/stop, then boot-matrix --resume" in again.stderr
    (driven.folder / "m" / "stop").unlink()
    driven.resume()
    check_whole(driven)
