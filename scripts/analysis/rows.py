# SPDX-License-Identifier: MIT
"""The rows that figures show: an arm's, with how each enters the kernel."""

from pathlib import Path
from typing import Any, Dict

import numpy as np
import pandas as pd

from analysis import load

BUFFERED = ("stdio", "stdio_line", "putc")  # paths into stdio's buffer
LEGACY = ("int80", "vsyscall")              # ways in that older programs use
EXCEPTIONS = ("page_fault", "exception")    # no system call, and entered
MEMORY = ("sched_getcpu",)      # that the kernel keeps for the C library
INTERVAL = ["quiet_low_ns", "quiet_high_ns"]


def entries_counted(record: Dict[str, Any]) -> Dict[str, float]:
    """How often a call of each benchmark was seen to enter the kernel."""
    rows = load.fact(record, "benchmarks")
    pairs = [(load.fact(row, "name"), load.number(row, "entries_counted"))
             for row in (rows if isinstance(rows, list) else ())]
    return {name: count for name, count in pairs
            if isinstance(name, str) and count is not None}


def entries_of(record: Dict[str, Any]) -> Dict[str, float]:
    """Kernel entries a call: as counted, else as the benchmark says."""
    rows = load.fact(record, "benchmarks")
    said = [{"name": load.fact(row, "name"),
             "entries_counted": load.fact(row, "entries_expected")}
            for row in (rows if isinstance(rows, list) else ())]
    return {**entries_counted({"benchmarks": said}),
            **entries_counted(record)}


def enters(rows: pd.DataFrame, record: Dict[str, Any]) -> pd.Series:
    """Whether each row's call enters the kernel every time.

    As counted; else libc is taken to go where the vDSO's own row goes.
    """
    falls = rows["flags"].astype(str).str.contains("falls_back")
    twin = (rows["group"] + rows["variant"]).where(rows["path"] == "vdso")
    stays = set(twin[~falls].dropna())
    user = rows["path"].isin(["vdso", "libc"]) & ~falls & (
        (rows["group"] + rows["variant"]).isin(stays))
    counted = rows["benchmark"].map(entries_counted(record))
    return counted.ge(0.5).where(counted.notna(), ~user)


def gathers(rows: pd.DataFrame, record: Dict[str, Any]) -> pd.Series:
    """Whether one entry into the kernel serves several of each row's calls."""
    counted = rows["benchmark"].map(entries_counted(record))
    return counted.gt(0) & counted.lt(0.5)


def split_names(rows: pd.DataFrame, record: Dict[str, Any]) -> pd.DataFrame:
    """The rows with group, path, variant ("" for none) and way."""
    names = rows["benchmark"].astype(str).str.split("/", n=2, expand=True)
    names = names.reindex(columns=range(3)).fillna("")
    rows = rows.assign(group=names[0], path=names[1], variant=names[2])
    stays = ~enters(rows, record)
    way = np.select(
        [rows["group"] == "baseline", rows["path"].isin(BUFFERED),
         rows["path"].isin(LEGACY), rows["group"].isin(EXCEPTIONS),
         stays & rows["path"].eq("vdso"), gathers(rows, record),
         stays & rows["group"].isin(MEMORY), stays & rows["path"].eq("libc"),
         stays],
        ["user", "buffered", "legacy", "exception", "vdso", "gathered",
         "user", "vdso", "user"], "kernel")
    return rows.assign(way=way)


def first_arm(folder: Path, record: Dict[str, Any]) -> pd.DataFrame:
    """The rows of the summary's first arm, names split."""
    rows = load.summary(folder)
    if rows.empty:
        return rows
    return split_names(rows[rows["arm"] == rows["arm"].iloc[0]], record)
