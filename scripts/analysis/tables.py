# SPDX-License-Identifier: MIT
"""A comparison for programs: CSV and JSON.

Whatever comes from a run is made printable, and harmless to a spreadsheet
(which takes a text that begins with =, +, - or @ for a formula).
"""

import json
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import pandas as pd

from analysis import comparison, crossing, load, verdict
from analysis.comparison import Compared, Wanted, said_of
from analysis.sentences import emulated_lines, forced_lines, pair_name

FORMULA = ("=", "+", "-", "@")
TEXTS = ["pair", "benchmark", "notes"]


def harmless(texts: pd.Series) -> pd.Series:
    """Texts that no spreadsheet takes for a formula, in printable letters."""
    printable = texts.astype(str).map(load.printable)
    return printable.where(~printable.str.startswith(FORMULA),
                           "'" + printable)


def csv_rows(found: Sequence[Compared]) -> pd.DataFrame:
    """The rows of all pairs; a leading column `pair` where several."""
    tables = [one.rows[comparison.COLUMNS].assign(pair=pair_name(one))
              for one in found]
    rows = pd.concat(tables, ignore_index=True)
    rows = rows.replace([np.inf, -np.inf], np.nan)
    rows[TEXTS] = rows[TEXTS].apply(harmless)
    several = ["pair"] if len(found) > 1 else []
    return rows[[*several, *comparison.COLUMNS]]


def as_csv(found: Sequence[Compared], wanted: Wanted) -> str:
    """For a spreadsheet or a program."""
    return csv_rows(found).to_csv(index=False, float_format="%.6g",
                                  lineterminator="\n")


def spread_percent(side: pd.DataFrame) -> pd.Series:
    """The standard deviation over the units, in per cent of their mean."""
    return 100 * side.std() / side.mean()


def lkp_lines(one: Compared) -> List[str]:
    """A pair in the columns of the kernel test robot's mails."""
    found = one.pair.found
    first, second = map(spread_percent, (found.before, found.after))
    known = one.rows.dropna(subset=["before_ns", "after_ns"])
    return [
        *(f"# {line}" for line in emulated_lines(one)),
        f"{one.pair.before:>16} {one.pair.after:>28}",
        f"{'-' * 16} {'-' * 28}",
        f"{'%stddev':>16} {'%change':>11} {'%stddev':>16}",
        *(f"{before:>10.2f} ±{first[name]:3.0f}% {change:>+10.1f}% "
          f"{after:>10.2f} ±{second[name]:3.0f}%  {load.printable(name)}."
          "ns_per_call"
          for name, before, after, change in zip(
              known.index, known["before_ns"], known["after_ns"],
              known["difference_percent"]))]


def as_lkp(found: Sequence[Compared], wanted: Wanted) -> str:
    """As the kernel test robot writes to lists: no interval, no verdict."""
    blocks = ["\n".join(lkp_lines(one)) for one in found]
    return "\n".join([*forced_lines(wanted), "\n\n".join(blocks), ""])


def plain(value: Any) -> Any:
    """A value as JSON has it: no NaN, no infinity, no NumPy."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value


def rows_json(one: Compared, several: bool) -> List[Dict[str, Any]]:
    """The rows, with more columns than the CSV has."""
    columns = [*comparison.COLUMNS, *comparison.BESIDE]
    records = one.rows.reindex(columns=columns).to_dict("records")
    lead = {"pair": pair_name(one)} if several else {}
    return [{**lead, **{key: plain(value) for key, value in row.items()}}
            for row in records]


def tax_json(one: Compared) -> Optional[Dict[str, Any]]:
    """The crossing tax; null where no row enters the kernel."""
    if one.tax is None:
        return None
    ghz = crossing.core_ghz([*one.pair.first, *one.pair.second])
    found = {"ns": one.tax.estimate, "low_ns": one.tax.low,
             "high_ns": one.tax.high, "cycles": one.tax.estimate * ghz,
             "rows": one.tax.rows, **one.tax_fit}
    return {key: plain(value) for key, value in found.items()}


def controls_json(one: Compared) -> Optional[Dict[str, Any]]:
    """How the user-space rows moved; null where there are none."""
    if one.controls is None:
        return None
    found = {"percent": 100 * one.controls.estimate,
             "low_percent": 100 * one.controls.low,
             "high_percent": 100 * one.controls.high,
             "rows": one.controls.rows}
    return {**{key: plain(value) for key, value in found.items()},
            "moved": list(verdict.moved_controls(one.rows).index)}


def pair_json(one: Compared, several: bool) -> Dict[str, Any]:
    """Everything about one pair."""
    pair = one.pair
    return {
        "pair": pair_name(one), "emulated": said_of(pair) or None,
        "unit": pair.found.kind.value,
        "units": pair.found.count, "warnings": one.warnings,
        "adjusted": pair.probe.adjusted, "probe": pair.probe.reason,
        "allowance": one.allowance or None,
        "differs": [item._asdict() for item in pair.differences],
        "traps": pair.traps,
        "crossing_tax": tax_json(one), "controls": controls_json(one),
        "reliable": one.reliable, "only_before": one.missing[0],
        "only_after": one.missing[1], "rows": rows_json(one, several)}


def as_json(found: Sequence[Compared], wanted: Wanted) -> str:
    """For a program: a pair's own keys, or those of several by its name."""
    several = len(found) > 1
    pairs = [pair_json(one, several) for one in found]
    top: Dict[str, Any] = dict(pairs[0])
    if several:
        known = [pair["reliable"] for pair in pairs]
        top = {key: {pair["pair"]: pair[key] for pair in pairs}
               for key in ("differs", "crossing_tax", "controls")}
        top["emulated"] = pairs[0]["emulated"]  # pairs are of the same runs
        top["reliable"] = (False if False in known else
                           None if None in known else True)
        top["rows"] = [row for pair in pairs for row in pair["rows"]]
        top["pairs"] = [{key: value for key, value in pair.items()
                         if key != "rows"} for pair in pairs]
    head = {"schema": 1, "forced": list(wanted.refused),
            "smallest_effect_percent": 100 * wanted.smallest_effect}
    return json.dumps({**head, **top}, indent=1, allow_nan=False,
                      ensure_ascii=True) + "\n"
