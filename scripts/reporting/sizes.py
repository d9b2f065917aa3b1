# SPDX-License-Identifier: MIT
"""Buffered against unbuffered: what a byte costs over the size of a write."""

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullLocator

from analysis.columns import KIB, size_text
from analysis.figure import BLUE, GREEN, PURPLE, RED, make_log
from analysis.meaning import MISFIT_MOST
from reporting import drawing, text
from reporting.drawing import INK
from reporting.section import Picture, Section, Sentence, Strong
from reporting.source import Source

TARGETS = {"write": "to /dev/null", "write_file": "to a file in memory"}
# A way of writing: what the legend calls it, colour, mark, line.
WRITERS = {
    "libc": ("write", RED, "o", "-"),
    "stdio_unbuffered": ("fwrite, no buffer", PURPLE, "P", "-."),
    "stdio": ("fwrite, buffered", GREEN, "^", "-"),
    "putc": ("putc, buffered", BLUE, "*", ""),
}
SIZES_LEAST = 2
CURVE_POINTS = 60


class Fit(NamedTuple):
    """The line through the unbuffered writes: call + byte * bytes, in ns."""

    call: float
    byte: float
    misfit: float       # its largest distance, as a share
    enough: float       # bytes from which the call is under 1 %; NaN: never

    @property
    def even(self) -> float:
        """Bytes at which the call and the copying cost the same; NaN."""
        return self.call / self.byte if self.byte > 0 and np.isfinite(
            self.enough) else float("nan")


def rows_of(source: Source, target: str) -> pd.DataFrame:
    """A target's rows with their bytes a call."""
    rows = source.first[source.first["group"].eq(target) &
                        source.first["path"].isin(list(WRITERS))]
    sizes = pd.to_numeric(rows["variant"].where(
        rows["variant"].str.fullmatch("[1-9][0-9]{0,14}")))
    return rows.assign(bytes=sizes).dropna(subset=["bytes"]).sort_values(
        "bytes", kind="stable")


def fit_of(source: Source, target: str) -> Optional[Fit]:
    """The fitted line of a target, as the contrasts have it."""
    found = {}
    for name in ("write_call", "write_byte", "write_misfit", "buffer_bytes"):
        rows = source.contrasts.one(name, f"{target}/libc")
        found[name] = float(rows["value"].iloc[0]) if len(rows) else np.nan
    values = list(found.values())
    return Fit(*values) if np.isfinite(values[:2]).all() else None


def draw_writer(axes: Axes, rows: pd.DataFrame, path: str) -> None:
    """ns a byte of one way of writing, with intervals."""
    _, colour, mark, line = WRITERS[path]
    each = rows[rows["path"] == path]
    ends = each[["quiet_ns", "quiet_low_ns", "quiet_high_ns"]].div(
        each["bytes"], axis=0)
    axes.plot(each["bytes"], ends["quiet_ns"], marker=mark, ls=line,
              color=colour, lw=1.6, ms=9 if mark == "*" else 6.5, mew=0)
    known = ends.notna().all(axis=1)
    axes.vlines(each["bytes"][known], ends["quiet_low_ns"][known],
                ends["quiet_high_ns"][known], colour, lw=2.4)


def draw_fit(axes: Axes, fit: Fit, sizes: pd.Series) -> None:
    """The line a + b n over n, and where both its parts are equal."""
    most = max(sizes.max(), fit.enough if fit.enough < 1e8 else 0)
    grid = np.geomspace(sizes.min(), most, CURVE_POINTS)
    costs = (fit.call + max(fit.byte, 0) * grid) / grid
    axes.plot(grid, costs, ls=":", color=INK, lw=1.3)
    for size, mark in ((fit.even, "s"), (fit.enough, "D")):
        if np.isfinite(size) and size <= most:
            axes.plot(size, (fit.call + fit.byte * size) / size, mark,
                      mfc="none", mec=INK, ms=8, mew=1.2)


def handles(paths: List[str], fit: Optional[Fit]) -> List[Line2D]:
    """What marks and lines mean."""
    found = [Line2D([], [], color=colour, marker=mark, ls=line or "", ms=5.5,
                    label=said)
             for path, (said, colour, mark, line) in WRITERS.items()
             if path in paths]
    if fit:
        found.append(Line2D([], [], color=INK, ls=":",
                            label="fitted a + b·n"))
        marks = (("s", fit.even, "call = copy"),
                 ("D", fit.enough, "call under 1 %"))
        found += [Line2D([], [], color=INK, ls="", marker=mark, mfc="none",
                         ms=7, label=label)
                  for mark, size, label in marks if np.isfinite(size)]
    return found


def size_name(size: float, _: Optional[int] = None) -> str:
    """Bytes, short, for an axis."""
    for unit, name in ((1 << 20, "Mi"), (1 << 10, "Ki")):
        if size >= unit:
            return f"{size / unit:g}{name}"
    return f"{size:g}"


def draw(rows: pd.DataFrame, fit: Optional[Fit], target: str) -> Picture:
    """One target's picture: ns a byte over bytes a call, both log."""
    paths = [path for path in WRITERS if (rows["path"] == path).any()]
    marks = handles(paths, fit)
    head = drawing.head_of(marks)
    figure, axes = drawing.blank(head + 320, 62, 14, head, drawing.FOOT)
    axes.set(xscale="log", yscale="log", xlabel="bytes a write (log)",
             ylabel="ns a byte (log)")
    for path in paths:
        draw_writer(axes, rows, path)
    if fit:
        draw_fit(axes, fit, rows["bytes"])
    make_log(axes.yaxis)
    axes.set_xticks(ticks_of(axes))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(size_name))
    axes.grid()
    drawing.legend(figure, marks)
    return Picture(f"sizes-{target.replace('_', '-')}",
                   f"What a byte costs, written {TARGETS[target]}",
                   said(rows, fit, target), figure)


def ticks_of(axes: Axes) -> List[float]:
    """Powers of 16 that lie on the axis."""
    low, high = axes.get_xlim()
    return [size for size in 16.0 ** np.arange(0, 9) if low <= size <= high]


def said(rows: pd.DataFrame, fit: Optional[Fit], target: str) -> str:
    """The picture in words."""
    parts = []
    for path, (name, *_) in WRITERS.items():
        each = rows[rows["path"] == path]
        if len(each):
            ends = each.iloc[[0, -1]]
            parts.append(f"{name} " + " and ".join(
                f"{text.small(row.quiet_ns / row.bytes)} ns at "
                f"{size_text(row.bytes)}" for row in ends.itertuples()))
    line = (f" The fitted line is {text.number(fit.call)} ns a call and "
            f"{text.number(fit.byte * KIB)} ns a KiB." if fit else "")
    return (f"Nanoseconds a byte over the bytes of a write, "
            f"{TARGETS[target]}: {'; '.join(parts)}.{line}")


def sentence(fit: Fit, target: str, largest: float) -> Sentence:
    """What the line says of buffers."""
    said = [f"Written {TARGETS[target]}, n bytes take "]
    if not np.isfinite(fit.enough):
        return [*said, Strong(f"{text.number(fit.call)} ns"), ", whatever n "
                "is: nothing is copied there, so that there is no break-even "
                "and a larger buffer always pays."]
    said.append(Strong(f"{text.number(fit.call)} ns + "
                       f"{text.number(fit.byte * KIB)} ns a KiB"))
    beyond = (f", which is beyond the {size_text(largest)} that were measured"
              if fit.enough > largest else "")
    rough = (" The line is rough: it is up to "
             f"{100 * fit.misfit:.0f} % off a size's cost."
             if fit.misfit > MISFIT_MOST else "")
    return [*said, ". The break-even buffer, where the crossing costs as "
            "much as the copying: ", Strong(text.size(fit.even)),
            "; the crossing falls under 1 % from ",
            Strong(text.size(fit.enough)), f"{beyond}.{rough}"]


def table(rows: pd.DataFrame) -> Dict[str, Any]:
    """ns a byte by way of writing and size."""
    wide = rows.assign(byte=rows["quiet_ns"] / rows["bytes"]).pivot(
        index="bytes", columns="path", values="byte")
    paths = [path for path in WRITERS if path in wide]
    return {"head": [WRITERS[path][0] for path in paths],
            "lines": [[size_text(size), *(
                text.small(float(row[path])) for path in paths)]
                for size, row in wide.iterrows()]}


def target_of(source: Source, target: str
              ) -> Optional[Tuple[Picture, Dict[str, Any]]]:
    """A target's picture, and what stands beside it."""
    rows = rows_of(source, target)
    if rows["bytes"].nunique() < SIZES_LEAST:
        return None
    fit = fit_of(source, target)
    picture = draw(rows, fit, target)
    return picture, {
        "title": TARGETS[target], "picture": picture.name,
        "sentence": sentence(fit, target, rows["bytes"].max())
        if fit else [], "table": table(rows)}


def make(source: Source) -> Optional[Section]:
    """The section; None where no target has several sizes."""
    found = [one for one in (target_of(source, target) for target in TARGETS)
             if one]
    if not found:
        return None
    return Section("buffering", "Buffered against unbuffered", "sizes.html",
                   {"targets": [shown for _, shown in found]},
                   [picture for picture, _ in found], "Buffering")
