# SPDX-License-Identifier: MIT
"""Finds the executor of a name; only the one that is asked for is read."""

import importlib
from pathlib import Path
from types import ModuleType

from booting.executor import Executor, Refused
from booting.options import Options
from booting.plan import Plan

NAMES = ("qemu", "kexec", "reboot")


def module_of(name: str) -> ModuleType:
    """booting.NAME; Refused where this copy of the scripts lacks it."""
    try:
        return importlib.import_module(f"booting.{name}")
    except ModuleNotFoundError as problem:
        if problem.name != f"booting.{name}":
            raise
        raise Refused(f"--executor={name}: scripts/booting/{name}.py is not "
                      "there: take the scripts as a whole") from None


def make(name: str, plan: Plan, folder: Path, options: Options) -> Executor:
    """The executor, which has looked at nothing yet."""
    found: Executor = module_of(name).make(plan, folder, options)
    return found
