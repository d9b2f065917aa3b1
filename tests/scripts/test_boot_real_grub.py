# SPDX-License-Identifier: MIT
"""booting.grub: what is written for GRUB, and taken out again."""

import pathlib
import shutil
import subprocess
from typing import Any, List, Optional, Tuple

import pytest

from lab_files import GRUB_CFG, RELEASE, UUID
from lab_lives import Life, machine_in, quickly
from lab_machines import Lab
from lab_worlds import World
from booting import grub
from booting.changes import PART, Change, Store, encoded
from booting.executor import Attempt, Refused
from booting.grub import Grub
from booting.kernel_file import Files

FILES = Files(f"/boot/vmlinuz-{RELEASE}", f"/boot/initrd.img-{RELEASE}")
CUSTOM = "/boot/grub/custom.cfg"
T = "\t"


@pytest.fixture(autouse=True)
def files(monkeypatch: Any) -> None:
    """Files of a test need not be on the disk."""
    quickly(monkeypatch)


@pytest.fixture
def world(tmp_path: pathlib.Path) -> World:
    return machine_in(tmp_path)


@pytest.fixture
def attempt(world: World) -> Attempt:
    life = Life(world)
    return Attempt(1, 1, life.read.plan.arms[0], life.folder, "00ff")


def part_of(world: World, attempt: Attempt, words: List[str],
            files: Files = FILES) -> str:
    """What custom.cfg gets."""
    return Grub(Lab(world), "/boot/grub").part(attempt, files, words)


WORDS = ["root=UUID=5ca1", "a=$b", "c={d}", "e=;f", "dyndbg=file a +p", "-",
         "--", "<g|h&i>", "#j", "%k*"]


def test_the_entry(world: World, attempt: Attempt) -> None:
    assert part_of(world, attempt, ["ro", "a=$b"]) == f"""\
### BEGIN syscost boot-matrix: it takes this out again ###
load_env next_entry
if [ "${{next_entry}}" ]; then
{T}set default="0"
fi
menuentry 'syscost boot-matrix 00ff' --id syscost-00ff --unrestricted {{
{T}insmod 'part_gpt'
{T}insmod 'ext2'
{T}search --no-floppy --fs-uuid --set=root {UUID}
{T}if linux '{FILES.image}' 'ro' 'a=$b'; then
{T}{T}insmod 'part_gpt'
{T}{T}insmod 'ext2'
{T}{T}search --no-floppy --fs-uuid --set=root {UUID}
{T}{T}if initrd '{FILES.initrd}'; then
{T}{T}{T}set syscost=loaded
{T}{T}else
{T}{T}{T}reboot
{T}{T}fi
{T}else
{T}{T}reboot
{T}fi
}}
### END syscost boot-matrix ###
"""


@pytest.mark.skipif(not shutil.which("grub-script-check"),
                    reason="no grub-script-check")
@pytest.mark.parametrize("initrd", [FILES.initrd, None])
def test_grub_takes_it(world: World, attempt: Attempt,
                       initrd: Optional[str]) -> None:
    text = part_of(world, attempt, WORDS, Files(FILES.image, initrd))
    subprocess.run(["grub-script-check"], input=text, text=True, check=True)


@pytest.mark.parametrize("path", ["/boot/it's", "/boot/a\nb", "/boot/\x1b"])
def test_a_path_that_grub_cannot_be_told(world: World, attempt: Attempt,
                                         path: str) -> None:
    with pytest.raises(Refused, match="cannot be told"):
        part_of(world, attempt, [], Files(path, None))


BEFORE = [None, b"", b"\n", b"# a\n", b"# no end", b"\xff\x00\r\n",
          b"### END syscost boot-matrix ###\n"]


def rounds(world: World, attempt: Attempt, before: Optional[bytes],
           store: Store) -> Change:
    """Two attempts' entries; what was noted of the file."""
    if before is None:
        world.at(CUSTOM).unlink()
    else:
        world.put(CUSTOM, before)
    store.begin("", "")
    for mark in ("0a", "0b"):
        one = Attempt(1, 1, attempt.arm, attempt.folder, mark)
        Grub(store.machine, "/boot/grub").arrange(one, FILES, ["ro"], store)
    assert store.now
    [change] = [one for one in store.now.done if one.kind == PART]
    return change


@pytest.fixture
def store(world: World) -> Store:
    world.at("/m").mkdir()
    return Store(Lab(world), pathlib.Path("/m/executor"))


def now(world: World) -> Optional[bytes]:
    """What the file holds."""
    path = world.at(CUSTOM)
    return path.read_bytes() if path.exists() else None


@pytest.mark.parametrize("before", BEFORE)
def test_the_file_is_as_it_was_again(world: World, attempt: Attempt,
                                     store: Store, before: Optional[bytes]
                                     ) -> None:
    change = rounds(world, attempt, before, store)
    text = now(world) or b""
    assert text.startswith(before or b"")
    assert text.count(b"menuentry") == 1 and b"syscost-0b" in text
    grub.cut(store.machine, change)
    assert now(world) == before
    grub.cut(store.machine, change)
    assert now(world) == before


@pytest.mark.parametrize("before", BEFORE)
def test_what_others_wrote_meanwhile_stays(world: World, attempt: Attempt,
                                           store: Store,
                                           before: Optional[bytes]) -> None:
    change = rounds(world, attempt, before, store)
    text = now(world) or b""
    world.put(CUSTOM, b"# before\n" + text + b"# behind\n")
    grub.cut(store.machine, change)
    left = now(world) or b""
    assert left.startswith(b"# before\n") and left.endswith(b"# behind\n")
    assert b"menuentry" not in left
    assert (before or b"") in left


def test_a_file_that_others_removed_stays_away(world: World,
                                               attempt: Attempt, store: Store
                                               ) -> None:
    change = rounds(world, attempt, b"# a\n", store)
    world.at(CUSTOM).unlink()
    grub.cut(store.machine, change)
    assert now(world) is None


def test_the_files_mode_stays(world: World, attempt: Attempt, store: Store
                              ) -> None:
    world.at(CUSTOM).chmod(0o640)
    change = rounds(world, attempt, b"# a\n", store)
    grub.cut(store.machine, change)
    assert world.at(CUSTOM).stat().st_mode & 0o777 == 0o640


REFUSED: List[Tuple[str, str, str]] = [
    ("save_env next_entry", "# no", "boots no entry just once"),
    ("else\n   set", "elif cmostest 1:2; then\n   set",
     "boots no entry just once"),
    ("source ${config_directory}/custom.cfg\nelif", "true\nelif", ""),
    ("custom.cfg", "other.cfg", "does not read custom.cfg")]


@pytest.mark.parametrize("old, new, told", REFUSED)
def test_what_grub_cfg_has_to_have(world: World, old: str, new: str,
                                   told: str) -> None:
    assert old in GRUB_CFG
    world.put("/boot/grub/grub.cfg", GRUB_CFG.replace(old, new).encode())
    one = Grub(Lab(world), "/boot/grub")
    if not told:
        assert one.usual() == "0"
        return
    with pytest.raises(Refused, match=told):
        one.prepare([])


@pytest.mark.parametrize("target, said", [
    ("abstraction", "lvm"), ("abstraction", "diskfilter mdraid1x"),
    ("abstraction", "cryptodisk luks"), ("fs", "btrfs"), ("fs", "zfs")])
def test_where_grub_cannot_write(world: World, monkeypatch: Any, target: str,
                                 said: str) -> None:
    lab, usual = Lab(world), Lab.grub_probe
    monkeypatch.setattr(lab, "grub_probe", lambda asked, path: (
        grub_says(said) if asked == f"--target={target}"
        else usual(lab, asked, path)))
    with pytest.raises(Refused, match="for ever"):
        Grub(lab, "/boot/grub").prepare([])


def grub_says(text: str) -> Any:
    """A command's answer."""
    return Lab.stat(None)._replace(out=f"{text}\n")  # type: ignore[arg-type]


def test_an_entry_that_somebody_chose_is_left(world: World) -> None:
    lab = Lab(world)
    lab.grub_reboot("memtest")
    with pytest.raises(Refused, match="memtest is chosen"):
        Grub(lab, "/boot/grub").check_free()
    grub.unchoose(lab, Change("grub", "/boot/grub/grubenv", None))
    assert Grub(lab, "/boot/grub").next_entry == "memtest"


@pytest.mark.parametrize("before", [None, b""])
def test_the_choice_is_as_it_was(world: World, before: Optional[bytes]
                                 ) -> None:
    lab = Lab(world)
    if before == b"":
        lab.grub_reboot("")
    block = world.at("/boot/grub/grubenv").read_bytes()
    lab.grub_reboot("syscost-00ff")
    grub.unchoose(lab, Change("grub", "/boot/grub/grubenv", encoded(before)))
    assert world.at("/boot/grub/grubenv").read_bytes() == block


@pytest.mark.parametrize("content", [b"", b"x" * 1023, None])
def test_a_block_that_is_none(world: World, content: Optional[bytes]) -> None:
    path = world.at("/boot/grub/grubenv")
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Refused, match="environment block"):
        Grub(Lab(world), "/boot/grub").prepare([])


def test_a_link_in_place_of_custom_cfg(world: World) -> None:
    world.at(CUSTOM).unlink()
    world.at(CUSTOM).symlink_to("/etc/passwd")
    with pytest.raises(Refused, match="not a file of its own"):
        Grub(Lab(world), "/boot/grub").prepare([])
