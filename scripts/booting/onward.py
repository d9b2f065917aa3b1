# SPDX-License-Identifier: MIT
"""The systemd unit that goes on with a plan after each boot."""

import re
from pathlib import Path
from typing import List, Sequence

from booting.changes import UNIT, Change, Store
from booting.executor import BootFailed, Refused
from booting.machine import Machine

NAME = "syscost-boot-matrix.service"
FOLDER = "/etc/systemd/system"
PATH = f"{FOLDER}/{NAME}"
LINK = f"{FOLDER}/multi-user.target.wants/{NAME}"
IN_UNIT = "SYSCOST_BOOT_MATRIX"     # is set in the environment it starts in
LOG = "boot-matrix.log"
PLAIN = re.compile(r"[^\x00-\x1f\x7f]+")


def specified(text: str) -> str:
    """As it stands where systemd replaces %: systemd.unit(5)."""
    return text.replace("%", "%%")


def quoted(word: str) -> str:
    """A word of a list, systemd.syntax(7)."""
    for one in "\\", '"':
        word = word.replace(one, f"\\{one}")
    return f'"{specified(word)}"'


def argument(word: str) -> str:
    """A word of ExecStart, where $ is replaced too: systemd.service(5)."""
    return quoted(word).replace("$", "$$")


def text_of(words: Sequence[str], folder: Path, limit_s: int) -> str:
    """The unit; words: the command, its first an absolute path."""
    needed = [*(word for word in words if word.startswith("/")), str(folder)]
    return f"""\
# Made by scripts/boot-matrix, which removes it at the end of its plan.
[Unit]
Description=syscost boot-matrix goes on with {specified(str(folder))}
After=multi-user.target graphical.target
RequiresMountsFor={" ".join(map(quoted, needed))}

[Service]
Type=simple
Environment={IN_UNIT}=1 PYTHONUNBUFFERED=1
ExecStart={" ".join(map(argument, words))}
RuntimeMaxSec={2 * limit_s + 1800}
TimeoutStopSec=300
StandardOutput=append:{specified(f"{folder}/{LOG}")}
StandardError=inherit

[Install]
WantedBy=multi-user.target
"""


def check_words(words: Sequence[str], folder: Path) -> None:
    """Refuse what a unit cannot say."""
    bad = next((word for word in (*words, str(folder))
                if not PLAIN.fullmatch(word)), None)
    if bad is not None:
        raise Refused(f"{bad!r}: a systemd unit cannot name that: choose "
                      "another path")
    if "$" in words[0]:
        raise Refused(f"{words[0]}: systemd starts no program of that path")


class Onward:
    """It, on a machine."""

    def __init__(self, machine: Machine, words: List[str], folder: Path,
                 limit_s: int) -> None:
        self.machine = machine
        self.words, self.folder = words, folder
        self.content = text_of(words, folder, limit_s).encode()

    def prepare(self) -> None:
        """Refuse where it would not work, or another plan has its own."""
        check_words(self.words, self.folder)
        if not self.machine.is_there("/run/systemd/system"):
            raise Refused("this machine was not started by systemd, which "
                          "is to go on with the plan after a boot")
        found = self.machine.read(PATH)
        if found is not None and found != self.content:
            raise Refused(f"{PATH}: another plan is under way (its "
                          "description says which): go on with it, or stop "
                          "it, or remove the unit")

    def install(self, store: Store) -> None:
        """From now on it is started in each boot."""
        if self.is_installed:
            return
        store.note(Change(UNIT, PATH))
        self.machine.write(PATH, self.content)
        done = self.machine.run("systemctl", "enable", NAME)
        if not self.is_installed:
            raise BootFailed(f"systemctl enable {NAME}: {done.why}: nobody "
                             "would go on after the boot")

    @property
    def is_installed(self) -> bool:
        """Whether systemd will start it."""
        return (self.machine.read(PATH) == self.content and
                self.machine.is_there(LINK))


def remove(machine: Machine) -> None:
    """It is not started any more."""
    if machine.is_there(LINK):
        machine.run("systemctl", "disable", NAME)
    machine.remove(LINK)
    if machine.is_there(PATH):
        machine.remove(PATH)
        machine.run("systemctl", "daemon-reload")
