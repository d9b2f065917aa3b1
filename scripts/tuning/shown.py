# SPDX-License-Identifier: MIT
"""What is and what would be, for people and as JSON."""

import json
import textwrap
from typing import Any, Dict, List, Sequence, Tuple

from tuning import advice, latency
from tuning.applying import Outcome
from tuning.cpus import Choice
from tuning.forms import list_of
from tuning.plan import Found, by_setting
from tuning.table import SETTINGS, Machine
from tuning.tree import Tree, in_order

HOLDS = "held by run"
LONGEST_VALUE = 44


def places_of(paths: Sequence[str]) -> str:
    """Which CPUs or interrupts some files of one setting belong to."""
    numbers = [part for path in paths for part in in_order(path)
               if isinstance(part, int)]
    kind = "CPU" if paths[0].startswith("/sys/devices") else "interrupt"
    if not numbers:
        return ""
    return f"{kind} {list_of(map(int, numbers))}"


def grouped(founds: Sequence[Found]) -> Dict[Tuple[Any, ...], List[Found]]:
    """Files with the same value, wish and problem, together."""
    groups: Dict[Tuple[Any, ...], List[Found]] = {}
    for one in founds:
        groups.setdefault((one.value, one.wanted, one.problem), []).append(one)
    return groups


def joined(path: str, others: Sequence[str]) -> str:
    """The path of several files: the numbers that differ in braces."""
    keys = [in_order(name) for name in (path, *others)]
    return "".join(
        str(parts[0]) if len(set(map(str, parts))) == 1
        else f"{{{list_of(map(int, parts))}}}" for parts in zip(*keys))


def columns(*texts: str) -> str:
    """A line of show."""
    name, value, told = texts
    return f"{name:<16} {value:<{LONGEST_VALUE}} {told}".rstrip()


def lines_of(name: str, founds: Sequence[Found]) -> List[str]:
    """A setting of show: a line for each value that its files have."""
    if not founds:
        return [columns(name, "-", "not on this machine")]
    lines = []
    for (value, _, problem), group in grouped(founds).items():
        places = places_of([one.path for one in group])
        shown = "unreadable" if value is None else value
        lines.append(columns(name if not lines else "",
                             f"{shown} ({places})" if places else shown,
                             problem or "can be set"))
    return lines


def show_text(founds: Sequence[Found], tree: Tree) -> str:
    """Each setting, what it is now, and whether it can be set."""
    lines = [columns("setting", "is", "")]
    for name, group in by_setting(list(founds)).items():
        lines += lines_of(name, group)
    problem = latency.problem_of(tree)
    lines.append(columns("cpu_dma_latency", HOLDS, problem or "can be held"))
    return "\n".join(lines)


def file_json(one: Found) -> Dict[str, Any]:
    """A file, for programs."""
    return {"setting": one.setting.name, "path": one.path,
            "value": one.value, "wanted": one.wanted, "problem": one.problem}


def show_json(founds: Sequence[Found], tree: Tree) -> str:
    """The same for programs."""
    return json.dumps({
        "settings": [{"name": row.name, "path": row.path, "why": row.why,
                      "risk": row.risk, "option": row.option or None}
                     for row in SETTINGS if row.shown],
        "files": [file_json(one) for one in founds if one.setting.shown],
        "cpu_dma_latency": {"problem": latency.problem_of(tree)},
    }, indent=1)


def indented(text: str, first: str, rest: str) -> str:
    """Text in lines of a terminal's width."""
    return textwrap.fill(text, 79, initial_indent=first,
                         subsequent_indent=rest, break_long_words=False,
                         break_on_hyphens=False)


def changes_of(founds: Sequence[Found]) -> List[str]:
    """What would be written: path, from, to; and why."""
    lines = []
    for group in by_setting(list(founds)).values():
        changing = [one for one in group if one.change]
        for (value, wanted, _), alike in grouped(changing).items():
            path = joined(alike[0].path, [one.path for one in alike[1:]])
            lines.append(f"  {path}: {value} -> {wanted}")
        if changing:
            lines.append(indented(
                f"{changing[0].setting.why} (risk: "
                f"{changing[0].setting.risk})", "      ", "      "))
    return lines


def refused_of(founds: Sequence[Found]) -> List[str]:
    """What is wanted and cannot be written, by its looks."""
    lines = []
    for group in by_setting(list(founds)).values():
        refused = [one for one in group
                   if one.wanted is not None and one.problem]
        for (value, wanted, problem), alike in grouped(refused).items():
            path = joined(alike[0].path, [one.path for one in alike[1:]])
            lines.append(f"  {path}: {value} -> {wanted}: {problem}")
    return lines


def chosen_line(choice: Choice) -> str:
    """Which CPU all this is for."""
    shared = (f"; CPU {list_of(choice.siblings)} shares its core"
              if choice.siblings else "")
    alone = "" if choice.others else "; no other is left: interrupts stay"
    return f"CPU {choice.cpu} is to be quiet, {choice.why}{shared}{alone}"


def latency_line(machine: Machine) -> str:
    """What run does about idle states."""
    problem = latency.problem_of(machine.tree)
    if problem:
        return f"  {latency.DEVICE}: not to be had: {problem}"
    return (f"  {latency.DEVICE}: {latency.wanted_us(machine)} us, for as "
            f"long as the command runs\n      {latency.WHY}")


def section(title: str, lines: Sequence[str]) -> List[str]:
    """A part with its title, or nothing."""
    return ["", title, *lines] if lines else []


def plan_text(machine: Machine, founds: Sequence[Found]) -> str:
    """What apply would write, and what it could not."""
    tree, choice = machine.tree, machine.choice
    changes = changes_of(founds)
    absent = [name for name, group in by_setting(list(founds)).items()
              if not group and all(row.asked_for(machine.wishes)
                                   for row in SETTINGS if row.name == name)]
    lines = [chosen_line(choice)]
    lines += section("apply and run would write", changes) or [
        "", "nothing to change: all that can be set is as it is wanted"]
    lines += section("run would hold", [latency_line(machine)])
    lines += section("wanted, but not to be had here", refused_of(founds))
    lines += section("not on this machine", [
        indented(", ".join(absent), "  ", "  ")] if absent else [])
    lines += section("only at boot (not done here)", [
        indented(said, "  ", "    ") for said in advice.advice_for(
            tree, choice)])
    lines += section("to be known", [
        indented(said, "  ", "    ") for said in advice.warnings_for(tree)])
    return "\n".join(lines)


def plan_json(machine: Machine, founds: Sequence[Found]) -> str:
    """The same for programs."""
    choice = machine.choice
    return json.dumps({
        "cpu": choice.cpu, "why": choice.why,
        "siblings": sorted(choice.siblings), "online": sorted(choice.online),
        "changes": [{**file_json(one), "why": one.setting.why,
                     "risk": one.setting.risk}
                    for one in founds if one.wanted is not None],
        "cpu_dma_latency": {"us": latency.wanted_us(machine),
                            "problem": latency.problem_of(machine.tree)},
        "boot": advice.advice_for(machine.tree, choice),
        "warnings": advice.warnings_for(machine.tree),
    }, indent=1)


def told(outcomes: Sequence[Outcome], kinds: Sequence[str]) -> List[str]:
    """Those of some kinds, a line each."""
    return [f"{one.path}: {one.said}" for one in outcomes
            if one.kind in kinds]


def counted(number: int, noun: str) -> str:
    """1 value, 2 values."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def summary(outcomes: Sequence[Outcome], kind: str) -> int:
    """How many are of a kind."""
    return sum(one.kind == kind for one in outcomes)
