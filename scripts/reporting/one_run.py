# SPDX-License-Identifier: MIT
"""The page of one run, and of its arms where it has several.

A section more is a module with make(source), and a line in SECTIONS.
"""

from typing import Callable, List, Mapping, Optional, Sequence

from analysis.figure import describe_machine
from reporting import (alerts, calls, differences, doubts, headline, ladder,
                       machine, scaling, sheet, sizes, strip, text)
from reporting.page import Page
from reporting.section import Section
from reporting.source import Source

Maker = Callable[[Source], Optional[Section]]

# In the order in which they stand.
SECTIONS: List[Maker] = [
    headline.make, doubts.make, ladder.make, differences.make, sizes.make,
    strip.make, calls.make, scaling.make, sheet.make, machine.make]
AFTER_HEADLINE, AFTER_DOUBTS = headline.make, doubts.make
TITLE = "What a system call costs here"


def sections(source: Source, more: Mapping[Maker, Sequence[Section]]
             ) -> List[Section]:
    """All that the run has something for, and what stands behind each."""
    found: List[Section] = []
    for make in SECTIONS:
        section = make(source)
        found += [section] if section else []
        found += more.get(make, ())
    return found


def page(source: Source, more: Mapping[Maker, Sequence[Section]] = {}
         ) -> Page:
    """A run's page; more: what needs more than the run, behind which maker's
    section (there or not)."""
    found = sections(source, more)
    label = text.fact(source.record, "run/label", 120)
    title = ": ".join(filter(None, [TITLE, label]))
    if source.rows.empty:
        source.lacks.append("nothing was measured: there are no rows")
    return Page(title, describe_machine(source.record),
                alerts.of_record(source.record), source.lacks,
                source.emulated, found,
                [text.of(source.folder.resolve().name)],
                text.fact(source.record, "tool/version", 40))
