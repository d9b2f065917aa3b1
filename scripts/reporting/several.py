# SPDX-License-Identifier: MIT
"""The page of several runs: each comparison, and whose runs it is of."""

from typing import Any, Dict, List, Sequence, Tuple

from analysis import differs, emulated, load, sides
from reporting import alerts, doubts, machine, text
from reporting.alerts import Alert
from reporting.page import Page
from reporting.section import Section

RUNS_MOST = 40      # whose doubts and machines are shown


def named(runs: Sequence[sides.Run]) -> List[Tuple[str, sides.Run]]:
    """The runs with a name each."""
    return list(zip(sides.names_of(runs), runs))[:RUNS_MOST]


def machine_line(runs: Sequence[sides.Run]) -> str:
    """The CPUs and kernels of the runs, each once."""
    found = [" · ".join(filter(None, [
        text.fact(run.record, "environment/cpu/model", 80),
        f"Linux {text.fact(run.record, 'environment/kernel/release', 60)}"]))
        for run in runs]
    return " — ".join(list(dict.fromkeys(found))[:4])


def doubts_of(runs: Sequence[sides.Run]) -> Section:
    """The doubts about each run."""
    found: Dict[Tuple[doubts.Doubt, ...], List[str]] = {}
    for name, run in named(runs):
        found.setdefault(tuple(doubts.of(run.record)), []).append(name)
    shown = [{"names": names, "doubts": told}
             for told, names in found.items()]
    return Section("doubts", "What to doubt of each run", "doubts_each.html",
                   {"runs": shown}, nav="Doubts", figures=False)


def machines_of(runs: Sequence[sides.Run]) -> Section:
    """Each run's machine; of several boots of one machine, the first's."""
    found: Dict[str, Dict[str, Any]] = {}
    for name, run in named(runs):
        shown = machine.shown_of(run.record)
        told = repr({**shown, "cards": {
            title: facts for title, facts in shown["cards"].items()
            if title != "Measurement"}})
        found.setdefault(told, {**shown, "names": []})["names"].append(name)
    return Section("machine", "The machines and their mitigations",
                   "machine.html", {"machines": list(found.values())},
                   nav="Machines", figures=False)


def refused_section(before: Sequence[sides.Run], after: Sequence[sides.Run],
                    refused: Sequence[str]) -> Section:
    """Why there is no comparison, and what differs."""
    found = [] if not after else differs.between_runs(
        before, after, tuple(run.arms[0] if run.arms else ""
                             for run in (before[0], after[0])))
    return Section("refused", "These runs may not be compared",
                   "refused.html", {
                       "reasons": [load.printable(one) for one in refused],
                       "differences": found}, nav="Refused", figures=False)


def alerts_of(runs: Sequence[sides.Run], forced: Sequence[str]
              ) -> List[Alert]:
    """What a reader must know of the runs before any figure."""
    found = [Alert(f"Forced: {reason}: these figures may mean nothing.")
             for reason in map(load.printable, forced)]
    for name, run in named(runs):
        found += [Alert(f"{name}: {one.said}", one.remedy)
                  for one in alerts.of_record(run.record)]
    return found


def page(runs: Sequence[sides.Run], compared: Sequence[Section],
         forced: Sequence[str] = ()) -> Page:
    """A page of comparisons; compared: their sections, or the refusal."""
    records = [run.record for run in runs]
    return Page(
        "What changed in the cost of system calls",
        machine_line(runs), alerts_of(runs, forced), [],
        emulated.line(records),
        [*compared, doubts_of(runs), machines_of(runs)],
        sides.names_of(runs), text.fact(records[0], "tool/version", 40))
