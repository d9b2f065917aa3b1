# SPDX-License-Identifier: MIT
"""Fleets of machines whose truth is known: as run folders, and as cells.

Cells are simulated from launch medians on, many fleets a minute. As a program
it writes a fleet of run folders, fleets.py FOLDER MACHINES ROWS, or without
arguments prints how often fleets where nothing differs get a verdict.
"""

import pathlib
import sys
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np
import pandas as pd

import made_runs
import simulated
from made_runs import Noise

from analysis import cells, units, verdict

USER_ROWS = {name: made_runs.COSTS[name] for name in made_runs.USER}
GROUPS = ("getppid", "invalid", "clock_gettime", "write", "read", "open",
          "pipe", "futex", "epoll", "mmap", "stat", "kill", "poll")
PATHS = ("libc", "inline", "syscall")
MODELS = (("GenuineIntel", "6", "143", "Intel(R) Xeon(R) Gold 6438Y+"),
          ("AuthenticAMD", "25", "17", "AMD EPYC 9354 32-Core Processor"),
          ("GenuineIntel", "6", "106", "Intel(R) Xeon(R) Gold 6338"),
          ("AuthenticAMD", "23", "49", "AMD EPYC 7402 24-Core Processor"))
SHARES = (0.4, 0.3, 0.2, 0.1)   # of the machines, by family


class Truth(NamedTuple):
    """What is planted: a family's rows that enter, and one machine's row."""

    family: int = 1             # of MODELS
    share: float = 0.03         # of the cost, of all its rows that enter
    machine: int = 17
    row: str = "getppid/libc"
    more: float = 0.10


NOTHING = Truth(share=0.0, more=0.0)
PLANTED = Truth()


def costs_of(count: int) -> Dict[str, float]:
    """So many rows, a few of which stay in user space; ns a call."""
    names = [name for path in PATHS for name in (
        f"{group}/{path}" for group in GROUPS) if name not in USER_ROWS]
    kernel = names[:count - len(USER_ROWS)]
    return {**USER_ROWS, **dict(zip(kernel, np.geomspace(
        90, 3000, len(kernel))))}


def family_of(place: int, count: int) -> int:
    """Which of MODELS a machine is."""
    ends = np.cumsum(SHARES) * count
    return int(np.searchsorted(ends, place, "right").clip(0, 3))


def shifts_of(place: int, family: int, names: Sequence[str], truth: Truth
              ) -> np.ndarray:
    """The true logs of after over before of a machine's rows (rows)."""
    found = np.array([np.log1p(truth.share) if family == truth.family and
                      name not in USER_ROWS else 0.0 for name in names])
    if place == truth.machine:
        found[list(names).index(truth.row)] += np.log1p(truth.more)
    return found


def facts_of(place: int, family: int, is_after: bool) -> Dict[str, Any]:
    """What run.json tells of a machine and a side."""
    vendor, number, model_number, model = MODELS[family]
    release = "6.12.30" if is_after else "6.12.29"
    derived = {"pti": {"state": "off"}, "its": {
        "state": "on" if is_after and family == 1 else "off"}}
    return {"environment/host": f"lab{place:03}",
            "environment/cpu/vendor": vendor,
            "environment/cpu/family": number,
            "environment/cpu/model_number": model_number,
            "environment/cpu/model": model,
            "environment/load": {"uptime": "120.00 200.00"},
            "environment/kernel/release": release,
            "environment/mitigations/derived": derived}


def make_side(folder: pathlib.Path, place: int, count: int, costs: Mapping[
        str, float], is_after: bool, truth: Truth = PLANTED,
        boot_sd: float = 0.003, **more: Any) -> pathlib.Path:
    """The run of one machine on one side; each boot differs a little."""
    random = np.random.default_rng([place, is_after])
    family, names = family_of(place, count), list(costs)
    logs = boot_sd * (random.standard_normal() / 2 +
                      random.standard_normal(len(names)))
    if is_after:
        logs = logs + shifts_of(place, family, names, truth)
    side = "after" if is_after else "before"
    noise = {"noise": Noise(0.004, 0.012), "shared": {"plain": 0.2}}
    return made_runs.make_run(
        folder / f"{side}-lab{place:03}",
        dict(zip(names, np.array(list(costs.values())) * np.exp(logs))),
        boot=f"{side}-{place}", hour=24 * is_after + place / 100,
        facts={**facts_of(place, family, is_after), **more.pop("facts", {})},
        **{**noise, **more})


def make_fleet(folder: pathlib.Path, machines: int, rows: int,
               truth: Truth = PLANTED, **more: Any
               ) -> Tuple[List[pathlib.Path], List[pathlib.Path]]:
    """A run of each machine before, and one after."""
    costs = costs_of(rows)
    before, after = ([make_side(folder, place, machines, costs, is_after,
                                truth, **more) for place in range(machines)]
                     for is_after in (False, True))
    return before, after


class Boots(NamedTuple):
    """How boots and launches differ, as sds of logs, and in which shape."""

    shape: str = "normal"       # of simulated.SHAPES: of each boot's rows
    own: float = 0.003          # of boots, each row by itself
    common: float = 0.002       # of boots, all rows alike
    launch: float = 0.004


def boot_logs(random: np.random.Generator, noise: Boots, machines: int,
              rows: int) -> np.ndarray:
    """What boots differ by (machines, rows), in logs."""
    draw = simulated.SHAPES[noise.shape]
    return (noise.common * draw(random, (machines, 1)) +
            noise.own * draw(random, (machines, rows)))


def side(random: np.random.Generator, logs: np.ndarray, launches: int,
         noise: Boots) -> pd.DataFrame:
    """Logs of a side's launch medians: a row a launch, a column a cell."""
    return pd.DataFrame(logs.ravel() + noise.launch * random.standard_normal(
        (launches, logs.size)))


def shares_of(random: np.random.Generator, noise: Boots, machines: int,
              truth: Truth, names: Sequence[str], launches: int
              ) -> units.Units:
    """Units of all cells at once; in logs, a launch each."""
    places = np.array([family_of(place, machines)
                       for place in range(machines)])
    shifts = np.array([shifts_of(place, family, names, truth)
                       for place, family in enumerate(places)])
    base = np.log(list(costs_of(len(names)).values()))
    before, after = (
        side(random, base + shift + boot_logs(random, noise, *shifts.shape),
             launches, noise) for shift in (0 * shifts, shifts))
    return units.Units(units.Kind.LAUNCHES, before, after, False, False)


def cells_of(random: np.random.Generator, machines: int = 200,
             rows: int = 30, truth: Truth = NOTHING,
             noise: Boots = Boots(), launches: int = 20
             ) -> pd.DataFrame:
    """The cells of a fleet, a boot a side each, as of_members() has them."""
    names = list(costs_of(rows))
    found = shares_of(random, noise, machines, truth, names, launches)
    effect = units.effect(found, rows)
    before_ns = np.exp(found.before.median())
    delta = verdict.smallest(before_ns, 0.01, units.null_reach(found))
    places = np.repeat(np.arange(machines), rows)
    families = [MODELS[family_of(place, machines)][3] for place in places]
    return pd.DataFrame({
        "machine": [f"lab{place:03}" for place in places],
        "row": names * machines, "benchmark": names * machines,
        "family": families, "fellows": families, "units": "20 launches",
        "log": effect.estimate, "before_ns": before_ns,
        "difference_percent": 100 * np.expm1(effect.estimate),
        "ci_low_percent": 100 * np.expm1(effect.low),
        "ci_high_percent": 100 * np.expm1(effect.high),
        "smallest_effect_percent": 100 * delta, "wanted_percent": 1.0,
        "allowance_percent": 10.0, "p_adjusted": np.nan, "boots": True,
        "reliable": True, "control": [name in USER_ROWS for name in
                                      names * machines],
        "entries": [float(name not in USER_ROWS) for name in
                    names * machines]})


def changed(found: pd.DataFrame) -> pd.DataFrame:
    """The cells that are called slower or faster."""
    return found[found["verdict"].isin([verdict.SLOWER, verdict.FASTER])]


def print_rates(repetitions: int = 100) -> None:
    """In how many of so many fleets anything is said where nothing is."""
    for shape in simulated.SHAPES:
        random = np.random.default_rng(1)
        noise, sums = Boots(shape), np.zeros(4)
        for _ in range(repetitions):
            found, chosen = cells.corrected(cells_of(random, noise=noise), 0)
            some = changed(found)
            sums += [chosen.selected > 0, len(some) > 0, len(some),
                     found["stands_out"].any()]
        selected, any_said, said, out = sums
        print(f"{shape}: of {repetitions} fleets of 200 x 30 with equal "
              f"sides {selected:.0f} have a p under 5 %, {any_said:.0f} a "
              f"verdict ({said:.0f} cells), {out:.0f} one that stands out",
              flush=True)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        target, machines, rows = sys.argv[1:]
        make_fleet(pathlib.Path(target), int(machines), int(rows), rounds=50)
    else:
        print_rates()
