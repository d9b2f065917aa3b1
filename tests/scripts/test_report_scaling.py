# SPDX-License-Identifier: MIT
"""scripts/report on a run of several threads: how its calls scale."""

import pathlib
from typing import Any

import pandas as pd
import pytest

import made_runs
import paged
from test_report import page_of
from reporting import source

# The rate of all threads in multiples of one thread's, by their number.
TIMES = {"umask/inline": {1: 1.0, 2: 1.1, 4: 0.8},
         "getppid/inline": {1: 1.0, 2: 2.0, 4: 3.9}}


def scaling(**changed: Any) -> pd.DataFrame:
    """The table of such a run: calls of 100 ns by themselves."""
    rows = [{"benchmark": name, "arm": f"threads-{threads}",
             "threads": threads, "launches": 20, "counted": 20,
             "together_share": 0.95, "confidence": 0.9586,
             **{f"{one}{end}_ns": 100 * threads / times
                for one in ("main", "slowest", "fastest")
                for end in source.ENDS},
             **{f"calls{end}_per_s": 1e7 * times for end in source.ENDS},
             **{f"efficiency{end}": times / threads for end in source.ENDS},
             "cpus": f"0-{threads - 1}" if threads > 1 else "0",
             "cores": min(threads, 2)}
            for name, each in TIMES.items()
            for threads, times in each.items()]
    return pd.DataFrame(rows).assign(**changed)


def page_with(folder: pathlib.Path, table: pd.DataFrame) -> paged.Page:
    """The page of a run that has such a table."""
    run = made_runs.make_run(folder / "run", launches=2)
    table.to_csv(run / "scaling.csv", index=False)
    return page_of(run)


def cells(page: paged.Page) -> str:
    """The section's words without the blanks between them."""
    return paged.words(page, "scaling").replace(" ", "")


def test_what_threads_get_done_is_shown(tmp_path):
    page = page_with(tmp_path, scaling())
    said = paged.words(page, "scaling")
    assert "on 2 cores for 4 threads at the most, hardware threads" in said
    assert "umask/inline4500ns8.008.00–8.0020%" in cells(page)
    assert "getppid/inline2100ns20.020.0–20.0100%" in cells(page)
    assert "5 % of them at the most" in said
    picture = page.by_id("picture-scaling-desc").said
    assert ("By 4 threads: umask/inline 0.800 times; getppid/inline 3.90 "
            "times.") in picture


def test_a_core_each_has_no_siblings(tmp_path):
    page = page_with(tmp_path, scaling().query("threads < 3"))
    assert "hardware threads" not in paged.words(page, "scaling")


def test_without_a_reference_of_one_thread_there_is_no_picture(tmp_path):
    page = page_with(tmp_path, scaling(**{
        f"efficiency{end}": float("nan") for end in source.ENDS}))
    assert "umask/inline4500ns8.008.00–8.00–" in cells(page)
    assert not page.has("picture-scaling-desc")


@pytest.mark.parametrize("changed", [
    {"cpus": "<script>"}, {"threads": 0}, {"together_share": 2.0}])
def test_a_broken_table_is_said_to_be_broken(tmp_path, changed):
    page = page_with(tmp_path, scaling(**changed))
    assert "scaling" not in page.sections
    assert "scaling.csv cannot be read, how calls scale is not shown" in (
        page.source)


def test_most_runs_have_none(tmp_path):
    page = page_of(made_runs.make_run(tmp_path / "run", launches=2))
    assert "scaling" not in page.sections
    assert "scaling.csv" not in page.source
