# SPDX-License-Identifier: MIT
"""What an executor is told beside the plan.

Each is a module booting.NAME with

    def make(plan: Plan, folder: Path, options: Options) -> Executor

which looks at nothing yet: that is prepare's. folder is the matrix's own;
an executor keeps what it needs over boots in folder / "executor", which it
makes itself, and touches nothing else in there but its attempts' folders.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional


@dataclass(frozen=True)
class Options:
    """The command line's part of it."""

    program: Optional[Path]     # syscost to measure with; None: the built one
    anonymous: bool             # measure with --anonymous; environment.json
    # is always made without: the command line is read back from it
    say: Callable[[str], None]  # a line of progress, for the screen
