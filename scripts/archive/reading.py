# SPDX-License-Identifier: MIT
"""Reads a run folder into what a history keeps of it."""

import contextlib
import json
import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import (Any, Container, Dict, Iterable, Iterator, List,
                    NamedTuple, Optional, Sequence, Tuple)

from analysis import load, sides
from analysis.output import BadInput
from archive import files, identity, kernels, scan

ROWS_MOST = 20000       # of a summary
NAME_MOST = 100         # characters of a benchmark or an arm
ALONE_MOST = 200        # folders that one process reads
READERS = 2
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", re.ASCII)
FORMS = {"int64": load.INTEGER.pattern, "float64": load.REAL.pattern}
KEPT = ("quiet_ns", "quiet_low_ns", "quiet_high_ns", "median_ns", "launches")

Cost = Tuple[Any, ...]  # benchmark, arm, quiet, low, high, median ns,
#                         launches, flags


class Facts(NamedTuple):
    """A run, as the table of runs has it but for the numbers of names."""

    machine: identity.Machine
    state: str
    setting: str
    arm: str
    started: str
    label: str
    release: str
    kernel: str
    boot: str           # "" where it is not known
    microcode: str
    tool: str
    profile: str
    complete: bool
    serious: str        # ids of doubts


class Read(NamedTuple):
    """What became of a folder: facts and costs, or why there are none."""

    found: scan.Found
    key: str = ""
    reason: str = ""
    facts: Optional[Facts] = None
    costs: Tuple[Cost, ...] = ()


def form_of(column: load.Column) -> str:
    """The regular expression of a field."""
    if column.dtype == "category":
        return column.pattern
    return FORMS[column.dtype] + ("|" if column.empty else "")


def line_form() -> str:
    """A line of summary.csv; groups are the columns that are kept.

    What was added behind those of load.SUMMARY is passed over.
    """
    names = ("benchmark", "arm", *KEPT, "flags")
    parts = [(f"(?P<{name}>{{}})" if name in names else "(?:{})").format(
        re.sub(r"[(](?![?])", "(?:", form_of(column)))
        for name, column in load.SUMMARY.items()]
    return ",".join(parts) + r"(?:,[^,\0\n]*)*"


LINE = re.compile(line_form(), re.ASCII)
LEAST = [load.SUMMARY[name].least for name in KEPT]


def numbers_of(fields: Sequence[str]) -> List[Optional[float]]:
    """The kept numbers of a line; None for what is empty."""
    return [float(field) if field else None for field in fields]


def admitted(numbers: Sequence[Optional[float]]) -> bool:
    """Whether each lies within what its column may hold."""
    return all(value is None or least <= value <= load.COST.most
               for value, least in zip(numbers, LEAST))


def cost_of(line: str, columns: load.Columns) -> Cost:
    """One line of summary.csv; load says what is wrong with a bad one."""
    fields = LINE.fullmatch(line)
    numbers = numbers_of(fields.group(*KEPT)) if fields else []
    if fields is None or not admitted(numbers) or (
            line.count(",") + 1 != len(columns)):
        raise BadInput(load.fault(line, columns) or "a figure out of bounds")
    names = fields.group("benchmark", "arm")
    if max(map(len, names)) > NAME_MOST:
        raise BadInput(f"a name of over {NAME_MOST} characters")
    *costs, launches = numbers
    return (*names, *costs, int(launches or 0),
            fields["flags"][:identity.TEXT_MOST])


def columns_of(head: str) -> load.Columns:
    """The columns by the first line: those of load, and any behind them."""
    names = head.split(",")
    if names[:len(load.SUMMARY)] != list(load.SUMMARY):
        raise BadInput(f":1: the header is not {','.join(load.SUMMARY)}")
    added = names[len(load.SUMMARY):]
    return {**load.SUMMARY, **dict.fromkeys(added, load.ANYTHING)}


def costs_of(summary: bytes) -> Tuple[Cost, ...]:
    """The rows of summary.csv; BadInput begins with the line's number."""
    head, *lines = summary.decode(errors="backslashreplace").split("\n")
    columns = columns_of(head)
    if not lines or lines.pop():
        raise BadInput(f":{len(lines) + 2}: cut off in the middle")
    if not 0 < len(lines) <= ROWS_MOST:
        raise BadInput(f": {len(lines)} rows, 1 to {ROWS_MOST} can be")
    found: Dict[Tuple[str, str], Cost] = {}
    for number, line in enumerate(lines, 2):
        try:
            cost = cost_of(line, columns)
        except BadInput as problem:
            raise BadInput(f":{number}: {problem}") from None
        if found.setdefault(cost[:2], cost) is not cost:
            raise BadInput(f":{number}: a second row of {cost[0]}, {cost[1]}")
    return tuple(found.values())


def record_of(content: bytes) -> Dict[str, Any]:
    """The object in run.json."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise BadInput(f": not JSON that can be read: {problem}") from None
    if not isinstance(found, dict):
        raise BadInput(": not a JSON object")
    return found


def run_of(folder: Path, record: Dict[str, Any]) -> sides.Run:
    """The run, if it is of the format that is known here."""
    run = sides.Run(folder, record)
    schema = run.fact("schema")
    if schema != sides.SCHEMA or isinstance(schema, bool):
        raise BadInput(f": no schema {sides.SCHEMA}")
    if not run.arms:
        raise BadInput(": no arm was run")
    return run


def serious_of(record: Dict[str, Any]) -> str:
    """The ids of the doubts that are serious."""
    doubts = record.get("doubts")
    ids = [identity.text(load.fact(doubt, "id"))
           for doubt in (doubts if isinstance(doubts, list) else ())
           if load.fact(doubt, "severity") == "serious"]
    return " ".join(ids)[:identity.TEXT_MOST]


def facts_of(run: sides.Run) -> Facts:
    """What a run tells of itself."""
    release = identity.text(run.fact("environment", "kernel", "release"))
    started = run.started if TIME.fullmatch(run.started) else ""
    return Facts(
        identity.machine_of(run.record), identity.state_of(run),
        identity.setting_of(run), identity.text(run.arms[0]), started,
        identity.text(run.fact("run", "label")), release,
        kernels.order(release),
        "" if run.boot == sides.UNKNOWN_BOOT else identity.text(run.boot),
        identity.text(run.fact("environment", "cpu", "microcode")),
        identity.text(run.fact("tool", "version")),
        identity.text(run.fact("run", "profile")),
        run.fact("complete") is True, serious_of(run.record))


@contextlib.contextmanager
def of_file(name: str) -> Iterator[None]:
    """What is wrong, with the file's name before it."""
    try:
        yield
    except BadInput as problem:
        raise BadInput(f"{name}{problem}") from None


def parsed(found: scan.Found, record: bytes, summary: bytes, key: str
           ) -> Read:
    """Everything that is kept of a run."""
    with of_file(files.RECORD):
        facts = facts_of(run_of(Path(found.path), record_of(record)))
    with of_file(files.SUMMARY):
        costs = costs_of(summary)
    return Read(found, key, "", facts, costs)


def read(found: scan.Found, known: Container[str] = ()) -> Read:
    """A run folder, or why it cannot be taken in.

    One whose key is known was moved or only touched: it is not parsed.
    """
    try:
        found.path.encode()
        record, summary = files.both(Path(found.path))
        key = files.key_of(record, summary)
        return (Read(found, key) if key in known
                else parsed(found, record, summary, key))
    except UnicodeEncodeError:
        return Read(found, reason="its name is no UTF-8")
    except BadInput as problem:
        said = str(problem).removeprefix(f"{found.path}/")
        return Read(found, reason=said[:identity.TEXT_MOST])


class Reader:
    """Reads folders, knowing the keys of runs that are there already."""

    def __init__(self, known: Container[str]) -> None:
        self.known = known

    def __call__(self, found: scan.Found) -> Read:
        return read(found, self.known)


def read_all(founds: List[scan.Found], known: Container[str]
             ) -> Iterable[Read]:
    """Every folder in its order; many of them by several processes."""
    reader = Reader(known)
    if len(founds) <= ALONE_MOST:
        yield from map(reader, founds)
        return
    with ProcessPoolExecutor(READERS, get_context("fork")) as pool:
        yield from pool.map(reader, founds, chunksize=50)
