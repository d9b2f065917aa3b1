# SPDX-License-Identifier: MIT
"""How calls scale: threads.csv, scaling.csv and the table, of real runs."""

import json
import os
import pathlib
import signal
from typing import Any, Callable, Iterator, List

import numpy as np
import pandas as pd
import pytest

from conftest import Runner
from test_arms import refused, succeeded
from test_cli import end_of, launches_in, said_one_line

LAUNCHES, ROUNDS = 6, 12
ROWS = ["getppid/inline", "lseek_shared/inline"]
KEY = ["launch", "seq"]
FIGURES = ["main", "slowest", "fastest"]
THREADS = "launch,arm,seq,benchmark,thread,cpu,calls,ticks"
SCALING = ("benchmark,arm,threads,launches,counted,together_share,"
           "confidence,main_ns,main_low_ns,main_high_ns,slowest_ns,"
           "slowest_low_ns,slowest_high_ns,fastest_ns,fastest_low_ns,"
           "fastest_high_ns,calls_per_s,calls_low_per_s,calls_high_per_s,"
           "efficiency,efficiency_low,efficiency_high,cpus,cores")
CHOSEN = {"getppid/inline", "invalid/inline", "umask/inline",
          "lseek_file/inline", "lseek_shared/inline"}


class Scaled:
    """A run of one and of two threads, read."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.record = json.loads((folder / "run.json").read_text())
        self.threads = pd.read_csv(folder / "threads.csv")
        self.samples = pd.read_csv(folder / "samples.csv")
        self.scaling = pd.read_csv(folder / "scaling.csv")
        rate = self.record["clock"]["ticks_per_ns"]
        calls = self.threads["calls"].replace(0, np.nan)
        self.threads["ns"] = self.threads["ticks"] / rate / calls


@pytest.fixture(scope="module", autouse=True)
def two_cpus() -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one CPU")


@pytest.fixture(scope="module")
def folder(runner_in: Callable[[pathlib.Path], Runner],
           tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Where a run of one and two threads lies, and what it printed."""
    place = tmp_path_factory.mktemp("threads")
    result = runner_in(place)(
        "--threads=2,1,2", f"--launches={LAUNCHES}", f"--rounds={ROUNDS}",
        f"--filter=^({'|'.join(ROWS)})$", "--output=run")
    succeeded(result)
    (place / "screen").write_text(result.stdout)
    return place


@pytest.fixture(scope="module")
def scaled(folder: pathlib.Path) -> Scaled:
    return Scaled(folder / "run")


def test_the_list_is_the_arms(scaled: Scaled) -> None:
    assert [(arm["name"], arm["reference"], arm["conditions"])
            for arm in scaled.record["arms"]] == [
        ("threads-1", True, []), ("threads-2", False, ["threads:2"])]


def test_the_files_are_as_documented(scaled: Scaled) -> None:
    for name, header in (("threads.csv", THREADS), ("scaling.csv", SCALING)):
        text = (scaled.folder / name).read_text()
        assert text.splitlines()[0] == header


def test_every_batch_of_the_arm_has_each_thread(scaled: Scaled) -> None:
    """And no other batch has any; the main thread's line is its sample."""
    batches = scaled.samples[scaled.samples["arm"] == "threads-2"]
    assert len(batches) == LAUNCHES * ROUNDS * len(ROWS)
    shared = ["launch", "arm", "seq", "benchmark"]
    for thread in (0, 1):
        lines = scaled.threads[scaled.threads["thread"] == thread]
        assert (lines[shared].values == batches[shared].values).all()
    main = scaled.threads[scaled.threads["thread"] == 0]
    own = ["cpu", "calls", "ticks"]
    assert (main[own].values == batches[own].values).all()
    assert len(scaled.threads) == 2 * len(batches)


def test_threads_are_on_cpus_of_their_own(scaled: Scaled) -> None:
    cpus = scaled.threads.groupby("thread")["cpu"].agg(["min", "max"])
    assert (cpus["min"] == cpus["max"]).all()
    assert cpus["min"].nunique() == 2
    assert set(cpus["min"]) <= os.sched_getaffinity(0)
    assert cpus["min"][0] == scaled.record["placement"]["cpu"]


def test_pieces_lie_within_the_batch(scaled: Scaled) -> None:
    """Whole ones: no more time than the batch's, calls in whole pieces."""
    pairs = scaled.threads.pivot(index=[*KEY, "benchmark"], columns="thread",
                                 values=["calls", "ticks"])
    assert (pairs["ticks"][1] <= pairs["ticks"][0]).all()
    piece = pairs["calls"][0] // 8 + 1
    assert (pairs["calls"][1] % piece == 0).all()
    assert (pairs["calls"][1] > 0).mean() > 0.5


def figures(scaled: Scaled) -> pd.DataFrame:
    """Of each launch of two threads, as docs/formats.md has it."""
    own = [*KEY, "benchmark"]
    lines = scaled.threads
    batch = lines.groupby(own)["ticks"].transform("first")
    there = (lines["calls"] > 0) & (lines["ticks"] >= batch // 2)
    lines = lines[there.groupby([lines[name] for name in own])
                  .transform("all")]
    each = lines.groupby(["launch", "benchmark", "thread"])["ns"].median()
    found = each.groupby(["launch", "benchmark"]).agg(
        main="first", slowest="max", fastest="min")
    rates = (1e9 / lines.set_index(own)["ns"]).groupby(own).sum()
    found["rate"] = rates.groupby(["launch", "benchmark"]).median()
    return found


def test_the_figures_are_those_of_the_batches(scaled: Scaled) -> None:
    """Computed anew from threads.csv and samples.csv."""
    mine = figures(scaled)
    rate = scaled.record["clock"]["ticks_per_ns"]
    one = scaled.samples[scaled.samples["arm"] == "threads-1"]
    alone = (1e9 / (one["ticks"] / rate / one["calls"])).groupby(
        [one["launch"], one["benchmark"]]).median()
    for row in ROWS:
        line = scaled.scaling.set_index(["benchmark", "arm"]).loc[
            (row, "threads-2")]
        launches = mine.xs(row, level="benchmark")
        for name in FIGURES:
            assert line[f"{name}_ns"] == pytest.approx(
                launches[name].median(), rel=1e-6)
        assert line["calls_per_s"] == pytest.approx(
            launches["rate"].median(), rel=1e-6)
        assert line["calls_low_per_s"] == pytest.approx(
            launches["rate"].min(), rel=1e-6)
        before = alone.xs(row, level="benchmark")
        shares = [launch / before.loc[before.index // 2 == at // 2].item() / 2
                  for at, launch in launches["rate"].items()]
        assert line["efficiency"] == pytest.approx(np.median(shares),
                                                   abs=1e-5)
        assert line["launches"] == LAUNCHES
        assert line["counted"] == launches["rate"].count()


def test_one_thread_is_its_own_ideal(scaled: Scaled) -> None:
    one = scaled.scaling[scaled.scaling["arm"] == "threads-1"]
    assert list(one["threads"]) == [1] * len(ROWS)
    assert (one["efficiency"] == 1).all() and (one["cores"] == 1).all()
    assert (one["main_ns"] == one["slowest_ns"]).all()


def test_the_table_says_it(folder: pathlib.Path, scaled: Scaled) -> None:
    screen = (folder / "screen").read_text()
    assert "threads in one call at once, as measured" in screen
    cpus = scaled.scaling["cpus"].iloc[-1]
    assert f"threads-2: CPUs {str(cpus).replace(' ', ',')}, " in screen


def test_a_file_that_threads_share_does_not_scale(scaled: Scaled) -> None:
    """One lock, against a call that shares nothing."""
    share = scaled.scaling.set_index(["benchmark", "arm"])["efficiency"]
    assert (share["lseek_shared/inline", "threads-2"] <
            share["getppid/inline", "threads-2"])


def test_without_a_filter_chosen_null_calls_are_measured(run: Runner) -> None:
    succeeded(run("--threads=1,all", "--launches=1", "--rounds=2",
                  "--output=run"))
    scaling = pd.read_csv(run.folder / "run" / "scaling.csv")
    assert set(scaling["benchmark"]) == CHOSEN
    listed = succeeded(run("--list", "--threads=2"))
    assert {line.split()[0]
            for line in listed.stdout.splitlines()} == CHOSEN


def test_runs_without_threads_have_no_such_files(run: Runner) -> None:
    succeeded(run(*run.short, "--output=run"))
    names = {path.name for path in (run.folder / "run").iterdir()}
    assert not names & {"threads.csv", "scaling.csv"}


def test_arms_of_threads_have_the_table_too(run: Runner) -> None:
    """Of the reference and the arms with threads; under work none counts."""
    succeeded(run(*run.short, "--arm=plain", "--arm=seccomp-bitmap",
                  "--arm=threads:2", "--arm=both=threads:2,work:50",
                  "--output=run"))
    read = Scaled(run.folder / "run")
    assert set(read.scaling["arm"]) == {"plain", "threads-2"}
    assert set(read.threads["arm"]) == {"threads-2"}


def ends_whole(path: pathlib.Path) -> List[str]:
    text = path.read_text()
    assert text.endswith("\n")
    return text.splitlines()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_threads_did(
        run: Runner, until: Callable[..., Any], number: int) -> None:
    process = run.start("--threads=1,2", "--launches=500", "--rounds=50",
                        "--filter=^getppid/inline$", "--output=run")
    samples = run.folder / ".run.partial" / "samples.csv"
    until(lambda: launches_in(samples) >= 3, "some launches")
    process.send_signal(number)
    said_one_line(end_of(process), 130, "interrupted")
    kept = Scaled(run.folder / "run")
    both = kept.samples[kept.samples["arm"] == "threads-2"]
    assert set(kept.threads["launch"]) == set(both["launch"]) != set()
    assert len(kept.threads) == 2 * len(both)
    ends_whole(run.folder / "run" / "threads.csv")
    assert set(kept.scaling["arm"]) == {"threads-1", "threads-2"}


def test_a_killed_program_leaves_what_threads_did(
        run: Runner, until: Callable[..., Any]) -> None:
    process = run.start("--threads=2", "--launches=500", "--rounds=50",
                        "--filter=^getppid/inline$", "--output=run")
    samples = run.folder / ".run.partial" / "samples.csv"
    until(lambda: launches_in(samples) >= 2, "some launches")
    process.kill()
    process.communicate()
    lines = (samples.parent / "threads.csv").read_text().splitlines()
    assert lines[0] == THREADS and len(lines) > 2 * 2 * 50


@pytest.fixture
def machine() -> Iterator[int]:
    """How many CPUs this process may run on."""
    yield len(os.sched_getaffinity(0))


def test_more_threads_than_cpus_are_refused(run: Runner, machine: int
                                            ) -> None:
    refused(run(f"--threads=1,{machine + 1}"), 2,
            f"--threads={machine + 1}: ", f" {machine} CPUs only", "or all")
    assert run.contents() == []


def test_arms_and_lists_are_not_mixed(run: Runner) -> None:
    refused(run("--threads=1,2", "--arm=ssbd"), 2, "--threads", "--arm")
    assert run.contents() == []
