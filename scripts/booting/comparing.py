# SPDX-License-Identifier: MIT
"""Compares the arms whose boots were measured, by scripts/compare.

Which is run as a command: it needs pandas, which a machine that is measured
may lack.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

from analysis import interpreter
from booting import words
from booting.journal import Journal
from booting.plan import Arm, Plan
from booting.read_plan import pair_name, pairs
from booting.screen import Screen

SCRIPTS = Path(os.path.abspath(__file__)).parents[1]
FILES = {"text": "compare.txt", "markdown": "compare.md",
         "csv": "compare.csv", "json": "compare.json"}
REFUSED = 3


def runs_of(journal: Journal, arm: Arm) -> List[str]:
    """The run folders of an arm's boots, seen from the matrix's folder."""
    return [f"boots/{slot.name}/run" for slot in journal.slots
            if slot.done and slot.arm.name == arm.name]


class Comparing:
    """The comparisons of a matrix."""

    def __init__(self, journal: Journal, screen: Screen) -> None:
        self.journal, self.screen = journal, screen
        self.folder = journal.folder
        self.python: Optional[str] = interpreter.find()

    def command(self, name: str, pair: Tuple[Arm, Arm], *more: str
                ) -> List[str]:
        """A script over the runs of both arms."""
        before, after = (runs_of(self.journal, arm) for arm in pair)
        return [self.python or "python3", str(SCRIPTS / name),
                "--before", *before, "--after", *after, *more]

    def call(self, command: Sequence[str]) -> int:
        """Its exit status; what it prints is for standard error."""
        return subprocess.run(command, cwd=self.folder, stdout=sys.stderr,
                              stdin=subprocess.DEVNULL).returncode

    def all_formats(self, pair: Tuple[Arm, Arm], place: Path) -> int:
        """Compare, in each format; the first status that is not 0."""
        for form, name in FILES.items():
            status = self.call(self.command(
                "compare", pair, f"--format={form}",
                f"--output={place / name}"))
            if status:
                return status
        return 0

    def plot(self, pair: Tuple[Arm, Arm], place: Path) -> None:
        """Draw it; without a picture a comparison is still one."""
        sys.stderr.flush()
        if self.call(self.command("plot", pair, f"--output={place}")):
            self.screen.say(f"{place}: no picture could be drawn")

    def compare(self, pair: Tuple[Arm, Arm]) -> int:
        """Compare two arms, show the text, keep it all."""
        place = Path("comparisons", pair_name(pair))
        (self.folder / place).mkdir(parents=True, exist_ok=True)
        status = self.all_formats(pair, place)
        if status:
            self.screen.say(f"{pair_name(pair)}: not compared (status "
                            f"{status})")
            return status
        text = (self.folder / place / FILES["text"]).read_text()
        print(f"\n{pair[0].name} -> {pair[1].name}\n{text}", flush=True)
        self.plot(pair, place)
        return 0

    def say_where(self, pair: Tuple[Arm, Arm]) -> None:
        """What to run where there is a Python that can."""
        self.screen.say(
            f"no Python here has pandas: copy {self.folder} to a machine "
            "that has run scripts/setup, and there in it: "
            f"{shlex.join(['scripts/compare', *self.command('', pair)[2:]])}")


def compare(journal: Journal, plan: Plan, screen: Screen) -> int:
    """Compare every pair of arms that both have boots: 0, 3 where one may
    not be compared, 1 where a comparison came to nothing otherwise."""
    one = Comparing(journal, screen)
    wanted = [pair for pair in pairs(plan)
              if all(runs_of(journal, arm) for arm in pair)]
    if one.python is None:
        for pair in wanted:
            one.say_where(pair)
        return 0
    found = [one.compare(pair) for pair in wanted]
    return REFUSED if REFUSED in found else int(any(found))


def table(journal: Journal) -> str:
    """All boots: place, arm, attempts, seconds and state, a line each."""
    rows = [("boot", "arm", "attempts", "seconds", "state")]
    for slot in journal.slots:
        done = slot.done
        state = ("; ".join(["done", *done.states]) if done else
                 "given up" if slot.is_given_up else "not booted")
        took = done.wall_s if done else None
        rows.append((str(slot.number), slot.arm.name, str(len(slot.tried)),
                     "" if took is None else f"{took:.1f}", state))
    wide = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [f"{row[0]:>{wide[0]}}  {row[1]:<{wide[1]}}  "
             f"{row[2]:>{wide[2]}}  {row[3]:>{wide[3]}}  {row[4]}"
             for row in rows]
    if journal.is_emulated:
        lines.append(words.EMULATED)
    return "\n".join(lines)
