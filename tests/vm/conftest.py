# SPDX-License-Identifier: MIT
"""The fixtures of make test-vm."""

import pathlib
from typing import Callable, Iterator, List

import pytest

from booted_vm import Guests, Matrix


@pytest.fixture
def matrix(tmp_path: pathlib.Path) -> Iterator[Matrix]:
    """boot-matrix in the test's own folder."""
    made = Matrix(tmp_path)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def matrix_of(tmp_path_factory: pytest.TempPathFactory
              ) -> Iterator[Callable[[str], Matrix]]:
    """The same for fixtures of a wider scope."""
    made: List[Matrix] = []

    def make(name: str) -> Matrix:
        made.append(Matrix(tmp_path_factory.mktemp(name)))
        return made[-1]
    yield make
    for one in made:
        one.stop()


@pytest.fixture
def guests(tmp_path: pathlib.Path) -> Guests:
    """Single guests in the test's own folder."""
    return Guests(tmp_path)
