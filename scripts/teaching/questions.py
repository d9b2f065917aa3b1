# SPDX-License-Identifier: MIT
"""The lab's questions, as they stand in docs/lab.md."""

import re
from pathlib import Path
from typing import List, NamedTuple, Tuple

# In the tree; and where `make install` puts what is beside share/syscost.
ROOT = Path(__file__).resolve().parents[2]
LABS = (ROOT / "docs" / "lab.md", ROOT.parent / "doc" / "syscost" / "lab.md")
QUESTION = re.compile(r"^\*\*Question (\d+)\.\*\* (.+?)(?=\n\n|\Z)",
                      re.M | re.S)


class Question(NamedTuple):
    """A question; text in Markdown, in one line."""

    number: int
    text: str

    @property
    def parts(self) -> List[Tuple[bool, str]]:
        """The text in parts, each with whether it is code."""
        return [(place % 2 == 1, part)
                for place, part in enumerate(self.text.split("`")) if part]


def questions(text: str) -> List[Question]:
    """The questions of a lab sheet, in their order."""
    return [Question(int(number), " ".join(words.split()))
            for number, words in QUESTION.findall(text)]


def of_lab() -> List[Question]:
    """Those of our own lab; none where the documents are not installed."""
    found = [path for path in LABS if path.is_file()]
    return questions(found[0].read_text("utf-8")) if found else []
