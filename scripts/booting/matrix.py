# SPDX-License-Identifier: MIT
"""The state machine: each slot of the order is booted until one boot of it
was measured, or as many failed as may.

    begun ──► verified ──► done
      ├─────► failed         what was booted came to nothing: once more
      └─────► interrupted    it was cut off from outside: does not count

An attempt is in the journal as begun before the machine is touched. Verified
is one whose run is whole, and of the boot that was asked for; the run folder
then moves to where runs are taken from, and it is done. A program that finds
an attempt begun goes on with it, and moves what is verified.
"""

import json
import os
from pathlib import Path
from typing import Callable, Iterator, Optional, Tuple

from booting import returned, untrusted, verify
from booting.executor import (Attempt, BootFailed, Executor, Interrupted,
                              Leaving, Refused)
from booting.journal import (BEGUN, DONE, FAILED, INTERRUPTED, VERIFIED,
                             Journal, Slot, Tried, sync)
from booting.plan import Kernel
from booting.screen import Screen

ENVIRONMENT_MOST = 16 << 20     # bytes
STOP = "stop"       # a file of this name in the folder ends it
# Of the executor's facts: boots with others could not be compared.
FIXED = ("accelerator", "emulated", "releases", "images_sha256", "qemu",
         "machine", "cpu")


class Stopped(Exception):
    """Somebody asked for an end by the file."""


class Matrix:
    """A folder with its journal, and who boots."""

    def __init__(self, journal: Journal, executor: Executor, screen: Screen
                 ) -> None:
        self.journal, self.executor = journal, executor
        self.screen, self.slots = screen, journal.slots

    def go(self) -> None:
        """Make every attempt that is to be made, and put all back.

        Leaving passes through, with everything left as it must be then.
        """
        try:
            self.check_stop()
            self.prepare()
            for slot, tried in self.under_way():
                self.go_on(slot, tried)
            for slot in self.slots:
                while slot.is_open:
                    self.check_stop()
                    self.try_once(slot)
        except Leaving:
            raise
        except BaseException as cause:
            self.cut_off(cause)
            raise
        self.executor.close(True)

    def check_stop(self) -> None:
        """End where somebody asked for it."""
        if (self.journal.folder / STOP).exists():
            raise Stopped("stopped")

    def prepare(self) -> None:
        """Look whether boots can be made here; note what makes them."""
        found = json.loads(json.dumps(self.executor.prepare()))
        before = self.journal.head.setdefault("facts", found)
        for name in FIXED:
            if found.get(name) != before.get(name):
                raise Refused(f"{name} was {before.get(name)} when this "
                              f"matrix was begun, and is {found.get(name)}: "
                              "start another one")
        self.journal.save()

    def under_way(self) -> Iterator[Tuple[Slot, Tried]]:
        """What is neither over nor still to be begun."""
        return ((slot, one) for slot in self.slots for one in slot.tried
                if one.state in (BEGUN, VERIFIED))

    def try_once(self, slot: Slot) -> None:
        """Another attempt, from its beginning."""
        tried = slot.begin()
        self.journal.save()
        self.carry_out(slot, tried, self.executor.enter, FAILED)

    def go_on(self, slot: Slot, tried: Tried) -> None:
        """An attempt that an earlier program began."""
        if tried.state == VERIFIED:
            self.settle(slot, tried)
        elif not self.is_kept(slot, tried):
            self.carry_out(slot, tried, self.executor.arrive, INTERRUPTED)

    def carry_out(self, slot: Slot, tried: Tried,
                  step: Callable[[Attempt], None], if_cut_off: str) -> None:
        """Let the executor boot and measure, and see what came of it.

        if_cut_off: the state where it says so. Of one that was begun just
        now it is a failure, or it could be begun for ever.
        """
        self.screen.begin(f"boot {slot.number} of {len(self.slots)}  "
                          f"{slot.arm.name} (attempt {tried.number})")
        attempt = self.attempt_of(slot, tried)
        attempt.folder.mkdir(parents=True, exist_ok=True)
        try:
            step(attempt)
            self.accept(slot, tried)
        except Interrupted as problem:
            tried.ended(if_cut_off, str(problem))
        except BootFailed as problem:
            tried.ended(FAILED, str(problem))
        self.journal.save()
        self.screen.end(self.outcome(slot, tried))

    def attempt_of(self, slot: Slot, tried: Tried) -> Attempt:
        """An attempt as the executor knows it."""
        folder = self.folder_of(slot) / f"attempt-{tried.number}"
        return Attempt(slot.number, tried.number, slot.arm, folder,
                       tried.mark)

    def folder_of(self, slot: Slot) -> Path:
        """Where a slot's attempts lie, and its run."""
        return self.journal.folder / "boots" / slot.name

    def accept(self, slot: Slot, tried: Tried) -> None:
        """Take over what came back, if it is whole and as asked for."""
        attempt = self.attempt_of(slot, tried)
        environment = untrusted.read_json(
            attempt.folder / "environment.json", ENVIRONMENT_MOST)
        found = verify.environment(environment, attempt,
                                   self.release_of(slot.arm.kernel))
        verify.run(returned.check(attempt.folder / "run"), attempt, found)
        self.check_new_boot(found.boot_id)
        for path in (attempt.folder / "run").iterdir():
            sync(path)
        tried.release, tried.boot_id = found.release, found.boot_id
        tried.states = list(found.states)
        tried.ended(VERIFIED)
        self.journal.save()
        self.settle(slot, tried)

    def settle(self, slot: Slot, tried: Tried) -> None:
        """Move what is verified to where runs are taken from."""
        target = self.folder_of(slot) / "run"
        if not target.exists():
            os.rename(self.attempt_of(slot, tried).folder / "run", target)
            sync(target.parent)
        tried.state = DONE
        self.journal.save()

    def release_of(self, kernel: Kernel) -> Optional[str]:
        """What uname -r must say: by the plan, the executor, or the boots of
        this kernel that were; None where any will do."""
        told = self.journal.facts.get("releases")
        known = [one.done.release for one in self.slots
                 if one.done and one.arm.kernel.name == kernel.name]
        if isinstance(told, dict) and told.get(kernel.name):
            known.insert(0, told[kernel.name])
        return kernel.release or next(iter(known), None)

    def check_new_boot(self, boot_id: str) -> None:
        """Refuse a boot that is an earlier one: it would count twice."""
        for slot in self.slots:
            if slot.done and slot.done.boot_id == boot_id:
                raise BootFailed(f"the same boot as boot {slot.number}: "
                                 f"boot_id {boot_id}")

    def is_kept(self, slot: Slot, tried: Tried) -> bool:
        """Whether all that was wanted had come back before it was cut off."""
        try:
            self.accept(slot, tried)
        except BootFailed:
            return False
        self.screen.say(f"boot {slot.number} of {len(self.slots)}  "
                        f"{slot.arm.name}: was measured, and is kept")
        return True

    def cut_off(self, cause: BaseException) -> None:
        """Note an end before the end, and put all back."""
        reason = f"{type(cause).__name__}: {cause}"
        self.screen.break_line()
        try:
            for slot, tried in list(self.under_way()):
                if tried.state == BEGUN and not self.is_kept(slot, tried):
                    tried.ended(INTERRUPTED, reason)
            self.journal.save()
        finally:
            self.executor.close(False)

    def outcome(self, slot: Slot, tried: Tried) -> str:
        """What came of an attempt, for the screen."""
        if tried.state == DONE:
            states = "; ".join(tried.states) or "kernel and command line"
            return f"{tried.wall_s:.0f} s, verified: {states}"
        log = self.attempt_of(slot, tried).folder / "console.log"
        kept = f" ({log})" if log.is_file() else ""
        then = "given up" if slot.is_given_up else "once more"
        return f"{tried.state}: {tried.reason}{kept}: {then}"
