# SPDX-License-Identifier: MIT
"""Reads and writes the kernel's files, those of a machine or of a fake."""

import errno
import functools
import os
import re
import stat
import time
from pathlib import Path
from typing import Dict, List, Optional

from tuning.forms import Form, chosen

TOPS = ("sys", "proc", "dev")   # nothing else is ever opened
READ_MOST = 1 << 16             # bytes
SETTLE_STEPS, SETTLE_S = 10, 0.02


@functools.lru_cache(maxsize=None)
def number_pattern(pattern: str) -> "re.Pattern[str]":
    """A path in which each * stands for a number, as an expression."""
    return re.compile(re.escape(pattern).replace(r"\*", r"\d{1,9}"),
                      re.ASCII)


def in_order(path: str) -> List[object]:
    """A key by which cpu2 goes before cpu10."""
    return [int(part) if part.isdigit() else part
            for part in re.split(r"(\d+)", path)]


class Tree:
    """The files under a root; paths are given as the kernel names them."""

    def __init__(self, root: str = "/") -> None:
        self.root = Path(os.path.realpath(root))

    def resolve(self, path: str) -> Path:
        """Where the file really lies, which is within /sys, /proc or /dev.

        cpuN/cpufreq is a link, so links are followed, but not out of there.
        """
        found = Path(os.path.realpath(self.root / path.lstrip("/")))
        if not any((self.root / top) in found.parents for top in TOPS):
            raise OSError(errno.EXDEV, "leads out of the tree", path)
        return found

    def open(self, path: str, flags: int) -> int:
        """A descriptor of a file that is there."""
        return os.open(self.resolve(path),
                       flags | os.O_NOFOLLOW | os.O_CLOEXEC)

    def read(self, path: str) -> str:
        """What a file holds, without the white space around it."""
        descriptor = self.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, "not a regular file", path)
            text = os.read(descriptor, READ_MOST)
        finally:
            os.close(descriptor)
        return text.decode("ascii", "replace").strip()

    def value(self, path: str) -> str:
        """What a file is set to, in the text that sets it."""
        return chosen(self.read(path))

    def write(self, path: str, value: str) -> None:
        """Write a value as one piece, as the kernel wants it."""
        descriptor = self.open(path, os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(descriptor, f"{value}\n".encode("ascii"))
        finally:
            os.close(descriptor)

    def settle(self, path: str, form: Form, value: str) -> str:
        """What the file is set to once it is `value`, or a while later.

        Limits of the frequency are changed by a worker of the kernel, after
        the write has returned (cpufreq_notifier_max, drivers/cpufreq).
        """
        for _ in range(SETTLE_STEPS):
            now = self.value(path)
            if form.admits(now) and form.same(now, value):
                break
            time.sleep(SETTLE_S)
        return now

    def glob(self, pattern: str) -> List[str]:
        """The files of a pattern, each once though links lead to it twice."""
        known = number_pattern(pattern)
        found: Dict[str, List[str]] = {}
        for path in self.root.glob(pattern.lstrip("/").replace(
                "*", "[0-9]*")):
            name = f"/{path.relative_to(self.root)}"
            if known.fullmatch(name):
                found.setdefault(os.path.realpath(path), []).append(name)
        return sorted((min(names, key=in_order)
                       for names in found.values()), key=in_order)

    def refusal(self, path: str) -> Optional[str]:
        """Why the file cannot be written, as far as it tells beforehand."""
        try:
            real = self.resolve(path)
            mode = os.stat(real).st_mode
            if os.statvfs(real).f_flag & os.ST_RDONLY:
                return "mounted read-only"
        except OSError as problem:
            return problem.strerror
        if not mode & 0o222:
            return "read-only"
        return None if os.access(real, os.W_OK) else "needs root"
