# SPDX-License-Identifier: MIT
"""What holds of every page in a real browser, whatever the run says."""

import pathlib

import pytest
from selenium.webdriver.common.keys import Keys

from browser import PHONE, WIDE, requests

ON_PHONE = {"width": PHONE, "scale": 2}
ENLARGED = {"width": WIDE // 2, "scale": 2}     # what 200 % is to a page


def test_a_page_loads_nothing_and_complains_of_nothing(browser, page):
    browser.open(page)
    logs = browser.logs()
    assert logs["browser"] == []
    asked = requests(logs)
    assert asked[0] == page.as_uri()
    assert set(asked[1:]) <= {"data:,"}     # the icon that is none


def test_nothing_that_a_run_says_is_executed(browser, page):
    browser.open(page)
    browser.run("document.querySelectorAll('*').forEach((one) => "
                "one.dispatchEvent(new MouseEvent('mouseover')))")
    assert browser.run("return window.executed") == []
    assert browser.run("return [document.images.length, document"
                       ".querySelectorAll('iframe, object, embed, base')"
                       ".length]") == [0, 0]


@pytest.mark.parametrize("look", [ON_PHONE, ENLARGED, {"width": 320}],
                         ids=["phone", "enlarged", "narrow"])
def test_a_page_fits_its_window(browser, page, look):
    browser.open(page, **look)
    assert browser.run("return beyond(arguments[0])", look["width"]) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(browser, page, scheme):
    browser.open(page, scheme=scheme)
    dark = browser.run("return luminance(ground(document.body)) < 0.5")
    assert dark == (scheme == "dark")
    assert browser.run("return texts().length") > 100
    assert browser.run("return faint()") == []


def test_every_text_can_be_read_in_print(browser, page):
    browser.open(page, scheme="dark", media="print")
    assert browser.run("return luminance(ground(document.body))") == 1
    assert browser.run("return faint()") == []


def test_whoever_hears_the_page_is_told_what_is_what(browser, page):
    browser.open(page)
    assert browser.run("return structure()") == []


def test_the_keyboard_reaches_everything_in_order(browser, page):
    browser.open(page)
    count = browser.run("return markStops()")
    assert count > 5
    for number in range(count):
        browser.press(Keys.TAB)
        found = browser.run("return focus()")
        assert found["stop"] == number, found
        assert found["seen"] and found["there"], found


def test_the_first_stop_skips_to_the_figures(browser, pages):
    browser.open(pages["real report"])
    browser.press(Keys.TAB)
    assert "Skip to" in browser.run("return focus().told")
    browser.press(Keys.ENTER)
    assert browser.wait("return document.activeElement.id") == "main"
    browser.press(Keys.TAB)
    assert browser.run("return document.activeElement.closest('main') "
                       "!== null")


def test_a_page_can_be_printed(browser, page):
    browser.open(page)
    found = browser.printed()
    assert found.startswith(b"%PDF-") and found.rstrip().endswith(b"%%EOF")


def test_paper_has_no_controls(browser, pages):
    path: pathlib.Path = pages["real report"]
    seen = ("return ['nav', '.controls', '.skip'].filter((one) => "
            "shown(document.querySelector(one)))")
    browser.open(path)
    assert browser.run(seen) == ["nav", ".controls", ".skip"]
    browser.open(path, media="print")
    assert browser.run(seen) == []
    signs = browser.run(
        "return [...document.querySelectorAll('th button')].map((one) => "
        "getComputedStyle(one, '::after').content)")
    assert signs and set(signs) == {"none"}
