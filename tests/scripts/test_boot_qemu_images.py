# SPDX-License-Identifier: MIT
"""scripts/booting/images.py on kernels that are made up."""

import gzip
import hashlib
import os
import pathlib
from typing import Optional

import pytest

from guests import RELEASE, arm64_image, x86_image
from booting import images
from booting.executor import Refused
from booting.plan import Kernel


def read(path: pathlib.Path, release: Optional[str] = None) -> images.Image:
    """What is told of a file."""
    return images.read(Kernel("made", str(path), release=release))


@pytest.fixture
def image(tmp_path: pathlib.Path) -> pathlib.Path:
    """Where a kernel is to lie."""
    return tmp_path / "vmlinuz"


KERNELS = {
    "x86": (x86_image(), "x86_64", RELEASE),
    "x86 before protocol 2.12": (x86_image(protocol=0x20b, flags=0),
                                 "x86_64", RELEASE),
    "arm64": (arm64_image("6.12.1"), "aarch64", "6.12.1"),
    "arm64 packed": (gzip.compress(arm64_image("6.12.1")), "aarch64",
                     "6.12.1"),
    "arm64 without a banner": (arm64_image()[:0x100], "aarch64", None),
    "x86 without a version": (x86_image()[:0x400], "x86_64", None)}


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_tells_what_it_is(image: pathlib.Path, name: str) -> None:
    data, architecture, release = KERNELS[name]
    image.write_bytes(data)
    assert read(image) == images.Image(image, architecture, release,
                                       hashlib.sha256(data).hexdigest())


NO_KERNELS = {
    "empty": (b"", "neither an x86 bzImage nor an arm64 Image"),
    "text": (b"root:x:0:0:root:/root:/bin/bash\n" * 100, "neither an x86"),
    "packed text": (gzip.compress(b"text" * 1000), "neither an x86"),
    "cut off": (gzip.compress(arm64_image())[:-20], "cut off"),
    "no gzip": (b"\x1f\x8b" + b"no gzip" * 100, "Error"),
    "32 bits": (x86_image(flags=0), "32 bits")}


@pytest.mark.parametrize("name", NO_KERNELS)
def test_what_is_no_kernel_is_refused_by_name(image: pathlib.Path, name: str
                                              ) -> None:
    data, told = NO_KERNELS[name]
    image.write_bytes(data)
    with pytest.raises(Refused, match=f"kernels.made: .*vmlinuz: .*{told}"):
        read(image)


def test_a_gzip_that_unpacks_without_end_is_refused(
        image: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "LIMIT_BYTES", 1 << 20)
    image.write_bytes(gzip.compress(arm64_image() + bytes(2 << 20)))
    with pytest.raises(Refused, match="too large"):
        read(image)


def test_a_file_out_of_all_bounds_is_not_read(image: pathlib.Path) -> None:
    image.touch()
    os.truncate(image, images.LIMIT_BYTES + 1)
    with pytest.raises(Refused, match="more than 512 MiB"):
        read(image)


def test_a_pipe_is_not_waited_for(image: pathlib.Path) -> None:
    os.mkfifo(image)
    with pytest.raises(Refused, match="no regular file"):
        read(image)


@pytest.mark.parametrize("path", ["/dev/zero", "/etc", "/nonexistent"])
def test_what_is_no_file_is_refused(path: str) -> None:
    with pytest.raises(Refused, match=path):
        read(pathlib.Path(path))


def test_a_name_is_shown_escaped(tmp_path: pathlib.Path) -> None:
    with pytest.raises(Refused) as refused:
        read(tmp_path / "a\x1b[31m\nb")
    assert "\\x1b[31m\\nb" in str(refused.value)


def test_the_release_that_a_plan_asks_for_is_compared(image: pathlib.Path
                                                      ) -> None:
    image.write_bytes(x86_image())
    assert read(image, RELEASE).release == RELEASE
    with pytest.raises(Refused, match=f"it is {RELEASE}, not 6.12.1"):
        read(image, "6.12.1")


def test_the_newest_of_the_kernels_that_were_fetched(
        tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    boot = tmp_path / "syscost" / "guests" / "amd64" / "boot"
    boot.mkdir(parents=True)
    for release in ("6.1.0-9", "6.1.0-56", "6.1.0-10"):
        (boot / f"vmlinuz-{release}").write_bytes(x86_image(release))
    kernel = Kernel("debian", "debian:cloud-amd64")
    assert images.read(kernel).release == "6.1.0-56"


def test_where_none_was_fetched_it_says_how(
        tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(Refused, match="scripts/setup --vm"):
        images.read(Kernel("debian", "debian:cloud-arm64"))
    with pytest.raises(Refused, match="debian:cloud-amd64"):
        images.read(Kernel("debian", "debian:cloud-riscv64"))


def test_the_hosts_own_kernel() -> None:
    assert images.locate(Kernel("mine", "host")) == pathlib.Path(
        f"/boot/vmlinuz-{os.uname().release}")
