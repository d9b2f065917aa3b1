# SPDX-License-Identifier: MIT
"""This machine: its files, its commands and the boot that it is in.

All that kexec and reboot do to a machine goes through here, so that a test
can put another one in its place.
"""

import atexit
import contextlib
import itertools
import os
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import Callable, NamedTuple, Optional

from booting.journal import sync

PIECE, PIECES_MOST = 1 << 16, 256   # bytes of a file; how many of them
BOOT_ID = "/proc/sys/kernel/random/boot_id"
COMMAND_S = 120         # no command here takes as long
# Commands speak English, and are found where an administrator has them.
ENVIRONMENT = {"LC_ALL": "C", "HOME": "/root", "PATH":
               "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


class Done(NamedTuple):
    """A command that has ended."""

    status: int
    out: str = ""
    err: str = ""

    @property
    def why(self) -> str:
        """What it said of its failure: its last line."""
        lines = (self.err.strip() or self.out.strip()).splitlines()
        return lines[-1][:200] if lines else f"exit status {self.status}"


def unfinished(path: Path) -> Path:
    """Where a file is written until it is whole."""
    return path.with_name(f".{path.name}.syscost")


def for_all_to_read(path: str, flags: int) -> int:
    """Open a file that is new, for nobody else to write."""
    return os.open(path, flags, 0o644)


def resemble(new: Path, old: Path) -> None:
    """Give a file the owner, mode and labels of another, as far as may be:
    FAT has none."""
    with contextlib.suppress(OSError):
        found = os.lstat(old)
        os.chown(new, found.st_uid, found.st_gid)
        os.chmod(new, stat.S_IMODE(found.st_mode))
    with contextlib.suppress(OSError):
        for name in os.listxattr(old):
            os.setxattr(new, name, os.getxattr(old, name))


class Machine:
    """Paths are given as the machine names them."""

    root = Path("/")

    def at(self, path: str) -> Path:
        """Where a file lies."""
        return self.root / path.lstrip("/")

    def is_there(self, path: str) -> bool:
        """Whether there is anything of that name."""
        return os.path.lexists(self.at(path))

    def is_plain(self, path: str) -> bool:
        """Whether it is a file, and no link to one."""
        with contextlib.suppress(OSError):
            return stat.S_ISREG(os.lstat(self.at(path)).st_mode)
        return False

    def read(self, path: str) -> Optional[bytes]:
        """What a file holds, up to a bound; None where there is none.

        In small pieces: of /proc/sys the kernel gives nothing to who asks for
        more than a few MiB at once (ENOMEM, proc_sys_call_handler).
        """
        try:
            with open(self.at(path), "rb", buffering=0) as file:
                pieces = iter(lambda: file.read(PIECE), b"")
                return b"".join(itertools.islice(pieces, PIECES_MOST))
        except FileNotFoundError:
            return None

    def text(self, path: str) -> str:
        """What a file of the kernel says; "" where there is none."""
        try:
            return (self.read(path) or b"").decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def write(self, path: str, content: bytes) -> None:
        """A file that is whole on the disk, old or new, whatever happens."""
        target, new = self.at(path), unfinished(self.at(path))
        with contextlib.suppress(FileNotFoundError):
            new.unlink()
        try:
            with open(new, "xb", opener=for_all_to_read) as file:
                file.write(content)
                resemble(new, target)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, target)
        except OSError:
            with contextlib.suppress(OSError):
                new.unlink()
            raise
        sync(target.parent)

    def copy(self, source: str, path: str) -> None:
        """A file's content at another place, on the disk when it returns."""
        shutil.copyfile(self.at(source), self.at(path))
        sync(self.at(path))

    def remove(self, path: str) -> None:
        """A file or a link goes, if it is there."""
        self.sweep(path)
        with contextlib.suppress(FileNotFoundError):
            self.at(path).unlink()
            sync(self.at(path).parent)

    def sweep(self, path: str) -> None:
        """What a write left that was cut off goes."""
        with contextlib.suppress(FileNotFoundError):
            unfinished(self.at(path)).unlink()

    def make_folder(self, path: str) -> None:
        """A folder, where there is none."""
        self.at(path).mkdir(mode=0o755, exist_ok=True)

    def remove_folder(self, path: str) -> None:
        """A folder goes, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self.at(path).rmdir()

    def run(self, *words: str) -> Done:
        """A command, to its end."""
        try:
            done = subprocess.run(words, env=ENVIRONMENT, text=True,
                                  stdin=subprocess.DEVNULL, errors="replace",
                                  stdout=subprocess.PIPE, timeout=COMMAND_S,
                                  stderr=subprocess.PIPE)
        except subprocess.TimeoutExpired:
            return Done(124, err=f"took over {COMMAND_S} s")
        except OSError as problem:
            return Done(127, err=f"{words[0]}: {problem.strerror}")
        return Done(done.returncode, done.stdout, done.stderr)

    def has(self, command: str) -> bool:
        """Whether there is such a command."""
        return shutil.which(command, path=ENVIRONMENT["PATH"]) is not None

    def ask_to_go_down(self, *words: str) -> Done:
        """A command after which the machine ends this program, too: that is
        no interruption."""
        before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.sync()
        done = self.run(*words)
        if done.status:
            signal.signal(signal.SIGTERM, before)
        return done

    def at_end(self, last: Callable[[], None]) -> None:
        """Do something when the program has done all that it has to do."""
        atexit.register(last)

    def rest(self, seconds: float) -> None:
        """Let some time pass."""
        time.sleep(seconds)

    @property
    def is_roots(self) -> bool:
        """Whether we may change it."""
        return os.geteuid() == 0

    @property
    def release(self) -> str:
        """As uname -r."""
        return os.uname().release

    @property
    def architecture(self) -> str:
        """As uname -m."""
        return os.uname().machine

    @property
    def boot_id(self) -> str:
        """Which boot this is."""
        return self.text(BOOT_ID)

    @property
    def line(self) -> str:
        """The kernel's command line."""
        return self.text("/proc/cmdline")
