# SPDX-License-Identifier: MIT
"""A lab machine that is made up: its files, loaders and boots, and its faults.

A world outlives the programs that run in it. Each thing that one does to it is
a step, and a fault happens at a step: the power goes, a command fails or does
nothing, a write is refused. What is lost with the power is what is in memory:
a loaded kernel, which boot it is.
"""

import pathlib
import re
import shlex
import sys
import uuid
from dataclasses import dataclass, field
from typing import Any, Callable, Dict, List, Optional, Tuple

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from lab_files import (GRUB_CFG, KERNEL, RELEASE, USUAL,  # noqa: E402
                       environment_block, values_of)
from booting import systemd_boot  # noqa: E402
from booting.machine import Done  # noqa: E402

# What the kernel does says so when it fails.
NO_COMMANDS = ("write", "remove", "copy", "mkdir", "rmdir", "journal",
               "measure")


class PowerLoss(BaseException):
    """Nobody is there to do anything any more."""


@dataclass
class Fault:
    """What happens at a step, by its number from 1; 0 is never.

    kind: before, middle, after (the power goes there), fails, silent (done
    nothing, and nothing is said), late (done, and said to have failed).
    for_good: the same thing fails so from then on.
    """

    step: int = 0
    kind: str = "before"
    for_good: bool = False


@dataclass
class World:
    """The machine, through all its boots."""

    root: pathlib.Path
    loader: str = "grub"
    fault: Fault = field(default_factory=Fault)
    # What a kernel does when it is booted with a line: ok, panic, or another
    # line that it came up with.
    kernel: Callable[[str, str], str] = lambda image, line: "ok"
    grub_writes: bool = True
    steps: List[str] = field(default_factory=list)
    boots: List[str] = field(default_factory=list)  # command lines
    # What somebody else does at a step.
    at_step: Optional[Tuple[int, Callable[[], None]]] = None
    is_dead: bool = False
    broken: Optional[Tuple[str, str]] = None
    down: Optional[str] = None      # how the machine is to go down
    loaded: Optional[Tuple[str, str]] = None    # by kexec: image, line

    def __post_init__(self) -> None:
        self.put(f"/boot/vmlinuz-{RELEASE}", KERNEL)
        self.put(f"/boot/initrd.img-{RELEASE}", b"initrd")
        self.put("/run/systemd/system/.is", b"")
        self.put("/etc/systemd/system/multi-user.target.wants/ssh.service",
                 b"[Unit]\n")
        self.put("/sys/kernel/kexec_loaded", b"0\n")
        if self.loader == "grub":
            self.put("/boot/grub/grub.cfg", GRUB_CFG.encode())
            self.put("/boot/grub/custom.cfg", b"# mine, without an end")
            self.put("/boot/grub/grubenv", environment_block(
                {"saved_entry": "0"}))
        else:
            self.put("/efi/loader/entries/debian.conf", b"title Debian\n")
            self.put(self.variable(systemd_boot.INFO),
                     self.efi("systemd-boot 252"))
        self.power_on()

    def at(self, path: str) -> pathlib.Path:
        """Where a file lies."""
        return self.root / path.lstrip("/")

    def put(self, path: str, content: bytes) -> None:
        """A file, without a step."""
        self.at(path).parent.mkdir(parents=True, exist_ok=True)
        self.at(path).write_bytes(content)

    def variable(self, name: str) -> str:
        """The file of an EFI variable."""
        return f"{systemd_boot.EFIVARS}/{name}"

    def efi(self, text: str) -> bytes:
        """An EFI variable's content."""
        return bytes(4) + f"{text}\0".encode("utf-16-le")

    def lasting(self) -> Dict[str, bytes]:
        """All that is to be as it was: what loaders and systemd read."""
        tops = ("boot", "efi", "etc", "sys/firmware")
        return {str(path.relative_to(self.root)): (
                    path.read_bytes() if path.is_file() else b"")
                for top in tops for path in sorted(self.at(top).rglob("*"))}

    # Boots.

    @property
    def line(self) -> str:
        """The command line of this boot."""
        return self.boots[-1]

    def power_on(self, image: str = "", line: str = "") -> None:
        """A boot by the firmware and the loader, or of what kexec loaded."""
        self.is_dead, self.down, self.loaded = False, None, None
        self.put("/sys/kernel/kexec_loaded", b"0\n")
        if not line:
            image, line = self.chosen() or ("", USUAL)
        if line != USUAL:
            self.boots.append(line)
            told = self.kernel(image, line)
            if told == "panic":
                return self.power_on()
            line = line if told == "ok" else told
            self.boots.pop()
        self.boots.append(line)
        self.put("/proc/cmdline", f"{line}\n".encode())
        self.put("/proc/sys/kernel/random/boot_id",
                 str(uuid.uuid4()).encode())
        return None

    def go_down(self) -> None:
        """What the machine was asked for, or a cut of its power."""
        loaded = self.loaded if self.down == "kexec" else None
        self.power_on(*(loaded or ()))

    def chosen(self) -> Optional[Tuple[str, str]]:
        """The image and line of the entry that is to be booted once."""
        if self.loader == "grub":
            return self.chosen_by_grub()
        path = self.at(self.variable(systemd_boot.ONCE))
        if not path.exists():
            return None
        name = path.read_bytes()[4:].decode("utf-16-le").rstrip("\0")
        path.unlink()
        entry = self.at(f"/efi/loader/entries/{name}")
        if not entry.exists():
            return None
        keys = dict(row.split(" ", 1)
                    for row in entry.read_text().splitlines())
        assert self.at(f"/efi{keys['initrd']}").read_bytes() == b"initrd"
        return f"/efi{keys['linux']}", keys["options"]

    def chosen_by_grub(self) -> Optional[Tuple[str, str]]:
        """The same as grub.cfg and custom.cfg have it."""
        path = self.at("/boot/grub/grubenv")
        values = values_of(path.read_bytes())
        wanted = values.get("next_entry")
        if not wanted:
            return None
        if self.grub_writes:
            path.write_bytes(environment_block({**values, "next_entry": ""}))
        custom = self.at("/boot/grub/custom.cfg")
        text = custom.read_text() if custom.exists() else ""
        found = re.search(rf"--id {re.escape(wanted)} .*?"
                          r"\tif linux (.*?); then\n", text, re.DOTALL)
        if not found or not self.grub_writes:
            assert found is None or 'if [ "${next_entry}" ]' in text
            return None
        image, *words = shlex.split(found[1])
        return image, f"BOOT_IMAGE={image} {' '.join(words)}"

    # Faults.

    def step(self, name: str, act: Callable[[], Any], failed: Any) -> Any:
        """Do something, or what the fault has of it."""
        if self.is_dead:
            raise PowerLoss
        self.steps.append(name)
        if self.at_step and self.at_step[0] == len(self.steps):
            self.at_step[1]()
        kind = self.kind_at(name)
        if kind == "before":
            self.die()
        if kind == "fails":
            return failed()
        if kind == "silent":
            return Done(0)
        result = act()
        if kind == "after":
            self.die()
        return failed() if kind == "late" else result

    def kind_at(self, name: str) -> str:
        """What is to happen at this step."""
        if self.broken and self.broken[0] == name:
            return self.broken[1]
        if len(self.steps) != self.fault.step:
            return ""
        if self.fault.kind == "silent" and name.split()[0] in NO_COMMANDS:
            return ""
        if self.fault.for_good:
            self.broken = name, self.fault.kind
        return self.fault.kind

    @property
    def is_cut(self) -> bool:
        """Whether the power goes in the middle of this step."""
        return (len(self.steps), "middle") == (self.fault.step,
                                               self.fault.kind)

    def die(self) -> None:
        """The power goes."""
        self.is_dead = True
        raise PowerLoss
