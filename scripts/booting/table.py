# SPDX-License-Identifier: MIT
"""Takes the keys of a TOML table one by one and says what is wrong with them.

Every error is one line: the file, the key, what is wrong, what to do.
"""

import difflib
import re
from pathlib import Path
from typing import Any, Dict, List, NoReturn, Optional, Sequence, Set

from analysis.output import BadInput

SHOWN_MOST = 60     # characters of a bad value, in a message


class Table:
    """A table; what was not taken from it in the end is unknown."""

    def __init__(self, file: Path, where: str, found: Any) -> None:
        self.file, self.where = file, where
        self.known: Set[str] = set()
        if not isinstance(found, dict):
            self.fail("", "not a table", f"write [{where}] above its keys")
        self.found: Dict[str, Any] = found

    def fail(self, key: str, what: str, remedy: str) -> NoReturn:
        """Raise the error of a key; "" is the table itself."""
        name = ".".join(part for part in (self.where, key) if part)
        raise BadInput(f"{self.file}: {name}: {what}: {remedy}")

    def refuse(self, key: str, value: Any, remedy: str) -> NoReturn:
        """Raise the error of a value that cannot be."""
        text = repr(value)
        shown = text if len(text) <= SHOWN_MOST else (
            f"{text[:SHOWN_MOST]}...")
        self.fail(key, f"it cannot be {shown}", remedy)

    def take(self, key: str, required: str = "") -> Any:
        """A key's value; None where it is not there and need not be.

        required: what to write, where it must be there.
        """
        self.known.add(key)
        if required and key not in self.found:
            self.fail(key, "it is missing", required)
        return self.found.get(key)

    def whole(self, key: str, least: int, most: int, default: Optional[int]
              ) -> int:
        """A whole number within bounds; it must be there without default."""
        hint = f"a whole number from {least} to {most} is needed"
        value = self.take(key, hint if default is None else "")
        if value is None and default is not None:
            return default
        if type(value) is not int or not least <= value <= most:
            self.refuse(key, value, hint)
        return int(value)

    def choice(self, key: str, choices: Sequence[str], default: str) -> str:
        """One of these words."""
        value = self.take(key)
        if value is not None and value not in choices:
            self.refuse(key, value, f"one of {', '.join(choices)} is needed")
        return default if value is None else str(value)

    def text(self, key: str, pattern: str, hint: str, required: bool = False
             ) -> Optional[str]:
        """A text of this form; None where it is not there."""
        value = self.take(key, hint if required else "")
        if value is None:
            return None
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            self.refuse(key, value, hint)
        return str(value)

    def texts(self, key: str, hint: str) -> List[str]:
        """A list of texts; empty where it is not there."""
        value = self.take(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(
                isinstance(one, str) for one in value):
            self.refuse(key, value, hint)
        return list(value)

    def table(self, key: str) -> "Table":
        """A table in this one; an empty one where it is not there."""
        value = self.take(key)
        where = f"{self.where}.{key}" if self.where else key
        return Table(self.file, where, {} if value is None else value)

    def end(self) -> None:
        """Refuse what nobody asked for: most often a slip of the pen."""
        for key in self.found:
            if key not in self.known:
                near = difflib.get_close_matches(key, self.known, 1)
                self.fail(key[:SHOWN_MOST], "no such key",
                          f"{near[0]} is meant?" if near else
                          f"known are {', '.join(sorted(self.known))}")
