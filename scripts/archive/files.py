# SPDX-License-Identifier: MIT
"""Reads the two files of a run folder that a history needs, bounded."""

import hashlib
import os
import stat
from pathlib import Path
from typing import Tuple

from analysis.output import BadInput

RECORD, SUMMARY = "run.json", "summary.csv"
MOST = {RECORD: 32 << 20, SUMMARY: 8 << 20}     # bytes
KEY_BYTES = 16


def content(folder: Path, name: str) -> bytes:
    """A plain file of bounded size: a pipe or a device is not waited for."""
    path = folder / name
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK |
                             os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise BadInput(f"{path}: not a file")
            found = file.read(MOST[name] + 1)
    except OSError as problem:
        raise BadInput(f"{path}: {problem.strerror}") from None
    if len(found) > MOST[name]:
        raise BadInput(f"{path}: more than {MOST[name] >> 20} MiB")
    return found


def both(folder: Path) -> Tuple[bytes, bytes]:
    """run.json and summary.csv as they are."""
    return content(folder, RECORD), content(folder, SUMMARY)


def key_of(record: bytes, summary: bytes) -> str:
    """What a run is known by wherever its folder lies.

    run.json holds the time, the seed and each launch's own time.
    """
    found = hashlib.blake2b(digest_size=KEY_BYTES)
    for part in (record, summary):
        found.update(hashlib.blake2b(part).digest())
    return found.hexdigest()


def signature(status: os.stat_result) -> str:
    """What changes whenever a file does: looked at in place of reading."""
    return f"{status.st_mtime_ns} {status.st_ctime_ns} {status.st_size}"
