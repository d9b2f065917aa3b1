# SPDX-License-Identifier: MIT
"""Measures in the boot that we are in, as the plan has it."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import BinaryIO, List, Optional, Sequence

from analysis import program as built
from booting.executor import Attempt, BootFailed, Refused
from booting.machine import Machine
from booting.options import Options
from booting.plan import Plan
from booting.read_plan import OURS

LOG_MOST = 4 << 20      # bytes of the kernel's messages
ENVIRONMENT_S = 60      # it takes less than one
SAVING_S = 30           # for an interrupted run to save what it has
# The machine is settled when it was idle for so long, and is waited for no
# longer than that.
IDLE_S, IDLE_LEAST, SETTLE_MOST_S = 5, 0.95, 180


def program_of(options: Options) -> str:
    """syscost, which can be run. Raises Refused."""
    path = str(Path(options.program or built.find()).resolve())
    if not os.access(path, os.X_OK):
        raise Refused(f"{path}: not a program that can be run: make builds "
                      "it, --program= names another")
    return path


def words_of(program: str, plan: Plan, options: Options, folder: Path
             ) -> List[str]:
    """The command that measures into folder/run."""
    return [program, f"--profile={plan.profile}",
            *([f"--filter={plan.filter}"] if plan.filter else []),
            *(["--anonymous"] if options.anonymous else []),
            *plan.arguments, f"--output={folder / 'run'}"]


def end(child: "subprocess.Popen[bytes]") -> None:
    """Have a program and all of its own ended, and saved what it has."""
    for number, wait_s in ((signal.SIGINT, SAVING_S), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(wait_s)
            return


def run(words: Sequence[str], output: BinaryIO, errors: BinaryIO,
        limit_s: float) -> int:
    """A program's exit status. Raises BootFailed where it takes too long."""
    child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output,
                             stderr=errors, cwd="/", start_new_session=True)
    try:
        return child.wait(limit_s)
    except subprocess.TimeoutExpired:
        raise BootFailed(f"{Path(words[0]).name} was not done after "
                         f"{limit_s:.0f} s") from None
    finally:
        if child.returncode is None:
            end(child)


def last_line(path: Path) -> str:
    """What a program said last."""
    lines = path.read_bytes()[-2000:].decode("utf-8", "replace").splitlines()
    said = [line.strip() for line in lines if line.strip()]
    return said[-1][:200] if said else "it said nothing"


def carry_out(words: Sequence[str], output: Path, log: Path, limit_s: float
              ) -> None:
    """The same, with its output in files; its failure is the boot's."""
    try:
        with open(output, "ab") as out, open(log, "ab") as errors:
            status = run(words, out, errors, limit_s)
    except OSError as problem:
        raise BootFailed(f"{words[0]}: {problem.strerror}") from None
    if status:
        raise BootFailed(f"{Path(words[0]).name} ended with {status}: "
                         f"{last_line(log)}")


def busy(machine: Machine) -> List[int]:
    """Ticks of all CPUs since the boot: idle ones, and all (proc(5))."""
    words = machine.text("/proc/stat").split("\n", 1)[0].split()[1:9]
    ticks = [int(word) for word in words]
    return [sum(ticks[3:5]), sum(ticks)]


def settle(machine: Machine) -> None:
    """Wait until a boot's own work is over, or for a while."""
    for _ in range(SETTLE_MOST_S // IDLE_S):
        before = busy(machine)
        machine.rest(IDLE_S)
        idle, ticks = (now - then for now, then in zip(busy(machine), before))
        if idle >= IDLE_LEAST * ticks:
            return


def kernel_log(machine: Machine, boot: str) -> Optional[str]:
    """What the kernel said in a boot, 0 or -1: journalctl(1)."""
    done = machine.run("journalctl", "--dmesg", f"--boot={boot}",
                       "--no-pager", "--output=short-monotonic")
    if done.status == 0 and done.out.strip():
        return done.out
    if boot == "0":
        return machine.run("dmesg").out or None
    return None


def write_log(attempt: Attempt, text: str) -> None:
    """The console log, as far as it is of use."""
    content = text.encode("utf-8", "replace")[-LOG_MOST:]
    with contextlib.suppress(OSError):
        (attempt.folder / "console.log").write_bytes(content)


def keep_log_of_failed(machine: Machine, attempt: Attempt) -> None:
    """What the kernel said in the boot before this one, if that was it."""
    text = kernel_log(machine, "-1")
    if text is None or f"{OURS}={attempt.mark}" not in text:
        text = ("The kernel's messages of this boot are not in the journal: "
                "it did not get that far, or the journal does not outlive a "
                "boot (journald.conf(5), Storage=persistent). A serial "
                "console or netconsole shows them.\n")
    write_log(attempt, text)


def measure(machine: Machine, attempt: Attempt, plan: Plan, options: Options
            ) -> None:
    """Fill the attempt's folder in this boot. Raises BootFailed."""
    program = program_of(options)
    write_log(attempt, kernel_log(machine, "0") or "")
    settle(machine)
    folder = attempt.folder.resolve()
    environment = folder / "environment.json"
    environment.unlink(missing_ok=True)
    set_aside(folder / "run")
    log = folder / "console.log"
    carry_out([program, "--environment"], environment, log, ENVIRONMENT_S)
    carry_out(words_of(program, plan, options, folder), log, log,
              plan.limit_s)


def set_aside(run_folder: Path) -> None:
    """What an earlier start in this boot left unfinished gets another name.
    """
    if run_folder.exists():
        run_folder.rename(f"{run_folder}.{time.time_ns()}")
