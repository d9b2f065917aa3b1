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
from typing import Dict, Sequence
from xml.etree import ElementTree

from markupsafe import Markup

from analysis.figure import BLUE, GREEN, GREY, ORANGE, PURPLE, RED, SKY
from reporting.drawing import GRID, INK, PAPER
from reporting.section import Picture

ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
COLOURS = {INK: "currentColor", GRID: "var(--grid)", PAPER: "var(--paper)",
           BLUE: "var(--blue)", GREEN: "var(--green)", RED: "var(--red)",
           PURPLE: "var(--purple)", SKY: "var(--sky)",
           ORANGE: "var(--orange)", GREY: "var(--grey)"}
FONT = re.compile(r"(?:.*\b(bold|[6-9]00)\b)?.*?([\d.]+)px")
HEAD, FACT = 24, 11     # points above a picture of its own
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
    prefix = f"picture-{picture.name}"
    for place, (tag, said) in enumerate((("title", picture.title),
                                         ("desc", picture.said))):
        child = ElementTree.Element(tag, {"id": f"{prefix}-{tag}"})
        child.text = said
        root.insert(place, child)
    root.attrib.update({"role": "img", "aria-labelledby": f"{prefix}-title",
                        "aria-describedby": f"{prefix}-desc",
                        "stroke-linejoin": "round"})


def document(picture: Picture) -> str:
    """A picture as matplotlib writes it."""
    whole = io.StringIO()
    picture.figure.savefig(whole, format="svg", transparent=True,
                           metadata={"Date": None})
    return whole.getvalue()


def inline(picture: Picture, drawn: str) -> Markup:
    """A picture as an element of the page; drawn: its document."""
    root = ElementTree.fromstring(drawn)
    adopt(root, f"picture-{picture.name}")
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    spoken(root, picture)
    # Written by a library that escapes every text and attribute.
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def text_element(y: float, size: float, said: str, **more: str
                 ) -> ElementTree.Element:
    """A line of text at the left."""
    found = ElementTree.Element(f"{SVG}text", {
        "x": "4", "y": f"{y:g}", "font-size": f"{size:g}",
        "font-family": "sans-serif", **more})
    found.text = said
    return found


def standalone(drawn: str, title: str, facts: Sequence[str]) -> bytes:
    """A document with a head: what it shows, and what was measured on."""
    root = ElementTree.fromstring(drawn)
    width, height = map(float, root.get("viewBox", "").split()[2:])
    head = HEAD + FACT * len(facts)
    whole = height + head
    root.attrib.update({
        "viewBox": f"0 {-head:g} {width:g} {whole:g}",
        "width": f"{width:g}pt", "height": f"{whole:g}pt"})
    ground = ElementTree.Element(f"{SVG}rect", {
        "y": f"{-head:g}", "width": f"{width:g}", "height": f"{whole:g}",
        "fill": PAPER})
    root.insert(0, ground)
    lines = [text_element(16 - head, 13, title, **{"font-weight": "bold"}),
             *(text_element(16 + FACT * (place + 1) - head, 8, fact)
               for place, fact in enumerate(facts))]
    for line in lines:
        root.append(line)
    return ElementTree.tostring(root, encoding="utf-8")
