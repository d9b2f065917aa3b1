# SPDX-License-Identifier: MIT
"""The file that tells what to put back, and the lock beside it.

It is written, and on the disk, before the first setting is. Whatever stands
in it is checked before it is believed: a damaged or forged one must not make
root write anywhere but into the table's own files, or anything but a value.
"""

import contextlib
import fcntl
import json
import os
import stat
from pathlib import Path
from typing import Any, Callable, Iterator, List, NamedTuple, Optional

from tuning import own
from tuning.table import setting_of
from tuning.tree import Tree

FOLDER = "run/syscost-tune"
SCHEMA = 1
SIZE_MOST = 1 << 24     # bytes
BOOT_ID = "/proc/sys/kernel/random/boot_id"


class BadState(Exception):
    """What is wrong with the file, as one line."""


class Busy(Exception):
    """Who is at work already."""


class Unsaved(Exception):
    """Why the file cannot be written, as one line."""


class Entry(NamedTuple):
    """A file that was read before anything was written."""

    path: str
    before: str
    after: Optional[str]    # when all was set; None: it was not there then
    via: Optional[str] = None


class State(NamedTuple):
    """All of them, in the order in which they were set."""

    boot_id: Optional[str]
    verb: str           # apply: to stay; run: for as long as a command
    complete: bool      # False: it was ended while it set them
    entries: List[Entry]


def boot_id(tree: Tree) -> Optional[str]:
    """Which boot this is; None where the kernel does not tell."""
    try:
        return tree.read(BOOT_ID)
    except OSError:
        return None


def fitting(entry: Entry) -> bool:
    """Whether an entry is one that could have been written by us."""
    setting = isinstance(entry.path, str) and setting_of(entry.path)
    return bool(setting) and all(
        isinstance(text, str) and setting.form.admits(text)
        for text in entry[1:] if text is not None) and (
        entry.before is not None)


def believed(record: Any) -> State:
    """A state of what JSON held; ValueError or TypeError if it is none."""
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise ValueError(f"not of schema {SCHEMA}")
    state = State(record["boot_id"], record["verb"], record["complete"], [
        Entry(**entry) for entry in record["entries"]])
    if not (isinstance(state.boot_id, (str, type(None))) and
            state.verb in ("apply", "run") and
            isinstance(state.complete, bool)):
        raise ValueError("keys of other types")
    for number, entry in enumerate(state.entries, 1):
        if not fitting(entry):
            raise ValueError(f"entry {number} is none of the settings'")
    return state


class Store:
    """The folder under /run with the state and the lock."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.folder = tree.root / FOLDER
        self.file = self.folder / "state.json"

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Say what failed, where, and that nothing is set without it."""
        try:
            yield
        except OSError as problem:
            raise Unsaved(
                f"{problem.filename or self.folder}: {problem.strerror}: what "
                "is set cannot be saved, so nothing is changed") from None

    def make_folder(self) -> None:
        """Make it, and refuse one that others could write in."""
        with self.writing():
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                self.folder.mkdir(mode=0o755)
        self.check(self.folder, stat.S_ISDIR)

    def check(self, path: Path, kind: Callable[[int], bool]) -> None:
        """Refuse what is a link, another's, or open to others' writes."""
        problem = own.problem_of(path, kind)
        if problem:
            raise BadState(problem)

    def load(self) -> Optional[State]:
        """What is to be put back; None where nothing is."""
        try:
            self.check(self.folder, stat.S_ISDIR)
            self.check(self.file, stat.S_ISREG)
        except FileNotFoundError:
            return None
        try:
            if os.stat(self.file).st_size > SIZE_MOST:
                raise ValueError("too large")
            return believed(json.loads(self.file.read_text("ascii")))
        except (ValueError, TypeError, KeyError, RecursionError) as problem:
            raise BadState(
                f"{self.file}: no state of this program ({problem}): nothing "
                "was written; set by hand what it lists and remove it"
            ) from None

    def save(self, state: State) -> None:
        """Replace the file by a whole one that is on the disk."""
        record = {"schema": SCHEMA, **state._asdict(),
                  "entries": [entry._asdict() for entry in state.entries]}
        with self.writing():
            self.replace(json.dumps(record, indent=1))

    def replace(self, text: str) -> None:
        """The same, with errors raised."""
        new = self.folder / "state.new"
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL,
                             0o600)
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        os.replace(new, self.file)
        self.sync()

    def drop(self) -> None:
        """Nothing is to be put back any more."""
        with contextlib.suppress(FileNotFoundError):
            self.file.unlink()
            self.sync()

    def sync(self) -> None:
        """Bring the folder itself to the disk."""
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def locked(self, verb: str) -> Iterator[None]:
        """Hold the lock; the kernel lets go of it whatever ends us."""
        self.make_folder()
        with self.writing():
            descriptor = os.open(
                self.folder / "lock",
                os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(descriptor, 100, 0).decode(
                    "ascii", "replace").strip() or "unknown"
                raise Busy(f"another tune is at work ({holder}): wait for "
                           "it, or end it") from None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"process {os.getpid()}, {verb}".encode(),
                      0)
            yield
        finally:
            os.close(descriptor)
