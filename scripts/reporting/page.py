# SPDX-License-Identifier: MIT
"""Makes one self-contained page of sections: nothing is loaded from anywhere.

Every text of a run is hostile until Jinja has escaped it. The page's own
style and script are let through by their hashes and nothing else is.
"""

import base64
import hashlib
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reporting import svg
from reporting.alerts import Alert
from reporting.section import Faint, Picture, Section, Strong

TEMPLATES = Path(__file__).parent / "templates"


class Page(NamedTuple):
    """What a page is made of."""

    title: str
    machine: str            # what was measured on, in a line
    alerts: Sequence[Alert]
    lacks: Sequence[str]    # what could not be read
    emulated: str           # what every figure has to say; "" for nothing
    sections: Sequence[Section]
    made_of: Sequence[str]  # names of run folders
    version: str            # of the tool

    @property
    def pictures(self) -> List[Picture]:
        """All the pictures, in their order."""
        return [picture for section in self.sections
                for picture in section.pictures]


def own(name: str) -> str:
    """A file of the templates as it is."""
    return (TEMPLATES / name).read_text(encoding="utf-8")


def source_hash(text: str) -> str:
    """What a Content-Security-Policy calls an inline text."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def policy(style: str, script: str) -> str:
    """Nothing may be loaded; data: is the empty icon, else asked for."""
    return ("default-src 'none'; img-src data:; base-uri 'none'; "
            f"form-action 'none'; style-src '{source_hash(style)}'; "
            f"script-src '{source_hash(script)}'")


def breakable(name: str) -> Markup:
    """A name of a benchmark that may be broken behind its slashes."""
    return Markup("/<wbr>").join(name.split("/"))


def environment() -> Environment:
    """Jinja as the pages need it: it escapes, and knows of no default."""
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True,
                       undefined=StrictUndefined, trim_blocks=True,
                       lstrip_blocks=True, keep_trailing_newline=True)
    made.filters["breakable"] = breakable
    made.tests["strong"] = lambda part: isinstance(part, Strong)
    made.tests["faint"] = lambda part: isinstance(part, Faint)
    return made


def render(page: Page, drawn: Mapping[str, str]) -> bytes:
    """The page, as the bytes of its file; drawn: its pictures by name."""
    style, script = own("style.css"), own("page.js")
    pictures: Dict[str, Any] = {
        one.name: {"svg": svg.inline(one, drawn[one.name]), "title": one.title,
                   "said": one.said} for one in page.pictures}
    # The style and the script are ours; no text of a run is in them.
    text = environment().get_template("page.html").render(
        page=page, pictures=pictures, style=Markup(style),
        script=Markup(script), policy=policy(style, script))
    return text.encode("utf-8", "backslashreplace")
