# SPDX-License-Identifier: MIT
"""Processes in namespaces of their own, which the kernel ends with the test.
"""

import contextlib
import pathlib
import signal
import subprocess
import time
from typing import Any, List, Optional, Sequence

GUARD_S = 60


def child_of(process: "subprocess.Popen[str]") -> int:
    """The process that unshare --fork has started."""
    end = time.monotonic() + GUARD_S
    listed = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while time.monotonic() < end:
        found = listed.read_text().split()
        if found:
            return int(found[0])
        time.sleep(0.01)
    raise RuntimeError("unshare has started nothing")


class Namespaces:
    """Processes in namespaces of their own, ended with us."""

    def __init__(self, words: Sequence[str], under: Sequence[str] = ()
                 ) -> None:
        self.process = subprocess.Popen(
            [*under, "setpriv", "--pdeathsig", "KILL", "unshare", "--fork",
             "--kill-child", "--mount-proc", "--mount", "--pid", "--uts",
             *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            text=True)
        self.first: Optional[int] = None

    def inside(self, *words: str) -> List[str]:
        """A command line that runs in there."""
        return ["nsenter", f"--target={self.first}", "--mount", "--net",
                "--pid", "--uts", "--", *words]

    def run(self, *words: str, **more: Any
            ) -> "subprocess.CompletedProcess[str]":
        """Run something in there that must succeed."""
        return subprocess.run(self.inside(*words), check=True, text=True,
                              stdin=subprocess.DEVNULL, **more)

    def end(self) -> None:
        """End all that is in there."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
