# SPDX-License-Identifier: MIT
"""The machine, its mitigations and the task's state, as cards to read."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from analysis import load
from reporting import text
from reporting.section import Section
from reporting.source import Source

Record = Dict[str, Any]
STATES = ("on", "off", "unknown")
LISTED_MOST = 40        # of what a record may have without end

# A fact: what it is called, where it lies in run.json.
FACTS: Dict[str, Sequence[Tuple[str, str]]] = {
    "Processor": (
        ("CPU", "environment/cpu/model"),
        ("architecture", "environment/cpu/architecture"),
        ("family, model, stepping", "environment/cpu/family "
         "environment/cpu/model_number environment/cpu/stepping"),
        ("part", "environment/cpu/part"),
        ("microcode", "environment/cpu/microcode"),
        ("CPUs online", "environment/cpu/online"),
        ("measured on CPU", "placement/cpu"),
        ("chosen since it is", "placement/why"),
        ("SMT", "environment/smt/control"),
        ("frequency driver", "environment/frequency/driver"),
        ("governor", "environment/governor"),
        ("way into the kernel", "environment/entry/mechanism")),
    "Kernel": (
        ("release", "environment/kernel/release"),
        ("version", "environment/kernel/version"),
        ("command line", "environment/kernel/cmdline"),
        ("clock source", "environment/kernel/clocksource"),
        ("virtual machine", "environment/hypervisor"),
        ("hypervisor", "environment/guest/signature"),
        ("emulated by", "environment/guest/emulated_by"),
        ("container", "environment/guest/container"),
        ("kernel's tracer", "environment/observers/tracer"),
        ("audit", "environment/observers/audit")),
    "Task": (
        ("seccomp mode", "environment/task/Seccomp"),
        ("seccomp filters", "environment/task/Seccomp_filters"),
        ("traced by", "environment/task/TracerPid"),
        ("no new privileges", "environment/task/NoNewPrivs"),
        ("speculative store bypass",
         "environment/task/Speculation_Store_Bypass"),
        ("indirect branches", "environment/task/SpeculationIndirectBranch")),
    "Measurement": (
        ("syscost", "tool/version"), ("build", "tool/build_type"),
        ("compiler", "tool/compiler"), ("C library", "tool/libc"),
        ("started", "run/started"), ("profile", "run/profile"),
        ("label", "run/label"), ("filter", "run/filter"),
        ("launches an arm", "run/launches_an_arm"),
        ("batches a launch", "run/rounds"),
        ("clock", "clock/source"), ("ticks a ns", "clock/ticks_per_ns"),
        ("core's rate, GHz", "yardsticks/core_ghz"),
        ("core cycles by", "yardsticks/core_cycles_from"),
        ("took, s", "run/wall_s")),
}
# What a mitigation does on the way in or out, for who meets its name here.
MEANING = {
    "pti": "page tables are switched at each entry and exit",
    "kpti": "page tables are switched at each entry and exit",
    "swapgs": "a fence behind swapgs at each entry",
    "ibrs": "the predictor is restricted by an MSR at each entry and exit",
    "retpolines": "indirect branches of the kernel go by a return",
    "retbleed": "returns of the kernel are made safe",
    "srso": "returns of the kernel go by a safe one",
    "bhi": "branch history is cleared at each entry",
    "bhb": "branch history is cleared at each entry",
    "its": "indirect branches are moved to safe places",
    "ssb": "loads wait for stores before them, in this task",
    "ssbd": "loads wait for stores before them, in this task",
    "verw": "buffers of the CPU are cleared at each exit",
    "tsa": "buffers of the CPU are cleared at each exit",
    "vmscape": "the predictor is cleared after a guest ran",
}


class Mitigation(NamedTuple):
    """A mitigation by name, as this task's entries meet it."""

    name: str
    state: str
    meaning: str
    evidence: str       # word for word


def card(record: Record, facts: Sequence[Tuple[str, str]]
         ) -> List[Tuple[str, str]]:
    """The facts that are known, by what they are called."""
    found = [(name, " / ".join(filter(None, (
        text.fact(record, path) for path in paths.split()))))
        for name, paths in facts]
    return [(name, value) for name, value in found if value]


def mitigations(record: Record) -> List[Mitigation]:
    """What was derived: what is on first, then what is not known."""
    where = ("environment", "mitigations", "derived")
    derived = load.fact(record, *where)
    found = []
    for name in list(derived if isinstance(derived, dict) else ()
                     )[:LISTED_MOST]:
        state = load.fact(record, *where, name, "state")
        found.append(Mitigation(
            text.of(name, 40), state if state in STATES else "unknown",
            MEANING.get(name, ""),
            text.of(load.fact(record, *where, name, "evidence"))))
    order = {"on": 0, "unknown": 1, "off": 2}
    return sorted(found, key=lambda one: order[one.state])


def vulnerabilities(record: Record) -> List[Tuple[str, str]]:
    """The kernel's own lines, those that concern this CPU first."""
    files = load.fact(record, "environment", "mitigations",
                      "vulnerabilities")
    found = [(text.of(name, 60), text.of(said)) for name, said in
             list(files.items() if isinstance(files, dict) else ()
                  )[:LISTED_MOST]]
    return sorted(found, key=lambda pair: pair[1].startswith("Not affected"))


def shown_of(record: Record) -> Dict[str, Any]:
    """What the template shows of a run's machine."""
    found = {title: card(record, facts) for title, facts in FACTS.items()}
    return {"cards": {title: facts for title, facts in found.items()
                      if facts},
            "mitigations": mitigations(record),
            "vulnerabilities": vulnerabilities(record)}


def make(source: Source) -> Optional[Section]:
    """The section; None where run.json tells nothing of a machine."""
    shown = shown_of(source.record)
    if not any(shown.values()):
        return None
    return Section("machine", "The machine and its mitigations",
                   "machine.html", {"machines": [shown]}, nav="Machine",
                   figures=False)
