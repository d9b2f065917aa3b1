# SPDX-License-Identifier: MIT
"""Sets what was planned, and says what became of each file."""

import time
from typing import List, NamedTuple, Optional

from tuning.forms import Form
from tuning.plan import Found
from tuning.state import Entry, State, Store, boot_id
from tuning.table import setting_of
from tuning.tree import Tree

SET, KEPT, FAILED = "set", "kept", "failed"
BACK, SAME, LEFT, GONE, ABSENT = "back", "same", "left", "gone", "absent"
ELSEWHERE = "elsewhere"

REST_S = 0.1    # for limits that follow a setting in the kernel's own time


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


def in_vain(outcomes: List[Outcome]) -> bool:
    """Whether nothing of all that was tried could be set."""
    return bool(outcomes) and not any(one.kind == SET for one in outcomes)
