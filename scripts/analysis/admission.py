# SPDX-License-Identifier: MIT
"""Whether runs may be compared at all, for every script that compares."""

from typing import List, Sequence

from analysis import differs, load, sides


def objections(runs: Sequence[sides.Run], force: bool) -> List[str]:
    """Why these runs may not be compared; a run cut short is bad input."""
    refused = sides.schemas_differ(runs) + differs.refusals(runs)
    unfinished = sides.unfinished(runs)
    if unfinished and not force:
        raise load.BadInput(f"{unfinished[0]}; --force compares it")
    return refused + unfinished


def refusal(refused: Sequence[str]) -> str:
    """The objections in a line, with what to do about them."""
    return ("these runs may not be compared: "
            f"{load.printable('; '.join(refused))}; --force compares them "
            "all the same")
