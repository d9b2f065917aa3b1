# SPDX-License-Identifier: MIT
"""The spread of runs and boots, and what compare allows for by it."""

import pathlib
from typing import List, Sequence

import numpy as np
import pandas as pd
import pytest

from histories import ROWS, Archive
from made_runs import SMALL, STILL, compare, make_run

from archive import allowing, database, spreading

COUNT = 4000        # benchmarks, as repetitions


@pytest.fixture
def archive(tmp_path: pathlib.Path) -> Archive:
    return Archive(tmp_path)


def groups(sizes: Sequence[int], seed: int = 1, scale: float = 1.0
           ) -> List[np.ndarray]:
    """Normal replicates, each group about a level of its own."""
    random = np.random.default_rng(seed)
    return [scale * random.standard_normal((size, COUNT)) +
            10 * random.standard_normal(COUNT) for size in sizes]


SIZES = [[2] * 20, [3] * 10, [20], [2, 5, 9, 4], [30]]


@pytest.mark.parametrize("sizes", SIZES)
def test_spread_of_normal_replicates(sizes: List[int]) -> None:
    """Half of the estimates lie above what it is, whatever the groups."""
    found = spreading.spread(groups(sizes, scale=0.03))
    assert set(found.freedom) == {sum(sizes) - len(sizes)}
    assert np.median(found.log) == pytest.approx(0.03, rel=0.06)


def test_a_bad_boot_moves_it_little() -> None:
    good = groups([10, 10])
    bad = [group.copy() for group in good]
    bad[0][3] += 1000
    bad[1][7] -= 1000
    before, after = (np.median(spreading.spread(one).log)
                     for one in (good, bad))
    assert before < after < 1.5 * before


def test_what_is_missing_has_no_part() -> None:
    whole = groups([4, 6])
    sparse = [np.vstack([group, np.full((2, COUNT), np.nan)])
              for group in whole]
    for one, other in zip(spreading.spread(whole), spreading.spread(sparse)):
        assert np.allclose(one, other)
    lonely = np.array([[1.0, np.nan], [2.0, 3.0]])
    found = spreading.spread([lonely])
    assert list(found.freedom) == [1, 0] and np.isnan(found.log[1])


@pytest.mark.parametrize("sizes", [[2] * 4, [4], [6], [3] * 3, [9], [5] * 4,
                                   [30]])
def test_the_allowance_holds_95_percent(sizes: List[int]) -> None:
    """Two more boots differ by less, 95 times in 100."""
    found = spreading.spread(groups(sizes))
    reach = allowing.reach_of(pd.DataFrame(found._asdict()), 1)
    new = np.random.default_rng(2).standard_normal((2, COUNT))
    assert (np.abs(new[0] - new[1]) <= reach).mean() > 0.95 - 3 * np.sqrt(
        0.05 * 0.95 / COUNT)


def test_groups_are_boots_of_a_setting_and_runs_of_a_boot() -> None:
    runs = [(1, "a", "x"), (2, "a", "x"), (3, "a", "y"), (4, "b", "z"),
            (5, "a", ""), (6, "b", "")]
    assert spreading.groups_of(runs, "run") == [[1, 2]]
    assert spreading.groups_of(runs, "boot") == [[1, 3]]
    many = [(number, "a", "x") for number in range(100)]
    assert spreading.groups_of(many, "run") == [
        list(range(100 - spreading.NEWEST, 100))]


def spreads(archive: Archive) -> np.ndarray:
    """Degrees of runs and of boots, one a benchmark."""
    rows = archive.asked("spread")
    return np.array([[int(row["runs_degrees"] or 0),
                      int(row["boots_degrees"] or 0)] for row in rows])


def test_only_what_is_alike_is_a_replicate(archive: Archive) -> None:
    """Kernels, states, programs and microcode are not mixed."""
    for kernel in (0, 1):
        for boot in (0, 1, 2):
            for run in (0, 1):
                archive.add(0, kernel, boot, run)
    archive.add(0, 0, 3, tool__build_id="other")
    archive.add(0, 0, 4, environment__cpu__microcode="0x9")
    archive.add(0, 0, 5, environment__task__Seccomp="2")
    archive.add(0, 0, 6, complete=False)
    archive.add(1, 0, 0)
    archive.index()
    assert spreads(archive).tolist() == [[6, 4]] * len(ROWS)
    assert archive.asked("spread", "--machine", "lab1") == []


def test_what_was_planted_is_found(archive: Archive) -> None:
    for kernel in range(4):
        for boot in range(12):
            for run in (0, 1):
                archive.add(0, kernel, boot, run)
    archive.index()
    for row in archive.asked("spread"):
        assert (row["runs_degrees"], row["boots_degrees"]) == ("48", "44")
        assert 0.3 < float(row["runs_percent"]) < 0.8
        assert 1.4 < float(row["boots_percent"]) < 2.9
        assert float(row["boots_most_percent"]) > float(row["boots_percent"])


def test_a_spread_follows_its_runs(archive: Archive) -> None:
    archive.add(boot=0)
    archive.add(boot=1)
    archive.index()
    assert spreads(archive).tolist() == [[0, 1]] * len(ROWS)
    archive.add(boot=2)
    archive.index()
    assert spreads(archive).tolist() == [[0, 2]] * len(ROWS)


def test_rows_by_their_names(archive: Archive) -> None:
    archive.add(boot=0)
    archive.add(boot=1)
    archive.index()
    rows = archive.asked("spread", "--benchmarks", "^getppid/")
    assert [row["benchmark"] for row in rows] == list(ROWS[:2])


# compare --history

SHIFT = 1.05        # from one kernel to the other


def boots(archive: Archive, count: int, wild: float = 0.01, **more: object
          ) -> None:
    """Boots of the kernel 6.1.0, in a history; they differ by `wild`."""
    random = np.random.default_rng(5)
    for boot in range(count):
        factor = np.exp(wild * random.standard_normal())
        make_run(archive.folder / "old" / f"boot{boot}",
                 {name: cost * factor for name, cost in SMALL.items()},
                 f"old{boot}", boot, noise=STILL, launches=6,
                 facts={"environment/kernel/release": "6.1.0", **more})
    assert archive("index", archive.folder / "old").status == 0


def two_kernels(archive: Archive) -> List[pathlib.Path]:
    """A run before and one after, of other kernels than the history's."""
    return [make_run(archive.folder / name / "run", {
        row: cost * factor for row, cost in SMALL.items()}, name, 100,
        noise=STILL, launches=8, facts={
            "environment/kernel/release": f"6.{factor}"})
            for name, factor in (("before", 1), ("after", SHIFT))]


def test_a_history_takes_the_place_of_the_flat_allowance(archive: Archive
                                                         ) -> None:
    boots(archive, 12)
    both = two_kernels(archive)
    flat = compare(*both, "--format", "json")
    assert set(flat.verdicts.values()) == {"inconclusive"}
    assert "±10 %" in flat.json["allowance"]
    known = compare(*both, "--history", archive.database, "--format", "json")
    assert "by 12 runs in this machine's history: 11 degrees of freedom" in (
        known.json["allowance"])
    assert known.verdicts["getppid/inline"] == "slower"
    assert known.rows["allowance_percent"].between(2, 5).all()
    assert "this machine's history" in compare(
        *both, "--history", archive.database).out


def test_a_wild_machine_is_allowed_more(archive: Archive) -> None:
    boots(archive, 12, wild=0.1)
    found = compare(*two_kernels(archive), "--history", archive.database,
                    "--format", "json")
    assert (found.rows["allowance_percent"] > 12).all()
    assert set(found.verdicts.values()) == {"inconclusive"}


def test_too_little_is_known(archive: Archive) -> None:
    boots(archive, 3)
    found = compare(*two_kernels(archive), "--history", archive.database,
                    "--format", "json")
    assert "knows too little of this machine" in found.json["allowance"]
    assert found.rows["allowance_percent"].round(6).eq(10).all()


def test_another_machine_has_no_part(archive: Archive) -> None:
    boots(archive, 12, **{"environment/host": "lab2"})
    found = compare(*two_kernels(archive), "--history", archive.database,
                    "--format", "json")
    assert "knows too little of this machine" in found.json["allowance"]


def test_two_machines_have_no_history(archive: Archive) -> None:
    boots(archive, 12)
    before, _ = two_kernels(archive)
    other = make_run(archive.folder / "x" / "run", SMALL, "x", 100,
                     noise=STILL, launches=8, seed=7,
                     facts={"environment/host": "lab2"})
    found = compare(before, other, "--history", archive.database,
                    "--format", "json")
    assert "no history is of two machines" in found.json["allowance"]


def test_the_compared_runs_have_no_part(archive: Archive) -> None:
    boots(archive, 12)
    folders = sorted((archive.folder / "old").iterdir())
    found = compare(*folders[:2], "--history", archive.database,
                    "--format", "json")
    assert "by 10 runs in this machine's history: 9 degrees" in (
        found.json["allowance"])


def test_rows_that_no_history_knows(archive: Archive) -> None:
    boots(archive, 12)
    with database.reading(archive.database) as connection:
        names = connection.execute("SELECT count(*) FROM benchmark")
        assert names.fetchone() == (len(SMALL),)
    both = [make_run(archive.folder / name / "more", {
        **SMALL, "getppid/libc": 91.5}, name, 100, noise=STILL, launches=8,
        seed=seed) for seed, name in enumerate(("before", "after"))]
    found = compare(*both, "--history", archive.database, "--format", "json")
    assert "of 1 rows it knows too little" in found.json["allowance"]
    assert found.rows["allowance_percent"]["getppid/libc"] == pytest.approx(10)


def test_no_such_history(archive: Archive) -> None:
    compare(*two_kernels(archive), "--history", archive.database).refused(
        2, "history.sqlite", "no such file")
