# SPDX-License-Identifier: MIT
"""What a section of the page is: a title, a template, and what that shows."""

from typing import Any, Dict, List, NamedTuple, Optional, Sequence

from matplotlib.figure import Figure


class Strong(str):
    """A part of a sentence that stands out: a figure."""


class Faint(str):
    """A part of a sentence that stands back: an interval, a unit."""


Sentence = Sequence[str]    # str, Strong or Faint, one after the other


class Picture(NamedTuple):
    """A drawing, and what it shows in words for who cannot see it."""

    name: str       # of its file, and before every id in it
    title: str
    said: str       # the text alternative, with figures
    figure: Figure


class Section(NamedTuple):
    """A part of the page; None of a section's maker: nothing to show."""

    id: str         # of the element, in links
    title: str
    template: str   # in templates/sections
    shown: Dict[str, Any]
    pictures: List[Picture] = []
    nav: str = ""   # a shorter title; "" where the title will do
    figures: bool = True    # does it hold figures, so that emulation is said

    def picture(self, name: str) -> Optional[Picture]:
        """One of its pictures, if it could be drawn."""
        return next((one for one in self.pictures if one.name == name), None)


def plain(sentence: Sentence) -> str:
    """A sentence without its marks."""
    return "".join(sentence)
