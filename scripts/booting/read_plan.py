# SPDX-License-Identifier: MIT
"""Reads a plan from a file of TOML; docs/formats.md has its keys.

A plan may come from somebody else: its texts become parts of file names, of
kernels' command lines and of commands, so each is held to what it may be.
"""

import hashlib
import itertools
import os
import re
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

from analysis.output import BadInput
from booting.implied import MITIGATIONS
from booting.plan import Arm, Guest, Kernel, Plan
from booting.table import Table

SIZE_MOST = 1 << 20         # bytes of a plan
ARMS_MOST, BOOTS_MOST = 32, 100
CMDLINE_MOST = 1024         # bytes; the kernel has room for 2048
NAME = r"[a-z0-9][a-z0-9._-]{0,39}"
NAME_HINT = ("up to 40 of a-z, 0-9, dot, underscore and dash are needed, a "
             "letter or digit first")
PLAIN = r"[^\x00-\x1f\x7f-\x9f]"    # no control characters
# What a boot loader's configuration or a shell reads as its own is not in it.
WORD = r"[A-Za-z0-9_.,:=@/+%*!~^-]+"
WORD_HINT = ("words of A-Z, a-z, 0-9 and _.,:=@/+%*!~^- are needed, a space "
             "between")
OURS = "syscost.boot"       # the mark, which the tool sets
DEBIAN = ("debian:cloud-amd64", "debian:cloud-arm64")
IMAGE_HINT = f"host, {', '.join(DEBIAN)} or the path of a kernel is needed"
# An option may be shortened, so nothing that one of these begins with.
SET_HERE = ("anonymous", "arm", "benchmark_filter", "environment", "filter",
            "help", "label", "list", "output", "profile", "root", "usage",
            "version", "wrap")


@dataclass(frozen=True)
class Read:
    """A plan with where it came from."""

    plan: Plan
    content: bytes
    folder: Path        # relative paths in it start there

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return hashlib.sha256(self.content).hexdigest()


def kernels(top: Table, folder: Path) -> Dict[str, Kernel]:
    """The kernels by name."""
    found = top.table("kernels")
    made = {name: kernel(found.table(name), name, folder)
            for name in found.found}
    if not made:
        top.fail("kernels", "there is none", "write [kernels.NAME] with its "
                 "image")
    return made


def kernel(table: Table, name: str, folder: Path) -> Kernel:
    """One of them; a path is made absolute."""
    if not re.fullmatch(NAME, name):
        table.fail("", "no name of a kernel", NAME_HINT)
    image = table.text("image", rf"{PLAIN}{{1,4096}}", IMAGE_HINT, True)
    is_path = image not in ("host", *DEBIAN)
    if image.startswith("debian:") and is_path:
        table.refuse("image", image, IMAGE_HINT)
    initrd = table.text("initrd", rf"{PLAIN}{{1,4096}}", "a path is needed")
    if initrd and not is_path:
        table.fail("initrd", f"{image} has its own", "leave it out")
    release = table.text("release", r"[A-Za-z0-9._+~-]{1,64}",
                         "what uname -r says is needed")
    table.end()
    return Kernel(name, absolute(folder, image) if is_path else image,
                  initrd and absolute(folder, initrd), release)


def absolute(folder: Path, path: str) -> str:
    """A path of the plan, from anywhere."""
    return os.path.abspath(folder / path)


def arm(table: Table, known: Dict[str, Kernel]) -> Arm:
    """An arm with its kernel."""
    name = table.text("name", NAME, NAME_HINT, True)
    wanted = table.text("kernel", r".*", "the name of a kernel is needed",
                        len(known) > 1)
    if wanted is not None and wanted not in known:
        table.refuse("kernel", wanted, f"there are {', '.join(known)}")
    words = cmdline(table)
    expect = expectations(table.table("expect"))
    table.end()
    return Arm(name, known[wanted] if wanted else next(iter(known.values())),
               words, expect)


def cmdline(table: Table) -> Tuple[str, ...]:
    """The words of an arm's command line."""
    line = table.text("cmdline", r"(?s).*", "a text is needed") or ""
    words = tuple(line.split(" "))
    words = tuple(word for word in words if word)
    bad = next((word for word in words
                if not re.fullmatch(WORD, word) or word == "--"), None)
    if bad is not None:
        table.refuse("cmdline", bad, WORD_HINT)
    if any(word.split("=")[0].replace("-", "_") == OURS for word in words):
        table.fail("cmdline", f"{OURS}= is set by boot-matrix",
                   "leave it out")
    if len(line) > CMDLINE_MOST:
        table.fail("cmdline", f"{len(line)} characters", "the kernel has no "
                   f"room for more than {CMDLINE_MOST} beside its own")
    return words


def expectations(table: Table) -> Dict[str, str]:
    """The states asked for, by mitigation."""
    known = {name: table.choice(name, ("on", "off"), "")
             for name in MITIGATIONS}
    table.end()
    return {name: state for name, state in known.items() if state}


def arms(top: Table, known: Dict[str, Kernel]) -> Tuple[Arm, ...]:
    """All arms, no two of one name."""
    found = top.take("arms", "write [[arms]] with name and cmdline")
    if not isinstance(found, list) or not 1 <= len(found) <= ARMS_MOST:
        top.fail("arms", "not a list of arms",
                 f"write [[arms]] 1 to {ARMS_MOST} times")
    made = tuple(arm(Table(top.file, f"arms[{number}]", one), known)
                 for number, one in enumerate(found, 1))
    names = [one.name for one in made]
    again = next((name for name in names if names.count(name) > 1), None)
    if again:
        top.fail("arms", f"two are called {again}", "rename one")
    return made


def guest(table: Table) -> Guest:
    """The machine for qemu."""
    usual = Guest()
    made = Guest(
        table.text("cpu", r"[A-Za-z0-9][A-Za-z0-9_.,=+-]{0,199}",
                   "what QEMU's -cpu takes is needed") or usual.cpu,
        table.whole("memory_mib", 64, 65536, usual.memory_mib),
        table.choice("accelerator", ("auto", "kvm", "tcg"),
                     usual.accelerator))
    table.end()
    return made


def arguments(top: Table) -> Tuple[str, ...]:
    """More options of syscost, none that is set from here."""
    hint = "options of syscost are needed, like --rounds=30"
    words = top.texts("arguments", hint)
    for word in words:
        name = word[2:].split("=")[0]
        if not re.fullmatch(rf"--[a-z]{PLAIN}{{0,199}}", word):
            top.refuse("arguments", word, hint)
        if any(ours.startswith(name) for ours in SET_HERE):
            top.fail("arguments", f"--{name} is, or could be short for, what "
                     "boot-matrix sets", "leave it out; profile and filter "
                     "are keys of their own")
    return tuple(words)


def pairs(plan: Plan) -> Iterator[Tuple[Arm, Arm]]:
    """The arms that are compared: before, after."""
    if plan.pairs == "all":
        return itertools.combinations(plan.arms, 2)
    return ((plan.arms[0], other) for other in plan.arms[1:])


def pair_name(pair: Tuple[Arm, Arm]) -> str:
    """What their comparison's folder is called."""
    return f"{pair[0].name}-{pair[1].name}"


def whole(top: Table, folder: Path) -> Plan:
    """The plan of the file's top table."""
    known = kernels(top, folder)
    plan = Plan(
        name=str(top.text("name", NAME, NAME_HINT, True)),
        arms=arms(top, known), boots=top.whole("boots", 1, BOOTS_MOST, None),
        order=top.choice("order", ("abba", "random", "sequence"), "abba"),
        seed=top.whole("seed", 0, (1 << 32) - 1, 1),
        pairs=top.choice("pairs", ("first", "all"), "first"),
        profile=top.choice("profile", ("quick", "default", "full"),
                           "default"),
        filter=top.text("filter", rf"{PLAIN}{{1,1000}}",
                        "a regular expression is needed"),
        arguments=arguments(top), limit_s=top.whole("limit_s", 5, 86400, 600),
        guest=guest(top.table("guest")))
    top.end()
    names: List[str] = [pair_name(pair) for pair in pairs(plan)]
    again = next((name for name in names if names.count(name) > 1), None)
    if again:
        top.fail("arms", f"two comparisons would be called {again}",
                 "rename an arm")
    return plan


def parse(content: bytes, file: Path, folder: Path) -> Read:
    """The plan in a file's content; file is how errors call it."""
    try:
        found: Dict[str, Any] = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as problem:
        raise BadInput(f"{file}: not a plan: {problem}: docs/formats.md has "
                       "its form") from None
    return Read(whole(Table(file, "", found), folder), content, folder)


def content_of(file: Path) -> bytes:
    """What a plain file of bounded size holds."""
    try:
        # A pipe or a device would be waited for.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK |
                             os.O_CLOEXEC)
        with open(descriptor, "rb") as opened:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BadInput(f"{file}: not a file: name a plan")
            content = opened.read(SIZE_MOST + 1)
    except OSError as problem:
        raise BadInput(f"{file}: {problem.strerror}: name a plan that can be "
                       "read") from None
    if len(content) > SIZE_MOST:
        raise BadInput(f"{file}: over {SIZE_MOST} bytes: no plan")
    return content


def read(file: Path, folder: Optional[Path] = None) -> Read:
    """The plan in a file; relative paths in it are from its folder."""
    return parse(content_of(file), file,
                 (folder or Path(os.path.abspath(file)).parent))
