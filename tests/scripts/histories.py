# SPDX-License-Identifier: MIT
"""scripts/history run within the test, and small run folders for it."""

import contextlib
import csv
import io
import pathlib
import sys
from typing import Any, Dict, List, NamedTuple

from archived import Base, Place, base_of, make
from hand_made import SCRIPTS
from made_runs import edit, load_script

from analysis import output

REFERENCE = SCRIPTS.parent / "results" / "reference"
ROWS = ("getppid/inline", "getppid/libc", "clock_gettime/vdso")
PATH = SCRIPTS / "history"

script = load_script("history")


class Said(NamedTuple):
    """What a run of the script came to."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> List[Dict[str, str]]:
        """The output as the rows of a CSV file."""
        return list(csv.DictReader(io.StringIO(self.out)))

    def refused(self, *words: str) -> None:
        """Check that it is bad input, told in one line with these words."""
        assert (self.status, self.out) == (2, ""), self
        assert self.err.count("\n") == 1, self
        assert self.err[:-1].isprintable(), self
        assert [word for word in words if word not in self.err] == [], self


def base(*names: str) -> Base:
    """The committed run with a few rows."""
    found = base_of(REFERENCE)
    wanted = names or ROWS
    return found._replace(rows=[row for row in found.rows
                                if row[0] in wanted])


class Archive:
    """A folder of runs and their history."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder / "runs"
        self.database = folder / "history.sqlite"
        self.folder.mkdir()
        self.base = base()

    def add(self, machine: int = 0, kernel: int = 0, boot: int = 0,
            run: int = 0, hour: float = 0, seed: int = 1, **facts: Any
            ) -> pathlib.Path:
        """A run folder; facts: paths in run.json, "__" between keys."""
        place = Place(machine, kernel, boot, run)
        folder = make(self.base, self.folder / place.name, place, hour, seed)
        return edit(folder, {name.replace("__", "/"): value
                             for name, value in facts.items()})

    def __call__(self, *words: Any) -> Said:
        """Run a command on the history."""
        out, err = io.StringIO(), io.StringIO()
        argv, sys.argv = sys.argv, [
            "history", *map(str, words), "--database", str(self.database)]
        try:
            with contextlib.redirect_stdout(out), \
                    contextlib.redirect_stderr(err):
                output.run(script.main)
        except SystemExit as done:
            return Said(int(done.code or 0), out.getvalue(), err.getvalue())
        finally:
            sys.argv = argv
        raise AssertionError("it did not exit")

    def index(self, *options: Any) -> str:
        """Index the folder; what became of the runs."""
        said = self("index", self.folder, *options)
        assert (said.status, said.err) == (0, ""), said
        return said.out.rstrip("\n").partition(": ")[2]

    def asked(self, *words: Any) -> List[Dict[str, str]]:
        """The rows that a command prints as CSV."""
        said = self(*words, "--format", "csv")
        assert (said.status, said.err) == (0, ""), said
        return said.rows
