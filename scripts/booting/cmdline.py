# SPDX-License-Identifier: MIT
"""The kernel's command line as words, read as the kernel reads it."""

import re
from typing import Dict, List, Optional, Sequence

# White space in quotes belongs to a word (lib/cmdline.c, next_arg).
WORD = re.compile(r'(?:[^\s"]|"[^"]*(?:"|$))+')
# Words of one key that add to one another.
ADDING = {"console", "earlycon", "earlyprintk", "initrd", "blacklist",
          "module_blacklist", "memmap", "hugepages", "hugepagesz"}


def words_of(line: str) -> List[str]:
    """The words that are the kernel's: what stands behind -- is init's."""
    found = WORD.findall(line)
    return found[:found.index("--")] if "--" in found else found


def key_of(word: str) -> str:
    """A word's key; the kernel takes a dash there for an underscore."""
    return word.split("=", 1)[0].replace("-", "_")


def normal(word: str) -> str:
    """A word that equals another where the kernel sees no difference."""
    key, *value = word.split("=", 1)
    return "=".join([key.replace("-", "_"), *value])


def last_by_key(words: Sequence[str]) -> Dict[str, str]:
    """The word that holds, for each key: the last one."""
    return {key_of(word): word for word in words}


def contradiction(asked: Sequence[str], line: str) -> Optional[str]:
    """How a command line is not as asked for; None where it is.

    Each word must stand in it, and none of its key that says otherwise
    behind it.
    """
    there = words_of(line)
    present = set(map(normal, there))
    lacking = next((word for word in asked if normal(word) not in present),
                   None)
    if lacking is not None:
        return f"the command line lacks {lacking}"
    holding = last_by_key(there)
    for key, word in last_by_key(asked).items():
        if key not in ADDING and normal(holding[key]) != normal(word):
            return (f"the command line has {word}, but {holding[key]} behind "
                    "it")
    return None
