# SPDX-License-Identifier: MIT
"""What differs between the two sides of a comparison besides the figures.

Facts of run.json, in three kinds: what must be one for a comparison to make
sense, what is usually meant to change, and what confounds.
"""

from typing import (Any, Callable, Dict, List, NamedTuple, Optional, Sequence,
                    Tuple)

from analysis import emulated, load, sides

Keys = Tuple[str, ...]

IDENTITY: Dict[str, Keys] = {
    "architecture": ("tool", "architecture"),
    "CPU model": ("environment", "cpu", "model"),
    "CPU family": ("environment", "cpu", "family"),
    "CPU model number": ("environment", "cpu", "model_number"),
    "CPU part": ("environment", "cpu", "part"),
    "binary": ("tool", "build_id"),
    "tool version": ("tool", "version"),
}
MEANT: Dict[str, Keys] = {
    "kernel release": ("environment", "kernel", "release"),
    "kernel version": ("environment", "kernel", "version"),
    "kernel configuration": ("environment", "kernel", "config", "sha256"),
    "pti flag": ("environment", "mitigations", "pti_flag"),
}
CONFOUNDING: Dict[str, Keys] = {
    "host": ("environment", "host"),
    "CPU stepping": ("environment", "cpu", "stepping"),
    "microcode": ("environment", "cpu", "microcode"),
    "CPU measured on": ("placement", "cpu"),
    "way into the kernel": ("environment", "entry", "mechanism"),
    "governor": ("environment", "governor"),
    "frequency driver": ("environment", "frequency", "driver"),
    "energy preference": ("environment", "frequency", "epp"),
    "no_turbo": ("environment", "frequency", "no_turbo"),
    "boost": ("environment", "frequency", "boost"),
    "isolated CPUs": ("environment", "kernel", "isolated"),
    "nohz_full": ("environment", "kernel", "nohz_full"),
    "hypervisor's signature": ("environment", "guest", "signature"),
    "container": ("environment", "guest", "container"),
    "audit": ("environment", "observers", "audit"),
    "kernel tracer": ("environment", "observers", "tracer"),
    "tracepoints": ("environment", "observers", "tracepoints"),
    "counted cycles": ("counters", "source"),
    "SMT": ("environment", "smt", "control"),
    "SMT active": ("environment", "smt", "active"),
    "hypervisor": ("environment", "hypervisor"),
    "clock source": ("environment", "kernel", "clocksource"),
    "clock": ("clock", "source"),
    "libc": ("tool", "libc"),
    "anonymous": ("run", "anonymous"),
    "address randomisation": ("environment", "kernel", "randomize_va_space"),
    "length of a batch, ns": ("run", "batch_ns"),
    "probe's length": ("probe", "scale"),
    "Seccomp": ("environment", "task", "Seccomp"),
    "Seccomp_filters": ("environment", "task", "Seccomp_filters"),
    "NoNewPrivs": ("environment", "task", "NoNewPrivs"),
    "Speculation_Store_Bypass": (
        "environment", "task", "Speculation_Store_Bypass"),
    "SpeculationIndirectBranch": (
        "environment", "task", "SpeculationIndirectBranch"),
}
STATE_OF: Dict[str, Tuple[str, ...]] = {   # what a condition is to change
    "ssbd": ("Speculation_Store_Bypass",),
    "indirect": ("SpeculationIndirectBranch",),
    "seccomp": ("Seccomp", "Seccomp_filters", "NoNewPrivs"),
    "seccomp-bitmap": ("Seccomp", "Seccomp_filters", "NoNewPrivs"),
    "traced": ("traced",), "noaslr": ("aslr",),
    "work": ("work_ns_an_entry",), "threads": ("threads",),
}
SPECULATION = ("Speculation_Store_Bypass", "SpeculationIndirectBranch")
FOLLOWS: Dict[str, Tuple[str, ...]] = {     # from what a parameter switches
    "mitigations": (*SPECULATION, "SMT", "SMT active"),
    "spec_store_bypass_disable": SPECULATION[:1],
    "nospec_store_bypass_disable": SPECULATION[:1], "ssbd": SPECULATION[:1],
    "spectre_v2_user": SPECULATION[1:], "spectre_v2": SPECULATION[1:],
    "nospectre_v2": SPECULATION[1:], "nosmt": ("SMT", "SMT active"),
    "nopcid": ("CPU flag pcid", "CPU flag invpcid"),
    "noinvpcid": ("CPU flag invpcid",),
    "fred": ("CPU flag fred", "way into the kernel"),
    "nohz_full": ("nohz_full",), "isolcpus": ("isolated CPUs",),
    "audit": ("audit",), "clocksource": ("clock source", "clock"),
    "tsc": ("clock source", "clock"),
}
MEANT_FLAGS = {"pti"}
NAMED_FLAGS = ("fred", "pcid", "invpcid")   # told apart from other flags
SHOWN_FLAGS = 8
NOT_KNOWN = "not known"
BETWEEN = " | "          # between the values of a side whose runs disagree


class Difference(NamedTuple):
    """A fact that is not the same on both sides."""

    fact: str
    before: str
    after: str
    kind: str       # "meant" or "confounds"


def shown(value: Any) -> str:
    """A fact as printable text."""
    if value is None:
        return NOT_KNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    return load.printable(str(value))


def values(runs: Sequence[sides.Run], keys: Keys) -> List[str]:
    """The distinct values of a fact on one side, as texts, in order."""
    return sorted({shown(run.fact(*keys)) for run in runs})


def side_text(runs: Sequence[sides.Run], keys: Keys) -> str:
    """One side's value, or all of them where its runs disagree."""
    return BETWEEN.join(values(runs, keys))


def refusals(runs: Sequence[sides.Run]) -> List[str]:
    """Why these runs may not be compared at all."""
    found = {name: [value for value in values(runs, keys)
                    if value != NOT_KNOWN]
             for name, keys in IDENTITY.items()}
    return [f"another {name}: {' and '.join(told)}"
            for name, told in found.items() if len(told) > 1] + mixed(runs)


def mixed(runs: Sequence[sides.Run]) -> List[str]:
    """An emulator's figures say nothing beside those of a CPU."""
    found = [(name, emulated.by(run.record))
             for name, run in zip(sides.names_of(runs), runs)
             if emulated.by(run.record)]
    if len(found) in (0, len(runs)):
        return []
    return ["{} is emulated ({}), and not all runs are".format(*found[0])]


def of_table(before: Sequence[sides.Run], after: Sequence[sides.Run],
             table: Dict[str, Keys], kind: str, absent: str = "confounds"
             ) -> List[Difference]:
    """The facts of a table in which the sides, or a side's runs, differ.

    What differs within a side was not meant; what is not known of one is of
    the kind `absent`.
    """
    told = [(name, values(before, keys), values(after, keys))
            for name, keys in table.items()]
    return [Difference(name, BETWEEN.join(first), BETWEEN.join(second),
                       "confounds" if len(first) + len(second) > 2 else
                       absent if NOT_KNOWN in (*first, *second) else kind)
            for name, first, second in told
            if first != second or len(first) > 1]


def command_line(before: Sequence[sides.Run], after: Sequence[sides.Run],
                 kind: str) -> List[Difference]:
    """The parameters of the kernel's command line that are not on both."""
    first, second = ([set(run.parameters) for run in side]
                     for side in (before, after))
    everywhere = set.intersection(*first, *second)
    texts = [load.printable(" ".join(sorted(set.union(*side) - everywhere)))
             for side in (first, second)]
    if not any(texts):
        return []
    alike = all(one == side[0] for side in (first, second) for one in side)
    return [Difference("command line", *(text or "nothing more"
                                         for text in texts),
                       kind if alike else "confounds")]


def switched(before: Sequence[sides.Run], after: Sequence[sides.Run]
             ) -> List[str]:
    """The facts that follow from what the sides' command lines differ in."""
    first, second = (set.intersection(*(set(run.parameters) for run in side))
                     for side in (before, after))
    return [fact for word in first ^ second
            for fact in FOLLOWS.get(word.split("=")[0], ())]


def keys_below(runs: Sequence[sides.Run], *where: str) -> List[str]:
    """The keys that any of the runs has below a place of run.json."""
    found = [run.fact(*where) for run in runs]
    return sorted(set().union(*(part for part in found
                                if isinstance(part, dict))))


def mitigation_keys(runs: Sequence[sides.Run]) -> Dict[str, Keys]:
    """What was derived by name, and the files of vulnerabilities/."""
    where = ("environment", "mitigations")
    derived = {load.printable(f"mitigation {name}"):
               (*where, "derived", name, "state")
               for name in keys_below(runs, *where, "derived")}
    return derived | {
        load.printable(f"vulnerabilities/{name}"):
        (*where, "vulnerabilities", name)
        for name in keys_below(runs, *where, "vulnerabilities")}


def flags_of(runs: Sequence[sides.Run]) -> set:
    """The CPU's flags, by the first run that tells."""
    told = [run.fact("environment", "cpu", "flags") for run in runs]
    return set(next((text for text in told if isinstance(text, str)),
                    "").split())


def flag_differences(before: Sequence[sides.Run],
                     after: Sequence[sides.Run]) -> List[Difference]:
    """CPU flags that only one side has: FRED and PCID by name."""
    first, second = flags_of(before), flags_of(after)
    if not first or not second:
        return []
    named = [Difference(f"CPU flag {flag}", shown(flag in first),
                        shown(flag in second), "confounds")
             for flag in NAMED_FLAGS if (flag in first) != (flag in second)]
    known = {*NAMED_FLAGS, *MEANT_FLAGS}
    lost, gained = (sorted(one - other - known)
                    for one, other in ((first, second), (second, first)))
    if lost or gained:
        named.append(Difference("other CPU flags", some(lost), some(gained),
                                "confounds"))
    return named


def some(words: Sequence[str]) -> str:
    """Some words, and how many more there are."""
    more = len(words) - SHOWN_FLAGS
    text = load.printable(" ".join(words[:SHOWN_FLAGS])) or "none"
    return f"{text} and {more} more" if more > 0 else text


def is_traced(run: sides.Run) -> Optional[bool]:
    """Whether a tracer was attached; its number says nothing."""
    pid = run.fact("environment", "task", "TracerPid")
    return None if pid is None else str(pid) != "0"


def emulator(run: sides.Run) -> str:
    """What emulated the machine."""
    return emulated.by(run.record) or "nothing"


def told_difference(fact: str, tell: Callable[[sides.Run], Any],
                    before: Sequence[sides.Run], after: Sequence[sides.Run]
                    ) -> List[Difference]:
    """What is told of the runs, where that is not the same of all."""
    told = [sorted({shown(tell(run)) for run in side})
            for side in (before, after)]
    return [Difference(fact, *map(BETWEEN.join, told), "confounds")
            ] if told[0] != told[1] or len(told[0]) > 1 else []


def one_is_filtered(before: Sequence[sides.Run], after: Sequence[sides.Run]
                    ) -> bool:
    """Whether only some runs are anonymous: their kernel's facts are cut."""
    return len({run.fact("run", "anonymous") is True
                for run in (*before, *after)}) > 1


def between_runs(before: Sequence[sides.Run], after: Sequence[sides.Run],
                 arms: Tuple[str, str]) -> List[Difference]:
    """All that differs between two sides' runs, what was meant first."""
    mitigations = mitigation_keys([*before, *after])
    kernel = "confounds" if one_is_filtered(before, after) else "meant"
    found = [*of_table(before, after, MEANT, kernel),
             *command_line(before, after, kernel),
             # A file that is missing is one of another kernel.
             *of_table(before, after, mitigations, "meant", "meant"),
             *arm_differences(before[0], after[0], arms),
             *of_table(before, after, IDENTITY, "confounds"),
             *of_table(before, after, CONFOUNDING, "confounds"),
             *told_difference("TracerPid set", is_traced, before, after),
             *told_difference("emulated by", emulator, before, after),
             *flag_differences(before, after)]
    if kernel == "meant":
        following = switched(before, after)
        found = [item._replace(kind="meant") if item.fact in following and
                 BETWEEN not in item.before + item.after else item
                 for item in found]
    once = {item.fact: item for item in reversed(found)}
    return sorted(once.values(), key=lambda item: (
        item.kind != "meant", found.index(item)))


def conditions(run: sides.Run, arm: str) -> List[str]:
    """The conditions of an arm, as texts."""
    found = load.fact(run.arm(arm), "conditions")
    return [text for text in found if isinstance(text, str)] if isinstance(
        found, list) else []


def arm_text(run: sides.Run, arm: str) -> str:
    """How an arm was run, for people."""
    wrap = load.fact(run.arm(arm), "wrap")
    wrapped = load.fact(run.arm(arm), "wrapped") is True
    parts = conditions(run, arm) + (
        [f"under {wrap}" if isinstance(wrap, str) else "wrapped"]
        if wrapped else [])
    return load.printable(", ".join(parts) or "plain")


def arm_differences(first_run: sides.Run, second_run: sides.Run,
                    arms: Tuple[str, str]) -> List[Difference]:
    """What differs between two arms, by the state that was read back."""
    both = list(zip((first_run, second_run), arms))
    texts = [arm_text(run, arm) for run, arm in both]
    # Of two runs, arms of one name should have been run in one way.
    way = "confounds" if arms[0] == arms[1] else "meant"
    found = [Difference("arm", *texts, way)] if texts[0] != texts[1] else []
    kinds = {text.split(":")[0] for run, arm in both
             for text in conditions(run, arm)}
    meant = {key for kind in kinds if way == "meant"
             for key in STATE_OF.get(kind, ())}
    wrapped = way == "meant" and any(
        load.fact(run.arm(arm), "wrapped") is True for run, arm in both)
    states = [load.fact(run.arm(arm), "state") for run, arm in both]
    if not all(isinstance(state, dict) for state in states):
        return found
    first, second = states
    return found + [
        Difference(load.printable(key), shown(first.get(key)),
                   shown(second.get(key)),
                   "meant" if key in meant or wrapped else "confounds")
        for key in sorted({*first, *second})
        if first.get(key) != second.get(key)]
