# SPDX-License-Identifier: MIT
"""How the kernel's files show a value, and when two texts mean the same."""

import re
from typing import Any, Callable, FrozenSet, Iterable, NamedTuple

CPUS_MOST = 1 << 16


class Form(NamedTuple):
    """A kind of value: the texts that are legal, and what they mean."""

    legal: str
    meaning: Callable[[str], Any]

    def admits(self, text: str) -> bool:
        """Whether the text is a value of this kind."""
        if not re.fullmatch(self.legal, text, re.ASCII):
            return False
        try:
            self.meaning(text)
        except ValueError:
            return False
        return True

    def same(self, one: str, other: str) -> bool:
        """Whether two legal texts mean the same."""
        return bool(self.meaning(one) == self.meaning(other))


def cpus_of(text: str) -> FrozenSet[int]:
    """The CPUs of a list such as 0-3,8; ValueError where it is none."""
    cpus = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        low, high = int(first), int(last or first)
        if not 0 <= low <= high < CPUS_MOST:
            raise ValueError(f"{part}: no CPUs")
        cpus.update(range(low, high + 1))
    return frozenset(cpus)


def list_of(cpus: Iterable[int]) -> str:
    """CPUs as the kernel lists them: 0-3,8."""
    parts = []
    left = sorted(cpus)
    while left:
        length = next((i for i, cpu in enumerate(left)
                       if cpu != left[0] + i), len(left))
        parts.append(f"{left[0]}-{left[length - 1]}" if length > 1
                     else f"{left[0]}")
        left = left[length:]
    return ",".join(parts)


def mask_of(text: str) -> int:
    """The bits of a mask such as ff,ffffffff."""
    return int(text.replace(",", ""), 16)


def mask_like(bits: int, text: str) -> str:
    """Bits written as wide, and with commas where, that text is."""
    digits = f"{bits:0{len(text.replace(',', ''))}x}"
    groups = [digits[max(0, end - 8):end]
              for end in range(len(digits), 0, -8)]
    return ",".join(reversed(groups))


def chosen(text: str) -> str:
    """What a file holds: of `always [madvise] never` the bracketed word."""
    marked = re.search(r"\[([^\[\]\s]+)\]", text)
    return marked[1] if marked else text.strip()


WORD = Form(r"[A-Za-z0-9_-]{1,64}", str)
NUMBER = Form(r"\d{1,18}", int)
SWITCH = Form(r"[01]", int)
LIST = Form(r"\d+(-\d+)?(,\d+(-\d+)?)*", cpus_of)
MASK = Form(r"[0-9a-fA-F]{1,8}(,[0-9a-fA-F]{8})*", mask_of)
