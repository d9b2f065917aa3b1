# SPDX-License-Identifier: MIT
"""Opens the file of a history: ours, of this version, and not damaged.

A rollback journal and no write-ahead log, since results may lie on a network
file system (sqlite.org/wal.html). Who writes takes the lock at once and holds
it for a batch of runs, so that two can write in turns; what one that was
killed had begun is undone by whoever opens the file next.
"""

import contextlib
import sqlite3
from pathlib import Path
from typing import Iterator, List
from urllib.parse import quote

from analysis.output import BadInput
from archive import schema

WAIT_S = 60         # for others to finish
CACHE_KIB = 1 << 18
MAKE = "scripts/history index makes it"


class Older(BadInput):
    """A file of a version that index makes anew."""


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """The file, opened: mode is SQLite's ro, rw or rwc."""
    try:
        address = f"file:{quote(str(path.absolute()))}?mode={mode}"
        found = sqlite3.connect(address, timeout=WAIT_S, uri=True,
                                isolation_level=None)
    except (sqlite3.Error, UnicodeError) as problem:
        raise BadInput(f"{path}: {problem}") from None
    found.execute("PRAGMA trusted_schema = OFF")
    found.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return found


def number(connection: sqlite3.Connection, pragma: str) -> int:
    """One of the numbers in the file's head."""
    return connection.execute(f"PRAGMA {pragma}").fetchone()[0]


def is_empty(connection: sqlite3.Connection) -> bool:
    """Whether nothing was ever made in it."""
    return not number(connection, "schema_version")


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse what is no history of this version."""
    version = number(connection, "user_version")
    if number(connection, "application_id") != schema.APPLICATION:
        raise BadInput(f"{path}: a database, but no history of runs; name "
                       "another by --database")
    if version > schema.VERSION:
        raise BadInput(f"{path}: a history of version {version}; this script "
                       f"knows {schema.VERSION}: use the newer one")
    if version < schema.VERSION:
        raise Older(f"{path}: a history of version {version}; "
                    "scripts/history index makes it anew")
    if schema.statements(connection) != set(schema.STATEMENTS):
        raise BadInput(f"{path}: its tables are not those of a history; "
                       f"remove it: {MAKE} anew")


def plain(path: Path) -> bool:
    """Whether the file is there; what is there and no file is refused."""
    try:
        if path.exists() and not path.is_file():
            raise BadInput(f"{path}: not a file")
        return path.exists()
    except (OSError, ValueError) as problem:
        raise BadInput(f"{path}: {problem}") from None


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """SQLite's complaints as a line that names the file."""
    try:
        yield
    except sqlite3.Error as problem:
        hint = (": remove it: scripts/history index makes it anew"
                if "malformed" in str(problem) else "")
        raise BadInput(f"{path}: {problem}{hint}") from None


@contextlib.contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The history, to be asked and not changed.

    Opened for writing where that is allowed, for only so is undone what a
    killed one left (sqlite.org/c3ref/c_open_autoproxy.html).
    """
    if not plain(path):
        raise BadInput(f"{path}: no such file; {MAKE}")
    with told(path):
        with contextlib.closing(connect(path, "rw")) as connection:
            check(connection, path)
            connection.execute("PRAGMA query_only = ON")
            yield connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing, with the lock from the beginning."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def roots_of(connection: sqlite3.Connection) -> List[str]:
    """The folders that were indexed, where the file tells them."""
    try:
        return [path for path, in connection.execute(
            "SELECT path FROM root ORDER BY path") if isinstance(path, str)]
    except sqlite3.OperationalError:
        return []


def prepare(connection: sqlite3.Connection, path: Path) -> bool:
    """Make the tables where there are none; anew where they are older.

    True: they were made anew, and all runs have to be read again.
    """
    with transaction(connection):
        if is_empty(connection):
            schema.create(connection)
            return False
        try:
            check(connection, path)
        except Older:
            roots = roots_of(connection)
            schema.drop(connection)
            schema.create(connection)
            connection.executemany("INSERT INTO root VALUES (?)",
                                   [(root,) for root in roots])
            return True
    return False


@contextlib.contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """The history, to be changed; made where it is not there yet."""
    plain(path)
    with told(path), contextlib.closing(connect(path, "rwc")) as connection:
        yield connection
