# SPDX-License-Identifier: MIT
"""README.md against the program: its commands, and the output it shows."""

import pathlib
import re
from typing import List

import pytest

README = pathlib.Path(__file__).parents[2] / "README.md"
COMMANDS = ["./scripts/setup && make bench", "./scripts/setup && make test"]

NUMBER = r"\d+(?:\.\d{1,2})?"
HEAD = re.compile(r"syscost \d+\.\d+\.\d+\S* · .+ · Linux [\d.]+ · .*"
                  r"CPU \d+ · \d+ launches × \d+ batches · \d+ s")
STATE = re.compile(r"(?:.+ · )?seccomp \w+ · tracer \w+")
ROW = re.compile(rf"(?P<name>\w+(?:/\w+)+) +{NUMBER} ns"
                 rf"(?P<interval> +{NUMBER} – +{NUMBER}| +- +-)"
                 rf" +{NUMBER} +{NUMBER} +(?:{NUMBER}|-) +(?:{NUMBER}|-)"
                 r"(?: ~)?(?:  [a-z_]+(?: [a-z_]+)*)?")
DOUBT = re.compile(r"  (?:!!|! |· ) \S.* → \S.*")
SKIPPED = re.compile(r"  \w+(?:/\w+)+  +\S.*")
PLACES = re.compile(r"quiet core|95 % interval|as measured|floor|~?cycles"
                    r"|x call")


class Output:
    """What a run prints, in its parts."""

    def __init__(self, lines: List[str]) -> None:
        self.head, self.state = lines[:2]
        self.titles = next(line for line in lines if "quiet core" in line)
        start = lines.index(self.titles) + 1
        names = [i for i, line in enumerate(lines)
                 if line in ("skipped", "doubts")] + [len(lines)]
        self.table = [line for line in lines[start:names[0]] if line]
        self.rest = [line for line in lines[names[0]:] if line]


@pytest.fixture
def text() -> str:
    if not README.exists():
        pytest.skip("no README.md")
    return README.read_text()


@pytest.fixture
def shown(text: str) -> Output:
    """The one block of real output in the README."""
    blocks = re.findall(r"^```\w*\n(syscost .*?)^```$", text, re.M | re.S)
    assert len(blocks) == 1
    return Output(blocks[0].splitlines())


@pytest.fixture(scope="module")
def printed(runner_in, tmp_path_factory) -> Output:
    """What the program prints today."""
    run = runner_in(tmp_path_factory.mktemp("readme"))
    result = run("--launches=6", "--rounds=2", "--output=run", "--anonymous",
                 "--filter=^(getppid/(libc|int80)|baseline/(call|empty)"
                 "|clock_gettime/vdso/process_cputime|write_file/libc/65536)$")
    assert (result.returncode, result.stderr) == (0, "")
    *lines, blank, folder = result.stdout.splitlines()
    assert (blank, folder) == ("", "run/")
    return Output(lines)


@pytest.fixture(params=["shown", "printed"])
def output(request) -> Output:
    """The README's and the program's: what holds for one does for both."""
    return request.getfixturevalue(request.param)


def catalogue(runner_in, folder) -> List[str]:
    return [line.split()[0]
            for line in runner_in(folder)("--list").stdout.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_both_commands_are_there(text, command):
    assert re.search(rf"^\s*{re.escape(command)}(  .*)?$", text, re.M)


def test_the_head(output):
    assert HEAD.fullmatch(output.head)
    assert STATE.fullmatch(output.state)


def test_the_version_is_todays(shown, printed):
    assert shown.head.split()[:2] == printed.head.split()[:2]


def test_the_titles_are_todays(shown, printed):
    """But for the mark of estimated cycles, which hangs on the machine."""
    assert shown.titles.replace("~", " ") == printed.titles.replace("~", " ")
    assert len(PLACES.findall(printed.titles)) == 6


def test_the_rows(output):
    assert output.table
    assert [line for line in output.table if not ROW.fullmatch(line)] == []


def test_the_columns_stand_below_their_titles(output):
    """A title and the figures below it end in the same place."""
    ends = [found.end() for found in PLACES.finditer(output.titles)]
    for line in output.table:
        assert line.index(" ns ") + 3 == ends[0]
        assert [end for end in ends[1:] if line[end - 1] == " " or
                line[end:end + 1].strip()] == []


def test_the_lines_below_the_table(output):
    known = {"doubts": DOUBT, "skipped": SKIPPED}
    title = None
    for line in output.rest:
        if line in known:
            title = line
        else:
            assert known[title].fullmatch(line)


def test_the_rows_exist(shown, runner_in, tmp_path):
    rows = [ROW.fullmatch(line)["name"] for line in shown.table]
    assert set(rows) <= set(catalogue(runner_in, tmp_path))


def test_the_number_of_rows_is_todays(text, runner_in, tmp_path):
    told = re.search(r"all (\d+) rows", text)
    if not told:
        pytest.skip("the README does not tell")
    assert int(told[1]) == len(catalogue(runner_in, tmp_path))
