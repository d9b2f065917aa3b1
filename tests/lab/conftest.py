# SPDX-License-Identifier: MIT
"""The fixtures of make test-lab."""

import pathlib
import sys
from typing import Iterator

import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]
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
