# SPDX-License-Identifier: MIT
"""That the checks of these tests find what they look for."""

import pathlib

import pytest

from browser import PHONE, requests

BAD = """<!DOCTYPE html><html><head><meta charset="utf-8"><title></title>
<meta name="viewport" content="width=device-width"><style>
a:focus { outline: none } p { color: #999; width: 500px }
@media (prefers-color-scheme: dark) { body { background: #222; color: #555 } }
</style></head><body><h1>One</h1><h3>Three</h3><h1>Two</h1>
<p>faint and wide</p><a href="#x">here</a><input><button></button>
<table><tr><th>head</th></tr></table>
<div><img src="nothing.png" onerror="alert(1)"></div>
<script>console.warn("a warning")</script></body></html>"""


@pytest.fixture
def bad(browser, tmp_path) -> pathlib.Path:
    """A page with everything wrong."""
    path = tmp_path / "bad.html"
    path.write_text(BAD)
    browser.open(path)
    return path


def test_requests_and_complaints_are_seen(browser, bad):
    logs = browser.logs()
    said = [entry["message"] for entry in logs["browser"]]
    assert any("a warning" in one for one in said)
    assert any("nothing.png" in one for one in said)
    assert requests(logs) == [
        bad.as_uri(), bad.with_name("nothing.png").as_uri()]


def test_what_is_executed_is_seen(browser, bad):
    assert browser.wait("return window.executed") == ["alert"]


def test_what_a_policy_holds_back_is_seen(browser, tmp_path):
    path = tmp_path / "held.html"
    path.write_text('<meta http-equiv="Content-Security-Policy" content="'
                    "default-src 'none'\"><p onmouseover='alert(1)'>text")
    browser.open(path)
    browser.run("document.querySelector('p').dispatchEvent("
                "new MouseEvent('mouseover'))")
    assert browser.wait("return window.executed") == ["script-src-attr"]


def test_faint_texts_are_seen(browser, bad):
    said, = browser.run("return faint()")
    assert said.endswith('"faint and wide" 2.85')
    browser.open(bad, scheme="dark")
    assert len(browser.run("return faint()")) > 3


def test_what_is_too_wide_is_seen(browser, bad):
    browser.open(bad, width=PHONE)
    said = browser.run("return beyond(arguments[0])", PHONE)
    assert any("the page is" in one for one in said)
    assert any("faint and wide" in one for one in said)


def test_what_has_no_name_or_place_is_seen(browser, bad):
    said = "\n".join(browser.run("return structure()"))
    for wrong in ("0 times main", "2 times h1", "heading 3 behind 1",
                  "no scope: TH", "no name: INPUT", "no name: BUTTON",
                  "no language"):
        assert wrong in said


def test_a_focus_that_is_not_seen_is_seen(browser, bad):
    browser.run("markStops(); document.querySelector('a').focus()")
    found = browser.run("return focus()")
    assert found["stop"] == 0 and not found["seen"]
