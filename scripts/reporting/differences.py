# SPDX-License-Identifier: MIT
"""What the rows mean: differences of rows, as scripts/contrasts says them."""

from typing import List, NamedTuple, Optional

from analysis import meaning
from analysis.columns import Line, texts_of
from reporting import text
from reporting.section import Section
from reporting.source import Source


class Statement(NamedTuple):
    """A line of the table; a remark by itself has a note only."""

    label: str
    figure: str = ""
    interval: str = ""
    note: str = ""


def readable(line: Line) -> Line:
    """A line whose times are in the unit that reads best, as elsewhere."""
    if not line.unit.startswith("ns"):
        return line
    scale, unit = text.unit_of(abs(line.ends[0]))
    value, low, high = (end / scale for end in line.ends)
    return line._replace(ends=(value, low, high),
                         unit=unit + line.unit.removeprefix("ns"))


def statements(source: Source) -> List[Statement]:
    """What can be said of the first arm, in order."""
    return [Statement("", note=line.strip()) if isinstance(line, str)
            else Statement(*texts_of(readable(line)))
            for line in meaning.lines_of(source.contrasts)]


def make(source: Source) -> Optional[Section]:
    """The section; None where no difference means anything."""
    if source.contrasts.found.empty:
        return None
    said = statements(source)
    few = list(meaning.few(source.contrasts.found))
    if not said:
        return None
    return Section("meaning", "What makes the difference",
                   "differences.html", {"statements": said, "few": few},
                   nav="Differences")
