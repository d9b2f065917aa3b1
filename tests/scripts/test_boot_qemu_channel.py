# SPDX-License-Identifier: MIT
"""scripts/booting/channel.py: what guests send, whole, cut off or hostile."""

import gzip
import io
import pathlib
import tarfile
from typing import Callable, List

import pytest

from guests import FILES, answer, archive, framed
from booting import channel
from booting.executor import BootFailed


@pytest.fixture
def receive(tmp_path: pathlib.Path) -> Callable[[bytes], channel.Answer]:
    """Receives bytes into the folder `attempt`."""
    (tmp_path / "attempt").mkdir()

    def receive_bytes(data: bytes) -> channel.Answer:
        (tmp_path / "answer").write_bytes(data)
        return channel.receive(tmp_path / "answer", tmp_path / "attempt")
    return receive_bytes


def contents(folder: pathlib.Path) -> List[str]:
    """All files of the test's folder, but for the answer itself."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")
                  if not path.is_dir() and path.name != "answer")


def entry(name: str, **more: object) -> bytes:
    """An archive of one entry with four bytes, and more of its header."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w",
                      format=tarfile.GNU_FORMAT) as tar:
        info = tarfile.TarInfo(name)
        info.size = 4
        for key, value in more.items():
            setattr(info, key, value)
        tar.addfile(info, io.BytesIO(b"text"))
    return packed.getvalue()


def sent(packed: bytes) -> bytes:
    """An archive as a guest sends it."""
    return framed(gzip.compress(packed, mtime=0))


def test_what_was_sent_is_unpacked(receive: Callable[..., channel.Answer],
                                   tmp_path: pathlib.Path) -> None:
    assert receive(answer()) == channel.Answer(0, 0)
    folder = tmp_path / "attempt"
    for name, data in FILES.items():
        assert (folder / name).read_bytes() == data
        assert (folder / name).stat().st_mode & 0o7777 == 0o644
    assert contents(folder) == sorted(FILES)


def test_large_files_come_whole(receive: Callable[..., channel.Answer],
                                tmp_path: pathlib.Path) -> None:
    samples = b"".join(b"%d,plain,0\n" % i for i in range(300_000))
    receive(answer({**FILES, "run/samples.csv": samples}))
    assert (tmp_path / "attempt/run/samples.csv").read_bytes() == samples


def test_exit_statuses_come_with_it(receive: Callable[..., channel.Answer]
                                    ) -> None:
    assert receive(answer(facts=2, measured=137)) == channel.Answer(2, 137)


def test_a_folder_entry_is_taken(receive: Callable[..., channel.Answer],
                                 tmp_path: pathlib.Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        folder = tarfile.TarInfo("run/")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
    receive(sent(packed.getvalue()))
    assert (tmp_path / "attempt" / "run").is_dir()


WHOLE = answer()
START = WHOLE.index(b"\n") + 1


@pytest.mark.parametrize("length, told", [
    (0, "sent nothing back"), (1, "does not begin as it should"),
    (START - 1, "does not begin"), (START, "cut off: 0 of"),
    (START + 1, f"cut off: 1 of {len(WHOLE) - START} bytes came"),
    (len(WHOLE) - 1, f"cut off: {len(WHOLE) - START - 1} of")])
def test_what_is_cut_off_is_named(receive: Callable[..., channel.Answer],
                                  tmp_path: pathlib.Path, length: int,
                                  told: str) -> None:
    with pytest.raises(BootFailed, match=told):
        receive(WHOLE[:length])
    assert not contents(tmp_path)


PACKED = gzip.compress(archive(FILES), mtime=0)
DAMAGED = {
    "longer": (WHOLE + b"more", "announced .* and sent"),
    "other bytes": (WHOLE[:-9] + bytes(9), "SHA-256"),
    "no gzip": (framed(b"text"), "cannot be unpacked"),
    "nothing": (framed(b""), "gzip is cut off"),
    "gzip cut off": (framed(PACKED[:-9]), "gzip is cut off"),
    "behind the gzip": (framed(PACKED + b"more"), "follows its gzip"),
    "another gzip": (framed(PACKED + PACKED), "follows its gzip"),
    "header cut off": (sent(archive(FILES)[:700]), "archive is cut off"),
    "file cut off": (sent(archive({"stderr.txt": b"text"})[:514]),
                     "archive is cut off"),
    "behind the end": (sent(archive(FILES) + b"more"),
                       "follows its last entry"),
    "no archive": (sent(b""), "archive is cut off"),
    "no header": (sent(b"x" * 1024), "bad checksum|invalid header"),
    "no line": (b"\xff" * 10_000, "does not begin"),
    "no number": (
        b"syscost-guest 1 facts=0 measured=0 bytes=1e3 sha256=0\n",
        "does not begin"),
    "another version": (
        b"syscost-guest 2" + WHOLE[len("syscost-guest 2"):],
        "does not begin")}


@pytest.mark.parametrize("what", DAMAGED)
def test_what_is_damaged_is_named(receive: Callable[..., channel.Answer],
                                  tmp_path: pathlib.Path, what: str) -> None:
    data, told = DAMAGED[what]
    with pytest.raises(BootFailed, match=told):
        receive(data)
    assert not contents(tmp_path)


@pytest.mark.parametrize("name", [
    "../escaped", "/tmp/escaped", "run/../../escaped", "run/../environment",
    "escaped", "run/escaped", "run/sub/samples.csv", "./environment.json",
    "run//samples.csv", "console.log", "..", ".", "/", "run/", "x" * 300,
    "a\x1b[31m\nb", "environment.json/../escaped", "initramfs", "caf\u00e9"],
    ids=lambda name: ascii(name)[:40])
def test_no_other_name_is_taken(receive: Callable[..., channel.Answer],
                                tmp_path: pathlib.Path, name: str) -> None:
    with pytest.raises(BootFailed, match="cannot be unpacked") as failed:
        receive(sent(entry(name)))
    assert str(failed.value).isprintable()
    assert not contents(tmp_path)
    assert not (tmp_path.parent / "escaped").exists()
    assert not pathlib.Path("/tmp/escaped").exists()


@pytest.mark.parametrize("kind", [
    tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE,
    tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.CONTTYPE, tarfile.XHDTYPE,
    tarfile.XGLTYPE, tarfile.GNUTYPE_SPARSE, tarfile.GNUTYPE_LONGNAME, b"Z"])
def test_only_regular_files_are_taken(receive: Callable[..., channel.Answer],
                                      tmp_path: pathlib.Path, kind: bytes
                                      ) -> None:
    packed = entry("stderr.txt", type=kind, linkname="/etc/passwd")
    with pytest.raises(BootFailed, match="'stderr.txt' is no regular file"):
        receive(sent(packed))
    assert not contents(tmp_path)


def test_a_link_is_not_written_through(receive: Callable[..., channel.Answer],
                                       tmp_path: pathlib.Path) -> None:
    link = entry("run", type=tarfile.SYMTYPE, linkname="..", size=0)[:512]
    with pytest.raises(BootFailed, match="no regular file"):
        receive(sent(link + archive({"run/run.json": b"{}"})))
    assert not contents(tmp_path)


def test_nothing_may_come_twice(receive: Callable[..., channel.Answer],
                                tmp_path: pathlib.Path) -> None:
    twice = archive({"run/run.json": b"{}"})[:1024] + archive(FILES)
    with pytest.raises(BootFailed, match="run.json is in it twice"):
        receive(sent(twice))
    assert not contents(tmp_path)


@pytest.mark.parametrize("size, told", [
    (channel.FILE_LIMIT_BYTES + 1, "the limit is 256 MiB"),
    (8 ** 11 - 1, "the limit is 256 MiB"), (1 << 60, "the limit is 256 MiB"),
    (-1, "the limit is 256 MiB"), (-512, "the limit is 256 MiB")])
def test_a_size_out_of_bounds_is_refused(
        receive: Callable[..., channel.Answer], tmp_path: pathlib.Path,
        size: int, told: str) -> None:
    info = tarfile.TarInfo("stderr.txt")
    info.size = size
    header = info.tobuf(tarfile.GNU_FORMAT, "ascii", "strict")
    with pytest.raises(BootFailed, match=told):
        receive(sent(header + bytes(2048)))
    assert not contents(tmp_path)


def test_all_files_together_have_a_limit(
        receive: Callable[..., channel.Answer], tmp_path: pathlib.Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "ALL_LIMIT_BYTES", 3000)
    with pytest.raises(BootFailed, match="it is more than 0 MiB"):
        receive(answer({"stderr.txt": bytes(2000), "dmesg.txt": bytes(2000)}))
    assert not contents(tmp_path)


def test_a_bomb_is_not_inflated(receive: Callable[..., channel.Answer],
                                tmp_path: pathlib.Path,
                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel, "ALL_LIMIT_BYTES", 1 << 20)
    bomb = archive({"stderr.txt": b""}) + bytes(64 << 20)
    with pytest.raises(BootFailed, match="it is more than 1 MiB"):
        receive(sent(bomb))
    assert not contents(tmp_path)


def test_a_full_disk_is_not_the_guests_fault(
        receive: Callable[..., channel.Answer], tmp_path: pathlib.Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(channel, "write", full)
    with pytest.raises(OSError, match="No space left"):
        receive(answer())
    assert not contents(tmp_path)
