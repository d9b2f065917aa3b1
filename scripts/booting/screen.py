# SPDX-License-Identifier: MIT
"""Progress on standard error: a line a boot, which ends when the boot does."""

import contextlib
import sys

from analysis.output import printable


class Screen:
    """Lines, of which the last may wait for its end."""

    def __init__(self) -> None:
        self.begun = ""             # the line that waits
        self.is_broken = False      # others came behind its beginning

    def put(self, text: str, end: str = "\n") -> None:
        """Write it out at once; that nobody reads it must end no boot."""
        with contextlib.suppress(OSError, ValueError):
            print(printable(text), end=end, file=sys.stderr, flush=True)

    def begin(self, text: str) -> None:
        """A line whose end will follow."""
        self.begun, self.is_broken = f"{text} ... ", False
        self.put(self.begun, "")

    def break_line(self) -> None:
        """Others come before the end of the line that waits."""
        if self.begun and not self.is_broken:
            self.is_broken = True
            self.put("")

    def say(self, text: str) -> None:
        """A line of its own."""
        self.break_line()
        self.put(text)

    def end(self, text: str) -> None:
        """The end of the line that waits; begun again where it must be."""
        self.put(f"{self.begun if self.is_broken else ''}{text}")
        self.begun, self.is_broken = "", False
