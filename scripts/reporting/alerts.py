# SPDX-License-Identifier: MIT
"""What a reader must know before any figure: it stands above all of them."""

from typing import Any, Dict, List, NamedTuple

from analysis import emulated, load
from reporting import doubts, text

TOLD = ("emulated", "incomplete", "no_quiet")   # doubts said in other words


class Alert(NamedTuple):
    """A warning with what to do about it."""

    said: str
    remedy: str = ""


def of_record(record: Dict[str, Any]) -> List[Alert]:
    """The warnings of a run, the gravest first."""
    remedies = {one.id: one.remedy for one in doubts.of(record)}
    found = []
    said = emulated.line([record])
    if said:
        found.append(Alert(
            f"{said}. An emulator's figures: that something costs "
            "more can be seen here, how much more cannot.",
            remedies.get("emulated", "")))
    if load.fact(record, "complete") is False:
        why = text.fact(record, "problem")
        found.append(Alert("The run was not finished: this is what was "
                           f"measured of it{f' ({why})' if why else ''}.",
                           remedies.get("incomplete", "")))
    if load.fact(record, "probe", "no_quiet_moment") is True:
        found.append(Alert("The core was never quiet: the figures are of a "
                           "core that others shared.",
                           remedies.get("no_quiet", "")))
    found += [Alert(one.message or one.id, one.remedy)
              for one in doubts.of(record)
              if one.severity == "serious" and one.id not in TOLD]
    return found
