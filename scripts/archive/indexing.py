# SPDX-License-Identifier: MIT
"""Brings a history up to date with the folders that runs lie in."""

import os
import sqlite3
import sys
from argparse import Namespace
from pathlib import Path
from typing import Dict, List, NamedTuple

from analysis import interpreter
from analysis.output import BadInput, printable
from archive import database, scan

SHOWN_MOST = 20         # folders that could not be taken in
KINDS = ("new", "changed", "moved", "touched", "copy", "refused",
         "back", "pruned")


class Known(NamedTuple):
    """What the file tells of folders, by their paths."""

    signatures: Dict[str, str]      # of all that need no second look
    there: List[str]                # runs that were there
    gone: Dict[str, str]            # the signatures of those that were not
    passed: Dict[str, str]          # why a folder is no run of its own


def known_of(connection: sqlite3.Connection) -> Known:
    """All that is known of folders."""
    runs = connection.execute(
        "SELECT path, signature, gone FROM run").fetchall()
    passed = connection.execute(
        "SELECT path, signature, reason, original FROM passed").fetchall()
    return Known(
        {path: signature for path, signature, *_ in [*runs, *passed]},
        [path for path, _, gone in runs if not gone],
        {path: signature for path, signature, gone in runs if gone},
        {path: reason for path, _, reason, original in passed
         if not original})


def roots_of(connection: sqlite3.Connection, given: Namespace,
             all_of_them: bool) -> List[str]:
    """The folders to look at: those named, else those known, else the
    file's own; of a file that was made anew those known as well."""
    for folder in given.folders:
        if not folder.is_dir():
            raise BadInput(f"{folder}: no such folder")
    named = [os.path.realpath(folder) for folder in given.folders]
    try:
        "".join(named).encode()
    except UnicodeEncodeError:
        raise BadInput("a folder's name is no UTF-8") from None
    known = database.roots_of(connection) if all_of_them or not named else []
    return [*named, *known] or [os.path.realpath(given.database.parent)]


def outermost(roots: List[str]) -> List[str]:
    """The roots that lie in no other, so that nothing is looked at twice."""
    return [root for root in dict.fromkeys(roots) if not scan.is_below(
        root, [other for other in roots if other != root])]


def come_and_gone(connection: sqlite3.Connection, known: Known,
                  found: Dict[str, str], roots: List[str]) -> Dict[str, int]:
    """Mark the runs that vanished, and those that are back unchanged."""
    lost = [path for path in known.there
            if path not in found and scan.is_below(path, roots)]
    back = [path for path, signature in known.gone.items()
            if found.get(path) == signature]
    stray = [path for path in known.passed if path not in found and
             scan.is_below(path, roots)]
    unknown = set(roots) - set(database.roots_of(connection))
    if lost or back or stray or unknown:
        from archive import storing
        with database.transaction(connection):
            storing.vanish(connection, lost)
            connection.executemany("UPDATE run SET gone = 0 WHERE path = ?",
                                   [(path,) for path in back])
            connection.executemany("DELETE FROM passed WHERE path = ?",
                                   [(path,) for path in stray])
            connection.executemany("INSERT OR IGNORE INTO root VALUES (?)",
                                   [(root,) for root in roots])
    return {"lost": len(lost), "back": len(back)}


def take_in(connection: sqlite3.Connection, found: Dict[str, str],
            fresh: List[scan.Found]) -> Dict[str, int]:
    """Read what is new; pandas is needed, and so is only loaded then."""
    from archive import reading, storing
    keys = {key for key, in connection.execute("SELECT key FROM run")}
    store = storing.Store(connection, found)
    storing.store_all(store, reading.read_all(fresh, keys))
    return store.came


def refresh_spread(connection: sqlite3.Connection) -> None:
    """Compute the spread of the machines whose runs are not the same."""
    if connection.execute("SELECT 1 FROM stale").fetchone():
        interpreter.ensure()
        from archive import spreading
        spreading.refresh(connection)


def tell_refused(known: Known, roots: List[str]) -> bool:
    """Name the folders that hold no run that can be read."""
    lines = [f"history: {printable(path)}: {printable(reason)}"
             for path, reason in sorted(known.passed.items())
             if scan.is_below(path, roots)]
    for line in lines[:SHOWN_MOST]:
        print(line, file=sys.stderr)
    if len(lines) > SHOWN_MOST:
        print(f"history: and {len(lines) - SHOWN_MOST} more",
              file=sys.stderr)
    return bool(lines)


def counted(counts: Dict[str, int]) -> str:
    """How many runs became what; nothing of those that none did."""
    told = [f"{counts[kind]} {kind}" for kind in KINDS if counts.get(kind)]
    return ", ".join(told) or "nothing new"


def total_of(connection: sqlite3.Connection) -> str:
    """How many runs there are, and of how many the folder is gone."""
    total, gone = connection.execute(
        "SELECT count(*), total(gone) FROM run").fetchone()
    return f"{total} run{'' if total == 1 else 's'}" + (
        f", {gone:.0f} of them gone" if gone else "")


def bring_up(connection: sqlite3.Connection, given: Namespace) -> int:
    """Bring an open history up to date."""
    made_anew = database.prepare(connection, given.database)
    roots = outermost(roots_of(connection, given, made_anew))
    found = scan.find(roots)
    known = known_of(connection)
    counts = come_and_gone(connection, known, found, roots)
    if counts["lost"]:
        known = known_of(connection)    # copies of what is gone
    fresh = scan.fresh(found, {} if given.again else known.signatures)
    if fresh:
        interpreter.ensure()
        counts.update(take_in(connection, found, fresh))
    if given.prune:
        from archive import storing
        counts["pruned"] = storing.prune(connection)
    refresh_spread(connection)
    print(f"{printable(str(given.database))}: "
          f"{'made anew, since it was older; ' if made_anew else ''}"
          f"{total_of(connection)}; {counted(counts)}")
    return int(tell_refused(known_of(connection), roots))


def index(given: Namespace) -> int:
    """Bring the file up to date with its folders; make it where it is not."""
    if not Path(given.database).parent.is_dir():
        raise BadInput(f"{given.database.parent}: no such folder")
    with database.writing(given.database) as connection:
        return bring_up(connection, given)
