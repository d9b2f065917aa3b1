# SPDX-License-Identifier: MIT
"""What a program needs beside itself: its loader and its libraries.

Told by readelf and never by ldd, which runs the program: it may be made for
another architecture, and ldd then knows nothing.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, List, Optional, Tuple

from analysis.output import printable
from booting.executor import Refused

# Multiarch names: where Debian has its libraries, also foreign ones.
TRIPLES = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu"}
MACHINES = {"Advanced Micro Devices X86-64": "x86_64", "AArch64": "aarch64"}
NEEDED = re.compile(r"\(NEEDED\).*\[(.*)\]")
LOADER = re.compile(r"Requesting program interpreter: (.*)\]")
MACHINE = re.compile(r"^ *Machine: +(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Elf:
    """What readelf tells of a file."""

    machine: str            # as uname -m has it
    loader: Optional[str]   # None: it is static, or a library
    needed: Tuple[str, ...]


def look(path: Path) -> Elf:
    """An ELF file's needs; Refused where it is none."""
    reader = shutil.which("readelf")
    if reader is None:
        raise Refused("readelf is missing (package binutils): "
                      "run scripts/setup --vm")
    told = subprocess.run(
        [reader, "--wide", "--file-header", "--program-headers", "--dynamic",
         str(path)], env={**os.environ, "LC_ALL": "C"}, text=True,
        errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL).stdout
    machine = MACHINE.search(told)
    if machine is None:
        raise Refused(f"{printable(str(path))}: no program of Linux (ELF), "
                      "or it cannot be read")
    loader = LOADER.search(told)
    return Elf(MACHINES.get(machine.group(1), machine.group(1)),
               loader.group(1) if loader else None,
               tuple(NEEDED.findall(told)))


def folders(machine: str) -> List[Tuple[Path, Path]]:
    """Where libraries lie here, and where the guest's loader looks for them.

    A cross compiler's folder comes last: its loader and its libc go with each
    other, and not with those of the distribution's foreign packages.
    """
    triple = TRIPLES[machine]
    own = [f"/lib/{triple}", f"/usr/lib/{triple}", "/lib64", "/usr/lib64",
           "/lib", "/usr/lib"]
    return ([(Path(folder), Path(folder)) for folder in own]
            + [(Path(f"/usr/{triple}/lib"), Path(f"/lib/{triple}"))])


def find(name: str, machine: str) -> Tuple[Path, Path]:
    """A library here, and the name it has in the guest."""
    for folder, there in folders(machine):
        path = folder / name
        if path.is_file() and look(path).machine == machine:
            return path, there / name
    raise Refused(f"the library {printable(name)} for {machine} is in none of "
                  f"the usual folders: run scripts/setup --vm")


def find_loader(wanted: str, machine: str) -> Path:
    """The loader that the program names, or one of that name."""
    path = Path(wanted)
    if path.is_file() and look(path).machine == machine:
        return path
    return find(path.name, machine)[0]


def closure(program: Path, machine: str) -> Dict[Path, Path]:
    """All that the program needs: {name in the guest: file here}."""
    elf = look(program)
    if elf.machine != machine:
        raise Refused(f"{printable(str(program))} is a program for "
                      f"{printable(elf.machine)}, the kernel is for {machine}")
    found: Dict[Path, Path] = {}
    if elf.loader:
        found[Path(elf.loader)] = find_loader(elf.loader, machine)
    todo, seen = list(elf.needed), set(found)
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        path, there = find(name, machine)
        found.setdefault(there, path)
        todo += look(path).needed
    return found
