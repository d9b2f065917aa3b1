# SPDX-License-Identifier: MIT
"""Contrasts of two rows of different groups, by their names."""

from typing import NamedTuple

import pandas as pd

PAGES = 2097152 // 4096         # where a page has 4 KiB


class Named(NamedTuple):
    """A row less another, by how much that is divided, and what it says."""

    contrast: str
    benchmark: str
    reference: str
    label: str
    per: float = 1
    unit: str = "ns"


NAMED = (
    Named("fault", "page_fault/write/anonymous", "invalid/inline",
          "a page fault beyond a refused call"),
    Named("fresh_page", "page_fault/write/anonymous",
          "page_fault/read/anonymous", "of that, to find and clear a page"),
    Named("touched_page", "mmap_touched/libc/2097152", "mmap/libc/2097152",
          "a page touched, and unmapped with 511", PAGES, "ns/page"),
    Named("signal", "kill/inline", "getppid/inline",
          "a signal to oneself beyond getppid"),
    Named("signal_caught", "kill/inline", "kill/inline/ignored",
          "of that, to catch it"),
    Named("function_arguments", "arguments/call/6", "arguments/call/0",
          "6 arguments of a function add"),
    Named("call_arguments", "arguments/inline/6", "arguments/inline/0",
          "6 arguments of a system call add"),
)


def pairs() -> pd.DataFrame:
    """A row a pair: contrast, benchmark, reference, label, per, unit."""
    return pd.DataFrame(NAMED)
