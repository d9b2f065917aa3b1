# SPDX-License-Identifier: MIT
"""What guests are given: libraries, the archive, arguments, memory."""

import os
import pathlib
import re
import shutil
import subprocess
from typing import List, Tuple

import pytest

from guests import options_of, plan_of, x86_image
from booting import images, initramfs, libraries, qemu_machines, supplies
from booting.accelerator import Choice
from booting.executor import Refused
from booting.plan import Guest, Plan

HERE = os.uname().machine
INIT = initramfs.INIT

needs_cpio = pytest.mark.skipif(shutil.which("cpio") is None,
                                reason="no cpio: scripts/setup --vm")


def listed(archives: bytes) -> List[Tuple[str, str, str]]:
    """Mode, owner and name of what is in the first archive."""
    shown = subprocess.run(
        ["cpio", "--list", "--verbose", "--numeric-uid-gid", "--quiet"],
        input=archives, stdout=subprocess.PIPE, check=True,
        env={**os.environ, "TZ": "UTC", "LC_ALL": "C"}).stdout.decode()
    rows = [line.split(maxsplit=8) for line in shown.splitlines()]
    assert all(row[5:8] == ["Jan", "1", "1970"] for row in rows)
    return [(row[0], f"{row[2]}:{row[3]}", row[8]) for row in rows]


def unpacked(archive: bytes, folder: pathlib.Path) -> pathlib.Path:
    """The folder with an archive's files in it."""
    folder.mkdir()
    subprocess.run(["cpio", "--extract", "--make-directories", "--quiet"],
                   cwd=folder, input=archive, check=True)
    return folder


@pytest.fixture
def busybox(tmp_path: pathlib.Path) -> pathlib.Path:
    """Something that is packed in place of one."""
    path = tmp_path / "busybox"
    path.write_bytes(b"no program")
    return path


def test_a_program_comes_with_all_it_needs(program: pathlib.Path) -> None:
    found = libraries.closure(program, HERE)
    names = {there.name for there in found}
    for name in ("libc.so.6", "libhwloc.so.15", "libjansson.so.4"):
        assert name in names
    assert all(path.is_file() for path in found.values())
    needed = {name for path in found.values()
              for name in libraries.look(path).needed}
    assert needed <= names
    loader = libraries.look(program).loader
    assert loader is not None and pathlib.Path(loader) in found


def test_a_program_for_another_machine_is_refused(program: pathlib.Path
                                                  ) -> None:
    other = "aarch64" if HERE == "x86_64" else "x86_64"
    with pytest.raises(Refused, match=f"a program for {HERE}, the kernel is "
                                      f"for {other}"):
        libraries.closure(program, other)


def test_a_library_that_is_nowhere_is_named(
        program: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libraries, "folders", lambda machine: [])
    with pytest.raises(Refused, match=r"the library lib.*\.so.* for "):
        libraries.closure(program, HERE)


@pytest.mark.parametrize("path", ["/etc/passwd", "/nonexistent", "/etc"])
def test_what_is_no_program_is_refused(path: str) -> None:
    with pytest.raises(Refused, match=f"{path}: no program of Linux"):
        libraries.closure(pathlib.Path(path), HERE)


@needs_cpio
def test_the_archive_holds_what_a_guest_needs(
        program: pathlib.Path, busybox: pathlib.Path) -> None:
    needed = libraries.closure(program, HERE)
    rows = listed(initramfs.system(program, busybox, needed))
    names = [name.split(" -> ")[0] for _, _, name in rows]
    for name in ("init", "bin/busybox", "bin/syscost", "proc", "sys", "dev",
                 "tmp", "bin/sh", *(str(path)[1:] for path in needed)):
        assert name in names
    assert names == sorted(names, key=lambda name: name.split("/"))
    assert {owner for _, owner, _ in rows} == {"0:0"}
    modes = {name: mode for mode, _, name in rows}
    assert modes["bin/syscost"] == "-rwxr-xr-x"
    assert modes["bin/sh -> busybox"] == "lrwxrwxrwx"


@needs_cpio
def test_the_same_files_give_the_same_bytes(
        program: pathlib.Path, busybox: pathlib.Path, tmp_path: pathlib.Path
        ) -> None:
    first = initramfs.system(program, busybox, {})
    copy = tmp_path / "copy"
    shutil.copy(program, copy)
    copy.chmod(0o700)
    os.utime(busybox, (1, 1))
    assert initramfs.system(copy, busybox, {}) == first


def applets_of(script: str) -> List[str]:
    """The commands that a script uses and that its shell does not have."""
    known = set("awk cat cut date df dmesg echo env grep gzip head hostname "
                "ifconfig ip ln ls mkdir mount mv poweroff ps rm sed sh "
                "sha256sum sleep sort stty sync tail tar tee test tr umount "
                "uname wc".split()) - {"echo", "test"}
    code = re.sub(r'"[^"]*"|^\s*#.*$|^export .*$', "", script, flags=re.M)
    return sorted(set(re.findall(r"(?<![\w/-])[a-z0-9]+", code)) & known)


def test_each_command_of_init_is_packed() -> None:
    used = applets_of(INIT.read_text())
    assert {"mount", "dmesg", "tar", "sha256sum"} <= set(used)
    assert set(used) | {"sh"} == set(initramfs.APPLETS)


ODD = ["--filter=^(a|b c)/d$", "--label=it's \"odd\"; $(exit) `x` \\n * ~",
       "  two  spaces  ", "-n", "", "caf\u00e9"]


def test_init_passes_arguments_as_they_are(tmp_path: pathlib.Path) -> None:
    (tmp_path / "arguments").write_bytes(initramfs.lines(ODD))
    script = INIT.read_text()
    start = script.index("with_arguments() {")
    function = script[start:script.index("\n}\n", start) + 3]
    shown = subprocess.run(
        ["sh", "-c", function + 'with_arguments arguments printf "<%s>\\n"'],
        cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert shown == "".join(f"<{argument}>\n" for argument in ODD)


@pytest.mark.parametrize("argument", ["--filter=a\nb", "--filter=a\0b"])
def test_an_argument_of_several_lines_is_refused(argument: str) -> None:
    with pytest.raises(Refused, match="of several lines: --filter=a"):
        initramfs.lines([argument])


def test_a_missing_cpio_is_named(tmp_path: pathlib.Path,
                                 monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Refused, match=r"cpio is missing \(package cpio\)"):
        initramfs.pack(tmp_path)
    with pytest.raises(Refused, match=r"readelf is missing \(package binut"):
        libraries.look(tmp_path)


@pytest.fixture
def made_plan(tmp_path: pathlib.Path) -> Plan:
    """A plan whose kernel has its configuration beside it."""
    image = tmp_path / "vmlinuz"
    image.write_bytes(x86_image())
    (tmp_path / "config-6.1.0-56-cloud-amd64").write_text("CONFIG_KVM=y\n")
    return plan_of(image)


def added(plan: Plan, folder: pathlib.Path, choice: Choice,
          anonymous: bool = False) -> pathlib.Path:
    """A folder with what an arm's boot has of its own."""
    options = options_of([])
    if anonymous:
        options = type(options)(None, True, print)
    return unpacked(supplies.additions(
        plan, plan.arms[0], options, qemu_machines.MACHINES["x86_64"], choice,
        images.read(plan.arms[0].kernel)), folder)


@needs_cpio
def test_a_boots_own_files(made_plan: Plan, tmp_path: pathlib.Path) -> None:
    root = added(made_plan, tmp_path / "root", Choice("kvm", None))
    settings = root / "etc" / "guest"
    assert (settings / "channel").read_text() == "/dev/ttyS1\n"
    assert (settings / "tmp_mib").read_text() == "128\n"
    assert (settings / "facts").read_text() == "--environment\n"
    assert (settings / "measure").read_text().splitlines() == [
        "--launches=2", "--profile=quick", "--filter=^getppid/(libc|inline)$",
        "--label=off", "--output=run"]
    config = root / "boot" / "config-6.1.0-56-cloud-amd64"
    assert config.read_text() == "CONFIG_KVM=y\n"


@needs_cpio
def test_syscost_is_told_of_emulation_and_of_anonymity(
        made_plan: Plan, tmp_path: pathlib.Path) -> None:
    root = added(made_plan, tmp_path / "root", Choice("tcg", "no kvm"), True)
    settings = root / "etc" / "guest"
    # The command line is read back from the facts: they stay whole.
    assert (settings / "facts").read_text().splitlines() == [
        "--emulated=tcg", "--environment"]
    measure = (settings / "measure").read_text().splitlines()
    assert "--emulated=tcg" in measure and "--anonymous" in measure


@pytest.mark.parametrize("memory_mib, size_mib, fits", [
    (512, 11, True), (150, 11, True), (149, 11, False), (512, 193, False)])
def test_an_initramfs_that_does_not_fit_is_refused(
        memory_mib: int, size_mib: int, fits: bool) -> None:
    guest = Guest(memory_mib=memory_mib)
    archives = bytes((size_mib << 20) - 1)
    if fits:
        supplies.check_memory(guest, archives)
    else:
        with pytest.raises(Refused, match=f"guest.memory_mib: {memory_mib} is "
                                          f"too little .* {size_mib} MiB"):
            supplies.check_memory(guest, archives)


def test_the_built_program_is_taken_and_a_missing_one_named(
        tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supplies.built, "HERE", tmp_path)
    for architecture, folder, remedy in (
            (HERE, "build", "run make"),
            ("other", "build-other", "run make other")):
        with pytest.raises(Refused, match=f"{folder}/syscost is not there: "
                                          f"{remedy}$"):
            supplies.find_program(architecture, None)
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "syscost").touch()
        assert supplies.find_program(architecture, None) == (
            tmp_path / folder / "syscost")
    assert supplies.find_program(HERE, tmp_path) == tmp_path


def test_a_busybox_with_libraries_is_none_for_a_guest(
        tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch,
        program: pathlib.Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(shutil, "which", lambda name: (
        str(program) if name == "busybox" else f"/usr/bin/{name}"))
    with pytest.raises(Refused, match="no static busybox for .* --vm"):
        supplies.find_busybox(HERE)
