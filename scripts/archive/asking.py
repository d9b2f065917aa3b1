# SPDX-License-Identifier: MIT
"""Which runs a question is about: conditions for SQLite, values apart."""

import argparse
import re
from argparse import Namespace
from typing import Any, List, Tuple

from analysis.output import printable

Where = Tuple[str, List[Any]]   # a condition, and what its marks stand for

NAME_LEAST = 4      # letters of a key
NAME = "CASE machine.host WHEN '' THEN substr(machine.key, 1, 8) " \
       "ELSE machine.host END"
RUN = ("run JOIN machine ON machine.id = run.machine "
       "JOIN state ON state.id = run.state JOIN arm ON arm.id = run.arm")
MARKS = ("CASE run.complete WHEN 1 THEN '' ELSE 'incomplete ' END || "
         "CASE run.serious WHEN '' THEN '' ELSE 'serious: ' || run.serious "
         "|| ' ' END || CASE run.gone WHEN 1 THEN 'gone' ELSE '' END")


def moment(text: str) -> str:
    """A time in UTC, or its beginning: 2026, 2026-11, 2026-11-21T13:35."""
    if not re.fullmatch(r"\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\dZ?)?)?)?)?)?",
                        text, re.ASCII):
        raise argparse.ArgumentTypeError(
            f"{text}: a UTC time such as 2026-11-21 or 2026-11-21T13:35 is "
            "needed")
    return text


def add_filters(parser: argparse.ArgumentParser) -> None:
    """The options that say which runs."""
    add = parser.add_argument
    add("--machine", metavar="NAME", help="its host name, or how the key "
        "that `machines` shows begins")
    add("--kernel", metavar="RELEASE", help="the release, or its beginning "
        "as far as a dot or a dash: 6.1 is no 6.12")
    add("--label", metavar="TEXT", help="runs of this --label")
    add("--state", metavar="TEXT", help="runs of this state, as `list` "
        "shows it")
    add("--since", metavar="TIME", type=moment,
        help="begun then or later (UTC, as 2026-11-21 or 2026-11)")
    add("--until", metavar="TIME", type=moment,
        help="begun before the end of then")


def kernel(release: str) -> Where:
    """That release, or those that go on behind a dot or a dash."""
    size = len(release) + 1
    return ("(run.release = ? OR substr(run.release, 1, ?) IN (?, ?))",
            [release, size, f"{release}.", f"{release}-"])


def machine(name: str) -> Where:
    """That host, or the key that begins so."""
    name = printable(name)
    by_key = "substr(machine.key, 1, ?) = ? AND length(?) >= ?"
    return (f"(machine.host = ? OR {by_key})",
            [name, len(name), name, name, NAME_LEAST])


def where(given: Namespace) -> Where:
    """The conditions of all the options that were given."""
    given = as_kept(given)
    parts: List[Where] = []
    if given.machine:
        parts.append(machine(given.machine))
    if given.kernel:
        parts.append(kernel(given.kernel))
    if given.label is not None:
        parts.append(("run.label = ?", [given.label]))
    if given.state:
        parts.append(("state.name = ?", [given.state]))
    if given.since:
        parts.append(("run.started >= ?", [given.since]))
    if given.until:
        parts.append(("run.started != '' AND substr(run.started, 1, ?) <= ?",
                      [len(given.until), given.until]))
    return (" AND ".join(condition for condition, _ in parts) or "1",
            [value for _, values in parts for value in values])


def as_kept(given: Namespace) -> Namespace:
    """The options as the history has texts: printable."""
    return Namespace(**{name: printable(value) if isinstance(value, str)
                        else value for name, value in vars(given).items()})
