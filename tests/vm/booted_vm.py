# SPDX-License-Identifier: MIT
"""Kernels that are really booted: what the tests of make test-vm share."""

import os
import pathlib
import signal
import subprocess
import sys
from typing import Any, Dict, List, Tuple

import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]
SCRIPTS = REPOSITORY / "scripts"
sys.path.insert(0, str(SCRIPTS))

from booting.executor import Attempt  # noqa: E402
from booting.options import Options  # noqa: E402
from booting.plan import Arm, Guest, Kernel, Plan  # noqa: E402
from booting import qemu  # noqa: E402

GUARD_S = 600       # against hanging; nothing is asserted on times
HERE = os.uname().machine
IMAGES = {"x86_64": "debian:cloud-amd64", "aarch64": "debian:cloud-arm64"}
# aarch64: the quickest to emulate (docs/plans/kpti-aarch64.toml).
CPUS = {"x86_64": "max", "aarch64": "cortex-a72"}

# Ten launches: an emulator looks addresses up in small tables, and a launch's
# addresses may clash there where another's do not. Each row's least is of the
# luckiest.
PLAN = """
name = "vm"
boots = 1
profile = "quick"
filter = "{filter}"
arguments = ["--launches=10", "--rounds=10"]
limit_s = 120
[guest]
cpu = "{cpu}"
[kernels.debian]
image = "{image}"
"""


def plan_text(architecture: str, filter: str, *arms: Tuple[str, str, str]
              ) -> str:
    """A plan; arms: name, command line, what is expected as TOML."""
    text = PLAN.format(filter=filter, cpu=CPUS[architecture],
                       image=IMAGES[architecture])
    return text + "".join(
        f'[[arms]]\nname = "{name}"\ncmdline = "{cmdline}"\n'
        f"expect = {{ {expect} }}\n" for name, cmdline, expect in arms)


def needs(architecture: str) -> None:
    """Skip what this machine has no emulator and no program for."""
    if HERE == "aarch64" and architecture != "aarch64":
        pytest.skip("aarch64 boots its own kernels alone")


class Matrix:
    """Runs scripts/boot-matrix in a folder of its own."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.output = folder / "matrix"
        self.started: List["subprocess.Popen[str]"] = []

    def write(self, text: str) -> pathlib.Path:
        """The plan's file."""
        path = self.folder / "plan.toml"
        path.write_text(text)
        return path

    def start(self, *options: str) -> "subprocess.Popen[str]":
        """Start it with a plan or with what is to go on."""
        self.started.append(subprocess.Popen(
            [sys.executable, str(SCRIPTS / "boot-matrix"), *options,
             f"--output={self.output}"], cwd=self.folder, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True))
        return self.started[-1]

    def run(self, *options: str) -> Tuple[int, str, str]:
        """Run it to its end: status, output and errors."""
        process = self.start(*options)
        output, errors = process.communicate(timeout=GUARD_S)
        return process.returncode, output, errors

    def stop(self) -> None:
        """End what a failed test left running; QEMU dies with it."""
        for process in self.started:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


class Guests:
    """Boots single guests by the executor itself, without a second try."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.said: List[str] = []

    def boot(self, cmdline: str = "", **more: Any) -> pathlib.Path:
        """Boot this machine's kind of guest; the attempt's folder."""
        kernel = Kernel("debian", IMAGES[HERE])
        guest = Guest(CPUS[HERE], **{
            key: more.pop(key) for key in list(more) if key == "memory_mib"})
        settings: Dict[str, Any] = {
            "profile": "quick", "filter": "^getppid/inline$", "limit_s": 120,
            "arguments": ("--launches=1", "--rounds=2"), **more}
        plan = Plan("vm", (Arm("one", kernel, tuple(cmdline.split())),), 1,
                    guest=guest, **settings)
        executor = qemu.make(plan, self.folder,
                             Options(None, False, self.said.append))
        executor.prepare()
        folder = self.folder / "attempt"
        folder.mkdir()
        try:
            executor.enter(Attempt(1, 1, plan.arms[0], folder, "mark"))
        finally:
            executor.close(True)
        return folder
