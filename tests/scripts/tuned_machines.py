# SPDX-License-Identifier: MIT
"""Machines of files, and a kernel's ways with them, for the tests of tune.

Made up from the documented formats (Documentation/admin-guide/pm,
Documentation/ABI), and small: what tune reads, no more.
"""

import errno
import os
import pathlib
import sys
from typing import Callable, Dict, List, Optional

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from tuning import applying, cpus, plan, restoring  # noqa: E402
from tuning.state import Store  # noqa: E402
from tuning.table import Machine, Wishes  # noqa: E402
from tuning.tree import Tree  # noqa: E402

CPU = "sys/devices/system/cpu"
BOOT = "5d2a7c6e-0000-4000-8000-000000000001"


def put(root: pathlib.Path, files: Dict[str, object]) -> None:
    """Write files under a root, with the kernel's line end."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")


def usual(cpus_listed: str, mask: str) -> Dict[str, object]:
    """What every machine here has."""
    return {
        "proc/sys/kernel/random/boot_id": BOOT,
        "proc/sys/kernel/nmi_watchdog": 1,
        "proc/sys/kernel/numa_balancing": 1,
        "proc/sys/kernel/timer_migration": 1,
        "proc/sys/vm/stat_interval": 1,
        "proc/sys/vm/min_free_kbytes": 67584,
        "proc/cmdline": "root=/dev/sda1 quiet",
        "proc/irq/default_smp_affinity": mask,
        "sys/kernel/mm/ksm/run": 1,
        "sys/kernel/mm/transparent_hugepage/enabled":
            "always [madvise] never",
        f"{CPU}/online": cpus_listed,
        f"{CPU}/isolated": "",
        "dev/cpu_dma_latency": "",
    }


def with_cores(root: pathlib.Path, count: int, threads: int) -> None:
    """CPUs whose threads are numbered as Intel's firmware does it."""
    cores = count // threads
    for cpu in range(count):
        siblings = ",".join(str(cpu % cores + cores * thread)
                            for thread in range(threads))
        put(root, {f"{CPU}/cpu{cpu}/topology/thread_siblings_list": siblings})
        if cpu:
            put(root, {f"{CPU}/cpu{cpu}/online": 1})
        (root / CPU / f"cpu{cpu}" / "cpufreq").symlink_to(
            f"../cpufreq/policy{cpu}")


def with_interrupts(root: pathlib.Path, lists: Dict[int, str],
                    served: Dict[int, str] = {}) -> None:
    """Interrupts with their lists, and where they are served."""
    for number, text in lists.items():
        put(root, {
            f"proc/irq/{number}/smp_affinity_list": text,
            f"proc/irq/{number}/effective_affinity_list":
                served.get(number, text.split("-")[0])})


def intel_laptop(root: pathlib.Path, cores: int = 4) -> pathlib.Path:
    """Cores of two threads, intel_pstate in its active mode."""
    count = 2 * cores
    every, sibling = f"0-{count - 1}", cores + 1
    put(root, usual(every, f"{(1 << count) - 1:x}"))
    with_cores(root, count, 2)
    for cpu in range(count):
        put(root / CPU / f"cpufreq/policy{cpu}", {
            "scaling_governor": "powersave",
            "scaling_available_governors": "performance powersave",
            "energy_performance_preference":
                "128" if cpu == 3 else "balance_performance",
            "energy_performance_available_preferences":
                "default performance balance_performance balance_power power",
            "scaling_min_freq": 400000, "scaling_max_freq": 4700000})
        put(root / CPU / f"cpu{cpu}/cpuidle", {
            "state0/latency": 0, "state1/latency": 2, "state2/latency": 10})
    put(root / CPU / "intel_pstate", {"no_turbo": 0, "min_perf_pct": 70})
    with_interrupts(root, {0: every, 9: every, 120: "1", 121: str(sibling),
                           122: "2-3", 130: f"1,{sibling}"}, {9: "1"})
    return root


def amd_server(root: pathlib.Path) -> pathlib.Path:
    """Eight CPUs, acpi-cpufreq, ondemand as somebody set it up."""
    put(root, usual("0-7", "00000000,000000ff"))
    with_cores(root, 8, 1)
    for cpu in range(8):
        put(root / CPU / f"cpufreq/policy{cpu}", {
            "scaling_governor": "ondemand",
            "scaling_available_governors":
                "conservative ondemand userspace powersave performance "
                "schedutil",
            "scaling_min_freq": 1500000,
            "scaling_max_freq": 2000000 if cpu == 2 else 3400000,
            "scaling_setspeed": "<unsupported>"})
    put(root / CPU / "cpufreq", {"boost": 1})
    put(root / CPU / "cpufreq/ondemand", {
        "up_threshold": 80, "sampling_rate": 10000, "io_is_busy": 1})
    with_interrupts(root, {0: "0", 24: "0-7", 25: "0-7"})
    return root


def snapshot(root: pathlib.Path) -> Dict[str, str]:
    """All values of a machine; of a choice the chosen one."""
    tree = Tree(str(root))
    return {str(path.relative_to(root)): tree.value(
        f"/{path.relative_to(root)}") for top in ("sys", "proc")
        for path in sorted((root / top).rglob("*"))
        if path.is_file() and not path.is_symlink()}


class Kernel(Tree):
    """A tree that behaves; `rules` are asked before a write is done.

    A rule gets the path and the value and may raise OSError, return another
    text to be stored, or None: as it is.
    """

    def __init__(self, root: pathlib.Path) -> None:
        super().__init__(str(root))
        self.rules: List[Callable[[str, str], Optional[str]]] = []
        self.writes: List[str] = []

    def write(self, path: str, value: str) -> None:
        self.writes.append(f"{path} {value}")
        for rule in self.rules:
            told = rule(path, value)
            value = value if told is None else told
        super().write(path, value)

    def raw(self, path: str, text: object) -> None:
        """A change that nobody wrote through us."""
        super().write(path, str(text))

    def refuse(self, part: str, number: int = errno.EIO) -> None:
        """Writes of such paths fail."""
        def rule(path: str, _value: str) -> None:
            if part in path:
                raise OSError(number, os.strerror(number), path)
        self.rules.append(rule)

    def ignore(self, part: str) -> None:
        """Writes of such paths succeed, and nothing changes."""
        self.rules.append(lambda path, value: self.read(path)
                          if part in path else None)


def machine_of(tree: Tree, **wishes: object) -> Machine:
    """The machine with a CPU chosen as the script does it."""
    asked = Wishes(**wishes)
    return Machine(tree, cpus.choose(tree, asked.cpu), asked)


def planned(tree: Tree, **wishes: object) -> Dict[str, Optional[str]]:
    """What would be written, by path."""
    return {one.path: one.wanted
            for one in plan.make(machine_of(tree, **wishes)) if one.change}


class Tuned:
    """A machine that was applied to, and can be restored."""

    def __init__(self, tree: Tree, **wishes: object) -> None:
        self.tree = tree
        self.store = Store(tree)
        self.store.make_folder()
        self.outcomes = applying.apply(
            tree, self.store, plan.make(machine_of(tree, **wishes)), "run")

    def restore(self) -> Dict[str, str]:
        """What became of each path, by kind."""
        self.ended = restoring.restore(self.tree, self.store,
                                       self.store.load())
        return {one.path: one.kind for one in self.ended}

    def of(self, kind: str) -> List[str]:
        """The paths of apply's outcomes of a kind."""
        return [one.path for one in self.outcomes if one.kind == kind]
