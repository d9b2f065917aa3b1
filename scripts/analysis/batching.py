# SPDX-License-Identifier: MIT
"""Contrasts of batching: many operations in one crossing, or in none.

Costs and values as in contrasts.py, rows as of contrasts.rows_of(). A row of
many at a time has their number for its variant; its cost is of one of them.
"""

from typing import List, NamedTuple

import numpy as np
import pandas as pd

from analysis.lines import line_through

CELL = ["arm", "launch"]
TURNS_LEAST = 3
NULL_CALL = "getppid/inline"

# Groups whose rows move bytes, and their unbuffered paths.
MOVERS = ("write", "write_file", "pread", "pwrite", "mapped", "copy")
PATHS = ("libc", "store", "read_write", "sendfile", "copy_file_range")


class Gathered(NamedTuple):
    """Rows of many at a time, and the row of one that they stand beside."""

    contrast: str
    group: str
    path: str
    alone: str


GATHERED = (
    Gathered("gathering_saves", "writev", "libc", "writev/write"),
    Gathered("gathering_saves", "readv", "libc", "readv/read"),
    Gathered("uring_saves", "nop", "uring", NULL_CALL),
    Gathered("uring_saves", "nop", "sqpoll", NULL_CALL),
)
CONTRASTS = ["gathering_saves", "uring_saves", "mapping_saves", "turn_call",
             "turn_each", "turn_misfit", "byte"]


def many_of(rows: pd.DataFrame, kind: Gathered) -> pd.DataFrame:
    """A kind's rows of many, with their number for bytes."""
    return rows[rows["group"].eq(kind.group) & rows["path"].eq(kind.path) &
                rows["bytes"].notna()]


def gathered_pairs(rows: pd.DataFrame, kind: Gathered) -> pd.DataFrame:
    """One alone against each of many: contrast, benchmark, reference."""
    alone = rows.loc[rows["benchmark"] == kind.alone, ["benchmark"]]
    many = many_of(rows, kind)["benchmark"].rename("reference")
    return alone.merge(many, how="cross").assign(contrast=kind.contrast)


def mapping_pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """A call against a store of as many bytes at the same place."""
    paths = rows["group"] + "/" + rows["path"]
    pairs = rows[paths == "pwrite/libc"].merge(
        rows[paths == "mapped/store"], on="variant",
        suffixes=("", "_reference"))
    return pd.DataFrame({
        "contrast": "mapping_saves", "benchmark": pairs["benchmark"],
        "reference": pairs["benchmark_reference"]})


def pairs_of(rows: pd.DataFrame) -> pd.DataFrame:
    """All pairs of batching: contrast, benchmark, reference."""
    return pd.concat([*(gathered_pairs(rows, kind) for kind in GATHERED),
                      mapping_pairs(rows)], ignore_index=True)


def turns_of_kind(costs: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Values of the line turn = call + each * number through rows of many."""
    each = costs.merge(rows, on="benchmark").pivot(
        index=CELL, columns="bytes", values="ns").dropna()
    numbers = each.columns.to_numpy(float)
    turns = each.to_numpy() * numbers
    call, one = line_through(numbers, turns)
    misfit = np.abs((call[:, np.newaxis] + np.outer(one, numbers)) /
                    turns - 1).max(axis=1)
    name = "/".join(rows[["group", "path"]].iloc[0])
    return pd.concat([
        each.index.to_frame(index=False).assign(
            contrast=contrast, benchmark=name, reference="", unit=unit,
            value=values)
        for contrast, unit, values in (
            ("turn_call", "ns", call), ("turn_each", "ns", one),
            ("turn_misfit", "share", misfit))])


def turns(costs: pd.DataFrame, rows: pd.DataFrame) -> List[pd.DataFrame]:
    """Values of what a turn takes and what each of its operations adds."""
    kinds = [many_of(rows, kind) for kind in GATHERED]
    return [turns_of_kind(costs, many) for many in kinds
            if len(many) >= TURNS_LEAST]


def bytes_of(costs: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Values of what a byte costs, by rows that move some without a buffer."""
    movers = rows[rows["group"].isin(MOVERS) & rows["path"].isin(PATHS) &
                  rows["bytes"].notna()]
    each = costs.merge(movers[["benchmark", "bytes"]], on="benchmark")
    return each.assign(contrast="byte", reference="", unit="ns/byte",
                       value=each["ns"] / each["bytes"])
