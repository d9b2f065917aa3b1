# SPDX-License-Identifier: MIT
"""axe-core's rules of accessibility, on every page in a real browser."""

import json
import os
import pathlib
from typing import Any, List

import pytest

from browser import PHONE, WIDE

LOCK = pathlib.Path(__file__).parent / "axe" / "package-lock.json"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
         "best-practice"]
RUN = """
const done = arguments[arguments.length - 1];
axe.run(document, {runOnly: arguments[0]}).then((found) => done(
    found.violations.flatMap((one) => one.nodes.map((node) =>
        `${one.id}: ${node.html.slice(0, 200)}: ${node.failureSummary}`))));
"""


@pytest.fixture(scope="session")
def axe() -> str:
    """axe-core's source, in the version that is asked for; else skips."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or
                         pathlib.Path.home() / ".cache") / "syscost" / "axe"
    path = cache / "node_modules" / "axe-core"
    if not (path / "axe.min.js").exists():
        pytest.skip(f"no axe-core in {cache}: ./scripts/setup --browser "
                    "fetches it where there is npm")
    wanted = json.loads(LOCK.read_text())["packages"]["node_modules/axe-core"]
    there = json.loads((path / "package.json").read_text())
    if there["version"] != wanted["version"]:
        pytest.skip(f"axe-core {there['version']} is there, wanted is "
                    f"{wanted['version']}: ./scripts/setup --browser")
    return (path / "axe.min.js").read_text()


def violations(browser: Any, axe: str) -> List[str]:
    """What the page that is open does wrong."""
    browser.driver.execute_script(axe)
    found: List[str] = browser.driver.execute_async_script(RUN, RULES)
    return found


@pytest.mark.parametrize("look", [
    {"width": WIDE}, {"width": WIDE, "scheme": "dark"},
    {"width": PHONE, "scale": 2}], ids=["light", "dark", "phone"])
def test_axe_finds_nothing(browser, axe, page, look):
    browser.open(page, **look)
    assert violations(browser, axe) == []


def test_axe_finds_what_is_wrong(browser, axe, tmp_path):
    path = tmp_path / "bad.html"
    path.write_text("<p>no title, no language</p><img src='data:,'><input>")
    browser.open(path)
    rules = {one.split(":")[0] for one in violations(browser, axe)}
    assert {"document-title", "html-has-lang", "image-alt", "label"} <= rules
