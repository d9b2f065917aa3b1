# SPDX-License-Identifier: MIT
"""Many run folders made of a real one: machines, kernels, boots and runs.

    archived.py RUN FOLDER [MACHINES KERNELS BOOTS RUNS]

A folder has a run.json and a summary.csv, as far as a history reads them;
each figure is the real one's times a factor of its machine, kernel, boot and
run, so that the spreads are known. Everything follows from the seed.
"""

import hashlib
import itertools
import json
import pathlib
import random
import sys
from datetime import datetime, timedelta
from math import exp
from typing import Any, Dict, Iterator, List, NamedTuple, Sequence, Tuple

EPOCH = datetime(2026, 1, 1)
COSTS = ("quiet_ns", "quiet_low_ns", "quiet_high_ns", "median_ns")
BOOT_SPREAD, RUN_SPREAD = 0.02, 0.005       # of logarithms
KERNEL_STEP = 0.01                          # each kernel is slower by that


class Base(NamedTuple):
    """The real run."""

    record: Dict[str, Any]
    head: List[str]
    rows: List[List[str]]


class Place(NamedTuple):
    """Which run it is."""

    machine: int
    kernel: int
    boot: int
    run: int

    @property
    def name(self) -> str:
        """Of its folder."""
        return "m{}-k{}-b{}-r{}".format(*self)


def base_of(folder: pathlib.Path) -> Base:
    """What is kept of the real run."""
    head, *rows = (folder / "summary.csv").read_text().splitlines()
    record = json.loads((folder / "run.json").read_text())
    return Base(record, head.split(","), [row.split(",") for row in rows])


def random_of(*parts: Any) -> random.Random:
    """Numbers that follow from these parts alone."""
    return random.Random(repr(parts))


def factor_of(place: Place, seed: int, benchmark: str) -> float:
    """What the real figure is multiplied with."""
    machine, kernel, boot, _ = place
    by_boot = random_of(seed, machine, kernel, boot, benchmark).gauss(0, 1)
    by_run = random_of(seed, place, benchmark).gauss(0, 1)
    return exp(0.1 * machine + KERNEL_STEP * kernel +
               BOOT_SPREAD * by_boot + RUN_SPREAD * by_run)


def summary_of(base: Base, place: Place, seed: int) -> str:
    """The run's summary.csv."""
    columns = [base.head.index(name) for name in COSTS]
    lines = [",".join(base.head)]
    for row in base.rows:
        factor = factor_of(place, seed, row[0])
        changed = list(row)
        for column in columns:
            if row[column]:
                changed[column] = f"{float(row[column]) * factor:.6f}"
        lines.append(",".join(changed))
    return "\n".join(lines) + "\n"


def boot_id(seed: int, place: Place) -> str:
    """A boot's name."""
    found = hashlib.blake2b(repr((seed, place[:3])).encode(), digest_size=16)
    return found.hexdigest()


def record_of(base: Base, place: Place, seed: int, hour: float
              ) -> Dict[str, Any]:
    """The run's run.json: the real one's with other facts."""
    found = dict(base.record)
    machine, kernel, _, number = place
    found["run"] = {**found["run"], "seed": hash((seed, place)),
                    "started": f"{(EPOCH + timedelta(hours=hour)).isoformat()}"
                    "Z", "label": f"run{number}"}
    environment = dict(found["environment"])
    environment["host"] = f"lab{machine}"
    environment["kernel"] = {
        **environment["kernel"], "release": f"6.{kernel}.{machine % 12}",
        "boot_id": boot_id(seed, place)}
    return {**found, "environment": environment}


def make(base: Base, folder: pathlib.Path, place: Place, hour: float = 0,
         seed: int = 1) -> pathlib.Path:
    """One run folder."""
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(
        json.dumps(record_of(base, place, seed, hour)))
    (folder / "summary.csv").write_text(summary_of(base, place, seed))
    return folder


def places(counts: Sequence[int]) -> Iterator[Place]:
    """Every run of so many machines, kernels, boots and runs."""
    return itertools.starmap(Place, itertools.product(*map(range, counts)))


def make_all(base: Base, folder: pathlib.Path, counts: Sequence[int],
             seed: int = 1) -> List[pathlib.Path]:
    """A folder for each run of each boot of each kernel of each machine."""
    return [make(base, folder / place.name, place, float(hour), seed)
            for hour, place in enumerate(places(counts))]


def main(words: Tuple[str, ...]) -> None:
    """Make what the command line asks for."""
    run, folder, *counts = words
    made = make_all(base_of(pathlib.Path(run)), pathlib.Path(folder),
                    [int(count) for count in counts] or (2, 2, 2, 2))
    print(f"{len(made)} runs in {folder}")


if __name__ == "__main__":
    main(tuple(sys.argv[1:]))
