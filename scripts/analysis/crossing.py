# SPDX-License-Identifier: MIT
"""What all rows have in common: the crossing's tax, the machine's speed."""

from typing import Any, Dict, NamedTuple, Optional, Sequence

import numpy as np
import pandas as pd

from analysis import emulated, load, rows, sides, units

ENTERS_FROM = 0.5       # kernel entries a call: fewer are a buffer's flushes


class Common(NamedTuple):
    """A shift that many rows share: ns an entry, or the log of a ratio."""

    estimate: float
    low: float
    high: float
    rows: int


def ways(names: Sequence[str], record: Dict[str, Any]) -> pd.Series:
    """How each benchmark's call goes, where its entries were not counted."""
    frame = pd.DataFrame({"benchmark": list(names), "flags": ""})
    return rows.split_names(frame, record)["way"].set_axis(names)


def entries(names: Sequence[str], run: sides.Run) -> pd.Series:
    """Kernel entries a call of each benchmark: counted, else as it says.

    By its name where a record has neither.
    """
    told = pd.Series(rows.entries_of(run.record),
                     dtype=float).reindex(names)
    if told.notna().all():
        return told
    guessed = ways(names, run.record).isin(["kernel", "legacy", "exception"])
    return told.fillna(guessed.astype(float))


def explained(names: Sequence[str], run: sides.Run) -> pd.Series:
    """Whether a benchmark's entries are all that crosses, as far as is told.

    A row that switches has another task's entries in it; one that faults
    enters without a call.
    """
    told = run.fact("benchmarks")
    works = {load.fact(row, "name"): bool(load.fact(row, "work"))
             for row in (told if isinstance(told, list) else ())}
    return pd.Series([not works.get(name, False) for name in names], names,
                     dtype=bool)


def per_unit(found: units.Units, scale: pd.Series) -> units.Units:
    """Each unit's shift from the first side's median, of a middle row.

    One column; scale divides each row's shift. Rows count alike, however
    much they scatter: what they share is asked for, not the quietest row's.
    """
    origin = found.before.median()

    def shift(side: pd.DataFrame) -> pd.DataFrame:
        return ((side - origin) / scale).median(axis=1).to_frame("common")
    return found._replace(before=shift(found.before),
                          after=shift(found.after))


def paired_shift(found: units.Units, scale: pd.Series) -> units.Units:
    """The same of paired units: the middle row of each pair's shifts."""
    shift = ((found.after - found.before.to_numpy()) / scale).median(axis=1)
    return found._replace(before=shift.to_frame("common") * 0,
                          after=shift.to_frame("common"))


def common(found: units.Units, scale: pd.Series) -> Optional[Common]:
    """The shift that the rows share, each unit having one: its middle row.

    The interval is that of a single benchmark; None without rows.
    """
    if found.before.shape[1] == 0:
        return None
    paired = found.kind in (units.Kind.PAIRS, units.Kind.BOOTS)
    of_units = (paired_shift if paired else per_unit)(found, scale)
    effect = units.effect(of_units, 1)
    return Common(float(effect.estimate[0]), float(effect.low[0]),
                  float(effect.high[0]), found.before.shape[1])


def tax(found: units.Units, entered: pd.Series) -> Optional[Common]:
    """What a crossing costs more, in ns an entry, over all rows that enter."""
    entering = entered[entered >= ENTERS_FROM]
    return common(found.of(list(entering.index)), entering)


def speed(logs: units.Units, entered: pd.Series) -> Optional[Common]:
    """The log ratio that the rows share which never leave user space."""
    staying = entered[entered == 0]
    return common(logs.of(list(staying.index)), staying + 1)


def fit_of(tax_ns: float, low: pd.Series, high: pd.Series,
           shift: pd.Series) -> Dict[str, float]:
    """How well one constant explains all; each (m), in ns an entry.

    rows_agreeing: whose own intervals hold it; spread_ns: the median
    distance of a row from it; explained: 1 less that over the median shift.
    """
    off = (shift - tax_ns).abs()
    size = shift.abs().median()
    return {"rows_agreeing": int(((low <= tax_ns) & (tax_ns <= high)).sum()),
            "spread_ns": float(off.median()),
            "explained": float(max(0, 1 - off.median() / size))
            if size > 0 else float("nan")}


def core_ghz(runs: Sequence[sides.Run]) -> float:
    """Core cycles a nanosecond, the median of the runs'; NaN: not known.

    An emulator has no cycles, whatever the chain of adds came to.
    """
    told = [load.number(run.record, "yardsticks", "core_ghz")
            for run in runs if not emulated.by(run.record)]
    known = [value for value in told if value and value > 0]
    return float(np.median(known)) if known else float("nan")


def batch_calls(run: sides.Run) -> pd.Series:
    """Calls in a batch of each benchmark of a run."""
    found = run.fact("benchmarks")
    pairs = [(load.fact(row, "name"), load.number(row, "batch_calls"))
             for row in (found if isinstance(found, list) else ())]
    return pd.Series({name: calls for name, calls in pairs
                      if isinstance(name, str)}, dtype=float)
