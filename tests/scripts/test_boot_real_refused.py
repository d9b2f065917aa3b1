# SPDX-License-Identifier: MIT
"""kexec and reboot: machines that cannot be booted so, and what says it."""

import os
import pathlib
from typing import Any, Callable, Dict, List

import pytest

from lab_files import KERNEL, RELEASE, USUAL, image
from lab_lives import PLAN, Life, machine_in, quickly
from lab_machines import Lab
from lab_worlds import World
from booting import loader, loading, onward, systemd_boot
from booting.changes import Store
from booting.executor import Refused
from booting.machine import Done

IMAGE = f"/boot/vmlinuz-{RELEASE}"
LOCKED = "none [integrity] confidentiality"


@pytest.fixture(autouse=True)
def files(monkeypatch: Any) -> None:
    """Files of a test need not be on the disk."""
    quickly(monkeypatch)


def refusal(world: World, way: str = "reboot", plan: str = PLAN) -> str:
    """Why nothing can be booted; and nothing has changed."""
    life = Life(world, way, plan)
    with pytest.raises(Refused) as told:
        life.executor().prepare()
    assert life.is_usual
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize("way", ["reboot", "kexec"])
def test_what_is_told_of_a_machine(tmp_path: pathlib.Path, way: str) -> None:
    life = Life(machine_in(tmp_path), way)
    facts = life.executor().prepare()
    assert facts["executor"] == way
    assert facts["emulated"] is False
    assert facts["firmware"] is (way == "reboot")
    assert facts["releases"] == {"usual": RELEASE}
    assert life.is_usual


@pytest.mark.parametrize("way", ["reboot", "kexec"])
def test_not_root(tmp_path: pathlib.Path, way: str, monkeypatch: Any
                  ) -> None:
    monkeypatch.setattr(Lab, "is_roots", False)
    assert "needs root" in refusal(machine_in(tmp_path), way)


@pytest.mark.parametrize("way", ["reboot", "kexec"])
def test_no_systemd(tmp_path: pathlib.Path, way: str) -> None:
    world = machine_in(tmp_path)
    world.at("/run/systemd/system/.is").unlink()
    world.at("/run/systemd/system").rmdir()
    assert "not started by systemd" in refusal(world, way)


def test_another_plans_unit(tmp_path: pathlib.Path) -> None:
    world = machine_in(tmp_path)
    world.put(onward.PATH, b"[Unit]\nDescription=goes on with /other\n")
    assert "another plan is under way" in refusal(world)


@pytest.mark.parametrize("kind", ["tmpfs", "ramfs"])
def test_a_folder_in_memory(tmp_path: pathlib.Path, monkeypatch: Any,
                            kind: str) -> None:
    monkeypatch.setattr(Lab, "stat", lambda *_: Done(0, f"{kind}\n"))
    assert "does not outlive a boot" in refusal(machine_in(tmp_path))


def test_a_folder_that_a_boot_empties(tmp_path: pathlib.Path, monkeypatch: Any
                                      ) -> None:
    monkeypatch.setattr("lab_lives.PLACE", pathlib.Path("/tmp/m"))
    assert "does not outlive a boot" in refusal(machine_in(tmp_path))


def test_no_program(tmp_path: pathlib.Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "not a program" in refusal(machine_in(tmp_path))


def with_kernel(image: str, initrd: str = "") -> str:
    """The plan with a kernel of one's own."""
    more = f'\ninitrd = "{initrd}"' if initrd else ""
    return PLAN.replace('image = "host"', f'image = "{image}"{more}')


ARM64 = bytes(0x38) + b"ARM\x64" + bytes(0x100)


@pytest.mark.parametrize("content, told", [
    (b"#!/bin/sh\n", "no kernel for x86_64"), (b"", "is empty"),
    (b"MZ", "no kernel"), (b"\x7fELF" + bytes(600), "no kernel"),
    (ARM64, "a kernel for aarch64"), (b"\x1f\x8b\x08", "gzip"),
    (KERNEL[:0x204], "no kernel")],
    ids=["text", "empty", "short", "elf", "arm64", "gzip", "cut"])
@pytest.mark.parametrize("way", ["reboot", "kexec"])
def test_what_is_no_kernel(tmp_path: pathlib.Path, way: str, content: bytes,
                           told: str) -> None:
    world = machine_in(tmp_path)
    world.put("/boot/own", content)
    assert told in refusal(world, way, with_kernel("/boot/own"))


def test_what_is_not_there(tmp_path: pathlib.Path) -> None:
    world = machine_in(tmp_path)
    assert "No such file" in refusal(world, plan=with_kernel("/boot/own"))
    assert "No such file" in refusal(world, plan=with_kernel(IMAGE, "/none"))
    world.put("/boot/empty", b"")
    assert "empty" in refusal(world, plan=with_kernel(IMAGE, "/boot/empty"))
    assert "qemu alone" in refusal(world, plan=with_kernel(
        "debian:cloud-amd64"))
    world.at(f"/boot/initrd.img-{RELEASE}").unlink()
    assert "write its image and initrd" in refusal(world)


def test_a_kernel_that_tells_its_release(tmp_path: pathlib.Path) -> None:
    world = machine_in(tmp_path)
    world.put("/boot/own", image("6.12.9-lab"))
    plan = with_kernel("/boot/own")
    facts = Life(world, plan=plan).executor().prepare()
    assert facts["releases"] == {"usual": "6.12.9-lab"}
    other = plan.replace('"/boot/own"', '"/boot/own"\nrelease = "6.1"')
    assert "is 6.12.9-lab, not 6.1" in refusal(world, plan=other)


FILES: Dict[str, str] = {"/sys/kernel/kexec_loaded": "1",
                         loading.DISABLED: "1", loading.LOCKDOWN: LOCKED}


@pytest.mark.parametrize("path, told", [
    ("/sys/kernel/kexec_loaded", "loaded already"),
    (loading.DISABLED, "switched off"), (loading.LOCKDOWN, "locked down")])
def test_kernels_that_load_none(tmp_path: pathlib.Path, path: str, told: str
                                ) -> None:
    world = machine_in(tmp_path)
    world.put(path, FILES[path].encode())
    assert told in refusal(world, "kexec")


def test_a_kernel_without_kexec(tmp_path: pathlib.Path, monkeypatch: Any
                                ) -> None:
    world = machine_in(tmp_path)
    world.at("/sys/kernel/kexec_loaded").unlink()
    assert "without kexec" in refusal(world, "kexec")
    monkeypatch.setattr(Lab, "has", lambda *_: False)
    assert "install kexec-tools" in refusal(world, "kexec")


def test_loaders(tmp_path: pathlib.Path) -> None:
    world = machine_in(tmp_path)
    assert loader.find(Lab(world)).name == "grub"
    info = world.variable(systemd_boot.INFO)
    for told, name in (("GRUB 2.12", "grub"),
                       ("systemd-boot 255.4", "systemd-boot")):
        world.put(info, world.efi(told))
        assert loader.find(Lab(world)).name == name
    world.put(info, world.efi("rEFInd 0.14"))
    assert "rEFInd" in refusal(world)


BREAKING: List[Callable[[World], Any]] = [
    lambda world: world.at("/boot/grub/grub.cfg").unlink(),
    lambda world: world.put("/boot/grub2/grub.cfg", b""),
    lambda world: world.put("/proc/cmdline", b"root=/dev/sda ro\n")]


@pytest.mark.parametrize("breaking", BREAKING)
def test_a_loader_that_cannot_be_told(tmp_path: pathlib.Path, breaking: Any
                                      ) -> None:
    world = machine_in(tmp_path)
    breaking(world)
    assert "cannot be told" in refusal(world)


def test_systemd_boot_where_it_would_not_work(tmp_path: pathlib.Path,
                                              monkeypatch: Any) -> None:
    world = machine_in(tmp_path, "systemd-boot")
    world.put(world.variable(systemd_boot.ONCE), world.efi("other.conf"))
    assert "other.conf is chosen" in refusal(world)
    world.at(world.variable(systemd_boot.ONCE)).unlink()
    world.put(world.variable(systemd_boot.SECURE), bytes(4) + b"\1")
    assert "Secure Boot" in refusal(world)
    world.put(world.variable(systemd_boot.SECURE), bytes(4) + b"\0")
    monkeypatch.setattr(Lab, "bootctl", lambda *_: Done(1, "", "no ESP"))
    assert "no ESP" in refusal(world)


def test_a_loader_that_would_boot_the_new_entry_by_default(
        tmp_path: pathlib.Path, monkeypatch: Any) -> None:
    world = machine_in(tmp_path, "systemd-boot")
    world.at("/efi/loader/entries/debian.conf").unlink()
    life = Life(world)
    life.go(1)
    assert "by default" in " ".join(life.said)
    assert life.is_usual and world.boots == [USUAL]


def test_a_kernel_that_is_no_efi_program(tmp_path: pathlib.Path) -> None:
    world = machine_in(tmp_path, "systemd-boot")
    world.put("/boot/own", b"\0\0" + KERNEL[2:])
    assert "CONFIG_EFI_STUB" in refusal(world, plan=with_kernel("/boot/own"))


def test_kernels_on_the_loaders_partition_are_not_copied(
        tmp_path: pathlib.Path) -> None:
    world = machine_in(tmp_path, "systemd-boot")
    world.put("/efi/own", KERNEL)
    store = Store(Lab(world), pathlib.Path("/m/executor"))
    one = systemd_boot.SystemdBoot(Lab(world))
    assert one.placed("/efi/own", "linux", store) == "/own"
    assert not world.at("/efi/syscost").exists()
