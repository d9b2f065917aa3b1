# SPDX-License-Identifier: MIT
"""The contract of what carries boots out: qemu, kexec, reboot.

An attempt is one boot of one arm. Its folder is there and empty when it is
handed over; what comes of it lies in there: console.log (what the kernel
said, where somebody can listen), environment.json (syscost --environment,
before measuring) and run/, a run folder. What is in there came from another
kernel and is not trusted: the matrix checks it after the executor.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Protocol

from booting.plan import Arm


class Refused(Exception):
    """Why nothing can be booted here at all, and what to do, as one line."""


class BootFailed(Exception):
    """Why this attempt came to nothing, as one line."""


class Interrupted(BootFailed):
    """The attempt was cut off from outside: it does not count as a failure.

    Raised by arrive where whoever ran it was ended, not by what was booted.
    """


class Leaving(Exception):
    """The machine goes down for the attempt; the program goes on after it.

    Whoever asks it to go down ignores SIGTERM from then on: it is the
    machine's own, and would otherwise be taken for an interruption.
    """


@dataclass(frozen=True)
class Attempt:
    """One boot of one arm."""

    slot: int       # its place in the planned order, from 1
    number: int     # from 1: those that failed or were interrupted before
    arm: Arm
    folder: Path
    mark: str       # names it on the command line: syscost.boot=MARK


class Executor(Protocol):
    """How an arm is booted and measured."""

    def prepare(self) -> Dict[str, object]:
        """Look whether it can be done; facts for matrix.json (JSON values).

        Two are known to all: emulated, true where an emulator runs the guest;
        releases, what uname -r must say by the kernel's name, where it can
        be told. Changes nothing on the machine. Raises Refused.
        """

    def enter(self, attempt: Attempt) -> None:
        """Boot it and measure in it.

        qemu returns when the guest is gone and the folder is full. kexec and
        reboot arrange the next boot, ask the machine to go down and raise
        Leaving. Raises BootFailed; Refused where no further boot may be
        tried at all. KeyboardInterrupt comes through it.
        """

    def arrive(self, attempt: Attempt) -> None:
        """Go on with an attempt that was begun before this program started.

        kexec and reboot measure, if this is the boot that was asked for. qemu
        raises Interrupted: whoever ran it is gone. Raises BootFailed, and
        Leaving where the machine is still going down.
        """

    def close(self, finished: bool) -> None:
        """Put back what was changed; called at every end but by Leaving.

        finished: no attempt is left to be made.
        """
