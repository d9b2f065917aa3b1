# SPDX-License-Identifier: MIT
"""The fixtures of make test-lab."""

import pathlib
import sys
import time
from typing import Any, Callable, Iterator

import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]
GUARD_S = 600       # against hanging; nothing is asserted on times
sys.path.insert(0, str(REPOSITORY / "scripts"))

import lab_world  # noqa: E402


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory
          ) -> Iterator[lab_world.World]:
    """A lab without hosts."""
    problem = lab_world.obstacle()
    if problem:
        pytest.skip(problem)
    with lab_world.lab(tmp_path_factory.mktemp("lab")) as made:
        yield made


@pytest.fixture(scope="session")
def until() -> Callable[..., Any]:
    """Waits for something to become true and returns it."""
    def wait(found: Callable[[], Any], what: str) -> Any:
        end = time.monotonic() + GUARD_S
        while time.monotonic() < end:
            value = found()
            if value:
                return value
            time.sleep(0.02)
        pytest.fail(f"in vain: {what}")
    return wait
