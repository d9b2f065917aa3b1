# SPDX-License-Identifier: MIT
"""What boots return, made up and small; and an executor that follows orders.

Standard library only: a program that is killed over and over is to start
quickly.
"""

import json
import pathlib
import shutil
import signal
import sys
import time
import uuid
from typing import Any, Callable, Dict, List, Mapping, Sequence

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from booting.executor import (Attempt, BootFailed, Interrupted,  # noqa: E402
                              Leaving, Refused)
from booting.options import Options  # noqa: E402
from booting.plan import Plan  # noqa: E402

RELEASE = "6.1.0-56-cloud-amd64"
ROUNDS, NAMES = 2, ("baseline/call", "getppid/inline")
HEADER = ("launch,arm,block,seq,benchmark,calls,ticks,ns_per_call,cpu_ns,cpu,"
          "migrated,nivcsw,minflt,dirty,probe_before_ticks,"
          "probe_after_ticks,chain_before_ticks,chain_after_ticks")
KERNELS = '[kernels.debian]\nimage = "debian:cloud-amd64"\n'
PLAN = f"""
name = "kpti"
boots = 2
{KERNELS}
[[arms]]
name = "off"
cmdline = "pti=off"
expect = {{ pti = "off" }}
[[arms]]
name = "on"
cmdline = "pti=on"
"""


def environment(cmdline: str, boot_id: str, pti: str = "off",
                release: str = RELEASE, machine: str = "x86_64"
                ) -> Dict[str, Any]:
    """What a guest's program tells, as far as it is read."""
    flags = "hold" if pti == "on" else "lack"
    return {
        "kernel": {"release": release, "machine": machine,
                   "cmdline": cmdline, "cmdline_is_filtered": False,
                   "boot_id": boot_id},
        "mitigations": {"derived": {
            "pti": {"state": pti, "evidence": f"cpuinfo's flags {flags} pti; "
                    "meltdown: Not affected"},
            "verw": {"state": "off", "evidence": "none asks for it"}}}}


def environment_of(attempt: Attempt, **more: Any) -> Dict[str, Any]:
    """That of an attempt which boots as it should, in a boot of its own."""
    words = attempt.arm.cmdline
    pti = "on" if "pti=on" in words else "off"
    line = f"console=ttyS0 {' '.join(words)} syscost.boot={attempt.mark}"
    return environment(line, str(uuid.uuid4()), **{"pti": pti, **more})


def record(told: Mapping[str, Any], launches: int = 2) -> Dict[str, Any]:
    """A run.json, as far as it is read."""
    return {"schema": 1, "complete": True, "problem": None,
            "run": {"rounds": ROUNDS}, "environment": dict(told),
            "arms": [{"name": "plain", "conditions": [], "skipped": None}],
            "launches": [{"launch": number, "done": True}
                         for number in range(launches)],
            "benchmarks": [
                *({"name": name, "skipped": None} for name in NAMES),
                {"name": "getppid/uring", "skipped": "not built"}]}


def write_run(folder: pathlib.Path, told: Mapping[str, Any],
              launches: int = 2) -> None:
    """A run folder that is whole."""
    folder.mkdir(parents=True)
    lines = [HEADER] + [
        f"{launch},plain,0,{number},{name},9,100,4.4,50,0,0,0,0,0,1,1,1,1"
        for launch in range(launches) for number in range(ROUNDS)
        for name in NAMES]
    (folder / "samples.csv").write_text("\n".join(lines) + "\n")
    (folder / "summary.csv").write_text("benchmark\n")
    (folder / "run.json").write_text(json.dumps(record(told, launches)))


def measure(attempt: Attempt, **more: Any) -> None:
    """Fill an attempt's folder as a boot does that was as it should be."""
    told = environment_of(attempt, **more)
    (attempt.folder / "console.log").write_text("Linux version\n")
    (attempt.folder / "environment.json").write_text(json.dumps(told))
    write_run(attempt.folder / "run", told)


def copy_run(attempt: Attempt, run: str) -> None:
    """The same with a run that is there, told to be of this boot."""
    told = environment_of(attempt)
    (attempt.folder / "environment.json").write_text(json.dumps(told))
    shutil.copytree(run, attempt.folder / "run")
    file = attempt.folder / "run" / "run.json"
    found = json.loads(file.read_text())
    found["environment"]["kernel"].update(told["kernel"])
    found["environment"]["mitigations"].update(told["mitigations"])
    file.write_text(json.dumps(found))


def fail(attempt: Attempt) -> None:
    """A boot that comes to nothing."""
    (attempt.folder / "console.log").write_text("Kernel panic\n")
    raise BootFailed("the kernel panicked")


def truncate(attempt: Attempt) -> None:
    """A boot that ends while its run comes back."""
    measure(attempt)
    samples = attempt.folder / "run" / "samples.csv"
    samples.write_text(samples.read_text()[:-9])


def hang(_: Attempt) -> None:
    """A boot that takes until a signal comes."""
    while True:
        time.sleep(0.05)


def raising(problem: BaseException) -> Callable[[Attempt], None]:
    """A boot that ends with this."""
    def outcome(_: Attempt) -> None:
        raise problem
    return outcome


OUTCOMES: Dict[str, Callable[[Attempt], None]] = {
    "ok": measure, "fail": fail, "truncated": truncate, "hang": hang,
    "other state": lambda attempt: measure(attempt, pti="unknown"),
    "other kernel": lambda attempt: measure(attempt, release="4.19.0"),
    "cut off": raising(Interrupted("QEMU was killed")),
    "refused": raising(Refused("three boots failed in a row")),
    "full": raising(OSError(28, "No space left on device", "initramfs")),
    "bug": raising(ZeroDivisionError("a bug"))}


class Ordered:
    """An executor that does with each slot's attempts what it is told.

    outcomes: by slot, one for each call; the last goes on for ever. What it
    was asked for stands in log, a word and a slot each, and in a file of the
    same lines where one is given. runs: folders to return, by slot.
    """

    def __init__(self, outcomes: Mapping[str, Sequence[str]] = {},
                 leaves: bool = False, facts: Mapping[str, Any] = {},
                 file: str = "", runs: Mapping[str, str] = {}) -> None:
        self.outcomes, self.leaves = outcomes, leaves
        self.facts, self.file, self.runs = facts, file, runs
        self.log: List[str] = []

    def note(self, text: str) -> None:
        """Into the log, and the file."""
        self.log.append(text)
        if self.file:
            with open(self.file, "a") as file:
                file.write(f"{text}\n")

    def prepare(self) -> Dict[str, Any]:
        """Facts; nothing is looked at."""
        self.note("prepare")
        if self.outcomes.get("prepare"):
            raise Refused("no QEMU here")
        return dict(self.facts)

    def outcome(self, attempt: Attempt) -> None:
        """What is to happen in this attempt."""
        told = self.outcomes.get(str(attempt.slot), ["ok"])
        run = self.runs.get(str(attempt.slot))
        if run:
            copy_run(attempt, run)
        else:
            OUTCOMES[told[min(attempt.number, len(told)) - 1]](attempt)
        self.note(f"measured {attempt.slot}")

    def enter(self, attempt: Attempt) -> None:
        """Boot it, or leave for it."""
        assert list(attempt.folder.iterdir()) == []
        self.note(f"enter {attempt.slot}")
        if self.leaves:
            raise Leaving
        self.outcome(attempt)

    def arrive(self, attempt: Attempt) -> None:
        """Measure in it, if it was left for."""
        self.note(f"arrive {attempt.slot}")
        if not self.leaves:
            raise Interrupted("whoever ran it is gone")
        self.outcome(attempt)

    def close(self, finished: bool) -> None:
        """Note that all was put back."""
        self.note(f"close {finished}")


def executor_of(spec: Mapping[str, Any]) -> Callable[..., Ordered]:
    """What a module of an executor has as make."""
    def make(plan: Plan, folder: pathlib.Path, options: Options) -> Ordered:
        options.say("an executor says this")
        return Ordered(**spec)
    return make


def number_of(name: str) -> int:
    """A signal by its name."""
    return int(signal.Signals[name])
