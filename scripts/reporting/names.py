# SPDX-License-Identifier: MIT
"""The rows that pictures show, of all that a run may have, and their names.

A full run has some 300 rows: a picture shows one of each kind, from an empty
function call to a new process; the page's table has them all.
"""

from typing import Dict, List

import numpy as np

from reporting.source import Source

STEPS: Dict[str, str] = {
    "baseline/call": "empty function call",
    "write/stdio/1": "fwrite of 1 byte",
    "clock_gettime/vdso": "clock, by the vDSO",
    "mapped/store/4096": "store of 4 KiB, mmap",
    "invalid/inline": "into the kernel and back",
    "nop/uring/64": "io_uring, 64 at a time",
    "getppid/inline": "getppid, inline",
    "getppid/libc": "getppid, by libc",
    "write/libc/1": "write 1 byte, /dev/null",
    "clock_gettime/inline": "clock, by a system call",
    "gettimeofday/vsyscall": "clock, by vsyscall page",
    "poll/inline/1": "poll of 1 descriptor",
    "stat/libc": "stat",
    "write_file/libc/4096": "write 4 KiB, tmpfs",
    "open/libc": "open and close",
    "getppid/int80": "getppid, by int 0x80",
    "page_fault/write/anonymous": "page fault, new page",
    "switch_same/pipe/processes": "context switch, by pipe",
    "kill/inline": "signal to oneself",
    "exception/store": "SIGSEGV, caught",
    "switch_cross/pipe/processes": "wake-up of another CPU",
    "thread/clone": "thread, made and joined",
    "process/fork/small": "fork, exit, wait",
    "process/exec/small": "vfork, exec, wait",
}
ENOUGH = 6          # steps, for a ladder of them alone
FILLED_TO = 24      # rows, where a run has few of the steps
NAME_MOST = 24      # letters in a picture


def shortened(name: str, most: int = NAME_MOST) -> str:
    """A name of so many letters at most, its ends kept."""
    keep = most * 3 // 5
    return name if len(name) <= most else (
        f"{name[:keep]}…{name[keep + 1 - most:]}")


def label(name: str) -> str:
    """What a picture calls a row."""
    return STEPS.get(name) or shortened(name)


def shown(source: Source) -> List[str]:
    """The benchmarks that a picture of the run shows, cheapest first.

    The steps that were measured; where these are few, rows of all costs.
    """
    costs = source.first["quiet_ns"].sort_values(kind="stable")
    steps = [name for name in costs.index if name in STEPS]
    if len(steps) >= ENOUGH or len(steps) == len(costs):
        return steps
    others = [name for name in costs.index if name not in STEPS]
    room = min(FILLED_TO - len(steps), len(others))
    places = np.linspace(0, len(others) - 1, room).round().astype(int)
    chosen = {*steps, *(others[place] for place in places)}
    return [name for name in costs.index if name in chosen]
