# SPDX-License-Identifier: MIT
"""Is a boot the one that was asked for? By what its kernel says."""

import pathlib
import re
from typing import Any, Dict, Optional, Sequence

import pytest

import booted
from booting import cmdline, implied, verify, words
from booting.executor import Attempt, BootFailed
from booting.plan import Arm, Kernel

SOURCES = booted.SCRIPTS.parent / "src"
MARK = "5e5e5e5e5e5e5e5e"
KERNEL = Kernel("debian", "host")


def attempt_of(line: str = "pti=off", expect: Dict[str, str] = {}
               ) -> Attempt:
    """An attempt of an arm with this command line."""
    return Attempt(1, 1, Arm("a", KERNEL, tuple(line.split()), expect),
                   pathlib.Path("nowhere"), MARK)


def told(line: Optional[str] = None, **more: Any) -> Dict[str, Any]:
    """What a guest tells; line: its command line before the mark."""
    return booted.environment(
        f"console=ttyS0 {line or 'pti=off'} syscost.boot={MARK}", "b1",
        **more)


def refused(environment: Any, attempt: Attempt,
            release: Optional[str] = None) -> str:
    """Why a boot is not believed."""
    with pytest.raises(BootFailed) as raised:
        verify.environment(environment, attempt, release)
    return str(raised.value)


def test_a_boot_as_asked_for() -> None:
    found = verify.environment(told(), attempt_of(), booted.RELEASE)
    assert found == verify.Verified(booted.RELEASE, "b1", (
        "pti off (cpuinfo's flags lack pti; meltdown: Not affected)",))


def test_another_kernel() -> None:
    assert refused(told(), attempt_of(), "6.12.1") == (
        f"kernel 6.12.1 was asked for, {booted.RELEASE} was booted")


@pytest.mark.parametrize("asked, line, word", [
    ("pti=off nokaslr", "pti=off", "lacks nokaslr"),
    ("pti=off", "pti=on", "lacks pti=off"),
    ("pti=off", "xpti=off pti=offx", "lacks pti=off"),
    ("pti=off", 'x="a pti=off"', "lacks pti=off"),
    ("pti=off", "quiet -- pti=off", "lacks pti=off"),
    ("pti=off", "pti=off quiet pti=on", "pti=off, but pti=on behind it"),
    ("pti=off", "pti=off pti", "pti=off, but pti behind it"),
    ("a-b=1", "a-b=1 a_b=2", "a-b=1, but a_b=2 behind it")])
def test_another_command_line(asked: str, line: str, word: str) -> None:
    assert word in refused(told(line), attempt_of(asked))


@pytest.mark.parametrize("asked, line", [
    ("pti=off", "pti=on pti=off"), ("nokaslr", 'x="a b" nokaslr'),
    ("a-b=1", "a_b=1"), ("", "anything=1"), ("pti=off", "pti=off pti=off"),
    ("console=tty0", "console=tty0 console=ttyS1"),
    ("a=1 a=2", "a=1 a=2"), ("mitigations=auto,nosmt",
                             "mitigations=auto,nosmt\tquiet")])
def test_a_command_line_that_will_do(asked: str, line: str) -> None:
    verify.environment(told(line), attempt_of(asked), None)


def test_the_mark_names_the_attempt() -> None:
    other = booted.environment("pti=off syscost.boot=0", "b1")
    assert f"lacks syscost.boot={MARK}" in refused(other, attempt_of())
    twice = booted.environment(
        f"pti=off syscost.boot={MARK} syscost.boot=0", "b1")
    assert "syscost.boot=0 behind it" in refused(twice, attempt_of())


# The state of mitigations

def test_a_state_that_is_another() -> None:
    assert refused(told(pti="on"), attempt_of()) == (
        "pti off was asked for, and it is on: cpuinfo's flags hold pti; "
        "meltdown: Not affected")


def test_the_plan_decides_over_the_words() -> None:
    attempt = attempt_of("mitigations=off", {"pti": "on"})
    found = verify.environment(told("mitigations=off", pti="on"), attempt,
                               None)
    assert found.states[0].startswith("pti on (")


def test_a_state_that_the_kernel_does_not_tell() -> None:
    unknown = told(pti="unknown")
    found = verify.environment(unknown, attempt_of(), None)
    assert found.states[0].startswith("not told whether pti is off (")
    assert "pti off was asked for, and it is unknown" in refused(
        unknown, attempt_of(expect={"pti": "off"}))
    assert refused(told(), attempt_of(expect={"srso": "off"})) == (
        "srso off was asked for, and this kernel tells of pti, verw only")


@pytest.mark.parametrize("line, machine, found", [
    ("pti=on", "x86_64", {"pti": "on"}), ("pti=off", "x86_64", {"pti": "off"}),
    ("pti=auto", "x86_64", {}), ("nopti", "x86_64", {"pti": "off"}),
    ("mitigations=off", "x86_64", {"pti": "off"}),
    ("mitigations=auto", "x86_64", {}),
    ("pti=on mitigations=off", "x86_64", {}),
    ("pti=off nopti", "x86_64", {"pti": "off"}), ("pti=on", "aarch64", {}),
    ("kpti=1", "aarch64", {"kpti": "on"}),
    ("kpti=0", "aarch64", {"kpti": "off"}),
    ("kpti=off nokaslr", "aarch64", {"kpti": "off"}),
    ("mitigations=off", "aarch64", {}), ("kpti=1", "x86_64", {}),
    ("spectre_v2=off retbleed=off", "x86_64",
     {"ibrs": "off", "retpolines": "off", "retbleed": "off"}),
    ("pti=on", "riscv64", {})])
def test_what_words_imply(line: str, machine: str, found: Dict[str, str]
                          ) -> None:
    assert implied.implied(line.split(), machine) == found


@pytest.mark.parametrize("file, names", [
    ("mitigation_x86.c", implied.OF_X86),
    ("mitigation_arm64.c", implied.OF_ARM64)])
def test_mitigations_are_those_that_the_program_tells(
        file: str, names: Sequence[str]) -> None:
    rules = (SOURCES / file).read_text().split("mitigation_rules_", 1)[1]
    assert tuple(re.findall(r'^\t\{ "(\w+)", \.', rules, re.M)) == names


def test_words_are_of_known_mitigations() -> None:
    for machine, known in (("x86_64", implied.OF_X86),
                           ("aarch64", implied.OF_ARM64)):
        assert {name for states in implied.TABLES[machine].values()
                for name in states} <= set(known)


# Damaged and hostile

@pytest.mark.parametrize("environment, word", [
    ([], "no JSON object"), ({}, "no kernel release"),
    ({"kernel": 3}, "no kernel release"),
    ({"kernel": {"release": 6}}, "no kernel release"),
    ({"kernel": {"release": "6.1"}}, "no command line"),
    ({"kernel": {"release": "6.1", "cmdline": ["pti=off"]}},
     "no command line")])
def test_an_environment_that_is_none(environment: Any, word: str) -> None:
    assert word in refused(environment, attempt_of())


def test_a_filtered_command_line_verifies_nothing() -> None:
    environment = told()
    environment["kernel"]["cmdline_is_filtered"] = True
    assert "--anonymous" in refused(environment, attempt_of())


@pytest.mark.parametrize("boot_id", [None, "", 3])
def test_a_boot_that_has_no_name(boot_id: Any) -> None:
    environment = told()
    environment["kernel"]["boot_id"] = boot_id
    assert "boot_id" in refused(environment, attempt_of())


@pytest.mark.parametrize("mitigations", [None, 3, {"derived": []},
                                         {"derived": {"pti": "off"}}])
def test_mitigations_of_another_form(mitigations: Any) -> None:
    environment = told()
    environment["mitigations"] = mitigations
    assert "pti off was asked for" in refused(
        environment, attempt_of(expect={"pti": "off"}))


def test_long_texts_are_shown_in_part() -> None:
    environment = told("x" * 100000)
    assert len(refused(environment, attempt_of())) < 500


# After the run

def after(environment: Any, attempt: Attempt) -> None:
    """Check what run.json has of a boot that was verified before."""
    before = verify.environment(told(), attempt, None)
    verify.run({"environment": environment}, attempt, before)


def test_the_run_is_of_the_same_boot() -> None:
    after(told(), attempt_of())
    other = told()
    other["kernel"]["boot_id"] = "b2"
    with pytest.raises(BootFailed, match="of another boot: boot_id b2"):
        after(other, attempt_of())


@pytest.mark.parametrize("change, word", [
    ({"pti": "on"}, "pti off was asked for, and it is on"),
    ({"release": "4.19"}, f"kernel {booted.RELEASE} was asked for"),
    ({"line": "pti=on"}, "lacks pti=off")])
def test_what_changed_until_it_was_measured(change: Dict[str, str], word: str
                                            ) -> None:
    with pytest.raises(BootFailed) as raised:
        after(told(**change), attempt_of())
    assert str(raised.value).startswith("when it was measured: ")
    assert word in str(raised.value)


def test_an_anonymous_run_is_known_by_its_boot() -> None:
    found = told()
    found["kernel"].update(release="6.1.0", cmdline="pti=off",
                           cmdline_is_filtered=True)
    after(found, attempt_of())
    found["mitigations"]["derived"]["pti"]["state"] = "on"
    with pytest.raises(BootFailed, match="when it was measured: pti off"):
        after(found, attempt_of())


@pytest.mark.parametrize("environment", [None, [], {}])
def test_a_run_without_an_environment(environment: Any) -> None:
    with pytest.raises(BootFailed, match="no environment|no boot_id"):
        after(environment, attempt_of())


# Words

def test_words_are_read_as_the_kernel_reads_them() -> None:
    assert cmdline.words_of('a  b="c d" "e f" g="h\n') == [
        "a", 'b="c d"', '"e f"', 'g="h\n']
    assert cmdline.words_of("a -- b") == ["a"]
    assert cmdline.words_of("") == []


def test_emulation_is_called_the_same_everywhere() -> None:
    emulated = pytest.importorskip("analysis.emulated")
    assert emulated.TEXT == words.EMULATED
