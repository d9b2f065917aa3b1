# SPDX-License-Identifier: MIT
"""--executor=reboot: an entry of the boot loader for one boot of this machine.
"""

from pathlib import Path
from typing import Dict, List, Sequence

from booting import loader
from booting.changes import Store
from booting.executor import Attempt, Executor
from booting.kernel_file import Files
from booting.machine import Machine
from booting.options import Options
from booting.plan import Plan
from booting.real import RealMachine


class Rebooting:
    """By the firmware and the loader, as the machine always boots."""

    name = "reboot"
    command = ["systemctl", "reboot"]

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def prepare(self, booted: Sequence[Files]) -> Dict[str, object]:
        """Which loader. Raises Refused."""
        return {"firmware": True, **loader.find(self.machine).prepare(booted)}

    def check_free(self) -> None:
        """Raises Refused where somebody else has chosen an entry."""
        loader.find(self.machine).check_free()

    def arrange(self, attempt: Attempt, files: Files, words: List[str],
                store: Store) -> None:
        """The next boot is the attempt's. Raises BootFailed, OSError."""
        loader.find(self.machine).arrange(attempt, files, words, store)


def make(plan: Plan, folder: Path, options: Options) -> Executor:
    """The executor, which has looked at nothing yet."""
    machine = Machine()
    return RealMachine(plan, folder, options, machine, Rebooting(machine))
