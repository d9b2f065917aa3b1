# SPDX-License-Identifier: MIT
"""Reads files that another kernel has written, and believes none of them.

A link could lead anywhere, a pipe would be waited for, a file may have any
size, and JSON may be too deep or hold what is no number.
"""

import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO, Dict, NoReturn

from booting.executor import BootFailed

JSON_MOST = 64 << 20    # bytes


def opened(path: Path, most: int) -> BinaryIO:
    """A plain file with no other name and of bounded size, to be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW |
                             os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        raise BootFailed(f"{path.name}: {problem.strerror}") from None
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and (
            found.st_size <= most):
        return open(descriptor, "rb")
    os.close(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        raise BootFailed(f"{path.name}: not a plain file")
    raise BootFailed(f"{path.name}: {found.st_size} bytes, {most} at most "
                     "can be")


def no_number(word: str) -> NoReturn:
    """NaN and its like, which Python reads and JSON has not."""
    raise ValueError(f"{word} is no number")


def read_json(path: Path, most: int = JSON_MOST) -> Dict[str, Any]:
    """The object in a file of JSON."""
    with opened(path, most) as file:
        content = file.read(most + 1)
    try:
        found = json.loads(content, parse_constant=no_number)
    except (ValueError, RecursionError) as problem:
        raise BootFailed(f"{path.name}: not JSON that can be read: "
                         f"{problem}") from None
    if not isinstance(found, dict):
        raise BootFailed(f"{path.name}: no JSON object")
    return found
