# SPDX-License-Identifier: MIT
"""How a real machine is booted and measured: what kexec and reboot share.

    enter    note, arrange the next boot, have the unit go on, go down
    arrive   is this the boot that was asked for? then measure
    close    put all back, and leave an arm's boot

Whatever is arranged is for one boot. A machine that is cut off at any point
comes back as usual, and the unit, or whoever starts the plan again, goes on.
"""

import os
import sys
from pathlib import Path
from typing import Dict, List, Optional, Protocol, Sequence

from booting import measuring, putting_back
from booting.changes import Begun, Changes, Store
from booting.executor import (Attempt, BootFailed, Interrupted, Leaving,
                              Refused)
from booting.kernel_file import Files, KernelFiles
from booting.machine import Machine
from booting.next_line import mark_of, next_words
from booting.onward import IN_UNIT, Onward
from booting.options import Options
from booting.plan import Kernel, Plan

SCRIPT = Path(__file__).resolve().parents[1] / "boot-matrix"
FAILED_MOST = 3     # boots in a row: then the machine is left alone
# Emptied or gone after a boot: tmpfiles.d(5), and no disk.
FLEETING = ("/tmp", "/run", "/dev", "/sys", "/proc")
FLEETING_KINDS = ("tmpfs", "ramfs")
STILL = "this boot is still an arm's: reboot the machine to have its usual one"


class Way(Protocol):
    """How the next boot is made an arm's: where kexec and reboot differ."""

    name: str
    command: List[str]      # takes the machine down

    def prepare(self, booted: Sequence[Files]) -> Dict[str, object]:
        """Facts. Raises Refused."""

    def check_free(self) -> None:
        """Raises Refused where somebody else has arranged a boot."""

    def arrange(self, attempt: Attempt, files: Files, words: List[str],
                store: Store) -> None:
        """The next boot is the attempt's. Raises BootFailed, OSError."""


def onward_words(folder: Path) -> List[str]:
    """The command that goes on with a plan."""
    return [sys.executable, str(SCRIPT), "--resume", f"--output={folder}"]


class RealMachine:
    """An executor."""

    def __init__(self, plan: Plan, folder: Path, options: Options,
                 machine: Machine, way: Way) -> None:
        self.plan, self.options = plan, options
        self.machine, self.way = machine, way
        self.folder = Path(os.path.abspath(folder))
        self.store = Store(machine, self.folder / "executor")
        self.onward = Onward(machine, onward_words(self.folder), self.folder,
                             plan.limit_s)

    @property
    def kernels(self) -> List[Kernel]:
        """Those of the plan, each once."""
        return list({arm.kernel.name: arm.kernel
                     for arm in self.plan.arms}.values())

    def changes(self) -> Changes:
        """What was changed so far; of the first time, what is usual."""
        return self.store.begin(self.machine.line, self.machine.release)

    def prepare(self) -> Dict[str, object]:
        """Look whether this machine can be booted so. Raises Refused."""
        if not self.machine.is_roots:
            raise Refused(f"--executor={self.way.name} needs root (sudo "
                          "scripts/boot-matrix ...)")
        self.check_folder()
        measuring.program_of(self.options)
        self.onward.prepare()
        known = self.store.load()
        line = known.line if known else self.machine.line
        release = known.release if known else self.machine.release
        files = KernelFiles(self.machine, release)
        facts = self.way.prepare([files.of(one) for one in self.kernels])
        for arm in self.plan.arms:
            next_words(line, self.plan, arm, "0" * 16)
        if known is None:
            self.way.check_free()
        return {"executor": self.way.name, "emulated": False,
                "releases": files.releases(self.kernels), **facts}

    def check_folder(self) -> None:
        """Refuse a folder that a boot empties."""
        place = str(self.folder)
        kind = self.machine.run("stat", "--file-system", "--format=%T",
                                place).out.strip()
        if kind in FLEETING_KINDS or any(
                place.startswith(f"{one}/") for one in FLEETING):
            raise Refused(f"{place} does not outlive a boot: choose another "
                          "folder with --output=")

    def enter(self, attempt: Attempt) -> None:
        """Arrange the attempt's boot and have the machine go down."""
        try:
            changes = self.changes()
            self.check_count(changes)
            self.arrange(attempt, changes)
        except OSError as problem:
            self.failed()
            raise BootFailed(f"{problem.filename}: {problem.strerror}: "
                             "nothing was booted") from None
        except BootFailed:
            self.failed()
            raise
        raise Leaving(f"the machine goes down for boot {attempt.slot}")

    def check_count(self, changes: Changes) -> None:
        """Leave the machine alone after so many failures."""
        if changes.failed >= FAILED_MOST:
            raise Refused(f"{changes.failed} boots in a row failed: the "
                          "machine is left in its usual entry; --resume "
                          "tries again")

    def arrange(self, attempt: Attempt, changes: Changes) -> None:
        """All of it. Raises BootFailed, OSError."""
        words = next_words(changes.line, self.plan, attempt.arm,
                           attempt.mark)
        files = KernelFiles(self.machine, changes.release).of(
            attempt.arm.kernel)
        changes.begun = Begun(attempt.mark, self.machine.boot_id)
        self.store.save()
        self.onward.install(self.store)
        self.way.arrange(attempt, files, words, self.store)
        changes.begun.is_asked = True
        self.store.save()
        done = self.machine.ask_to_go_down(*self.way.command)
        if done.status:
            raise BootFailed(f"{' '.join(self.way.command)}: {done.why}: the "
                             "machine did not go down")

    def failed(self) -> None:
        """Count it, and take back what was arranged for the next boot."""
        putting_back.unchoose(self.machine, self.store)
        if self.store.now is None:
            return
        self.store.now.failed += 1
        self.store.now.begun = None
        try:
            self.store.save()
        except OSError:     # a full disk: then it is not counted
            return

    def arrive(self, attempt: Attempt) -> None:
        """Measure, if this is the boot that was asked for."""
        try:
            changes = self.store.load()
            self.go_on(attempt, changes)
        except Interrupted:
            putting_back.unchoose(self.machine, self.store)
            raise
        except BootFailed:
            self.failed()
            raise
        if changes:
            changes.failed = 0
            changes.begun = None

    def go_on(self, attempt: Attempt, changes: Optional[Changes]) -> None:
        """The same. Raises BootFailed."""
        begun = changes.begun if changes else None
        if begun and begun.mark != attempt.mark:
            begun = None
        if mark_of(self.machine.line) == attempt.mark:
            if begun:
                begun.is_there = True
                self.store.save()
            measuring.measure(self.machine, attempt, self.plan, self.options)
            return
        if begun is None:
            raise Interrupted("it was cut off before the boot was asked for")
        if begun.boot_id and begun.boot_id == self.machine.boot_id:
            self.stayed()
        if not begun.is_asked:
            raise Interrupted("it was cut off before the machine went down")
        measuring.keep_log_of_failed(self.machine, attempt)
        raise BootFailed(
            "the machine went down while it was measured in the arm's boot"
            if begun.is_there else
            "the machine came back in its usual entry: the arm's kernel did "
            "not get as far as to be measured in")

    @property
    def is_going_down(self) -> bool:
        """Whether the machine is on its way down."""
        state = self.machine.run("systemctl", "is-system-running")
        return state.out.strip() == "stopping"

    def stayed(self) -> None:
        """The machine is still in the boot that was to end."""
        if self.is_going_down:
            raise Leaving("the machine is going down")
        raise BootFailed("the machine never went down")

    def close(self, finished: bool) -> None:
        """Put all back; a machine that the unit would leave in an arm's boot
        is booted once more, as usual, when the program has ended."""
        try:
            putting_back.put_back(self.machine, self.store)
        finally:
            if mark_of(self.machine.line) and not self.is_going_down:
                self.leave()

    def leave(self) -> None:
        """See that this arm's boot ends."""
        if os.environ.get(IN_UNIT):
            self.machine.at_end(self.boot_as_usual)
        else:
            self.options.say(STILL)

    def boot_as_usual(self) -> None:
        """Leave the arm's boot."""
        self.options.say("the machine is booted as usual now")
        done = self.machine.ask_to_go_down("systemctl", "reboot")
        if done.status:
            self.options.say(f"systemctl reboot: {done.why}: {STILL}")
