# SPDX-License-Identifier: MIT
"""scripts/tune itself, as a process, on machines of files."""

import contextlib
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile

import pytest

from tuned_machines import (CPU, SCRIPTS, amd_server, intel_laptop, put,
                            snapshot)

WATCHDOG = "proc/sys/kernel/nmi_watchdog"
STATE = "run/syscost-tune/state.json"
GUARD_S = 60

# The script with writes that do something else first.
DRIVEN = """
import itertools, os, runpy, signal, sys
sys.path.insert(0, {scripts!r})
from tuning.tree import Tree
real, count = Tree.write, itertools.count(1)
def write(tree, path, value):
    number = next(count)
    {does}
    real(tree, path, value)
Tree.write = write
sys.argv[0] = {scripts!r} + "/tune"
runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Machine:
    """A machine of files with the script."""

    def __init__(self, root):
        self.root = root
        self.before = snapshot(root)

    def words(self, *words, does=None):
        start = [str(SCRIPTS / "tune")] if does is None else [
            "-c", DRIVEN.format(scripts=str(SCRIPTS), does=does)]
        return [sys.executable, *start, "--root", str(self.root),
                *map(str, words)]

    def __call__(self, *words, does=None, **more):
        return subprocess.run(self.words(*words, does=does), text=True,
                              capture_output=True, timeout=GUARD_S,
                              stdin=subprocess.DEVNULL, **more)

    @contextlib.contextmanager
    def started(self, *words, **more):
        """The script at work; whatever is left of it is ended."""
        process = subprocess.Popen(
            self.words(*words), text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
            start_new_session=True, **more)
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    @property
    def same(self):
        return snapshot(self.root) == self.before and not self.saved

    @property
    def saved(self):
        return (self.root / STATE).exists()

    def value(self, name):
        return (self.root / name).read_text().strip()


@pytest.fixture
def laptop(tmp_path):
    return Machine(intel_laptop(tmp_path, cores=2))


@pytest.fixture
def server(tmp_path):
    return Machine(amd_server(tmp_path))


def told(done):
    """The lines of standard error, each of this script."""
    lines = done.stderr.splitlines()
    assert all(line.startswith("tune: ") for line in lines), done.stderr
    return [line[6:] for line in lines]


# What it tells.

def test_show(laptop):
    done = laptop("show")
    assert (done.returncode, done.stderr) == (0, "")
    lines = {line.split()[0]: line for line in done.stdout.splitlines()
             if not line.startswith(" ")}
    assert "powersave (CPU 0-3)" in lines["governor"]
    assert "not on this machine" in lines["boost"]
    assert "balance_performance (CPU 0-2)" in lines["epp"]
    assert "128 (CPU 3)" in done.stdout
    assert laptop.same


def test_plan(laptop):
    done = laptop("plan")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "CPU 1 is to be quiet, as syscost chooses; CPU 3 shares its core\n")
    assert (f"  /{CPU}/cpu{{0-3}}/cpufreq/scaling_governor: powersave -> "
            "performance\n") in done.stdout
    assert "isolcpus=domain,managed_irq,1,3" in done.stdout
    assert all(len(line) < 80 for line in done.stdout.splitlines()
               if not line.startswith("  /"))
    assert laptop.same and not (laptop.root / "run").exists()


def test_a_plan_without_changes(server):
    server("apply")
    done = server("plan")
    assert "nothing to change" in done.stdout
    assert told(done) == ["settings of a tune are in force: this is not the "
                          "machine's usual state"]
    server("restore")
    assert server.same


def test_for_programs(laptop):
    shown = json.loads(laptop("show", "--json").stdout)
    assert {one["setting"] for one in shown["files"]} <= {
        one["name"] for one in shown["settings"]}
    planned = json.loads(laptop("plan", "--json", "--smt").stdout)
    assert (planned["cpu"], planned["siblings"]) == (1, [3])
    assert planned["changes"][-1]["path"] == f"/{CPU}/cpu3/online"
    assert planned["changes"][-1]["wanted"] == "0"


def test_it_needs_nothing_but_python(laptop):
    words = laptop.words("plan")
    done = subprocess.run([words[0], "-S", *words[1:]], text=True,
                          capture_output=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [
    [], ["tune"], ["run"], ["run", "--"], ["plan", "--", "true"],
    ["apply", "--json"], ["apply", "--forget"], ["plan", "--cpu=x"],
    ["plan", "--user=root"], ["plan", "--root=/no/such"],
    ["run", "--user=no-such-user", "--", "true"]])
def test_wrong_usage_is_a_line(laptop, words):
    done = laptop(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("tune: ")
    assert laptop.same


def test_help():
    done = subprocess.run([SCRIPTS / "tune", "--help"], text=True,
                          capture_output=True)
    assert done.returncode == 0
    assert "sudo scripts/tune run -- CMD" in done.stdout


# apply and restore.

def test_apply_and_restore(laptop):
    done = laptop("apply", "--thp")
    assert (done.returncode, done.stdout) == (0, "")
    assert laptop.value(WATCHDOG) == "0" and laptop.saved
    assert laptop("restore").returncode == 0
    assert laptop.same
    assert told(laptop("restore")) == ["nothing to put back"]


@pytest.mark.parametrize("words", [["apply"], ["run", "--", "touch", "ran"]])
def test_settings_that_are_in_force_are_not_applied_to(laptop, words):
    laptop("apply")
    done = laptop(*words, cwd=laptop.root)
    assert done.returncode == 3
    [line] = told(done)
    assert "in force already" in line and "restore first" in line
    assert not (laptop.root / "ran").exists()
    laptop("restore")
    assert laptop.same


def test_after_a_reboot_nothing_is_written(laptop):
    laptop("apply")
    put(laptop.root, {"proc/sys/kernel/random/boot_id": "another"})
    now = snapshot(laptop.root)
    done = laptop("restore")
    assert done.returncode == 0 and "started anew" in told(done)[0]
    assert snapshot(laptop.root) == now and not laptop.saved


def test_a_state_that_is_not_ours(laptop):
    laptop("apply")
    saved = laptop.root / STATE
    saved.write_text(saved.read_text().replace(
        f"/{WATCHDOG}", "/proc/sys/kernel/core_pattern"))
    now = snapshot(laptop.root)
    for words in ["restore"], ["apply"], ["run", "--", "true"]:
        done = laptop(*words)
        assert done.returncode == 2
        assert "none of the settings'" in told(done)[0]
    assert snapshot(laptop.root) == now and laptop.saved


def test_what_cannot_be_put_back_can_be_given_up(laptop):
    laptop("apply")
    (laptop.root / WATCHDOG).unlink()
    done = laptop("restore")
    assert done.returncode == 1
    assert any(line.startswith(f"/{WATCHDOG}: is not there")
               for line in told(done))
    assert laptop("apply").returncode == 3      # not all is back
    assert laptop("restore", "--forget").returncode == 0
    assert not laptop.saved


# run.

def test_the_command_runs_under_the_settings(laptop):
    done = laptop("run", "--", "cat", laptop.root / WATCHDOG,
                  laptop.root / "dev/cpu_dma_latency", laptop.root / STATE)
    assert done.returncode == 0
    assert done.stdout.startswith("0\n\2\0\0\0")    # a sibling may rest
    assert '"complete": true' in done.stdout
    assert [line.split(" ", 1)[1] for line in told(done)] == [
        "values set", "values put back"]
    assert laptop.same


@pytest.mark.parametrize("command, status", [
    (["true"], 0), (["false"], 1), (["sh", "-c", "exit 42"], 42),
    (["sh", "-c", "kill -KILL $$"], 137), (["/no/such"], 127),
    (["/etc/passwd"], 126), (["sh", "-c", "exit 3", "--", "x"], 3)])
def test_the_status_is_the_commands(laptop, command, status):
    assert laptop("run", "--", *command).returncode == status
    assert laptop.same


def test_no_shell_reads_the_words(laptop):
    done = laptop("run", "--", "printf", "%s|", "$HOME", "a  b", ";ls", "--")
    assert done.stdout == "$HOME|a  b|;ls|--|"


def test_the_command_inherits_nothing_of_ours(laptop):
    descriptors = laptop("run", "--", "ls", "/proc/self/fd").stdout.split()
    assert descriptors == ["0", "1", "2", "3"]  # the last is the folder's
    done = laptop("run", "--", "grep", "-E", "Sig(Blk|Ign)",
                  "/proc/self/status")
    blocked, ignored = (int(word, 16) for word in done.stdout.split()[1::2])
    assert blocked == 0
    assert not ignored >> signal.SIGPIPE - 1 & 1


def test_what_the_command_leaves_behind_is_not_waited_for(laptop):
    done = laptop("run", "--", "sh", "-c", "exec >/dev/null 2>&1; "
                  "sleep 30 & echo $! >child", cwd=laptop.root)
    os.kill(int((laptop.root / "child").read_text()), signal.SIGKILL)
    assert done.returncode == 0 and laptop.same


def test_what_fails_is_told_and_the_command_runs(laptop):
    done = laptop("run", "--", "echo", "ran",
                  does="if 'nmi_watchdog' in path and value == '0':\n"
                       "        raise OSError(5, 'Input/output error')")
    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert told(done)[0] == (f"/{WATCHDOG}: 0 was refused: Input/output "
                             "error")
    assert laptop.same


def test_where_nothing_can_be_set_nothing_runs(laptop):
    done = laptop("run", "--", "echo", "ran",
                  does="raise OSError(30, 'Read-only file system')")
    assert (done.returncode, done.stdout) == (3, "")
    assert told(done)[-1] == "nothing could be set"
    assert laptop.same


def test_a_success_that_leaves_something_set_is_none(laptop):
    done = laptop("run", "--", "true",
                  does="if 'nmi_watchdog' in path and value == '1':\n"
                       "        raise OSError(5, 'Input/output error')")
    assert done.returncode == 1 and laptop.saved
    assert told(done)[1] == (f"/{WATCHDOG}: 1 could not be put back: "
                             "Input/output error")
    laptop("restore")
    assert laptop.same


def test_nobody_reads_its_messages(laptop):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(laptop.words("run", "--", "sh", "-c", "exit 5"),
                          stdin=subprocess.DEVNULL, stderr=writing,
                          stdout=subprocess.PIPE)
    os.close(writing)
    assert done.returncode == 5
    assert laptop.same


# Signals.

WAITING = """
import signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [{number}])
print("ready", flush=True)
signal.sigwait([{number}])
print("told")
sys.exit(9)
"""


def waiting_for(number):
    """A command that waits for a signal."""
    return sys.executable, "-c", WAITING.format(number=int(number))


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "QUIT"])
def test_a_signal_reaches_the_command_and_all_is_put_back(laptop, name):
    number = getattr(signal, f"SIG{name}")
    with laptop.started("run", "--", *waiting_for(number)) as process:
        assert process.stdout.readline() == "ready\n"
        assert laptop.value(WATCHDOG) == "0"
        process.send_signal(number)
        out, _ = process.communicate(timeout=GUARD_S)
    assert (process.returncode, out) == (128 + number, "told\n")
    assert laptop.same


def test_a_command_that_takes_its_time_is_waited_for(laptop):
    command = ("trap '' TERM; echo ready; read line <pipe; cat "
               f"{laptop.root / WATCHDOG}")
    os.mkfifo(laptop.root / "pipe")
    with laptop.started("run", "--", "bash", "-c", command,
                        cwd=laptop.root) as process:
        process.stdout.readline()
        for _ in range(3):
            process.terminate()
        (laptop.root / "pipe").write_text("go on\n")
        out, _ = process.communicate(timeout=GUARD_S)
    assert (process.returncode, out) == (143, "0\n")
    assert laptop.same


def test_other_signals_are_the_commands_business(laptop):
    with laptop.started("run", "--", *waiting_for(signal.SIGUSR1)
                        ) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGUSR1)
        out, _ = process.communicate(timeout=GUARD_S)
    assert (process.returncode, out) == (9, "told\n")
    assert laptop.same


@pytest.mark.parametrize("words", [["run", "--", "echo", "ran"], ["apply"]])
@pytest.mark.parametrize("number", [1, 5])
def test_a_signal_while_it_sets(laptop, words, number):
    done = laptop(*words, does=f"if number == {number}:\n"
                  "        os.kill(os.getpid(), signal.SIGTERM)")
    assert (done.returncode, done.stdout) == (143, "")
    assert laptop.same


def test_a_signal_while_it_puts_back(laptop):
    done = laptop("run", "--", "true", does="if (path, value) == "
                  f"('/{WATCHDOG}', '1'):\n"
                  "        os.kill(os.getpid(), signal.SIGINT)")
    assert done.returncode == 0
    assert laptop.same


def test_the_terminal_tells_the_command_itself(laptop):
    """One ^C is one SIGINT to the command, not two."""
    # No print: the handler may come while the other one is in it.
    command = ("import os, signal, time\n"
               "def tell(*_):\n"
               "    os.write(1, b'told\\n')\n"
               "signal.signal(signal.SIGINT, tell)\n"
               "os.write(1, b'ready\\n')\n"
               "time.sleep(1)\n")
    try:
        pid, terminal = pty.fork()
    except OSError as problem:
        pytest.skip(f"no terminal to be had: {problem}")
    if not pid:
        words = laptop.words("run", "--", sys.executable, "-c", command)
        os.execv(words[0], words)
    text = b""
    with contextlib.suppress(OSError):      # EIO: all have closed it
        while True:
            read = os.read(terminal, 1000)
            if not read:
                break
            if b"ready" in read:
                os.write(terminal, b"\3")
            text += read
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    assert text.count(b"told") == 1
    assert laptop.same


# Killed.

@pytest.mark.parametrize("words", [
    ["restore"], ["apply"], ["run", "--", "true"]])
def test_what_a_killed_one_left_is_put_back_first(laptop, words):
    done = laptop("run", "--smt", "--", "sh", "-c", "kill -KILL $PPID")
    assert done.returncode == -signal.SIGKILL
    assert laptop.saved and laptop.value(f"{CPU}/cpu3/online") == "0"
    assert laptop("plan").stderr.count("in force") == 1
    done = laptop(*words)
    assert done.returncode == 0
    if words != ["restore"]:
        assert "an earlier tune" in told(done)[0]
    if words == ["apply"]:
        assert laptop.value(f"{CPU}/cpu3/online") == "1"
        laptop("restore")
    assert laptop.same


@pytest.mark.parametrize("number", [1, 2, 9, 15])
def test_killed_in_the_middle_of_setting(laptop, number):
    done = laptop("run", "--", "true", does=f"if number == {number}:\n"
                  "        os.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == -signal.SIGKILL
    assert laptop.saved
    assert laptop("restore").returncode == 0
    assert laptop.same


def test_killed_in_the_middle_of_putting_back(laptop):
    done = laptop("run", "--", "true", does="if (path, value) == "
                  f"('/{WATCHDOG}', '1'):\n"
                  "        os.kill(os.getpid(), signal.SIGKILL)")
    assert done.returncode == -signal.SIGKILL
    assert laptop.value(WATCHDOG) == "0"
    assert laptop("restore").returncode == 0
    assert laptop.same


# Two at once.

def test_a_second_one_is_refused(laptop):
    os.mkfifo(laptop.root / "pipe")
    with laptop.started("run", "--", "sh", "-c", "echo ready; cat pipe",
                        cwd=laptop.root) as process:
        process.stdout.readline()
        for words in ["apply"], ["restore"], ["run", "--", "true"]:
            done = laptop(*words)
            assert done.returncode == 3
            assert told(done) == [
                f"another tune is at work (process {process.pid}, run): "
                "wait for it, or end it"]
        assert laptop("plan").returncode == 0
        assert laptop.value(WATCHDOG) == "0"
        (laptop.root / "pipe").write_text("done\n")
        process.communicate(timeout=GUARD_S)
    assert process.returncode == 0
    assert laptop.same


# Rights.

@pytest.fixture
def for_nobody():
    """A copy of the scripts that every user may run."""
    folder = tempfile.mkdtemp(prefix="syscost-")
    os.chmod(folder, 0o755)
    shutil.copytree(SCRIPTS, f"{folder}/scripts", ignore=lambda *_: [
        "__pycache__"])
    yield f"{folder}/scripts/tune"
    shutil.rmtree(folder)


@pytest.fixture
def as_nobody(nobody):
    """Runs as an ordinary user."""
    return lambda *words: subprocess.run(
        ["/usr/bin/env", "PATH=/usr/bin:/bin:/usr/local/bin", "python3",
         *words], text=True, capture_output=True, cwd="/", **nobody)


@pytest.mark.parametrize("words", [
    ["apply"], ["restore"], ["run", "--", "echo", "ran"]])
def test_without_root_nothing_is_done(for_nobody, as_nobody, words):
    done = as_nobody(for_nobody, *words)
    assert (done.returncode, done.stdout) == (3, "")
    assert "needs root (sudo scripts/tune" in told(done)[0]


def test_without_root_it_tells(for_nobody, as_nobody):
    done = as_nobody(for_nobody, "show")
    assert done.returncode == 0 and "Traceback" not in done.stderr
    done = as_nobody(for_nobody, "plan")
    assert done.returncode == (0 if "is to be quiet" in done.stdout else 3)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user: root")
def test_the_command_can_be_another_users(laptop, nobody):
    done = laptop("run", "--user=nobody", "--", "sh", "-c",
                  "id -u; id -g; echo $USER; cat /proc/self/oom_score_adj")
    user, _, name, _ = done.stdout.split()
    assert (user, name) == ("65534", "nobody")
    assert laptop.same


def test_files_that_refuse_and_files_that_forget(laptop, privately):
    """Of a real kernel: a read-only mount, and a file that keeps its value.

    /proc/PID/timerslack_ns takes a 0 and reads as the default then.
    """
    root = laptop.root
    put(root, {"proc/sys/kernel/numa_balancing": 50000})
    under = privately(f"""
        cd {root}
        mount --bind {WATCHDOG} {WATCHDOG}
        mount -o remount,bind,ro {WATCHDOG}
        mount --bind /proc/$$/timerslack_ns proc/sys/kernel/numa_balancing
        echo 0 >proc/sys/kernel/numa_balancing
    """)
    done = subprocess.run([*under, *laptop.words("run", "--", "echo", "ran")],
                          text=True, capture_output=True, timeout=GUARD_S)
    assert (done.returncode, done.stdout) == (0, "ran\n"), done.stderr
    [line] = [line for line in told(done) if "numa_balancing" in line]
    assert line.endswith("0 was written and did not stick: it reads 50000")
    plan = subprocess.run([*under, *laptop.words("plan")], text=True,
                          capture_output=True)
    assert f"/{WATCHDOG}: 1 -> 0: mounted read-only" in plan.stdout
    put(root, {"proc/sys/kernel/numa_balancing": 1})
    assert laptop.same
