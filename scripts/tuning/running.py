# SPDX-License-Identifier: MIT
"""Runs a command and waits for its end, whatever signals come meanwhile."""

import contextlib
import os
import pwd
import signal
import subprocess
from typing import Any, Dict, Optional, Sequence

# These end a run; the others are the command's business and are passed on.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
PASSED_ON = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM)
SI_KERNEL = 0x80    # asm-generic/siginfo.h: from the terminal, to all there

NOT_FOUND, NOT_STARTED = 127, 126   # as shells have it


class NoUser(Exception):
    """Which user there is not."""


def hold_signals() -> None:
    """From here on signals wait until they are asked for.

    So that none ends us between a write and its undoing. A child must be
    waited for, though the one who started us may have ignored that.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK,
                           {*ENDING, *PASSED_ON, signal.SIGCHLD})


def waiting() -> Optional[int]:
    """A signal that has come and would end a run; it is taken."""
    found = signal.sigtimedwait(ENDING, 0)
    return found.si_signo if found else None


def identity(user: Optional[str]) -> Dict[str, Any]:
    """What subprocess needs to run a command as a user."""
    if user is None:
        return {}
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise NoUser(f"--user={user}: no such user") from None
    return {"user": entry.pw_uid, "group": entry.pw_gid,
            "extra_groups": os.getgrouplist(user, entry.pw_gid),
            "env": {**os.environ, "HOME": entry.pw_dir, "USER": user,
                    "LOGNAME": user}}


def release_signals() -> None:
    """In the child: it gets its signals as anything started by a shell."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK,
                           {*ENDING, *PASSED_ON, signal.SIGCHLD})


def wait_for(child: "subprocess.Popen[bytes]") -> Optional[int]:
    """Pass signals on until the child has ended; the one that ended it all.

    What the terminal sends, it sends to the child as well.
    """
    ended_by = None
    while child.poll() is None:
        found = signal.sigwaitinfo({*ENDING, *PASSED_ON, signal.SIGCHLD})
        if found.si_signo == signal.SIGCHLD:
            continue
        if found.si_signo in ENDING:
            ended_by = ended_by or found.si_signo
        if found.si_code != SI_KERNEL:
            with contextlib.suppress(ProcessLookupError):
                child.send_signal(found.si_signo)
    return ended_by


def run(command: Sequence[str], identified: Dict[str, Any]) -> int:
    """The command's exit status, or 128 and the signal that ended it.

    OSError where it could not be started.
    """
    child = subprocess.Popen(list(command), preexec_fn=release_signals,
                             **identified)
    ended_by = wait_for(child)
    status = child.returncode
    if ended_by is not None:
        return 128 + ended_by
    return status if status >= 0 else 128 - status


def status_of(problem: OSError) -> int:
    """What a shell would exit with."""
    return NOT_FOUND if isinstance(problem, FileNotFoundError) else (
        NOT_STARTED)
