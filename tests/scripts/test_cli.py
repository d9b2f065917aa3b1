# SPDX-License-Identifier: MIT
"""The command line under bad input, bad surroundings and signals."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys

import pandas as pd
import pytest

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from analysis import load  # noqa: E402

NOBODY = 65534
ROWS, ROUNDS = 2, 3             # of Runner.short
PLAIN = "--filter=^getppid/inline$"
LONG = ("--launches=2", "--rounds=100000", PLAIN)    # a launch: > 10 s


def refused(result, status, *words):
    """Check an error's exit code and its line, which names these words."""
    assert result.stdout == ""
    said_one_line(result, status, *words)


def said_one_line(result, status, *words):
    """The same where something was printed before."""
    assert result.stderr.startswith("syscost: ")
    assert result.stderr.count("\n") == 1 and result.stderr.endswith("\n")
    assert [word for word in words if word not in result.stderr] == []
    assert result.returncode == status


def finished(result):
    """Check that nothing went wrong and nobody complained."""
    assert (result.stderr, result.returncode) == ("", 0)


def record(folder):
    return json.loads((folder / "run.json").read_text())


def launch_rows(folder):
    """How many rows each launch in samples.csv has."""
    return dict(load.samples(folder)["launch"].value_counts())


def is_whole(folder, launches, rows):
    """Check a folder with these launches, each of so many rows."""
    kept = record(folder)
    assert kept["complete"] is (len(kept["launches"]) == len(launches))
    assert [launch["launch"] for launch in kept["launches"]
            if launch["done"]] == launches
    assert launch_rows(folder) == dict.fromkeys(launches, rows)
    lines = pd.read_csv(folder / "launches.csv")
    assert list(lines["launch"]) == list(range(len(lines)))
    assert list(lines.loc[lines["done"] == 1, "launch"]) == launches
    assert set(load.summary(folder)["launches"]) == {len(launches)}


# Wrong usage

@pytest.mark.parametrize("options, words", [
    (["--nonsense"], ["--nonsense"]),
    (["-x"], ["-x"]),
    (["-xyz"], ["-xyz"]),
    (["--list", "-xyz"], ["-xyz"]),
    (["--filter"], ["--filter"]),
    (["--l"], ["--l:"]),
    (["--list=all"], ["--list"]),
    (["stray"], ["stray"]),
    (["--list", "stray"], ["stray"]),
    (["--filter=("], ["--filter=("]),
    (["--filter=[[:no:]]"], ["--filter="]),
    (["--filter=nothing_is_called_so"], ["--filter=nothing_is_called_so",
                                         "--list"]),
    (["--list", "--filter=nothing_is_called_so"], ["--filter="]),
    (["--launches=0"], ["--launches=0", "10000"]),
    (["--launches=-1"], ["--launches=-1"]),
    (["--launches=x"], ["--launches=x"]),
    (["--launches=1e3"], ["--launches=1e3"]),
    (["--launches="], ["--launches="]),
    (["--launches=99999999999999999999"], ["--launches=9999"]),
    (["--rounds=0"], ["--rounds=0"]),
    (["--rounds=2.5"], ["--rounds=2.5"]),
    (["--cpu=-1"], ["--cpu=-1"]),
    (["--cpu=two"], ["--cpu=two"]),
    (["--seed=x"], ["--seed=x"]),
    (["--profile=fast"], ["--profile=fast", "quick"]),
    (["--profile="], ["--profile="]),
    (["--clock=sundial"], ["--clock=sundial", "raw"]),
    (["--label=../x"], ["--label=../x"]),
    (["--label="], ["--label="]),
    (["--label=a/b"], ["--label=a/b"]),
    (["--label=a b"], ["--label=a b"]),
    (["--label=.hidden"], ["--label=.hidden"]),
    (["--label=" + "x" * 65], ["--label=xxx", "64"]),
    (["--label=µ"], ["--label="]),
    (["--wrap=env"], ["--wrap=env"]),
    (["--wrap=a="], ["--wrap="]),
    (["--wrap=a/b=env"], ["a/b"]),
    (["--wrap=a=env", "--wrap=a=env"], ["--wrap=a"]),
    (["--wrap=a=$(id)"], ["--wrap="]),
    (["--wrap=a=env | cat"], ["--wrap="]),
    (["--output="], ["--output"]),
])
def test_wrong_usage(run, options, words):
    refused(run(*options), 2, *words)
    assert run.contents() == []


@pytest.mark.parametrize("option", ["--filter", "--profile", "--label",
                                    "--output"])
def test_a_newline_or_an_escape_in_bad_input_stays_in_its_line(run, option):
    (run.folder / "two\nlines\033[7m").mkdir()
    result = run(*run.short, f"{option}=two\nlines\033[7m")
    refused(result, 2)
    assert "\033" not in result.stderr


def allowed_cpus(text):
    """The CPUs of a list in the kernel's form: 0-3,8."""
    cpus = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        cpus |= set(range(int(first), int(last or first) + 1))
    return cpus


def test_a_missing_cpu_names_the_allowed_ones(run):
    result = run("--cpu=999")
    refused(result, 2, "--cpu=999")
    told = re.search(r"run on ([\d,-]+) only", result.stderr)
    assert allowed_cpus(told[1]) >= os.sched_getaffinity(0)
    assert run.contents() == []


def test_a_cpu_outside_the_affinity_names_the_allowed_one(run):
    mine, *others = os.sched_getaffinity(0)
    if not others:
        pytest.skip("a single CPU")
    result = run(f"--cpu={others[0]}",
                 preexec_fn=lambda: os.sched_setaffinity(0, {mine}))
    refused(result, 2, f"--cpu={others[0]}", f"run on {mine} only")


def test_a_command_that_is_not_there(run):
    result = run(*run.short, "--wrap=lost=no-such-command-at-all")
    refused(result, 3, "could not be executed")
    assert run.contents() == []


# What only prints

def test_help(run):
    result = run("--help")
    finished(result)
    options = set(re.findall(r"--[a-z]+", result.stdout))
    assert options >= {"--list", "--filter", "--profile", "--launches",
                       "--rounds", "--cpu", "--label", "--output", "--arm",
                       "--wrap", "--seed", "--environment", "--anonymous",
                       "--distribution"}
    assert "130" in result.stdout and run.contents() == []


def test_version(run):
    result = run("--version")
    finished(result)
    assert re.fullmatch(r"syscost \d+\.\d+\.\d+\S*\n", result.stdout)
    assert run.contents() == []


def test_list_has_every_row_once(run):
    result = run("--list")
    finished(result)
    rows = [re.fullmatch(r"(\w+(?:/\w+)+)  +(\S.*)", line)
            for line in result.stdout.splitlines()]
    names = [row[1] for row in rows]
    assert len(names) == len(set(names)) > 20
    groups = {name.split("/")[0] for name in names}
    assert groups >= {"baseline", "getppid", "invalid", "write",
                      "clock_gettime"}
    assert run.contents() == []


def test_list_obeys_the_filter(run):
    every = run("--list").stdout.splitlines()
    some = run("--list", "--filter=^getppid/").stdout.splitlines()
    others = run("--list", "--filter=-^getppid/").stdout.splitlines()
    assert some and some == [line for line in every
                             if line.startswith("getppid/")]
    assert others == [line for line in every if line not in some]


@pytest.mark.parametrize("anonymous", [False, True])
def test_environment_is_json(run, anonymous):
    result = run("--environment", *["--anonymous"][:anonymous])
    finished(result)
    facts = json.loads(result.stdout)
    assert set(facts) >= {"host", "kernel", "cpu", "mitigations", "task",
                          "unreadable"}
    assert facts["host"] == (None if anonymous else socket.gethostname())
    assert facts["kernel"]["cmdline_is_filtered"] is anonymous
    assert run.contents() == []


# Where the run goes

def test_a_serious_doubt_ends_a_strict_run_before_it_measures(run):
    done = run("--strict", "--clock=raw", *run.short)
    assert done.returncode == 3
    assert re.fullmatch(r"syscost: --strict: nothing was measured, since .*"
                        r"\(clock\); remedy: .*\n", done.stderr)
    assert run.contents() == []


def test_a_strict_run_without_one_measures(run):
    done = run("--strict", *run.short, "--output=whole")
    if done.returncode == 3:
        pytest.skip("there is a serious doubt here: " + done.stderr)
    assert done.returncode == 0
    assert "whole/run.json" in run.contents()


def test_an_output_folder_that_exists_is_left_alone(run):
    (run.folder / "run").mkdir()
    (run.folder / "run" / "samples.csv").write_text("mine")
    refused(run(*run.short, "--output=run"), 2, "run", "already")
    assert run.contents() == ["run", "run/samples.csv"]
    assert (run.folder / "run" / "samples.csv").read_text() == "mine"


@pytest.mark.parametrize("output", [
    "file", "link", "empty", "empty/", ".", "empty/.."])
def test_whatever_stands_there_is_not_overwritten(run, output):
    (run.folder / "file").write_text("mine")
    (run.folder / "link").symlink_to("nowhere")
    (run.folder / "empty").mkdir()
    refused(run(*run.short, f"--output={output}"), 2, "already")
    assert run.contents() == ["empty", "file", "link"]
    assert (run.folder / "file").read_text() == "mine"


def test_the_rest_of_a_killed_run_is_left_alone(run):
    rest = run.folder / ".run.partial"
    rest.mkdir()
    (rest / "samples.csv").write_text("mine")
    refused(run(*run.short, "--output=run"), 2, ".run.partial")
    assert run.contents() == [".run.partial", ".run.partial/samples.csv"]
    assert (rest / "samples.csv").read_text() == "mine"


def test_folders_on_the_way_are_made(run):
    result = run(*run.short, "--output=new/er/run/")
    finished(result)
    assert result.stdout.splitlines()[-1] == "new/er/run/"
    is_whole(run.folder / "new" / "er" / "run", [0, 1], ROWS * ROUNDS)


def test_two_runs_of_one_second_stay_apart(run):
    for _ in range(3):
        finished(run("--launches=1", "--rounds=1", PLAIN, "--label=twin"))
    folders = list((run.folder / "results").iterdir())
    assert len(folders) == 3
    assert all("-twin" in folder.name for folder in folders)


@pytest.mark.parametrize("output", ["file/run", "/proc/syscost/run",
                                    "x" * 300, "x/" * 2500])
def test_a_folder_that_cannot_be_made(run, output):
    (run.folder / "file").write_text("mine")
    refused(run(*run.short, f"--output={output}"), 2, output[:30])
    assert [name for name in run.contents() if ".partial" in name] == []
    assert (run.folder / "file").read_text() == "mine"


def test_a_folder_without_the_right_to_write(for_anyone):
    shut = for_anyone.folder / "shut"
    shut.mkdir(mode=0o555)
    refused(for_anyone(*for_anyone.short, "--output=shut/run",
                       under=as_nobody()), 2, "shut/run", "denied")
    assert for_anyone.contents() == ["shut"]


def test_a_read_only_disk(run, privately):
    under = privately("mkdir disk\nmount -t tmpfs -o ro none disk")
    refused(run(*run.short, "--output=disk/run", under=under), 2,
            "disk/run", "Read-only")


def on_a_disk(privately, size, beside=""):
    """A command that works in a disk of that size and keeps what is left."""
    return privately(
        f"mkdir disk\nmount -t tmpfs -o size={size} none disk",
        f'{beside}\nstatus=0\n"$@" || status=$?\n'
        'rm -f disk/filler\ncp -a disk kept\nexit $status')


@pytest.mark.parametrize("size", ["4k", "512k"])
def test_a_disk_that_is_full(run, privately, size):
    result = run(*run.short, "--output=disk/run",
                 under=on_a_disk(privately, size))
    refused(result, 2, "disk/run", "space")
    assert not any((run.folder / "kept").iterdir())


def test_a_run_that_would_not_fit(run, privately):
    result = run("--launches=10000", "--rounds=1000", PLAIN,
                 "--output=disk/run", under=on_a_disk(privately, "64m"))
    refused(result, 2, "disk/run", "space", "MB")
    assert not any((run.folder / "kept").iterdir())


# Fills the disk once the first launch is in the file.
FILLER = """(
    until test "$(wc -l <disk/.run.partial/samples.csv)" -gt 1; do
        kill -0 $$ || exit
        sleep 0.01
    done
    cat /dev/zero >disk/filler
) 2>/dev/null &"""


def test_a_disk_that_fills_while_measuring(run, privately):
    result = run("--launches=200", "--rounds=60", PLAIN, "--output=disk/run",
                 under=on_a_disk(privately, "8m", FILLER))
    said_one_line(result, 2, "samples.csv", "No space left")
    kept = run.folder / "kept" / "run"
    assert [path.name for path in kept.parent.iterdir()] == ["run"]
    # counters.csv is there where this machine has a PMU.
    assert sorted({path.name for path in kept.iterdir()} -
                  {"counters.csv"}) == [
        "benchstat.txt", "gbench.json", "launches.csv", "run.json",
        "samples.csv", "summary.csv"]
    done = sum(launch["done"] for launch in record(kept)["launches"])
    assert 0 < done < 200
    is_whole(kept, list(range(done)), 60)
    assert "No space left" in record(kept)["problem"]


# Surroundings

def without(*folders):
    return "\n".join(f"mount -t tmpfs none {folder}" for folder in folders)


def unnamed(section, facts):
    """The keys of a section of the environment that are null for no reason."""
    return [key for key, value in facts[section].items() if value is None
            and f"{section}.{key}" not in facts["unreadable"]]


@pytest.mark.parametrize("gone", [["/sys"], ["/proc"], ["/proc", "/sys"]])
def test_without_the_kernels_files(run, privately, gone):
    result = run(*run.short, "--output=run", under=privately(without(*gone)))
    finished(result)
    is_whole(run.folder / "run", [0, 1], ROWS * ROUNDS)
    facts = record(run.folder / "run")["environment"]
    unreadable = facts["unreadable"]
    for section in ("kernel", "cpu", "task", "settings", "frequency"):
        assert unnamed(section, facts) == []
    if "/sys" in gone:
        assert facts["kernel"]["clocksource"] is None
        assert not facts["mitigations"]["vulnerabilities"]
        assert set(unreadable) >= {"kernel.clocksource",
                                   "mitigations.vulnerabilities"}
        assert "mitigations_unknown" in {
            doubt["id"] for doubt in record(run.folder / "run")["doubts"]}
    if "/proc" in gone:
        gone = {"kernel": ["cmdline", "boot_id"], "mitigations": ["pti_flag"],
                "task": ["Seccomp", "TracerPid"], "load": ["uptime"]}
        assert [facts[section][key] for section, keys in gone.items()
                for key in keys] == [None] * 6
        assert facts["loadavg"] is None and "loadavg" in unreadable


def test_what_cpuinfo_does_not_say_is_not_denied(run, privately):
    under = privately(without("/proc"))
    facts = json.loads(run("--environment", under=under).stdout)
    assert facts["hypervisor"] is None
    assert "hypervisor" in facts["unreadable"]


def test_without_proc_by_a_relative_name(run, privately):
    under = privately(without("/proc"), 'cd "${1%/*}"\nprogram=./${1##*/}\n'
                                        'shift\nexec "$program" "$@"')
    output = run.folder / "run"
    finished(run(*run.short, f"--output={output}", under=under))
    is_whole(output, [0, 1], ROWS * ROUNDS)


def test_a_cpuset_of_one(run):
    cpu = min(os.sched_getaffinity(0))
    finished(run(*run.short, "--output=run",
                 preexec_fn=lambda: os.sched_setaffinity(0, {cpu})))
    placement = record(run.folder / "run")["placement"]
    assert placement["allowed"] == str(placement["cpu"]) == str(cpu)
    assert placement["cpus"] == placement["cores"] == 1
    assert set(load.samples(run.folder / "run")["cpu"]) == {cpu}


def test_a_busy_cpu_is_measured_on_all_the_same(run):
    cpus = sorted(os.sched_getaffinity(0))
    if len(cpus) == 1:
        pytest.skip("a single CPU")
    for cpu in (cpus[0], cpus[-1]):
        busy = subprocess.Popen(
            ["sh", "-c", "while :; do :; done"],
            preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
        finished(run(*run.short, f"--cpu={cpu}", f"--output=run{cpu}"))
        busy.kill()
        busy.wait()
        folder = run.folder / f"run{cpu}"
        assert record(folder)["placement"]["cpu"] == cpu
        assert set(load.samples(folder)["cpu"]) == {cpu}


def as_nobody():
    if os.geteuid():
        pytest.skip("not root, so all of these tests are run by a user")
    if not shutil.which("setpriv"):
        pytest.skip("no setpriv")
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
               "--clear-groups"]
    if subprocess.run([*command, "true"], stderr=subprocess.DEVNULL,
                      check=False).returncode:
        pytest.skip("another user can run no program here at all")
    return command


def test_as_a_user(for_anyone):
    finished(for_anyone(*for_anyone.short, "--output=run",
                        under=as_nobody()))
    folder = for_anyone.folder / "run"
    is_whole(folder, [0, 1], ROWS * ROUNDS)
    assert (folder / "run.json").stat().st_uid == NOBODY


def german(folder):
    """An environment in which a decimal point is a comma."""
    name = "de_DE.UTF-8"
    listed = subprocess.run(["locale", "-a"], text=True,
                            stdout=subprocess.PIPE).stdout.lower().split()
    if "de_de.utf8" in listed:
        return {"LC_ALL": name}
    if not shutil.which("localedef") or subprocess.run(
            ["localedef", "-i", "de_DE", "-f", "UTF-8", folder / name],
            stderr=subprocess.DEVNULL).returncode:
        pytest.skip(f"no locale {name}, and none can be made")
    return {"LC_ALL": name, "LOCPATH": str(folder)}


def test_numbers_have_points_in_every_locale(run, tmp_path_factory):
    spoken = german(tmp_path_factory.mktemp("locale"))
    shown = subprocess.run(["printf", "%.1f", "1"], env={**spoken},
                           text=True, stdout=subprocess.PIPE).stdout
    assert shown == "1,0"
    result = run(*run.short, "--output=run", environment=spoken)
    finished(result)
    folder = run.folder / "run"
    is_whole(folder, [0, 1], ROWS * ROUNDS)
    assert json.loads((folder / "gbench.json").read_text())["benchmarks"]
    assert "," not in (folder / "benchstat.txt").read_text()
    table = [line for line in result.stdout.splitlines() if " ns " in line]
    assert len(table) == ROWS and not re.search(r"\d,\d", "".join(table))


@contextlib.contextmanager
def nobody_reads():
    """The writing end of a pipe that nobody reads."""
    end, writing = os.pipe()
    os.close(end)
    yield writing
    os.close(writing)


def shell(words):
    """A command that runs another with redirections."""
    return ["sh", "-c", f'exec "$@" {words}', "sh"]


@pytest.mark.parametrize("words", [">&-", ">/dev/full"])
def test_a_table_that_cannot_be_printed(run, words):
    refused(run(*run.short, "--output=run", under=shell(words)), 2, "run")
    assert run.contents()[0] == "run"
    is_whole(run.folder / "run", [0, 1], ROWS * ROUNDS)


def test_a_table_that_nobody_reads(run):
    with nobody_reads() as pipe:
        result = run(*run.short, "--output=run", stdout=pipe)
    said_one_line(result, 2, "run")
    is_whole(run.folder / "run", [0, 1], ROWS * ROUNDS)


@pytest.mark.parametrize("words", [">&-", ">/dev/full"])
@pytest.mark.parametrize("option", ["--list", "--environment", "--help",
                                    "--version"])
def test_a_text_that_cannot_be_printed(run, option, words):
    refused(run(option, under=shell(words)), 2)
    assert run.contents() == []


@pytest.mark.parametrize("words", ["<&-", "2>&-", "<&- 2>&-"])
def test_closed_descriptors(run, words):
    finished(run(*run.short, "--output=run", under=shell(words)))
    is_whole(run.folder / "run", [0, 1], ROWS * ROUNDS)


def test_every_descriptor_closed(run):
    result = run(*run.short, "--output=run", under=shell("<&- >&- 2>&-"))
    assert result.returncode == 2
    is_whole(run.folder / "run", [0, 1], ROWS * ROUNDS)


# Workers and signals

def parent(process):
    """The parent of /proc's process, or None where it is gone."""
    try:
        stat = (process / "stat").read_text()
        return int(stat.rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


def worker_of(program):
    """The id of a running program's worker; None while there is none."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (b"--worker=" in (process / "cmdline").read_bytes() and
                    parent(process) == program):
                return int(process.name)
    return None


def is_gone(pid):
    """Whether a process has ended, be it that nobody waited for it."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] in "ZX"


def launches_in(samples):
    """How many launches have begun to stand in a file of samples."""
    try:
        lines = samples.read_text().splitlines()[1:]
    except OSError:
        return 0
    return len({line.split(",")[0] for line in lines})


def kill(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def end_of(process):
    """What the program printed and exited with."""
    stdout, stderr = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode,
                                       stdout, stderr)


def test_a_killed_worker_costs_its_launch(run, until):
    process = run.start("--launches=6", "--rounds=500", PLAIN,
                        "--output=run")
    samples = run.folder / ".run.partial" / "samples.csv"
    until(lambda: launches_in(samples), "a first launch")
    done = worker_of(process.pid)       # it may not be quite gone
    kill(until(lambda: {worker_of(process.pid)} - {done, None},
               "another worker").pop())
    finished(end_of(process))
    kept = record(run.folder / "run")
    lost = [launch for launch in kept["launches"] if not launch["done"]]
    assert [launch["problem"] for launch in lost] == ["killed by SIGKILL"]
    is_whole(run.folder / "run",
             [i for i in range(6) if i != lost[0]["launch"]], 500)
    assert f"launch {lost[0]['launch']}" in kept["problem"]
    lines = pd.read_csv(run.folder / "run" / "launches.csv")
    line = lines[lines["done"] == 0].squeeze()
    assert (line["launch"], line["problem"]) == (lost[0]["launch"],
                                                 "killed by SIGKILL")
    assert line["wall_ms"] > 0
    assert line["timed_ms":"alone_share"].isna().all()
    assert lost[0]["alone_share"] is None
    assert "incomplete" in [doubt["id"] for doubt in kept["doubts"]]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_wrapped_worker_that_dies(run, number):
    # It answers once: what dies at once is an arm that cannot be run.
    script = run.folder / "dies"
    script.write_text("#!/bin/sh\n[ -e alive ] || "
                      '{ touch alive; exec "$@"; }\n'
                      f"kill -{int(number)} $$\n")
    script.chmod(0o755)
    finished(run(*run.short, "--output=run", "--wrap=lives=env",
                 f"--wrap=dies={script}"))
    kept = record(run.folder / "run")
    assert kept["complete"] is False
    ends = {(launch["arm"], launch["problem"]) for launch in kept["launches"]}
    assert ends == {("lives", None), ("dies", f"killed by {number.name}")}
    assert set(load.samples(run.folder / "run")["arm"]) == {"lives"}
    assert set(load.summary(run.folder / "run")["arm"]) == {"lives"}


def test_a_death_after_the_rows_came_keeps_the_launch(run):
    script = run.folder / "late"
    script.write_text('#!/bin/sh\n"$@"\nkill -KILL $$\n')
    script.chmod(0o755)
    finished(run(*run.short, "--output=run", "--wrap=lives=env",
                 f"--wrap=late={script}"))
    kept = record(run.folder / "run")
    done = {launch["launch"] for launch in kept["launches"]
            if launch["done"]}
    assert set(launch_rows(run.folder / "run")) == done
    assert kept["complete"] is (len(done) == 4)


def kill_all_workers(process):
    while process.poll() is None:
        kill(worker_of(process.pid) or process.pid + (1 << 30))


def test_every_worker_killed(run, until):
    process = run.start("--launches=3", "--rounds=5000", PLAIN,
                        "--output=run")
    until((run.folder / ".run.partial" / "samples.csv").exists, "a start")
    kill_all_workers(process)
    refused(end_of(process), 3, "nothing was measured", "SIGKILL")
    assert run.contents() == []


def test_every_worker_killed_from_the_start(run, until):
    process = run.start(*LONG, "--output=run")
    kill_all_workers(process)
    refused(end_of(process), 3, "SIGKILL")
    assert run.contents() == []


@pytest.mark.parametrize("send", [os.kill, os.killpg])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM,
                                    signal.SIGHUP])
def test_an_interrupted_run_is_kept(run, until, send, number):
    process = run.start("--launches=500", "--rounds=100", PLAIN,
                        "--output=run")
    samples = run.folder / ".run.partial" / "samples.csv"
    until(lambda: launches_in(samples), "a first launch")
    send(process.pid, number)
    result = end_of(process)
    said_one_line(result, 130, "interrupted")
    assert result.stdout.splitlines()[-1] == "run/"
    assert [name for name in run.contents() if ".partial" in name] == []
    done = sum(launch["done"]
               for launch in record(run.folder / "run")["launches"])
    assert 0 < done < 500
    is_whole(run.folder / "run", list(range(done)), 100)
    assert record(run.folder / "run")["problem"] == "interrupted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_trying(run, until, number):
    process = run.start(*LONG, "--output=run")
    until(lambda: worker_of(process.pid), "a worker")
    process.send_signal(number)
    refused(end_of(process), 130, "interrupted")
    assert run.contents() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_in_the_first_launch(run, until, number):
    process = run.start(*LONG, "--output=run")
    until((run.folder / ".run.partial" / "samples.csv").exists, "a start")
    worker = until(lambda: worker_of(process.pid), "a worker")
    process.send_signal(number)
    refused(end_of(process), 130, "interrupted")
    assert run.contents() == []
    until(lambda: is_gone(worker), "the worker's end")


def is_bound(pid):
    """Whether a worker has come as far as its CPU."""
    return is_gone(pid) or len(os.sched_getaffinity(pid)) == 1


@pytest.mark.parametrize("begun", [False, True])
def test_a_killed_program_leaves_its_samples_and_no_worker(run, until, begun):
    # By itself this worker would end after 5 x 100,000 batches of 50 us.
    process = run.start("--rounds=100000", "--filter=^getppid/",
                        "--output=run")
    until((run.folder / ".run.partial" / "samples.csv").exists, "a start")
    worker = until(lambda: worker_of(process.pid), "a worker")
    if begun:
        until(lambda: is_bound(worker), "the worker at its CPU")
    process.kill()
    until(lambda: is_gone(worker), "the worker's end", 10)
    assert end_of(process).returncode == -signal.SIGKILL
    assert ".run.partial/samples.csv" in run.contents()
    assert not (run.folder / "run").exists()


def test_a_killed_program_takes_a_wrapper_along(run, until):
    script = run.folder / "stays"
    script.write_text("#!/bin/sh\necho $$ >pid.new\nmv pid.new pid\n"
                      "exec sleep 300\n")
    script.chmod(0o755)
    process = run.start(*run.short, f"--wrap=stays={script}")
    pid = run.folder / "pid"
    until(pid.exists, "the wrapper")
    process.kill()
    until(lambda: is_gone(int(pid.read_text())), "the wrapper's end", 10)


# Anonymous runs

PLANTED = """hostname plantedhost
cat >line <<'END'
BOOT_IMAGE=/boot/plantedkernel root=UUID=planteduuid pti=off plantedword \
plantedkey=plantedvalue mitigations=auto,nosmt plantedmitigations=off \
isolcpus=99 spectre-v2=on -- plantedinit nopti --token planted
END
mount --bind line /proc/cmdline"""
BEARING = "pti=off mitigations=auto,nosmt isolcpus=99 spectre-v2=on"

# A path that names something of this machine, not of every Linux.
LOCAL_PATH = re.compile(r"(?<![\w./-])/(?!dev/null\b|proc/|sys/)\w[\w./+-]*")


def told(folder):
    """All that a run folder says, its name and its files' names too."""
    return "\n".join([folder.name, *(
        f"{path.name}\n{path.read_text()}" for path in folder.iterdir())])


def planted_run(run, privately, *options):
    """A run on a machine with names of its own; its folder."""
    command = shutil.which("env")
    finished(run(*run.short, f"--wrap=mine={command}", *options,
                 under=privately(PLANTED)))
    folder, = (run.folder / "results").iterdir()
    return folder


def test_an_anonymous_run_names_nothing_of_the_machine(run, privately):
    folder = planted_run(run, privately, "--anonymous")
    text = told(folder)
    assert "planted" not in text.lower()
    assert LOCAL_PATH.findall(text) == []
    assert str(run.folder) not in text and str(run.program) not in text
    kernel = record(folder)["environment"]["kernel"]
    assert kernel["cmdline"] == BEARING
    assert kernel["version"] is None
    assert re.fullmatch(r"[\d.]+", kernel["release"])
    assert re.fullmatch(r"\d{8}T\d{6}Z-[\d.]+", folder.name)
    assert re.search(r"^kernel: [\d.]+$", text, re.M)


def test_another_run_names_them(run, privately):
    folder = planted_run(run, privately)
    text = told(folder)
    assert "-plantedhost-" in folder.name
    assert text.count("plantedhost") >= 3    # and in two of the files
    assert "plantedkey=plantedvalue" in text
    assert LOCAL_PATH.findall(text) != []


def test_an_anonymous_run_does_not_name_this_host(run):
    finished(run(*run.short, "--anonymous"))
    folder, = (run.folder / "results").iterdir()
    host = re.escape(socket.gethostname())
    assert not re.search(rf"(?<![\w.-]){host}(?![\w.-])", told(folder))


# What to do about it

LITERAL = r'"(?:[^"\\]|\\.)*"'
CALL = rf"session_fail\(\s*session,[^\"]*?,\s*((?:{LITERAL}|\s|PRI\w+)+)"
WHAT_TO_DO = re.compile(r"; |: is standard output|\(--list|remedy: ")


def failures():
    """Every line that the program ends with for want of something."""
    for path in sorted((SCRIPTS.parent / "src").glob("*.c")):
        for call in re.finditer(CALL, path.read_text()):
            text = "".join(re.findall(LITERAL, call[1])).replace('""', "")
            if "interrupted" not in text:
                yield f"{path.name}: {text}"


def test_every_failure_says_what_to_do():
    found = list(failures())
    assert len(found) > 25
    assert [line for line in found if not WHAT_TO_DO.search(line)] == []


@pytest.mark.parametrize("options, remedy", [
    (["--filter=("], "; a POSIX extended regular expression is needed"),
    (["--environment", "--root=/no/such"],
     "; a folder with proc and sys of a machine is needed"),
    (["--arm=a", "--arm=a"], "; each arm needs a name of its own"),
    (["--wrap=a=b | c"], "; put pipes and the like into a script"),
    (["--filter=^getppid/inline$", "--wrap=a=no-such-command-at-all"],
     "; another arm, or none, may do"),
])
def test_what_to_do_about_it_is_said(run, options, remedy):
    refused(run(*options), 3 if "no-such" in options[-1] else 2, remedy)


def test_a_list_that_cannot_be_printed_asks_where_it_goes(run):
    with open("/dev/full", "w") as full:
        result = run("--list", stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 2
    assert result.stderr.endswith(": is standard output full or closed?\n")
