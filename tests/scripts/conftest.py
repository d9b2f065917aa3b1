# SPDX-License-Identifier: MIT
"""The program under test and ways to run it with nothing in the way."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
from typing import Any, Callable, Iterator, List, Mapping, Sequence

import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]
GUARD_S = 60        # against hanging; nothing is asserted on times
CLEAN = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                 "/sbin:/bin", "HOME": "/"}


def session_of(leader: int) -> Iterator[int]:
    """The processes of a session, as /proc tells them."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            if os.getsid(int(process.name)) == leader:
                yield int(process.name)


class Runner:
    """Runs the program in a folder of its own, in a clean environment."""

    short = ("--launches=2", "--rounds=3",
             "--filter=^getppid/(libc|inline)$")

    def __init__(self, program: pathlib.Path, folder: pathlib.Path) -> None:
        self.program = program
        self.folder = folder
        self.started: List["subprocess.Popen[str]"] = []

    def arguments(self, options: Sequence[str], under: Sequence[str],
                  environment: Mapping[str, str]) -> Mapping[str, Any]:
        """What subprocess.run and Popen are called with."""
        return {"args": [*under, str(self.program), *options],
                "cwd": self.folder, "env": {**CLEAN, **environment},
                "stdin": subprocess.DEVNULL, "text": True}

    def __call__(self, *options: str, under: Sequence[str] = (),
                 environment: Mapping[str, str] = {}, **more: Any
                 ) -> "subprocess.CompletedProcess[str]":
        """Run to the end, under other commands if any are given."""
        kept = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.run(
            **{**self.arguments(options, under, environment), **kept,
               "timeout": GUARD_S, **more})

    def start(self, *options: str) -> "subprocess.Popen[str]":
        """Start it and go on; its session is its own, as a terminal's is."""
        self.started.append(subprocess.Popen(
            **self.arguments(options, (), {}), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True))
        return self.started[-1]

    def stop(self) -> None:
        """End what a failed test left running."""
        for process in self.started:
            for pid in [process.pid, *session_of(process.pid)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            process.communicate()

    def contents(self) -> List[str]:
        """All that lies in the folder, hidden or not."""
        return sorted(str(path.relative_to(self.folder))
                      for path in self.folder.rglob("*"))


@pytest.fixture(scope="session")
def program() -> pathlib.Path:
    """build/syscost, or what $SYSCOST_PROGRAM names."""
    path = pathlib.Path(os.environ.get("SYSCOST_PROGRAM") or
                        REPOSITORY / "build" / "syscost").resolve()
    if not os.access(path, os.X_OK):
        pytest.fail(f"{path}: not built; make, or set SYSCOST_PROGRAM")
    return path


@pytest.fixture(scope="session")
def runner_in(program: pathlib.Path) -> Callable[[pathlib.Path], Runner]:
    """Makes a runner for any folder; for fixtures of a wider scope."""
    return lambda folder: Runner(program, folder)


@pytest.fixture
def run(program: pathlib.Path, tmp_path: pathlib.Path) -> Iterator[Runner]:
    """The program, run in the test's own folder."""
    runner = Runner(program, tmp_path)
    yield runner
    runner.stop()


@pytest.fixture
def memory_path(tmp_path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A folder in memory, where there is any: for thousands of files."""
    memory = pathlib.Path("/dev/shm")
    if not os.access(memory, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield pathlib.Path(folder)


@pytest.fixture(scope="session")
def nobody() -> Mapping[str, Any]:
    """How subprocess starts what an ordinary user does: as it is, or as one.

    Skips where another user may run nothing, as in a root folder of mode 0700.
    """
    if os.geteuid() != 0:
        return {}
    who = {"user": 65534, "group": 65534, "extra_groups": []}
    try:
        subprocess.run(["true"], **who, check=True)
    except (OSError, subprocess.CalledProcessError) as problem:
        pytest.skip(f"another user may run nothing here: {problem}")
    return who


@pytest.fixture
def for_anyone(program: pathlib.Path) -> Iterator[Runner]:
    """The same where every user may read, write and execute."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="syscost-"))
    (folder / "work").mkdir()
    shutil.copy(program, folder / "syscost")
    for path, mode in ((folder, 0o755), (folder / "syscost", 0o755),
                       (folder / "work", 0o777)):
        path.chmod(mode)
    yield Runner(folder / "syscost", folder / "work")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def privately() -> Callable[[str], List[str]]:
    """Makes a command under which the program sees mounts of its own.

    The argument is a shell script that prepares them, run in the runner's
    folder; where the system does not permit it, the test is skipped.
    """
    def command(script: str, after: str = 'exec "$@"') -> List[str]:
        rights = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        if not shutil.which("unshare"):
            pytest.skip("no unshare")
        under = ["unshare", *rights, "--mount", "--uts", "sh", "-ec"]
        with tempfile.TemporaryDirectory() as folder:
            tried = subprocess.run([*under, script], cwd=folder, text=True,
                                   stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        if tried.returncode:
            pytest.skip(f"no mounts of one's own: {tried.stderr.strip()}")
        return [*under, f"{script}\n{after}", "sh"]
    return command


@pytest.fixture(scope="session")
def guard_s() -> float:
    """Shorter than the others': nothing here boots or connects."""
    return GUARD_S
