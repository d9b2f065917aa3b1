# SPDX-License-Identifier: MIT
"""Keeps CPUs out of deep idle states for as long as a file is held open.

/dev/cpu_dma_latency takes the longest exit latency that is wanted, in us, as
32 bits; the kernel drops the wish when the file is closed, whatever closed it
(Documentation/power/pm_qos_interface.rst).
"""

import contextlib
import os
import struct
from typing import Iterator, Optional

from tuning.cpus import CPU
from tuning.table import Machine
from tuning.tree import Tree, in_order

DEVICE = "/dev/cpu_dma_latency"
WHY = "no waking from deep idle states, and no change of clock by them"


def lightest_us(tree: Tree, cpu: int) -> int:
    """The exit latency of the first state in which the CPU does rest.

    State 0 on x86 is a loop (drivers/cpuidle/poll_state.c).
    """
    for path in sorted(tree.root.glob(
            f"{CPU.lstrip('/')}/cpu{cpu}/cpuidle/state[0-9]*/latency"),
            key=lambda path: in_order(str(path))):
        with contextlib.suppress(OSError, ValueError):
            latency = int(tree.read(f"/{path.relative_to(tree.root)}"))
            if latency > 0:
                return latency
    return 0


def wanted_us(machine: Machine) -> int:
    """0, but where a sibling would then loop on the measured core: 1 or 2.

    With 0 an idle CPU polls, which takes from the other thread of its core.
    """
    if not machine.choice.siblings or machine.wishes.smt:
        return 0
    return lightest_us(machine.tree, machine.choice.cpu)


def problem_of(tree: Tree) -> Optional[str]:
    """Why it cannot be held, as far as it tells beforehand."""
    return tree.refusal(DEVICE)


@contextlib.contextmanager
def held(tree: Tree, microseconds: int) -> Iterator[Optional[str]]:
    """Hold the wish; yields None, or why it is not held."""
    try:
        descriptor = tree.open(DEVICE, os.O_RDWR)
    except OSError as problem:
        yield problem.strerror
        return
    try:
        yield told(descriptor, microseconds)
    finally:
        os.close(descriptor)


def told(descriptor: int, microseconds: int) -> Optional[str]:
    """Write the wish and read back what holds for all; None if it does."""
    try:
        os.write(descriptor, struct.pack("i", microseconds))
        now = os.pread(descriptor, 4, 0)
    except OSError as problem:
        return problem.strerror
    if len(now) == 4 and struct.unpack("i", now)[0] <= microseconds:
        return None
    return f"{microseconds} us did not stick"
