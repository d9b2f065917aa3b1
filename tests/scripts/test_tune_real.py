# SPDX-License-Identifier: MIT
"""scripts/tune on the machine that runs the tests, where it may."""

import contextlib
import json
import os
import signal
import subprocess
import sys

import pytest

from tuned_machines import SCRIPTS, Tree
from tuning import plan, table
from tuning.state import Busy, Store, Unsaved

TUNE = [sys.executable, str(SCRIPTS / "tune")]
GUARD_S = 120
BESIDE = ["/proc/sys/kernel/watchdog", "/proc/sys/kernel/soft_watchdog",
          "/sys/devices/system/cpu/online"]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def read(path):
    try:
        return Tree().read(path)
    except OSError as problem:
        return problem.strerror


def machine():
    """Every value that tune could touch, and some beside."""
    paths = [path for row in table.SETTINGS for path in Tree().glob(row.path)]
    return {path: read(path) for path in [*paths, *BESIDE]}


def tune(*words):
    return subprocess.run([*TUNE, *words], text=True, capture_output=True,
                          stdin=subprocess.DEVNULL, timeout=GUARD_S)


@pytest.fixture
def same():
    """The machine before; afterwards it must be so again."""
    if Store(Tree()).file.exists():
        pytest.skip("settings of a tune are in force")
    try:
        with Store(Tree()).locked("test"):
            pass
    except (Busy, Unsaved) as problem:
        pytest.skip(str(problem))
    if not any(one.problem is None for one in plan.look(Tree())):
        pytest.skip("nothing can be set here")
    before = machine()
    yield before
    tune("restore")
    assert machine() == before


def changed(before):
    """What is not as it was."""
    now = machine()
    return {path: now[path] for path in now if now[path] != before[path]}


def wished(same):
    """What a plan says will change; the test is skipped if nothing."""
    done = tune("plan", "--json")
    if done.returncode == 3:
        pytest.skip(done.stderr)
    found = {one["path"]: one["wanted"] for one in
             json.loads(done.stdout)["changes"] if one["problem"] is None}
    if not found:
        pytest.skip("nothing to change here")
    return found


def test_telling_changes_nothing(same):
    assert tune("show").returncode == 0
    assert tune("plan", "--smt", "--thp").returncode == 0
    assert changed(same) == {}


def test_a_run(same):
    wished(same)
    done = tune("run", "--", "true")
    assert done.returncode == 0, done.stderr
    assert changed(same) == {}
    assert not Store(Tree()).file.exists()


def test_the_settings_are_in_force_meanwhile(same):
    wanted = wished(same)
    kept = {path for path in wanted if path.startswith("/proc/irq/")}
    path = next((path for path in wanted if path not in kept), None)
    if path is None:
        pytest.skip("nothing but interrupts to set here")
    done = tune("run", "--", "cat", path)
    assert wanted[path] in done.stdout
    assert changed(same) == {}


def test_apply_and_restore(same):
    wanted = wished(same)
    done = tune("apply")
    now = changed(same)
    assert set(now) & set(wanted), done.stderr
    assert tune("restore").returncode == 0
    assert changed(same) == {}


@contextlib.contextmanager
def started(*words):
    process = subprocess.Popen([*TUNE, *words], text=True,
                               stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, start_new_session=True)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run(same, number):
    wished(same)
    with started("run", "--", "sh", "-c",
                 "echo ready; exec sleep 30") as process:
        assert process.stdout.readline() == "ready\n"
        assert changed(same)
        process.send_signal(number)
        process.communicate(timeout=GUARD_S)
    assert process.returncode == 128 + number
    assert changed(same) == {}


def test_a_killed_run_is_put_back_by_the_next(same):
    wished(same)
    done = tune("run", "--", "sh", "-c", "kill -KILL $PPID")
    assert done.returncode == -signal.SIGKILL
    assert changed(same)
    done = tune("run", "--", "true")
    assert done.returncode == 0, done.stderr
    assert "an earlier tune" in done.stderr
    assert changed(same) == {}


def test_idle_states_are_let_go(same):
    """The wish is dropped with its file, also by a kill."""
    device = "/dev/cpu_dma_latency"
    if not os.access(device, os.R_OK | os.W_OK):
        pytest.skip(f"no {device} to hold")
    with open(device, "rb", buffering=0) as file:
        before = file.read(4)
    done = tune("run", "--", "head", "-c4", device)
    assert done.stdout.encode("latin-1") <= before
    tune("run", "--", "sh", "-c", "kill -KILL $PPID")
    with open(device, "rb", buffering=0) as file:
        assert file.read(4) == before
