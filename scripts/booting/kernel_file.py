# SPDX-License-Identifier: MIT
"""Which files an arm's kernel is on this machine, and whether they are one.

A loader that cannot start a file waits for somebody to press a key, so what
is no kernel of this architecture is refused before anything is booted.
"""

import zlib
from typing import Dict, List, NamedTuple, Optional, Tuple

from booting import images
from booting.executor import Refused
from booting.machine import Machine
from booting.plan import Kernel

# As distributions name them, and kernel-install of systemd.
IMAGES = ("/boot/vmlinuz-{}", "/lib/modules/{}/vmlinuz", "/boot/vmlinux-{}",
          "/boot/Image-{}", "/boot/{machine_id}/{}/linux",
          "/efi/{machine_id}/{}/linux", "/boot/efi/{machine_id}/{}/linux")
INITRDS = ("/boot/initrd.img-{}", "/boot/initramfs-{}.img",
           "/boot/initrd-{}", "/boot/initramfs-{pkgbase}.img",
           "/boot/{machine_id}/{}/initrd", "/efi/{machine_id}/{}/initrd",
           "/boot/efi/{machine_id}/{}/initrd")


class Files(NamedTuple):
    """What is booted."""

    image: str
    initrd: Optional[str]


class KernelFiles:
    """The kernels of a plan, as files of a machine."""

    def __init__(self, machine: Machine, release: str) -> None:
        self.machine = machine
        self.release = release      # of the usual boot

    def first_of(self, patterns: List[str]) -> Optional[str]:
        """The first of some files that is there."""
        machine_id = self.machine.text("/etc/machine-id")
        pkgbase = self.machine.text(f"/lib/modules/{self.release}/pkgbase")
        for pattern in patterns:
            path = pattern.format(self.release, machine_id=machine_id or "-",
                                  pkgbase=pkgbase or "-")
            if self.machine.is_there(path):
                return path
        return None

    def hosts(self) -> Files:
        """The machine's usual kernel."""
        image = self.first_of(list(IMAGES))
        initrd = self.first_of(list(INITRDS))
        if image and initrd:
            return Files(image, initrd)
        raise Refused(f"the {'initrd' if image else 'image'} of kernel "
                      f"{self.release} is not where it is looked for: write "
                      "its image and initrd in the plan in place of host")

    def of(self, kernel: Kernel) -> Files:
        """The files of a kernel, which are there. Raises Refused."""
        if kernel.image.startswith("debian:"):
            raise Refused(f"{kernel.name}: {kernel.image} is for qemu alone: "
                          "a real machine needs image and initrd of a kernel "
                          "with its drivers")
        files = self.hosts() if kernel.image == "host" else (
            Files(kernel.image, kernel.initrd))
        self.check(kernel, files)
        return files

    def content(self, kernel: Kernel, path: str) -> bytes:
        """What a file holds. Raises Refused."""
        try:
            found = images.contents(self.machine.at(path))
        except OSError as problem:
            raise Refused(f"{kernel.name}: {path}: "
                          f"{problem.strerror or problem}") from None
        if not found:
            raise Refused(f"{kernel.name}: {path} is empty")
        return found

    def check(self, kernel: Kernel, files: Files) -> None:
        """Refuse what cannot be booted."""
        architecture, release = self.recognised(kernel, files)
        if architecture != self.machine.architecture:
            raise Refused(f"{kernel.name}: {files.image} is "
                          f"{'a' if architecture else 'no'} kernel for "
                          f"{architecture or self.machine.architecture}")
        if None not in (kernel.release, release) and (
                kernel.release != release):
            raise Refused(f"{kernel.name}: {files.image} is {release}, not "
                          f"{kernel.release}")
        if files.initrd:
            self.content(kernel, files.initrd)

    def recognised(self, kernel: Kernel, files: Files
                   ) -> Tuple[str, Optional[str]]:
        """Architecture and release of an image."""
        try:
            return images.recognise(self.content(kernel, files.image))
        except (OSError, zlib.error) as problem:
            raise Refused(f"{kernel.name}: {files.image}: {problem}"
                          ) from None

    def releases(self, kernels: List[Kernel]) -> Dict[str, str]:
        """What uname -r must say, by the kernel's name, where that can be
        told."""
        told = {one.name: self.release if one.image == "host" else
                self.recognised(one, self.of(one))[1] for one in kernels}
        return {name: release for name, release in told.items() if release}
