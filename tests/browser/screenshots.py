#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the screenshots under results/reference/screenshots.

  screenshots.py [--output DIR]

They are of the report of results/reference, and of what a seccomp filter
costs, which is measured for it in half a minute. Needs what make test-browser
does. Look at each before it is committed.
"""

import argparse
import io
import pathlib
import subprocess
import sys
import tempfile
from typing import Any, Dict, NamedTuple, Sequence, Tuple

from PIL import Image

import browser
from pages import GUARD_S, REPOSITORY, script

REFERENCE = REPOSITORY / "results" / "reference"
GAP = 40                # pixels between two parts side by side
ARMS = ("--filter=^(baseline/(call|empty)|getppid/inline|invalid/inline"
        "|clock_gettime/(vdso|libc|inline)|gettimeofday/vdso|time/vdso"
        "|write/libc/(1|4096)|write/(stdio|putc)/1|stat/libc|kill/inline)$",
        "--arm=plain", "--arm=seccomp:8", "--launches=30", "--anonymous")


class Shot(NamedTuple):
    """Parts of a page side by side, each from one element to another."""

    page: str
    parts: Sequence[Tuple[str, str]]    # selectors
    look: Dict[str, Any]


PHONE = {"width": browser.PHONE, "scale": 2}
SHOTS = {
    "report": Shot("reference", [("header", "#ladder")], {}),
    "report-dark": Shot("reference", [("#meaning", "#buffering")],
                        {"scheme": "dark"}),
    "report-phone": Shot("reference", [("header", "#in-short"),
                                       ("#doubts", "#doubts"),
                                       ("#ladder", "#ladder .picture")],
                         PHONE),
    "report-comparison": Shot("arms", [("#comparison", "#comparison .pair")],
                              {}),
}
BOX = """
const [from, to] = [...arguments].map(
    (one) => document.querySelector(one).getBoundingClientRect());
return [Math.max(0, from.top + scrollY - 16), to.bottom + scrollY + 16];
"""


def measured(folder: pathlib.Path) -> pathlib.Path:
    """A run of two arms, with its report."""
    subprocess.run([REPOSITORY / "build" / "syscost", *ARMS,
                    f"--output={folder}"], check=True, timeout=GUARD_S,
                   stdout=subprocess.DEVNULL)
    script("report", folder, "--no-plots")
    return folder / "report.html"


def beside(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures from left to right, on the ground of the first."""
    width = sum(one.width + GAP for one in pictures) - GAP
    whole = Image.new("RGB", (width, max(one.height for one in pictures)),
                      pictures[0].getpixel((0, 0)))
    left = 0
    for one in pictures:
        whole.paste(one, (left, 0))
        left += one.width + GAP
    return whole


def reduced(whole: Image.Image) -> bytes:
    """A picture in few colours, as PNG: there are few on a page."""
    few = whole.quantize(256, Image.Quantize.FASTOCTREE,
                         dither=Image.Dither.NONE)
    made = io.BytesIO()
    few.save(made, "PNG", optimize=True)
    return made.getvalue()


def take(one: browser.Browser, shot: Shot, path: pathlib.Path) -> bytes:
    """A screenshot, as PNG."""
    one.open(path, **shot.look)
    width = shot.look.get("width", browser.WIDE)
    parts = [one.picture(width, *one.run(BOX, *part)) for part in shot.parts]
    return reduced(beside([Image.open(io.BytesIO(part)).convert("RGB")
                           for part in parts]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", metavar="DIR", type=pathlib.Path,
                        default=REFERENCE / "screenshots")
    output: pathlib.Path = parser.parse_args().output
    output.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, browser.started(
            browser.find()) as one:
        folder = pathlib.Path(name)
        page = folder / "reference.html"
        script("report", REFERENCE, "--output", page, "--no-plots")
        pages = {"reference": page, "arms": measured(folder / "arms")}
        for name, shot in SHOTS.items():
            data = take(one, shot, pages[shot.page])
            (output / f"{name}.png").write_bytes(data)
            print(f"{output / name}.png: {len(data) / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
