# SPDX-License-Identifier: MIT
"""Is a run folder that came back from a boot whole and harmless?"""

import os
import stat
from pathlib import Path
from typing import Any, Callable, Dict, List

from booting.executor import BootFailed
from booting.untrusted import JSON_MOST, opened, read_json

MIB = 1 << 20
# The files of docs/formats.md, with what each may have in bytes: a full run
# of all rows has 100 MiB of samples.
FILES: Dict[str, int] = {
    "samples.csv": 1024 * MIB, "launches.csv": 16 * MIB,
    "counters.csv": 1024 * MIB, "summary.csv": 16 * MIB,
    "distribution.csv": 16 * MIB, "histogram.csv": 256 * MIB,
    "threads.csv": 1024 * MIB, "scaling.csv": 16 * MIB,
    "contrasts.csv": 16 * MIB, "run.json": JSON_MOST,
    "gbench.json": 256 * MIB, "benchstat.txt": 256 * MIB}
NEEDED = ("samples.csv", "summary.csv", "run.json")
NAMES_MOST = 100    # that are looked at
BLOCK = MIB
SAMPLES = b"launch,arm,block,seq,benchmark,calls,ticks,"    # it begins so


def names_in(folder: Path) -> List[str]:
    """What lies in the folder, which is one and no link to one."""
    try:
        if not stat.S_ISDIR(os.lstat(folder).st_mode):
            raise BootFailed(f"{folder.name}: not a folder")
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry, _ in zip(
                entries, range(NAMES_MOST)))
    except FileNotFoundError:
        raise BootFailed("no run folder came back") from None


def check_files(folder: Path) -> None:
    """Refuse all but plain files of known names and possible sizes."""
    names = names_in(folder)
    unknown = next((name for name in names if name not in FILES), None)
    if unknown is not None:
        raise BootFailed(f"run folder: {unknown[:80]!r} is no file of a run")
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise BootFailed(f"run folder: {', '.join(missing)} did not come "
                         "back")
    for name in names:
        opened(folder / name, FILES[name]).close()


def listed(record: Dict[str, Any], key: str) -> List[Dict[str, Any]]:
    """The objects in one of run.json's lists."""
    found = record.get(key)
    if not isinstance(found, list) or not all(
            isinstance(one, dict) for one in found):
        raise BootFailed(f"run.json: {key} is no list of objects")
    return found


def check_complete(record: Dict[str, Any]) -> None:
    """Refuse a run that was cut short."""
    if record.get("complete") is not True:
        raise BootFailed("the run is not complete: "
                         f"{str(record.get('problem'))[:200]}")


def check_plain(record: Dict[str, Any]) -> None:
    """Refuse a run of other arms than the plain one."""
    arms = listed(record, "arms")
    if len(arms) != 1 or arms[0].get("skipped") is not None or (
            arms[0].get("conditions") != []):
        raise BootFailed("run.json: one plain arm was asked for, "
                         f"{len(arms)} came back")


def rows_planned(record: Dict[str, Any]) -> int:
    """How many rows the samples of a complete run have: each launch runs
    each row that was not skipped, a batch a round."""
    launches, rows = listed(record, "launches"), listed(record, "benchmarks")
    run = record.get("run")
    rounds = run.get("rounds") if isinstance(run, dict) else None
    if type(rounds) is not int or rounds < 1:
        raise BootFailed("run.json: no number of rounds")
    measured = sum(one.get("skipped") is None for one in rows)
    return sum(one.get("done") is True for one in launches) * rounds * (
        measured)


def rows_in(path: Path) -> int:
    """How many rows a CSV file has below its header, all of them ended."""
    count, last = -1, b""
    with opened(path, FILES[path.name]) as file:
        if not file.readline(BLOCK).startswith(SAMPLES):
            raise BootFailed(f"{path.name}: the header is another")
        file.seek(0)
        for block in iter(lambda: file.read(BLOCK), b""):
            count, last = count + block.count(b"\n"), block[-1:]
    if last != b"\n":
        raise BootFailed(f"{path.name}: cut off in the middle of row "
                         f"{count + 1}")
    return count


def check_samples(folder: Path, record: Dict[str, Any]) -> None:
    """Refuse samples that lack rows, or have others."""
    planned, found = rows_planned(record), rows_in(folder / "samples.csv")
    if not planned:
        raise BootFailed("run.json: nothing was measured")
    if found != planned:
        raise BootFailed(f"samples.csv: {found} rows came back of {planned}")


def check(folder: Path,
          check_asked: Callable[[Dict[str, Any]], None] = check_plain
          ) -> Dict[str, Any]:
    """What run.json holds of a run folder that is whole and harmless.

    check_asked: raises BootFailed where it was made in another way.
    """
    check_files(folder)
    record = read_json(folder / "run.json", FILES["run.json"])
    check_complete(record)
    check_asked(record)
    check_samples(folder, record)
    return record
