# SPDX-License-Identifier: MIT
"""booting.machine: the machine that this is, as far as it may be touched."""

import os
import pathlib
import re
from typing import Any

import pytest

import booted  # noqa: F401
from booting.machine import Machine, unfinished


class Here(Machine):
    """This machine's commands, and files of a test."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root


@pytest.fixture
def here(tmp_path: pathlib.Path) -> Here:
    return Here(tmp_path)


def test_what_the_kernel_tells() -> None:
    """Files of /proc and /sys are read in ways of their own."""
    machine = Machine()
    assert re.fullmatch(r"[0-9a-f-]{36}", machine.boot_id)
    assert machine.line == pathlib.Path("/proc/cmdline").read_text().strip()
    assert machine.text("/proc/stat").startswith("cpu ")
    assert machine.text("/proc/none") == ""
    assert machine.text("/proc") == ""


def test_commands() -> None:
    machine = Machine()
    assert machine.run("printf", "%s", "a b;c").out == "a b;c"
    done = machine.run("sh", "-c", "echo one >&2; echo two >&2; exit 3")
    assert (done.status, done.why) == (3, "two")
    assert machine.run("false").why == "exit status 1"
    missing = machine.run("no-such-command-here")
    assert missing.status == 127 and "No such file" in missing.why
    assert machine.has("sh") and not machine.has("no-such-command-here")


def test_a_command_that_takes_too_long(monkeypatch: Any) -> None:
    monkeypatch.setattr("booting.machine.COMMAND_S", 0.1)
    assert Machine().run("sleep", "1000").status == 124


@pytest.mark.parametrize("content", [b"", b"a\n", b"\xff" * 200000])
def test_what_was_written_is_read(here: Here, content: bytes) -> None:
    here.write("/file", content)
    assert here.read("/file") == content
    assert os.listdir(here.root) == ["file"]


def test_a_file_keeps_its_mode_and_is_nobody_elses_to_write(here: Here
                                                            ) -> None:
    before = os.umask(0)
    try:
        here.write("/new", b"")
    finally:
        os.umask(before)
    assert here.at("/new").stat().st_mode & 0o777 == 0o644
    here.at("/new").chmod(0o640)
    here.write("/new", b"a")
    assert here.at("/new").stat().st_mode & 0o777 == 0o640


def test_a_write_that_fails_leaves_the_old_file(here: Here, monkeypatch: Any
                                                ) -> None:
    here.write("/file", b"old")
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="No space"):
        here.write("/file", b"new")
    assert here.read("/file") == b"old"
    assert os.listdir(here.root) == ["file"]


def failing(_: int) -> None:
    """A full disk."""
    raise OSError(28, "No space left on device")


def test_what_a_cut_off_write_left_goes(here: Here) -> None:
    unfinished(here.at("/file")).write_bytes(b"half")
    here.write("/file", b"whole")
    unfinished(here.at("/file")).write_bytes(b"half")
    here.remove("/file")
    here.remove("/file")
    assert os.listdir(here.root) == []


def test_what_is_not_there(here: Here) -> None:
    assert here.read("/none") is None
    assert not here.is_there("/none") and not here.is_plain("/none")
    here.at("/link").symlink_to("none")
    assert here.is_there("/link") and not here.is_plain("/link")
    here.remove_folder("/none")
