# SPDX-License-Identifier: MIT
"""A QEMU process: started, watched and always gone in the end."""

import contextlib
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List, Optional, Sequence

from booting.executor import Refused
from booting.qemu_machines import environment

FILE_LIMIT_BYTES = 64 << 20     # of what a guest can make QEMU write
ERRORS = "qemu.log"             # in an attempt's folder


@dataclass(frozen=True)
class End:
    """How a guest came to its end."""

    status: Optional[int]   # as Popen.returncode; None: it had to be stopped
    limit_s: float


def fenced() -> List[str]:
    """Commands under which QEMU dies with us and cannot fill the disk.

    Both execute what follows and leave no process of their own.
    """
    setpriv, prlimit = shutil.which("setpriv"), shutil.which("prlimit")
    if setpriv is None or prlimit is None:
        raise Refused("setpriv and prlimit are missing (package util-linux): "
                      "run scripts/setup --vm")
    return [setpriv, "--pdeathsig", "KILL",
            prlimit, f"--fsize={FILE_LIMIT_BYTES}", "--core=0"]


@contextlib.contextmanager
def started(command: Sequence[str], folder: Path
            ) -> Iterator["subprocess.Popen[bytes]"]:
    """QEMU at work in a folder; gone when the block is left, however.

    In a session of its own: Ctrl-C is for us, who then end it.
    """
    with open(folder / ERRORS, "wb") as errors:
        process = subprocess.Popen(
            [*fenced(), *command], cwd=folder, env=environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=errors, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def run(command: Sequence[str], folder: Path, limit_s: float) -> End:
    """Run a guest to its end, or stop it after limit_s."""
    with started(command, folder) as process:
        try:
            return End(process.wait(limit_s), limit_s)
        except subprocess.TimeoutExpired:
            return End(None, limit_s)
