# SPDX-License-Identifier: MIT
"""The spread of the launches: one dot for each, so that modes can be seen."""

from typing import List, Optional

import numpy as np
import pandas as pd

from reporting import drawing, names
from reporting.drawing import INK, WAYS
from reporting.section import Picture, Section
from reporting.source import Source

REACH = (2.0, 25.0)     # per cent that the axis shows, at least and at most
LEAST = 2               # launches


def deviations(source: Source, chosen: List[str]) -> pd.DataFrame:
    """Each launch's cost off its row's middle one, %: rows by launch."""
    launches = source.launches
    first = launches[(launches["arm"] == source.arms[0]) &
                     launches["benchmark"].isin(chosen)]
    wide = first.pivot(index="benchmark", columns="launch",
                       values="quiet_ns").reindex(chosen)
    return 100 * (wide.div(wide.median(axis=1), axis=0) - 1).dropna(how="all")


def reach_of(off: pd.DataFrame) -> float:
    """How far the axis goes to either side, %."""
    far = np.nanquantile(off.abs().to_numpy(), 0.985)
    return float(np.clip(1.15 * far, *REACH))


def draw(off: pd.DataFrame, source: Source) -> Picture:
    """A row of dots each; within a row the first launches lie higher."""
    flags = source.first.loc[off.index, "flags"].str.split()
    modal = [("modes" in words) for words in flags]
    labels = [names.label(name) for name in off.index]
    figure, axes = drawing.ladder_axes(labels, 66, 26)
    reach = reach_of(off)
    for place, (name, row) in enumerate(off.iterrows()):
        known = row.dropna()
        _, colour, _ = WAYS[source.first.loc[name, "way"]]
        y = -place + 0.32 - 0.64 * np.arange(len(known)) / max(
            len(known) - 1, 1)
        inside = known.abs().to_numpy() <= reach
        axes.plot(known[inside], y[inside], "o", color=colour, ms=4.6,
                  alpha=0.75, mew=0)
        for side, mark in ((1, ">"), (-1, "<")):
            beyond = side * known.to_numpy() > reach
            axes.plot(np.full(beyond.sum(), side * reach), y[beyond], mark,
                      color=colour, ms=5, mew=0, clip_on=False)
        width = known.max() - known.min()
        drawing.beside(axes, -place, ("▸▸ " if modal[place] else "") +
                       f"{width:.1f} %", 64)
    axes.axvline(0, color=INK, lw=0.8)
    axes.set(xlim=(-1.05 * reach, 1.05 * reach),
             xlabel="% off the median of the launches")
    drawing.beside(axes, 0.9, "range", 64, fontweight="bold")
    return Picture("launches", "Each launch, off the middle one",
                   said(off, labels, modal), figure)


def said(off: pd.DataFrame, labels: List[str], modal: List[bool]) -> str:
    """The strips in a sentence."""
    width = off.max(axis=1) - off.min(axis=1)
    each = [f"{label} {wide:.1f} %" for label, wide in zip(labels, width)]
    two = [label for label, two in zip(labels, modal) if two]
    return (f"One dot for each of {off.shape[1]} launches, by how far it lies "
            "from its row's median. From the lowest to the highest: "
            f"{'; '.join(each)}." +
            (f" In two clusters: {', '.join(two)}." if two else ""))


def lines(off: pd.DataFrame) -> List[List[str]]:
    """The picture as a table: name, lowest and highest, %, launches."""
    return [[names.label(name), f"{row.min():+.1f} %", f"{row.max():+.1f} %",
             f"{row.max() - row.min():.1f} %"] for name, row in off.iterrows()]


def make(source: Source) -> Optional[Section]:
    """The section; None where there are no several launches."""
    if not source.arms or source.launches.empty:
        return None
    chosen = names.shown(source)
    off = deviations(source, chosen)
    if off.empty or off.shape[1] < LEAST:
        return None
    modal = [name for name, flags in source.first["flags"].items()
             if "modes" in flags.split()]
    return Section("launches", "How the launches spread", "launches.html",
                   {"launches": off.shape[1], "modal": modal,
                    "lines": lines(off)},
                   [draw(off, source)], "Launches")
