# SPDX-License-Identifier: MIT
"""The page's full table in a real browser: sorted, filtered, in any unit."""

import json
import pathlib
import re
from typing import Any, Dict, List

import pandas as pd
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from analysis import load
from browser import PHONE
from reporting import text

FILTER = ".controls[data-for=rows] [data-filter]"
COUNT = ".controls[data-for=rows] [data-count]"
COLUMNS = ["quiet_ns", "quiet_low_ns", "quiet_high_ns", "median_ns",
           "floor_ns"]
FIRST = 2       # column of the first figure, behind name and arm


@pytest.fixture
def run(pages) -> pathlib.Path:
    """The folder of the real run."""
    return pages["real report"].parent


@pytest.fixture
def table(browser, pages) -> Any:
    """The browser with the real run's page."""
    browser.open(pages["real report"])
    return browser


def buttons(browser: Any) -> List[Any]:
    """The heads that sort."""
    return browser.driver.find_elements(By.CSS_SELECTOR, "#rows th button")


def figures(browser: Any) -> List[List[str]]:
    """The figures that are shown, by row."""
    return [row[FIRST:FIRST + len(COLUMNS)]
            for row in browser.run("return rows('rows')")]


def expected(rows: pd.DataFrame, scale: Any = 1.0) -> List[List[str]]:
    """The figures of summary.csv as the table shows them."""
    return rows[COLUMNS].mul(scale, axis=0).apply(
        lambda column: column.map(text.number)).to_numpy().tolist()


@pytest.mark.parametrize("column", range(FIRST, FIRST + len(COLUMNS)))
def test_a_click_sorts_by_numbers_and_another_turns_it(table, column):
    for wanted, falls in (("ascending", False), ("descending", True)):
        buttons(table)[column].click()
        told = table.run("return sorted('rows')")
        assert told[column] == wanted
        assert [one for one in told if one] == [wanted]
        keys = [float(key) for key in table.run(
            "return keys('rows', arguments[0])", column)]
        assert keys == sorted(keys, reverse=falls) and len(set(keys)) > 9


def test_names_are_sorted_as_text(table):
    buttons(table)[0].click()
    names = table.run("return keys('rows', 0)")
    numbered = [[int(part) if part.isdecimal() else part
                 for part in re.split(r"(\d+)", name)] for name in names]
    assert numbered[0][0].startswith("baseline") and len(names) > 20
    sizes = [part[-2] for part in numbered
             if part[0].startswith("write_file/libc/")]
    assert sizes == sorted(sizes) and len(sizes) > 4


@pytest.mark.parametrize("key", [Keys.ENTER, Keys.SPACE])
def test_the_keyboard_sorts_too(table, key):
    table.run("document.querySelectorAll('#rows th button')[2].focus()")
    for wanted in ("ascending", "descending"):
        table.press(key)
        assert table.run("return sorted('rows')")[2] == wanted
    assert table.run("return document.activeElement.tagName") == "BUTTON"


def test_sorting_keeps_every_row_whole(table):
    before = table.run("return rows('rows')")
    buttons(table)[FIRST].click()
    after = table.run("return rows('rows')")
    assert after != before and sorted(after) == sorted(before)


def test_a_filter_shows_the_rows_with_all_its_words(table):
    every = table.run("return rows('rows')")
    table.driver.find_element(
        By.CSS_SELECTOR, FILTER).send_keys("LIBC plain write")
    shown = table.run("return rows('rows')")
    assert shown == [row for row in every if row[1] == "plain" and all(
        word in " ".join(row).lower() for word in ("write", "libc"))]
    assert 0 < len(shown) < len(every)
    assert table.run("return document.querySelector(arguments[0])"
                     ".textContent", COUNT) == (
        f"{len(shown)} of {len(every)} rows")


def test_an_emptied_filter_shows_all_and_one_that_fits_none_none(table):
    every = table.run("return rows('rows')")
    box = table.driver.find_element(By.CSS_SELECTOR, FILTER)
    box.send_keys("no such row")
    assert table.run("return rows('rows')") == []
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys(Keys.DELETE)
    assert table.run("return rows('rows')") == every


def test_a_filter_is_no_pattern(table):
    box = table.driver.find_element(By.CSS_SELECTOR, FILTER)
    box.send_keys(".*(<img")
    assert table.run("return rows('rows')") == []


def scales(run: pathlib.Path, rows: pd.DataFrame) -> Dict[str, Any]:
    """What a figure in ns is to be multiplied by, by unit."""
    ticks = json.loads((run / "run.json").read_text())["clock"]
    return {"ns": 1.0, "ticks": ticks["ticks_per_ns"],
            "cycles": rows["core_cycles"] / rows["quiet_ns"]}


@pytest.mark.parametrize("unit, said", [
    ("ns", "ns"), ("ticks", "clock ticks"), ("cycles", "core cycles")])
def test_the_figures_are_those_of_the_summary_in_each_unit(table, run, unit,
                                                           said):
    rows = load.summary(run)
    table.driver.find_element(
        By.CSS_SELECTOR, f"input[value={unit}]").click()
    assert figures(table) == expected(rows, scales(run, rows)[unit])
    assert table.run("return document.querySelector('#rows caption')"
                     ".innerText") == f"{said} a call"


def test_the_unit_can_be_switched_back_by_keyboard(table, run):
    rows = load.summary(run)
    table.run("document.querySelector('input[value=ns]').focus()")
    table.press(Keys.ARROW_DOWN)
    assert figures(table) == expected(rows, scales(run, rows)["ticks"])
    table.press(Keys.ARROW_UP)
    assert figures(table) == expected(rows)


def test_sorted_filtered_and_switched_at_once(table, run):
    rows = load.summary(run)
    buttons(table)[FIRST].click()
    table.driver.find_element(
        By.CSS_SELECTOR, FILTER).send_keys("getppid")
    table.driver.find_element(
        By.CSS_SELECTOR, "input[value=cycles]").click()
    kept = rows[rows["benchmark"].str.startswith("getppid")].sort_values(
        "quiet_ns", kind="stable")
    assert figures(table) == expected(kept, kept["core_cycles"] /
                                      kept["quiet_ns"])


def test_without_a_script_the_table_is_whole(browser, pages, run):
    browser.open(pages["real report"])
    every = browser.run("return rows('rows')")
    browser.open(pages["real report"], script=False)
    browser.tell("Emulation.setScriptExecutionDisabled", value=False)
    assert browser.run("return rows('rows')") == every
    assert figures(browser) == expected(load.summary(run))
    assert buttons(browser) == []
    assert not browser.run(
        "return shown(document.querySelector('.controls'))")


def test_on_a_phone_the_table_scrolls_by_itself(browser, pages):
    browser.open(pages["real report"], width=PHONE, scale=2)
    names = "document.querySelector('#rows tbody th')"
    before, after = (browser.run(
        "document.querySelector('#rows').parentElement.scrollLeft = "
        f"arguments[0]; return {names}.getBoundingClientRect().left", left)
        for left in (0, 200))
    assert before == after     # the names stay where they are
    assert browser.run("return document.querySelector('#rows')"
                       ".parentElement.scrollLeft") == 200
