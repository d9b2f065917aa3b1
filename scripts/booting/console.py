# SPDX-License-Identifier: MIT
"""What a guest said on its console, and what that tells of its end."""

import re
import signal
from pathlib import Path
from typing import List, Optional

from analysis.output import printable
from booting.guest import ERRORS, FILE_LIMIT_BYTES, End
from booting.qemu_machines import CONSOLE

READ_BYTES = 1 << 20        # of its beginning, and of its end
SHOWN = 160                 # characters of a line
PANIC = re.compile(r"Kernel panic - .*")
STEP = re.compile(r"^guest: (?:[\d.]+ s: )?(.*)$")
TIME = re.compile(r"^\[ *[\d.]+\] *")
# init/initramfs.c; mm/oom_kill.c
MEMORY = re.compile(r"Initramfs unpacking failed.*|.*deadlocked on memory|"
                    r"Out of memory: .*")


def lines(path: Path) -> List[str]:
    """The lines of a file that are not empty; of a huge one, both ends."""
    try:
        with open(path, "rb") as file:
            data = file.read(READ_BYTES)
            end = file.seek(0, 2)
            file.seek(max(READ_BYTES, end - READ_BYTES))
            data += file.read()
    except OSError:
        return []
    found = (line.strip() for line in data.split(b"\n"))
    return [printable(line.decode(errors="replace")[:SHOWN])
            for line in found if line]


def last(pattern: "re.Pattern[str]", said: List[str]) -> Optional[str]:
    """The last match of a pattern in the lines: its group, or all of it."""
    for line in reversed(said):
        found = pattern.search(line)
        if found:
            return found.group(found.lastindex or 0)
    return None


def whereabouts(said: List[str]) -> str:
    """How far a guest came, and what ended it if the kernel says so."""
    if not said:
        return "the console stayed empty"
    step = last(STEP, said)
    came = (f"last step: {step}" if step
            else "it did not come to its init")
    panic = last(PANIC, said)
    memory = last(MEMORY, [TIME.sub("", line) for line in said])
    if memory:
        came += f"; {memory} (guest.memory_mib is too little?)"
    if panic:
        return f"{panic}; {came}"
    return f"{came}; last console line: {TIME.sub('', said[-1])}"


def by_signal(number: int) -> str:
    """What it means that a signal ended QEMU."""
    if number == signal.SIGXFSZ:
        return ("the guest wrote more than "
                f"{FILE_LIMIT_BYTES >> 20} MiB and was stopped")
    return f"QEMU was killed by {signal.Signals(number).name}"


def failure(end: End, folder: Path) -> Optional[str]:
    """Why a guest's end is none of its own, if it is not."""
    where = whereabouts(lines(folder / CONSOLE))
    if end.status is None:
        return f"no end within {end.limit_s:g} s; {where}"
    if end.status < 0:
        return f"{by_signal(-end.status)}; {where}"
    if end.status > 0:
        errors = lines(folder / ERRORS) or ["nothing"]
        return f"QEMU exited with {end.status} and said: {errors[-1]}"
    return None
