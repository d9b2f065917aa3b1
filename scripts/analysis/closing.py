# SPDX-License-Identifier: MIT
"""The lines that `make bench` ends with.

What was found, what to doubt, where the folder is, what to look at and what
to run next. Run as a command with a run folder and the path by which it is
called; needs nothing but Python, so that it is there where plots are not.
"""

import csv
import json
import os
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Tuple

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from analysis import output     # noqa: E402

LARGEST = 16 << 20      # bytes of a file that is read
ARMS_MOST = 4           # that are told
LEADS = ("getppid/libc", "getppid/inline", "invalid/inline")
CLOCK = "clock_gettime/vdso"
EMULATED = "emulated: signs and constancy only; "

Costs = Dict[str, Dict[str, float]]     # ns by benchmark, by arm


class Run(NamedTuple):
    """What is told of a run."""

    folder: Path
    costs: Costs
    record: Dict[str, Any]


def text_of(path: Path) -> str:
    """A file's text; none where it is not there or beyond bounds."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(LARGEST)
    except OSError:
        return ""


def read_costs(path: Path) -> Costs:
    """The headline of each row, ns, by arm in the file's order."""
    costs: Costs = {}
    for row in csv.DictReader(text_of(path).splitlines()):
        try:
            cost = float(row["quiet_ns"])
        except (KeyError, TypeError, ValueError):
            continue
        if cost >= 0:
            costs.setdefault(str(row.get("arm")), {})[
                str(row.get("benchmark"))] = cost
    return costs


def read_record(path: Path) -> Dict[str, Any]:
    """What run.json holds; nothing where it is none."""
    try:
        record = json.loads(text_of(path))
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def part(record: Dict[str, Any], name: str) -> Dict[str, Any]:
    """A part of a record; empty where it is not there."""
    found = record.get(name)
    return found if isinstance(found, dict) else {}


def ns(cost: float) -> str:
    """A cost with the digits that mean something."""
    if cost >= 1e6:
        return f"{cost / 1e6:.3g} ms"
    if cost >= 1e4:
        return f"{cost / 1e3:.3g} µs"
    digits = 2 if cost < 10 else 1 if cost < 1000 else 0
    return f"{cost:.{digits}f} ns"


def sentences(costs: Dict[str, float], call: object) -> Iterator[str]:
    """What one arm's rows say; `call` is what an empty one takes, ns."""
    lead = next((name for name in LEADS if name in costs), None)
    if lead:
        group, path = lead.split("/")
        through = "libc" if path == "libc" else "a bare instruction"
        what = ("a refused call" if group == "invalid"
                else f"a {group} through {through}")
        known = isinstance(call, float) and call > 0
        yield f"{what} costs {ns(costs[lead])}" + (
            f": {costs[lead] / call:.0f} empty function calls" if known
            else "")
    if CLOCK in costs:
        yield (f"the vDSO tells the time in {ns(costs[CLOCK])} without "
               "entering the kernel")
    if not lead and CLOCK not in costs and costs:
        least = min(costs, key=lambda name: costs[name])
        most = max(costs, key=lambda name: costs[name])
        yield (f"{least} costs {ns(costs[least])}" if len(costs) == 1 else
               f"{len(costs)} rows, from {ns(costs[least])} ({least}) to "
               f"{ns(costs[most])} ({most})")


def of_arms(costs: Costs) -> str:
    """One row under every arm."""
    first, *others = costs.values()
    shared = [name for name in first
              if all(name in other for other in others)]
    told = next((name for name in (*LEADS, *shared) if name in shared), "")
    named = [f"{arm} {ns(rows[told])}" for arm, rows in costs.items()
             if told in rows][:ARMS_MOST]
    more = ", ..." if len(costs) > ARMS_MOST else ""
    return f"{told}: {', '.join(named)}{more}" if told else "no row in common"


def found(run: Run) -> str:
    """The headline."""
    guest = part(part(run.record, "environment"), "guest")
    by = guest.get("emulated_by")
    call = part(run.record, "yardsticks").get("empty_call_ns")
    said = (of_arms(run.costs) if len(run.costs) > 1 else "; ".join(
        [line for rows in run.costs.values()
         for line in sentences(rows, call)]))
    return (EMULATED if by not in (None, "none") else "") + (
        said or "nothing: no row was measured")


def doubted(run: Run) -> str:
    """The worst doubt with its remedy, and how many more there are."""
    listed = run.record.get("doubts")
    doubts = [doubt for doubt in (listed if isinstance(listed, list) else ())
              if isinstance(doubt, dict)]
    for severity, mark in ("serious", "!!"), ("doubt", "!"):
        for doubt in doubts:
            if doubt.get("severity") == severity:
                more = len(doubts) - 1
                return (f"{mark} {doubt.get('message')} → "
                        f"{doubt.get('remedy')}" + (
                            f" ({more} more above)" if more else ""))
    count = len(doubts)
    return "nothing" + (
        f" beyond the {'note' if count == 1 else f'{count} notes'} above"
        if count else "")


def to_look_at(folder: Path) -> Optional[Tuple[str, str]]:
    """What of a run is to be looked at: its name and its place."""
    if (folder / "report.html").is_file():
        return "report", f"{folder}/report.html (open it in a browser)"
    if (folder / "plots").is_dir():
        return "plots", f"{folder}/plots/"
    return None


def what_next(run: Run) -> str:
    """The command that most people run next."""
    if run.record.get("complete") is False:
        return "make bench, since this one was not finished"
    if len(run.costs) > 1:
        return f"scripts/compare {run.folder}: what the arms differ by"
    if part(run.record, "run").get("profile") == "quick":
        return "make bench, which takes more launches: narrower intervals"
    return ("change something, make bench again, make compare "
            f"BEFORE={run.folder} AFTER=results/...")


def lines(run: Run) -> List[Tuple[str, str]]:
    """All of them: a word and what stands behind it."""
    shown = to_look_at(run.folder)
    return [("found", found(run)), ("doubt", doubted(run)),
            ("folder", f"{run.folder}/"), *([shown] if shown else []),
            ("next", what_next(run))]


def has_colour() -> bool:
    """As src/terminal.c decides."""
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0")
    return forced or (sys.stdout.isatty() and
                      os.environ.get("TERM", "dumb") not in ("", "dumb"))


def main() -> int:
    if len(sys.argv) != 2:
        print("closing: a run folder is needed", file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    run = Run(folder, read_costs(folder / "summary.csv"),
              read_record(folder / "run.json"))
    for word, said in lines(run):
        head = f"{word:<8}"
        print((f"\033[1m{head}\033[0m" if has_colour() else head) +
              output.printable(said))
    return 0


if __name__ == "__main__":
    output.run(main)
