# SPDX-License-Identifier: MIT
"""Runs scripts/boot-matrix over boots that are made up, and ends it on order.

$BOOTED is JSON: executor (what booted.Ordered takes), lock (the machine's),
compare (whether to), and at: {save: N, when: before or after, do: a signal's
name or "full"}: what happens at the Nth writing of the journal.
"""

import json
import os
import pathlib
import resource
import runpy
import sys
import types
from typing import Any, Dict

import booted
from booting import comparing, journal, lock

SPEC: Dict[str, Any] = json.loads(os.environ["BOOTED"])
AT: Dict[str, Any] = SPEC.get("at", {})
FULL_BYTES = 400    # a file may have: the log, but no journal and no run
saves = 0
save = journal.Journal.save


def happen() -> None:
    """What is to happen at this moment."""
    if AT["do"] == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (FULL_BYTES, FULL_BYTES))
    else:
        os.kill(os.getpid(), booted.number_of(AT["do"]))


def counted_save(self: journal.Journal) -> None:
    """Write the journal, and do what is to be done around it."""
    global saves
    saves += 1
    if saves == AT.get("save") and AT["when"] == "before":
        happen()
    save(self)
    if saves == AT.get("save") and AT["when"] == "after":
        happen()


def main() -> None:
    """The script, with another executor and a lock of the test's own."""
    for name in ("qemu", "reboot"):
        module = types.ModuleType(f"booting.{name}")
        setattr(module, "make", booted.executor_of(SPEC["executor"]))
        sys.modules[module.__name__] = module
    journal.Journal.save = counted_save     # type: ignore[method-assign]
    lock.machine_lock = lambda: pathlib.Path(SPEC["lock"])
    if not SPEC.get("compare"):
        comparing.interpreter.find = lambda: None
    script = str(booted.SCRIPTS / "boot-matrix")
    sys.argv[0] = script
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
