# SPDX-License-Identifier: MIT
"""The machines that QEMU makes: one for each architecture."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Tuple

from analysis.output import printable
from booting.executor import Refused
from booting.plan import Guest

CONSOLE, ANSWER = "console.log", "answer"   # in an attempt's folder


def environment() -> Dict[str, str]:
    """Ours, but with messages in the language that is read here."""
    return {**os.environ, "LC_ALL": "C"}


@dataclass(frozen=True)
class Machine:
    """What differs between architectures."""

    program: str
    package: str
    machine: str            # -machine
    console: str            # the kernel's console=
    early: str              # how it speaks before that
    channel: str            # the device that init answers on
    serial: Tuple[str, ...]     # what makes the two


# The kernel has drivers for these built in; virtio's are modules. KVM may have
# no other interrupt controller than the host's own, hence gic-version=max.
MACHINES = {
    "x86_64": Machine(
        "qemu-system-x86_64", "qemu-system-x86", "pc",
        "console=ttyS0", "earlyprintk=ttyS0", "/dev/ttyS1",
        ("-serial", f"file:{CONSOLE}", "-serial", f"file:{ANSWER}")),
    "aarch64": Machine(
        "qemu-system-aarch64", "qemu-system-arm", "virt,gic-version=max",
        "console=ttyAMA0", "earlycon=pl011,0x9000000", "/dev/ttyS0",
        ("-serial", f"file:{CONSOLE}",
         "-chardev", f"file,id=answer,path={ANSWER}",
         "-device", "pci-serial,chardev=answer")),
}


def find(architecture: str) -> Tuple[Machine, Path]:
    """The machine and its QEMU; Refused where that is not installed."""
    machine = MACHINES[architecture]
    program = shutil.which(machine.program)
    if program is None:
        raise Refused(f"{machine.program} is missing (package "
                      f"{machine.package}): run scripts/setup --vm")
    return machine, Path(os.path.abspath(program))


def version(program: Path) -> str:
    """QEMU's own, as in "7.2.22 (Debian 1:7.2+dfsg-7)"."""
    try:
        told = subprocess.run(
            [program, "--version"], env=environment(), text=True,
            errors="replace", stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=60).stdout
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise Refused(f"{program}: {problem}") from None
    found = re.search(r"version (.*)", told)
    if found is None:
        raise Refused(f"{program} --version says no version: "
                      f"{printable(told[:100].strip())}")
    return printable(found.group(1))


def arguments(machine: Machine, program: Path, guest: Guest,
              accelerator: str) -> List[str]:
    """QEMU's, up to the kernel: a machine with nothing it needs not have."""
    return [str(program), "-nodefaults", "-no-user-config", "-no-reboot",
            "-display", "none", "-monitor", "none", "-nic", "none",
            "-machine", machine.machine, "-accel", accelerator,
            "-cpu", guest.cpu, "-smp", "1", "-m", str(guest.memory_mib),
            *machine.serial]


def described(machine: Machine, program: Path, guest: Guest
              ) -> Dict[str, object]:
    """What matrix.json keeps of it."""
    return {"qemu": version(program), "machine": machine.machine,
            "cpu": guest.cpu, "memory_mib": guest.memory_mib}
