# SPDX-License-Identifier: MIT
"""Which two rows of a run make a contrast: a difference that means something.

Rows below are those of contrasts.rows_of(): benchmark, group, path, variant,
way and bytes. Pairs are a row a contrast: contrast, benchmark, reference.
"""

from typing import NamedTuple

import pandas as pd

from analysis import batching, indirect, named

CROSSED = "invalid/inline"
EMPTY = "baseline/empty"
YARDSTICK = "yardsticks.empty_loop_ns"  # where the run has no such row


class Kind(NamedTuple):
    """A contrast of two paths of the same group and variant."""

    contrast: str
    path: str
    way: str                # as of rows_of()
    reference: str          # the path that is subtracted
    reference_way: str


class Change(NamedTuple):
    """A contrast of one path under two variants, or in two groups."""

    contrast: str
    group: str
    variant: str
    reference_group: str    # what is subtracted
    reference_variant: str


# Of kinds that share a contrast and a reference the first there is counts.
KINDS = (
    Kind("wrapper", "libc", "kernel", "inline", "kernel"),
    Kind("out_of_line", "stub", "kernel", "inline", "kernel"),
    Kind("vdso_saves", "syscall", "kernel", "vdso", "vdso"),
    Kind("vdso_saves", "inline", "kernel", "vdso", "vdso"),
    Kind("buffering_saves", "libc", "kernel", "stdio", "buffered"),
    Kind("buffering_saves", "libc", "kernel", "putc", "buffered"),
    Kind("legacy_adds", "int80", "legacy", "inline", "kernel"),
    Kind("legacy_adds", "vsyscall", "legacy", "inline", "kernel"),
    Kind("iret_adds", "iret", "kernel", "sysret", "kernel"),
    Kind("kernel_copy_saves", "read_write", "kernel", "sendfile", "kernel"),
    Kind("kernel_copy_saves", "read_write", "kernel", "copy_file_range",
         "kernel"),
)
CHANGES = (
    Change("address_space", "switch_same", "processes",
           "switch_same", "threads"),
    Change("other_cpu", "switch_cross", "processes",
           "switch_same", "processes"),
    Change("other_cpu", "switch_cross", "threads", "switch_same", "threads"),
    Change("copied_pages", "process", "large", "process", "small"),
)
ORDER = [*dict.fromkeys(["crossing", *(kind.contrast for kind in KINDS)]),
         *batching.CONTRASTS, "write_call", "write_byte", "write_misfit",
         "buffer_bytes",
         *dict.fromkeys(change.contrast for change in CHANGES),
         *(pair.contrast for pair in named.NAMED), *indirect.CONTRASTS]


def taking(rows: pd.DataFrame, path: str, way: str) -> pd.DataFrame:
    """The rows of a path that do go that way."""
    return rows[rows["path"].eq(path) & rows["way"].eq(way)]


def pairs_of_kind(rows: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """The pairs of one kind: contrast, benchmark, reference."""
    pairs = taking(rows, kind.path, kind.way).merge(
        taking(rows, kind.reference, kind.reference_way),
        on=["group", "variant"], suffixes=("", "_reference"))
    return pd.DataFrame({
        "contrast": kind.contrast, "benchmark": pairs["benchmark"],
        "reference": pairs["benchmark_reference"]})


def pairs_of_change(rows: pd.DataFrame, change: Change) -> pd.DataFrame:
    """The pairs of one change: contrast, benchmark, reference."""
    own = rows["group"] + "/" + rows["variant"]
    pairs = rows[own == f"{change.group}/{change.variant}"].merge(
        rows[own == f"{change.reference_group}/{change.reference_variant}"],
        on="path", suffixes=("", "_reference"))
    return pd.DataFrame({
        "contrast": change.contrast, "benchmark": pairs["benchmark"],
        "reference": pairs["benchmark_reference"]})


def crossing_pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """A number that nobody serves, and the loop around nothing."""
    crossed = taking(rows, "inline", "kernel")[["benchmark"]]
    empty = rows.loc[rows["benchmark"].isin([EMPTY, YARDSTICK]), "benchmark"]
    return crossed[crossed["benchmark"] == CROSSED].merge(
        empty.rename("reference"), how="cross").assign(contrast="crossing")


def pairs_of(rows: pd.DataFrame) -> pd.DataFrame:
    """All pairs whose difference means something, with unit and divisor."""
    pairs = pd.concat([crossing_pairs(rows), *(
        pairs_of_kind(rows, kind) for kind in KINDS), *(
        pairs_of_change(rows, change) for change in CHANGES),
        batching.pairs_of(rows)], ignore_index=True)
    return pd.concat([
        pairs.drop_duplicates(["contrast", "reference"]).assign(
            per=1, unit="ns"), named.pairs()], ignore_index=True)
