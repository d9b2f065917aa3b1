# SPDX-License-Identifier: MIT
"""Where a page and its pictures go: whole or not at all, never over a run."""

import contextlib
import os
from pathlib import Path
from typing import Iterable, List

from matplotlib.figure import Figure

from analysis import load, sides
from analysis.figure import FACT_INCHES, RED, wrapped
from reporting.section import Picture

DPI = 150


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
        raise load.BadInput(f"{path}: {problem.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            hidden.unlink()


def add_head(figure: Figure, title: str, facts: List[str]) -> None:
    """Title and facts above a picture that leaves the page."""
    width, height = figure.get_size_inches()
    lines = wrapped(facts, width * 0.92)
    top = 1 + (FACT_INCHES * len(lines) + 0.1) / height
    figure.text(0, top, title, fontweight="bold", va="bottom")
    for place, line in enumerate(lines):
        figure.text(0, top - (FACT_INCHES * place + 0.02) / height, line,
                    va="top", fontsize=7.5,
                    color=RED if line.startswith("emulated") else "#444444")


def save(pictures: Iterable[Picture], folder: Path, facts: List[str]
         ) -> None:
    """Each picture as SVG and PNG, with what it was measured on."""
    folder.mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        add_head(picture.figure, picture.title, facts)
        for kind in ("svg", "png"):
            path = folder / f"report-{picture.name}.{kind}"
            hidden = path.with_name(f".{path.name}.partial")
            metadata = {"Date": None} if kind == "svg" else {}
            picture.figure.savefig(
                hidden, format=kind, dpi=DPI, bbox_inches="tight",
                pad_inches=0.1, facecolor="white", metadata=metadata)
            hidden.replace(path)
