# SPDX-License-Identifier: MIT
"""What only the boot loader can set: said, never edited."""

import contextlib
from typing import Dict, List

from tuning.cpus import CPU, Choice
from tuning.forms import LIST, list_of
from tuning.tree import Tree


def parameters(tree: Tree) -> Dict[str, str]:
    """The kernel's command line; {} where it cannot be read."""
    try:
        words = tree.read("/proc/cmdline").split()
    except OSError:
        return {}
    return {name: value for name, _, value in
            (word.partition("=") for word in words)}


def advice_for(tree: Tree, choice: Choice) -> List[str]:
    """Parameters that would help, which are not there."""
    given = parameters(tree)
    quiet = list_of(choice.quiet)
    wanted = {
        "isolcpus": f"isolcpus=domain,managed_irq,{quiet}: the scheduler and "
                    "spread interrupts keep off",
        "rcu_nocbs": f"rcu_nocbs={quiet}: callbacks of RCU run elsewhere",
    }
    return [said for name, said in wanted.items()
            if name not in given and choice.others]


def warnings_for(tree: Tree) -> List[str]:
    """What is set at boot and bears on the measurement."""
    said = []
    if full_dynticks(tree):
        said.append("nohz_full is set: each entry into the kernel then "
                    "tracks its context, and that is part of what is measured")
        if (tree.root / CPU.lstrip("/") / "intel_pstate").is_dir():
            said.append("nohz_full with intel_pstate: the frequency is not "
                        "stable (Red Hat bug 1378529); boot without one of "
                        "them")
    if irqbalance_runs(tree):
        said.append("irqbalance runs and may move interrupts back within "
                    "seconds: systemctl stop irqbalance for as long")
    return said


def full_dynticks(tree: Tree) -> bool:
    """Whether any CPU is one of nohz_full's."""
    try:
        return LIST.admits(tree.read(f"{CPU}/nohz_full"))
    except OSError:
        return "nohz_full" in parameters(tree)


def irqbalance_runs(tree: Tree) -> bool:
    """Whether a process of that name is there."""
    for path in tree.root.glob("proc/[0-9]*/comm"):
        with contextlib.suppress(OSError):
            if path.read_text("ascii", "replace").strip() == "irqbalance":
                return True
    return False
