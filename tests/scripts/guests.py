# SPDX-License-Identifier: MIT
"""Kernels, answers and a QEMU that are made up, for the tests of the guests.

The formats are those of Documentation/arch/x86/boot.rst,
Documentation/arch/arm64/booting.rst and of scripts/booting/init.
"""

import gzip
import hashlib
import io
import os
import pathlib
import sys
import tarfile
from typing import List, Mapping, Optional, Tuple

import pytest

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from booting.executor import Attempt  # noqa: E402
from booting.options import Options  # noqa: E402
from booting.plan import Arm, Guest, Kernel, Plan  # noqa: E402

RELEASE = "6.1.0-56-cloud-amd64"
FILES = {"environment.json": b"{}", "stderr.txt": b"", "dmesg.txt": b"[0.0]",
         "run/run.json": b"{}", "run/samples.csv": b"launch,arm\n",
         "run/summary.csv": b"benchmark\n"}


def x86_image(release: str = RELEASE, flags: int = 1, protocol: int = 0x20f
              ) -> bytes:
    """The head of a bzImage."""
    data = bytearray(0x2000)
    data[0x202:0x206] = b"HdrS"
    data[0x206:0x208] = protocol.to_bytes(2, "little")
    data[0x20e:0x210] = (0x1000 - 0x200).to_bytes(2, "little")
    data[0x236:0x238] = flags.to_bytes(2, "little")
    said = f"{release} (builder@example) #1 SMP".encode() + b"\0"
    data[0x1000:0x1000 + len(said)] = said
    return bytes(data)


def arm64_image(release: str = "6.1.0-56-cloud-arm64") -> bytes:
    """An Image, as far as it is read."""
    data = bytearray(0x2000)
    data[0x38:0x3c] = b"ARM\x64"
    said = f"Linux version {release} (builder@example) #1 SMP\n".encode()
    data[0x1000:0x1000 + len(said)] = said
    return bytes(data)


def archive(files: Mapping[str, bytes]) -> bytes:
    """A tar archive of files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w",
                      format=tarfile.USTAR_FORMAT) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def framed(packed: bytes, facts: int = 0, measured: int = 0,
           size: Optional[int] = None, digest: Optional[str] = None) -> bytes:
    """What init sends: a line and the archive."""
    digest = digest or hashlib.sha256(packed).hexdigest()
    size = len(packed) if size is None else size
    return (f"syscost-guest 1 facts={facts} measured={measured} "
            f"bytes={size} sha256={digest}\n").encode() + packed


def answer(files: Mapping[str, bytes] = FILES, **more: int) -> bytes:
    """What a guest sends when all went well, or as told."""
    return framed(gzip.compress(archive(files), mtime=0), **more)


def plan_of(image: pathlib.Path, limit_s: int = 60, accelerator: str = "tcg",
            cmdline: Tuple[str, ...] = ("pti=off",)) -> Plan:
    """A plan of one arm."""
    return Plan("made-up", (Arm("off", Kernel("made", str(image)), cmdline),),
                1, profile="quick", filter="^getppid/(libc|inline)$",
                arguments=("--launches=2",), limit_s=limit_s,
                guest=Guest(accelerator=accelerator))


def options_of(said: List[str], program: Optional[pathlib.Path] = None
               ) -> Options:
    """Options that keep what is said."""
    return Options(program, False, said.append)


def attempt_of(plan: Plan, folder: pathlib.Path) -> Attempt:
    """A first attempt in a new folder."""
    folder.mkdir(parents=True)
    return Attempt(1, 1, plan.arms[0], folder, "0123456789abcdef")


# Plays QEMU in the folder it is started in. $FAKE_QEMU is a Python program;
# `console` and `answer` write what a guest would have written.
FAKE = f"""#!{sys.executable}
import os, pathlib, signal, sys, time
here = pathlib.Path(os.environ["FAKE_FOLDER"])
if sys.argv[1:] == ["--version"]:
    print("QEMU emulator version 7.2.22 (Debian)")
    sys.exit()
def console(text):
    with open("console.log", "a") as file:
        file.write(text)
def answer(data):
    pathlib.Path("answer").write_bytes(data)
def is_trial():
    return "-initrd" not in sys.argv
pathlib.Path("console.log").touch()
pathlib.Path("answer").touch()
(here / "pid").write_text(str(os.getpid()))
(here / "arguments").write_text("\\n".join(sys.argv))
exec(os.environ["FAKE_QEMU"])
"""


class FakeQemu:
    """A QEMU on PATH that does what a test says."""

    def __init__(self, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
                 ) -> None:
        self.folder = folder
        self.setenv = monkeypatch.setenv
        self.commands = folder / "commands"
        self.commands.mkdir()
        for name in ("qemu-system-x86_64", "qemu-system-aarch64"):
            (self.commands / name).write_text(FAKE)
            (self.commands / name).chmod(0o755)
        self.setenv("PATH", f"{self.commands}:{os.environ['PATH']}")
        self.setenv("FAKE_FOLDER", str(folder))
        self.answers(answer())

    def does(self, program: str) -> None:
        """What a guest is to do: Python."""
        self.setenv("FAKE_QEMU", program)

    def answers(self, data: bytes, said: str = "guest: 1.0 s: done\\n"
                ) -> None:
        """What it is to send back, on its way out."""
        (self.folder / "data").write_bytes(data)
        self.does(f'console("{said}")\n'
                  'answer((here / "data").read_bytes())')

    @property
    def pid(self) -> int:
        """The process that was started last."""
        return int((self.folder / "pid").read_text())

    @property
    def arguments(self) -> List[str]:
        """What it was started with last."""
        return (self.folder / "arguments").read_text().split("\n")


def is_alive(pid: int) -> bool:
    """Is there such a process, and is it more than an entry?"""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] != "Z"
