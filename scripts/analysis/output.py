# SPDX-License-Identifier: MIT
"""How a script ends: what it printed is written out, or a line says why not.

Needs nothing but Python, for scripts that run where there is nothing else.
"""

import io
import os
import sys
from pathlib import Path
from typing import Callable, NoReturn


def printable(text: str) -> str:
    """The text with what terminals obey written out as escapes."""
    return "".join(c if c.isprintable()
                   else c.encode("unicode_escape").decode() for c in text)


class BadInput(Exception):
    """What is wrong with a file, as one printable line."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


def finish_output() -> None:
    """Write out what was printed, or say why that cannot be."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:     # who reads it has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as problem:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise BadInput(f"standard output: {problem.strerror}") from None


def finish_errors() -> None:
    """Nothing is left to be written when Python ends: it would exit with 120
    where nobody reads it."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def printing(main: Callable[[], int]) -> int:
    """What main returns, whatever becomes of standard output."""
    if sys.stderr is None:      # it came closed
        sys.stderr = open(os.devnull, "w")
    if sys.stdout is None:
        raise BadInput("standard output is closed")
    # Letters that a terminal's encoding lacks are written out.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        return main()
    except BrokenPipeError:
        return 0
    except OSError as problem:
        if problem.filename is not None:
            raise
        raise BadInput(f"standard output: {problem.strerror}") from None
    finally:
        finish_errors()
        finish_output()


def run(main: Callable[[], int]) -> NoReturn:
    """Exit with what main returns; bad input is one line and exit code 2."""
    try:
        sys.exit(printing(main))
    except BadInput as problem:
        print(f"{Path(sys.argv[0]).name}: {problem}", file=sys.stderr)
        sys.exit(2)
