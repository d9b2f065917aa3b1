# SPDX-License-Identifier: MIT
"""Reads a run folder into tables and says in a line what is wrong with it."""

import json
import re
import sys
import warnings
from csv import QUOTE_NONE
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path
from typing import Any, BinaryIO, Dict, List, Optional, Sequence, Union

import numpy as np
import pandas as pd

from analysis.output import BadInput, printable, run  # noqa: F401

ABOVE_ZERO = sys.float_info.min
SHOWN_MOST = 60      # characters of a bad field, in a message
HEADER_MOST = 1 << 16   # bytes
NO_MARKS = bytes(set(range(256)) - set(b",\n\0"))

INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
REAL = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", re.ASCII)
WORD = r"[A-Za-z0-9_+-][A-Za-z0-9._+-]*"


@dataclass(frozen=True)
class Column:
    """What may stand in a column; dtype is pandas' name, NaN is an empty."""

    dtype: str
    least: float = -inf
    most: float = inf
    empty: bool = False
    pattern: str = ""

    def admits_field(self, field: str) -> bool:
        """Whether one field, as it stands in the file, is admitted."""
        if self.dtype == "category":
            return re.fullmatch(self.pattern, field) is not None
        if not field:
            return self.empty
        form = INTEGER if self.dtype == "int64" else REAL
        return (form.fullmatch(field) is not None and
                self.least <= float(field) <= self.most and
                abs(float(field)) != inf)

    def admits(self, values: pd.Series) -> bool:
        """The same of a whole column that has been read."""
        if self.dtype == "category":
            return all(map(self.admits_field, values.cat.categories))
        within = values.between(self.least, self.most) & np.isfinite(values)
        return bool((within | values.isna() if self.empty else within).all())


Columns = Dict[str, Column]

ANYTHING = Column("category", pattern=r"[^\0]*")
BENCHMARK = Column("category", pattern=rf"{WORD}(/{WORD})+")
ARM = Column("category", pattern=WORD)
COUNT = Column("int64", 0)
ORDINAL = Column("int64", 1)
FLAG = Column("int64", 0, 1)
POSITIVE = Column("float64", ABOVE_ZERO)
COST = Column("float64", ABOVE_ZERO, 1e15)      # ns: eleven days
KNOWN_OR_NOT = Column("float64", ABOVE_ZERO, empty=True)
DIFFERENCE = Column("float64", empty=True)
COUNTED = Column("float64", 0, empty=True)
SHARE = Column("float64", 0, 1)

SAMPLES: Columns = {
    "launch": COUNT, "arm": ARM, "block": COUNT, "seq": COUNT,
    "benchmark": BENCHMARK, "calls": ORDINAL, "ticks": ORDINAL,
    "ns_per_call": COST, "cpu_ns": COUNT, "cpu": Column("int64", -1),
    "migrated": FLAG, "nivcsw": COUNT, "minflt": COUNT, "dirty": FLAG,
    "probe_before_ticks": COUNT, "probe_after_ticks": COUNT,
    "chain_before_ticks": COUNT, "chain_after_ticks": COUNT,
}

FOR_ESTIMATE = (
    "launch", "arm", "seq", "benchmark", "ns_per_call", "dirty",
    "probe_before_ticks", "probe_after_ticks", "chain_before_ticks",
    "chain_after_ticks",
)

SUMMARY: Columns = {
    "benchmark": BENCHMARK, "arm": ARM, "launches": ORDINAL,
    "batches": ORDINAL, "quiet_ns": POSITIVE, "quiet_low_ns": KNOWN_OR_NOT,
    "quiet_high_ns": KNOWN_OR_NOT, "confidence": Column(
        "float64", 0, 1, empty=True),
    "median_ns": POSITIVE, "median_low_ns": KNOWN_OR_NOT,
    "median_high_ns": KNOWN_OR_NOT, "floor_ns": POSITIVE, "p25_ns": POSITIVE,
    "p75_ns": POSITIVE, "mean_ns": POSITIVE, "mdape": Column("float64", 0),
    "median_ticks": POSITIVE, "net_ns": DIFFERENCE,
    "core_cycles": COUNTED, "dirty_share": SHARE, "quiet_share": SHARE,
    "flags": Column("category", pattern=r"([a-z_0-9]+( [a-z_0-9]+)*)?"),
}


def opened(path: Path) -> BinaryIO:
    """A plain file, opened: a pipe or a device would be waited for."""
    try:
        if path.exists() and not path.is_file():
            raise BadInput(f"{path}: not a file")
        return open(path, "rb")
    except FileNotFoundError as problem:
        raise BadInput(f"{path}: {problem.strerror}; a whole run "
                       "folder is needed") from None
    except OSError as problem:
        raise BadInput(f"{path}: {problem.strerror}") from None


def header(path: Path) -> List[str]:
    """The names of a CSV file's columns, as they stand in it."""
    with opened(path) as file:
        first = file.readline(HEADER_MOST).rstrip(b"\n")
    return first.decode(errors="backslashreplace").split(",")


def columns_of(path: Path, columns: Columns) -> Columns:
    """The columns of a file: these, and then any that were added later."""
    names = header(path)
    added = names[len(columns):]
    if names[:len(columns)] != list(columns):
        raise BadInput(f"{path}:1: the header is not {','.join(columns)}")
    if len(set(names)) < len(names) or not all(map(ARM.admits_field, added)):
        raise BadInput(f"{path}:1: not every column has a name of its own")
    return {**columns, **dict.fromkeys(added, ANYTHING)}


def fault(line: str, columns: Columns) -> Optional[str]:
    """What is wrong with one line; None where nothing is."""
    fields = line.split(",")
    if len(fields) != len(columns):
        return f"{len(fields)} fields, {len(columns)} are needed"
    return next((f'{name} cannot be "{field[:SHOWN_MOST]}"'
                 for (name, column), field in zip(columns.items(), fields)
                 if not column.admits_field(field)), None)


def first_fault(file: BinaryIO, columns: Columns) -> str:
    """Which line is the first that has a fault, and what it is."""
    file.seek(0)
    for number, line in enumerate(file, 1):
        text = line.rstrip(b"\n").decode(errors="backslashreplace")
        found = number > 1 and fault(text, columns)
        if found:
            return f":{number}: {found}"
        if not line.endswith(b"\n"):
            return f":{number}: cut off in the middle"
    return ": not a table"


def is_rectangle(file: BinaryIO, columns: Columns) -> bool:
    """Whether every line has as many fields as it should, and no NUL.

    To pandas a line with too few fields ends in empty ones, one with too
    many is fine where columns are picked, and a field ends at a NUL.
    """
    line, rest = b"," * (len(columns) - 1) + b"\n", b""
    for block in iter(lambda: file.read(1 << 18), b""):
        marks = rest + block.translate(None, NO_MARKS)
        count, left = divmod(len(marks), len(line))
        rest = marks[len(marks) - left:]
        if marks != line * count + rest:
            return False
    return not rest


def parse(file: BinaryIO, columns: Columns, only: Sequence[str]
          ) -> Optional[pd.DataFrame]:
    """The picked columns; None where a line is not as it should be."""
    file.seek(0)
    if not is_rectangle(file, columns):
        return None
    file.seek(0)
    empty = {name: [""] for name, column in columns.items() if column.empty}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            frame = pd.read_csv(
                file, header=0, index_col=False, engine="c",
                usecols=list(only), encoding_errors="backslashreplace",
                dtype={name: column.dtype
                       for name, column in columns.items()},
                na_filter=bool(empty), na_values=empty or None,
                keep_default_na=False, quoting=QUOTE_NONE,
                skip_blank_lines=False, lineterminator="\n")
    except (ValueError, OverflowError, Warning):
        return None
    fine = all(columns[name].admits(frame[name]) for name in frame)
    return frame if fine else None


def check_unique(path: Path, frame: pd.DataFrame, keys: List[str]) -> None:
    """Refuse a table that has two rows of the same keys."""
    again = frame.duplicated(keys).to_numpy()
    if again.any():
        row = int(again.argmax())
        shown = ", ".join(f"{key} {frame[key][row]}" for key in keys)
        raise BadInput(f"{path}:{row + 2}: a second row of {shown}")


def table(path: Path, columns: Columns, keys: List[str],
          only: Sequence[str] = ()) -> pd.DataFrame:
    """A CSV file that begins with these columns, one row for each keys.

    `only` picks columns, the keys among them; the others are not looked at,
    nor are any that the file has behind these. The C parser reads it whole;
    only where that fails are the lines looked at one by one, for the first
    that is wrong.
    """
    present = columns_of(path, columns)
    with opened(path) as file:
        frame = parse(file, present, only or list(columns))
        if frame is None:
            raise BadInput(f"{path}{first_fault(file, present)}")
    check_unique(path, frame, keys)
    return frame


def samples(folder: Union[str, Path], only: Sequence[str] = ()
            ) -> pd.DataFrame:
    """The batches of a run, one a row, in their true order.

    Columns are those of samples.csv; *_ns in ns, *_ticks in ticks of the
    run's counter; arm and benchmark are categories. `only` picks some, which
    saves time and memory: FOR_ESTIMATE has what quiet.estimate() needs.
    """
    return table(Path(folder) / "samples.csv", SAMPLES,
                 ["launch", "seq", "arm"], only)


def summary(folder: Union[str, Path]) -> pd.DataFrame:
    """The program's estimates, one a row for a benchmark and arm.

    Columns are those of summary.csv, in ns a call; what was not known is
    NaN, flags are words with a space between.
    """
    return table(Path(folder) / "summary.csv", SUMMARY, ["benchmark", "arm"])


def record(folder: Union[str, Path]) -> Dict[str, Any]:
    """What run.json says of the run; any key may be missing from it."""
    path = Path(folder) / "run.json"
    try:
        with opened(path) as file:
            found = json.load(file)
    except json.JSONDecodeError as problem:
        raise BadInput(f"{path}:{problem.lineno}: {problem.msg}") from None
    except (ValueError, RecursionError) as problem:
        raise BadInput(f"{path}: not JSON that can be read: "
                       f"{type(problem).__name__}") from None
    if not isinstance(found, dict):
        raise BadInput(f"{path}: not a JSON object")
    return found


def fact(found: Any, *keys: str) -> Any:
    """What lies under the keys of a record; None where it is not there."""
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found


def number(found: Any, *keys: str) -> Optional[float]:
    """The finite number under the keys of a record; None if it is none."""
    value = fact(found, *keys)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        value = float(value)
    except OverflowError:
        return None
    return value if isfinite(value) else None
