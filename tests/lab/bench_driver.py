# SPDX-License-Identifier: MIT
"""scripts/lab-bench as a test calls it, and what it left."""

import json
import pathlib
import subprocess
from typing import Any, Dict, List, Optional

import lab_world

REPOSITORY = pathlib.Path(__file__).parents[2]
GUARD_S = 900       # against hanging; nothing is asserted on times


class Bench:
    """scripts/lab-bench on the control node of a lab."""

    quick = ("--profile=quick", "--filter=^(getppid/inline|baseline/call)$",
             "--serial=1", "--forks=1")

    def __init__(self, world: lab_world.World, folder: pathlib.Path,
                 tree: pathlib.Path = REPOSITORY) -> None:
        self.world, self.folder, self.tree = world, folder, tree
        self.variables: Dict[str, Dict[str, Any]] = {}
        self.first: "Optional[subprocess.CompletedProcess[str]]" = None

    def start(self, *options: str) -> "subprocess.Popen[str]":
        """Begin an invocation."""
        return self.world.start(
            str(self.tree / "scripts" / "lab-bench"),
            str(self.world.inventory(self.variables)),
            f"--output={self.folder}", *options, cwd=self.tree)

    def __call__(self, *options: str) -> "subprocess.CompletedProcess[str]":
        """One invocation, to its end."""
        return self.end(self.start(*options))

    def end(self, process: "subprocess.Popen[str]"
            ) -> "subprocess.CompletedProcess[str]":
        """Wait for one; what the first said is kept."""
        with process:
            out, errors = process.communicate(timeout=GUARD_S)
        print(out, errors)
        done = subprocess.CompletedProcess([], process.returncode, out,
                                           errors)
        self.first = self.first or done
        return done

    def record(self, host: str) -> Dict[str, Any]:
        """What came of a host."""
        found: Dict[str, Any] = json.loads(
            (self.folder / "hosts" / f"{host}.json").read_text())
        return found

    def run_of(self, host: str) -> pathlib.Path:
        """Its run folder."""
        return self.folder / str(self.record(host)["run"])

    def started(self, host: str) -> str:
        """When its run was, by its own clock."""
        text = (self.run_of(host) / "run.json").read_text()
        return str(json.loads(text)["run"]["started"])

    @property
    def runs(self) -> List[str]:
        """All run folders' names."""
        return sorted(path.name for path in (self.folder / "runs").iterdir())
