# SPDX-License-Identifier: MIT
"""Page table isolation off and on, one boot each: what is seen of it.

Guests are mostly emulated, and then the sizes mean nothing. What must hold on
any machine is the sign, the constancy, and that user space is not touched.
"""

import csv
import json
import statistics
from typing import Any, Callable, Dict, Mapping, NamedTuple

import pytest

from booted_vm import Matrix, needs, plan_text

FILTER = ("^(baseline/(empty|call|indirect)|clock_gettime/(vdso|inline)|"
          "(invalid|getppid)/(inline|stub|libc|syscall)|write/inline/1)$")
USER = ("baseline/empty", "baseline/call", "baseline/indirect",
        "clock_gettime/vdso")
# What a user-space row may differ by beside the machine's own speed in the
# two boots, which all of them share; seen are 4 %.
NEAR = 1.25
# An entry walks and refills other pages from row to row: the differences of
# the null calls lay within a factor of 1.4 of each other.
ONE_CONSTANT = 1.6


class Case(NamedTuple):
    """What differs between architectures."""

    mitigation: str
    arms: Mapping[str, str]     # state: command line
    evidence: Mapping[str, str]
    mechanism: str
    counter: str


CASES = {
    "x86_64": Case("pti", {"off": "tsc=reliable pti=off",
                           "on": "tsc=reliable pti=on"},
                   {"off": "cpuinfo's flags lack pti",
                    "on": "cpuinfo's flags hold pti"}, "syscall", "tsc"),
    "aarch64": Case("kpti", {"off": "nokaslr kpti=0", "on": "nokaslr kpti=1"},
                    {"off": "forced by kpti=", "on": "forced by kpti="},
                    "svc", "cntvct"),
}
# What the kernel itself says, where it does: dmesg of the guest.
SAID = {"aarch64": {"off": "isolation forced OFF by kpti", "on":
                    "isolation forced ON by kpti"},
        "x86_64": {"off": "", "on": "page tables isolation: enabled"}}


class Boots(NamedTuple):
    """A matrix that was run: an arm for each state."""

    architecture: str
    case: Case
    matrix: Matrix
    output: str
    errors: str

    def attempt(self, state: str) -> Any:
        """The folder of an arm's only attempt."""
        [folder] = (self.matrix.output / "boots").glob(f"*-{state}/attempt-1")
        return folder

    def record(self, state: str) -> Dict[str, Any]:
        """An arm's run.json."""
        found: Dict[str, Any] = json.loads(
            (self.attempt(state).parent / "run/run.json").read_text())
        return found

    def figures(self, state: str, column: str) -> Dict[str, float]:
        """A column of an arm's summary, by benchmark."""
        with open(self.attempt(state).parent / "run/summary.csv") as file:
            return {row["benchmark"]: float(row[column])
                    for row in csv.DictReader(file)}


@pytest.fixture(scope="module", params=CASES)
def boots(request: pytest.FixtureRequest,
          matrix_of: Callable[[str], Matrix]) -> Boots:
    """One boot of each arm, by scripts/boot-matrix."""
    needs(request.param)
    case = CASES[request.param]
    matrix = matrix_of(request.param)
    plan = matrix.write(plan_text(request.param, FILTER, *(
        (state, cmdline, f'{case.mitigation} = "{state}"')
        for state, cmdline in case.arms.items())))
    status, output, errors = matrix.run(str(plan))
    assert status == 0, errors
    return Boots(request.param, case, matrix, output, errors)


@pytest.mark.parametrize("state", ["off", "on"])
def test_the_state_was_verified_in_the_guest(boots: Boots, state: str) -> None:
    told = f"{boots.case.mitigation} {state} ({boots.case.evidence[state]}"
    assert told in boots.output
    derived = boots.record(state)["environment"]["mitigations"]["derived"]
    assert derived[boots.case.mitigation]["state"] == state
    said = (boots.attempt(state) / "dmesg.txt").read_text()
    assert SAID[boots.architecture][state] in said
    assert "Kernel/User page tables isolation: enabled" not in said or (
        state == "on")


@pytest.mark.parametrize("state", ["off", "on"])
def test_the_way_in_and_the_counter(boots: Boots, state: str) -> None:
    record = boots.record(state)
    assert record["environment"]["entry"]["mechanism"] == boots.case.mechanism
    assert record["clock"]["source"] == boots.case.counter
    assert record["environment"]["kernel"]["machine"] == boots.architecture


def test_emulation_is_said(boots: Boots) -> None:
    facts = json.loads(
        (boots.matrix.output / "matrix.json").read_text())["facts"]
    assert facts["emulated"] == (facts["accelerator"] == "tcg")
    assert ("emulated: signs and constancy only" in boots.output) == (
        facts["emulated"])
    guest = boots.record("on")["environment"]["guest"]
    assert guest["emulated_by"] == ("tcg" if facts["emulated"] else "none")
    assert ("not KVM: " in boots.errors) == facts["emulated"]


def speed(boots: Boots) -> float:
    """How much slower the machine was in the second boot: by what never
    enters the kernel, at its quickest."""
    off, on = (boots.figures(state, "floor_ns") for state in ("off", "on"))
    return statistics.median(on[name] / off[name] for name in USER)


def test_every_row_that_enters_is_slower(boots: Boots) -> None:
    off, on = (boots.figures(state, "median_ns") for state in ("off", "on"))
    entering = sorted(set(off) - set(USER))
    assert len(entering) == 9 and set(on) == set(off)
    factors = {name: on[name] / off[name] / speed(boots) for name in entering}
    assert min(factors.values()) > NEAR, factors


def test_what_does_not_enter_is_as_it_was(boots: Boots) -> None:
    off, on = (boots.figures(state, "floor_ns") for state in ("off", "on"))
    factors = {name: on[name] / off[name] / speed(boots) for name in USER}
    assert 1 / NEAR < min(factors.values()), factors
    assert max(factors.values()) < NEAR, factors


def test_one_constant_explains_the_null_calls(boots: Boots) -> None:
    off, on = (boots.figures(state, "floor_ns") for state in ("off", "on"))
    added = {name: on[name] - off[name] * speed(boots) for name in off
             if name.startswith(("invalid/", "getppid/"))}
    assert len(added) == 7
    assert max(added.values()) < ONE_CONSTANT * min(added.values()), added


def test_what_is_left_of_an_attempt(boots: Boots) -> None:
    for state in ("off", "on"):
        left = {path.name for path in boots.attempt(state).iterdir()}
        assert left == {"console.log", "dmesg.txt", "environment.json",
                        "stderr.txt"}
