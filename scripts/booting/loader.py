# SPDX-License-Identifier: MIT
"""Which boot loader this machine has: the one that started it."""

from typing import Dict, List, Protocol, Sequence

from booting.changes import Store
from booting.executor import Attempt, Refused
from booting.grub import FOLDERS, Grub
from booting.kernel_file import Files
from booting.machine import Machine
from booting.systemd_boot import INFO, SystemdBoot, text_variable


class Loader(Protocol):
    """What can boot an entry once."""

    name: str

    def prepare(self, booted: Sequence[Files]) -> Dict[str, object]:
        """What it is, for matrix.json. Raises Refused."""

    def check_free(self) -> None:
        """Raises Refused where somebody else has chosen an entry."""

    def arrange(self, attempt: Attempt, files: Files, words: List[str],
                store: Store) -> None:
        """The next boot is the attempt's. Raises BootFailed, OSError."""


def find(machine: Machine) -> Loader:
    """The loader. Raises Refused where there is none that is known.

    systemd-boot says so in an EFI variable; GRUB does from 2.12 on, and says
    before that only which file it booted, as others do too.
    """
    told = text_variable(machine, INFO)
    if told.startswith("systemd-boot"):
        return SystemdBoot(machine)
    if told and not told.startswith("GRUB"):
        raise Refused(f"this machine was started by {told}: GRUB or "
                      "systemd-boot is needed for an entry that is booted "
                      "once; --executor=kexec needs none")
    folders = [one for one in FOLDERS
               if machine.is_there(f"{one}/grub.cfg")]
    if len(folders) != 1 or not (told or "BOOT_IMAGE=" in machine.line):
        raise Refused("which boot loader started this machine cannot be told "
                      f"({len(folders)} of {', '.join(FOLDERS)} have a "
                      "grub.cfg): GRUB or systemd-boot is needed for an "
                      "entry that is booted once; --executor=kexec needs "
                      "none")
    return Grub(machine, folders[0])
