# SPDX-License-Identifier: MIT
"""KVM where it works, emulation where it does not, and why.

That /dev/kvm is there says little: in a virtual machine it may open and then
refuse a register, or run so slowly that no kernel comes to its first line. So
the kernel itself is tried.
"""

import contextlib
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional

from booting import console, guest
from booting.executor import Refused
from booting.images import Image
from booting.qemu_machines import CONSOLE, Machine, arguments
from booting.plan import Guest

KVM = "/dev/kvm"
TRIAL_S = 10                # to the kernel's first line
FIRST_LINE = "Linux version "
NAMES = ("auto", "kvm", "tcg")


@dataclass(frozen=True)
class Choice:
    """What runs the guest's instructions."""

    name: str                   # kvm, tcg
    why_not_kvm: Optional[str]  # None: it is kvm, or nobody wants it

    @property
    def emulated(self) -> bool:
        """Are figures of time of no meaning but their sign?"""
        return self.name == "tcg"

    @property
    def told(self) -> str:
        """Which it is and why, for the screen."""
        if self.why_not_kvm is None:
            return "KVM"
        return f"software emulation (tcg), not KVM: {self.why_not_kvm}"


def choose(wanted: Guest, image: Image, machine: Machine, program: Path
           ) -> Choice:
    """The plan's accelerator, or the best one that works."""
    if wanted.accelerator not in NAMES:
        raise Refused(f"guest.accelerator: there are {', '.join(NAMES)}")
    if wanted.accelerator == "tcg":
        return Choice("tcg", "the plan asks for tcg")
    why_not = obstacle(image) or trial(wanted, image, machine, program)
    if why_not is None:
        return Choice("kvm", None)
    if wanted.accelerator == "kvm":
        raise Refused(f"the plan asks for kvm, which does not work here: "
                      f"{why_not}")
    return Choice("tcg", why_not)


def obstacle(image: Image) -> Optional[str]:
    """Why KVM cannot be tried."""
    here = os.uname().machine
    if here != image.architecture:
        return f"the kernel is for {image.architecture}, this is {here}"
    try:
        os.close(os.open(KVM, os.O_RDWR | os.O_CLOEXEC))
    except OSError as problem:
        return f"{KVM}: {problem.strerror}"
    return None


def trial(wanted: Guest, image: Image, machine: Machine, program: Path
          ) -> Optional[str]:
    """Why the kernel does not come to its first line under KVM."""
    command: List[str] = [
        *arguments(machine, program, wanted, "kvm"), "-kernel",
        str(image.path), "-append",
        f"{machine.console} {machine.early} panic=-1"]
    with tempfile.TemporaryDirectory(prefix="syscost-") as name:
        with guest.started(command, Path(name)) as process:
            return watch(process, Path(name))


def watch(process: "subprocess.Popen[bytes]", folder: Path) -> Optional[str]:
    """Wait for the kernel's first line; why there is none."""
    end = time.monotonic() + TRIAL_S
    while time.monotonic() < end:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
        if any(FIRST_LINE in line
               for line in console.lines(folder / CONSOLE)):
            return None
        if process.returncode is not None:
            errors = console.lines(folder / guest.ERRORS)
            return errors[0] if errors else "QEMU ended at once"
    return f"the kernel says nothing within {TRIAL_S} s"
