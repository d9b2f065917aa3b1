# SPDX-License-Identifier: MIT
"""Before and after over many machines: which runs belong together, and what
an ordinary comparison says of each machine.
"""

import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import pandas as pd

from analysis import (admission, allowance, comparison, crossing, emulated,
                      load, machine, pairs, sides)
from analysis.comparison import Compared, Wanted
from analysis.differs import Difference

A_PROCESS = 8           # machines: fewer are compared in this process
PROCESSES_MOST = 8      # each takes some 100 MB, 1 GB with 1 M batches a run
SIDES = ("before", "after")


class Left(NamedTuple):
    """A machine, or a run, of which nothing is said, and why."""

    name: str
    family: str
    why: str


class Member(NamedTuple):
    """What a comparison says of one machine; its records are left behind."""

    machine: machine.Machine
    rows: pd.DataFrame      # comparison's, with arm; index benchmark
    kind: str               # of units, and how many a side
    one_boot: bool          # on both sides: no other boot to allow for
    tax: Dict[str, Optional[crossing.Common]]       # by arm
    controls: Optional[crossing.Common]     # the first arm's, a share
    reliable: Optional[bool]
    differences: List[Difference]
    warnings: List[str]
    wanted: float           # the smallest effect that matters, a share
    emulated: str           # what is said of an emulator's figures, or ""
    forced: List[str]
    after: List[Path]       # the folders of the second side


class Task(NamedTuple):
    """One machine's runs, which are to be compared."""

    machine: machine.Machine
    before: List[sides.Run]
    after: List[sides.Run]
    wanted: Wanted
    force: bool


class Sorted(NamedTuple):
    """The runs by machine, and what has no partner."""

    tasks: List[Task]
    refused: List[Left]
    left_out: List[Left]


def read_run(folder: Path) -> Union[sides.Run, Left]:
    """A run, or why it cannot be read: others are not to suffer from it."""
    try:
        load.opened(folder / "samples.csv").close()
        return sides.Run(folder, load.record(folder))
    except load.BadInput as problem:
        return Left(load.printable(folder.name), "", str(problem))


def read_side(folders: Sequence[Path]) -> Tuple[List[sides.Run], List[Left]]:
    """A side's runs, and those that cannot be read."""
    found = [read_run(folder) for folder in folders]
    return ([run for run in found if isinstance(run, sides.Run)],
            [run for run in found if isinstance(run, Left)])


def by_machine(runs: Sequence[sides.Run]) -> Dict[str, List[sides.Run]]:
    """The runs of each machine, by its id, in the order given."""
    found: Dict[str, List[sides.Run]] = {}
    for run in runs:
        found.setdefault(machine.of(run.record).id, []).append(run)
    return found


def why_alone(side: str, runs: Sequence[sides.Run], others: Sequence[
        machine.Machine]) -> str:
    """Why a machine of one side has no partner."""
    own = machine.of(runs[0].record)
    other = SIDES[1 - SIDES.index(side)]
    if any(own.is_named != one.is_named and own.family == one.family
           for one in others):
        return (f"only {side}: {other} has runs of such a CPU that "
                f"{'name no host' if own.is_named else 'name their host'}")
    return f"only {side}"


def sort(before: Sequence[sides.Run], after: Sequence[sides.Run],
         wanted: Wanted, force: bool) -> Sorted:
    """Which runs are to be compared with which."""
    both = by_machine(before), by_machine(after)
    known = {key: machine.of(runs[0].record)
             for side in both for key, runs in side.items()}
    names = machine.distinct_names(list(known.values()))
    known = {key: one._replace(name=names[key]) for key, one in
             known.items()}
    found = Sorted([], [], [])
    for key, one in sorted(known.items(), key=lambda item: item[1].name):
        first, second = (side.get(key, []) for side in both)
        if not first or not second:
            place = 0 if first else 1
            others = [known[other] for other in both[1 - place]]
            found.left_out.append(Left(one.name, one.family, why_alone(
                SIDES[place], first or second, others)))
            continue
        why = machine.doubtful(first, second)
        if why and not force:
            found.refused.append(Left(one.name, one.family, why))
        else:
            found.tasks.append(Task(one, first, second, wanted._replace(
                refused=[why] if why else []), force))
    return found


def objections(task: Task) -> List[str]:
    """Why a machine's runs may not be compared."""
    runs = [*task.before, *task.after]
    return admission.objections(runs, task.force)


def labelled(found: Sequence[Compared]) -> pd.DataFrame:
    """The rows of all arms; with several a row's name has its arm."""
    tables = []
    for one in found:
        arm = one.pair.before.removeprefix("before").strip()
        table = one.rows.assign(arm=arm, row=[
            f"{name} ({arm})" if len(found) > 1 else str(name)
            for name in one.rows.index])
        tables.append(table.set_index("row"))
    return pd.concat(tables)


def notes_of(task: Task, found: Sequence[Compared]) -> List[str]:
    """What is to be known of the pairing, and of the comparison."""
    return list(dict.fromkeys(
        [*machine.pairing_notes([*task.before, *task.after]),
         *(line for one in found for line in one.warnings),
         *(f"probe: {one.pair.probe.reason.split(': ', 1)[-1]}"
           for one in found if not one.pair.probe.adjusted),
         *(trap for one in found for trap in one.pair.traps)]))


def member_of(task: Task, found: Sequence[Compared], forced: Sequence[str]
              ) -> Member:
    """What is kept of a machine's comparison."""
    pair, known = found[0].pair, [one.reliable for one in found]
    return Member(
        task.machine, labelled(found),
        f"{pair.found.count} {pair.found.kind.value}", pair.found.same_boot,
        {one.pair.before.removeprefix("before").strip(): one.tax
         for one in found}, found[0].controls,
        False if False in known else None if None in known else True,
        list(dict.fromkeys(item for one in found
                           for item in one.pair.differences)),
        notes_of(task, found), task.wanted.smallest_effect, emulated.line(
            run.record for run in (*pair.first, *pair.second)),
        list(forced), [run.folder for run in task.after])


def compare_one(task: Task) -> Union[Member, Left]:
    """What an ordinary comparison says of a machine, or why it may not."""
    try:
        refused = [*task.wanted.refused, *objections(task)]
        if refused and not task.force:
            return Left(task.machine.name, task.machine.family,
                        load.printable("; ".join(refused)))
        found = [comparison.compare(pair, task.wanted._replace(
            refused=refused)) for pair in pairs.of(task.before, task.after)]
        return member_of(task, found, refused)
    except load.BadInput as problem:
        return Left(task.machine.name, task.machine.family, str(problem))


def processes(count: int) -> int:
    """How many processes compare so many machines."""
    return min(len(os.sched_getaffinity(0)), PROCESSES_MOST,
               -(-count // A_PROCESS))


def compare_all(tasks: Sequence[Task]) -> List[Union[Member, Left]]:
    """compare_one() of each, side by side where there are many."""
    if processes(len(tasks)) < 2:
        return [compare_one(task) for task in tasks]
    try:
        with ProcessPoolExecutor(processes(len(tasks))) as pool:
            return list(pool.map(compare_one, tasks, chunksize=2))
    except BrokenProcessPool:
        raise load.BadInput("a process that compared machines was killed, "
                            "perhaps for want of memory") from None


def earlier_of(task: Task, earlier: Sequence[sides.Run]) -> List[sides.Run]:
    """The earlier runs that may tell of a machine's boots."""
    alike = {allowance.setting(run) for run in (*task.before, *task.after)}
    return [run for run in earlier if allowance.setting(run) in alike]


def compare(before: Sequence[Path], after: Sequence[Path], wanted: Wanted,
            named: Optional[float], force: bool
            ) -> Tuple[List[Member], List[Left], List[Left]]:
    """The machines that could be compared, the refused, those of one side.

    named: the smallest effect that was asked for, if one was.
    """
    (first, bad), (second, worse) = read_side(before), read_side(after)
    runs = [*first, *second]
    sides.check_distinct(runs)
    found = sort(first, second, wanted, force)
    earlier = allowance.beside(runs)
    tasks = [task._replace(wanted=task.wanted._replace(
        earlier=earlier_of(task, earlier),
        smallest_effect=comparison.smallest_effect(
            named, [*task.before, *task.after]))) for task in found.tasks]
    said = compare_all(tasks)
    return ([one for one in said if isinstance(one, Member)],
            [*bad, *worse, *found.refused,
             *(one for one in said if isinstance(one, Left))],
            found.left_out)
