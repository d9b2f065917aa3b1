# SPDX-License-Identifier: MIT
"""What goes into a guest's initramfs, and whether its memory holds that."""

import os
import shutil
from pathlib import Path
from typing import Dict, List, Optional

from analysis import program as built
from analysis.output import printable
from booting import images, initramfs, libraries
from booting.accelerator import Choice
from booting.executor import Refused
from booting.images import Image
from booting.qemu_machines import Machine
from booting.options import Options
from booting.plan import Arm, Guest, Plan

SETTINGS = Path("/etc/guest")
DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}
KERNEL_MIB = 128            # what a kernel takes for itself
CONFIG_LIMIT_BYTES = 4 << 20


def system(architecture: str, options: Options) -> bytes:
    """busybox, syscost and its libraries."""
    program = find_program(architecture, options.program)
    return initramfs.system(program, find_busybox(architecture),
                            libraries.closure(program, architecture))


def find_program(architecture: str, given: Optional[Path]) -> Path:
    """The syscost that is asked for, or the one built for the guest."""
    if given is not None:
        return given
    native = architecture == os.uname().machine
    program = built.find() if native else (
        built.HERE / f"build-{architecture}" / "syscost")
    if not program.is_file():
        raise Refused(f"{printable(str(program))} is not there: run make"
                      + ("" if native else f" {architecture}"))
    return program


def find_busybox(architecture: str) -> Path:
    """A static busybox: the one that was fetched, or this machine's."""
    fetched = images.guests() / DEBIAN[architecture] / "bin" / "busybox"
    own = shutil.which("busybox")
    for path in (fetched, *([Path(own)] if own else [])):
        if not path.is_file():
            continue
        elf = libraries.look(path)
        if elf.machine == architecture and elf.loader is None:
            return path
    raise Refused(f"no static busybox for {architecture} here: "
                  f"{images.SETUP}")


def additions(plan: Plan, arm: Arm, options: Options, machine: Machine,
              choice: Choice, image: Image) -> bytes:
    """What one arm has of its own: arguments, and its kernel's config."""
    files = {
        SETTINGS / "channel": initramfs.lines([machine.channel]),
        SETTINGS / "tmp_mib": initramfs.lines([str(tmp_mib(plan.guest))]),
        SETTINGS / "facts": initramfs.lines(facts(choice)),
        SETTINGS / "measure": initramfs.lines(
            measure(plan, arm, options, choice))}
    return initramfs.additions({**files, **config(image)})


def emulation(choice: Choice) -> List[str]:
    """How syscost is told: an arm64 guest cannot see that it is emulated."""
    return [f"--emulated={choice.name}"] if choice.emulated else []


def facts(choice: Choice) -> List[str]:
    """syscost's arguments before measuring; never anonymous, since the
    command line is read back from what it says."""
    return [*emulation(choice), "--environment"]


def measure(plan: Plan, arm: Arm, options: Options, choice: Choice
            ) -> List[str]:
    """syscost's arguments for measuring."""
    return [*plan.arguments, f"--profile={plan.profile}",
            *([f"--filter={plan.filter}"] if plan.filter else []),
            *(["--anonymous"] if options.anonymous else []),
            *emulation(choice), f"--label={arm.name}", "--output=run"]


def config(image: Image) -> Dict[Path, bytes]:
    """The kernel's configuration, if it lies beside it: syscost reads it."""
    if image.release is None:
        return {}
    name = f"config-{image.release}"
    try:
        with open(image.path.with_name(name), "rb") as file:
            data = file.read(CONFIG_LIMIT_BYTES)
    except OSError:
        return {}
    return {Path("/boot") / name: data}


def tmp_mib(guest: Guest) -> int:
    """Room for what is measured; that of the root is the same again."""
    return guest.memory_mib // 4


def check_memory(guest: Guest, archives: bytes) -> None:
    """Does an initramfs fit beside the kernel?

    There are two of it until it is unpacked, and what it is unpacked into
    is a tmpfs, of half of the memory (Documentation/filesystems/tmpfs.rst).
    """
    size_mib = -(-len(archives) >> 20)
    least = KERNEL_MIB + 2 * size_mib
    if guest.memory_mib < least:
        raise Refused(f"guest.memory_mib: {guest.memory_mib} is too little "
                      f"for a kernel and an initramfs of {size_mib} MiB: "
                      f"{least} or more")
