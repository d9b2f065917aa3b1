# SPDX-License-Identifier: MIT
"""A one-time entry of systemd-boot: a file among its entries, chosen by
bootctl set-oneshot, which the loader forgets as it boots it."""

import filecmp
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Dict, List, Optional, Sequence

from booting.changes import (FOLDER, MADE, SYSTEMD_BOOT, Change, Store)
from booting.executor import Attempt, BootFailed, Refused
from booting.kernel_file import Files
from booting.machine import Machine
from booting.next_line import in_one

EFIVARS = "/sys/firmware/efi/efivars"
# systemd.io/BOOT_LOADER_INTERFACE
LOADER_GUID = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
GLOBAL_GUID = "8be4df61-93ca-11d2-aa0d-00e098032b8c"
ONCE = f"LoaderEntryOneShot-{LOADER_GUID}"
INFO = f"LoaderInfo-{LOADER_GUID}"
SECURE = f"SecureBoot-{GLOBAL_GUID}"
EFI_MAGIC = b"MZ"
SPARE_BYTES = 4 << 20   # that stay free on the partition


def variable(machine: Machine, name: str) -> Optional[bytes]:
    """An EFI variable, without its attributes; None where there is none."""
    try:
        found = machine.read(f"{EFIVARS}/{name}")
    except OSError:
        return None
    return found[4:] if found else None


def text_variable(machine: Machine, name: str) -> str:
    """The same of text; "" where there is none."""
    return (variable(machine, name) or b"").decode(
        "utf-16-le", "replace").rstrip("\0")


class SystemdBoot:
    """systemd-boot, as it is installed."""

    name = "systemd-boot"

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def folder(self) -> str:
        """Where its entries and kernels lie. Raises Refused."""
        done = self.machine.run("bootctl", "--print-boot-path")
        path = done.out.strip()
        if done.status or not re.fullmatch(r"/[!-~]+", path):
            raise Refused(f"bootctl --print-boot-path: {done.why}")
        return path.rstrip("/")

    def prepare(self, booted: Sequence[Files]) -> Dict[str, object]:
        """What it is. Raises Refused."""
        for files in booted:
            with open(self.machine.at(files.image), "rb") as image:
                if image.read(2) != EFI_MAGIC:
                    raise Refused(f"{files.image}: systemd-boot starts EFI "
                                  "programs alone: build it with "
                                  "CONFIG_EFI_STUB, uncompressed on arm64")
        entries = f"{self.folder()}/loader/entries"
        if not self.machine.at(entries).is_dir():
            raise Refused(f"{entries}: not there: no entry can be made")
        if variable(self.machine, SECURE) == b"\1":
            raise Refused("Secure Boot is on, and systemd-boot waits for a "
                          "key in front of a kernel that is not signed: "
                          "--executor=kexec, or Secure Boot off")
        return {"loader": self.name}

    def check_free(self) -> None:
        """Refuse where somebody else has chosen an entry."""
        chosen = text_variable(self.machine, ONCE)
        if chosen:
            raise Refused(f"{chosen} is chosen for the next boot: bootctl "
                          "set-oneshot '' takes it back")

    def id_of(self, mark: str) -> str:
        """What the entry is called: by its name the last of all, and so not
        the one that is booted without a choice (Boot Loader Specification,
        "Sorting")."""
        return f"00-syscost-{mark}.conf"

    def arrange(self, attempt: Attempt, files: Files, words: List[str],
                store: Store) -> None:
        """The next boot is the attempt's. Raises BootFailed, OSError."""
        folder, wanted = self.folder(), self.id_of(attempt.mark)
        lines = [f"title syscost boot-matrix {attempt.mark}",
                 f"linux {self.placed(files.image, 'linux', store)}"]
        if files.initrd:
            lines += [f"initrd {self.placed(files.initrd, 'initrd', store)}"]
        path = f"{folder}/loader/entries/{wanted}"
        store.note(Change(MADE, path))
        text = "\n".join([*lines, f"options {in_one(words)}", ""])
        self.machine.write(path, text.encode())
        self.check_default(wanted)
        store.note(Change(SYSTEMD_BOOT, folder))
        done = self.machine.run("bootctl", "set-oneshot", wanted)
        if text_variable(self.machine, ONCE) != wanted:
            raise BootFailed(f"bootctl set-oneshot {wanted}: {done.why}: "
                             "nothing is chosen for the next boot")

    def check_default(self, wanted: str) -> None:
        """Refuse where the entry would be booted without a choice.

        systemd before 251 does not tell; there the name alone has to do.
        """
        done = self.machine.run("bootctl", "list", "--json=short",
                                "--no-pager")
        try:
            listed = json.loads(done.out)
            default = [one["id"] for one in listed if one.get("isDefault")]
        except (ValueError, TypeError, KeyError, AttributeError):
            return
        if wanted in default:
            raise Refused("systemd-boot would boot any new entry by default: "
                          "write default and the usual entry's name to "
                          f"{self.folder()}/loader/loader.conf")

    def placed(self, path: str, kind: str, store: Store) -> str:
        """A file as the loader finds it: copied, if it lies elsewhere."""
        folder = self.folder()
        real = Path(os.path.realpath(self.machine.at(path)))
        base = Path(os.path.realpath(self.machine.at(folder)))
        if base in real.parents:
            return f"/{real.relative_to(base)}"
        with open(real, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        name = f"syscost/{digest[:32]}.{kind}"
        if not self.is_copied(path, f"{folder}/{name}"):
            self.copy(path, f"{folder}/{name}", store)
        return f"/{name}"

    def is_copied(self, source: str, copy: str) -> bool:
        """Whether a copy is there and whole."""
        return self.machine.is_plain(copy) and filecmp.cmp(
            self.machine.at(source), self.machine.at(copy), shallow=False)

    def copy(self, source: str, copy: str, store: Store) -> None:
        """Bring a file to the loader's partition, if it has room."""
        folder = copy.rsplit("/", 1)[0]
        store.note(Change(FOLDER, folder))
        self.machine.make_folder(folder)
        room = os.statvfs(self.machine.at(folder))
        size = os.stat(self.machine.at(source)).st_size
        if size + SPARE_BYTES > room.f_bavail * room.f_frsize:
            raise BootFailed(f"{source}: no room for its {size} bytes on "
                             "the loader's partition")
        store.note(Change(MADE, copy))
        self.machine.copy(source, copy)


def unchoose(machine: Machine, _: Change) -> None:
    """No entry of ours is chosen for the next boot."""
    chosen = text_variable(machine, ONCE)
    if not chosen.startswith("00-syscost-"):
        return
    done = machine.run("bootctl", "set-oneshot", "")
    if text_variable(machine, ONCE) == chosen:
        raise Refused(f"bootctl set-oneshot '': {done.why}: {chosen} is "
                      "still chosen for the next boot")
