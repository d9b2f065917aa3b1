# SPDX-License-Identifier: MIT
"""Tables as text for people and as CSV for programs.

Whatever came from a run is made printable, and in CSV harmless to a
spreadsheet, which takes a text that begins with =, +, - or @ for a formula.
"""

import csv
import sys
from typing import Any, Iterable, List, Sequence

from analysis.output import printable

FORMULA = ("=", "+", "-", "@")
SHOWN_MOST = 60     # characters of a cell on the screen

Row = Sequence[Any]


def shown(value: Any) -> str:
    """A text as terminals may have it; most are so as they are."""
    text = str(value)
    return text if text.isprintable() else printable(text)


def cell(value: Any) -> str:
    """A value for the screen; a number of ns with the digits that tell."""
    if value is None:
        return "-"
    if isinstance(value, float):
        digits = 2 if abs(value) < 100 else 1 if abs(value) < 1000 else 0
        return f"{value:,.{digits}f}"
    text = shown(value)
    return text if len(text) <= SHOWN_MOST else text[:SHOWN_MOST - 3] + "..."


def is_number(column: Sequence[Any]) -> bool:
    """Whether a column is of numbers, and stands to the right."""
    known = [value for value in column if value is not None]
    return bool(known) and all(isinstance(value, (int, float))
                               for value in known)


def in_columns(head: Sequence[str], rows: Sequence[Row]) -> List[str]:
    """The rows below their heads, each column as wide as it must be."""
    texts = [list(head), *([cell(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts)]
    right = [is_number(column) for column in zip(*rows)] or [False] * len(
        head)
    return ["  ".join(text.rjust(width) if to_right else text.ljust(width)
                      for text, width, to_right in zip(line, widths, right)
                      ).rstrip() for line in texts]


def harmless(value: Any) -> Any:
    """A cell for a spreadsheet: no formula, and printable; "" for none."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if value is None or isinstance(value, int):
        return value
    text = shown(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def write_csv(head: Sequence[str], rows: Iterable[Row], file: Any) -> None:
    """The rows as CSV."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([harmless(value) for value in row] for row in rows)


def put(head: Sequence[str], rows: Sequence[Row], form: str) -> None:
    """Print a table, as `text` or as `csv`."""
    if form == "csv":
        write_csv(head, rows, sys.stdout)
    else:
        print("\n".join(in_columns(head, rows)))
