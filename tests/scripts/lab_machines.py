# SPDX-License-Identifier: MIT
"""A made-up lab machine as programs have it: its files and its commands."""

import json
import re
from typing import Callable, Optional

from lab_files import RELEASE, UUID, environment_block, values_of
from lab_worlds import World
from booting import onward, systemd_boot
from booting.machine import Done, Machine, unfinished


def shown(path: str) -> str:
    """A path without what differs from boot to boot."""
    return re.sub(r"[0-9a-f]{16,}", "*", path)


def refused(path: str) -> Callable[[], None]:
    """A write that the file system does not take."""
    def fail() -> None:
        raise OSError(30, "Read-only file system", path)
    return fail


class Lab(Machine):
    """The machine as programs have it."""

    is_roots, release, architecture = True, RELEASE, "x86_64"

    def __init__(self, world: World) -> None:
        self.world, self.root = world, world.root

    def has(self, command: str) -> bool:
        return command == "kexec"

    def rest(self, seconds: float) -> None:
        pass

    def write(self, path: str, content: bytes) -> None:
        self.world.step(f"write {shown(path)}",
                        lambda: self.written(path, content), refused(path))

    def written(self, path: str, content: bytes) -> None:
        """With the power gone in the middle, half of it beside it."""
        if self.world.is_cut:
            unfinished(self.at(path)).write_bytes(content[:9])
            self.world.die()
        super().write(path, content)

    def copy(self, source: str, path: str) -> None:
        def act() -> None:
            if self.world.is_cut:
                self.at(path).write_bytes(b"MZ")
                self.world.die()
            super(Lab, self).copy(source, path)
        self.world.step("copy", act, refused(path))

    def remove(self, path: str) -> None:
        self.world.step(f"remove {shown(path)}",
                        lambda: super(Lab, self).remove(path), refused(path))

    def make_folder(self, path: str) -> None:
        self.world.step(f"mkdir {shown(path)}",
                        lambda: super(Lab, self).make_folder(path),
                        refused(path))

    def remove_folder(self, path: str) -> None:
        self.world.step(f"rmdir {shown(path)}",
                        lambda: super(Lab, self).remove_folder(path),
                        refused(path))

    def run(self, *words: str) -> Done:
        way = getattr(self, words[0].replace("-", "_"))
        name = " ".join(words[:2] if words[0] != "grub-editenv"
                        else (words[0], words[2]))
        done: Done = self.world.step(
            name, lambda: way(*words[1:]) or Done(0),
            lambda: Done(1, err=f"{words[0]}: error: it did not work"))
        return done

    def ask_to_go_down(self, *words: str) -> Done:
        return self.run(*words)

    def at_end(self, last: Callable[[], None]) -> None:
        last()

    # The commands.

    def stat(self, *_: str) -> Done:
        return Done(0, "ext2/ext3\n")

    def journalctl(self, *_: str) -> Done:
        return Done(1, "", "no journal")

    def dmesg(self) -> Done:
        return Done(0, "[    0.0] Linux version\n")

    def systemctl(self, verb: str, *names: str) -> Optional[Done]:
        link = self.at(onward.LINK)
        if verb == "enable" and self.at(onward.PATH).exists():
            link.symlink_to(onward.PATH)
        elif verb == "disable":
            link.unlink()
        elif verb in ("reboot", "kexec"):
            self.world.down = verb
        elif verb == "is-system-running":
            return Done(1, "stopping\n" if self.world.down else "running\n")
        return None

    def grub_probe(self, target: str, path: str) -> Done:
        told = {"fs_uuid": UUID, "partmap": "gpt", "fs": "ext2"}
        return Done(0, told.get(target.split("=")[1], "") + "\n")

    def grub_mkrelpath(self, path: str) -> Done:
        return Done(0, f"{path}\n")

    def grub_editenv(self, path: str, verb: str, *words: str) -> Done:
        file = self.at(path)
        values = values_of(file.read_bytes())
        if verb == "list":
            return Done(0, "".join(f"{key}={value}\n"
                                   for key, value in values.items()))
        for word in words:
            key, _, value = word.partition("=")
            values.pop(key, None)
            if verb == "set":
                values[key] = value
        file.write_bytes(environment_block(values))
        return Done(0)

    def grub_reboot(self, entry: str) -> Done:
        return self.grub_editenv("/boot/grub/grubenv", "set",
                                 f"next_entry={entry}")

    def bootctl(self, verb: str, *words: str) -> Optional[Done]:
        once = self.world.variable(systemd_boot.ONCE)
        if verb == "--print-boot-path":
            return Done(0, "/efi\n")
        if verb == "list":
            names = sorted(path.name for path in
                           self.at("/efi/loader/entries").glob("*.conf"))
            return Done(0, json.dumps(
                [{"id": name, "isDefault": name == names[-1]}
                 for name in names]))
        if words[0]:
            self.world.put(once, self.world.efi(words[0]))
        else:
            self.at(once).unlink(missing_ok=True)
        return None

    def kexec(self, verb: str, *words: str) -> None:
        self.world.loaded = None if verb == "-u" else (
            words[0], words[-1].partition("=")[2])
        self.world.put("/sys/kernel/kexec_loaded",
                       b"0\n" if verb == "-u" else b"1\n")
