# SPDX-License-Identifier: MIT
"""Where a page and its pictures go: whole or not at all, never over a run."""

import contextlib
import io
import os
from pathlib import Path
from typing import Iterable, Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from analysis import load, sides
from analysis.figure import wrapped
from reporting import svg
from reporting.drawing import WIDTH
from reporting.section import Picture

DPI = 150
LINE_INCHES = WIDTH / 72 * 0.95     # of the facts above a picture


def check(path: Path) -> None:
    """Refuse to write over what a run is made of, or what is no file."""
    if path.name in sides.FILES and (path.parent / "run.json").exists():
        raise load.BadInput(f"{path}: a run's own file, not overwritten")
    if path.exists() and not path.is_file():
        raise load.BadInput(f"{path}: not a file, not overwritten")


def replace(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all."""
    hidden = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(hidden, "xb") as file:
            file.write(content)
        hidden.replace(path)
    except OSError as problem:
        raise load.BadInput(f"{path}: {problem.strerror}; --output puts the "
                            "page elsewhere") from None
    finally:
        with contextlib.suppress(OSError):
            hidden.unlink()


def draw_head(figure: Figure, title: str, facts: Sequence[str]) -> Bbox:
    """Title and facts above a picture; what is then to be seen, in inches."""
    width, height = figure.get_size_inches()
    head = (svg.HEAD + svg.FACT * len(facts)) / 72
    figure.text(4 / 72 / width, 1 + (head - 16 / 72) / height, title,
                fontweight="bold", fontsize=13, va="baseline")
    for place, fact in enumerate(facts):
        y = head - (16 + svg.FACT * (place + 1)) / 72
        figure.text(4 / 72 / width, 1 + y / height, fact, fontsize=8,
                    va="baseline")
    return Bbox([[0, 0], [width, height + head]])


def png(picture: Picture, facts: Sequence[str]) -> bytes:
    """A picture with its head, for where no SVG may be."""
    seen = draw_head(picture.figure, picture.title, facts)
    whole = io.BytesIO()
    picture.figure.savefig(whole, format="png", dpi=DPI, bbox_inches=seen,
                           facecolor="white")
    return whole.getvalue()


def save(pictures: Iterable[Picture], drawn: Mapping[str, str], folder: Path,
         facts: Sequence[str]) -> None:
    """Each picture as SVG and PNG, with what it was measured on."""
    lines = wrapped([fact for fact in facts if fact], LINE_INCHES)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise load.BadInput(f"{folder}: {problem.strerror}") from None
    for one in pictures:
        stem = folder / f"report-{one.name}"
        replace(stem.with_suffix(".svg"), svg.standalone(
            drawn[one.name], one.title, lines))
        replace(stem.with_suffix(".png"), png(one, lines))
