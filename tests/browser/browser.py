# SPDX-License-Identifier: MIT
"""A real browser, driven by Selenium, and what it has to say of a page."""

import base64
import contextlib
import json
import os
import pathlib
import shutil
import tempfile
from typing import Any, Dict, Iterator, List, NamedTuple

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common import utils
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.support.wait import WebDriverWait

HERE = pathlib.Path(__file__).parent
CHECKS, WATCH = ((HERE / name).read_text()
                 for name in ("checks.js", "watch.js"))
GUARD_S = 120       # against hanging; nothing is asserted on times
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run", "--hide-scrollbars",
         "--remote-debugging-pipe")    # its port is looked up by name
WIDE, PHONE = 1200, 375     # CSS pixels


class Browsers(NamedTuple):
    """The programs that are needed."""

    browser: str
    driver: str


def find() -> Browsers:
    """The browser and its driver; "" for what is not there."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), "")
    return Browsers(found, shutil.which("chromedriver") or "")


def options(programs: Browsers, profile: pathlib.Path) -> Options:
    """How the browser is started; what it logs."""
    made = Options()
    made.binary_location = programs.browser
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    for word in (*QUIET, *root, f"--user-data-dir={profile}"):
        made.add_argument(word)
    made.set_capability("goog:loggingPrefs",
                        {"performance": "ALL", "browser": "ALL"})
    return made


def running(folder: pathlib.Path) -> List[str]:
    """The processes that were told of a folder and have not ended."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            told = (process / "cmdline").read_bytes().decode(errors="replace")
            found += [told] if str(folder) in told else []
    return found


class Driver(Service):
    """The driver's service; a bare machine may not know "localhost"."""

    @property
    def service_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_connectable(self) -> bool:
        return bool(utils.is_connectable(self.port, "127.0.0.1"))


class Browser:
    """One browser with one tab."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver
        driver.set_page_load_timeout(GUARD_S)
        driver.set_script_timeout(GUARD_S)
        self.tell("Page.addScriptToEvaluateOnNewDocument", source=WATCH)

    def tell(self, command: str, **parameters: Any) -> Dict[str, Any]:
        """A command of the DevTools protocol."""
        found: Dict[str, Any] = self.driver.execute_cdp_cmd(command,
                                                            parameters)
        return found

    def look(self, width: int = WIDE, scale: float = 1, scheme: str = "light",
             media: str = "screen", script: bool = True) -> None:
        """How the next page is looked at; width in CSS pixels."""
        self.tell("Emulation.setDeviceMetricsOverride", width=width,
                  height=900, deviceScaleFactor=scale, mobile=width == PHONE)
        self.tell("Emulation.setEmulatedMedia", media=media, features=[
            {"name": "prefers-color-scheme", "value": scheme}])
        self.tell("Emulation.setScriptExecutionDisabled", value=not script)

    def open(self, path: pathlib.Path, **look: Any) -> None:
        """Show a page in a new document, with logs of its own."""
        self.look(**look)
        self.driver.get("about:blank")
        self.logs()
        self.driver.get(path.resolve().as_uri())

    def logs(self) -> Dict[str, List[Dict[str, Any]]]:
        """What was logged since it was asked last."""
        return {kind: self.driver.get_log(kind)
                for kind in ("browser", "performance")}

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script returns; the functions of checks.js are known."""
        return self.driver.execute_script(f"{CHECKS}\n{script}", *arguments)

    def wait(self, script: str, *arguments: Any) -> Any:
        """What a script returns once that is true."""
        return WebDriverWait(self.driver, GUARD_S, 0.05).until(
            lambda _: self.run(script, *arguments))

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def picture(self, width: int, top: float, bottom: float) -> bytes:
        """A part of the page from side to side, as PNG."""
        return base64.b64decode(self.tell(
            "Page.captureScreenshot", captureBeyondViewport=True, clip={
                "x": 0, "y": top, "width": width, "height": bottom - top,
                "scale": 1})["data"])

    def printed(self) -> bytes:
        """The page on paper, as PDF."""
        return base64.b64decode(self.tell(
            "Page.printToPDF", printBackground=False)["data"])


def requests(logs: Dict[str, List[Dict[str, Any]]]) -> List[str]:
    """The addresses that were asked for, by what the browser logged."""
    events = [json.loads(entry["message"])["message"]
              for entry in logs["performance"]]
    return [event["params"]["request"]["url"] for event in events
            if event["method"] == "Network.requestWillBeSent"]


@contextlib.contextmanager
def started(programs: Browsers) -> Iterator[Browser]:
    """A browser that leaves nothing: no process, no profile."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="syscost-browser-"))
    try:
        driver = webdriver.Chrome(
            service=Driver(programs.driver, env={
                **os.environ, "TMPDIR": str(folder), "HOME": str(folder)}),
            options=options(programs, folder / "profile"))
        try:
            yield Browser(driver)
        finally:
            driver.quit()
        WebDriverWait(None, GUARD_S, 0.05).until(
            lambda _: not running(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
