# SPDX-License-Identifier: MIT
"""The order in which arms are booted, and which are compared."""

import pathlib
from typing import List

import pytest

import booted
from booting import order, read_plan
from booting.plan import Plan


def read(text: str) -> Plan:
    """A plan of this content."""
    return read_plan.parse(text.encode(), pathlib.Path("p.toml"),
                           pathlib.Path("/")).plan


def names_of(plan: Plan) -> List[str]:
    """The arms in order, by name."""
    return [arm.name for arm in order.make(plan)]


def with_order(kind: str, arms: int, boots: int, seed: int) -> Plan:
    """A plan of so many arms."""
    return read(f'name = "p"\nboots = {boots}\norder = "{kind}"\n'
                f"seed = {seed}\n{booted.KERNELS}" + "".join(
                    f'[[arms]]\nname = "a{number}"\n'
                    for number in range(arms)))


@pytest.mark.parametrize("kind", ["abba", "random", "sequence"])
@pytest.mark.parametrize("arms, boots", [(1, 1), (1, 4), (2, 1), (2, 6),
                                         (3, 5), (7, 4), (32, 3)])
def test_every_arm_is_booted_as_often_as_planned(kind: str, arms: int,
                                                 boots: int) -> None:
    for seed in range(5):
        plan = with_order(kind, arms, boots, seed)
        found = names_of(plan)
        assert {name: found.count(name) for name in found} == {
            f"a{number}": boots for number in range(arms)}
        assert found == names_of(with_order(kind, arms, boots, seed))


@pytest.mark.parametrize("arms, boots", [(2, 6), (3, 4), (5, 5), (4, 1)])
def test_abba_runs_each_block_forth_and_back(arms: int, boots: int) -> None:
    for seed in range(20):
        found = names_of(with_order("abba", arms, boots, seed))
        passes = [found[start:start + arms]
                  for start in range(0, len(found), arms)]
        assert all(sorted(one) == sorted(passes[0]) for one in passes)
        for forth, back in zip(passes[::2], passes[1::2]):
            assert back == forth[::-1]


def test_orders_are_drawn_by_the_seed() -> None:
    drawn = {tuple(names_of(with_order("abba", 3, 6, seed)))
             for seed in range(50)}
    assert len(drawn) > 20
    assert {names[0] for names in drawn} == {"a0", "a1", "a2"}
    blocks = names_of(with_order("abba", 4, 20, 1))
    assert len({tuple(blocks[start:start + 8])
                for start in range(0, 80, 8)}) > 3
    assert len({tuple(names_of(with_order("random", 3, 6, seed)))
                for seed in range(50)}) == 50


def test_the_order_of_a_seed_stays() -> None:
    """A matrix is gone on with by later versions, on other Pythons."""
    assert names_of(with_order("abba", 3, 3, 5)) == [
        "a0", "a1", "a2", "a2", "a1", "a0", "a1", "a2", "a0"]
    assert names_of(with_order("random", 2, 3, 5)) == [
        "a0", "a0", "a1", "a0", "a1", "a1"]


def test_a_sequence_is_one_arm_after_the_other() -> None:
    assert names_of(with_order("sequence", 2, 3, 1)) == [
        "a0", "a0", "a0", "a1", "a1", "a1"]


def test_pairs_are_with_the_first_or_all() -> None:
    plan = with_order("abba", 3, 1, 1)
    assert list(map(read_plan.pair_name, read_plan.pairs(plan))) == [
        "a0-a1", "a0-a2"]
    named = "".join(f'[[arms]]\nname = "{name}"\n' for name in "abc")
    every = read('name = "p"\nboots = 2\npairs = "all"\n'
                 f"{booted.KERNELS}{named}")
    assert list(map(read_plan.pair_name, read_plan.pairs(every))) == [
        "a-b", "a-c", "b-c"]
