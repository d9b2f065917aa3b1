# SPDX-License-Identifier: MIT
"""What is copied to a host: the program, its libraries, tune and boot-matrix.

The C library stays the host's: its loader is the host's, and they go
together; and what the wrapper of a call costs is a question about the host.
"""

import io
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Dict, List, Optional

from analysis import program
from analysis.output import BadInput
from booting import libraries
from booting.executor import Refused

TREE = Path(__file__).resolve().parents[2]
FOLDERS = ("build", "build-x86_64", "build-aarch64")
SCRIPTS = ("boot-matrix", "tune", "booting", "tuning", "analysis")
# glibc's, by its own INSTALL: whoever has one of them has all.
OF_LIBC = re.compile(r"(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|anl|"
                     r"nss_.*|mvec|BrokenLocale|thread_db))\.so(\.\d+)*")
# Has the program find them, whoever starts it.
STARTER = b"""#!/bin/sh
here=$(dirname "$0")
export LD_LIBRARY_PATH="$here/lib"
exec "$here/build/syscost" "$@"
"""
BUILD_ID = re.compile(r"Build ID: ([0-9a-f]+)")


def programs() -> Dict[str, Path]:
    """The programs that are built or installed here, by architecture."""
    built = [TREE / folder / "syscost" for folder in FOLDERS]
    found: Dict[str, Path] = {}
    for path in [program.find(), *built]:
        if path.is_file():
            found.setdefault(libraries.look(path).machine, path)
    return {machine: path for machine, path in found.items()
            if machine in libraries.TRIPLES}


def build_id(path: Path) -> str:
    """The linker's hash of a program, which run.json repeats."""
    told = subprocess.run(["readelf", "--notes", str(path)], text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, check=False).stdout
    found = BUILD_ID.search(told)
    if found is None:
        raise BadInput(f"{path}: it has no build id: build it by make")
    return found.group(1)


def plainly(entry: tarfile.TarInfo) -> Optional[tarfile.TarInfo]:
    """An entry that says nothing of who made it."""
    if "__pycache__" in entry.name:
        return None
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o755 if entry.mode & 0o100 else 0o644
    return entry


def add_scripts(bundle: tarfile.TarFile) -> None:
    """What needs no more than Python on the host."""
    for name in SCRIPTS:
        bundle.add(TREE / "scripts" / name, f"scripts/{name}", filter=plainly)


def add_starter(bundle: tarfile.TarFile) -> None:
    """The command that starts the program with its libraries."""
    entry = tarfile.TarInfo("syscost")
    entry.size, entry.mode = len(STARTER), 0o755
    bundle.addfile(entry, io.BytesIO(STARTER))


def make(file: Path, path: Path, machine: str) -> None:
    """The bundle of a program that is built."""
    with tarfile.open(file, "w:gz", dereference=True) as bundle:
        add_starter(bundle)
        bundle.add(path, "build/syscost", filter=plainly)
        for library in libraries.closure(path, machine).values():
            if not OF_LIBC.fullmatch(library.name):
                bundle.add(library, f"lib/{library.name}", filter=plainly)
        add_scripts(bundle)


def sources() -> List[str]:
    """The files of the tree that git knows of."""
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=TREE, text=True,
                              stdin=subprocess.DEVNULL, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    except (OSError, subprocess.CalledProcessError):
        raise Refused(f"{TREE}: no git tree, whose files could be sent: "
                      "build here") from None
    return [name for name in done.stdout.split("\0")
            if name and (TREE / name).is_file()]


def make_of_sources(file: Path) -> None:
    """The bundle of a program that is built on the host."""
    with tarfile.open(file, "w:gz") as bundle:
        add_starter(bundle)
        for name in sources():
            bundle.add(TREE / name, name, filter=plainly)


def make_all(folder: Path, build: str) -> Dict[str, str]:
    """Bundles of every architecture; their programs' build ids.

    Built there, the sources are everybody's, and no build id is known.
    """
    if build == "there":
        make_of_sources(folder / "sources.tar.gz")
        return {}
    found = programs()
    if not found:
        raise Refused("no program is built: make, and make aarch64 for the "
                      "others")
    for machine, path in found.items():
        make(folder / f"{machine}.tar.gz", path, machine)
    return {machine: build_id(path) for machine, path in found.items()}


def paths(folder: Path) -> Dict[str, str]:
    """Which bundle a host gets, by its architecture."""
    whole = folder / "sources.tar.gz"
    if whole.exists():
        return {machine: str(whole) for machine in libraries.TRIPLES}
    return {path.name.split(".")[0]: str(path)
            for path in folder.glob("*.tar.gz")}
