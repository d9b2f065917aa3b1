# SPDX-License-Identifier: MIT
"""Boots guests in QEMU, with an initramfs that measures and answers."""

import errno
import os
from pathlib import Path
from typing import Dict, Mapping, Tuple

from booting import (accelerator, channel, console, guest, images,
                     qemu_machines, supplies)
from booting.executor import Attempt, BootFailed, Interrupted, Refused
from booting.images import Image
from booting.options import Options
from booting.plan import Arm, Plan

INITRAMFS = "initramfs"     # in an attempt's folder, while it is booted
FULL_BYTES = 1 << 20        # a disk with less room is full


def make(plan: Plan, folder: Path, options: Options) -> "Qemu":
    """The executor; it keeps nothing in the matrix's folder."""
    return Qemu(plan, options)


class Qemu:
    """Boots each attempt in a new virtual machine."""

    def __init__(self, plan: Plan, options: Options) -> None:
        self.plan = plan
        self.options = options

    def prepare(self) -> Dict[str, object]:
        """Look at kernels, QEMU and syscost; pack what all boots share."""
        self.images = {arm.kernel.name: images.read(arm.kernel)
                       for arm in self.plan.arms}
        image = one_architecture(self.images)
        self.machine, self.program = qemu_machines.find(image.architecture)
        guest.fenced()
        self.system = supplies.system(image.architecture, self.options)
        self.choice = accelerator.choose(self.plan.guest, image, self.machine,
                                         self.program)
        for arm in self.plan.arms:
            supplies.check_memory(self.plan.guest, self.initramfs(arm))
        self.options.say(f"qemu: {image.architecture} guests by "
                         f"{self.choice.told}")
        return self.facts(image.architecture)

    def facts(self, architecture: str) -> Dict[str, object]:
        """What matrix.json says of the machine that is made."""
        return {
            "architecture": architecture,
            "accelerator": self.choice.name,
            "why_not_kvm": self.choice.why_not_kvm,
            "emulated": self.choice.emulated,
            **qemu_machines.described(self.machine, self.program,
                                      self.plan.guest),
            "releases": {name: image.release
                         for name, image in self.images.items()
                         if image.release},
            "images_sha256": {name: image.sha256
                              for name, image in self.images.items()}}

    def enter(self, attempt: Attempt) -> None:
        """Boot, wait for the end and unpack what came back."""
        self.check_image(attempt.arm)
        path = attempt.folder / INITRAMFS
        try:
            path.write_bytes(self.initramfs(attempt.arm))
            end = guest.run(self.command(attempt), attempt.folder,
                            self.plan.limit_s)
            take(end, attempt.folder)
        finally:
            path.unlink(missing_ok=True)
        for name in (qemu_machines.ANSWER, guest.ERRORS):
            (attempt.folder / name).unlink()

    def check_image(self, arm: Arm) -> None:
        """Refuse a kernel that was replaced since it was looked at."""
        if images.read(arm.kernel) != self.images[arm.kernel.name]:
            raise Refused(f"kernels.{arm.kernel.name}: another kernel than "
                          "when this matrix was begun: start another one")

    def arrive(self, attempt: Attempt) -> None:
        """A guest does not outlive the program that started it."""
        raise Interrupted("the program ended while the guest ran")

    def close(self, finished: bool) -> None:
        """Nothing of the machine was changed."""

    def initramfs(self, arm: Arm) -> bytes:
        """What all arms have, and what this one has of its own."""
        return self.system + supplies.additions(
            self.plan, arm, self.options, self.machine, self.choice,
            self.images[arm.kernel.name])

    def command(self, attempt: Attempt) -> Tuple[str, ...]:
        """QEMU and its arguments, run in the attempt's folder."""
        words = (self.machine.console, "panic=-1", "quiet",
                 f"syscost.boot={attempt.mark}", *attempt.arm.cmdline)
        return (*qemu_machines.arguments(
                    self.machine, self.program, self.plan.guest,
                    self.choice.name),
                "-kernel", str(self.images[attempt.arm.kernel.name].path),
                "-initrd", INITRAMFS, "-append", " ".join(words))


def one_architecture(kernels: Mapping[str, Image]) -> Image:
    """Any of the kernels, which are of one architecture."""
    found = {image.architecture: image for image in kernels.values()}
    if len(found) > 1:
        raise Refused(f"the plan's kernels are for {' and '.join(found)}: "
                      "make a plan of each")
    return next(iter(found.values()))


def take(end: guest.End, folder: Path) -> None:
    """Unpack what a guest left; BootFailed where it left no whole run.

    Where there is no room here, the guest is not to blame: OSError.
    """
    failure = console.failure(end, folder)
    if failure:
        check_disk(folder)
        raise BootFailed(failure)
    try:
        answer = channel.receive(folder / qemu_machines.ANSWER, folder)
    except BootFailed as problem:
        check_disk(folder)
        said = console.lines(folder / qemu_machines.CONSOLE)
        raise BootFailed(
            f"{problem}; {console.whereabouts(said)}") from None
    check(answer, folder)


def check_disk(folder: Path) -> None:
    """Is there room? QEMU drops silently what it cannot write."""
    state = os.statvfs(folder)
    if state.f_bavail * state.f_frsize < FULL_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def check(answer: channel.Answer, folder: Path) -> None:
    """Did both of syscost's runs in the guest end well?"""
    said = console.lines(folder / "stderr.txt")
    for status, what in ((answer.facts, "syscost --environment"),
                         (answer.measured, "syscost")):
        if status:
            full = any("no space" in line.lower() for line in said)
            raise BootFailed(
                f"{what} exited with {status} in the guest and said: "
                f"{said[-1] if said else 'nothing'}"
                + (" (guest.memory_mib is too little)" if full else ""))
    if not (folder / "environment.json").is_file():
        raise BootFailed("the guest sent no environment.json")
