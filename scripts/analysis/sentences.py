# SPDX-License-Identifier: MIT
"""Figures of a comparison as people read them."""

from typing import Dict, List, Sequence

import numpy as np

from analysis import crossing, load
from analysis.comparison import Compared, Wanted, said_of

LISTED_MOST = 8


def pair_name(one: Compared) -> str:
    """The pair's name for programs."""
    return f"{one.pair.before} -> {one.pair.after}"


def number_of(count: int, thing: str) -> str:
    """So many of a thing."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def ns(value: float) -> str:
    """Nanoseconds with the digits that mean something."""
    if not np.isfinite(value):
        return "-"
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return f"{value:,.{digits}f} ns"


def signed_ns(value: float) -> str:
    """The same of a difference."""
    return "-" if not np.isfinite(value) else (
        "+" if value >= 0 else "") + ns(value)


def pct(value: float) -> str:
    """A signed per cent; "-" for what is not known."""
    if not np.isfinite(value):
        return "-"
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:+,.{digits}f} %"


def span(low: float, high: float) -> str:
    """An interval of per cents; what is not bounded says so."""
    if not np.isfinite(low) or not np.isfinite(high):
        return "too few units"
    return f"[{pct(low)[:-2]}, {pct(high)[:-2]}]"


def tax_sentence(one: Compared) -> str:
    """The crossing tax with its interval and how well it explains."""
    tax, runs = one.tax, [*one.pair.first, *one.pair.second]
    if tax is None:
        return "no row that enters the kernel"
    if not np.isfinite(tax.low):
        return f"{signed_ns(tax.estimate)} a crossing: too few units for " \
               "an interval"
    ghz = crossing.core_ghz(runs)
    cycles = (f", {tax.estimate * ghz:+,.0f} cycles"
              if np.isfinite(ghz) else "")
    return (f"{signed_ns(tax.estimate)} a crossing [{tax.low:+,.2f}, "
            f"{tax.high:+,.2f}]{cycles}{constancy(tax, one.tax_fit)}")


def constancy(tax: crossing.Common, fit: Dict[str, float]) -> str:
    """How far one constant explains what the rows that enter differ by."""
    if tax.rows < 2:
        return ""
    if tax.low <= 0 <= tax.high:
        return "; that may be nothing"
    agreeing = int(fit["rows_agreeing"])
    few = "only " if 0 < 2 * agreeing < tax.rows else ""
    return (f"; one constant explains {100 * fit['explained']:.1f} % of a "
            f"middle row's difference: {few}{agreeing or 'none'} of "
            f"{tax.rows} rows that enter agree, half lie within "
            f"{ns(fit['spread_ns'])} of it")


def control_sentence(one: Compared) -> str:
    """Whether the machine's speed was shown to be the same."""
    found = one.controls
    if found is None:
        return ("no row that stays in user space: a change of the machine's "
                "speed would look like one of the kernel")
    said = (f"{number_of(found.rows, 'user-space row')}: "
            f"{pct(100 * found.estimate)} "
            f"{span(100 * found.low, 100 * found.high)}")
    if one.reliable:
        return f"{said}: equivalent, the machine's speed did not change"
    if one.changed:
        return (f"{said}: NOT equivalent, the machine's speed changed, so "
                "that every verdict is unreliable")
    return (f"{said}: not shown to be equivalent, the machine's speed may "
            "have changed, so that every verdict is unreliable")


def listed(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    shown = ", ".join(map(load.printable, names[:LISTED_MOST]))
    more = len(names) - LISTED_MOST
    return shown + (f" and {more} more" if more > 0 else "")


def threshold_sentence(one: Compared) -> str:
    """The smallest effect that counts, over the rows."""
    least, most = (f"{value:,.1f} %" for value in one.rows[
        "smallest_effect_percent"].agg(["min", "max"]))
    span_said = least if least == most else f"{least} to {most} by row"
    return (f"{span_said}: what was asked for, what "
            "A/A shows here, or 1 ns, whichever is most")


def gate_lines(one: Compared, found: str) -> List[str]:
    """What a gate has to say: the rows it found "fail" or "inconclusive"."""
    names = list(one.rows.index[one.rows["gate"] == found])
    if not names:
        return []
    said = ("slower than --fail-above allows" if found == "fail" else
            "--fail-above cannot be told")
    return [f"{pair_name(one)}: {said}: {listed(names)}"]


def forced_lines(wanted: Wanted) -> List[str]:
    """That the comparison was forced, and why it should not be."""
    return [f"FORCED: {load.printable(reason)}: these figures may mean "
            "nothing" for reason in wanted.refused]


def emulated_lines(one: Compared) -> List[str]:
    """That the figures are an emulator's, where any of them is."""
    return [said for said in [said_of(one.pair)] if said]


def gate_notes(one: Compared) -> List[str]:
    """What a gate that passes has to admit."""
    said = []
    if one.reliable is None:
        said.append(f"{pair_name(one)}: no user-space row tells whether the "
                    "machine's speed changed")
    if one.allowance:
        said.append(f"{pair_name(one)}: {one.allowance}; what passes does so "
                    "as far as these tell")
    return said
