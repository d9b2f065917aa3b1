# SPDX-License-Identifier: MIT
"""Puts a drawing into the page: SVG that the page's colours apply to.

matplotlib's SVG is a document of its own: here it loses what only such a one
has, gets ids that no other picture has, and takes its text's face and its
colours from the page, so that it can be read on a dark one. No style
attribute is left, which the page's Content-Security-Policy would not let
through.
"""

import io
import re
from typing import Dict
from xml.etree import ElementTree

from markupsafe import Markup

from analysis.figure import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY
from reporting.drawing import GRID, INK, PAPER
from reporting.section import Picture

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
COLOURS = {INK: "currentColor", GRID: "var(--grid)", PAPER: "var(--paper)",
           BLUE: "var(--blue)", GREEN: "var(--green)", RED: "var(--red)",
           PURPLE: "var(--purple)", SKY: "var(--sky)",
           ORANGE: "var(--orange)", GREY: "var(--grey)"}
FONT = re.compile(r"(?:.*\b(bold|[6-9]00)\b)?.*?([\d.]+)px")
OWN = ("metadata", "style", "title")    # of a document


def declarations(style: str) -> Dict[str, str]:
    """The properties of a style attribute."""
    pairs = [part.split(":", 1) for part in style.split(";") if ":" in part]
    return {name.strip(): value.strip() for name, value in pairs}


def attributes(style: str) -> Dict[str, str]:
    """A style as attributes; the face of a font is the page's."""
    found = declarations(style)
    font = FONT.match(found.pop("font", ""))
    if font:
        found["font-size"] = font[2]
        if font[1]:
            found["font-weight"] = "700"
    return {name: COLOURS.get(value, value)
            for name, value in found.items()}


def renamed(value: str, prefix: str) -> str:
    """A reference to an id, or what holds one, with the prefix."""
    return re.sub(r"^#|(?<=url\()#", f"#{prefix}-", value)


def adopt(element: ElementTree.Element, prefix: str) -> None:
    """Make an element and all within it the page's own."""
    for child in [child for child in element
                  if child.tag.removeprefix(SVG) in OWN]:
        element.remove(child)
    element.tag = element.tag.removeprefix(SVG)
    element.attrib.update(attributes(element.attrib.pop("style", "")))
    for name, value in list(element.attrib.items()):
        element.attrib[name] = renamed(value, prefix)
    if "id" in element.attrib:
        element.set("id", f"{prefix}-{element.get('id')}")
    if HREF in element.attrib:
        element.set("href", element.attrib.pop(HREF))
    for child in element:
        adopt(child, prefix)


def spoken(root: ElementTree.Element, picture: Picture) -> None:
    """Give the picture a name and a description."""
    prefix = picture.name
    for place, (tag, said) in enumerate((("title", picture.title),
                                         ("desc", picture.said))):
        child = ElementTree.Element(tag, {"id": f"{prefix}-{tag}"})
        child.text = said
        root.insert(place, child)
    root.attrib.update({"role": "img", "aria-labelledby": f"{prefix}-title",
                        "aria-describedby": f"{prefix}-desc",
                        "stroke-linejoin": "round"})


def inline(picture: Picture) -> Markup:
    """A picture as an element of the page."""
    whole = io.StringIO()
    picture.figure.savefig(whole, format="svg", transparent=True,
                           metadata={"Date": None})
    root = ElementTree.fromstring(whole.getvalue())
    adopt(root, picture.name)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    spoken(root, picture)
    # Written by a library that escapes every text and attribute.
    return Markup(ElementTree.tostring(root, encoding="unicode"))
