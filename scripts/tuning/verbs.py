# SPDX-License-Identifier: MIT
"""What apply, restore and run do, and say, once they hold the lock."""

import contextlib
import sys
from typing import List, Optional, Sequence

from analysis.output import printable
from tuning import (applying, latency, plan, restoring, running, shown,
                    state)
from tuning.table import Machine


class Refused(Exception):
    """Why nothing is done."""


def say(text: str) -> None:
    """A message; standard output is the command's.

    That nobody reads it any more must not keep anything from being put back.
    """
    with contextlib.suppress(OSError):
        print(f"tune: {printable(text)}", file=sys.stderr, flush=True)


def saved_state(store: state.Store) -> Optional[state.State]:
    """What is to be put back in this boot; None where nothing is."""
    found = store.load()
    if found is None or found.boot_id == state.boot_id(store.tree):
        return found
    say("the machine was started anew since settings were applied: they are "
        "gone, and so is what was saved")
    store.drop()
    return None


def put_back(store: state.Store, found: state.State) -> bool:
    """Restore, and say what was not possible; whether all is back."""
    outcomes = restoring.restore(store.tree, store, found)
    for line in shown.told(outcomes, (applying.FAILED, applying.LEFT,
                                      applying.GONE, applying.ELSEWHERE)):
        say(line)
    failed = shown.summary(outcomes, applying.FAILED)
    back = shown.summary(outcomes, applying.BACK)
    say(f"{shown.counted(back, 'value')} put back" + (
        f", {failed} not: scripts/tune restore tries again, restore --forget "
        "gives up" if failed else ""))
    return not failed


def clear_stale(store: state.Store) -> None:
    """Put back what a tune that was killed left, before anything new."""
    found = saved_state(store)
    if found is None:
        return
    if found.verb == "apply" and found.complete:
        raise Refused("settings are in force already, by apply: run the "
                      "command as it is, or scripts/tune restore first")
    say("an earlier tune did not come to its end: putting back what it left")
    if not put_back(store, found):
        raise Refused("not all of an earlier tune could be put back")


def set_all(store: state.Store, founds: Sequence[plan.Found], verb: str
            ) -> bool:
    """Apply, and say what was not possible; whether all could be set."""
    outcomes = applying.apply(store.tree, store, list(founds), verb)
    for line in shown.told(outcomes, (applying.FAILED,)):
        say(line)
    done, kept, failed = (shown.summary(outcomes, kind) for kind in (
        applying.SET, applying.KEPT, applying.FAILED))
    say(f"{shown.counted(done, 'value')} set" + (
        f", {shown.counted(kept, 'interrupt')} kept by the kernel or a driver"
        if kept else "") + (f", {failed} not" if failed else ""))
    if applying.in_vain(outcomes):
        raise Refused("nothing could be set")
    return not failed


def end(store: state.Store) -> bool:
    """Put back what is saved, if anything is; whether all is back."""
    found = saved_state(store)
    return found is None or put_back(store, found)


def apply(store: state.Store, founds: Sequence[plan.Found]) -> int:
    """Set what is wanted, to stay."""
    if not any(one.change for one in founds):
        say("nothing to change")
        return 0
    try:
        done = set_all(store, founds, "apply")
    except BaseException:
        end(store)
        raise
    stopped = running.waiting()
    if stopped:
        end(store)
        return 128 + stopped
    return 0 if done else 1


def restore(store: state.Store, forget: bool) -> int:
    """Put back what is saved."""
    found = saved_state(store)
    if found is None:
        say("nothing to put back")
        return 0
    done = put_back(store, found)
    if not done and forget:
        store.drop()
        say("given up: what is named above stays as it is")
    return 0 if done or forget else 1


def run_command(machine: Machine, command: List[str], user: Optional[str]
                ) -> int:
    """The command with idle states held off; its exit status."""
    stopped = running.waiting()
    if stopped:
        return 128 + stopped
    with latency.held(machine.tree, latency.wanted_us(machine)) as problem:
        if problem:
            say(f"{latency.DEVICE}: {problem}: idle states stay as they are")
        try:
            return running.run(command, running.identity(user))
        except OSError as error:
            say(f"{command[0]}: could not be started: {error.strerror}")
            return running.status_of(error)


def run(store: state.Store, machine: Machine, command: List[str],
        user: Optional[str]) -> int:
    """Apply, run, restore."""
    founds = plan.make(machine)
    status, back = 3, False
    try:
        if any(one.change for one in founds):
            set_all(store, founds, "run")
        status = run_command(machine, command, user)
    finally:
        back = end(store)
    return status if back or status else 1
