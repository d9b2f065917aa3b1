# SPDX-License-Identifier: MIT
"""Puts runs into the tables, a batch at a time, whoever else does so too."""

import itertools
import sqlite3
from collections import Counter
from typing import (TYPE_CHECKING, Any, Dict, Iterable, Iterator, List,
                    Mapping, Tuple)

from archive import database

if TYPE_CHECKING:       # it loads pandas, which takes longer than all of this
    from archive.reading import Facts, Read

BATCH = 500             # runs in a transaction
COLUMNS = ("key", "path", "signature", "gone", "started", "label", "release",
           "kernel", "machine", "state", "setting", "boot", "arm",
           "microcode", "tool", "profile", "complete", "serious")
INSERT = (f"INSERT INTO run ({', '.join(COLUMNS)}) VALUES "
          f"({', '.join('?' * len(COLUMNS))})")
NAMED = {"machine": "key", "state": "name", "setting": "key", "arm": "name",
         "benchmark": "name"}


class Store:
    """The tables, and how many runs became what."""

    def __init__(self, connection: sqlite3.Connection,
                 there: Mapping[str, str]) -> None:
        self.connection = connection
        self.there = there          # all run folders that there are now
        self.ids: Dict[Tuple[str, str], int] = {}
        self.came: "Counter[str]" = Counter()
        self.costs: List[Tuple[Any, ...]] = []

    def id_of(self, table: str, name: str, *more: str) -> int:
        """The number of a name, given now where it has none yet."""
        found = self.ids.get((table, name))
        if found is None:
            marks = ", ".join("?" * (len(more) + 1))
            columns = "key, host, model, facts, emulated" if more else (
                NAMED[table])
            self.connection.execute(
                f"INSERT OR IGNORE INTO {table} ({columns}) "
                f"VALUES ({marks})", (name, *more))
            found, = self.connection.execute(
                f"SELECT id FROM {table} WHERE {NAMED[table]} = ?",
                (name,)).fetchone()
            self.ids[table, name] = found
        return found

    def grow_stale(self, machine: int) -> None:
        """Its spread is to be computed anew."""
        self.connection.execute("INSERT OR IGNORE INTO stale VALUES (?)",
                                (machine,))

    def forget(self, run: int) -> None:
        """Remove a run."""
        machine, = self.connection.execute(
            "SELECT machine FROM run WHERE id = ?", (run,)).fetchone()
        self.grow_stale(machine)
        # By each benchmark: only so the key of the table serves.
        self.connection.execute(
            "DELETE FROM cost WHERE run = ? AND benchmark IN "
            "(SELECT id FROM benchmark)", (run,))
        self.connection.execute("DELETE FROM run WHERE id = ?", (run,))

    def add(self, one: "Read", facts: "Facts") -> None:
        """Put a run in that is not there."""
        machine = self.id_of("machine", *facts.machine)
        run = self.connection.execute(INSERT, (
            one.key, one.found.path, one.found.signature, 0, facts.started,
            facts.label, facts.release, facts.kernel, machine,
            self.id_of("state", facts.state),
            self.id_of("setting", facts.setting), facts.boot,
            self.id_of("arm", facts.arm), facts.microcode, facts.tool,
            facts.profile, facts.complete, facts.serious)).lastrowid
        self.grow_stale(machine)
        self.costs += [(self.id_of("benchmark", name), run,
                        self.id_of("arm", arm), *rest)
                       for name, arm, *rest in one.costs]

    def flush(self) -> None:
        """Write the costs, each benchmark's together as the table has them."""
        self.costs.sort(key=lambda cost: cost[:3])
        self.connection.executemany(
            f"INSERT INTO cost VALUES ({', '.join('?' * 9)})", self.costs)
        self.costs = []

    def pass_over(self, one: "Read", reason: str, original: str = "") -> None:
        """Remember that a folder is no run of its own, as it is now."""
        self.connection.execute(
            "INSERT OR REPLACE INTO passed VALUES (?, ?, ?, ?)",
            (storable(one.found.path),
             one.found.signature if one.reason or original else "", reason,
             original))

    def place(self, one: "Read", run: int, path: str) -> str:
        """A run that is known lies there: touched, moved, or a copy."""
        if path != one.found.path and path in self.there:
            self.pass_over(one, f"a copy of {path}", path)
            return "copy"
        self.connection.execute(
            "UPDATE run SET path = ?, signature = ?, gone = 0 WHERE id = ?",
            (one.found.path, one.found.signature, run))
        return "touched" if path == one.found.path else "moved"

    def take(self, one: "Read") -> str:
        """Put in what became of one folder; in a word, what that is."""
        said = "new"
        path = storable(one.found.path)
        self.connection.execute("DELETE FROM passed WHERE path = ?", (path,))
        known = self.connection.execute(
            "SELECT id, path FROM run WHERE key = ?", (one.key,)).fetchone()
        before = self.connection.execute(
            "SELECT id, key FROM run WHERE path = ?", (path,)).fetchone()
        if before and before[1] != one.key:
            self.forget(before[0])
            said = "changed"
        if known:
            return self.place(one, *known)
        if one.facts is None:
            self.pass_over(one, one.reason or "changed while it was read")
            return "refused"
        self.add(one, one.facts)
        return said


def storable(path: str) -> str:
    """A path as SQLite's UTF-8 has it: what is none is written out."""
    return path.encode(errors="backslashreplace").decode()


def batches(reads: Iterable["Read"]) -> Iterator[List["Read"]]:
    """The folders, so many at a time."""
    rest = iter(reads)
    return iter(lambda: list(itertools.islice(rest, BATCH)), [])


def store_all(store: Store, reads: Iterable["Read"]) -> None:
    """Every folder; what is finished stays if it is cut off."""
    for batch in batches(reads):
        with database.transaction(store.connection):
            for one in batch:
                store.came[store.take(one)] += 1
            store.flush()


def vanish(connection: sqlite3.Connection, paths: List[str]) -> None:
    """Mark runs whose folders are not there; their copies are looked at."""
    rows = [(path,) for path in paths]
    connection.executemany("UPDATE run SET gone = 1 WHERE path = ?", rows)
    connection.executemany("DELETE FROM passed WHERE original = ?", rows)


def prune(connection: sqlite3.Connection) -> int:
    """Remove the runs whose folders are gone; how many there were."""
    store = Store(connection, {})
    with database.transaction(connection):
        gone = [run for run, in connection.execute(
            "SELECT id FROM run WHERE gone = 1")]
        for run in gone:
            store.forget(run)
    return len(gone)
