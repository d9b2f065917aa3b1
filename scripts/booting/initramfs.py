# SPDX-License-Identifier: MIT
"""A guest's file system: busybox, syscost, its libraries and an init.

As cpio archives, which the kernel unpacks one behind the other. The same
files give the same bytes, whoever packs them and when. Not compressed: to
unpack them takes an emulated guest half a second of three.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Mapping, Sequence

from analysis.output import printable
from booting.executor import Refused

INIT = Path(__file__).with_name("init")
APPLETS = ("cat dmesg gzip hostname ifconfig mount poweroff sh sha256sum "
           "sleep stty tar wc").split()
EMPTY = ("dev", "proc", "sys", "tmp")


def lines(arguments: Sequence[str]) -> bytes:
    """Arguments as init reads them; Refused where a line cannot hold one."""
    for argument in arguments:
        if "\n" in argument or "\0" in argument:
            raise Refused(f"an argument of syscost's of several lines: "
                          f"{printable(argument)}")
    return "".join(f"{argument}\n" for argument in arguments).encode()


def system(program: Path, busybox: Path, needed: Mapping[Path, Path]
           ) -> bytes:
    """What all boots have in common.

    needed: {name in the guest: file here}.
    """
    with tempfile.TemporaryDirectory(prefix="syscost-") as name:
        root = Path(name)
        for folder in EMPTY:
            (root / folder).mkdir()
        files = {Path("/init"): INIT, Path("/bin/busybox"): busybox,
                 Path("/bin/syscost"): program, **needed}
        for there, here in files.items():
            shutil.copyfile(here, place(root, there))
            place(root, there).chmod(0o755)
        for applet in APPLETS:
            (root / "bin" / applet).symlink_to("busybox")
        return pack(root)


def additions(files: Mapping[Path, bytes]) -> bytes:
    """What one boot has of its own: {name in the guest: contents}."""
    with tempfile.TemporaryDirectory(prefix="syscost-") as name:
        for there, data in files.items():
            place(Path(name), there).write_bytes(data)
        return pack(Path(name))


def place(root: Path, there: Path) -> Path:
    """Where a file of the guest's lies while it is packed."""
    path = root / there.relative_to("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def pack(root: Path) -> bytes:
    """All in a folder as an archive of root's, of no time."""
    packer = shutil.which("cpio")
    if packer is None:
        raise Refused("cpio is missing (package cpio): "
                      "run scripts/setup --vm")
    paths = sorted(root.rglob("*"))
    for path in paths:
        if path.is_dir():
            path.chmod(0o755)
        elif not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o111 | 0o644)
        os.utime(path, (0, 0), follow_symlinks=False)
    names = "\0".join(str(path.relative_to(root)) for path in paths)
    made = subprocess.run(
        [packer, "--create", "--format=newc", "--null", "--quiet",
         "--reproducible", "--owner=+0:+0"], cwd=root, input=names.encode(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if made.returncode:
        raise Refused("cpio: " + printable(made.stderr.decode(
            errors="replace").strip()))
    return made.stdout
