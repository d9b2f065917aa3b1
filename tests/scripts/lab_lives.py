# SPDX-License-Identifier: MIT
"""A plan on a made-up lab machine, from its first start to its last boot."""

import contextlib
import json
import os
import pathlib
import shutil
from argparse import Namespace
from typing import Any, Callable, Dict, Iterator, List, Optional

import booted
from lab_files import MACHINE, USUAL
from lab_machines import Lab
from lab_worlds import PowerLoss, World
from booting import folder, journal, measuring, onward, order, read_plan
from booting.executor import Attempt, Leaving, Refused
from booting.kexec import Kexecing
from booting.matrix import STOP, Matrix, Stopped
from booting.next_line import mark_of
from booting.options import Options
from booting.real import RealMachine, Way
from booting.reboot import Rebooting
from booting.screen import Screen

WAYS: Dict[str, Callable[[Lab], Way]] = {
    "reboot": Rebooting, "kexec": Kexecing}
PLACE = pathlib.Path("/var/lib/m")  # the matrix, as the machine names it
PLAN = """
name = "kpti"
boots = 1
[kernels.usual]
image = "host"
[[arms]]
name = "off"
cmdline = "pti=off"
[[arms]]
name = "on"
cmdline = "pti=on"
"""
MACHINES = {"grub": ("grub", "reboot"),
            "systemd-boot": ("systemd-boot", "reboot"),
            "kexec": ("grub", "kexec")}
save = journal.Journal.save
STARTS_MOST = 12    # by hand, after power cuts and refusals
BOOTS_MOST = 60


class Life:
    """All that happens to a machine because of one plan."""

    def __init__(self, world: World, way: str = "reboot", plan: str = PLAN
                 ) -> None:
        self.world, self.way = world, way
        self.read = read_plan.parse(plan.encode(), pathlib.Path("p"),
                                    pathlib.Path("/"))
        self.folder = world.at(str(PLACE))
        self.before = world.lasting()
        self.said: List[str] = []
        self.measured: List[str] = []       # marks
        self.ends: List[str] = []           # how each start ended
        self.forgives = False       # starts are with --retry-failed

    def executor(self) -> RealMachine:
        """Another one, as a new program has."""
        lab = Lab(self.world)
        # Which program measures is of no matter: see measure.
        options = Options(pathlib.Path("/bin/true"), False, self.said.append)
        return RealMachine(self.read.plan, PLACE, options, lab,
                           WAYS[self.way](lab))

    def journal(self) -> journal.Journal:
        """The matrix, begun or taken up."""
        if not (self.folder / journal.NAME).exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            head = folder.new_head(self.read, Namespace(
                executor=self.way, program=None, anonymous=False))
            return journal.Journal(self.folder, head,
                                   folder.slots_of(self.read.plan))
        found = journal.load(self.folder, journal.head_of(self.folder),
                             order.make(self.read.plan))
        for slot in found.slots if self.forgives else []:
            slot.forgive()
        return found

    def measure(self, machine: Lab, attempt: Attempt, *_: Any) -> None:
        """In place of syscost, in the boot that is."""
        told = booted.environment(
            self.world.line, machine.boot_id, release=machine.release,
            pti="on" if "pti=on" in self.world.line else "off")
        self.world.step("measure", lambda: None, lambda: None)
        (attempt.folder / "environment.json").write_text(json.dumps(told))
        booted.write_run(attempt.folder / "run", told)
        self.measured.append(attempt.mark)

    def start(self) -> str:
        """A program, from its start to its end, whatever that is."""
        matrix = Matrix(self.journal(), self.executor(), Screen())
        try:
            matrix.go()
            return "done"
        except Leaving:
            return "left"
        except PowerLoss:
            return "dark"
        except Stopped:
            return "stopped"
        except Refused as problem:
            self.said.append(str(problem))
            return "refused"
        except OSError as problem:
            self.said.append(str(problem))
            return "broken"

    def go(self, starts: int = STARTS_MOST) -> None:
        """Until nothing happens any more, and nobody starts it again."""
        for _ in range(starts):
            self.ends.append(self.start())
            self.follow()
            if self.ends[-1] in ("done", "stopped") and self.is_usual:
                break
        if self.world.line != USUAL and self.ends[-1] != "left":
            assert "usual" in self.said[-1]
            self.world.power_on()       # as it was told

    def follow(self) -> None:
        """The boots that come of it, and what the unit starts in them."""
        with in_unit():
            while self.world.is_dead or self.world.down:
                assert len(self.world.boots) < BOOTS_MOST
                self.world.go_down()
                if not self.has_unit:
                    return
                self.ends.append(self.start())

    def cut_power(self) -> None:
        """Somebody pulls the plug, and puts it in again."""
        self.world.is_dead = True
        self.follow()

    @property
    def has_unit(self) -> bool:
        """Whether systemd starts it."""
        return all(os.path.lexists(self.world.at(path))
                   for path in (onward.PATH, onward.LINK))

    @property
    def is_usual(self) -> bool:
        """Whether nothing on the machine tells of us."""
        return (self.world.lasting() == self.before and
                not self.world.loaded and
                not (self.folder / "executor/changes.json").exists())

    def attempts(self) -> List[Dict[str, Any]]:
        """All attempts as they are on the disk."""
        found = json.loads((self.folder / journal.NAME).read_text())
        return [one for slot in found["slots"] for one in slot["attempts"]]

    def states(self) -> List[str]:
        """What became of each."""
        return [one["state"] for one in self.attempts()]

    def reasons(self) -> List[Optional[str]]:
        """Why those that came to nothing did."""
        return [one["reason"] for one in self.attempts() if one["reason"]]

    def kept(self) -> List[str]:
        """The marks of the runs that there are, taken or not."""
        found = [json.loads(path.read_text())["environment"]["kernel"]
                 for path in self.folder.glob("boots/*/**/run/run.json")]
        return [str(mark_of(one["cmdline"])) for one in found]

    def stop(self) -> None:
        """As boot-matrix --stop does it."""
        (self.folder / STOP).touch()


@contextlib.contextmanager
def in_unit() -> Iterator[None]:
    """What the unit's environment has."""
    os.environ[onward.IN_UNIT] = "1"
    try:
        yield
    finally:
        del os.environ[onward.IN_UNIT]


def quickly(monkeypatch: Any, life: Optional[Life] = None) -> None:
    """Nothing waits for a disk, and a life measures as it does."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    if life is not None:
        monkeypatch.setattr(measuring, "measure", life.measure)


def machine_in(place: pathlib.Path, loader: str = "grub", **more: Any
               ) -> World:
    """A new one."""
    return World(place / MACHINE, loader, **more)


def life_of(place: pathlib.Path, name: str, monkeypatch: Any,
            plan: str = PLAN, **more: Any) -> Life:
    """A plan on a machine; writing the journal is a step, too."""
    loader, way = MACHINES[name]
    shutil.rmtree(place / MACHINE, ignore_errors=True)
    life = Life(machine_in(place, loader, **more), way, plan)
    quickly(monkeypatch, life)
    monkeypatch.setattr(journal.Journal, "save", lambda self: (
        life.world.step("journal", lambda: save(self), lambda: save(self))))
    return life


def check(life: Life) -> None:
    """What holds whatever happened."""
    assert life.is_usual
    assert life.world.line == USUAL
    assert set(life.measured) <= set(life.kept())
    attempts = life.attempts()
    assert all(one["reason"] for one in attempts
               if one["state"] in ("failed", "interrupted"))
    assert not {"begun", "verified"} & {one["state"] for one in attempts}
