# SPDX-License-Identifier: MIT
"""scripts/booting/qemu.py with a QEMU that is made up, in all that it does."""

import errno
import os
import pathlib
import signal
import subprocess
import sys
from typing import Any, Callable, Dict, List, Optional

import pytest

from guests import (FILES, RELEASE, FakeQemu, answer, arm64_image, attempt_of,
                    is_alive, options_of, plan_of, x86_image)
from booting import accelerator, choose, console, guest, qemu, supplies
from booting.executor import BootFailed, Interrupted, Refused
from booting.plan import Arm, Kernel, Plan

HERE = pathlib.Path(__file__)
STEPS = "guest: 3.1 s: setting up\\nguest: 4.0 s: measuring\\n"
GUARD_S = 1000      # a guest that hangs would end then


@pytest.fixture
def fake(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> FakeQemu:
    """A QEMU that answers as it should until it is told otherwise."""
    monkeypatch.setattr(supplies, "system", lambda *_: b"system")
    monkeypatch.setattr(supplies, "additions", lambda *_: b"additions")
    return FakeQemu(tmp_path, monkeypatch)


@pytest.fixture
def plan(tmp_path: pathlib.Path) -> Plan:
    """A plan of one arm, emulated."""
    (tmp_path / "vmlinuz").write_bytes(x86_image())
    return plan_of(tmp_path / "vmlinuz")


def boot(plan: Plan, folder: pathlib.Path) -> pathlib.Path:
    """Boot a plan's first arm; the attempt's folder."""
    executor = qemu.make(plan, folder, options_of([]))
    executor.prepare()
    attempt = attempt_of(plan, folder / "attempt")
    try:
        executor.enter(attempt)
    finally:
        executor.close(True)
    return attempt.folder


def reason(plan: Plan, folder: pathlib.Path) -> str:
    """Why a boot came to nothing."""
    with pytest.raises(BootFailed) as failed:
        boot(plan, folder)
    assert str(failed.value).isprintable()
    assert not (folder / "attempt" / "run").exists()
    assert not (folder / "attempt" / qemu.INITRAMFS).exists()
    return str(failed.value)


def test_what_prepare_finds(fake: FakeQemu, plan: Plan, tmp_path: pathlib.Path
                            ) -> None:
    said: List[str] = []
    executor = choose.make("qemu", plan, tmp_path, options_of(said))
    before = sorted(tmp_path.rglob("*"))
    facts = executor.prepare()
    assert sorted(tmp_path.rglob("*")) == before
    assert facts.pop("images_sha256")["made"]
    assert facts == {
        "architecture": "x86_64", "accelerator": "tcg", "emulated": True,
        "why_not_kvm": "the plan asks for tcg", "qemu": "7.2.22 (Debian)",
        "machine": "pc", "cpu": "max", "memory_mib": 512,
        "releases": {"made": RELEASE}}
    assert said == ["qemu: x86_64 guests by software emulation (tcg), not "
                    "KVM: the plan asks for tcg"]


def test_a_boot_that_goes_well(fake: FakeQemu, plan: Plan,
                               tmp_path: pathlib.Path) -> None:
    folder = boot(plan, tmp_path)
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*")
                  if path.is_file()) == sorted([*FILES, "console.log"])


def test_how_qemu_is_started(fake: FakeQemu, plan: Plan,
                             tmp_path: pathlib.Path) -> None:
    fake.does('(here / "initramfs").write_bytes('
              'pathlib.Path("initramfs").read_bytes())\n'
              'answer((here / "data").read_bytes())')
    boot(plan, tmp_path)
    arguments = fake.arguments
    for option in ("-nodefaults", "-no-user-config", "-no-reboot"):
        assert option in arguments
    for option, value in (("-display", "none"), ("-monitor", "none"),
                          ("-nic", "none"), ("-accel", "tcg"), ("-smp", "1"),
                          ("-m", "512"), ("-cpu", "max"),
                          ("-kernel", str(tmp_path / "vmlinuz"))):
        assert arguments[arguments.index(option) + 1] == value
    assert arguments[arguments.index("-append") + 1] == (
        "console=ttyS0 panic=-1 quiet syscost.boot=0123456789abcdef pti=off")
    assert (tmp_path / "initramfs").read_bytes() == b"systemadditions"


def test_an_arm64_guest_has_its_own_machine(
        fake: FakeQemu, tmp_path: pathlib.Path) -> None:
    (tmp_path / "Image").write_bytes(arm64_image())
    boot(plan_of(tmp_path / "Image"), tmp_path)
    assert fake.arguments[0].endswith("qemu-system-aarch64")
    assert "virt,gic-version=max" in fake.arguments
    assert "pci-serial,chardev=answer" in fake.arguments
    assert "console=ttyAMA0" in fake.arguments[-1]


FAILURES: Dict[str, Any] = {
    "panic": (
        'console("[ 1.5] Kernel panic - not syncing: VFS: no root\\n"\n'
        '        "[ 1.6] Kernel Offset: 0x38000000\\n")',
        ["sent nothing back", "Kernel panic - not syncing: VFS: no root",
         "it did not come to its init"]),
    "too little memory": (
        'console("[ 1.2] Initramfs unpacking failed: write error\\n"\n'
        '        "[ 1.5] Kernel panic - not syncing: No init found.\\n")',
        ["Initramfs unpacking failed: write error", "guest.memory_mib",
         "Kernel panic - not syncing: No init found."]),
    "given up": (
        f'console("{STEPS}guest: gave up: packing the results\\n")',
        ["last step: gave up: packing the results"]),
    "silence": ("", ["sent nothing back", "the console stayed empty"]),
    "no answer": (
        'os.unlink("answer")', ["sent nothing back"]),
    "exit 1": (
        'sys.exit("qemu-system-x86_64: unable to find CPU model \'x\'")',
        ["QEMU exited with 1", "unable to find CPU model 'x'"]),
    "killed": (
        f'console("{STEPS}")\nos.kill(os.getpid(), signal.SIGKILL)',
        ["QEMU was killed by SIGKILL", "last step: measuring"]),
    "aborted": (
        'os.abort()', ["QEMU was killed by SIGABRT", "stayed empty"]),
    "console without end": (
        'while True: console("x" * (1 << 20) + "\\n")',
        ["wrote more than 64 MiB and was stopped"]),
    "answer without end": (
        'with open("answer", "wb") as file:\n'
        '    while True: file.write(bytes(1 << 20))',
        ["wrote more than 64 MiB and was stopped"]),
    "control characters": (
        'console("guest: \\x1b]0;title\\x07 \\u202e\\n\\xff\\x00\\n")',
        ["\\x1b]0;title\\x07", "\\u202e", "\\x00"]),
    "cut off": (
        f'console("{STEPS}")\n'
        'answer((here / "data").read_bytes()[:-100])',
        ["is cut off", "last step: measuring"]),
    "hostile": (
        'answer(b"syscost-guest 1 facts=0 measured=0 bytes=4 sha256="\n'
        '       + b"0" * 64 + b"\\n" + b"text")', ["damaged on the way"]),
}


@pytest.mark.parametrize("what", FAILURES)
def test_a_boot_that_comes_to_nothing_is_named(
        fake: FakeQemu, plan: Plan, tmp_path: pathlib.Path, what: str
        ) -> None:
    program, told = FAILURES[what]
    fake.does("signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n" + program)
    named = reason(plan, tmp_path)
    assert [words for words in told if words not in named] == []
    assert (tmp_path / "attempt" / "console.log").exists()
    assert not is_alive(fake.pid)


def test_a_guest_that_hangs_is_stopped_and_named(
        fake: FakeQemu, plan: Plan, tmp_path: pathlib.Path,
        until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    fake.does(f'console("{STEPS}[ 5.1] watchdog: BUG: soft lockup\\n")\n'
              f'(here / "ready").touch(); time.sleep({GUARD_S})')
    wait = subprocess.Popen.wait

    def out_of_time(process: "subprocess.Popen[bytes]",
                    timeout: Optional[float] = None) -> int:
        """Wait, but for the limit only until the guest hangs."""
        if timeout != plan.limit_s:
            return wait(process, timeout)
        until((tmp_path / "ready").exists, "the guest hangs")
        raise subprocess.TimeoutExpired("qemu", timeout)
    monkeypatch.setattr(subprocess.Popen, "wait", out_of_time)
    assert reason(plan, tmp_path) == (
        "no end within 60 s; last step: measuring; last console line: "
        "watchdog: BUG: soft lockup")
    assert not is_alive(fake.pid)


@pytest.mark.parametrize("facts, measured, stderr, told", [
    (2, 2, b"syscost: no\nsyscost: bad \x1b[31m option\n",
     "syscost --environment exited with 2 in the guest and said: syscost: bad "
     "\\x1b[31m option"),
    (0, 137, b"", "syscost exited with 137 in the guest and said: nothing"),
    (0, 3, b"syscost: run: No space left on device\n",
     "guest.memory_mib is too little")])
def test_a_syscost_that_fails_in_the_guest_is_told_apart(
        fake: FakeQemu, plan: Plan, tmp_path: pathlib.Path, facts: int,
        measured: int, stderr: bytes, told: str) -> None:
    fake.answers(answer({"stderr.txt": stderr}, facts=facts,
                        measured=measured))
    assert told in reason(plan, tmp_path)
    assert (tmp_path / "attempt" / "stderr.txt").read_bytes() == stderr


def test_facts_that_did_not_come_are_missed(
        fake: FakeQemu, plan: Plan, tmp_path: pathlib.Path) -> None:
    fake.answers(answer({"stderr.txt": b""}))
    assert "sent no environment.json" in reason(plan, tmp_path)


def test_only_the_ends_of_a_huge_console_are_read(tmp_path: pathlib.Path
                                                  ) -> None:
    log = tmp_path / "console.log"
    log.write_bytes(b"first\n" + b"x" * (40 << 20) + b"\nlast\n")
    said = console.lines(log)
    assert (said[0], said[-1]) == ("first", "last")
    assert sum(map(len, said)) < 10_000


def test_a_missing_qemu_is_named_with_its_package(
        fake: FakeQemu, plan: Plan, tmp_path: pathlib.Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match=r"qemu-system-x86_64 is missing "
                                      r"\(package qemu-system-x86\): run "
                                      r"scripts/setup --vm"):
        boot(plan, tmp_path)


def test_a_qemu_that_went_away_is_named(
        fake: FakeQemu, plan: Plan, tmp_path: pathlib.Path) -> None:
    executor = qemu.make(plan, tmp_path, options_of([]))
    executor.prepare()
    (fake.commands / "qemu-system-x86_64").unlink()
    with pytest.raises(BootFailed, match="No such file"):
        executor.enter(attempt_of(plan, tmp_path / "attempt"))


def test_what_is_no_qemu_is_refused(
        fake: FakeQemu, plan: Plan, tmp_path: pathlib.Path) -> None:
    program = fake.commands / "qemu-system-x86_64"
    program.write_text("#!/bin/sh\necho '\x1b[31m'\n")
    with pytest.raises(Refused, match=r"says no version: \\x1b\[31m"):
        boot(plan, tmp_path)


def test_fences_that_are_missing_are_named(
        tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match="util-linux"):
        guest.fenced()


def test_a_kernel_that_is_none_is_refused(
        fake: FakeQemu, tmp_path: pathlib.Path) -> None:
    with pytest.raises(Refused, match=f"{HERE.name}: neither an x86"):
        boot(plan_of(HERE), tmp_path)


def test_kernels_of_two_architectures_are_two_plans(
        fake: FakeQemu, tmp_path: pathlib.Path) -> None:
    arms = []
    for name, data in (("x86", x86_image()), ("arm", arm64_image())):
        (tmp_path / name).write_bytes(data)
        arms.append(Arm(name, Kernel(name, str(tmp_path / name)), ()))
    with pytest.raises(Refused, match="x86_64 and aarch64: make a plan of "
                                      "each"):
        boot(Plan("two", tuple(arms), 1), tmp_path)


def test_a_kernel_that_was_replaced_is_not_booted(
        fake: FakeQemu, plan: Plan, tmp_path: pathlib.Path) -> None:
    executor = qemu.make(plan, tmp_path, options_of([]))
    executor.prepare()
    (tmp_path / "vmlinuz").write_bytes(x86_image("6.12.1"))
    with pytest.raises(Refused, match="another kernel than when"):
        executor.enter(attempt_of(plan, tmp_path / "attempt"))


def test_a_full_disk_is_not_taken_for_the_guests_fault(
        fake: FakeQemu, plan: Plan, tmp_path: pathlib.Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    fake.answers(answer()[:-100])
    statvfs = os.statvfs

    def full(folder: str) -> os.statvfs_result:
        """A disk that only the initramfs leaves no room on."""
        found = list(statvfs(folder))
        if (tmp_path / "attempt" / qemu.INITRAMFS).exists():
            found[4] = 0
        return os.statvfs_result(found)
    monkeypatch.setattr(os, "statvfs", full)
    with pytest.raises(OSError) as failed:
        boot(plan, tmp_path)
    assert failed.value.errno == errno.ENOSPC
    assert failed.value.filename == str(tmp_path / "attempt")


def test_nobody_goes_on_with_a_guest(plan: Plan, tmp_path: pathlib.Path
                                     ) -> None:
    executor = qemu.make(plan, tmp_path, options_of([]))
    with pytest.raises(Interrupted):
        executor.arrive(attempt_of(plan, tmp_path / "attempt"))


# Boots a plan in a process of its own, to be ended from outside.
DRIVER = f"""
import pathlib, sys
sys.path.insert(0, {str(HERE.parent)!r})
import guests
from booting import qemu, supplies
supplies.system = supplies.additions = lambda *_: b"archive"
folder = pathlib.Path(sys.argv[1])
plan = guests.plan_of(folder / "vmlinuz", limit_s={GUARD_S})
executor = qemu.make(plan, folder, guests.options_of([]))
executor.prepare()
executor.enter(guests.attempt_of(plan, folder / "attempt"))
"""


@pytest.mark.parametrize("number, cleaned", [
    (signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGKILL, False)])
def test_no_qemu_outlives_the_program(
        fake: FakeQemu, plan: Plan, tmp_path: pathlib.Path,
        until: Callable[..., Any], number: signal.Signals, cleaned: bool
        ) -> None:
    fake.does(f'console("{STEPS}")\n(here / "ready").touch()\n'
              f'time.sleep({GUARD_S})')
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, str(tmp_path)],
                              stderr=subprocess.DEVNULL)
    try:
        until((tmp_path / "ready").exists, "QEMU is there")
        driver.send_signal(number)
        driver.wait()
        until(lambda: not is_alive(fake.pid), "QEMU is gone")
    finally:
        driver.kill()
        driver.wait()
    assert driver.returncode == -number
    assert (tmp_path / "attempt" / "initramfs").exists() is not cleaned


@pytest.fixture
def kvm(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
        ) -> pathlib.Path:
    """A /dev/kvm that opens, on a host for whom the kernel is."""
    monkeypatch.setattr(accelerator, "KVM", str(tmp_path / "kvm"))
    monkeypatch.setattr(os, "uname", lambda: os.uname_result(
        ("Linux", "host", "6.1", "#1", "x86_64")))
    (tmp_path / "kvm").touch()
    return tmp_path / "kvm"


BOOTS = ('console("[ 0.0] Linux version 6.1.0\\n")\n'
         f'if is_trial(): time.sleep({GUARD_S})\n'
         'answer((here / "data").read_bytes())')


def choice(plan: Plan, folder: pathlib.Path, wanted: str) -> Dict[str, Any]:
    """The facts of a plan that wants an accelerator."""
    executor = qemu.make(plan_of(folder / "vmlinuz", accelerator=wanted),
                         folder, options_of([]))
    return executor.prepare()


@pytest.mark.parametrize("wanted", ["auto", "kvm"])
def test_kvm_is_taken_where_the_kernel_comes_up(
        fake: FakeQemu, plan: Plan, kvm: pathlib.Path, tmp_path: pathlib.Path,
        wanted: str) -> None:
    fake.does(BOOTS)
    facts = choice(plan, tmp_path, wanted)
    assert (facts["accelerator"], facts["emulated"], facts["why_not_kvm"]) == (
        "kvm", False, None)
    assert not is_alive(fake.pid)
    assert "kvm" in fake.arguments


NO_KVM = {
    "refuses": ('sys.exit("qemu: error: failed to set MSR 0x10a to 0x69")',
                "qemu: error: failed to set MSR 0x10a to 0x69"),
    "aborts silently": ("os.abort()", "QEMU ended at once"),
    "hangs": (f'console("Probing EDD... ok\\n"); time.sleep({GUARD_S})',
              "the kernel says nothing within 0.2 s")}


@pytest.mark.parametrize("how", NO_KVM)
def test_kvm_that_does_not_work_is_left_for_emulation(
        fake: FakeQemu, plan: Plan, kvm: pathlib.Path, tmp_path: pathlib.Path,
        monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    program, told = NO_KVM[how]
    if how == "hangs":
        monkeypatch.setattr(accelerator, "TRIAL_S", 0.2)
    fake.does(program)
    facts = choice(plan, tmp_path, "auto")
    assert (facts["accelerator"], facts["emulated"]) == ("tcg", True)
    assert facts["why_not_kvm"] == told
    assert not is_alive(fake.pid)
    with pytest.raises(Refused, match="asks for kvm, which does not work"):
        choice(plan, tmp_path, "kvm")


def test_kvm_that_is_not_there_is_not_tried(
        fake: FakeQemu, plan: Plan, kvm: pathlib.Path, tmp_path: pathlib.Path
        ) -> None:
    kvm.unlink()
    facts = choice(plan, tmp_path, "auto")
    assert facts["why_not_kvm"] == f"{kvm}: No such file or directory"
    assert not (tmp_path / "arguments").exists()


def test_kvm_is_not_for_other_machines(
        fake: FakeQemu, kvm: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "vmlinuz").write_bytes(arm64_image())
    facts = choice(plan_of(tmp_path), tmp_path, "auto")
    assert facts["why_not_kvm"] == ("the kernel is for aarch64, this is "
                                    "x86_64")


def test_a_plan_can_ask_for_emulation(
        fake: FakeQemu, plan: Plan, kvm: pathlib.Path, tmp_path: pathlib.Path
        ) -> None:
    fake.does(BOOTS)
    assert choice(plan, tmp_path, "tcg")["accelerator"] == "tcg"


def test_no_folder_of_a_trial_is_left(
        fake: FakeQemu, plan: Plan, kvm: pathlib.Path, tmp_path: pathlib.Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(work))
    fake.does(BOOTS)
    choice(plan, tmp_path, "auto")
    assert list(work.iterdir()) == []
