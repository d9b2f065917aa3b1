# SPDX-License-Identifier: MIT
"""Plans: what may stand in one, and what is said of what may not."""

import hashlib
import os
import pathlib
from typing import Any, List

import pytest

import booted
from analysis.output import BadInput
from booting import read_plan
from booting.plan import Guest, Kernel, Plan

KERNELS = booted.KERNELS
ARM = '[[arms]]\nname = "off"\ncmdline = "pti=off"\n'
TOP = 'name = "p"\nboots = 2\n'


def plan_of(text: str, folder: str = "/plans") -> Plan:
    """A plan in a file of this content."""
    return read_plan.parse(text.encode(), pathlib.Path("p.toml"),
                           pathlib.Path(folder)).plan


def refused(text: str) -> str:
    """What is said of a file that is no plan."""
    with pytest.raises(BadInput) as raised:
        plan_of(text)
    said = str(raised.value)
    assert said.isprintable()
    return said


def test_what_a_small_plan_leaves_out_is_usual() -> None:
    plan = plan_of(booted.PLAN)
    kernel = Kernel("debian", "debian:cloud-amd64")
    assert [(arm.name, arm.kernel, arm.cmdline, arm.expect)
            for arm in plan.arms] == [
        ("off", kernel, ("pti=off",), {"pti": "off"}),
        ("on", kernel, ("pti=on",), {})]
    assert (plan.boots, plan.order, plan.seed, plan.pairs, plan.profile,
            plan.filter, plan.arguments, plan.limit_s, plan.guest) == (
        2, "abba", 1, "first", "default", None, (), 600, Guest())


def test_every_key_is_taken() -> None:
    plan = plan_of('''
name = "all.keys_1-2"
boots = 100
order = "sequence"
seed = 7
pairs = "all"
profile = "full"
filter = "^getppid/|vdso"
arguments = ["--rounds=30", "--clock=raw"]
limit_s = 86400
guest = { cpu = "max,pcid=off", memory_mib = 64, accelerator = "tcg" }
[kernels.old]
image = "old/vmlinuz"
initrd = "/boot/initrd.img-5.10"
release = "5.10.0-1"
[kernels.new]
image = "host"
[[arms]]
name = "a"
kernel = "old"
[[arms]]
name = "b"
kernel = "new"
cmdline = "  mitigations=auto,nosmt   nokaslr "
expect = { pti = "on", kpti = "off" }
''')
    assert plan.guest == Guest("max,pcid=off", 64, "tcg")
    assert plan.arms[0].kernel == Kernel(
        "old", "/plans/old/vmlinuz", "/boot/initrd.img-5.10", "5.10.0-1")
    assert plan.arms[0].cmdline == ()
    assert plan.arms[1].kernel == Kernel("new", "host")
    assert plan.arms[1].cmdline == ("mitigations=auto,nosmt", "nokaslr")
    assert plan.arms[1].expect == {"pti": "on", "kpti": "off"}
    assert (plan.pairs, plan.filter, plan.arguments, plan.limit_s) == (
        "all", "^getppid/|vdso", ("--rounds=30", "--clock=raw"), 86400)


@pytest.mark.parametrize("text, words", [
    (TOP + KERNELS, ["arms", "missing", "[[arms]]"]),
    (TOP + ARM, ["kernels", "there is none", "[kernels.NAME]"]),
    ("boots = 2\n" + KERNELS + ARM, ["name", "missing"]),
    ('name = "p"\n' + KERNELS + ARM, ["boots", "missing", "1 to 100"]),
    (TOP.replace("2", "0") + KERNELS + ARM, ["boots", "0", "1 to 100"]),
    (TOP.replace("2", "101") + KERNELS + ARM, ["boots", "101"]),
    (TOP.replace("2", "true") + KERNELS + ARM, ["boots", "True"]),
    (TOP.replace("2", "2.0") + KERNELS + ARM, ["boots", "2.0"]),
    (TOP.replace("2", '"2"') + KERNELS + ARM, ["boots", "'2'"]),
    (TOP + "limit_s = 4\n" + KERNELS + ARM, ["limit_s", "5 to 86400"]),
    (TOP + "limit_s = 86401\n" + KERNELS + ARM, ["limit_s"]),
    (TOP + "seed = -1\n" + KERNELS + ARM, ["seed"]),
    (TOP + 'order = "abab"\n' + KERNELS + ARM, ["order", "abba, random"]),
    (TOP + 'pairs = ["all"]\n' + KERNELS + ARM, ["pairs", "first, all"]),
    (TOP + 'profile = "fast"\n' + KERNELS + ARM, ["profile", "quick"]),
    (TOP + 'filter = "a\\nb"\n' + KERNELS + ARM, ["filter"]),
    (TOP + "filter = 3\n" + KERNELS + ARM, ["filter", "3"]),
    (TOP + 'label = "x"\n' + KERNELS + ARM, ["label", "no such key"]),
    (TOP + 'boot = 3\n' + KERNELS + ARM, ["boot:", "boots is meant?"]),
    (TOP + "[guest]\nmemory_mib = 63\n" + KERNELS + ARM,
     ["guest.memory_mib", "64 to 65536"]),
    (TOP + '[guest]\ncpu = "max -kernel x"\n' + KERNELS + ARM, ["guest.cpu"]),
    (TOP + '[guest]\naccelerator = "xen"\n' + KERNELS + ARM,
     ["guest.accelerator", "auto, kvm, tcg"]),
    (TOP + '[guest]\nmemory = 64\n' + KERNELS + ARM,
     ["guest.memory:", "memory_mib is meant?"]),
    ('guest = 3\n' + TOP + KERNELS + ARM, ["guest", "not a table"]),
    (TOP + "kernels = 3\n" + ARM, ["kernels", "not a table"]),
    (TOP + "[kernels.a]\n" + ARM, ["kernels.a.image", "missing"]),
    (TOP + '[kernels.a]\nimage = "debian:sid"\n' + ARM,
     ["kernels.a.image", "debian:cloud-arm64"]),
    (TOP + '[kernels.a]\nimage = ""\n' + ARM, ["kernels.a.image"]),
    (TOP + '[kernels.a]\nimage = "a\\u0000b"\n' + ARM, ["kernels.a.image"]),
    (TOP + '[kernels."../a"]\nimage = "host"\n' + ARM,
     ["kernels.../a", "no name"]),
    (TOP + '[kernels.a]\nimage = "host"\ninitrd = "i"\n' + ARM,
     ["kernels.a.initrd", "leave it out"]),
    (TOP + '[kernels.a]\nimage = "v"\nrelease = "6 1"\n' + ARM,
     ["kernels.a.release"]),
    (TOP + '[kernels.a]\nimage = "v"\ncmdline = "x"\n' + ARM,
     ["kernels.a.cmdline", "no such key"]),
    (TOP + KERNELS + "[arms]\n", ["arms", "not a list"]),
    (TOP + "arms = []\n" + KERNELS, ["arms", "1 to 32"]),
    (TOP + "arms = [3]\n" + KERNELS, ["arms[1]", "not a table"]),
    (TOP + KERNELS + "".join(f'[[arms]]\nname = "a{number}"\n'
                             for number in range(33)), ["arms", "1 to 32"]),
    (TOP + KERNELS + "[[arms]]\n", ["arms[1].name", "missing"]),
    (TOP + KERNELS + ARM + ARM, ["arms", "two are called off"]),
    (TOP + 'pairs = "all"\n' + KERNELS + "".join(
        f'[[arms]]\nname = "{name}"\n' for name in ("a-b", "c", "a", "b-c")),
     ["two comparisons would be called a-b-c"]),
    (TOP + KERNELS + ARM + 'kernel = "x"\n', ["arms[1].kernel", "debian"]),
    (TOP + KERNELS + '[kernels.b]\nimage = "host"\n' + ARM,
     ["arms[1].kernel", "missing"]),
    (TOP + KERNELS + ARM + "expected = 3\n",
     ["arms[1].expected", "expect is meant?"]),
    (TOP + KERNELS + ARM + 'expect = { ptii = "on" }\n',
     ["arms[1].expect.ptii", "pti is meant?"]),
    (TOP + KERNELS + ARM + "expect = { pti = true }\n",
     ["arms[1].expect.pti", "on, off"]),
    ("name = ", ["not a plan", "end of document"]),
    ("name = 'a'\nname = 'b'\n", ["not a plan", "line 2"]),
    ("[" * 5000, ["not a plan"]),
    ("a = " + "[" * 5000, ["not a plan"]),
])
def test_what_is_wrong_is_told_with_its_place(text: str, words: List[str]
                                              ) -> None:
    said = refused(text)
    assert said.startswith("p.toml: ")
    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize("name", [
    "", "A", "-a", ".a", "a/b", "..", "a b", "a\u00e4", "a" * 41, "a\x1b"])
def test_names_are_parts_of_paths(name: str) -> None:
    written = name.replace("\x1b", "\\u001b")
    for text in (TOP.replace('"p"', f'"{written}"') + KERNELS + ARM,
                 TOP + KERNELS + ARM.replace('"off"', f'"{written}"')):
        assert "name: it cannot be " in refused(text)


@pytest.mark.parametrize("line", [
    'a\\nb', 'a\\tb', 'a=\\"b\\"', "a='b'", "a;b", "a$b", "a`b`", "a\\\\b",
    "{a}", "a b\\u00a0c", "\\u00e4", "a\\u0000", "-- a", "a|b", "a>b", "a&b",
    "a(b)", "#a"])
def test_words_hold_nothing_that_others_read_as_their_own(line: str) -> None:
    text = TOP + KERNELS + ARM.replace("pti=off", line)
    assert "arms[1].cmdline: it cannot be " in refused(text)


@pytest.mark.parametrize("line", ["syscost.boot=1", "a syscost.boot"])
def test_the_mark_is_the_tools(line: str) -> None:
    text = TOP + KERNELS + ARM.replace("pti=off", line)
    assert "syscost.boot= is set by boot-matrix" in refused(text)


def test_a_command_line_that_the_kernel_has_no_room_for() -> None:
    text = TOP + KERNELS + ARM.replace("pti=off", "a" * 1025)
    assert "arms[1].cmdline: 1025 characters" in refused(text)


@pytest.mark.parametrize("word, said", [
    ("--output=x", "--output is"), ("--out=x", "--out is"),
    ("--label=x", "--label is"), ("--arm=ssbd", "--arm is"),
    ("--a", "--a is"), ("--wrap=x=y", "--wrap is"), ("--list", "--list is"),
    ("--profile=full", "--profile is"), ("--filter=x", "--filter is"),
    ("--benchmark_filter=x", "--benchmark_filter is"),
    ("--help", "--help is"), ("--environment", "--environment is"),
    ("--anonymous", "--anonymous is"), ("-a", "cannot be"),
    ("rounds", "cannot be"), ("", "cannot be"), ("--", "cannot be"),
    ("--rounds=1\\n", "cannot be")])
def test_options_that_are_set_here(word: str, said: str) -> None:
    text = f'{TOP}arguments = ["--rounds=3", "{word}"]\n{KERNELS}{ARM}'
    assert f"arguments: {said}" in refused(text) or (
        f"arguments: it {said}" in refused(text))


@pytest.mark.parametrize("value", ['"--rounds=3"', "[3]", "3"])
def test_options_are_a_list_of_texts(value: str) -> None:
    assert "arguments: it cannot be" in refused(
        f"{TOP}arguments = {value}\n{KERNELS}{ARM}")


def test_long_values_are_shown_in_part() -> None:
    assert len(refused(TOP + f'order = "{"x" * 5000}"\n' + KERNELS + ARM)
               ) < 200
    assert len(refused(TOP + f'{"x" * 5000} = 1\n' + KERNELS + ARM)) < 400


def test_terminals_obey_nothing_of_a_plan() -> None:
    assert "\\x1b" in refused(TOP + '"\\u001b[2J" = 1\n' + KERNELS + ARM)


# Files

def test_a_plan_comes_from_a_file(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text(booted.PLAN.replace("debian:cloud-amd64", "vmlinuz"))
    read = read_plan.read(file)
    assert read.plan.arms[0].kernel.image == str(tmp_path / "vmlinuz")
    assert read.digest == hashlib.sha256(file.read_bytes()).hexdigest()
    elsewhere = read_plan.read(file, pathlib.Path("/elsewhere"))
    assert elsewhere.plan.arms[0].kernel.image == "/elsewhere/vmlinuz"


def fifo(path: pathlib.Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make, word", [
    (lambda path: None, "No such file"), (pathlib.Path.mkdir, "directory"),
    (fifo, "not a file"), (lambda path: path.symlink_to(path), "symbolic"),
    (lambda path: path.write_bytes(b"#" * ((1 << 20) + 1)), "no plan"),
    (lambda path: path.write_bytes(b"\xff"), "not a plan")])
def test_what_is_no_file_of_a_plan(tmp_path: pathlib.Path, make: Any,
                                   word: str) -> None:
    file = tmp_path / "p.toml"
    make(file)
    with pytest.raises(BadInput, match=word) as raised:
        read_plan.read(file)
    assert str(raised.value).startswith(f"{file}: ")
