# SPDX-License-Identifier: MIT
"""The command line of a script: its help and what is wrong with its use."""

import argparse
from typing import NoReturn

from analysis.output import printable


class Parser(argparse.ArgumentParser):
    """Takes its --help from a docstring; wrong use is one line, exit 2."""

    def __init__(self, description: str) -> None:
        super().__init__(
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {printable(message)} "
                     f"(see {self.prog} --help)\n")
