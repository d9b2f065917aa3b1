# SPDX-License-Identifier: MIT
"""Texts that stand in more than one place, and what is shown of a time."""

from datetime import datetime, timezone

# Under software emulation; scripts/analysis has the same text.
EMULATED = "emulated: signs and constancy only"


def now() -> str:
    """The time in UTC, as matrix.json has it."""
    return datetime.now(timezone.utc).isoformat(
        timespec="milliseconds").replace("+00:00", "Z")


def seconds_since(then: str) -> float:
    """Seconds since a time that now() gave, also in an earlier boot; a clock
    that was set back meanwhile gives 0."""
    began = datetime.fromisoformat(then.replace("Z", "+00:00"))
    past = datetime.now(timezone.utc) - began
    return round(max(past.total_seconds(), 0.0), 3)


def folder_stamp() -> str:
    """The time in UTC as names of result folders begin."""
    return datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")


def plural(count: int, thing: str) -> str:
    """So many things."""
    return f"{count} {thing}{'' if count == 1 else 's'}"
