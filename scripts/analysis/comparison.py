# SPDX-License-Identifier: MIT
"""Compares two sides: rows, crossing tax, controls, how far to trust it."""

import re
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import pandas as pd

from analysis import (allowance, crossing, emulated, inference, load, pairs,
                      sides, units, verdict)
from analysis.pairs import Pair

CALLS_RATIO = 1.5       # of batch sizes: beyond, a row says so
SMALLEST = 0.01         # effect that matters, where none is named
EMULATED = 0.05         # the same of an emulator, which has signs and no sizes
OUTLYING = 0.05         # of a boot's rows from its side's, in the middle
COLUMNS = ["benchmark", "before_ns", "after_ns", "difference_ns",
           "difference_percent", "ci_low_percent", "ci_high_percent",
           "p_adjusted", "verdict", "notes", "emulated"]
BESIDE = ["raw_difference_percent", "raw_ci_low_percent",
          "raw_ci_high_percent", "smallest_effect_percent", "further_units",
          "allowance_percent", "t_low_percent", "t_high_percent", "control",
          "entries"]


class Wanted(NamedTuple):
    """What the caller asks for."""

    smallest_effect: float = SMALLEST
    fail_above: Optional[float] = None
    benchmarks: Optional[str] = None        # a regular expression
    refused: Sequence[str] = ()     # why it should not be, where forced
    history: Optional[Path] = None  # what knows how far boots lie apart
    earlier: Optional[Sequence[sides.Run]] = None   # None: looked for


class Compared(NamedTuple):
    """A pair's result."""

    pair: Pair
    rows: pd.DataFrame      # COLUMNS, BESIDE and gate, a row a benchmark
    tax: Optional[crossing.Common]          # ns an entry
    tax_fit: Dict[str, float]
    controls: Optional[crossing.Common]     # a share
    reliable: Optional[bool]    # None: no control rows
    changed: bool               # the machine's speed, for certain
    warnings: List[str]
    allowance: str              # in a line; "" where none is needed
    missing: Tuple[List[str], List[str]]    # only before, only after


def smallest_effect(named: Optional[float], runs: Sequence[sides.Run]
                    ) -> float:
    """The smallest effect that matters: the one named, if one is."""
    is_emulated = any(emulated.by(run.record) for run in runs)
    return named if named is not None else (
        EMULATED if is_emulated else SMALLEST)


def percent(logs: np.ndarray) -> np.ndarray:
    """The per cent that the logs of ratios stand for."""
    return 100 * np.expm1(logs)


def allowed(pair: Pair, names: Sequence[str], wanted: Wanted
            ) -> Optional[allowance.Allowance]:
    """What two boots, or two runs, may differ by without a reason."""
    if pair.found.kind not in (units.Kind.LAUNCHES, units.Kind.FEW_BOOTS):
        return None
    runs, same_boot = [*pair.first, *pair.second], pair.found.same_boot
    found = allowance.find(runs, names, same_boot, len(names), wanted.earlier)
    if wanted.history is None:
        return found
    from archive import allowing    # which is built upon this package
    return allowing.by_history(wanted.history, found, runs, same_boot)


def shifts(found: units.Units, family: int) -> pd.DataFrame:
    """Relative shifts: log, low, high, p; and ns; by benchmark."""
    logs = units.effect(found.map(np.log), family)
    ns = units.effect(found, family)
    p = logs.p if logs.joint else inference.holm(logs.p)
    if found.kind is units.Kind.LAUNCHES and not found.same_boot:
        p = np.full(len(p), np.nan)     # launches are no replicates then
    return pd.DataFrame(
        {"log": logs.estimate, "low": logs.low, "high": logs.high, "p": p,
         "ns": ns.estimate, "ns_low": ns.low, "ns_high": ns.high},
        found.before.columns)


def table(pair: Pair, wanted: Wanted, names: Sequence[str],
          slack: Optional[allowance.Allowance]) -> pd.DataFrame:
    """The rows, without notes: COLUMNS and BESIDE, index benchmark."""
    found, raw = pair.found.of(names), pair.raw.of(names)
    shift, raw_shift = (shifts(one, len(names)) for one in (found, raw))
    logs = found.map(np.log)
    margin = np.expm1(slack.log) if slack else pd.Series(0.0, names)
    judged = pd.DataFrame({
        "share": np.expm1(shift["log"]), "low": np.expm1(shift["low"]),
        "high": np.expm1(shift["high"]),
        "delta": verdict.smallest(found.before.median(),
                                  wanted.smallest_effect,
                                  pd.Series(units.null_reach(logs), names))})
    judged["verdict"] = verdict.judge(judged["low"], judged["high"],
                                      judged["delta"], margin, shift["p"])
    more = verdict.needed(judged, found.kind, found.count, len(names))
    gate = verdict.gate(judged["low"], judged["high"],
                        wanted.fail_above or 0.0, margin)
    t_low, t_high = units.student(logs, len(names))
    return pd.DataFrame({
        "benchmark": names, "before_ns": found.before.median(),
        "after_ns": found.after.median(), "difference_ns": shift["ns"],
        "difference_percent": percent(shift["log"]),
        "ci_low_percent": percent(shift["low"]),
        "ci_high_percent": percent(shift["high"]),
        "p_adjusted": shift["p"], "verdict": judged["verdict"], "notes": "",
        "raw_difference_percent": percent(raw_shift["log"]),
        "raw_ci_low_percent": percent(raw_shift["low"]),
        "raw_ci_high_percent": percent(raw_shift["high"]),
        "smallest_effect_percent": 100 * judged["delta"],
        "further_units": more, "allowance_percent": 100 * margin,
        "t_low_percent": percent(t_low), "t_high_percent": percent(t_high),
        "ns_low": shift["ns_low"], "ns_high": shift["ns_high"],
        "gate": gate,
    }, names)


def speed_of(pair: Pair, entered: pd.Series) -> Optional[crossing.Common]:
    """The ratio of the machine's speed, less 1, by its user-space rows."""
    found = crossing.speed(pair.found.of(list(entered.index)).map(np.log),
                           entered)
    return found and found._replace(
        estimate=float(np.expm1(found.estimate)),
        low=float(np.expm1(found.low)), high=float(np.expm1(found.high)))


def has_changed(controls: Optional[crossing.Common], wanted: Wanted) -> bool:
    """Whether the machine's speed was shown to be another."""
    return controls is not None and (
        controls.low > wanted.smallest_effect or
        controls.high < -wanted.smallest_effect)


def is_steady(controls: Optional[crossing.Common], wanted: Wanted
              ) -> Optional[bool]:
    """Whether the machine's speed was shown to be the same."""
    if controls is None:
        return None
    return (-wanted.smallest_effect <= controls.low and
            controls.high <= wanted.smallest_effect)


def calls_differ(pair: Pair, names: Sequence[str]) -> pd.Series:
    """A note by benchmark where a batch has another number of calls."""
    first, second = (pd.DataFrame([crossing.batch_calls(run)
                                   for run in side]).reindex(columns=names)
                     for side in (pair.first, pair.second))
    low, high = (np.fmin(first.min(), second.min()),
                 np.fmax(first.max(), second.max()))
    said = ("batches of " + low.map("{:.0f}".format) + " to " +
            high.map("{:.0f}".format) + " calls")
    return said.where(high > CALLS_RATIO * low, "")


def entries_differ(first: pd.Series, second: pd.Series) -> pd.Series:
    """A note by benchmark where a call enters another number of times."""
    said = ("enters the kernel " + first.map("{:.4g}".format) + " and " +
            second.map("{:.4g}".format) + " times a call")
    return said.where((first - second).abs() > 0.5 / 16, "")


def own_notes(rows: pd.DataFrame, found: units.Units) -> pd.DataFrame:
    """What a row says of itself: as measured, and what it would take."""
    raw = rows["raw_difference_percent"].map("as measured {:+.2f} %".format)
    unit = found.kind.value
    more = rows["further_units"].map(
        f"about {{:.0f}} more {unit} would do".format)
    endless = pd.Series("too near to the smallest effect to tell",
                        rows.index).where(
        np.isfinite(rows["ci_high_percent"] - rows["ci_low_percent"]),
        "these units scatter too much to tell")
    open_ones = rows["verdict"] == verdict.INCONCLUSIVE
    allowed_for = rows["allowance_percent"].map(
        "allowing ±{:.1f} % for another boot".format if not found.same_boot
        else "allowing ±{:.1f} % for another run".format)
    return pd.DataFrame({
        "raw": raw,
        "more": more.where(rows["further_units"].notna(), endless).where(
            open_ones & (rows["allowance_percent"] == 0), ""),
        "boots": pd.Series(
            "arms of one run would tell" if found.same_boot else
            f"{units.FLIPS_FROM} boots a side may tell", rows.index).where(
                open_ones & (rows["allowance_percent"] > 0), ""),
        "allowance": allowed_for.where(rows["allowance_percent"] > 0, "")})


def notes(rows: pd.DataFrame, pair: Pair, entered: Tuple[
        pd.Series, pd.Series], reliable: Optional[bool], forced: bool
        ) -> pd.Series:
    """All that is to be said of each row, "; " between."""
    parts = own_notes(rows, pair.found)
    parts.insert(0, "forced", "forced: these runs may not be compared"
                 if forced else "")
    parts.insert(0, "unreliable", "unreliable: the machine's speed changed"
                 if reliable is False else "")
    parts["entries"] = entries_differ(*entered)
    parts["calls"] = calls_differ(pair, list(rows.index))
    parts["extrapolated"] = ("extrapolated to a quiet core"
                             if pair.probe.extrapolated else "")
    return parts.agg(lambda row: "; ".join(filter(None, row)), axis=1)


def absent_rows(missing: Tuple[List[str], List[str]], pair: Pair
                ) -> pd.DataFrame:
    """The benchmarks of one side only, so that none is lost in silence."""
    first, second = missing
    return pd.DataFrame({
        "benchmark": [*first, *second],
        "before_ns": [*pair.found.before[first].median(),
                      *[np.nan] * len(second)],
        "after_ns": [*[np.nan] * len(first),
                     *pair.found.after[second].median()],
        "verdict": verdict.INCONCLUSIVE,
        "notes": [*["only before"] * len(first),
                  *["only after"] * len(second)],
        "gate": "inconclusive"}, [*first, *second])


def outlying_boots(pair: Pair) -> List[str]:
    """Boots most of whose rows lie off their side's others, a line each."""
    if pair.found.kind not in (units.Kind.BOOTS, units.Kind.FEW_BOOTS):
        return []
    said = []
    names = iter(sides.names_of([*pair.first, *pair.second]))
    for runs, side in ((pair.first, pair.found.before),
                       (pair.second, pair.found.after)):
        off = np.log(side / side.median()).median(axis=1)
        folders = dict(zip([run.boot for run in runs], names))
        said += [f"{folders[boot]} lies "
                 f"{percent(value):+.1f} % off its side's other boots: look "
                 "at its doubts" for boot, value in off.items()
                 if abs(value) > OUTLYING and len(side) > 2]
    return said


def few_boots(count: int) -> str:
    """What so few boots a side leave open: what chance does by itself."""
    if count == 1:
        return ("one boot on a side: how far its boots differ anyway cannot "
                "be known")
    return (f"{count} boots a side describe and do not test: where nothing "
            f"differs, a row's {count} pairs of boots all move one way in 1 "
            f"of {2 ** (count - 1)} comparisons, {units.FLIPS_FROM} pairs in "
            f"1 of {2 ** (units.FLIPS_FROM - 1)}")


def design_warnings(found: units.Units) -> List[str]:
    """What the choice of units leaves open."""
    said = []
    if found.kind is units.Kind.LAUNCHES and not found.same_boot:
        said.append("one boot a side: this describes two boots, and how far "
                    "boots differ anyway cannot be known from them; the "
                    f"intervals are of launches; {units.FLIPS_FROM} boots a "
                    "side can test it")
    elif found.kind is units.Kind.LAUNCHES:
        said.append("runs of one boot, no pairs: arms of one run (--arm) "
                    "tell more")
    elif found.kind is units.Kind.FEW_BOOTS:
        said.append(few_boots(found.count))
    if not found.alternated:
        said.append("one side after the other: drift is not controlled")
    if found.unused:
        said.append(f"{found.unused} boots of the longer side are not used: "
                    "nothing pairs them")
    return said


def warnings(pair: Pair, missing: Tuple[List[str], List[str]]) -> List[str]:
    """What is to be said of the comparison as a whole."""
    said = design_warnings(pair.found)
    confounding = [difference.fact for difference in pair.differences
                   if difference.kind == "confounds"]
    if confounding:
        said.append("more than what was meant differs: "
                    f"{', '.join(confounding)}")
    if pair.found.kind is units.Kind.LAUNCHES and sides.UNKNOWN_BOOT in (
            pair.first[0].boot, pair.second[0].boot):
        said.append("a run.json names no boot: taken for another one")
    said += [f"{len(names)} {'row' if len(names) == 1 else 'rows'} only "
             f"{side}"
             for names, side in zip(missing, ("before", "after")) if names]
    return said + outlying_boots(pair)


def said_of(pair: Pair) -> str:
    """What stands above the figures of a pair where one is an emulator's."""
    return emulated.line(run.record for run in (*pair.first, *pair.second))


def entering_of(pair: Pair, names: Sequence[str]
                ) -> Tuple[pd.Series, pd.Series]:
    """Kernel entries a call, before and after, by benchmark."""
    first, second = (crossing.entries(names, side[0])
                     for side in (pair.first, pair.second))
    return first, second


def compare(pair: Pair, wanted: Wanted) -> Compared:
    """Everything that is said of one pair.

    The machine's speed is judged by all rows, whichever are asked for.
    """
    everything = pairs.common_names(pair.found)
    if not everything:
        raise load.BadInput(f"{pair.before} and {pair.after} have no "
                            "benchmark in common; measure both with the same "
                            "--filter")
    names = pairs.matching(everything, wanted.benchmarks)
    missing = tuple([name for name in side if re.search(
        wanted.benchmarks or "", name)]
        for side in pairs.missing_names(pair.found))
    slack = allowed(pair, names, wanted)
    controls = speed_of(pair, np.maximum(*entering_of(pair, everything)))
    reliable = is_steady(controls, wanted)
    entered = entering_of(pair, names)
    rows = table(pair, wanted, names, slack)
    rows["entries"] = np.minimum(*entered)
    rows["control"] = np.maximum(*entered) == 0
    rows["notes"] = notes(rows, pair, entered, reliable,
                          bool(wanted.refused))
    plain = rows[crossing.explained(names, pair.first[0])]
    tax = crossing.tax(pair.found.of(list(plain.index)), plain["entries"])
    fit = tax_fit(tax, plain)
    if reliable is False:
        rows["gate"] = "inconclusive"
    rows = pd.concat([rows, absent_rows(missing, pair)])
    rows["emulated"] = emulated.TEXT if said_of(pair) else None
    return Compared(pair, rows, tax, fit, controls, reliable,
                    has_changed(controls, wanted), warnings(pair, missing),
                    slack.said if slack else "", missing)


def tax_fit(tax: Optional[crossing.Common], rows: pd.DataFrame
            ) -> Dict[str, float]:
    """How well the tax explains the rows that enter the kernel."""
    entering = rows[rows["entries"] >= crossing.ENTERS_FROM]
    if tax is None:
        return {}
    return crossing.fit_of(
        tax.estimate, entering["ns_low"] / entering["entries"],
        entering["ns_high"] / entering["entries"],
        entering["difference_ns"] / entering["entries"])


def compare_runs(before: Sequence[sides.Run], after: Sequence[sides.Run],
                 wanted: Wanted) -> List[Compared]:
    """Every pair's result: of a single run's arms, or of two sides."""
    return [compare(pair, wanted)
            for pair in pairs.of(before, after)]
