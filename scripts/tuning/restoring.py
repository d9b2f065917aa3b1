# SPDX-License-Identifier: MIT
"""Puts back what was set, in the reverse order, and nothing else."""

import contextlib
import time
from typing import Dict, List, NamedTuple, Optional

from tuning.applying import (ABSENT, BACK, ELSEWHERE, FAILED, GONE, LEFT,
                             SAME, Outcome, value_now)
from tuning.forms import Form
from tuning.plan import served_path
from tuning.state import Entry, State, Store, Unsaved
from tuning.table import setting_of
from tuning.tree import Tree

COME_STEPS, COME_S = 50, 0.02   # how long to wait for interrupts to come


class Back(NamedTuple):
    """An entry on its way back, with what it was when that began."""

    entry: Entry
    form: Form
    found: Optional[str]
    complete: bool

    def is_before(self, value: str) -> bool:
        """Whether the value is the one that was saved."""
        return self.form.same(value, self.entry.before)

    def is_ours(self, value: str) -> bool:
        """Whether it may be written over.

        A value that is neither what we left nor what we found is somebody's
        who changed it meanwhile. Where we were ended in the middle, or the
        file was not there when all was set, what we left is not known.
        """
        ours = [self.entry.before, self.entry.after, self.entry.via]
        return not self.complete or self.entry.after is None or any(
            self.form.same(value, one) for one in ours if one is not None)

    @property
    def is_foreign(self) -> bool:
        """Whether somebody had changed it when all was looked at."""
        return self.found is not None and not self.is_ours(self.found)

    @property
    def changed(self) -> bool:
        """Whether it was another value, as far as is known, or gone."""
        return self.entry.after is None or not self.is_before(
            self.entry.after)

    @property
    def absence(self) -> str:
        """What it means that the file is not there."""
        if self.entry.after is None:
            return ABSENT
        gone = self.entry.path.startswith("/proc/irq/") or not self.changed
        return GONE if gone else FAILED


def put_back(tree: Tree, one: Back) -> Outcome:
    """Put one back, if it is away and ours."""
    entry, path = one.entry, one.entry.path
    if one.is_foreign:
        return Outcome(path, LEFT, f"reads {one.found}, which is neither "
                       f"{entry.after} nor {entry.before}: somebody changed "
                       "it meanwhile, and it was left so")
    try:
        return returned(tree, one)
    except FileNotFoundError:
        return Outcome(path, one.absence,
                       f"is not there any more; it was {entry.before}")
    except OSError as problem:
        return Outcome(path, FAILED, f"{entry.before} could not be put back: "
                       f"{problem.strerror}")


def returned(tree: Tree, one: Back) -> Outcome:
    """The same, with errors raised."""
    entry, form = one.entry, one.form
    # What only moved along may be on its way back by itself.
    now = tree.value(entry.path) if one.changed else (
        tree.settle(entry.path, form, entry.before))
    if form.admits(now) and one.is_before(now):
        return Outcome(entry.path, SAME)
    if one.found is None and form.admits(now) and not one.is_ours(now):
        return put_back(tree, one._replace(found=now))
    tree.write(entry.path, entry.before)
    now = tree.settle(entry.path, form, entry.before)
    if form.admits(now) and one.is_before(now):
        return Outcome(entry.path, BACK)
    return Outcome(entry.path, FAILED, f"{entry.before} was put back and did "
                   f"not stick: it reads {now}")


def is_elsewhere(tree: Tree, one: Back) -> bool:
    """Whether an interrupt is served elsewhere than it was."""
    if one.entry.via is None:
        return False
    try:
        now = tree.read(served_path(one.entry.path))
    except OSError:
        return False
    return one.form.admits(now) and not one.form.same(now, one.entry.via)


def send_back(tree: Tree, todo: List[Back]) -> None:
    """Interrupts that have moved go back to where they were served.

    Before their lists are put back, with which they would stay. The kernel
    moves many only when they next come (kernel/irq/migration.c): they are
    given a second.
    """
    moved = [one for one in todo if is_elsewhere(tree, one) and
             one.found is not None and not one.is_foreign]
    for one in moved:
        with contextlib.suppress(OSError):
            tree.write(one.entry.path, one.entry.via or "")
    for _ in range(COME_STEPS):
        moved = [one for one in moved if is_elsewhere(tree, one)]
        if not moved:
            break
        time.sleep(COME_S)


def not_sent_back(tree: Tree, todo: List[Back]) -> List[Outcome]:
    """Those that have not come since, and stay where they are for now."""
    return [Outcome(one.entry.path, ELSEWHERE, f"{one.entry.before} again, "
                    "but the interrupt did not come meanwhile, and is not "
                    f"served by CPU {one.entry.via} as it was")
            for one in todo if is_elsewhere(tree, one)]


def rounds(tree: Tree, todo: List[Back]) -> Dict[str, Outcome]:
    """What became of each, after two rounds.

    The second is for what the first could not do before another was back,
    and for what was moved by that.
    """
    outcomes = {one.entry.path: put_back(tree, one) for one in todo}
    for one in todo:
        path = one.entry.path
        first = outcomes[path].kind
        if first in (LEFT, GONE):
            continue
        again = put_back(tree, one)
        if again.kind != SAME:
            outcomes[path] = again
        elif first != SAME:
            outcomes[path] = Outcome(path, BACK)
    return outcomes


def restore(tree: Tree, store: Store, state: State) -> List[Outcome]:
    """Put all back that is not; what could not be stays in the file.

    All is looked at before anything is written: putting one back may move
    another, which must not look like somebody's change then. Nor if this is
    ended on the way: what is somebody's is taken out of the file, and the
    rest marked as ours whatever it reads.
    """
    todo = [Back(entry, form, value_now(tree, entry.path, form),
                 state.complete)
            for entry in reversed(state.entries)
            for form in [setting_of(entry.path).form]]
    foreign = {one.entry.path for one in todo if one.is_foreign}
    state = state._replace(complete=False, entries=[
        entry for entry in state.entries if entry.path not in foreign])
    with contextlib.suppress(Unsaved):      # a full disk must not hold it up
        store.save(state)
    send_back(tree, todo)
    outcomes = rounds(tree, todo)
    kinds = {one.kind for one in outcomes.values()}
    # With a CPU that did not come back its files may yet come.
    keep = (FAILED, ABSENT) if FAILED in kinds else ()
    left = [entry for entry in state.entries
            if outcomes[entry.path].kind in keep]
    if not left:
        store.drop()
    elif len(left) < len(state.entries):
        with contextlib.suppress(Unsaved):
            store.save(state._replace(entries=left))
    return [*outcomes.values(), *not_sent_back(tree, todo)]
