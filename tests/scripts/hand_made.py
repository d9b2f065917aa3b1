# SPDX-License-Identifier: MIT
"""Run folders made by hand, and what holds of any figure drawn of them.

To be imported before anything of scripts/analysis, which it makes known.
"""

import json
import pathlib
import sys
from typing import Any, Dict, Iterator, List, Optional, Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib import pyplot
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.transforms import Bbox

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from analysis import load  # noqa: E402
from analysis.figure import STYLE  # noqa: E402
from analysis.rows import split_names  # noqa: E402

matplotlib.use("Agg")

PATHS = ["libc", "syscall", "inline", "stdio", "stdio_line",
         "stdio_unbuffered"]
NAMES = (
    ["baseline/empty", "baseline/call", "getppid/int80", "getppid/inline"] +
    [f"clock_gettime/{path}" for path in ("vdso", "libc", "inline")] +
    [f"clock_gettime/{path}/process_cputime" for path in ("vdso", "libc")] +
    [f"{target}/{path}/{size}" for target in ("write", "write_file")
     for path in PATHS for size in (1, 256, 65536)] +
    ["write/putc/1", "write_file/putc/1"])

HOSTILE = "$x^{ $\\frac{ <script>alert(1)</script> &amp; \x1b[31m \u202e 日本"

RECORD = {
    "complete": True, "run": {"label": "lab", "started": "2026-11-21"},
    "environment": {
        "kernel": {"release": "6.18.44"}, "cpu": {"model": "A CPU"},
        "hypervisor": True, "mitigations": {
            "pti_flag": False, "vulnerabilities": {
                "spectre_v2": "Mitigation: Enhanced IBRS; IBPB: always",
                "srso": "Vulnerable", "meltdown": "Not affected"}}},
    "benchmarks": [{"name": "clock_gettime/libc", "entries_counted": 0.0}]}

SPARSE = [
    {}, {"environment": None}, {"environment": {"mitigations": []}},
    {"environment": {"cpu": {"model": None}}, "benchmarks": {"a": 1}}]

LONG = {**RECORD, "environment": {"mitigations": {"vulnerabilities": {
    f"vulnerability_{number}": "Vulnerable: " + "no microcode " * 4
    for number in range(30)}}}}


HISTOGRAM = """benchmark,arm,low_ns,high_ns,count
stamp,plain,10.0000,10.5000,90
stamp,plain,20.0000,20.5000,10
getppid/libc,plain,100.0000,102.0000,60
getppid/libc,plain,110.0000,112.0000,30
getppid/libc,plain,5000.0000,5080.0000,9
getppid/libc,plain,34091302912.0000,,1
"""


def summary(names: Sequence[str], arm: str = "plain", **changes: Any
            ) -> pd.DataFrame:
    """A summary of benchmarks from 0.3 ns to 5 us."""
    cost = np.geomspace(0.3, 5000, len(names))
    one = {name: 1.0 for name in load.SUMMARY}
    return pd.DataFrame({
        **one, "benchmark": names, "arm": arm, "launches": 20,
        "batches": 1000, "quiet_ns": cost, "quiet_low_ns": cost / 1.01,
        "quiet_high_ns": cost * 1.01, "median_ns": cost * 1.1, "flags": "",
        **changes})[list(load.SUMMARY)]


def make_run(folder: pathlib.Path, rows: pd.DataFrame,
             record: Optional[Dict[str, Any]] = None) -> pathlib.Path:
    """A run folder of a summary and, where there is one, a record."""
    folder.mkdir(exist_ok=True)
    rows.to_csv(folder / "summary.csv", index=False)
    if record is not None:
        (folder / "run.json").write_text(json.dumps(record))
    return folder


def catalogue() -> List[str]:
    """As many rows as the program has, names as long."""
    clocks = ["monotonic_coarse", "process_cputime"]
    return NAMES + [f"clock{number}/{path}/{clock}" for number in range(10)
                    for path in ("vdso", "syscall", "inline", "libc")
                    for clock in clocks]


def split(names: Sequence[str], record: Optional[Dict[str, Any]] = None,
          **changes: Any) -> pd.DataFrame:
    """The summary's rows as figures take them."""
    return split_names(summary(names, **changes), record or {})


def style() -> Iterator[None]:
    """For a fixture: figures look as the script's, and are closed."""
    with matplotlib.rc_context(STYLE):
        yield
    pyplot.close("all")


def ticks_in_view(axis: Axis) -> List[Text]:
    """The labels of an axis that are drawn."""
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks()
            if low <= tick.get_loc() <= high]


def all_texts(figure: Figure) -> List[Text]:
    """Every text that is drawn: a tick out of view is not."""
    parts = [figure.texts, *(legend.get_texts() for legend in
                             figure.findobj(Legend))]
    for axes in figure.axes:
        parts += [axes.texts, [axes.title, axes.xaxis.label, axes.yaxis.label],
                  ticks_in_view(axes.xaxis), ticks_in_view(axes.yaxis)]
    return [text for part in parts for text in part if text.get_text()]


def overlaps(boxes: Sequence[Bbox]) -> int:
    """How many neighbours down a column cover one another by over a pixel."""
    tops = sorted((box.y0, box.y1) for box in boxes)
    return sum(one[1] > other[0] + 1 for one, other in zip(tops, tops[1:]))


def check_layout(figure: Figure) -> None:
    """Nothing is clipped or on top of another."""
    figure.canvas.draw()
    size = figure.bbox.padded(0.5)
    texts = all_texts(figure)
    assert len(texts) > 10
    for text in texts:
        box = text.get_window_extent()
        assert size.contains(box.x0, box.y0), text.get_text()
        assert size.contains(box.x1, box.y1), text.get_text()
    for axes in figure.axes:
        assert not overlaps([label.get_window_extent()
                             for label in axes.get_yticklabels()])
    top = max(axes.get_tightbbox().y1 for axes in figure.axes)
    assert all(part.get_window_extent().y0 > top - 1
               for part in [*figure.texts, *figure.legends])
