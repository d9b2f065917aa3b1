# SPDX-License-Identifier: MIT
"""matrix.json: what was booted, and what came of it.

It is on the disk before anything happens to the machine: whatever ends the
program, the next one knows what had been begun.
"""

import contextlib
import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from analysis.output import BadInput
from booting import words
from booting.executor import BootFailed
from booting.plan import Arm
from booting.untrusted import read_json

SCHEMA = 1
NAME = "matrix.json"
TRIES = 2       # a slot is given up after so many failures
BEGUN, VERIFIED, DONE, FAILED, INTERRUPTED = STATES = (
    "begun", "verified", "done", "failed", "interrupted")


@dataclass
class Tried:
    """An attempt, as the journal has it."""

    number: int                 # from 1
    mark: str
    state: str = BEGUN
    started: str = ""           # UTC
    wall_s: Optional[float] = None
    reason: Optional[str] = None        # why it came to nothing
    release: Optional[str] = None
    boot_id: Optional[str] = None
    states: List[str] = field(default_factory=list)     # with their evidence
    forgiven: bool = False      # a failure that --retry-failed took back

    def ended(self, state: str, reason: Optional[str] = None) -> None:
        """It is over."""
        # When one was cut off is often not known.
        self.wall_s = None if state == INTERRUPTED else (
            words.seconds_since(self.started))
        self.reason, self.state = reason, state


@dataclass
class Slot:
    """A place in the planned order."""

    number: int     # from 1
    arm: Arm
    tried: List[Tried] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Its folder's name."""
        return f"{self.number:02d}-{self.arm.name}"

    @property
    def done(self) -> Optional[Tried]:
        """The attempt that measured it; None as long as there is none."""
        return next((one for one in self.tried if one.state == DONE), None)

    @property
    def failures(self) -> List[Tried]:
        """The attempts that count against it."""
        return [one for one in self.tried
                if one.state == FAILED and not one.forgiven]

    @property
    def is_given_up(self) -> bool:
        """Whether it failed as often as may be."""
        return self.done is None and len(self.failures) >= TRIES

    @property
    def is_open(self) -> bool:
        """Whether another attempt is to be made."""
        return self.done is None and not self.is_given_up

    def forgive(self) -> None:
        """Give it its tries again, if it was given up."""
        for one in self.failures if self.is_given_up else ():
            one.forgiven = True

    def begin(self) -> Tried:
        """Another attempt."""
        self.tried.append(Tried(len(self.tried) + 1, secrets.token_hex(8),
                                started=words.now()))
        return self.tried[-1]


def sync(path: Path) -> None:
    """Bring a file, or a folder's names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(path: Path, content: bytes) -> None:
    """A file that is whole on the disk, old or new, whatever happens."""
    new = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    try:
        with open(new, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, path)
        sync(path.parent)
    except OSError as problem:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)
        raise BadInput(f"{path}: {problem.strerror}: nothing is booted that "
                       "cannot be noted; --resume goes on with it") from None


@dataclass
class Journal:
    """What matrix.json holds."""

    folder: Path
    head: Dict[str, Any]        # the plan, the executor, its facts
    slots: List[Slot]

    @property
    def facts(self) -> Dict[str, Any]:
        """What the executor told when the matrix was begun."""
        found: Dict[str, Any] = self.head.get("facts", {})
        return found

    @property
    def is_emulated(self) -> bool:
        """Whether figures are an emulator's."""
        return self.facts.get("emulated") is True

    def save(self) -> None:
        """Write it, or raise."""
        slots = [{"slot": slot.number, "arm": slot.arm.name,
                  "attempts": [asdict(one) for one in slot.tried]}
                 for slot in self.slots]
        text = json.dumps({"schema": SCHEMA, **self.head, "slots": slots},
                          indent=1)
        replace(self.folder / NAME, f"{text}\n".encode())


def check_head(head: Dict[str, Any]) -> None:
    """Raise ValueError, TypeError or KeyError if it cannot be one."""
    if not (isinstance(head["plan"]["sha256"], str) and
            isinstance(head["plan"]["folder"], str) and
            isinstance(head["executor"], str) and
            isinstance(head["anonymous"], bool) and
            isinstance(head["program"], (str, type(None))) and
            isinstance(head.get("facts", {}), dict)):
        raise ValueError("keys of other types")


def head_of(folder: Path) -> Dict[str, Any]:
    """What matrix.json holds, of this schema."""
    try:
        found = read_json(folder / NAME)
        if found.pop("schema", None) != SCHEMA:
            raise ValueError(f"{NAME}: not of schema {SCHEMA}")
        check_head(found)
    except (BootFailed, ValueError, TypeError, KeyError) as problem:
        raise BadInput(f"{folder}: {problem}: no matrix to go on with; start "
                       "one without --resume") from None
    return found


def believed_attempt(found: Any, number: int) -> Tried:
    """One attempt; ValueError or TypeError if it cannot be one."""
    one = Tried(**found)
    if (one.number, one.state in STATES) != (number, True) or (
            not isinstance(one.mark, str) or
            not isinstance(one.states, list)):
        raise ValueError("of another form")
    words.seconds_since(one.started)
    return one


def believed_slot(found: Any, number: int, arm: Arm) -> Slot:
    """One slot with its attempts; it is to be the plan's."""
    if (found["slot"], found["arm"]) != (number, arm.name):
        raise ValueError("not of the plan's order")
    return Slot(number, arm, [
        believed_attempt(one, place)
        for place, one in enumerate(found["attempts"], 1)])


def load(folder: Path, head: Dict[str, Any], order: Sequence[Arm]) -> Journal:
    """The journal of a matrix with the arms in this order; head: of it."""
    slots = head.pop("slots", None)
    try:
        if len(slots) != len(order):
            raise ValueError("not of the plan's order")
        return Journal(folder, head, [
            believed_slot(found, number, arm) for number, (found, arm)
            in enumerate(zip(slots, order), 1)])
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise BadInput(f"{folder / NAME}: damaged: {problem}: start another "
                       "matrix; the runs in boots/ are whole") from None
