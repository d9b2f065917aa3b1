# SPDX-License-Identifier: MIT
"""Puts back all that kexec and reboot have changed, in the reverse order."""

from typing import Callable, Dict, List

from booting import grub, loading, onward, systemd_boot
from booting.changes import (FOLDER, GRUB, KEXEC, MADE, PART, SYSTEMD_BOOT,
                             UNIT, Change, Store)
from booting.executor import Refused
from booting.machine import Machine

WAYS: Dict[str, Callable[[Machine, Change], None]] = {
    MADE: lambda machine, change: machine.remove(change.path),
    FOLDER: lambda machine, change: machine.remove_folder(change.path),
    PART: grub.cut,
    UNIT: lambda machine, _: onward.remove(machine),
    GRUB: grub.unchoose,
    SYSTEMD_BOOT: systemd_boot.unchoose,
    KEXEC: lambda machine, _: loading.unload(machine),
}
# What chooses the next boot goes first, and who would go on after it last.
FIRST, LAST = (GRUB, SYSTEMD_BOOT, KEXEC), (UNIT,)


def problem_with(machine: Machine, change: Change) -> str:
    """Put one back; why that cannot be, or nothing."""
    try:
        WAYS[change.kind](machine, change)
    except OSError as problem:
        return f"{change.path}: {problem.strerror}"
    except Refused as problem:
        return str(problem)
    return ""


def in_order(changes: List[Change]) -> List[Change]:
    """As they are put back."""
    def place(change: Change) -> int:
        return (change.kind in LAST) - (change.kind in FIRST)
    return sorted(reversed(changes), key=place)


def unchoose(machine: Machine, store: Store) -> None:
    """The next boot is the usual one again, as far as that can be."""
    for change in store.now.done if store.now else []:
        if change.kind in FIRST:
            problem_with(machine, change)


def put_back(machine: Machine, store: Store) -> None:
    """Put all back, or raise Refused with what could not be."""
    if store.now is None and store.load() is None:
        return
    assert store.now is not None
    problems = [problem_with(machine, change)
                for change in in_order(store.now.done)]
    told = [problem for problem in problems if problem]
    try:
        if not told:
            store.drop()
    except OSError as problem:
        told = [f"{store.file}: {problem.strerror}"]
    if told:
        raise Refused(f"not all could be put back: {'; '.join(told)}: the "
                      "next start tries again")
