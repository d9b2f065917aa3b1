# SPDX-License-Identifier: MIT
"""What boot-matrix leans on: executors by name, locks, lines, times."""

import os
import pathlib
import re
import sys
from typing import Any

import pytest

import booted  # noqa: F401  (makes scripts/ known)
from analysis import output
from booting import choose, lock, words
from booting.executor import Refused
from booting.screen import Screen


def test_executors_are_modules(monkeypatch: Any) -> None:
    assert choose.NAMES == ("qemu", "kexec", "reboot")
    monkeypatch.setitem(sys.modules, "booting.elsewhere", None)
    with pytest.raises(Refused, match="booting/nowhere.py is not there"):
        choose.module_of("nowhere")


def test_a_lock_is_one_users_own(tmp_path: pathlib.Path, monkeypatch: Any
                                 ) -> None:
    monkeypatch.setattr(lock.os, "geteuid", lambda: os.stat(tmp_path).st_uid
                        or 1000)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    mine = os.stat(tmp_path).st_uid != 0
    assert (lock.machine_lock().parent == tmp_path) is mine
    monkeypatch.setenv("XDG_RUNTIME_DIR", "relative")
    assert lock.machine_lock().is_absolute()
    assert re.search(r"-\d+\.lock$", lock.machine_lock().name)


@pytest.mark.parametrize("make", [
    lambda path: path.symlink_to("/etc/passwd"), pathlib.Path.mkdir,
    os.mkfifo])
def test_a_lock_that_is_not_ours(tmp_path: pathlib.Path, make: Any) -> None:
    make(tmp_path / "lock")
    with pytest.raises(output.BadInput, match="lock: "):
        with lock.held(tmp_path / "lock", "is at work"):
            pass


def test_a_lock_is_let_go_of(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "lock"
    with lock.held(path, "is at work"):
        with pytest.raises(Refused, match=f"process {os.getpid()} is at w"):
            with lock.held(path, "is at work"):
                pass
        assert not lock.is_free(path)
    assert lock.is_free(path)


def test_lines_of_progress_wait_for_their_end(capsys: Any) -> None:
    screen = Screen()
    screen.begin("boot 1")
    screen.end("fine")
    screen.begin("boot 2")
    screen.say("\x1b[2Jone")
    screen.say("two")
    screen.end("fine")
    screen.say("three")
    assert capsys.readouterr().err == (
        "boot 1 ... fine\nboot 2 ... \n\\x1b[2Jone\ntwo\n"
        "boot 2 ... fine\nthree\n")


def test_seconds_are_counted_over_boots() -> None:
    assert 0 <= words.seconds_since(words.now()) < 60
    assert words.seconds_since("2020-01-01T00:00:00.000Z") > 1e8
    assert words.seconds_since("2999-01-01T00:00:00.000Z") == 0
