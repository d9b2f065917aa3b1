# SPDX-License-Identifier: MIT
"""Figures with intervals, one a line, in columns for the screen."""

from typing import List, NamedTuple, Sequence, Tuple, Union

import numpy as np

KIB, MIB = 1 << 10, 1 << 20

Ends = Tuple[float, float, float]   # a value and its interval, NaN: unknown


class Line(NamedTuple):
    """A figure with its label and a note."""

    label: str
    ends: Ends
    unit: str
    note: str = ""


Text = Union[Line, str]     # a string stands by itself


def decimals(ends: Ends) -> int:
    """As many as tell something: two digits of the interval's width."""
    value, low, high = ends
    if high > low:
        return int(np.clip(1 - np.floor(np.log10(high - low)), 0, 2))
    return 2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0


def figure(value: float) -> str:
    """A number by itself, as the program's table has it."""
    return f"{value:.{decimals((value, np.nan, np.nan))}f}"


def size_text(size: float) -> str:
    """Bytes in the unit that reads best."""
    for unit, name in ((MIB, "MiB"), (KIB, "KiB")):
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size:.4g} byte{'' if size == 1 else 's'}"


def times(value: float, thing: str) -> str:
    """So many things; of few a tenth is told."""
    return f"{value:,.{0 if value >= 10 else 1}f} {thing}s"


def joined(*notes: str) -> str:
    """Notes in one, those that say nothing left out."""
    return "; ".join(filter(None, notes))


def texts_of(line: Line) -> Tuple[str, str, str, str]:
    """Label, figure, interval and note; what may be nothing is said so."""
    digits = decimals(line.ends)
    value, low, high = (f"{end:.{digits}f}" for end in line.ends)
    if line.ends[1] <= 0 <= line.ends[2]:
        return (line.label, f"~0 {line.unit}", f"[{low}, {high}]",
                joined("within the noise of 0", line.note))
    interval = f"[{low}, {high}]" if np.isfinite(line.ends[1]) else ""
    return line.label, f"{value} {line.unit}", interval, line.note


def in_columns(texts: Sequence[Text]) -> List[str]:
    """The lines as text, their figures below one another."""
    parts = [text if isinstance(text, str) else texts_of(text)
             for text in texts]
    label, value, interval = (
        max((len(part[column]) for part in parts
             if not isinstance(part, str)), default=0) for column in range(3))
    return [part if isinstance(part, str) else
            f"  {part[0]:<{label}}  {part[1]:>{value}}  "
            f"{part[2]:<{interval}}  {part[3]}".rstrip() for part in parts]
