# SPDX-License-Identifier: MIT
"""What the contrasts of an arm say, as lines for the screen."""

from typing import Iterator, List

import numpy as np
import pandas as pd

from analysis import afterwards, emulated, load, named, quiet, ways
from analysis.arm import Arm, Lines, Record, ends_of, group_of
from analysis.columns import (KIB, MIB, Line, Text, figure, in_columns,
                              joined, size_text, times)
from analysis.contrasts import COPY_LEAST, plain_calls

MISFIT_MOST = 0.10      # of a cost, before a straight line is called rough
LISTED_MOST = 6         # calls in a note
IDS_MOST = 60           # characters of what a record names
LEAD = "clock_gettime"  # of what the vDSO serves, the call read most

TOLD = ("incomplete", "no_quiet")       # doubts that have lines of their own

NOTHING = "  nothing that reads at a glance; the stored table has more"

PLACES = {"write": "/dev/null", "write_file": "tmpfs"}
WRITERS = {"libc": "write", "stdio": "fwrite", "putc": "putc"}

# Contrasts of tasks: the row told first, its label, and what it is added to.
TASKS = {
    "address_space": ("switch_same/pipe/processes",
                      "another address space adds", "to a switch by pipe"),
    "other_cpu": ("switch_cross/pipe/processes",
                  "a wake-up of another CPU adds", "to a switch by pipe"),
    "copied_pages": ("process/fork/large",
                     "64 MiB of pages to copy add", "to a fork")}


def place_of(benchmark: str) -> str:
    """Where a group's writes go."""
    return PLACES.get(group_of(benchmark), group_of(benchmark))


def listed(rows: pd.DataFrame) -> str:
    """Some calls with what was found of each, ns."""
    texts = [f"{group_of(row.benchmark)} {figure(row.value)}"
             for row in rows.itertuples()]
    more = ["..."] if len(texts) > LISTED_MOST else []
    return ", ".join(texts[:LISTED_MOST] + more)


def in_other_units(ns: float, record: Record) -> str:
    """A time as cycles and function calls, as far as a record knows them.

    An emulator has no cycles, and calls that cost it what they like.
    """
    if emulated.by(record):
        return ""
    yardsticks = load.fact(record, "yardsticks")
    ghz, call = (quiet.told(yardsticks, [key]) or [0.0]
                 for key in ("core_ghz", "empty_call_ns"))
    return ", ".join([
        *([times(ns * ghz[0], "cycle")] if ghz[0] > 0 else []),
        *([times(ns / call[0], "function call")] if call[0] > 0 else [])])


def crossing(arm: Arm) -> Lines:
    """What the entry itself costs."""
    for _, row in arm.of("crossing").iterrows():
        yield Line("into the kernel and back", ends_of(row), "ns",
                   in_other_units(row["value"], arm.record))


def over_calls(arm: Arm, contrast: str, label: str) -> Lines:
    """The median over plain calls, and each of them."""
    rows = arm.of(contrast)
    calls = rows[rows["benchmark"].isin(plain_calls(arm.rows))]
    for _, row in rows[~rows["benchmark"].str.contains("/")].iterrows():
        yield Line(label, ends_of(row), "ns",
                   f"median over {len(calls)} calls: {listed(calls)}"
                   if len(calls) > 1 else
                   f"on {group_of(calls['benchmark'].iloc[0])}")


def vdso(arm: Arm) -> Lines:
    """What the vDSO saves on one call, and on others that have no variant."""
    rows = arm.of("vdso_saves").sort_values(
        "benchmark", kind="stable",
        key=lambda names: names.map(group_of) != LEAD)
    for _, row in rows.head(1).iterrows():
        others = rows[1:][rows[1:]["benchmark"].str.count("/") == 1]
        group, path, *variant = row["benchmark"].split("/")
        yield Line("the vDSO saves", ends_of(row), "ns", joined(
            f"on {'/'.join([group, *variant])} against {path}",
            listed(others)))


def buffering(arm: Arm) -> Lines:
    """What gathering the smallest writes saves, a line a place."""
    rows = arm.of("buffering_saves").merge(
        arm.rows[["benchmark", "group", "bytes"]], on="benchmark")
    rows = rows.dropna(subset=["bytes"]).sort_values("bytes", kind="stable")
    for _, group in rows.groupby("group", sort=False):
        row = group.iloc[0]
        alike = group[group["benchmark"] == row["benchmark"]]
        names = [row["benchmark"], *alike["reference"]]
        costs = [f"{figure(arm.levels[name])} by "
                 f"{WRITERS[name.split('/')[1]]}" for name in names]
        yield Line(f"buffering {size_text(row['bytes'])} to "
                   f"{place_of(row['benchmark'])} saves", ends_of(row), "ns",
                   ", ".join(costs))


def tasks(arm: Arm) -> Lines:
    """What switches and forks take more, and others of their kind."""
    for contrast, (name, label, to_what) in TASKS.items():
        rows = arm.of(contrast)
        rows = rows[~rows["benchmark"].str.endswith("/threads")]
        others = [f"{row.benchmark.split('/')[1]} {figure(row.value)}"
                  for row in rows.itertuples() if row.benchmark != name]
        for _, row in rows[rows["benchmark"] == name].iterrows():
            yield Line(label, ends_of(row), "ns",
                       joined(to_what, ", ".join(others)))


def copies(call: pd.Series, byte: pd.Series, largest: float) -> bool:
    """Whether the bytes of the largest write may show beside its call."""
    most = np.nanmax([byte["value"], byte["high"]]) * largest
    return bool(most > COPY_LEAST * call["value"])


def enough(arm: Arm, name: str, label: str, largest: float) -> Lines:
    """The size from which a write's call hardly matters."""
    for _, row in arm.one("buffer_bytes", name).iterrows():
        unit = MIB if row["value"] >= MIB else KIB
        power = 2.0**np.ceil(np.log2(max(row["value"], 1)))
        beyond = (f"; measured up to {size_text(largest)}"
                  if row["value"] > largest else "")
        yield Line(f"{label} under 1 % from", ends_of(row, 1 / unit),
                   size_text(unit).split()[1],
                   f"so {size_text(power)} a write{beyond}")


def misfit(arm: Arm, call: pd.Series, byte: pd.Series, sizes: pd.DataFrame
           ) -> Lines:
    """Whether the line is rough, and where it is furthest off."""
    share = arm.one("write_misfit", call["benchmark"])["value"].max()
    if share > MISFIT_MOST:
        line = call["value"] + byte["value"] * sizes["bytes"]
        costs = arm.levels[sizes["benchmark"]].to_numpy()
        worst = sizes["bytes"][(line / costs - 1).abs().idxmax()]
        yield (f"    rough: costs are up to {100 * share:.0f} % off the "
               f"straight line, at {size_text(worst)}")


def copying(arm: Arm, call: pd.Series, byte: pd.Series, sizes: pd.DataFrame
            ) -> Lines:
    """What a call and its bytes take, and from which size the call little."""
    name, label = call["benchmark"], f"write to {place_of(call['benchmark'])}"
    yield Line(f"{label}: each call", ends_of(call), "ns")
    speed = min(byte["value"], np.fmin(byte["low"], np.inf)) > 0
    yield Line(f"{label}: each KiB", ends_of(byte, KIB), "ns",
               f"{1 / byte['value']:.3g} GB/s" if speed else "")
    yield from enough(arm, name, f"{label}: call", sizes["bytes"].max())
    yield from misfit(arm, call, byte, sizes)


def writes(arm: Arm) -> Lines:
    """The line through each place's unbuffered writes."""
    for _, call in arm.of("write_call").iterrows():
        name = call["benchmark"]
        byte = arm.one("write_byte", name).iloc[0]
        of_path = arm.rows["group"] + "/" + arm.rows["path"] == name
        sizes = arm.rows[of_path & arm.rows["bytes"].notna()]
        if copies(call, byte, sizes["bytes"].max()):
            yield from copying(arm, call, byte, sizes)
        else:
            yield Line(f"write to {place_of(name)}: each call",
                       ends_of(call), "ns", "whatever its size: nothing "
                       "is copied; the call is never under 1 %")


def events(arm: Arm) -> Lines:
    """What faults and signals take."""
    for pair in named.NAMED:
        for _, row in arm.of(pair.contrast).iterrows():
            yield Line(pair.label, ends_of(row), row["unit"])


def serious(record: Record) -> List[str]:
    """The ids of a record's serious doubts that no other line tells."""
    doubts = load.fact(record, "doubts")
    found = [load.fact(doubt, "id")
             for doubt in (doubts if isinstance(doubts, list) else ())
             if load.fact(doubt, "severity") == "serious"]
    return [load.printable(name)[:IDS_MOST] for name in found
            if isinstance(name, str) and name not in TOLD]


def reservations(arm: Arm) -> Iterator[str]:
    """What a reader must know before all that is said."""
    if emulated.by(arm.record):
        yield emulated.line([arm.record])
    if load.fact(arm.record, "complete") is False:
        yield "the run was not finished: this is what was measured of it"
    if load.fact(arm.record, "probe", "no_quiet_moment") is True:
        earlier = quiet.told(load.fact(arm.record, "probe"),
                             ["earlier_runs_used"])
        yield "the core was never quiet: these figures are " + (
            "extrapolated by what earlier runs saw"
            if earlier and earlier[0] > 0 else "of a shared core")
    doubts = serious(arm.record)
    if doubts:
        yield f"serious doubts about this run: {', '.join(doubts)[:200]}"
    yield from few(arm.found)


def few(found: pd.DataFrame) -> Iterator[str]:
    """How sure the intervals are, where that is not the usual."""
    launches, confidence = found["launches"].min(), found["confidence"].min()
    if launches == 1:
        yield "one launch: no intervals"
    elif confidence < quiet.CONFIDENCE:
        yield (f"{launches} launches: intervals are {100 * confidence:.1f} %,"
               " not 95 %")


def lines_of(arm: Arm) -> List[Text]:
    """All that is said of an arm, in order."""
    return [*crossing(arm),
            *over_calls(arm, "wrapper", "the libc wrapper adds"),
            *over_calls(arm, "out_of_line", "an out-of-line entry adds"),
            *vdso(arm), *ways.legacy(arm), *ways.iret(arm),
            *buffering(arm), *writes(arm),
            *ways.the_same_bytes(arm, PLACES), *ways.gathering(arm),
            *ways.turns(arm), *ways.mapping(arm), *ways.kernel_copies(arm),
            *tasks(arm), *events(arm), *afterwards.indirect(arm)]


def block(arm: Arm, title: str) -> str:
    """What is printed: a title, reservations, and a line a statement."""
    lines = lines_of(arm) or [NOTHING]
    return "\n".join([title, *(f"  !  {text}" for text in reservations(arm)),
                      *in_columns(lines)])
