# SPDX-License-Identifier: MIT
"""Makes a worksheet's Markdown and HTML; nothing in them loads anything.

Every text of a run and of predictions is hostile until it is escaped: Jinja
does it for HTML, and for Markdown each value goes through markdown_cell().
"""

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from analysis.present import markdown_cell
from teaching.sheet import Sheet

TEMPLATES = FileSystemLoader(Path(__file__).parent / "templates")


class Ours(str):
    """A text of our own documents, Markdown as it stands."""


def safe(value: Any) -> str:
    """A value as a template of Markdown may show it."""
    return value if isinstance(value, Ours) else markdown_cell(str(value))


def policy(style: str) -> str:
    """Nothing may be loaded or run; the page's own style is let through."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest())
    return (f"default-src 'none'; style-src 'sha256-{digest.decode()}'; "
            "base-uri 'none'; form-action 'none'")


def html(sheet: Sheet) -> str:
    """The worksheet as a page."""
    made = Environment(loader=TEMPLATES, autoescape=True, trim_blocks=True,
                       lstrip_blocks=True, undefined=StrictUndefined)
    style, _, _ = TEMPLATES.get_source(made, "worksheet.css")
    return made.get_template("worksheet.html").render(
        sheet=sheet, style=Markup(style), policy=policy(style))


def markdown(sheet: Sheet) -> str:
    """The worksheet in Markdown."""
    made = Environment(loader=TEMPLATES, autoescape=False, trim_blocks=True,
                       lstrip_blocks=True, undefined=StrictUndefined,
                       finalize=safe, keep_trailing_newline=True)
    made.filters["ours"] = Ours
    return made.get_template("worksheet.md").render(sheet=sheet)
