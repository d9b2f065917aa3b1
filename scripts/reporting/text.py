# SPDX-License-Identifier: MIT
"""Figures and texts of a run as the page shows them."""

from typing import Any, Dict, List, Tuple

import numpy as np

from analysis import load

TEXT_MOST = 600         # letters of a text that a run brings
TIMES = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1, "ns"))


def number(value: float) -> str:
    """Three digits or so, never as a power of ten; "–" for not known."""
    return fixed(value, value)


def fixed(value: float, like: float) -> str:
    """A number with as many decimals as another is shown with."""
    if not np.isfinite(value):
        return "–"
    digits = 2 if abs(like) < 10 else 1 if abs(like) < 100 else 0
    return f"{value:,.{digits}f}"


def span(low: float, high: float, like: float) -> str:
    """An interval with the decimals of its middle; "" for none."""
    if not (np.isfinite(low) and np.isfinite(high)):
        return ""
    return f"{fixed(low, like)} – {fixed(high, like)}"


def unit_of(ns: float) -> Tuple[float, str]:
    """The unit that a time reads best in: its ns and its name."""
    return next((one for one in TIMES if ns >= one[0]), TIMES[-1])


def time(ns: float) -> str:
    """A time in the unit that reads best: 141 ns, 12.3 µs."""
    if not np.isfinite(ns):
        return "–"
    scale, unit = unit_of(ns)
    return f"{number(ns / scale)} {unit}"


def time_span(low: float, high: float, like: float) -> str:
    """An interval in the unit and with the decimals of its middle."""
    scale, _ = unit_of(like)
    return span(low / scale, high / scale, like / scale)


def times(ratio: float) -> str:
    """How many times something goes into something else."""
    if not np.isfinite(ratio):
        return "–"
    return f"{ratio:,.{1 if ratio < 9.95 else 0}f}"


def small(value: float) -> str:
    """Three digits, however small; "–" for not known."""
    if not np.isfinite(value):
        return "–"
    digits = int(np.clip(2 - np.floor(np.log10(abs(value) or 1)), 0, 6))
    return f"{value:,.{digits}f}"


def size(bytes_: float) -> str:
    """Bytes by three digits in the unit that reads best."""
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if bytes_ >= unit:
            return f"{small(bytes_ / unit)} {name}"
    return f"{small(bytes_)} bytes"


def of(found: Any, most: int = TEXT_MOST) -> str:
    """A text of a run, safe for a terminal and bounded; "" if it is none."""
    if isinstance(found, bool):
        return "yes" if found else "no"
    if isinstance(found, (int, float)):
        return f"{found:g}" if np.isfinite(found) else ""
    if not isinstance(found, str):
        return ""
    text = load.printable(found[:most + 1])
    return text if len(text) <= most else f"{text[:most]}…"


def fact(record: Dict[str, Any], path: str, most: int = TEXT_MOST) -> str:
    """What lies under a path like environment/cpu/model, as text."""
    return of(load.fact(record, *path.split("/")), most)


def listed(names: List[str], most: int = 6) -> str:
    """Some names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
