# SPDX-License-Identifier: MIT
"""Which CPU is to be quiet, and what shares its core."""

import os
from typing import FrozenSet, NamedTuple, Optional

from tuning.forms import LIST, cpus_of
from tuning.tree import Tree

CPU = "/sys/devices/system/cpu"


class NoCpu(Exception):
    """Why there is no CPU to choose."""


class Choice(NamedTuple):
    """The CPU that will be measured, and what it was chosen among."""

    cpu: int
    why: str
    siblings: FrozenSet[int]    # other threads of its core that are online
    online: FrozenSet[int]

    @property
    def quiet(self) -> FrozenSet[int]:
        """The CPUs that nothing else should be done on."""
        return self.siblings | {self.cpu}

    @property
    def others(self) -> FrozenSet[int]:
        """The CPUs that are left for all else."""
        return self.online - self.quiet


def listed(tree: Tree, path: str) -> FrozenSet[int]:
    """The CPUs that a file lists; none where it does not tell."""
    try:
        text = tree.read(path)
    except OSError:
        return frozenset()
    return cpus_of(text) if LIST.admits(text) else frozenset()


def online_in(tree: Tree) -> FrozenSet[int]:
    """The CPUs that are online."""
    found = listed(tree, f"{CPU}/online")
    if not found:
        raise NoCpu(f"{CPU}/online does not list the CPUs: is /sys mounted?")
    return found


def allowed_in(tree: Tree, online: FrozenSet[int],
               isolated: FrozenSet[int]) -> FrozenSet[int]:
    """Where the measurement may run; isolated ones are in no affinity."""
    if tree.root != tree.root.parent:       # a fake machine has no processes
        return online
    return frozenset(os.sched_getaffinity(0)) & online | isolated & online


def capacity(tree: Tree, cpu: int) -> int:
    """How fast a CPU of a kind is against others; 0 where all are one."""
    if cpu in listed(tree, "/sys/devices/cpu_core/cpus"):
        return 1 << 20
    try:
        return int(tree.read(f"{CPU}/cpu{cpu}/cpu_capacity"))
    except (OSError, ValueError):
        return 0


def core_of(tree: Tree, cpu: int) -> FrozenSet[int]:
    """The threads of a CPU's core, itself among them."""
    return listed(tree, f"{CPU}/cpu{cpu}/topology/thread_siblings_list"
                  ) | {cpu}


def best_of(tree: Tree, allowed: FrozenSet[int], isolated: FrozenSet[int]
            ) -> int:
    """The program's own choice: isolated, fast, first of its core, not 0."""
    left = sorted(allowed & isolated or allowed)
    fastest = max(capacity(tree, cpu) for cpu in left)
    left = [cpu for cpu in left if capacity(tree, cpu) == fastest]
    left = [cpu for cpu in left if cpu == min(core_of(tree, cpu) & set(left))]
    return next(filter(None, left), left[0])


def choose(tree: Tree, wanted: Optional[int]) -> Choice:
    """The CPU asked for, or the one that syscost itself would choose."""
    online = online_in(tree)
    isolated = listed(tree, f"{CPU}/isolated")
    allowed = allowed_in(tree, online, isolated)
    if wanted is not None and wanted not in online:
        raise NoCpu(f"--cpu={wanted}: not online")
    if not allowed:
        raise NoCpu("no CPU that is online may be used by this process")
    cpu = best_of(tree, allowed, isolated) if wanted is None else wanted
    why = "asked for by --cpu" if wanted is not None else (
        "isolated" if cpu in isolated else "as syscost chooses")
    return Choice(cpu, why, (core_of(tree, cpu) - {cpu}) & online, online)
