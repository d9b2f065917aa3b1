# SPDX-License-Identifier: MIT
"""What the settings are now, and what would be written."""

from typing import Dict, List, NamedTuple, Optional

from tuning.cpus import CPU
from tuning.forms import LIST, cpus_of
from tuning.table import SETTINGS, Machine, Setting
from tuning.tree import Tree


class Found(NamedTuple):
    """A file of a setting."""

    setting: Setting
    path: str
    value: Optional[str]        # None where it cannot be read
    wanted: Optional[str]       # None where it stays
    problem: Optional[str]      # why it cannot be read, or written
    via: Optional[str] = None   # to be written first when it is put back

    @property
    def change(self) -> bool:
        """Whether it is to be written and, by its looks, can be."""
        return self.wanted is not None and self.problem is None


def read(tree: Tree, setting: Setting, path: str) -> Found:
    """A file as it is."""
    try:
        value = tree.value(path)
    except OSError as problem:
        return Found(setting, path, None, None, problem.strerror)
    if not setting.form.admits(value):
        return Found(setting, path, None, None, "not a value: " + (
            repr(value[:40]) if value else "empty"))
    return Found(setting, path, value, None, tree.refusal(path))


def served_path(path: str) -> str:
    """The file that tells where an interrupt is served."""
    return path.replace("/smp_", "/effective_")


def served_by(tree: Tree, found: Found) -> Optional[str]:
    """Which CPU of several serves an interrupt.

    Moving it and putting back the list alone would leave it where it was
    moved to: x86 stays on a CPU that the new list has too
    (assign_vector_locked in arch/x86/kernel/apic/vector.c). So it is sent
    back there first.
    """
    if found.setting.name != "irq":
        return None
    try:
        text = tree.read(served_path(found.path))
    except OSError:
        return None
    usable = LIST.admits(text) and cpus_of(text) < cpus_of(found.value)
    return text if usable else None


def wish_for(machine: Machine, found: Found) -> Found:
    """The same, with what is wanted of it."""
    if found.value is None or not found.setting.asked_for(machine.wishes):
        return found
    wanted = found.setting.wish(machine, found.path, found.value)
    if wanted is None or found.setting.form.same(wanted, found.value):
        return found
    return found._replace(wanted=wanted,
                          via=served_by(machine.tree, found))


def look(tree: Tree) -> List[Found]:
    """All files of all settings, in the table's order."""
    return [read(tree, setting, path) for setting in SETTINGS
            for path in tree.glob(setting.path)]


def make(machine: Machine) -> List[Found]:
    """The same, with wishes; options that were not asked for left out."""
    lost = lost_by_going_offline(machine)
    found = [wish_for(machine, one) for one in look(machine.tree)
             if one.setting.asked_for(machine.wishes)]
    return [one._replace(problem=lost) if lost and one.wanted is not None and
            one.setting.name == "smt" else one for one in found]


def lost_by_going_offline(machine: Machine) -> Optional[str]:
    """Which group of CPUs would lose one for good; None where none would.

    Control groups of version 1 forget a CPU that goes offline
    (Documentation/admin-guide/cgroup-v1/cpusets.rst, section 1.9).
    """
    folder = machine.tree.root / "sys/fs/cgroup/cpuset"
    if not machine.wishes.smt:
        return None
    for file in sorted(folder.glob("*/cpuset.cpus")):
        name = f"/{file.relative_to(machine.tree.root)}"
        try:
            text = machine.tree.read(name)
        except OSError:
            continue
        if LIST.admits(text) and cpus_of(text) & machine.choice.siblings:
            return f"{name} would lose it for good"
    return None


def by_setting(founds: List[Found]) -> Dict[str, List[Found]]:
    """The files under their settings' names; absent settings too."""
    groups: Dict[str, List[Found]] = {
        row.name: [] for row in SETTINGS if row.shown}
    for one in founds:
        if one.setting.shown:
            groups[one.setting.name].append(one)
    return groups


def place_of(path: str) -> str:
    """Where a file stands, short: cpu3, interrupt 24, or its name."""
    parts = path.split("/")
    if path.startswith(f"{CPU}/cpu") and parts[5][3:].isdigit():
        return parts[5]
    return f"interrupt {parts[3]}" if path.startswith("/proc/irq/") and (
        parts[3].isdigit()) else path
