# SPDX-License-Identifier: MIT
"""The lab's stations: what each measures, and what is predicted before."""

from typing import Dict, List, NamedTuple

ARMS = ("plain", "seccomp-bitmap", "seccomp:1", "seccomp:8")
LAUNCHES = 10


class Station(NamedTuple):
    """A station of docs/lab.md, by its number there."""

    number: int
    title: str
    rows: str               # a regular expression over whole names
    arms: bool = False      # is it about the arms, or the first alone


STATIONS = (
    Station(1, "How fine is the clock?",
            "baseline/(empty|call|counter)"),
    Station(2, "A function call, and its arguments",
            "baseline/call|arguments/(call|inline)/[0-6]"),
    Station(3, "The null call, by every path",
            "(getppid|invalid)/.*"),
    Station(4, "The vDSO: a call that never enters",
            "clock_gettime/(vdso|libc|syscall|inline)|getpid/(libc|inline)"),
    Station(5, "When the vDSO cannot answer",
            "clock_gettime/(vdso|inline)(/process_cputime|"
            "/monotonic_coarse)?"),
    Station(6, "Buffering",
            "write/(libc|stdio|stdio_line|putc)/1|"
            "write_file/(libc|stdio)/(1|4096|65536)"),
    Station(7, "A signal",
            "kill/inline(/ignored)?|getppid/inline|"
            "page_fault/write/anonymous"),
    Station(8, "A context switch",
            "invalid/inline|switch_same/(pipe|futex)/(processes|threads)|"
            "thread/clone|process/fork/small"),
    Station(9, "A container's filter",
            "baseline/call|clock_gettime/vdso|(getppid|invalid)/inline",
            True),
)
FILTER = f"^({'|'.join(station.rows for station in STATIONS)})$"

# What is predicted, and what it is in plain words.
SHEET: Dict[str, str] = {
    "baseline/counter": "two readings of the clock",
    "baseline/call": "a call of an empty function",
    "arguments/call/6": "the same with 6 arguments",
    "invalid/inline": "into the kernel and back with nothing done there",
    "getppid/libc": "getppid() as a program calls it",
    "getppid/int80": "the same by the old gate int $0x80 (x86 only)",
    "clock_gettime/vdso": "reading the time without entering the kernel",
    "clock_gettime/inline": "the same by a system call",
    "clock_gettime/vdso/process_cputime":
        "reading this process's CPU time through the vDSO",
    "write/libc/1": "write() of 1 byte to /dev/null",
    "write/stdio/1": "fwrite() of 1 byte to /dev/null",
    "write_file/stdio/65536": "fwrite() of 64 KiB to a file in memory",
    "kill/inline": "a signal to oneself: caught and returned from",
    "page_fault/write/anonymous": "the first store to a new page",
    "switch_same/pipe/processes":
        "a switch to another process by a byte in a pipe",
    "process/fork/small": "fork() + _exit() + wait() of a small process",
    "seccomp-bitmap:getppid/inline":
        "getppid under a filter that always says yes",
    "seccomp-8:getppid/inline": "getppid under 8 stacked filters",
}


def command() -> List[str]:
    """The options of syscost that measure the whole lab."""
    return [f"--filter={FILTER}", *(f"--arm={arm}" for arm in ARMS)]


def blank() -> str:
    """A sheet to fill in, as a CSV file."""
    lines = [f'{name},,"{words}"' for name, words in SHEET.items()]
    return "\n".join(["quantity,predicted_ns,what", *lines, ""])
