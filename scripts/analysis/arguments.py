# SPDX-License-Identifier: MIT
"""The command line of a script: its help and what is wrong with its use."""

import argparse
import re
import warnings
from typing import Any, NoReturn

from analysis.output import printable


def share(text: str) -> float:
    """A share from text like 1%, 0.5 % or 1 (per cent all of them)."""
    number = re.fullmatch(r"\s*(\d{1,4}(?:\.\d*)?|\.\d+)\s*%?\s*", text)
    if not number:
        raise argparse.ArgumentTypeError(
            f"{text}: a percentage below 10000 is needed")
    return float(number[1]) / 100


def pattern(text: str) -> str:
    """A regular expression."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")     # of nested sets to come
            re.compile(text)
    except (re.error, OverflowError, RecursionError) as problem:
        raise argparse.ArgumentTypeError(
            f"{text}: {problem}; a regular expression is needed") from None
    return text


class Parser(argparse.ArgumentParser):
    """Takes its --help from a docstring; wrong use is one line, exit 2."""

    def __init__(self, description: str, **more: Any) -> None:
        super().__init__(
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter, **more)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {printable(message)} "
                     f"(see {self.prog} --help)\n")
