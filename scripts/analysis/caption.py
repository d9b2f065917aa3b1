# SPDX-License-Identifier: MIT
"""What a picture of a comparison says in words: title, facts, legend."""

import re
from typing import List, Sequence

import numpy as np

from analysis import comparison, figure, load, quiet, sentences, sides, units
from analysis.comparison import Compared, Wanted

TITLE_MOST = 80         # letters
SIDE_MOST = 24          # of them, a side's name
BOOTS = (units.Kind.FEW_BOOTS, units.Kind.BOOTS)


def shortened(text: str, most: int) -> str:
    """A text of so many letters at most, its ends kept."""
    left = most * 2 // 3
    return text if len(text) <= most else (
        f"{text[:left]}…{text[left + 1 - most:]}")


def arrow(before: str, after: str) -> str:
    """From one to the other."""
    return f"{before} → {after}"


def what_differs(one: Compared) -> List[str]:
    """What was meant to differ: kernel and mitigations, else what is told."""
    meant = {item.fact: arrow(item.before, item.after)
             for item in one.pair.differences if item.kind == "meant"}
    states = [f"{fact.removeprefix('mitigation ')} {said}"
              for fact, said in meant.items()
              if fact.startswith("mitigation ")]
    kernels = [f"Linux {meant[fact]}" for fact in ("kernel release",)
               if fact in meant]
    rest = [meant[fact] for fact in ("command line", "arm") if fact in meant]
    return [*kernels, *states] or rest or [*meant.values()]


def fitting(texts: Sequence[str], most: int) -> str:
    """As many of the texts as have room, and how many more there are."""
    kept = [text for place, text in enumerate(texts)
            if place == 0 or len(", ".join(texts[:place + 1])) <= most]
    more = len(texts) - len(kept)
    return shortened(", ".join(kept), most) + (
        f" and {more} more" if more else "")


def side_name(one: Compared, runs: Sequence[sides.Run]) -> str:
    """The label or the arm of boot-matrix that a side's runs share, else
    their folders.

    Folders that all have one name go by where they lie: boots/NN-ARM/run.
    """
    labels = {str(run.fact("run", "label") or "") for run in runs}
    if len(labels) == 1 and "" not in labels:
        return load.printable(labels.pop())
    every = {run.folder.resolve().name
             for run in (*one.pair.first, *one.pair.second)}
    folders = [run.folder.resolve() for run in runs]
    names = [re.sub(r"^\d+-", "", folder.parent.name) if len(every) == 1
             else folder.name for folder in folders]
    more = f" and {len(names) - 1} more" if len(set(names)) > 1 else ""
    return load.printable(names[0]) + more


def title_of(one: Compared) -> str:
    """Both sides' names, and what differs."""
    names = arrow(*(shortened(side_name(one, runs), SIDE_MOST)
                    for runs in (one.pair.first, one.pair.second)))
    differing = what_differs(one) or ["nothing that was meant differs"]
    return f"{names}: {fitting(differing, TITLE_MOST - len(names) - 12)}"


def units_of(kind: units.Kind, count: int) -> str:
    """So many launches or boots."""
    thing, more = ("boot", "s") if kind in BOOTS else ("launch", "es")
    return f"{count} {thing}{'' if count == 1 else more}"


def side_line(one: Compared, name: str, runs: Sequence[sides.Run], count: int
              ) -> str:
    """A side: its name, its kernel, what its entries pass, its units."""
    record = runs[0].record
    release = figure.text_of(record, "environment", "kernel", "release")
    return " · ".join(filter(None, [
        f"{name}: {side_name(one, runs)}", release and f"Linux {release}",
        figure.describe_mitigations(record),
        units_of(one.pair.found.kind, count)]))


def machine_line(one: Compared) -> str:
    """The CPU, and whether it is a guest's."""
    record, cpu = one.pair.first[0].record, ("environment", "cpu")
    guest = load.fact(record, "environment", "hypervisor") is True
    return " · ".join(filter(None, [
        figure.text_of(record, *cpu, "model") or
        figure.text_of(record, *cpu, "architecture"),
        guest and "virtual machine"]))


def facts_of(one: Compared, wanted: Wanted) -> List[str]:
    """What stands below the title, the gravest first."""
    pair = one.pair
    return [*filter(None, [
        comparison.said_of(pair),
        *sentences.forced_lines(wanted), machine_line(one),
        side_line(one, pair.before, pair.first, len(pair.found.before)),
        side_line(one, pair.after, pair.second, len(pair.found.after)),
        f"crossing tax: {sentences.tax_sentence(one)}",
        f"controls: {sentences.control_sentence(one)}"]),
        *(f"! {said}" for said in one.warnings)]


def has_tax(one: Compared) -> bool:
    """Whether the rows that enter share a difference that is one."""
    return one.tax is not None and bool(np.isfinite(one.tax.low)) and not (
        one.tax.low <= 0 <= one.tax.high)


def interval_name(found: units.Units) -> str:
    """What an interval of a side holds, and how surely."""
    confidence = quiet.median_ranks(found.count)[2]
    measured = units_of(found.kind, found.count)
    if found.count < 2:
        return f"no interval of {measured}"
    if confidence < quiet.CONFIDENCE:
        return f"the range of {measured}"
    return f"{100 * confidence:.0f} % interval over {measured}"
