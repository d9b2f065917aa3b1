# SPDX-License-Identifier: MIT
"""Finds run folders, and says which of them are not known as they are."""

import os
import stat
from typing import Dict, Iterator, List, Mapping, NamedTuple, Optional

from archive import files

DEPTH = 8               # folders between a root and a run
FOUND_MOST = 1000000    # run folders


class Found(NamedTuple):
    """A folder with a run.json."""

    path: str
    signature: str      # of both files


def signature_of(folder: str) -> Optional[str]:
    """Of a run folder's files; None where there is no run.json."""
    parts = []
    for name in (files.RECORD, files.SUMMARY):
        try:
            status = os.lstat(f"{folder}/{name}")
        except OSError:
            if name == files.RECORD:
                return None
            parts.append("none")
            continue
        if name == files.RECORD and stat.S_ISDIR(status.st_mode):
            return None
        parts.append(files.signature(status))
    return " ".join(parts)


def folders_in(folder: str) -> List[str]:
    """The folders in a folder by name; hidden ones are not finished."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.path for entry in entries
                          if entry.name[0] != "." and
                          entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def walk(folder: str, depth: int = DEPTH) -> Iterator[Found]:
    """The run folders from a folder on; no links, no run within a run."""
    signature = signature_of(folder)
    if signature is not None:
        yield Found(folder, signature)
    elif depth:
        for below in folders_in(folder):
            yield from walk(below, depth - 1)


def find(roots: List[str]) -> Dict[str, str]:
    """The signature of each run folder, by its path."""
    found: Dict[str, str] = {}
    for root in roots:
        for one in walk(root):
            found[one.path] = one.signature
            if len(found) >= FOUND_MOST:
                return found
    return found


def fresh(found: Mapping[str, str], known: Mapping[str, str]) -> List[Found]:
    """Those that are not known, or not as they are now."""
    return [Found(path, signature) for path, signature in found.items()
            if known.get(path) != signature]


def is_below(path: str, roots: List[str]) -> bool:
    """Whether a path is one of the roots, or lies in one."""
    return any(path == root or path.startswith(root.rstrip("/") + "/")
               for root in roots)
