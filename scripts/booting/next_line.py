# SPDX-License-Identifier: MIT
"""The command line of the next boot: this machine's usual one and the arm's.

The kernel's grammar: words between white space, where double quotes keep it
together and a backslash is itself (lib/cmdline.c, next_arg). What stands
behind -- is init's.
"""

import re
from typing import Iterable, List, Optional, Sequence, Tuple

from booting.cmdline import WORD
from booting.executor import Refused
from booting.plan import Arm, Plan
from booting.read_plan import OURS

# What loaders put there: which file was booted.
LOADERS = ("BOOT_IMAGE", "initrd")
PANIC = "panic=30"      # seconds to a reboot, which is to the usual entry
LINE_MOST = 2047        # bytes: COMMAND_LINE_SIZE of x86 and arm64, less one
# A loader's configuration has its own meaning for quotes and backslashes.
QUOTABLE = re.compile(r"[ !#-&(-\[\]-~]+")


def words_of(line: str) -> Tuple[List[str], List[str]]:
    """The kernel's words, without their quotes, and what is init's."""
    found = [word.replace('"', "") for word in WORD.findall(line)]
    if "--" not in found:
        return found, []
    place = found.index("--")
    return found[:place], found[place:]


def key_of(word: str) -> str:
    """What a word is about: nopti and pti=off are about the same."""
    key = word.partition("=")[0].replace("-", "_")
    return key.removeprefix("no")


def mark_of(line: str) -> Optional[str]:
    """The mark of the boot that was asked for; None where none was."""
    words, _ = words_of(line)
    marks = [word.partition("=")[2] for word in words
             if key_of(word) == OURS]
    return marks[-1] if marks else None


def unquotable(words: Iterable[str]) -> Optional[str]:
    """A word that a loader might read as another one; None without one."""
    return next((word for word in words if not QUOTABLE.fullmatch(word)),
                None)


def usual(line: str, plan: Plan) -> Tuple[List[str], List[str]]:
    """What every boot has: the kernel's words, and init's behind them.

    No word is left that is about what an arm sets, so that all arms differ
    in their own words alone.
    """
    words, rest = words_of(line)
    theirs = {key_of(word) for arm in plan.arms for word in arm.cmdline}
    dropped = theirs | {OURS, *LOADERS}
    return [word for word in words if key_of(word) not in dropped], rest


def next_words(line: str, plan: Plan, arm: Arm, mark: str) -> List[str]:
    """The words of the arm's boot; line: the usual boot's. Raises Refused."""
    words, rest = usual(line, plan)
    panics = any(key_of(word) == "panic" for word in (*words, *arm.cmdline))
    whole = [*words, *([] if panics else [PANIC]), *arm.cmdline,
             f"{OURS}={mark}", *rest]
    bad = unquotable(whole)
    if bad is not None:
        raise Refused(f"the machine's command line has {bad}, which a boot "
                      "loader may read as another word: take it out of the "
                      "loader's configuration for the time of the plan")
    if len(in_one(whole)) > LINE_MOST:
        raise Refused(f"{arm.name}: with this machine's own words the command "
                      f"line has over {LINE_MOST} bytes: shorten it")
    return whole


def in_one(words: Sequence[str]) -> str:
    """The line, as the kernel takes it."""
    return " ".join(f'"{word}"' if " " in word else word for word in words)
