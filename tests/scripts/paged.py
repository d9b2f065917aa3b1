# SPDX-License-Identifier: MIT
"""A report read back: its elements, its tables, and what holds of any page."""

import base64
import hashlib
import os
import pathlib
import re
from html.parser import HTMLParser
from typing import Any, Dict, List, NamedTuple, Optional, Tuple
from urllib.parse import unquote_to_bytes

from hand_made import SCRIPTS

TEMPLATES = SCRIPTS / "reporting" / "templates"
VOID = {"meta", "link", "input", "br", "wbr"}
HTML = VOID | {
    "html", "head", "title", "style", "script", "body", "header", "nav",
    "main", "footer", "section", "div", "figure", "figcaption", "h1", "h2",
    "h3", "h4", "p", "ul", "li", "dl", "dt", "dd", "a", "span", "strong",
    "code", "table", "caption", "thead", "tbody", "tr", "th", "td", "label",
    "fieldset", "legend", "output"}
SVG = {"svg", "g", "path", "use", "text", "defs", "clippath", "rect", "desc",
       "title"}
METADATA = {"metadata", "rdf", "work", "type", "format", "creator", "agent",
            "style"}       # of a drawing by itself, by matplotlib
BYTES_MOST = 2 << 20


class Element(NamedTuple):
    """An element, with the text within it as far as it was read."""

    tag: str
    attributes: Dict[str, str]
    text: List[str]
    within: Tuple[str, ...]

    @property
    def said(self) -> str:
        """Its text, white space as one blank."""
        return " ".join("".join(self.text).split())

    def has(self, name: str) -> bool:
        """Whether it is of a class."""
        return name in self.attributes.get("class", "").split()


class Page(HTMLParser):
    """A page, parsed: every element in its order."""

    def __init__(self, path: pathlib.Path) -> None:
        super().__init__(convert_charrefs=True)
        self.source = path.read_text(encoding="utf-8")
        self.elements: List[Element] = []
        self.open: List[Element] = []
        self.feed(self.source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str,
                        attrs: List[Tuple[str, Optional[str]]]) -> None:
        found = Element(tag, {name: value or "" for name, value in attrs}, [],
                        tuple(one.tag for one in self.open))
        assert len(found.attributes) == len(attrs), "an attribute twice"
        self.elements.append(found)
        if tag not in VOID:
            self.open.append(found)

    def handle_startendtag(self, tag: str,
                           attrs: List[Tuple[str, Optional[str]]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for one in self.open:
            one.text.append(data)

    def all(self, tag: str) -> List[Element]:
        """Every element of a kind."""
        return [one for one in self.elements if one.tag == tag]

    def by_id(self, name: str) -> Element:
        """The element of an id."""
        found, = [one for one in self.elements
                  if one.attributes.get("id") == name]
        return found

    def has(self, name: str) -> bool:
        """Whether there is an element of that id."""
        return any(one.attributes.get("id") == name for one in self.elements)

    @property
    def sections(self) -> List[str]:
        """The ids of its sections, in order."""
        return [one.attributes["id"] for one in self.all("section")
                if one.has("part")]

    def rows(self, table: str) -> List[List[Element]]:
        """A table's rows, each its cells."""
        found: List[List[Element]] = []
        inside = False
        for one in self.elements:
            if one.tag == "table":
                inside = one.attributes.get("id") == table
            if inside and one.tag == "tr" and "tbody" in one.within:
                found.append([])
            if inside and one.tag in ("th", "td") and "tbody" in one.within:
                found[-1].append(one)
        return found


def hash_of(text: str) -> str:
    """What a Content-Security-Policy calls a text."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def check_elements(page: Page) -> None:
    """No element, handler or style that the templates do not have."""
    for one in page.elements:
        assert one.tag in (SVG if "svg" in (*one.within, one.tag)
                           else HTML), one
        wrong = [name for name in one.attributes
                 if name.startswith("on") or name in ("style", "src",
                                                      "srcset", "action")]
        assert not wrong, one


def links(page: Page) -> List[str]:
    """Where the page leads to, but within itself."""
    return [one.attributes["href"] for one in page.all("a")
            if not one.attributes["href"].startswith("#")]


def check_links(page: Page, path: pathlib.Path) -> None:
    """Each leads to a report that is there, by a relative path."""
    for link in set(links(page)):
        assert re.fullmatch(r"[\w.~/%-]+", link, re.ASCII), link
        assert not link.startswith("/") and link.endswith("/report.html")
        assert os.path.isfile(os.fsencode(path.parent) + b"/" +
                              unquote_to_bytes(link)), link


def check_nothing_is_loaded(page: Page) -> None:
    """No address but a link's and within the page; only its own style and
    script."""
    for one in page.elements:
        for name, value in one.attributes.items():
            if name in ("href", "xlink:href") and one.tag != "a":
                assert value.startswith("#") or (one.tag, value) == (
                    "link", "data:,"), one
            assert name.startswith("xmlns") or "://" not in value or (
                name not in ("content", "href")), one
    style, = page.all("style")
    script, = page.all("script")
    policy = next(one.attributes["content"] for one in page.all("meta")
                  if "http-equiv" in one.attributes)
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy and "*" not in policy
    assert f"style-src {hash_of(''.join(style.text))}" in policy
    assert f"script-src {hash_of(''.join(script.text))}" in policy
    assert "".join(style.text) == (TEMPLATES / "style.css").read_text()
    assert "".join(script.text) == (TEMPLATES / "page.js").read_text()


def check_ids(page: Page) -> None:
    """Every id once, and each reference to one that is there."""
    ids = [one.attributes["id"] for one in page.elements
           if "id" in one.attributes]
    assert len(set(ids)) == len(ids)
    for one in page.elements:
        wanted = [value for name in ("aria-labelledby", "aria-describedby",
                                     "data-for")
                  for value in one.attributes.get(name, "").split()]
        wanted += [value[1:] for name, value in one.attributes.items()
                   if name == "href" and value.startswith("#")]
        wanted += re.findall(r"url\(#([^)]*)\)",
                             " ".join(one.attributes.values()))
        assert set(wanted) <= set(ids), one


def check_pictures(page: Page) -> None:
    """Each has a name and a description, and lies in a figure."""
    for one in page.all("svg"):
        assert one.attributes["role"] == "img" and "figure" in one.within
        for name in ("aria-labelledby", "aria-describedby"):
            assert len(page.by_id(one.attributes[name]).said) > 10
        assert re.search(r"\d", page.by_id(
            one.attributes["aria-describedby"]).said)


def check_structure(page: Page) -> None:
    """Landmarks, headings without gaps, labels, and heads with a scope."""
    for tag in ("header", "nav", "main", "footer", "h1"):
        assert len(page.all(tag)) == 1, tag
    levels = [int(one.tag[1]) for one in page.elements
              if re.fullmatch("h[1-6]", one.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1
               for before, after in zip(levels, levels[1:]))
    assert page.all("html")[0].attributes["lang"] == "en"
    assert all("label" in one.within for one in page.all("input"))
    assert all("scope" in one.attributes for one in page.all("th"))
    labels = [one.attributes["aria-label"] for one in page.elements
              if "aria-label" in one.attributes]
    assert len(set(labels)) == len(labels)
    within = [one.attributes["href"][1:] for one in page.all("a")
              if one.attributes["href"].startswith("#")]
    assert within == ["main", *page.sections]


def read(path: pathlib.Path, leads_out: bool = False) -> Page:
    """A page of which everything holds that must hold of any.

    leads_out: may it have links to other reports?
    """
    page = Page(path)
    assert len(page.source.encode()) <= BYTES_MOST
    for check in (check_elements, check_nothing_is_loaded, check_ids,
                  check_pictures, check_structure):
        check(page)
    check_links(page, path)
    assert leads_out or not links(page)
    return page


def words(page: Page, section: str) -> str:
    """All that a section says."""
    return page.by_id(section).said


def shape(page: Page) -> List[Any]:
    """The elements and their classes: what no text of a run may change."""
    return [(one.tag, sorted(one.attributes), one.attributes.get("class"))
            for one in page.elements if one.tag != "wbr"]
