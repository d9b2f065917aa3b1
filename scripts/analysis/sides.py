# SPDX-License-Identifier: MIT
"""Reads the runs that are to be compared into one table of batches."""

import hashlib
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence

import numpy as np
import pandas as pd

from analysis import load, quiet

SCHEMA = 1
UNKNOWN_BOOT = "unknown"
FILES = ("samples.csv", "counters.csv", "launches.csv", "summary.csv",
         "run.json", "gbench.json", "benchstat.txt", "contrasts.csv",
         "histogram.csv", "distribution.csv", "threads.csv", "scaling.csv")
MARK = "syscost.boot="  # with which boot-matrix names each boot
READERS = 2         # at once: each takes some 300 MB for a million rows
BLOCK = 1 << 20


class Run(NamedTuple):
    """A run folder: where it lies and its run.json."""

    folder: Path
    record: Dict[str, Any]

    def fact(self, *keys: str) -> Any:
        """What run.json has under the keys; None where it is not there."""
        return load.fact(self.record, *keys)

    @property
    def boot(self) -> str:
        """The boot it was made in; one name for all that do not say."""
        boot = self.fact("environment", "kernel", "boot_id")
        return boot if isinstance(boot, str) and boot else UNKNOWN_BOOT

    @property
    def parameters(self) -> List[str]:
        """The words of the kernel's command line, but for a boot's mark."""
        line = self.fact("environment", "kernel", "cmdline")
        return [word for word in str(line or "").split()
                if not word.startswith(MARK)]

    @property
    def started(self) -> str:
        """When, in UTC; "" where it does not say."""
        started = self.fact("run", "started")
        return started if isinstance(started, str) else ""

    @property
    def arms(self) -> List[str]:
        """The arms that ran, in order; the first is the reference."""
        arms = self.fact("arms")
        found = [arm for arm in (arms if isinstance(arms, list) else ())
                 if load.fact(arm, "skipped") is None]
        names = [load.fact(arm, "name") for arm in found]
        return [name for name in names if isinstance(name, str)]

    def arm(self, name: str) -> Dict[str, Any]:
        """What run.json has of an arm."""
        arms = self.fact("arms")
        return next((arm for arm in (arms if isinstance(arms, list) else ())
                     if load.fact(arm, "name") == name), {})


def names_of(runs: Sequence[Run]) -> List[str]:
    """A printable name for each run: its folder's, or where two folders have
    one name the whole path."""
    alike = len({run.folder.name for run in runs}) < len(runs)
    return [load.printable(str(run.folder) if alike else run.folder.name)
            for run in runs]


def schema_of(run: Run) -> int:
    """The version of its format, which is to be a whole number above 0."""
    schema = run.fact("schema")
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 1:
        raise load.BadInput(f"{run.folder / 'run.json'}: no schema version; "
                            "one that syscost wrote is needed")
    return schema


def schemas_differ(runs: Sequence[Run]) -> List[str]:
    """Why the formats forbid a comparison: not one, if it is one and known.

    A single one that is not known here is bad input.
    """
    schemas = {schema_of(run): run for run in runs}
    if len(schemas) > 1:
        return [f"another schema of run.json: "
                f"{' and '.join(map(str, sorted(schemas)))}"]
    for schema, run in schemas.items():
        if schema != SCHEMA:
            raise load.BadInput(f"{run.folder / 'run.json'}: schema {schema};"
                                f" this script reads {SCHEMA}; take the "
                                "scripts of the version that measured it")
    return []


def unfinished(runs: Sequence[Run]) -> List[str]:
    """The runs that were cut short, which may lack an arm's launches."""
    return [f"{run.folder / 'run.json'}: the run is not complete"
            for run in runs if run.fact("complete") is not True]


def content(path: Path) -> str:
    """A hash of a file."""
    found = hashlib.blake2b()
    with load.opened(path) as file:
        for block in iter(lambda: file.read(BLOCK), b""):
            found.update(block)
    return found.hexdigest()


def check_distinct(runs: Sequence[Run]) -> None:
    """No run twice, not under another name either."""
    sizes: Dict[int, List[Path]] = {}
    for run in runs:
        path = run.folder / "samples.csv"
        with load.opened(path) as file:
            sizes.setdefault(file.seek(0, 2), []).append(path)
    for paths in sizes.values():
        seen: Dict[str, Path] = {}
        for path in paths if len(paths) > 1 else ():
            other = seen.setdefault(content(path), path)
            if other is not path:
                raise load.BadInput(f"{path.parent}: the same run as "
                                    f"{other.parent}; name each once")


def read_records(folders: Sequence[Path]) -> List[Run]:
    """The runs' records, in the order given; none of them twice."""
    runs = [Run(folder, load.record(folder)) for folder in folders]
    check_distinct(runs)
    return runs


def read_samples(run: Run) -> pd.DataFrame:
    """A run's batches, only what a comparison needs of them."""
    samples = load.samples(run.folder, load.FOR_ESTIMATE)
    if samples.empty:
        raise load.BadInput(f"{run.folder / 'samples.csv'}: no rows; "
                            "measure again")
    jumps, chain = quiet.probes(samples)
    return pd.DataFrame({
        "launch": samples["launch"], "arm": samples["arm"],
        "benchmark": samples["benchmark"], "cost_ns": samples["ns_per_call"],
        "jumps": jumps.astype("float32"), "chain": chain.astype("float32")})


def read_batches(runs: Sequence[Run]) -> pd.DataFrame:
    """The batches of all runs (n).

    Columns: run (its place in the list), arm and benchmark (categories),
    launch, cost_ns (ns a call, as measured), jumps and chain (the probes'
    ticks). Files are read side by side: pandas lets go of the interpreter
    while it parses.
    """
    with warnings.catch_warnings(), ThreadPoolExecutor(READERS) as pool:
        warnings.simplefilter("error")  # as load does, for all the threads
        tables = list(pool.map(read_samples, runs))
    names = {column: pd.CategoricalDtype(sorted(set().union(
        *(table[column].cat.categories for table in tables))), ordered=True)
        for column in ("arm", "benchmark")}
    return pd.concat(
        [table.astype(names).assign(run=np.int32(place))
         for place, table in enumerate(tables)], ignore_index=True)


def alone_share(run: Run, arm: Optional[str] = None) -> Optional[float]:
    """The share of its time that a run, or one arm of it, had the core alone.

    None where the launches do not say.
    """
    launches = run.fact("launches")
    told = [load.number(launch, "alone_share")
            for launch in (launches if isinstance(launches, list) else ())
            if arm is None or load.fact(launch, "arm") == arm]
    known = [share for share in told if share is not None]
    return sum(known) / len(known) if known else None
