# SPDX-License-Identifier: MIT
"""Runs scripts/boot-matrix over made-up boots, in processes of their own."""

import json
import os
import pathlib
import subprocess
import sys
from typing import Any, Dict, List

import booted

DRIVER = pathlib.Path(__file__).with_name("boot_driver.py")
GUARD_S = 60        # against hanging; nothing is asserted on times


class Driven:
    """The script over made-up boots, in a folder of its own."""

    def __init__(self, folder: pathlib.Path, boots: int = 2) -> None:
        self.folder = folder
        self.log = folder / "log"
        (folder / "p.toml").write_text(
            booted.PLAN.replace("boots = 2", f"boots = {boots}"))

    def spec(self, **more: Any) -> Dict[str, Any]:
        """What the driver is told."""
        executor = {"file": str(self.log), **more.pop("executor", {})}
        return {"executor": executor, "lock": str(self.folder / "machine"),
                **more}

    def command(self, arguments: Any, **more: Any) -> Dict[str, Any]:
        """What subprocess is called with."""
        return {"args": [sys.executable, str(DRIVER), *map(str, arguments)],
                "cwd": self.folder, "stdin": subprocess.DEVNULL,
                "text": True, "env": {**os.environ, "BOOTED": json.dumps(
                    self.spec(**more))}}

    def __call__(self, *arguments: Any, **more: Any
                 ) -> "subprocess.CompletedProcess[str]":
        """Run to the end, or till it is killed."""
        return subprocess.run(**self.command(arguments, **more),
                              capture_output=True, timeout=GUARD_S)

    def start(self, *arguments: Any, **more: Any
              ) -> "subprocess.Popen[str]":
        """Start it and go on."""
        return subprocess.Popen(**self.command(arguments, **more),
                                stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def lines(self) -> List[str]:
        """What the executor was asked for, over all starts."""
        return self.log.read_text().split("\n")[:-1] if (
            self.log.exists()) else []

    def journal(self) -> Dict[str, Any]:
        """What matrix.json holds."""
        found: Dict[str, Any] = json.loads(
            (self.folder / "m" / "matrix.json").read_text())
        return found

    def states(self) -> List[List[str]]:
        """Each slot's attempts' states."""
        return [[one["state"] for one in slot["attempts"]]
                for slot in self.journal()["slots"]]

    def runs(self) -> List[str]:
        """The slots that have a run, each whole and of its own boot."""
        found = sorted(self.folder.glob("m/boots/*/run/run.json"))
        for path, slot in zip(found, self.journal()["slots"]):
            mark = slot["attempts"][-1]["mark"]
            kernel = json.loads(path.read_text())["environment"]["kernel"]
            assert kernel["cmdline"].endswith(f"syscost.boot={mark}")
        return [path.parents[1].name for path in found]

    def resume(self, **more: Any) -> None:
        """Go on to the end, which is reached."""
        result = self("--resume", "--output=m", **more)
        assert (result.returncode, "Traceback" in result.stderr) == (
            0, False), result.stderr
