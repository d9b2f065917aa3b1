# SPDX-License-Identifier: MIT
"""The order in which the arms are booted, which follows from a plan alone."""

import random
from typing import List, Sequence

from booting.plan import Arm, Plan


def shuffled(arms: Sequence[Arm], draw: random.Random) -> List[Arm]:
    """Another order; by random() alone, since only that gives the same in
    every Python (the documentation's "Notes on Reproducibility")."""
    return sorted(arms, key=lambda _: draw.random())


def abba(arms: Sequence[Arm], boots: int, draw: random.Random) -> List[Arm]:
    """Passes over all arms in pairs: one in an order that is drawn, then the
    reverse, so that drift falls on all alike (src/plan.c does so with
    launches). An odd number of boots ends with half a block."""
    order: List[Arm] = []
    for number in range(boots):
        order += (order[-len(arms):][::-1] if number % 2
                  else shuffled(arms, draw))
    return order


def make(plan: Plan) -> List[Arm]:
    """Every arm as often as the plan says; the same for the same plan."""
    draw = random.Random(plan.seed)
    if plan.order == "abba":
        return abba(plan.arms, plan.boots, draw)
    if plan.order == "random":
        return shuffled(plan.arms * plan.boots, draw)
    return [arm for arm in plan.arms for _ in range(plan.boots)]
