# SPDX-License-Identifier: MIT
"""Which machine a run was made on, and of which CPU family that is.

A machine is its host's name where the run tells it. An anonymous run has
none: there it is its hardware, which several machines may share, so that
whoever pairs runs by it has to ask doubtful(). docs/compare.md says more.
"""

import hashlib
import json
from datetime import datetime
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from analysis import emulated, load, sides

Record = Dict[str, Any]     # run.json

NAME_MOST = 60          # letters that are shown
UPTIME_MOST_S = 1e10    # 300 years: beyond it is none
OVERLAP_S = 60          # by which clocks may be off without meaning anything

# What a boot, a parameter or a kernel does not change: `online`, siblings
# and what shares a cache follow nosmt, MemTotal the kernel, with which
# microcode may come.
HARDWARE = (
    ("tool", "architecture"), ("environment", "cpu", "vendor"),
    ("environment", "cpu", "model"), ("environment", "cpu", "family"),
    ("environment", "cpu", "model_number"), ("environment", "cpu", "stepping"),
    ("environment", "cpu", "implementer"), ("environment", "cpu", "part"),
    ("environment", "cpu", "variant"), ("environment", "cpu", "revision"),
    ("environment", "topology", "present"),
    ("environment", "topology", "nodes"), ("environment", "hypervisor"),
    ("environment", "guest", "signature"),
    ("environment", "guest", "vendor"), ("environment", "guest", "product"))


class Machine(NamedTuple):
    """A machine, as far as its runs tell it from others."""

    id: str             # the same in every script, of 16 hexadecimal digits
    name: str           # for people, printable; others may have the same
    is_named: bool      # by its host: else by its hardware
    family: str         # of CPUs, printable


def told(record: Record, keys: Sequence[str]) -> str:
    """A fact as text; "" where it is not known."""
    value = load.fact(record, *keys)
    return "" if value is None else str(value)


def caches(record: Record) -> List[str]:
    """Level, type and size of each cache of the CPU measured on."""
    found = load.fact(record, "environment", "topology", "caches")
    return [" ".join(told(cache, [key]) for key in ("level", "type", "size"))
            for cache in (found if isinstance(found, list) else ())]


def hardware(record: Record) -> Tuple[str, ...]:
    """All that tells an anonymous machine from others."""
    return (*(told(record, keys) for keys in HARDWARE), *caches(record))


def shortened(text: str) -> str:
    """A text of at most NAME_MOST printable letters."""
    whole = load.printable(text)
    return whole if len(whole) <= NAME_MOST else whole[:NAME_MOST - 1] + "…"


def family_of(record: Record) -> str:
    """The CPU's family: vendor, family and model; printable.

    x86 numbers both; of others the part, else the name. An emulator's
    machines are a family of their own.
    """
    cpu = load.fact(record, "environment", "cpu")
    vendor, family, model, part, name = (
        told(cpu, [key]) for key in ("vendor", "family", "model_number",
                                     "part", "model"))
    number = f"{family}/{model}" if family and model else part
    parts = [vendor or told(record, ("tool", "architecture")), number,
             name and f"({name})" if number else name]
    who = emulated.by(record)
    said = " ".join(filter(None, parts)) or "a CPU that is not known"
    return shortened(f"{said}, emulated by {who}" if who else said)


def of(record: Record) -> Machine:
    """The machine of a run's record."""
    host = load.fact(record, "environment", "host")
    is_named = isinstance(host, str) and bool(host)
    key = ["host", host] if is_named else ["hardware", *hardware(record)]
    digest = hashlib.blake2b(json.dumps(key).encode(), digest_size=8)
    name = host if is_named else f"unnamed-{digest.hexdigest()[:8]}"
    return Machine(digest.hexdigest(), shortened(name), is_named,
                   family_of(record))


def up_from_to(run: sides.Run) -> Optional[Tuple[float, float]]:
    """The time in which a run's machine was up for certain, s of the epoch."""
    try:
        begun = datetime.fromisoformat(
            run.started.replace("Z", "+00:00")).timestamp()
        uptime = float(str(run.fact("environment", "load", "uptime")
                           ).split()[0])
    except (ValueError, IndexError, OverflowError):
        return None
    if not 0 <= uptime < UPTIME_MOST_S:
        return None
    return begun - uptime, begun + (load.number(run.record, "run", "wall_s")
                                    or 0)


def overlap(first: sides.Run, second: sides.Run) -> bool:
    """Whether two boots were up at the same time, by their clocks."""
    spans = up_from_to(first), up_from_to(second)
    if first.boot == second.boot or None in spans:
        return False
    return (min(span[1] for span in spans) -
            max(span[0] for span in spans)) > OVERLAP_S


def doubtful(before: Sequence[sides.Run], after: Sequence[sides.Run]
             ) -> Optional[str]:
    """Why runs of one id may not be paired; None: nothing speaks against it.

    Without a host's name any two boots of a side may be of two machines.
    """
    boots = [{run.boot for run in side} for side in (before, after)]
    if of(before[0].record).is_named or max(map(len, boots)) < 2:
        return None
    return ("no host is named, and several boots of a side have this "
            "hardware: they may be of several machines")


def pairing_notes(runs: Sequence[sides.Run]) -> List[str]:
    """What is to be known of runs that are taken for one machine's.

    A machine without a clock of its own begins every boot in 1970, so that
    an overlap proves nothing.
    """
    by_end = sorted(runs, key=lambda run: (up_from_to(run) or (0, 0))[1])
    said = [] if of(runs[0].record).is_named else [
        "no host is named: paired by hardware, which another machine may "
        "have too"]
    if any(overlap(*two) for two in zip(by_end, by_end[1:])):
        said.append("two boots that were up at the same time: several "
                    "machines of one name, or a clock that was off")
    return said


def distinct_names(machines: Sequence[Machine]) -> Dict[str, str]:
    """A name for each id; where several have one name, the id's beginning."""
    once = {machine.id: machine for machine in machines}
    names = [machine.name for machine in once.values()]
    return {machine.id: machine.name if names.count(machine.name) == 1
            else f"{machine.name} #{machine.id[:8]}"
            for machine in once.values()}
