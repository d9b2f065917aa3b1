# SPDX-License-Identifier: MIT
"""The order of kernels: 6.1.9 before 6.1.10, 6.2-rc1 before 6.2."""

import re

PARTS = 4           # numbers of a release that count, as in 6.1.0-13
DIGITS = 6
MOST = 200          # characters


def padded(text: str) -> str:
    """The text with its numbers as wide as each other."""
    return re.sub(r"\d+", lambda found: found[0][-DIGITS:].zfill(DIGITS),
                  text)


def order(release: str) -> str:
    """A text that sorts as the releases should.

    The numbers between dots, then whether it is a candidate, then the rest.
    """
    found = re.match(r"(\d+(?:\.\d+)*)?(-rc\d+)?(.*)", release[:MOST],
                     re.DOTALL | re.ASCII)
    numbers = (found[1] or "").split(".")[:PARTS]
    numbers += ["0"] * (PARTS - len(numbers))
    candidate = f"!{padded(found[2])}" if found[2] else "~"
    return f"{padded('.'.join(numbers))}{candidate}{padded(found[3])}"
