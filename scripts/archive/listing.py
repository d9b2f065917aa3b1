# SPDX-License-Identifier: MIT
"""Lists runs and machines, and shows a run."""

import json
import os
import sqlite3
from argparse import Namespace
from typing import Any, Dict, List, Tuple

from analysis.output import BadInput, printable
from archive import asking, cells, database

RUNS_HEAD = ("run", "started", "machine", "kernel", "label", "profile",
             "state", "marks")
COSTS_HEAD = ("benchmark", "arm", "quiet_ns", "low_ns", "high_ns",
              "median_ns", "launches", "flags")
MACHINES_HEAD = ("machine", "key", "model", "CPUs", "guest of", "emulated",
                 "runs", "boots", "kernels", "first", "last")
KEY_SHOWN = 12      # letters
EMULATED = "emulated: signs and constancy only"     # as analysis.emulated


def list_runs(given: Namespace) -> int:
    """The runs, oldest first."""
    condition, values = asking.where(given)
    with database.reading(given.database) as connection:
        rows = connection.execute(
            f"SELECT substr(run.key, 1, {KEY_SHOWN}), run.started, "
            f"{asking.NAME}, run.release, run.label, run.profile, "
            f"state.name, trim(CASE machine.emulated WHEN '' THEN '' ELSE "
            f"'emulated ' END || {asking.MARKS}) FROM {asking.RUN} "
            f"WHERE {condition} ORDER BY run.started, run.id",
            values).fetchall()
    cells.put(RUNS_HEAD, rows, given.format)
    return 0


def found_runs(connection: sqlite3.Connection, name: str
               ) -> List[Dict[str, Any]]:
    """The runs of that key, its beginning, or that folder."""
    connection.row_factory = sqlite3.Row
    path = os.path.realpath(name)
    rows = connection.execute(
        "SELECT run.*, machine.key AS machine_key, machine.host, "
        "machine.model, machine.facts, machine.emulated, "
        "state.name AS state_name, arm.name AS arm_name "
        f"FROM {asking.RUN} WHERE run.path = ? OR "
        "(length(?) >= ? AND substr(run.key, 1, ?) = ?) LIMIT 3",
        (path.encode(errors="backslashreplace").decode(), name,
         asking.NAME_LEAST, len(name), name)).fetchall()
    connection.row_factory = None
    return [dict(row) for row in rows]


def find_run(connection: sqlite3.Connection, name: str) -> Dict[str, Any]:
    """The one run that a name means."""
    name = name.encode(errors="backslashreplace").decode()
    found = found_runs(connection, name)
    if len(found) != 1:
        raise BadInput(f"{name}: {'several runs' if found else 'no run'} of "
                       "that key or folder here; `list` has the keys")
    return found[0]


def facts_of(text: str) -> Dict[str, str]:
    """A machine's facts; none where they are no JSON object."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items()
            } if isinstance(found, dict) else {}


def facts_lines(run: Dict[str, Any]) -> List[str]:
    """What is known of a run, a fact a line."""
    facts = ", ".join(f"{name} {value}" for name, value
                      in facts_of(run["facts"]).items())
    told: List[Tuple[str, Any]] = [
        ("folder", run["path"] + (" (gone)" if run["gone"] else "")),
        ("key", run["key"]), ("started", run["started"]),
        ("machine", f"{run['host'] or 'anonymous'}, key "
         f"{run['machine_key'][:8]}"), ("", facts),
        ("kernel", run["release"]), ("microcode", run["microcode"]),
        ("state", run["state_name"]), ("boot", run["boot"]),
        ("first arm", run["arm_name"]), ("label", run["label"]),
        ("profile", run["profile"]), ("program", run["tool"]),
        ("complete", "yes" if run["complete"] else "NO"),
        ("serious", run["serious"]),
        ("emulated", run["emulated"] and f"{run['emulated']}; {EMULATED}")]
    return [f"{name:<10} {printable(str(value))}" for name, value in told
            if value]


def show(given: Namespace) -> int:
    """A run: what is known of it, and what its rows cost."""
    with database.reading(given.database) as connection:
        run = find_run(connection, given.run)
        rows = connection.execute(
            "SELECT b.name, arm.name, c.quiet_ns, c.low_ns, c.high_ns, "
            "c.median_ns, c.launches, c.flags FROM benchmark b CROSS JOIN "
            "cost c ON c.benchmark = b.id AND c.run = ? JOIN arm ON "
            "arm.id = c.arm ORDER BY c.arm != ?, c.arm, b.name",
            (run["id"], run["arm"])).fetchall()
    if given.format == "text":
        print("\n".join([*facts_lines(run), ""]))
    cells.put(COSTS_HEAD, rows, given.format)
    return 0


def machines(given: Namespace) -> int:
    """The machines, with how much is known of each."""
    with database.reading(given.database) as connection:
        rows = connection.execute(
            f"SELECT {asking.NAME}, substr(machine.key, 1, 8), "
            "machine.model, machine.facts, machine.emulated, count(*), "
            "count(DISTINCT nullif(run.boot, '')), "
            "count(DISTINCT run.release), "
            "min(substr(nullif(run.started, ''), 1, 10)), "
            "max(substr(run.started, 1, 10)) FROM run JOIN machine ON "
            "machine.id = run.machine GROUP BY machine.id "
            "ORDER BY 1, machine.id").fetchall()
    shown = []
    for name, key, model, facts, by, *rest in rows:
        told = facts_of(facts)
        guest = told.get("signature") or (
            "a hypervisor" if told.get("hypervisor") == "True" else "")
        shown.append((name, key, model, told.get("CPUs", ""), guest, by,
                      *rest))
    cells.put(MACHINES_HEAD, shown, given.format)
    return 0
