# SPDX-License-Identifier: MIT
"""Run folders whose samples hold truths that were planted in them."""

import json
import pathlib
from typing import Any, Dict, Mapping, Optional, Sequence

import numpy as np
import pandas as pd

import hand_made  # noqa: F401
from analysis import contrasts, load, quiet

HEADER = ("contrast,arm,benchmark,reference,value,low,high,unit,confidence,"
          "launches,emulated")
YARDSTICKS = {"empty_loop_ns": 0.5, "empty_call_ns": 2.0, "core_ghz": 3.0}
SIZES = (1, 16, 256, 4096, 65536)

# What a run with a row of every kind costs, ns a call on a quiet core.
COSTS: Dict[str, float] = {
    "baseline/empty": 0.5, "invalid/inline": 80.5, "invalid/stub": 82.0,
    "getpid/libc": 91.0, "getpid/inline": 90.0, "getpid/stub": 91.25,
    "getuid/libc": 97.0, "getuid/inline": 95.0, "getuid/stub": 96.5,
    "getppid/libc": 101.75, "getppid/inline": 100.0, "getppid/stub": 102.0,
    "clock_gettime/vdso": 20.0, "clock_gettime/libc": 22.0,
    "clock_gettime/syscall": 130.0, "clock_gettime/inline": 128.0,
    "clock_gettime/vdso/process_cputime": 230.0,
    "clock_gettime/libc/process_cputime": 232.0,
    "clock_gettime/syscall/process_cputime": 226.0,
    "clock_gettime/inline/process_cputime": 224.0,
    "time/vdso": 2.0, "time/syscall": 80.0,
    **{f"write/libc/{size}": 108.0 for size in SIZES},
    **{f"write_file/libc/{size}": 250 + size / 16 for size in SIZES},
    "write/stdio/1": 24.0, "write/putc/1": 2.0, "write/stdio/4096": 300.0,
    "write_file/stdio/256": 60.0}
STAYS = ("baseline", "vdso", "clock_gettime/libc")


def only(*parts: str) -> Dict[str, float]:
    """The costs of the rows whose names begin so."""
    return {name: cost for name, cost in COSTS.items()
            if name.startswith(parts)}


def entries_of(name: str) -> float:
    """How often a call of a benchmark enters the kernel."""
    if name.endswith("cputime"):
        return 1
    if name.split("/")[1] in ("stdio", "putc"):
        return min(1, int(name.split("/")[2]) / 4096)
    return float(not any(part in name for part in STAYS))


def record(names: Sequence[str] = tuple(COSTS), **changes: Any
           ) -> Dict[str, Any]:
    """The run.json of a whole run with such rows."""
    return {
        "complete": True, "yardsticks": YARDSTICKS, "doubts": [],
        "probe": {"no_quiet_moment": False, "earlier_runs_used": 0},
        "benchmarks": [{"name": name, "entries_counted": entries_of(name)}
                       for name in names], **changes}


def samples(costs: Mapping[str, float] = COSTS, launches: int = 20,
            rounds: int = 5, arm: str = "plain", first: int = 0,
            launch_sd: float = 0.0, batch_sd: float = 0.0, seed: int = 1
            ) -> pd.DataFrame:
    """Batches of these costs.

    Relative noise that a whole launch has in common, and that a batch has
    for itself; the probes stand still.
    """
    random = np.random.default_rng(seed)
    shape = launches, rounds, len(costs)
    factor = np.exp(launch_sd * random.standard_normal((launches, 1, 1)) +
                    batch_sd * random.standard_normal(shape))
    cost = np.fromiter(costs.values(), float) * factor
    count = rounds * len(costs)
    return pd.DataFrame({
        **{name: 1 for name in load.SAMPLES},
        "launch": np.repeat(np.arange(first, first + launches), count),
        "arm": arm, "seq": np.tile(np.arange(count), launches),
        "benchmark": np.tile(list(costs), launches * rounds),
        "ns_per_call": cost.ravel(), "migrated": 0, "dirty": 0})


def make_run(folder: pathlib.Path, batches: pd.DataFrame,
             found: Optional[Dict[str, Any]] = None) -> pathlib.Path:
    """A run folder of samples and, if there is one, a record."""
    folder.mkdir(exist_ok=True)
    batches.to_csv(folder / "samples.csv", index=False)
    if found is not None:
        (folder / "run.json").write_text(json.dumps(found))
    return folder


def table_of(batches: pd.DataFrame, found: Optional[Dict[str, Any]] = None
             ) -> pd.DataFrame:
    """The contrasts of some batches."""
    found = record() if found is None else found
    medians = quiet.launch_medians(quiet.adjusted(batches, found))
    return contrasts.contrasts(contrasts.costs_of(medians), found)
