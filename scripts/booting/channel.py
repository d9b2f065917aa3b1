# SPDX-License-Identifier: MIT
"""What a guest sends back: checked, and unpacked into its attempt's folder.

A line, then a gzipped tar archive, as scripts/booting/init has it. A guest
may send anything: what is not exactly as expected is refused, and then
nothing of it is unpacked.
"""

import hashlib
import os
import re
import tarfile
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Callable, Iterator, Optional, Tuple

from analysis.output import printable
from booting import returned
from booting.executor import BootFailed

HEADER = re.compile(
    rb"syscost-guest 1 facts=(\d{1,3}) measured=(\d{1,3}) "
    rb"bytes=(\d{1,10}) sha256=([0-9a-f]{64})\n")
HEADER_LIMIT_BYTES = 256
FILE_LIMIT_BYTES, ALL_LIMIT_BYTES = 256 << 20, 512 << 20
BLOCK_BYTES, CHUNK_BYTES = 512, 1 << 16

NAMES = frozenset(("environment.json", "stderr.txt", "dmesg.txt",
                   *(f"run/{name}" for name in returned.FILES)))


@dataclass(frozen=True)
class Contents:
    """What an archive may hold."""

    is_file: Callable[[str], bool]      # by a name in it
    is_folder: Callable[[str], bool]
    most_bytes: int


def of_guest() -> Contents:
    """A guest's."""
    return Contents(NAMES.__contains__, "run".__eq__, ALL_LIMIT_BYTES)


@dataclass(frozen=True)
class Answer:
    """What the guest says of its two runs of syscost: exit statuses."""

    facts: int
    measured: int


def receive(path: Path, folder: Path) -> Answer:
    """Unpack what came into the folder; BootFailed where it is not whole."""
    if not path.exists():
        raise BootFailed("the guest sent nothing back")
    with open(path, "rb") as file:
        answer, size, digest = read_header(file)
        check_whole(file, size, digest)
        unpack(file, folder)
    return answer


def read_header(file: BinaryIO) -> Tuple[Answer, int, str]:
    """The first line: the answer, the archive's size and its SHA-256."""
    line = file.readline(HEADER_LIMIT_BYTES)
    if not line:
        raise BootFailed("the guest sent nothing back")
    found = HEADER.fullmatch(line)
    if found is None:
        raise BootFailed("what was sent back does not begin as it "
                         f"should: {shown(line)}")
    facts, measured, size = (int(found.group(i)) for i in (1, 2, 3))
    return Answer(facts, measured), size, found.group(4).decode()


def shown(data: bytes) -> str:
    """The first bytes as printable text."""
    return printable(data[:80].decode(errors="replace"))


def check_whole(file: BinaryIO, size: int, digest: str) -> None:
    """Does what is left of the file have this size and this digest?"""
    start = file.tell()
    came = os.fstat(file.fileno()).st_size - start
    if came < size:
        raise BootFailed(f"what was sent back is cut off: {came} of "
                         f"{size} bytes came")
    if came > size:
        raise BootFailed(f"announced were {size} bytes and sent {came}")
    found = hashlib.sha256()
    for chunk in iter(lambda: file.read(CHUNK_BYTES), b""):
        found.update(chunk)
    if found.hexdigest() != digest:
        raise BootFailed("what was sent back was damaged on the way: "
                         "its SHA-256 is another one than announced")
    file.seek(start)


def unpack(file: BinaryIO, folder: Path,
           contents: Optional[Contents] = None) -> None:
    """Unpack all of an archive, or nothing, into a folder."""
    contents = contents or of_guest()
    with tempfile.TemporaryDirectory(prefix=".unpacked-", dir=folder) as name:
        try:
            extract(Inflated(file, contents.most_bytes), Path(name),
                    contents)
        except (tarfile.TarError, zlib.error, EOFError, ValueError) as why:
            raise BootFailed("what was sent back cannot be unpacked: "
                             f"{printable(str(why))}") from None
        for path in sorted(Path(name).iterdir()):
            path.rename(folder / path.name)


class Inflated:
    """The bytes inside a gzip file, up to a limit."""

    def __init__(self, file: BinaryIO, most_bytes: int) -> None:
        self.file = file
        self.inflate = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        self.ready = b""
        # An archive has a header a file, too, and padding behind all.
        self.left_bytes = most_bytes + (1 << 20)
        self.most_bytes = most_bytes

    def more(self) -> bytes:
        """Some bytes; none at the end."""
        while not self.inflate.eof:
            data = (self.inflate.unconsumed_tail
                    or self.file.read(CHUNK_BYTES))
            if not data:
                raise EOFError("its gzip is cut off")
            made = self.inflate.decompress(data, CHUNK_BYTES)
            self.left_bytes -= len(made)
            if self.left_bytes < 0:
                raise ValueError("it is more than "
                                 f"{self.most_bytes >> 20} MiB")
            if made:
                return made
        if self.inflate.unused_data or self.file.read(1):
            raise ValueError("something follows its gzip")
        return b""

    def read(self, count: int) -> bytes:
        """So many bytes."""
        while len(self.ready) < count:
            made = self.more()
            if not made:
                raise EOFError("its archive is cut off")
            self.ready += made
        taken, self.ready = self.ready[:count], self.ready[count:]
        return taken

    def chunks(self, count: int) -> Iterator[bytes]:
        """So many bytes in pieces."""
        while count:
            piece = self.read(min(count, CHUNK_BYTES))
            count -= len(piece)
            yield piece

    def finish(self) -> None:
        """Is nothing but padding left?"""
        rest = self.ready
        while rest:
            if rest.strip(b"\0"):
                raise ValueError("something follows its last entry")
            rest = self.more()


def extract(archive: Inflated, folder: Path, contents: Contents) -> None:
    """Write an archive's files; ValueError where it has anything else.

    Header by header: tarfile would follow extensions of the format that
    init's tar never writes.
    """
    left = contents.most_bytes
    while True:
        block = archive.read(BLOCK_BYTES)
        if not block.strip(b"\0"):
            archive.finish()
            return
        info = tarfile.TarInfo.frombuf(block, "ascii", "backslashreplace")
        if info.isdir() and contents.is_folder(info.name):
            (folder / info.name).mkdir(parents=True, exist_ok=True)
            continue
        check_entry(info, left, contents)
        left -= info.size
        write(archive, folder / info.name, info.size)


def check_entry(info: tarfile.TarInfo, left_bytes: int, contents: Contents
                ) -> None:
    """Is it one of the files that are to be sent?"""
    if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise ValueError(f"{info.name!r} is no regular file")
    if not contents.is_file(info.name):
        raise ValueError(f"{info.name!r} is no file of a run's")
    if not 0 <= info.size <= FILE_LIMIT_BYTES:
        raise ValueError(f"{info.name} has {info.size} bytes, the limit is "
                         f"{FILE_LIMIT_BYTES >> 20} MiB")
    if info.size > left_bytes:
        raise ValueError(f"it is more than {contents.most_bytes >> 20} MiB")


def write(archive: Inflated, path: Path, size: int) -> None:
    """The next file of the archive; it is not there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(path, "xb") as file:
            for piece in archive.chunks(size):
                file.write(piece)
    except FileExistsError:
        raise ValueError(f"{path.name} is in it twice") from None
    archive.read(-size % BLOCK_BYTES)
