# SPDX-License-Identifier: MIT
"""Writes what a history holds, a row a run, benchmark and arm."""

import importlib.util
import re
import sqlite3
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any, Iterator, List, Tuple

from analysis import interpreter
from analysis.output import BadInput
from archive import asking, cells, database

HEAD = ("run", "folder", "started", "machine", "machine_key", "model",
        "emulated", "kernel", "microcode", "boot", "state", "label",
        "profile", "complete", "serious", "arm", "first_arm", "benchmark",
        "quiet_ns", "low_ns", "high_ns", "median_ns", "launches", "flags")
WRITERS = ("pyarrow", "fastparquet")


def rows_of(connection: sqlite3.Connection, given: Namespace
            ) -> Iterator[Tuple[Any, ...]]:
    """The rows that are asked for, run by run."""
    condition, values = asking.where(given)
    wanted = re.compile(given.benchmarks or "")
    rows = connection.execute(
        f"SELECT run.key, run.path, run.started, {asking.NAME}, machine.key, "
        "machine.model, machine.emulated, run.release, run.microcode, "
        "run.boot, state.name, run.label, run.profile, run.complete, "
        "run.serious, a.name, c.arm = run.arm, b.name, c.quiet_ns, "
        "c.low_ns, c.high_ns, c.median_ns, c.launches, c.flags FROM "
        f"{asking.RUN} CROSS JOIN benchmark b CROSS JOIN cost c ON "
        "c.benchmark = b.id AND c.run = run.id JOIN arm a ON a.id = c.arm "
        f"WHERE {condition}", values)
    return (row for row in rows if wanted.search(row[17]))


def check_parquet(given: Namespace) -> None:
    """End where nothing here writes Parquet, or where it cannot go."""
    interpreter.ensure()
    if not any(map(importlib.util.find_spec, WRITERS)):
        raise BadInput("Parquet needs Python's pyarrow or fastparquet, and "
                       "neither is here; --format csv needs nothing")
    if given.output is None:
        raise BadInput("Parquet needs --output FILE")


def write_parquet(rows: Iterator[Tuple[Any, ...]], path: Path) -> None:
    """The rows as Parquet."""
    import pandas as pd
    pd.DataFrame(rows, columns=list(HEAD)).to_parquet(path, index=False)


def write(rows: Iterator[Tuple[Any, ...]], given: Namespace, path: Path
          ) -> None:
    """The rows in the form that is asked for."""
    if given.format == "parquet":
        write_parquet(rows, path)
        return
    with open(path, "w", encoding="utf-8", newline="") as file:
        cells.write_csv(HEAD, rows, file)


def refuse_over(output: Path, database_path: Path) -> None:
    """Never over a run's own file, nor over the history."""
    taken: List[Path] = [database_path.absolute()]
    if output.absolute() in taken or (output.parent / "run.json").exists():
        raise BadInput(f"{output}: not overwritten; name another file")


def export(given: Namespace) -> int:
    """Write it to a file, whole or not at all, or print it."""
    if given.format == "parquet":
        check_parquet(given)
    with database.reading(given.database) as connection:
        rows = rows_of(connection, given)
        if given.output is None:
            cells.write_csv(HEAD, rows, sys.stdout)
            return 0
        refuse_over(given.output, given.database)
        hidden = given.output.with_name(f".{given.output.name}.partial")
        try:
            write(rows, given, hidden)
            hidden.replace(given.output)
        except OSError as problem:
            raise BadInput(f"{given.output}: {problem.strerror}") from None
        finally:
            hidden.unlink(missing_ok=True)
    return 0
