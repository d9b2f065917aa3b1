# SPDX-License-Identifier: MIT
"""Is a file that says what root is to write this program's own?"""

import os
from pathlib import Path
from typing import Callable, Optional


def problem_of(path: Path, is_kind: Callable[[int], bool]) -> Optional[str]:
    """Why a file or folder is not to be believed; None where it is.

    is_kind: stat.S_ISREG or stat.S_ISDIR. FileNotFoundError passes through.
    """
    found = os.lstat(path)
    if is_kind(found.st_mode) and found.st_uid == os.geteuid() and not (
            found.st_mode & 0o022):
        return None
    return (f"{path}: not this program's own (a link, another user's, or "
            "writable by others): nothing was written; look at it and remove "
            "it")
