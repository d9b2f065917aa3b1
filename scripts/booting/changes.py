# SPDX-License-Identifier: MIT
"""changes.json: what kexec and reboot change on a machine, and what was there.

Each is on the disk before it is done, so that whoever comes next puts it back
whatever ended the one who did it. It lies in the matrix's folder and is
root's own, or it is not believed.
"""

import base64
import json
import re
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Callable, List, NamedTuple, Optional

from booting.executor import Refused
from booting.machine import Machine
from tuning import own

SCHEMA = 1
NAME = "changes.json"
SIZE_MOST = 8 << 20     # bytes

# What there is to put back, with the paths that each may have.
MADE, FOLDER, PART, UNIT, GRUB, SYSTEMD_BOOT, KEXEC = KINDS = (
    "made", "folder", "part", "unit", "grub", "systemd-boot", "kexec")
PATHS = {
    MADE: r"/.+/(loader/entries/00-syscost-[0-9a-f]+\.conf|"
          r"syscost/[0-9a-f]+\.(linux|initrd))",
    FOLDER: r"/.+/syscost",
    PART: r"/boot/grub2?/custom\.cfg",
    UNIT: r"/etc/systemd/system/syscost-boot-matrix\.service",
    GRUB: r"/boot/grub2?/grubenv",
    SYSTEMD_BOOT: r"/.+",
    KEXEC: r"",
}


class Change(NamedTuple):
    """One of them."""

    kind: str
    path: str
    before: Optional[str] = None    # base64; None: there was nothing


def encoded(content: Optional[bytes]) -> Optional[str]:
    """What a file held, as JSON can."""
    return None if content is None else base64.b64encode(content).decode()


def decoded(before: Optional[str]) -> Optional[bytes]:
    """What encoded() was given."""
    return None if before is None else base64.b64decode(before, validate=True)


@dataclass
class Begun:
    """The boot that is under way, as far as it went."""

    mark: str
    boot_id: str            # of the boot in which it was asked for
    is_asked: bool = False      # all is arranged, and the machine to go down
    is_there: bool = False      # it was seen from inside


@dataclass
class Changes:
    """All of it."""

    line: str               # the usual boot's command line
    release: str            # and its kernel
    failed: int = 0         # boots in a row
    begun: Optional[Begun] = None
    done: List[Change] = field(default_factory=list)    # in order


def fitting(change: Change) -> bool:
    """Whether one could have been written by us."""
    pattern = PATHS.get(change.kind)
    if pattern is None or not re.fullmatch(pattern, change.path) or (
            "/../" in change.path):
        return False
    decoded(change.before)
    return True


def believed(record: Any) -> Changes:
    """What JSON held; ValueError or TypeError where it is none of ours."""
    if not isinstance(record, dict) or record.pop("schema", 0) != SCHEMA:
        raise ValueError(f"not of schema {SCHEMA}")
    found = Changes(**record)
    found.begun = Begun(**record["begun"]) if record["begun"] else None
    found.done = [Change(**one) for one in record["done"]]
    if not all(fitting(one) for one in found.done):
        raise ValueError("it names what is none of ours")
    if not (isinstance(found.line, str) and isinstance(found.release, str) and
            type(found.failed) is int):
        raise ValueError("keys of other types")
    return found


class Store:
    """The file, in a folder of its own."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self.machine = machine
        self.folder = str(folder)
        self.file = f"{folder}/{NAME}"
        self.now: Optional[Changes] = None

    def check(self, path: str, is_kind: Callable[[int], bool]) -> None:
        """Refuse what others could have written."""
        problem = own.problem_of(self.machine.at(path), is_kind)
        if problem:
            raise Refused(problem)

    def load(self) -> Optional[Changes]:
        """What is to be put back; None where nothing is."""
        try:
            self.check(self.folder, stat.S_ISDIR)
            self.check(self.file, stat.S_ISREG)
        except FileNotFoundError:
            return None
        try:
            self.now = believed(json.loads(
                self.machine.read(self.file) or b""))
        except (ValueError, TypeError, KeyError, RecursionError) as problem:
            raise Refused(f"{self.file}: damaged ({problem}): nothing was "
                          "changed; put back by hand what it lists and "
                          "remove it") from None
        return self.now

    def begin(self, line: str, release: str) -> Changes:
        """What there is, or a new one."""
        if self.now is None and self.load() is None:
            self.machine.make_folder(self.folder)
            self.check(self.folder, stat.S_ISDIR)
            self.now = Changes(line, release)
            self.save()
        assert self.now is not None
        return self.now

    def save(self) -> None:
        """Bring it to the disk."""
        assert self.now is not None
        text = json.dumps({"schema": SCHEMA, **asdict(self.now),
                           "done": [one._asdict() for one in self.now.done]},
                          indent=1)
        self.machine.write(self.file, text.encode())

    def note(self, change: Change) -> None:
        """Before something is changed; once for each file."""
        assert self.now is not None
        known = {(one.kind, one.path) for one in self.now.done}
        if (change.kind, change.path) not in known:
            self.now.done.append(change)
            self.save()

    def drop(self) -> None:
        """Nothing is to be put back any more."""
        self.machine.remove(self.file)
        self.now = None
