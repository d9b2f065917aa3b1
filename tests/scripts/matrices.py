# SPDX-License-Identifier: MIT
"""Matrices in folders, run within a test's own process."""

import json
import pathlib
from argparse import Namespace
from typing import Any, List

import pytest

import booted
from booting import folder, journal, order, read_plan
from booting.executor import Leaving
from booting.matrix import Matrix
from booting.screen import Screen

Path = pathlib.Path


class Begun:
    """A matrix in a folder, and who boots in it."""

    def __init__(self, place: Path, **orders: Any) -> None:
        self.folder = place / "m"
        self.read = read_plan.parse(booted.PLAN.encode(), place, place)
        self.executor = booted.Ordered(**orders)
        if not self.folder.exists():
            self.folder.mkdir()
            self.journal = journal.Journal(
                self.folder, folder.new_head(self.read, Namespace(
                    executor=None, program=None, anonymous=False)),
                folder.slots_of(self.read.plan))
        else:
            self.journal = journal.load(
                self.folder, journal.head_of(self.folder),
                order.make(self.read.plan))
        self.matrix = Matrix(self.journal, self.executor, Screen())

    def go(self) -> List[str]:
        """Go through all of it; what the executor was asked for."""
        self.matrix.go()
        return self.executor.log

    def states(self) -> List[List[str]]:
        """Each slot's attempts' states, as they are on the disk."""
        found = json.loads((self.folder / "matrix.json").read_text())
        return [[one["state"] for one in slot["attempts"]]
                for slot in found["slots"]]

    def runs(self) -> List[str]:
        """The slots that have a run."""
        return sorted(path.parents[1].name
                      for path in self.folder.glob("boots/*/run/run.json"))


def left(place: Path, **orders: Any) -> Begun:
    """A matrix whose executor has left for its first boot."""
    one = Begun(place, leaves=True, **orders)
    with pytest.raises(Leaving):
        one.go()
    return one
