# SPDX-License-Identifier: MIT
"""Guests that cannot be booted, or do not come to their end."""

import contextlib
import json
import os
import pathlib
import signal
from typing import Any, Callable, List

import pytest

from booted_vm import HERE, Guests, Matrix, needs, plan_text
from booting import supplies
from booting.executor import BootFailed

REPOSITORY = pathlib.Path(__file__).parents[2]
ONE = ("one", "", "")


def at_work_in(folder: pathlib.Path) -> List[str]:
    """The processes whose working directory is in a folder."""
    found = []
    for link in pathlib.Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if folder in pathlib.Path(os.readlink(link)).parents:
                found.append(link.parent.name)
    return found


def refused(matrix: Matrix, text: str, *options: str) -> str:
    """Why a plan is not booted at all, in one line."""
    status, output, errors = matrix.run(str(matrix.write(text)), *options)
    assert (status, output) == (3, "")
    assert len(errors.splitlines()) == 1, errors
    assert not matrix.output.exists()
    return errors


def test_a_text_file_is_no_kernel(matrix: Matrix) -> None:
    text = plan_text(HERE, "getppid", ONE)
    (matrix.folder / "vmlinuz").write_text("a kernel, honestly\n" * 1000)
    image = text.replace('image = "debian', 'image = "vmlinuz" # "debian')
    assert "vmlinuz: neither an x86 bzImage nor an arm64 Image" in refused(
        matrix, image)


def test_a_kernel_for_another_machine(matrix: Matrix) -> None:
    needs("x86_64")
    told = refused(matrix, plan_text("aarch64", "getppid", ONE),
                   f"--program={REPOSITORY / 'build/syscost'}")
    assert "a program for x86_64, the kernel is for aarch64" in told


def test_too_little_memory_is_told_before_booting(matrix: Matrix) -> None:
    text = plan_text(HERE, "getppid", ONE).replace(
        "[guest]", "[guest]\nmemory_mib = 100")
    assert "guest.memory_mib: 100 is too little" in refused(matrix, text)


@pytest.mark.parametrize("cmdline, told", [
    ("rdinit=/nonexistent init=/nonexistent",
     "Kernel panic - not syncing: VFS: Unable to mount root fs"),
    ("mem=64M", "guest.memory_mib is too little?")])
def test_a_command_line_that_panics_is_named(guests: Guests, cmdline: str,
                                             told: str) -> None:
    with pytest.raises(BootFailed) as failed:
        guests.boot(cmdline)
    assert "Kernel panic - not syncing: " in str(failed.value)
    assert told in str(failed.value)
    assert "Kernel panic" in (guests.folder / "attempt/console.log").read_text(
        errors="replace")


def test_a_guest_without_room_for_its_results_says_so(
        guests: Guests, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supplies, "tmp_mib", lambda guest: 1)
    with pytest.raises(BootFailed) as failed:
        guests.boot(filter=".*", arguments=("--launches=2", "--rounds=50"))
    assert "exited with" in str(failed.value)
    assert "guest.memory_mib is too little" in str(failed.value)


@pytest.mark.parametrize("cmdline, clocksource", [
    ("tsc=unstable", "hpet"), ("clocksource=acpi_pm", "acpi_pm")])
def test_a_guest_without_a_stable_counter_measures_all_the_same(
        guests: Guests, cmdline: str, clocksource: str) -> None:
    needs("x86_64")
    record = json.loads(
        (guests.boot(cmdline) / "run/run.json").read_text())
    assert record["complete"]
    assert record["clock"]["source"] == "CLOCK_MONOTONIC_RAW"
    assert record["clock"]["facts"]["clocksource"] == clocksource
    assert "clocksource" in {doubt["id"] for doubt in record["doubts"]}


def test_a_guest_that_takes_too_long_is_stopped(guests: Guests) -> None:
    with pytest.raises(BootFailed, match="no end within 1 s; "):
        guests.boot(limit_s=1)


def test_one_that_was_interrupted_goes_on(matrix: Matrix,
                                          until: Callable[..., Any]) -> None:
    plan = matrix.write(plan_text(HERE, "^getppid/inline$", ONE))
    process = matrix.start(str(plan))
    until(lambda: process.poll() is not None or any(
        "guest: " in log.read_text(errors="replace")
        for log in matrix.output.glob("boots/*/*/console.log")),
          "the guest speaks")
    assert process.poll() is None, process.communicate()
    assert at_work_in(matrix.output)
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate()
    assert process.returncode == 130
    assert not at_work_in(matrix.output)
    assert "--resume" in errors
    status, output, errors = matrix.run("--resume")
    assert status == 0, errors
    [run] = matrix.output.glob("boots/*/run")
    assert json.loads((run / "run.json").read_text())["complete"]
    assert len(list(matrix.output.glob("boots/*/attempt-*"))) == 2
