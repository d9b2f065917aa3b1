# SPDX-License-Identifier: MIT
"""A one-time entry of GRUB: in custom.cfg, chosen by grub-reboot.

GRUB clears the choice before it boots the entry. Where it cannot write its
environment block the entry would be booted for ever (the manual's
"Environment block"), so such machines are refused, and the entry itself looks
once more whether the choice is gone.
"""

import re
from typing import Dict, List, Optional, Sequence

from booting.changes import GRUB, PART, Change, Store, decoded, encoded
from booting.executor import Attempt, BootFailed, Refused
from booting.kernel_file import Files
from booting.machine import Machine

FOLDERS = {"/boot/grub": "grub", "/boot/grub2": "grub2"}
# As grub-mkconfig writes it (util/grub.d/00_header.in, 41_custom.in).
ONE_TIME = re.compile(
    r'if \[ "\$\{next_entry\}" \] ; then\s+'
    r'set default="\$\{next_entry\}"\s+set next_entry=\s+'
    r'save_env next_entry\s+set boot_once=true\s+'
    r'else\s+set default="([^"\n]*)"\s+fi\n')
CUSTOM = re.compile(r"^\s*source \$\{?(config_directory|prefix)\}?/"
                    r"custom\.cfg$", re.MULTILINE)
# What GRUB cannot write to: check_writable in 00_header.in, and RAID.
UNWRITABLE_ON = ("diskfilter", "lvm", "mdraid", "cryptodisk", "raid")
UNWRITABLE_FS = ("btrfs", "cpiofs", "newc", "odc", "romfs", "squash4",
                 "tarfs", "zfs")
BEGIN = "### BEGIN syscost boot-matrix: it takes this out again ###"
END = "### END syscost boot-matrix ###"
PART_OF = re.compile(rb"^### BEGIN syscost boot-matrix[^\n]*\n.*?"
                     rb"^### END syscost boot-matrix ###\n",
                     re.MULTILINE | re.DOTALL)
ENVIRONMENT_BYTES = 1024
PREFIX = "syscost-"     # of what entries are called


def quoted(text: str) -> str:
    """A word that GRUB takes as it is. Raises Refused."""
    if "'" in text or not text.isprintable():
        raise Refused(f"{text!r}: GRUB cannot be told that path")
    return f"'{text}'"


def without_part(content: bytes) -> bytes:
    """custom.cfg without what is ours."""
    return PART_OF.sub(b"", content)


def with_part(before: Optional[bytes], part: str) -> bytes:
    """custom.cfg with an entry behind what others wrote there."""
    text = before or b""
    glue = b"" if not text or text.endswith(b"\n") else b"\n"
    return text + glue + part.encode()


class Place:
    """A file as GRUB finds it."""

    def __init__(self, grub: "Grub", path: str) -> None:
        self.path = grub.asked("mkrelpath", path)
        self.uuid = grub.asked("probe", "--target=fs_uuid", path)
        self.modules = [
            f"part_{one}" if kind == "partmap" else one
            for kind in ("partmap", "abstraction", "fs")
            for one in grub.asked("probe", f"--target={kind}", path).split()]
        if "cryptodisk" in self.modules:
            raise Refused(f"{path}: encrypted: GRUB would ask for a "
                          "passphrase at each boot")
        if not re.fullmatch(r"[0-9A-Fa-f-]+", self.uuid):
            raise Refused(f"{path}: GRUB knows no name of its file system")

    @property
    def lines(self) -> List[str]:
        """Make its file system the one that is read from."""
        return [*(f"insmod {quoted(one)}" for one in self.modules),
                f"search --no-floppy --fs-uuid --set=root {self.uuid}"]


class Grub:
    """GRUB, as it is installed."""

    name = "grub"

    def __init__(self, machine: Machine, folder: str) -> None:
        self.machine = machine
        self.folder = folder
        self.tool = FOLDERS[folder]
        self.custom = f"{folder}/custom.cfg"
        self.environment = f"{folder}/grubenv"

    def asked(self, command: str, *words: str) -> str:
        """What one of GRUB's commands says. Raises Refused."""
        done = self.machine.run(f"{self.tool}-{command}", *words)
        if done.status:
            raise Refused(f"{self.tool}-{command} {' '.join(words)}: "
                          f"{done.why}")
        return done.out.strip()

    @property
    def next_entry(self) -> Optional[str]:
        """What is chosen for the next boot; None where nothing is set."""
        for line in self.machine.text(self.environment).splitlines():
            key, is_set, value = line.partition("=")
            if key == "next_entry" and is_set:
                return value
        return None

    def usual(self) -> str:
        """What grub.cfg boots by default. Raises Refused."""
        text = self.machine.text(f"{self.folder}/grub.cfg")
        found = ONE_TIME.search(text)
        if found is None:
            raise Refused(f"{self.folder}/grub.cfg boots no entry just once "
                          "as grub-mkconfig writes it: make it anew with "
                          f"{self.tool}-mkconfig")
        if not CUSTOM.search(text):
            raise Refused(f"{self.folder}/grub.cfg does not read custom.cfg: "
                          "is /etc/grub.d/41_custom executable?")
        return found[1]

    def prepare(self, booted: Sequence[Files]) -> Dict[str, object]:
        """What it is. Raises Refused."""
        for files in booted:
            Place(self, files.image)
        self.usual()
        kinds = self.asked("probe", "--target=abstraction", self.folder)
        system = self.asked("probe", "--target=fs", self.folder)
        if system in UNWRITABLE_FS or any(
                kind in kinds for kind in UNWRITABLE_ON):
            raise Refused(f"GRUB cannot write to {self.folder} ({system} "
                          f"{kinds}): an entry would be booted for ever; "
                          "--executor=kexec needs no entry")
        found = self.machine.read(self.environment)
        if found is None or len(found) != ENVIRONMENT_BYTES:
            raise Refused(f"{self.environment}: not GRUB's environment "
                          f"block: {self.tool}-editenv "
                          f"{self.environment} create makes it")
        if self.machine.is_there(self.custom) and not (
                self.machine.is_plain(self.custom)):
            raise Refused(f"{self.custom}: not a file of its own")
        return {"loader": self.name}

    def check_free(self) -> None:
        """Refuse where somebody else has chosen an entry."""
        if self.next_entry:
            raise Refused(f"{self.environment}: {self.next_entry} is chosen "
                          f"for the next boot: {self.tool}-editenv "
                          f"{self.environment} unset next_entry")

    def part(self, attempt: Attempt, files: Files, words: List[str]) -> str:
        """What custom.cfg gets: an entry that can be booted once.

        A file that cannot be loaded is no reason to wait for a key: booted
        anew, the machine takes its usual entry, as the choice is gone.
        """
        image = Place(self, files.image)
        loading = [f"if linux {quoted(image.path)} "
                   f"{' '.join(map(quoted, words))}; then"]
        if files.initrd:
            initrd = Place(self, files.initrd)
            loading += [f"\t{line}" for line in initrd.lines] + [
                f"\tif initrd {quoted(initrd.path)}; then",
                "\t\tset syscost=loaded", "\telse", "\t\treboot", "\tfi"]
        else:
            loading += ["\tset syscost=loaded"]
        entry = [*image.lines, *loading, "else", "\treboot", "fi"]
        return "\n".join([
            BEGIN, "load_env next_entry", 'if [ "${next_entry}" ]; then',
            f'\tset default="{self.usual()}"', "fi",
            f"menuentry 'syscost boot-matrix {attempt.mark}' "
            f"--id {self.id_of(attempt.mark)} --unrestricted {{",
            *(f"\t{line}" for line in entry), "}", END, ""])

    def id_of(self, mark: str) -> str:
        """What the entry is called."""
        return f"{PREFIX}{mark}"

    def arrange(self, attempt: Attempt, files: Files, words: List[str],
                store: Store) -> None:
        """The next boot is the attempt's. Raises BootFailed, OSError."""
        part = self.part(attempt, files, words)
        found = self.machine.read(self.custom)
        before = None if found is None else without_part(found)
        store.note(Change(PART, self.custom, encoded(before)))
        self.machine.write(self.custom, with_part(before, part))
        before_entry = self.next_entry
        store.note(Change(GRUB, self.environment, encoded(
            None if before_entry is None else b"")))
        wanted = self.id_of(attempt.mark)
        done = self.machine.run(f"{self.tool}-reboot", wanted)
        if self.next_entry != wanted:
            raise BootFailed(f"{self.tool}-reboot {wanted}: {done.why}: "
                             "nothing is chosen for the next boot")


def cut(machine: Machine, change: Change) -> None:
    """custom.cfg as it was, but for what others wrote there meanwhile."""
    machine.sweep(change.path)
    before, now = decoded(change.before), machine.read(change.path)
    if now is None or now == before:
        return
    left = without_part(now)
    if left in (before or b"", with_part(before, "")):
        if before is None:
            machine.remove(change.path)
        else:
            machine.write(change.path, before)
    elif left != now:
        machine.write(change.path, left)


def unchoose(machine: Machine, change: Change) -> None:
    """No entry of ours is chosen for the next boot."""
    grub = Grub(machine, change.path.rsplit("/", 1)[0])
    before = None if change.before is None else ""
    now = grub.next_entry
    if now == before or (now and not now.startswith(PREFIX)):
        return
    words = ("unset", "next_entry") if before is None else (
        "set", "next_entry=")
    told = machine.run(f"{grub.tool}-editenv", change.path, *words)
    if grub.next_entry != before:
        raise Refused(f"{change.path}: next_entry is still {now}: "
                      f"{grub.tool}-editenv: {told.why}")
