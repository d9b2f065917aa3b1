# SPDX-License-Identifier: MIT
"""Where syscost is: built in the tree of these scripts, or installed with
them."""

from pathlib import Path

HERE = Path(__file__).resolve().parents[2]      # the tree, or share/syscost


def find() -> Path:
    """The program; where there is none, where `make` puts it."""
    if HERE.parts[-2:] == ("share", "syscost"):
        return HERE.parents[1] / "bin" / "syscost"
    return HERE / "build" / "syscost"
