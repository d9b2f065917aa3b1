# SPDX-License-Identifier: MIT
"""The fixtures of make test-browser."""

import pathlib
from typing import Iterator

import pytest

import browser as real
import pages as made


@pytest.fixture(scope="session")
def browser() -> Iterator[real.Browser]:
    """The browser, one for all tests; skips where there is none."""
    programs = real.find()
    if not all(programs):
        pytest.skip("no Chromium with its driver: ./scripts/setup --browser")
    with real.started(programs) as one:
        yield one


@pytest.fixture(scope="session")
def pages(browser: real.Browser, tmp_path_factory: pytest.TempPathFactory
          ) -> made.Pages:
    """Every page, by what it is; none is made where none can be opened."""
    return made.make(tmp_path_factory.mktemp("pages"))


@pytest.fixture(params=["real report", "hostile report", "real comparison",
                        "hostile comparison", "real worksheet",
                        "hostile worksheet"])
def page(request: pytest.FixtureRequest, pages: made.Pages) -> pathlib.Path:
    """One of them."""
    return pages[request.param]
