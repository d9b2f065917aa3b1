# SPDX-License-Identifier: MIT
"""booting.next_line and booting.onward: what is told to other grammars."""

import pathlib
import shlex
import shutil
import subprocess
from typing import List

import pytest

import booted  # noqa: F401
from booting import next_line, onward, read_plan
from booting.executor import Refused
from booting.plan import Plan

USUAL = "BOOT_IMAGE=/boot/vmlinuz root=UUID=5ca1 ro quiet"
MARK = "0123456789abcdef"


def plan_of(*lines: str) -> Plan:
    """A plan whose arms have these words."""
    arms = "".join(f'[[arms]]\nname = "arm{number}"\ncmdline = "{line}"\n'
                   for number, line in enumerate(lines))
    text = f'name = "p"\nboots = 1\n[kernels.k]\nimage = "host"\n{arms}'
    place = pathlib.Path("/")
    return read_plan.parse(text.encode(), place, place).plan


def line_of(usual: str, *lines: str) -> str:
    """The first arm's boot."""
    plan = plan_of(*lines)
    return next_line.in_one(next_line.next_words(usual, plan, plan.arms[0],
                                                 MARK))


@pytest.mark.parametrize("usual, arms, line", [
    (USUAL, ["pti=off"], "root=UUID=5ca1 ro quiet panic=30 pti=off"),
    (f"{USUAL} panic=5", [""], "root=UUID=5ca1 ro quiet panic=5"),
    (USUAL, ["panic=1"], "root=UUID=5ca1 ro quiet panic=1"),
    ("ro nopti pti=on", ["pti=off"], "ro panic=30 pti=off"),
    ("ro pti=on", ["quiet", "nopti"], "ro panic=30 quiet"),
    ("ro nosmt=force", ["nosmt"], "ro panic=30 nosmt"),
    ("ro spec-store-bypass-disable=on", ["spec_store_bypass_disable=off"],
     "ro panic=30 spec_store_bypass_disable=off"),
    (r"initrd=\efi\initrd.img ro syscost.boot=0000", ["a"], "ro panic=30 a"),
    ('ro dyndbg="file a.c +p"', ["a"], 'ro "dyndbg=file a.c +p" panic=30 a'),
    ("ro console=tty0 console=ttyS0", ["a"],
     "ro console=tty0 console=ttyS0 panic=30 a"),
])
def test_the_arms_words_and_no_others_differ(usual: str, arms: List[str],
                                             line: str) -> None:
    assert line_of(usual, *arms) == f"{line} syscost.boot={MARK}"


def test_what_is_inits_stays_behind() -> None:
    assert line_of("ro -- single pti=on", "pti=off") == (
        f"ro panic=30 pti=off syscost.boot={MARK} -- single pti=on")


def test_the_line_of_an_arms_boot_gives_the_same_again() -> None:
    line = line_of(USUAL, "pti=off", "pti=on")
    plan = plan_of("pti=off", "pti=on")
    again = next_line.next_words(line, plan, plan.arms[0], MARK)
    assert next_line.in_one(again) == line
    assert next_line.mark_of(line) == MARK
    assert next_line.mark_of(USUAL) is None


@pytest.mark.parametrize("word", [
    r"a=\n", "a='", "a=\x01", "a=\u00e4", 'a="b\x7f"'])
def test_what_a_loader_may_read_otherwise_is_refused(word: str) -> None:
    with pytest.raises(Refused, match="take it out"):
        line_of(f"ro {word}", "pti=off")


def test_a_line_that_is_too_long_is_refused() -> None:
    with pytest.raises(Refused, match="2047"):
        line_of("a=" + "b" * 2030, "pti=off")


WORDS = ["/usr/bin/python3", "--a=%n $HOME ${HOME} \\t \"x\" 'y'", "100%",
         "; rm -rf /", "-"]


def test_a_unit_says_each_word_as_it_is(tmp_path: pathlib.Path) -> None:
    text = onward.text_of(WORDS, tmp_path / "a b%$", 600)
    [line] = [line for line in text.splitlines()
              if line.startswith("ExecStart=")]
    # systemd's quoting of these is a POSIX shell's, but for % and $.
    told = shlex.split(line.partition("=")[2])
    assert [word.replace("%%", "%").replace("$$", "$")
            for word in told] == WORDS
    assert f"append:{tmp_path}/a b%%$/boot-matrix.log" in text


@pytest.mark.parametrize("word", ["a\nb", "a\x00b", "a\x1b[2J"])
def test_a_word_that_a_unit_cannot_say_is_refused(word: str) -> None:
    with pytest.raises(Refused):
        onward.check_words(["/bin/true", word], pathlib.Path("/m"))
    with pytest.raises(Refused):
        onward.check_words(["/bin/$x"], pathlib.Path("/m"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"),
                    reason="no systemd-analyze")
def test_systemd_has_nothing_against_the_unit(tmp_path: pathlib.Path
                                              ) -> None:
    unit = tmp_path / onward.NAME
    unit.write_text(onward.text_of(["/bin/true", *WORDS[1:]], tmp_path, 600))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no",
                           "--recursive-errors=no", unit],
                          stderr=subprocess.PIPE, text=True)
    told = [line for line in done.stderr.splitlines() if onward.NAME in line]
    assert told == []
