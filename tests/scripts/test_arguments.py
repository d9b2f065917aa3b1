# SPDX-License-Identifier: MIT
"""scripts/analysis/arguments.py: wrong use of a script is one line."""

import pathlib
import sys

import pytest

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from analysis import arguments  # noqa: E402


def parse(monkeypatch, *given):
    """The exit code of a script that takes RUN and --output DIR."""
    monkeypatch.setattr(sys, "argv", ["scripts/plot", *given])
    parser = arguments.Parser("What it does.\n\n    And how.\n")
    parser.add_argument("run", metavar="RUN")
    parser.add_argument("--output", metavar="DIR")
    with pytest.raises(SystemExit) as caught:
        parser.parse_args()
    return caught.value.code


@pytest.mark.parametrize("given, said", [
    ([], "required: RUN"), (["run", "more"], "arguments: more"),
    (["run", "--nonsense"], "arguments: --nonsense"),
    (["run", "--output"], "--output: expected one argument"),
    (["run", "a\nb\x1b[2J\udcff"], r"arguments: a\nb\x1b[2J\udcff")])
def test_wrong_use_is_one_line(monkeypatch, capsys, given, said):
    assert parse(monkeypatch, *given) == 2
    told = capsys.readouterr()
    assert told.err.startswith("plot: ") and not told.out
    assert told.err.endswith(f"{said} (see plot --help)\n")
    assert told.err.count("\n") == 1 and told.err[:-1].isprintable()


def test_help_is_the_description_as_it_stands(monkeypatch, capsys):
    assert parse(monkeypatch, "--help") == 0
    assert "What it does.\n\n    And how.\n" in capsys.readouterr().out
