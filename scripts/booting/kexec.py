# SPDX-License-Identifier: MIT
"""--executor=kexec: the running kernel starts the next one.

Quicker than a boot by the firmware, and not the same: what the firmware sets
up anew, as microcode and devices, is as the last kernel left it.
"""

from pathlib import Path
from typing import Dict, List, Sequence

from booting import loading
from booting.changes import Store
from booting.executor import Attempt, Executor
from booting.kernel_file import Files
from booting.machine import Machine
from booting.options import Options
from booting.plan import Plan
from booting.real import RealMachine


class Kexecing:
    """By the running kernel."""

    name = "kexec"
    command = ["systemctl", "kexec"]

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def prepare(self, _: Sequence[Files]) -> Dict[str, object]:
        """Whether it can be done. Raises Refused."""
        loading.check(self.machine)
        return {"firmware": False}

    def check_free(self) -> None:
        """Raises Refused where somebody else has loaded a kernel."""
        loading.check_free(self.machine)

    def arrange(self, _: Attempt, files: Files, words: List[str],
                store: Store) -> None:
        """The next boot is the attempt's. Raises BootFailed, OSError."""
        loading.load(self.machine, files, words, store)


def make(plan: Plan, folder: Path, options: Options) -> Executor:
    """The executor, which has looked at nothing yet."""
    machine = Machine()
    return RealMachine(plan, folder, options, machine, Kexecing(machine))
