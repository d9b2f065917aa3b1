# SPDX-License-Identifier: MIT
"""The doubts about a run, the serious ones first, each with its remedy."""

from typing import Any, Dict, List, NamedTuple, Optional

from analysis import load
from reporting import text
from reporting.section import Section
from reporting.source import Source

SEVERITIES = {"serious": "serious", "doubt": "doubt", "note": "note"}
LISTED_MOST = 60
ORDER = list(SEVERITIES)


class Doubt(NamedTuple):
    """A reason to distrust a figure."""

    id: str
    severity: str
    message: str
    remedy: str


def doubt_of(found: Any) -> Doubt:
    """A doubt of run.json; what has no known severity is a doubt."""
    severity = load.fact(found, "severity")
    return Doubt(text.of(load.fact(found, "id"), 60),
                 severity if severity in ORDER else "doubt",
                 text.of(load.fact(found, "message")),
                 text.of(load.fact(found, "remedy")))


def of(record: Dict[str, Any]) -> List[Doubt]:
    """A run's doubts, the most serious first."""
    told = load.fact(record, "doubts")
    found = [doubt_of(one)
             for one in (told if isinstance(told, list) else ())[:LISTED_MOST]
             if isinstance(one, dict)]
    return sorted(found, key=lambda one: ORDER.index(one.severity))


def make(source: Source) -> Optional[Section]:
    """The section: also where there is no doubt, which is worth saying."""
    if not source.record or "doubts" not in source.record:
        return None
    return Section("doubts", "What to doubt", "doubts.html",
                   {"doubts": of(source.record)}, nav="Doubts",
                   figures=False)
