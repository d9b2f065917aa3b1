# SPDX-License-Identifier: MIT
"""How a script draws and keeps its figures."""

import warnings
from pathlib import Path

import matplotlib
from matplotlib import pyplot
from matplotlib.figure import Figure

from analysis import load
from analysis.figure import STYLE


def save(figure: Figure, stem: Path) -> None:
    """Write the figure in both formats; the same run gives the same bytes."""
    try:
        stem.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(f"{stem}.svg", metadata={"Date": None})
        figure.savefig(f"{stem}.png")
    except OSError as problem:
        raise load.BadInput(f"{stem}: {problem.strerror}; name another "
                            "place for it") from None
    pyplot.close(figure)


def use_style() -> None:
    """Draw as the style says, and say nothing of letters the font lacks."""
    matplotlib.use("Agg")
    matplotlib.rcParams.update(STYLE)
    warnings.filterwarnings("ignore", message="Glyph")
