# SPDX-License-Identifier: MIT
"""Runs of a simulated machine, whose truth is known.

Batches as samples.csv has them, with the noise of docs/method.md: launches
that differ, drift, layouts, preemption, and a neighbour on the core who
comes and goes. They go through all of scripts/compare but its reading of
files. As a program it prints what the analysis makes of them: how often
intervals hold the truth, how often nothing is taken for something, and how
small an effect is found.
"""

import pathlib
import sys
from functools import partial
from typing import (Any, Callable, Dict, List, Mapping, NamedTuple, Optional,
                    Sequence)
from unittest import mock

import numpy as np
import pandas as pd

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from scipy.signal import lfilter  # noqa: E402
from scipy.stats import norm  # noqa: E402

from analysis import (comparison, crossing, inference, pairs,  # noqa: E402
                      pooled, sides, units)

QUIET_JUMPS, QUIET_CHAIN = 1414.0, 370.0    # ticks on a quiet core
JUMPS_BESIDE = 1.5  # times the ticks, beside a busy neighbour
BEND = 0.15         # of a cost's log over the neighbour's load
NOWHERE = pathlib.Path("/nonexistent")      # has no earlier runs beside it
ARMS = ("plain", "other")

Shape = Callable[[np.random.Generator, Sequence[int]], np.ndarray]


def normal(random: np.random.Generator, size: Sequence[int]) -> np.ndarray:
    """Standard normal noise."""
    return random.standard_normal(size)


def skewed(random: np.random.Generator, size: Sequence[int]) -> np.ndarray:
    """Lognormal noise, its median at 0."""
    return np.expm1(random.standard_normal(size))


def heavy_tailed(random: np.random.Generator, size: Sequence[int]
                 ) -> np.ndarray:
    """Student's t of three degrees."""
    return random.standard_t(3, size)


def bimodal(random: np.random.Generator, size: Sequence[int]) -> np.ndarray:
    """Two modes eight of their sds apart, three fifths in the lower."""
    upper = random.random(size) < 0.4
    return random.standard_normal(size) + 8 * upper - norm.ppf(0.5 / 0.6)


SHAPES: Dict[str, Shape] = {
    "normal": normal, "skewed": skewed, "heavy-tailed": heavy_tailed,
    "bimodal": bimodal}


def symmetric(shape: Shape) -> Shape:
    """As differences of two launches or boots alike are."""
    return lambda random, size: shape(random, size) - shape(random, size)


def holds(low: np.ndarray, high: np.ndarray, truth: Any) -> np.ndarray:
    """Which intervals hold the truth."""
    return (low <= truth) & (truth <= high)


def paired_coverage(random: np.random.Generator, shape: Shape, count: int,
                    alpha: float = 0.05, repetitions: int = 8000) -> float:
    """How often the sign test's interval holds the median of the pairs."""
    found = inference.paired(3 + shape(random, (count, repetitions)), alpha)
    return float(holds(found.low, found.high, 3).mean())


def unpaired_coverage(random: np.random.Generator, shape: Shape, first: int,
                      second: int, alpha: float = 0.05,
                      repetitions: int = 4000) -> float:
    """How often Hodges and Lehmann's interval holds the shift."""
    found = inference.unpaired(
        shape(random, (first, repetitions)),
        3 + shape(random, (second, repetitions)), alpha)
    return float(holds(found.low, found.high, 3).mean())


def student_coverage(random: np.random.Generator, shape: Shape, count: int,
                     alpha: float = 0.05, repetitions: int = 8000) -> float:
    """How often Student's interval holds the mean of symmetric noise."""
    ends = inference.student(
        3 + symmetric(shape)(random, (count, repetitions)), alpha)
    return float(holds(*ends, 3).mean())


def boots_alike(random: np.random.Generator, shape: Shape, count: int,
                rows: int, correlation: float) -> np.ndarray:
    """Symmetric differences (count, rows); rows of a boot are correlated."""
    draw = symmetric(shape)
    return (np.sqrt(correlation) * draw(random, (count, 1)) +
            np.sqrt(1 - correlation) * draw(random, (count, rows)))


def flips_kept(random: np.random.Generator, shape: Shape, count: int,
               rows: int, correlation: float, shift: float,
               repetitions: int) -> int:
    """In how many families every interval of joint_flips holds its shift.

    Every second row is shifted.
    """
    shifts = shift * (np.arange(rows) % 2 == 0)
    kept = 0
    for _ in range(repetitions):
        found = inference.joint_flips(shifts + boots_alike(
            random, shape, count, rows, correlation), 0.05)
        kept += bool(holds(found.low, found.high, shifts).all())
    return kept


def flips_coverage(random: np.random.Generator, shape: Shape, count: int,
                   repetitions: int) -> float:
    """How often the interval of a single row's flips holds the shift."""
    return flips_kept(random, shape, count, 1, 0, 3.0, repetitions
                      ) / repetitions


class Row(NamedTuple):
    """A benchmark: its cost on a quiet core and what a neighbour does."""

    cost_ns: float
    entries: float      # into the kernel, a call
    beside: float       # times the cost, beside a busy neighbour


ROWS: Dict[str, Row] = {
    "baseline/empty": Row(0.3, 0, 1.10), "baseline/call": Row(1.6, 0, 1.12),
    "clock_gettime/vdso": Row(24, 0, 1.30),
    "write/stdio/256": Row(250, 1 / 16, 1.35),
    "invalid/inline": Row(75, 1, 1.45), "getppid/inline": Row(110, 1, 1.50),
    "write/libc/1": Row(190, 1, 1.52), "pipe/libc": Row(1500, 2, 1.60),
    "open/libc": Row(5000, 1, 1.45)}


class Machine(NamedTuple):
    """What a machine adds to the logs of costs; as standard deviations."""

    common: float = 0.003   # of launches, for all rows alike
    lag: float = 0.0        # correlation of a launch with the next
    skew: float = 0.0       # sd of the logarithm behind it; 0: normal
    own: float = 0.005      # of launches, each row by itself
    batch: float = 0.012
    layouts: float = 0.0    # between the two that a launch draws for a row
    drift: float = 0.0      # from the first launch of a run to the last
    preempted: float = 0.01     # share of the batches
    busy: float = 0.0       # share of the time that a neighbour is there
    busy_after: Optional[float] = None      # the same in the second arm
    stay: float = 22.0      # rounds that he stays or is away
    whim: float = 0.03      # how else each of his visits works on each row
    chain: float = 1.055    # times the ticks of the load probe, beside him


class Treatment(NamedTuple):
    """What is done to an arm, or to a side's boots."""

    tax_ns: float = 0.0     # an entry
    share: Mapping[str, float] = {}     # of a row's cost
    clock: float = 1.0      # times every cost and both probes


class Run(NamedTuple):
    """A simulated run: its record, and its batches without their run."""

    run: sides.Run
    batches: pd.DataFrame


def planned(random: np.random.Generator, launches: int, arms: int
            ) -> np.ndarray:
    """The arm of each launch (arms * launches), as src/plan.c orders them.

    Passes over the arms; every second mirrors the one before.
    """
    blocks = [random.permutation(arms) for _ in range(-(-launches // 2))]
    passes = [one for block in blocks for one in (block, block[::-1])]
    return np.concatenate(passes[:launches])


def wandering(random: np.random.Generator, machine: Machine,
              shape: Sequence[int]) -> np.ndarray:
    """What all rows of a launch have in common, in logs.

    shape: (..., launches), each sequence of launches by itself.
    """
    steps = random.standard_normal(shape)
    steps[..., 1:] *= np.sqrt(1 - machine.lag ** 2)
    values = lfilter([1], [1, -machine.lag], steps)
    if machine.skew:
        square = machine.skew ** 2
        values = (np.exp(machine.skew * values - square / 2) - 1
                  ) / np.sqrt(np.expm1(square))
    return machine.common * values


def visits(random: np.random.Generator, machine: Machine,
           arm_of: np.ndarray, rounds: int) -> np.ndarray:
    """In which visit or absence of the neighbour each round lies (rounds).

    Numbers from 0, by run order; where he prefers an arm, he minds when one
    launch ends and another begins.
    """
    count = len(arm_of) * rounds
    changes = random.random(count) < 1 / machine.stay
    if machine.busy_after is not None:
        changes[::rounds] = True
    changes[0] = True
    return np.cumsum(changes) - 1


def load_of(random: np.random.Generator, machine: Machine,
            arm_of: np.ndarray, visit: np.ndarray) -> np.ndarray:
    """How much of the core the neighbour takes in each round, 0 to 1."""
    first = np.flatnonzero(np.diff(visit, prepend=-1))
    rounds = len(visit) // len(arm_of)
    second = arm_of[first // rounds] > 0
    after = (machine.busy if machine.busy_after is None
             else machine.busy_after)
    there = random.random(len(first)) < np.where(second, after, machine.busy)
    return (there * random.uniform(0.6, 1, len(first)))[visit]


def noisy(random: np.random.Generator, logs: np.ndarray, spread: float
          ) -> np.ndarray:
    """The logs with normal noise on each."""
    return logs + spread * random.standard_normal(logs.shape)


def launch_logs(random: np.random.Generator, machine: Machine, count: int,
                rows: int) -> np.ndarray:
    """How the launches' costs differ (count, rows), in logs."""
    modes = machine.layouts * (random.random((count, rows)) < 0.4)
    drift = machine.drift * np.linspace(0, 1, count)
    common = wandering(random, machine, [count]) + drift
    return noisy(random, common[:, np.newaxis] + modes, machine.own)


def preemptions(random: np.random.Generator, machine: Machine,
                shape: Sequence[int]) -> np.ndarray:
    """Logs of what preemption costs: now and then 10 to 1000 %."""
    hit = random.random(shape) < machine.preempted
    return np.where(hit, np.log1p(10 ** random.uniform(-1, 1, shape)), 0)


def treated(rows: Mapping[str, Row], treatments: Sequence[Treatment]
            ) -> np.ndarray:
    """The cost of each row in each arm (arms, rows), ns on a quiet core."""
    return np.array([[
        (row.cost_ns + one.tax_ns * row.entries) * one.clock *
        (1 + one.share.get(name, 0)) for name, row in rows.items()]
        for one in treatments])


def frame_of(rows: Sequence[str], arms: Sequence[str], arm_of: np.ndarray,
             columns: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Batches as sides.read_batches has them, of (launch, round, row)."""
    shape = next(iter(columns.values())).shape
    names, kinds = sorted(rows), sorted(arms)
    where = [names.index(name) for name in rows]
    which = np.array([kinds.index(arm) for arm in arms])[arm_of]
    launch, _, row = np.indices(shape, np.int32, sparse=True)
    code = np.broadcast_to(np.array(where)[row], shape).ravel()
    return pd.DataFrame({
        "launch": np.broadcast_to(launch, shape).ravel(),
        "arm": pd.Categorical.from_codes(
            np.broadcast_to(which[launch], shape).ravel(), kinds, True),
        "benchmark": pd.Categorical.from_codes(code, names, True),
        **{name: column.ravel() for name, column in columns.items()}})


def record_of(rows: Mapping[str, Row], arms: Sequence[str],
              arm_of: np.ndarray, alone: np.ndarray, boot: str, number: int
              ) -> Dict[str, Any]:
    """A run.json with all that a comparison asks for."""
    return {
        "schema": 1, "complete": True,
        "tool": {"build_id": "b", "version": "0.1.0",
                 "architecture": "x86_64"},
        "run": {"started": f"2026-11-21T{number // 60:02}:"
                           f"{number % 60:02}:00Z"},
        "environment": {"kernel": {"boot_id": boot}},
        "yardsticks": {"core_ghz": 3.0},
        "arms": [{"name": arm} for arm in arms],
        "launches": [{"launch": place, "arm": arms[arm],
                      "alone_share": float(share)} for place, (arm, share)
                     in enumerate(zip(arm_of, alone))],
        "benchmarks": [{"name": name, "entries_counted": row.entries,
                        "batch_calls": 1000} for name, row in rows.items()]}


def run(random: np.random.Generator, machine: Machine = Machine(),
        treatments: Sequence[Treatment] = (Treatment(), Treatment()),
        launches: int = 20, rounds: int = 15,
        rows: Mapping[str, Row] = ROWS, shift: Any = 0.0,
        boot: str = "boot", number: int = 0,
        folder: pathlib.Path = NOWHERE) -> Run:
    """A run of as many arms as there are treatments.

    shift: in logs, of the whole run; for every row alike or (rows). number:
    of the minute in which it began.
    """
    arms = ARMS[:len(treatments)]
    arm_of = planned(random, launches, len(arms))
    visit = visits(random, machine, arm_of, rounds)
    load = load_of(random, machine, arm_of, visit)
    shape = len(arm_of), rounds, len(rows)
    beside = np.log([row.beside for row in rows.values()])
    whim = 1 + machine.whim * random.standard_normal(
        (visit[-1] + 1, len(rows)))
    bent = (load * (1 + BEND * load) / (1 + BEND))[:, np.newaxis]
    logs = (np.log(treated(rows, treatments))[arm_of] + shift + launch_logs(
        random, machine, len(arm_of), len(rows)))[:, np.newaxis]
    logs = noisy(random, logs + (bent * beside * whim[visit]).reshape(shape),
                 machine.batch) + preemptions(random, machine, shape)
    clock = np.array([one.clock for one in treatments])[arm_of]
    felt = np.broadcast_to(load.reshape(*shape[:2], 1), shape)
    probes = {name: (level * clock[:, np.newaxis, np.newaxis] * np.exp(noisy(
        random, np.log(most) * felt, 0.004))).round().astype("float32")
        for name, level, most in (
            ("jumps", QUIET_JUMPS, JUMPS_BESIDE),
            ("chain", QUIET_CHAIN, machine.chain))}
    alone = (load == 0).reshape(shape[:2]).mean(axis=1)
    return Run(
        sides.Run(folder / f"run-{number}", record_of(
            rows, arms, arm_of, alone, boot, number)),
        frame_of(list(rows), arms, arm_of,
                 {"cost_ns": np.exp(logs), **probes}))


def pairs_of(before: Sequence[Run], after: Sequence[Run] = ()
             ) -> List[pairs.Pair]:
    """What pairs.of makes of them, had they been read from files."""
    every = [*before, *after]
    batches = pd.concat([one.batches.assign(run=np.int32(place))
                         for place, one in enumerate(every)],
                        ignore_index=True)
    with mock.patch.object(sides, "read_batches", return_value=batches):
        return pairs.of([one.run for one in before],
                        [one.run for one in after])


def rows_of(pair: pairs.Pair, wanted: comparison.Wanted
            ) -> pd.DataFrame:
    """A comparison's rows only, which takes a third of the time."""
    names = pairs.common_names(pair.found)
    return comparison.table(pair, wanted, names,
                            comparison.allowed(pair, names, wanted))


def differences_of(treatments: Sequence[Treatment],
                   rows: Mapping[str, Row] = ROWS) -> pd.Series:
    """The true difference of each row's cost, in per cent, by name."""
    first, second = treated(rows, treatments)
    return pd.Series(100 * (second / first - 1), list(rows)).sort_index()


class Outcome(NamedTuple):
    """What comparisons of the same two sides said; (comparisons, rows).

    In per cent, columns by name; alone is p of each row by itself, truth the
    difference that is there (rows).
    """

    truth: pd.Series
    verdict: pd.DataFrame
    difference: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    raw: pd.DataFrame
    smallest: pd.DataFrame
    p: pd.DataFrame
    alone: pd.DataFrame

    @property
    def any_changed(self) -> float:
        """The share of comparisons that call any row slower or faster."""
        changed = self.verdict.isin(["slower", "faster"])
        return float(changed.any(axis=1).mean())

    @property
    def any_refuted(self) -> float:
        """The share in which any row's corrected p is under 5 %."""
        return float((self.p <= 0.05).any(axis=1).mean())

    @property
    def all_held(self) -> float:
        """The share in which every row's interval holds the truth."""
        kept = holds(self.low, self.high, self.truth)
        return float(kept.all(axis=1).mean())

    @property
    def wrong(self) -> int:
        """How many verdicts say slower of what is not, or faster."""
        return int(((self.verdict == "slower") & (self.truth <= 0) |
                    (self.verdict == "faster") & (self.truth >= 0)
                    ).to_numpy().sum())

    @property
    def hidden(self) -> int:
        """How many say equivalent of more than the smallest effect."""
        return int(((self.verdict == "equivalent") &
                    (self.truth.abs() > self.smallest)).to_numpy().sum())

    @property
    def bias(self) -> float:
        """The largest over rows of how far its median is off, per cent."""
        return float((self.difference.median() - self.truth).abs().max())

    def found(self, name: str) -> float:
        """How often a row is called what it is, slower or faster."""
        right = "slower" if self.truth[name] > 0 else "faster"
        return float((self.verdict[name] == right).mean())


def outcome(compared: Sequence[pairs.Pair], truth: pd.Series,
            wanted: comparison.Wanted = comparison.Wanted()) -> Outcome:
    """What is said of some pairs that have one truth."""
    tables = [rows_of(pair, wanted) for pair in compared]
    alone = [units.effect(pair.found.map(np.log), 1).p for pair in compared]

    def column(name: str) -> pd.DataFrame:
        return pd.DataFrame([table[name] for table in tables]).reset_index(
            drop=True)
    verdicts = column("verdict")
    return Outcome(
        truth, verdicts, *map(column, (
            "difference_percent", "ci_low_percent", "ci_high_percent",
            "raw_difference_percent", "smallest_effect_percent",
            "p_adjusted")),
        pd.DataFrame(alone, columns=verdicts.columns))


def arms(seed: Sequence[int], machine: Machine, repetitions: int,
         treatment: Treatment = Treatment(), **how: Any) -> List[pairs.Pair]:
    """Comparisons of a run's arm with one that is treated."""
    random = np.random.default_rng(seed)
    return [pairs_of([run(random, machine, (Treatment(), treatment), **how)]
                     )[0] for _ in range(repetitions)]


def boot_medians(random: np.random.Generator, treatments: np.ndarray,
                 common: float, own: float, skew: float, launches: int = 5
                 ) -> np.ndarray:
    """Launch medians of boots (boots, launches, rows), ns a call.

    treatments: the costs of each boot (boots, rows); boots differ by the
    logs' sds, as launches do by half a per cent.
    """
    boots, rows = treatments.shape
    machine = Machine(common=common, own=own, skew=skew)
    shifts = np.log(treatments) + launch_logs(random, machine, boots, rows)
    return np.exp(shifts[:, np.newaxis] + 0.005 * random.standard_normal(
        (boots, launches, rows)))


def boots(random: np.random.Generator, count: int,
          treatment: Treatment = Treatment(), common: float = 0.01,
          own: float = 0.003, skew: float = 0.0, bad: Mapping[int, float] = {},
          rows: Mapping[str, Row] = ROWS) -> pairs.Pair:
    """A comparison of so many boots a side, which alternate.

    From the launches' medians on. bad: shifts of single boots, in logs, by
    their place in time, of which even ones are before.
    """
    cost = np.array([treated(rows, [Treatment(), treatment])[place % 2] *
                     np.exp(bad.get(place, 0)) for place in range(2 * count)])
    medians = boot_medians(random, cost, common, own, skew)
    order = [*range(0, 2 * count, 2), *range(1, 2 * count, 2)]
    runs = [sides.Run(NOWHERE / f"boot-{place}", record_of(
        rows, ARMS[:1], np.zeros(5, int), np.ones(5), f"boot {place}", place))
        for place in order]
    index = pd.MultiIndex.from_product(
        [range(2 * count), ARMS[:1], range(5), list(rows)],
        names=["run", "arm", "launch", "benchmark"])
    table = pd.DataFrame({name: medians[order].ravel() for name in
                          ("quiet_ns", "median_ns")}, index)
    core = pooled.Core((QUIET_JUMPS, QUIET_CHAIN), 1.0, 0.0)
    pair, = pairs.run_pairs(runs, table, {
        (place, ARMS[0]): core for place in range(2 * count)}, count)
    return pair


AS_MEASURED = Machine(common=0.004, lag=0.6, skew=0.8, own=0.008, busy=0.3)
SCENARIOS: Dict[str, Machine] = {
    "quiet": Machine(),
    "skewed": Machine(common=0.03, lag=0.66, skew=0.8, own=0.01),
    "bimodal": Machine(common=0.01, lag=0.6, layouts=0.05),
    "drifting": Machine(common=0.01, lag=0.6, drift=0.05),
    "neighbour": Machine(common=0.004, lag=0.6, own=0.006, busy=0.35),
    "prefers": Machine(common=0.004, own=0.006, busy=0.2, busy_after=0.8,
                       chain=1.03),
    "everything": Machine(common=0.02, lag=0.66, skew=0.8, layouts=0.03,
                          drift=0.03, busy=0.35)}
STDIO, SYSCALL, GETPPID = "write/stdio/256", "invalid/inline", "getppid/inline"
NOTHING = Treatment()
TREATMENT = Treatment(3.0, {STDIO: 0.05})   # a row that hardly ever enters
# Whose launches are alike, once the neighbour is taken out of them.
SETTLED = ["quiet", "neighbour", "prefers"]

POWER_ROWS = {f"row{place}/inline": Row(cost, 1, 1.45) for place, cost in
              enumerate([600, 900, 1200, 1800, 2500, 4000, 600, 900, 1200])}
POWER_EFFECTS = (0.01, 0.02, 0.05)


def power_curve(seed: int, counts: Sequence[int] = (12, 20, 40),
                repetitions: int = 10, machine: Machine = AS_MEASURED
                ) -> pd.DataFrame:
    """How often an effect is found by so many pairs, in per cent.

    Index: pairs of launches; columns: effects. Three of nine rows have each,
    and a quarter of it is the smallest that matters.
    """
    names = sorted(POWER_ROWS)
    shares = dict(zip(names, POWER_EFFECTS * 3))
    found = {}
    for count in counts:
        tried = arms([seed, count], machine, repetitions,
                     Treatment(share=shares), launches=count, rows=POWER_ROWS)
        truth = pd.Series({name: 100 * shares[name] for name in names})
        found[count] = {effect: 100 * np.mean([
            outcome(tried, truth, comparison.Wanted(effect / 4)).found(name)
            for name in names[place::3]])
            for place, effect in enumerate(POWER_EFFECTS)}
    return pd.DataFrame(found).T.rename_axis("pairs")


def coverage_table(repetitions: int) -> pd.DataFrame:
    """Per cent of single intervals that hold the truth, by noise."""
    random = np.random.default_rng(21)
    kinds: Dict[str, Callable[[Shape], float]] = {}
    for count in (6, 8, 10, 12, 20, 40):
        kinds[f"sign test, {count} pairs"] = partial(
            paired_coverage, random, count=count, repetitions=repetitions)
    for count in (5, 10, 20):
        kinds[f"rank sum, {count} and {count}"] = partial(
            unpaired_coverage, random, first=count, second=count,
            repetitions=repetitions // 2)
    for count in (6, 8, 10):
        kinds[f"Student, {count} boots"] = partial(
            student_coverage, random, count=count, repetitions=repetitions)
        kinds[f"flips, {count} boots"] = partial(
            flips_coverage, random, count=count,
            repetitions=repetitions // 20)
    return pd.DataFrame({kind: {
        name: 100 * coverage(shape) for name, shape in SHAPES.items()}
        for kind, coverage in kinds.items()}).T


def families_table(repetitions: int) -> pd.DataFrame:
    """Per cent of families of rows all of whose flips' intervals hold.

    Half of the rows are shifted; columns: correlation within a boot.
    """
    random = np.random.default_rng(22)
    return pd.DataFrame({f"{count} boots, {rows} rows": {
        correlation: 100 * flips_kept(random, normal, count, rows,
                                      correlation, 20.0, repetitions
                                      ) / repetitions
        for correlation in (0, 0.5, 0.9)}
        for count in (6, 8, 10) for rows in (1, 10, 60)}).T


def tax_held(compared: Sequence[pairs.Pair], tax_ns: float) -> float:
    """How often the crossing's tax has an interval that holds it."""
    entered = crossing.entries(list(ROWS), compared[0].first[0])
    found = [crossing.tax(pair.found, entered[pair.found.before.columns])
             for pair in compared]
    return float(np.mean([tax.low <= tax_ns <= tax.high for tax in found]))


def scenarios_table(repetitions: int) -> pd.DataFrame:
    """By scenario, in per cent: A/A errors, then what is found."""
    found = {}
    none = differences_of((NOTHING, NOTHING))
    for place, (name, machine) in enumerate(SCENARIOS.items()):
        same = outcome(arms([23, place], machine, repetitions), none)
        treated_arms = arms([24, place], machine, repetitions, TREATMENT)
        truth = differences_of((NOTHING, TREATMENT))
        other = outcome(treated_arms, truth)
        raw = outcome([pair._replace(found=pair.raw)
                       for pair in treated_arms], truth)
        found[name] = {
            "any verdict": 100 * same.any_changed,
            "any p": 100 * same.any_refuted,
            "all hold": 100 * same.all_held,
            "one p": 100 * (same.alone <= 0.05).to_numpy().mean(),
            "bias": same.bias, "raw bias": same.raw.median().abs().max(),
            "5 % found": 100 * other.found(STDIO),
            "as measured": 100 * raw.found(STDIO),
            "3 of 75 ns": 100 * other.found(SYSCALL),
            "3 of 110": 100 * other.found(GETPPID),
            "tax holds": 100 * tax_held(treated_arms, TREATMENT.tax_ns),
            "wrong": other.wrong, "hidden": other.hidden}
    return pd.DataFrame(found).T


def boots_table(repetitions: int) -> pd.DataFrame:
    """By boots a side, in per cent: A/A errors, then what is found."""
    found = {}
    for count in (6, 8, 10, 12, 16):
        random = np.random.default_rng([25, count])
        same, other = (outcome(
            [boots(random, count, treatment) for _ in range(repetitions)],
            differences_of((NOTHING, treatment)))
            for treatment in (NOTHING, TREATMENT))
        found[count] = {
            "any verdict": 100 * same.any_changed,
            "any p": 100 * same.any_refuted,
            "all hold": 100 * same.all_held,
            "5 % found": 100 * other.found(STDIO),
            "3 of 75 ns": 100 * other.found(SYSCALL),
            "3 of 110": 100 * other.found(GETPPID),
            "width": (same.high - same.low).median().median()}
    return pd.DataFrame(found).T.rename_axis("boots")


def main() -> None:
    """Print what the simulations show, in some minutes."""
    tables: Dict[str, Callable[[], pd.DataFrame]] = {
        "Intervals that hold the truth, %": partial(coverage_table, 20000),
        "Families all of whose intervals by flips hold, %":
            partial(families_table, 150),
        "Arms of one run, 20 pairs, 9 rows": partial(scenarios_table, 200),
        "Boots, 9 rows, 1 % in common and 0.3 % of each row":
            partial(boots_table, 60),
        "Found by so many pairs of launches, %": partial(
            power_curve, 26, (12, 16, 20, 30, 40, 60, 100), 20)}
    for title, table in tables.items():
        print(f"{title}\n{table().round(2).to_string()}\n", flush=True)


if __name__ == "__main__":
    main()
