# SPDX-License-Identifier: MIT
"""A kernel's image: where it lies, what it is made for, what it is called."""

import hashlib
import os
import re
import stat
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Optional, Tuple

from analysis.output import printable
from booting.executor import Refused
from booting.plan import Kernel

CLOUD = {"debian:cloud-amd64": "amd64", "debian:cloud-arm64": "arm64"}
LIMIT_BYTES = 512 << 20     # of an image, packed or not
SETUP = "run scripts/setup --vm"

# Documentation/arch/x86/boot.rst: offsets in the real-mode header.
X86_MAGIC, X86_MAGIC_AT = b"HdrS", 0x202
X86_PROTOCOL_AT, X86_VERSION_AT, X86_FLAGS_AT = 0x206, 0x20E, 0x236
X86_TELLS_64_BITS, X86_HAS_64_BITS = 0x20C, 1   # protocol 2.12, XLF_KERNEL_64
# Documentation/arch/arm64/booting.rst: the header of an Image.
ARM64_MAGIC, ARM64_MAGIC_AT = b"ARM\x64", 0x38
GZIP_MAGIC = b"\x1f\x8b"
BANNER = re.compile(rb"Linux version ([0-9][!-~]{0,127}) ")


@dataclass(frozen=True)
class Image:
    """A kernel that can be booted."""

    path: Path
    architecture: str       # as uname -m has it: x86_64, aarch64
    release: Optional[str]  # as uname -r will have it, where it tells
    sha256: str


def guests() -> Path:
    """Where scripts/setup --vm keeps what it fetched."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "syscost" / "guests"


def by_version(path: Path) -> Tuple[Tuple[int, ...], str]:
    """A key that puts 6.1.0-56 behind 6.1.0-9."""
    return tuple(map(int, re.findall(r"\d+", path.name))), path.name


def locate(kernel: Kernel) -> Path:
    """The file of a plan's kernel."""
    if kernel.image == "host":
        return Path(f"/boot/vmlinuz-{os.uname().release}")
    if not kernel.image.startswith("debian:"):
        return Path(kernel.image)
    if kernel.image not in CLOUD:
        raise Refused(f"kernels.{kernel.name}: {printable(kernel.image)}: "
                      f"there are {' and '.join(CLOUD)}")
    folder = guests() / CLOUD[kernel.image] / "boot"
    found = sorted(folder.glob("vmlinuz-*"), key=by_version)
    if not found:
        raise Refused(f"kernels.{kernel.name}: {kernel.image} is not in "
                      f"{printable(str(folder))}: {SETUP}")
    return found[-1]


def contents(path: Path) -> bytes:
    """A file that cannot be a device, a pipe or out of all bounds."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            raise OSError("it is no regular file")
        if state.st_size > LIMIT_BYTES:
            raise OSError(f"it has more than {LIMIT_BYTES >> 20} MiB")
        return file.read()


def number(data: bytes, place: int) -> int:
    """A little-endian number of 16 bits."""
    return int.from_bytes(data[place:place + 2], "little")


def x86_release(data: bytes) -> Optional[str]:
    """The first word of what kernel_version in the header points to."""
    place = number(data, X86_VERSION_AT) + 0x200
    words = data[place:place + 128].split(b"\0")[0].split()
    if place == 0x200 or not words:
        return None
    return words[0].decode("ascii", "replace")


def x86_architecture(data: bytes) -> str:
    """x86_64, or i386 where the kernel has no 64-bit entry."""
    if number(data, X86_PROTOCOL_AT) >= X86_TELLS_64_BITS and not (
            number(data, X86_FLAGS_AT) & X86_HAS_64_BITS):
        return "i386"
    return "x86_64"


def unpacked(data: bytes) -> bytes:
    """An image without the gzip that arm64's may be wrapped in."""
    if not data.startswith(GZIP_MAGIC):
        return data
    inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    image = inflate.decompress(data, LIMIT_BYTES)
    if not inflate.eof:
        raise OSError("its gzip is cut off, or too large")
    return image


def recognise(data: bytes) -> Tuple[str, Optional[str]]:
    """Architecture and release; an empty architecture: it is no kernel."""
    if data[X86_MAGIC_AT:].startswith(X86_MAGIC):
        return x86_architecture(data), x86_release(data)
    image = unpacked(data)
    if not image[ARM64_MAGIC_AT:].startswith(ARM64_MAGIC):
        return "", None
    banner = BANNER.search(image)
    return "aarch64", banner.group(1).decode("ascii") if banner else None


def read(kernel: Kernel) -> Image:
    """A plan's kernel, looked at; Refused where it is none."""
    path = locate(kernel)
    shown = f"kernels.{kernel.name}: {printable(str(path))}"
    try:
        data = contents(path)
        architecture, release = recognise(data)
    except (OSError, zlib.error) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise Refused(f"{shown}: {reason}") from None
    if not architecture:
        raise Refused(f"{shown}: neither an x86 bzImage nor an arm64 Image")
    if architecture == "i386":
        raise Refused(f"{shown}: a kernel of 32 bits")
    if kernel.release and release and kernel.release != release:
        raise Refused(f"{shown}: it is {printable(release)}, "
                      f"not {printable(kernel.release)}")
    return Image(path, architecture, release,
                 hashlib.sha256(data).hexdigest())
