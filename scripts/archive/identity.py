# SPDX-License-Identifier: MIT
"""What tells one machine from another, and one state of it from another.

A machine is what analysis.machine takes for one, and its hardware, so that a
host which was given another CPU is another one here. Microcode, kernel,
mitigations and frequency are states that it is in. Of anonymous runs the
host's name is missing: machines of one kind are one then.
"""

import hashlib
import json
from typing import Any, Dict, List, NamedTuple

from analysis import allowance, emulated, load, machine, sides

TEXT_MOST = 200     # characters of anything kept
NAMES_MOST = 64     # mitigations
KEY_BYTES = 16

CPU = ("architecture", "vendor", "model", "family", "model_number",
       "stepping", "implementer", "part", "variant", "revision")
FACTS = {
    **{name: ("environment", "cpu", name) for name in CPU},
    "CPUs": ("environment", "topology", "present"),
    "nodes": ("environment", "topology", "nodes"),
    "hypervisor": ("environment", "hypervisor"),
    "signature": ("environment", "guest", "signature"),
    "guest vendor": ("environment", "guest", "vendor"),
    "guest product": ("environment", "guest", "product"),
}


class Machine(NamedTuple):
    """What a machine is known by."""

    key: str
    host: str       # "" where it is not told
    model: str
    facts: str      # JSON, for people
    emulated: str   # by what; "" where nothing tells


def text(found: Any) -> str:
    """A fact as a printable text of bounded length; "" for none."""
    if found is None or isinstance(found, (dict, list)):
        return ""
    return load.printable(str(found)[:TEXT_MOST].strip())[:TEXT_MOST]


def digest(*parts: str) -> str:
    """Letters that stand for these texts."""
    return hashlib.blake2b(json.dumps(parts).encode(),
                           digest_size=KEY_BYTES).hexdigest()


def machine_of(record: Dict[str, Any]) -> Machine:
    """The machine that a run.json tells of."""
    facts = {name: text(load.fact(record, *keys))
             for name, keys in FACTS.items()}
    host = text(load.fact(record, "environment", "host"))
    by = emulated.by(record) or ""
    told = json.dumps({name: value for name, value in facts.items() if value})
    key = digest(machine.of(record).id, by, *machine.hardware(record))
    return Machine(key, host,
                   facts["model"] or facts["part"] or facts["architecture"],
                   told, by)


def mitigations(record: Dict[str, Any]) -> List[str]:
    """Those that entries pass by what was derived; with ? where unknown."""
    found = load.fact(record, "environment", "mitigations", "derived")
    if not isinstance(found, dict):
        return ["?"]
    states = {text(name): load.fact(one, "state")
              for name, one in sorted(found.items())[:NAMES_MOST]}
    return [name if state == "on" else f"{name}?"
            for name, state in states.items() if state != "off"]


def conditions(run: sides.Run) -> List[str]:
    """How the first arm was run; nothing where it was plain."""
    arm = run.arm(run.arms[0])
    found = load.fact(arm, "conditions")
    told = [text(one) for one in found] if isinstance(found, list) else []
    wrapped = ["wrapped"] if load.fact(arm, "wrapped") is True else []
    return told[:NAMES_MOST] + wrapped


def state_of(run: sides.Run) -> str:
    """What a call passes, whatever the kernel: figures of one state belong
    into one line."""
    filtered = text(run.fact("environment", "task", "Seccomp"))
    parts = [*mitigations(run.record),
             *(["seccomp"] if filtered not in ("", "0") else []),
             *(f"[{one}]" for one in conditions(run))]
    return " ".join(parts)[:TEXT_MOST] or "none"


def setting_of(run: sides.Run) -> str:
    """What must agree for two runs to be replicates of each other."""
    return digest(machine_of(run.record).key, state_of(run),
                  *(text(part) for part in allowance.setting(run)))
