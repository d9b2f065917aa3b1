# SPDX-License-Identifier: MIT
"""Sets what was planned, and puts it back in the reverse order."""

import contextlib
import time
from typing import Dict, List, NamedTuple, Optional

from tuning.forms import Form
from tuning.plan import Found, served_path
from tuning.state import Entry, State, Store, boot_id
from tuning.table import setting_of
from tuning.tree import Tree

SET, KEPT, FAILED = "set", "kept", "failed"
BACK, SAME, LEFT, GONE, ABSENT = "back", "same", "left", "gone", "absent"
ELSEWHERE = "elsewhere"

REST_S = 0.1    # for limits that follow a setting in the kernel's own time
COME_STEPS, COME_S = 50, 0.02   # how long to wait for interrupts to come


class Outcome(NamedTuple):
    """What became of one file."""

    path: str
    kind: str
    said: str = ""


def value_now(tree: Tree, path: str, form: Form) -> Optional[str]:
    """What a file is set to; None where it is not there or no value."""
    try:
        value = tree.value(path)
    except OSError:
        return None
    return value if form.admits(value) else None


def set_one(tree: Tree, found: Found) -> Outcome:
    """Write one wish and read it back."""
    setting, path, wanted = found.setting, found.path, found.wanted or ""
    try:
        tree.write(path, wanted)
        now = tree.settle(path, setting.form, wanted)
    except OSError as problem:
        # Some interrupts belong to a CPU, or to the driver that spread
        # them: EIO, EPERM, EINVAL by kernel and kind. Nothing is wrong.
        return Outcome(path, KEPT if setting.name == "irq" else FAILED,
                       f"{wanted} was refused: {problem.strerror}")
    if setting.form.admits(now) and setting.form.same(now, wanted):
        return Outcome(path, SET)
    return Outcome(path, FAILED, f"{wanted} was written and did not stick: "
                   f"it reads {now}")


def entries_of(founds: List[Found]) -> List[Entry]:
    """What is to be put back if it changes: all that could be read."""
    return [Entry(one.path, one.value,
                  one.value if one.wanted is None else one.wanted, one.via)
            for one in founds if one.value is not None]


def as_they_are(tree: Tree, entries: List[Entry]) -> List[Entry]:
    """The entries with what the files are now, after all was set."""
    return [entry._replace(after=value_now(
        tree, entry.path, setting_of(entry.path).form)) for entry in entries]


def apply(tree: Tree, store: Store, founds: List[Found], verb: str
          ) -> List[Outcome]:
    """Save what is, then set what is wanted; what became of each."""
    state = State(boot_id(tree), verb, False, entries_of(founds))
    store.save(state)
    outcomes = [set_one(tree, one) for one in founds if one.change]
    time.sleep(REST_S)
    entries = as_they_are(tree, state.entries)
    store.save(state._replace(complete=True, entries=entries))
    return outcomes


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
    if one.found is not None and not one.is_ours(one.found):
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
             one.found is not None and one.is_ours(one.found)]
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
    another, which must not look like somebody's change then.
    """
    todo = [Back(entry, form, value_now(tree, entry.path, form),
                 state.complete)
            for entry in reversed(state.entries)
            for form in [setting_of(entry.path).form]]
    send_back(tree, todo)
    outcomes = rounds(tree, todo)
    kinds = {one.kind for one in outcomes.values()}
    # With a CPU that did not come back its files may yet come.
    keep = (FAILED, ABSENT) if FAILED in kinds else ()
    left = [entry for entry in state.entries
            if outcomes[entry.path].kind in keep]
    if left:
        store.save(state._replace(entries=left))
    else:
        store.drop()
    return [*outcomes.values(), *not_sent_back(tree, todo)]


def in_vain(outcomes: List[Outcome]) -> bool:
    """Whether nothing of all that was tried could be set."""
    return bool(outcomes) and not any(one.kind == SET for one in outcomes)
