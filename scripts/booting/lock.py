# SPDX-License-Identifier: MIT
"""One matrix at a time in a folder, and on a machine.

The kernel lets go of a lock whatever ends who holds it.
"""

import contextlib
import fcntl
import os
import stat
from pathlib import Path
from typing import Iterator

from analysis.output import BadInput
from booting.executor import Refused


def machine_lock() -> Path:
    """The user's lock for measuring on this machine.

    A session's own folder is preferred, but root has the same lock inside a
    session and as a service.
    """
    uid = os.geteuid()
    own = Path(os.environ.get("XDG_RUNTIME_DIR") or "-")
    if uid and own.is_absolute() and own.is_dir() and (
            own.stat().st_uid == uid):
        return own / "syscost-boot-matrix.lock"
    folder = next((path for path in (Path("/run/lock"), Path("/tmp"))
                   if os.access(path, os.W_OK | os.X_OK)), Path("/tmp"))
    return folder / f"syscost-boot-matrix-{uid}.lock"


def opened(path: Path) -> int:
    """The file to lock, made if need be: ours, and no link to another's."""
    try:
        found = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW |
                        os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise BadInput(f"{path}: {problem.strerror}: no lock, so nothing is "
                       "done") from None
    state = os.fstat(found)
    if stat.S_ISREG(state.st_mode) and state.st_uid == os.geteuid():
        return found
    os.close(found)
    raise BadInput(f"{path}: not a file of this user: look at it and remove "
                   "it")


def holder(descriptor: int) -> str:
    """Who holds the lock, as it wrote there."""
    text = os.pread(descriptor, 20, 0).decode("ascii", "replace")
    return f"process {text}" if text.isdigit() else "another process"


def is_free(path: Path) -> bool:
    """Whether nobody holds it."""
    try:
        with held(path, ""):
            return True
    except Refused:
        return False


@contextlib.contextmanager
def held(path: Path, what: str) -> Iterator[None]:
    """Hold it, or raise Refused with what is busy and by whom."""
    descriptor = opened(path)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(f"{holder(descriptor)} {what}: wait for it, or end "
                          "it") from None
        os.ftruncate(descriptor, 0)
        with contextlib.suppress(OSError):      # a full disk
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
