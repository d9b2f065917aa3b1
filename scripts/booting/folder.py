# SPDX-License-Identifier: MIT
"""A matrix's folder: how it is begun, and how it is taken up again."""

import contextlib
import os
import shutil
from argparse import Namespace
from pathlib import Path
from typing import Any, Dict, Iterator, List

from analysis.output import BadInput
from booting import journal, lock, order, read_plan, words
from booting.executor import Refused
from booting.journal import Journal, Slot
from booting.plan import Plan
from booting.read_plan import Read


def slots_of(plan: Plan) -> List[Slot]:
    """The order with nothing booted yet."""
    return [Slot(number, arm) for number, arm in enumerate(order.make(plan),
                                                           1)]


def new_head(read: Read, given: Namespace) -> Dict[str, Any]:
    """What matrix.json begins with."""
    return {"plan": {"name": read.plan.name, "sha256": read.digest,
                     "folder": str(read.folder)},
            "executor": given.executor or "qemu",
            "program": given.program and os.path.abspath(given.program),
            "anonymous": given.anonymous, "begun": words.now()}


def make(folder: Path) -> None:
    """The folder, which is not there yet."""
    if os.path.lexists(folder):
        raise BadInput(f"{folder}: already there: --resume goes on with it, "
                       "or name another --output")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
    except OSError as problem:
        raise BadInput(f"{folder}: {problem.strerror}") from None


@contextlib.contextmanager
def begun(read: Read, given: Namespace) -> Iterator[Journal]:
    """A new matrix, locked. Where nothing could be booted at all, nothing
    is left of it."""
    folder = given.output or Path(
        "results", f"{words.folder_stamp()}-matrix-{read.plan.name}")
    make(folder)
    made = Journal(folder, new_head(read, given), slots_of(read.plan))
    with locked(folder):
        try:
            journal.replace(folder / "plan.toml", read.content)
            yield made
        except (Refused, BadInput):
            if not any(slot.tried for slot in made.slots):
                shutil.rmtree(folder)
            raise


def locked(folder: Path) -> "contextlib.AbstractContextManager[None]":
    """The lock of a matrix's folder."""
    return lock.held(folder / "lock", f"is at work in {folder}")


def plan_of(folder: Path, head: Dict[str, Any], given: Namespace) -> Read:
    """The plan of a matrix: the one given, or the copy; the same it is."""
    file = given.plan or folder / "plan.toml"
    base = None if given.plan else Path(head["plan"]["folder"])
    read = read_plan.read(file, base)
    if read.digest != head["plan"]["sha256"]:
        raise BadInput(f"{file}: the plan has changed since {folder} was "
                       "begun: put it back, or start another matrix")
    return read


def check_same(folder: Path, head: Dict[str, Any], given: Namespace) -> None:
    """Refuse to go on in another way."""
    wanted = {"executor": given.executor,
              "program": given.program and os.path.abspath(given.program),
              "anonymous": given.anonymous or None}
    for name, value in wanted.items():
        if value not in (None, head[name]):
            raise BadInput(f"--{name}: {folder} was begun with another "
                           f"({head[name]}): leave it out, or start another "
                           "matrix")


@contextlib.contextmanager
def resumed(given: Namespace) -> Iterator["tuple[Read, Journal]"]:
    """A matrix that was begun, locked."""
    folder = given.output
    if not folder.is_dir():
        raise BadInput(f"{folder}: no such folder to go on with")
    with locked(folder):
        head = journal.head_of(folder)
        read = plan_of(folder, head, given)
        check_same(folder, head, given)
        found = journal.load(folder, head, order.make(read.plan))
        if given.retry_failed:
            for slot in found.slots:
                slot.forgive()
        yield read, found
