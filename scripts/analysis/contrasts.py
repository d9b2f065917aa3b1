# SPDX-License-Identifier: MIT
"""Contrasts: differences between rows of one run that mean something.

A launch is a fresh process and the replicate. Each contrast is computed in
every launch from that launch's own medians, so that what moves a whole launch
moves both of its rows and is not in their difference; then come the median
over launches and its order-statistic interval.

Costs below are a row a benchmark, arm and launch: benchmark, arm, launch and
ns, the median of its batches on a quiet core. Values are a row a contrast,
arm and launch: KEYS, launch and value, in the unit that the row names.
"""

from typing import Any, Dict, List, Tuple

import numpy as np
import pandas as pd

from analysis import batching, emulated, indirect, load, quiet
from analysis.differing import EMPTY, ORDER, YARDSTICK, pairs_of, taking
from analysis.lines import line_through
from analysis.rows import entries_of, split_names

COLUMNS = ["contrast", "arm", "benchmark", "reference", "value", "low",
           "high", "unit", "confidence", "launches", "emulated"]
KEYS = ["contrast", "benchmark", "reference", "unit", "arm"]
CELL = batching.CELL

WRITES = "write", "write_file"  # groups whose sizes are fitted,
WRITER = "libc"                 # by the unbuffered path
COSTS_NS = 1e-6, 1e15   # a femtosecond, eleven days
SIZES_LEAST = 3
CALL_SHARE = 0.01       # of a write, from which its call hardly matters
COPY_LEAST = 0.01       # of a call, at the largest size: less is no copy

Record = Dict[str, Any]     # run.json

# Much the same whatever is called: path and reference of each.
POOLED = {"wrapper": ("libc", "inline"), "out_of_line": ("stub", "inline")}


def costs_of(medians: pd.DataFrame) -> pd.DataFrame:
    """Costs, of launch medians as quiet.launch_medians() gives them.

    What a record's borrowed curve took out of all bounds is left out.
    measured_ns: the same, not adjusted to a quiet core.
    """
    costs = medians[["benchmark", *CELL]].astype(
        {"benchmark": str, "arm": str}).assign(
            ns=medians["quiet_ns"], measured_ns=medians["cost_ns"])
    return costs[costs["ns"].between(*COSTS_NS)]


def with_yardstick(costs: pd.DataFrame, record: Record) -> pd.DataFrame:
    """The costs, and what an empty loop takes where it was not a row."""
    loop = quiet.told(load.fact(record, "yardsticks"), ["empty_loop_ns"])
    if not loop or costs["benchmark"].eq(EMPTY).any():
        return costs
    return pd.concat([costs, costs[CELL].drop_duplicates().assign(
        benchmark=YARDSTICK, ns=loop[0])])


def rows_of(costs: pd.DataFrame, record: Record) -> pd.DataFrame:
    """A row a benchmark: its name's parts, way, entries, bytes of a size.

    A stream whose every call enters the kernel gathers nothing: its way is
    the kernel's.
    """
    names = pd.DataFrame({"benchmark": costs["benchmark"].unique()})
    rows = split_names(names.assign(flags=""), record)
    entries = rows["benchmark"].map(entries_of(record))
    through = rows["way"].eq("buffered") & entries.ge(0.5)
    sizes = rows["variant"].where(
        rows["variant"].str.fullmatch("[1-9][0-9]{0,14}"))
    return rows.assign(way=rows["way"].mask(through, "kernel"),
                       entries=entries, bytes=pd.to_numeric(sizes))


def differences(costs: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Values of pairs, in their units, of launches that measured both."""
    references = costs.rename(columns={
        "benchmark": "reference", "ns": "reference_ns"})
    both = pairs.merge(costs, on="benchmark").merge(
        references, on=["reference", *CELL])
    shift = both["ns"] - both["reference_ns"]
    return both.assign(value=shift / both["per"])[[*KEYS, "launch", "value"]]


def plain_calls(rows: pd.DataFrame) -> pd.Series:
    """Benchmarks of one call that moves no bytes and no vDSO could serve.

    Where there is a vDSO row, libc goes there first: a detour, if it falls
    back, that is not the wrapper's. A pair of calls has two wrappers.
    """
    by_vdso = rows.loc[rows["path"] == "vdso", "group"]
    return rows.loc[(rows["variant"] == "") & ~rows["entries"].gt(1.5) &
                    ~rows["group"].isin(by_vdso), "benchmark"]


def pooled(values: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Values of wrapper and entry, ns: in each launch the median over calls.

    Benchmark and reference are then paths, without a group.
    """
    alike = values["contrast"].isin(POOLED)
    plain = values[alike & values["benchmark"].isin(plain_calls(rows))]
    over_calls = plain.groupby(["contrast", "unit", *CELL], sort=False)
    found = over_calls["value"].median().reset_index()
    paths = pd.DataFrame(POOLED, ["benchmark", "reference"]).T
    return found.join(paths, on="contrast")


def fit(sizes: np.ndarray, costs: np.ndarray
        ) -> Dict[Tuple[str, str], np.ndarray]:
    """What a line through the sizes says, by contrast and unit, each (n).

    sizes (k) in bytes, costs (n, k) in ns. Neither term is kept above zero:
    of a byte that costs nothing half of the noise lies below. The size from
    which the call hardly matters is infinite where no copy shows.
    """
    call, byte = line_through(sizes, costs)
    misfit = np.abs((call[:, np.newaxis] + np.outer(byte, sizes)) / costs - 1)
    copies = byte * sizes.max() > COPY_LEAST * call
    enough = np.full(len(call), np.inf)
    np.divide((1 / CALL_SHARE - 1) * np.fmax(call, 0), byte, where=copies,
              out=enough)
    return {("write_call", "ns"): call, ("write_byte", "ns/byte"): byte,
            ("write_misfit", "share"): misfit.max(axis=1),
            ("buffer_bytes", "bytes"): enough}


def fits_of_group(costs: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Values of one group's fit; rows: its unbuffered writes, by size."""
    each = costs.merge(rows, on="benchmark").pivot(
        index=CELL, columns="bytes", values="ns").dropna()
    found = fit(each.columns.to_numpy(float), each.to_numpy())
    name = f"{rows['group'].iloc[0]}/{WRITER}"
    return pd.concat([
        each.index.to_frame(index=False).assign(
            contrast=contrast, benchmark=name, reference="", unit=unit,
            value=values) for (contrast, unit), values in found.items()])


def fits(costs: pd.DataFrame, rows: pd.DataFrame) -> List[pd.DataFrame]:
    """Values of a line through the unbuffered writes of each group."""
    writes = taking(rows[rows["group"].isin(WRITES)], WRITER,
                    "kernel").dropna(subset=["bytes"])
    return [fits_of_group(costs, group)
            for _, group in writes.groupby("group", sort=False)
            if len(group) >= SIZES_LEAST]


def intervals(values: pd.DataFrame) -> pd.DataFrame:
    """The median over launches and its interval: COLUMNS but the last.

    What is infinite in too many launches for an interval has no row.
    """
    cells = values.groupby(KEYS, sort=False)["value"]
    found = cells.agg(lambda cell: quiet.interval(cell.to_numpy(float)))
    ends = ["value", "low", "high"]
    table = pd.DataFrame(found.to_list(), found.index, [*ends, "confidence"])
    table = table.assign(launches=cells.size()).reset_index()[COLUMNS[:-1]]
    return table[~np.isinf(table[ends]).any(axis=1)].sort_values(
        "contrast", key=lambda names: names.map(ORDER.index), kind="stable")


def contrasts(costs: pd.DataFrame, record: Record) -> pd.DataFrame:
    """The table of contrasts, COLUMNS: a row a contrast and arm.

    record: the run.json of the costs' run.
    """
    if costs.empty:
        return pd.DataFrame(columns=COLUMNS)
    costs = with_yardstick(costs, record)
    rows = rows_of(costs, record)
    each = differences(costs, pairs_of(rows))
    found = [each, pooled(each, rows), *batching.turns(costs, rows),
             batching.bytes_of(costs, rows), *fits(costs, rows),
             *indirect.values(costs, rows)]
    found = [values for values in found if len(values)]
    if not found:
        return pd.DataFrame(columns=COLUMNS)
    return intervals(pd.concat(found, ignore_index=True)).assign(
        emulated=emulated.TEXT if emulated.by(record) else "")
