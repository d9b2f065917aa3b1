# SPDX-License-Identifier: MIT
"""What a run found, in sentences; each is there only if its rows are."""

from typing import Iterator, List, Optional

import numpy as np
import pandas as pd

from analysis.columns import KIB
from analysis.meaning import in_other_units
from reporting import text
from reporting.section import Faint, Section, Sentence, Strong
from reporting.source import Source

CALL, CLOCK = "getppid/libc", "clock_gettime"
BYTE, GATHERED = "write/libc/1", "write/stdio/1"
WRITER = "write_file/libc"
RARE = (("switch_same/pipe/processes", "a switch to another process"),
        ("page_fault/write/anonymous", "a page fault that makes a page"),
        ("kill/inline", "a signal to oneself"),
        ("process/fork/small", "fork, exit and wait"))


def interval(source: Source, name: str) -> Faint:
    """The interval of a row's headline, in brackets; "" for none."""
    row = source.first.loc[name]
    said = text.time_span(row["quiet_low_ns"], row["quiet_high_ns"],
                          row["quiet_ns"])
    return Faint(f" [{said}]" if said else "")


def ratio(source: Source, value: float, said: str) -> str:
    """A ratio in words; an emulator has none that mean anything."""
    return "" if source.emulated else said.format(text.times(value))


def null_call(source: Source) -> Iterator[Sentence]:
    """What the cheapest useful system call costs, in other units too."""
    cost = source.cost(CALL)
    if not np.isfinite(cost):
        return
    calls = cost / source.yardstick
    units = (f": {calls:,.0f} empty function calls of "
             f"{text.number(source.yardstick)} ns"
             if np.isfinite(calls) else "")
    yield ["A system call that does next to nothing, getppid through libc, "
           "costs ", Strong(text.time(cost)), interval(source, CALL), units,
           "."]


def contrast(source: Source, name: str, benchmark: str = ""
             ) -> Optional[pd.Series]:
    """The row of a contrast, the only one or of a benchmark."""
    found = (source.contrasts.one(name, benchmark) if benchmark
             else source.contrasts.of(name))
    return None if found.empty else found.iloc[0]


def crossing(source: Source) -> Iterator[Sentence]:
    """What of it is the way in and out."""
    row = contrast(source, "crossing")
    if row is None:
        return
    ends = text.time_span(row["low"], row["high"], row["value"])
    units = in_other_units(row["value"], source.record)
    yield ["The way into the kernel and back alone takes ",
           Strong(text.time(row["value"])), Faint(f" [{ends}]" if ends
                                                  else ""),
           f": {units}" if units else "", "."]


def vdso(source: Source) -> Iterator[Sentence]:
    """What the vDSO makes of reading the clock."""
    name = f"{CLOCK}/vdso"
    if name not in source.first.index:
        return
    cost = source.cost(name)
    if source.first.loc[name, "way"] != "vdso":
        yield ["The vDSO's clock_gettime costs ", Strong(text.time(cost)),
               ", since it enters the kernel here: this clock cannot be read "
               "in user space."]
        return
    said = ["The vDSO reads the clock in ", Strong(text.time(cost)),
            interval(source, name), " without entering the kernel"]
    other = source.cost(f"{CLOCK}/inline")
    if np.isfinite(other):
        said += ["; a system call for it costs ", Strong(text.time(other)),
                 ratio(source, other / cost, ", {} times as much")]
    yield [*said, "."]


def buffering(source: Source) -> Iterator[Sentence]:
    """What a byte costs with a buffer and without."""
    alone, gathered = source.cost(BYTE), source.cost(GATHERED)
    if not (np.isfinite(alone) and np.isfinite(gathered)):
        return
    yield ["One byte written by itself costs ", Strong(text.time(alone)),
           "; through stdio's buffer ", Strong(text.time(gathered)),
           ratio(source, alone / gathered, ", {} times less")
           if gathered * 2 < alone else "", "."]


def copying(source: Source) -> Iterator[Sentence]:
    """From which size of a write the crossing hardly matters."""
    call, byte, enough = (contrast(source, name, WRITER) for name in
                          ("write_call", "write_byte", "buffer_bytes"))
    if call is None or byte is None or enough is None:
        return
    yield ["A write to a file in memory takes ",
           Strong(text.time(call["value"])), " a call and ",
           Strong(text.time(byte["value"] * KIB)), " a KiB: call and copy "
           f"cost the same at {text.size(call['value'] / byte['value'])}, and "
           "the call is under 1 % from ",
           Strong(text.size(enough["value"])), " a write."]


def rare(source: Source) -> Iterator[Sentence]:
    """What the kernel's dearer services cost, beside a null call."""
    null = source.cost(CALL)
    there = [(said, source.cost(name)) for name, said in RARE
             if np.isfinite(source.cost(name))]
    if not there or not np.isfinite(null):
        return
    parts: List[str] = []
    for said, cost in there:
        parts += [", " if parts else "", said,
                  "" if parts else " costs ", " " if parts else "",
                  Strong(text.time(cost)),
                  Faint(ratio(source, cost / null, " ({} × getppid)"))]
    parts[1] = parts[1].capitalize()
    yield [*parts, "."]


def sentences(source: Source) -> List[Sentence]:
    """All that can be said at a glance."""
    return [*null_call(source), *crossing(source), *vdso(source),
            *buffering(source), *copying(source), *rare(source)]


def make(source: Source) -> Optional[Section]:
    """The section; None where no sentence has its rows."""
    said = sentences(source)
    if not said:
        return None
    arm = source.arms[0] if len(source.arms) > 1 else ""
    return Section("in-short", "In short", "headline.html",
                   {"sentences": said, "arm": arm})
