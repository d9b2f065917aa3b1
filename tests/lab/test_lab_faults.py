# SPDX-License-Identifier: MIT
"""Hosts that fail in every way: named, and the others' results complete.

One campaign over eleven hosts, then the faults are mended, and a second
invocation does what is missing.
"""

import os
import pathlib
import shutil
import struct
import subprocess
import sys
import time
from typing import Any, Callable, Dict, Iterator, Tuple

import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "scripts"))

from booting import returned  # noqa: E402
from bench_driver import Bench  # noqa: E402
from lab_world import Host, World, generate_key  # noqa: E402

FAKETIME = "/usr/lib/{}-linux-gnu/faketime/libfaketime.so.1".format(
    os.uname().machine)
MACHINES = {"x86_64": 62, "aarch64": 183}       # e_machine: elf(5)
OTHER = next(name for name in MACHINES if name != os.uname().machine)
# In the place of tar: what it packs is none, or it stops in the middle.
HOSTILE = r"""#!/usr/bin/python3
import os, sys, tarfile
if "--create" not in sys.argv:
    os.execv("/usr/bin/tar", sys.argv)
out = next(w[7:] for w in sys.argv if w.startswith("--file="))
with tarfile.open(out, "w:gz", format=tarfile.USTAR_FORMAT) as tar:
    for name, kind in (("run/\x1b[31mevil", tarfile.REGTYPE),
                       ("../../evil", tarfile.REGTYPE),
                       ("run/samples.csv", tarfile.SYMTYPE)):
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, "/etc/passwd"
        tar.addfile(entry)
"""
TRUNCATED = """#!/bin/sh
/usr/bin/tar "$@"
for word; do case $word in --file=*) truncate -s 3000 "${word#--file=}";; esac
done
"""
FULL = """#!/bin/sh
for word; do case $word in --create) echo "tar: no room" >&2; exit 2;; esac
done
exec /usr/bin/tar "$@"
"""
STUBS = {"hostile": HOSTILE, "truncated": TRUNCATED, "packs": FULL}
# What each host's failure has to say: its step, and a word of why.
FAILS: Dict[str, Tuple[str, str]] = {
    "down": ("Read who the host is", "No route to host"),
    "drops": ("Measure", "reached over ssh"),
    "full": ("Copy the program", "No space left on device"),
    "foreign": ("Start the program", "Exec format error"),
    "hostile": ("Check and file the run", "is no file of a run's"),
    "truncated": ("Check and file the run", "cut off"),
    "packs": ("Pack the run", "no room"),
    "impostor": ("Read who the host is", "Host key verification failed"),
    "busy": ("See that nobody measures", "somebody measures"),
}
WELL = ("late", "well")


def foreign_program(path: pathlib.Path) -> None:
    """A program for another architecture: as such a static one of ours."""
    real = REPOSITORY / path.parent.name / "syscost"
    if real.exists():
        shutil.copy(real, path)
        return
    content = bytearray(pathlib.Path("/sbin/ldconfig").read_bytes())
    content[18:20] = struct.pack("<H", MACHINES[OTHER])
    path.write_bytes(content)
    path.chmod(0o755)


def tree_in(folder: pathlib.Path) -> pathlib.Path:
    """The scripts, with programs for two architectures."""
    shutil.copytree(REPOSITORY / "scripts", folder / "scripts")
    for name in ("build", f"build-{OTHER}"):
        (folder / name).mkdir()
    shutil.copy(REPOSITORY / "build/syscost", folder / "build/syscost")
    foreign_program(folder / f"build-{OTHER}" / "syscost")
    return folder


def stub(world: World, name: str, text: str) -> None:
    """A host with another tar."""
    file = world.folder / f"{name}-tar"
    file.write_text(text)
    file.chmod(0o755)
    world.add(name).run(
        "sh", "-ec", 'mount -t tmpfs -o mode=755 own /usr/local/bin; '
        'cp "$1" /usr/local/bin/tar', "sh", str(file))


def populate(world: World) -> None:
    """The hosts, in the order in which they have their turn."""
    world.add("down").link("down")
    world.add("drops")
    world.add("full", size="3m")
    world.add("foreign")
    for name, text in STUBS.items():
        stub(world, name, text)
    impostor = world.add("impostor")
    world.know(impostor, generate_key(world.folder / "another_key"))
    busy = world.add("busy")
    busy.run("sh", "-c", "mkdir /run/lock/syscost-lab; "
             "flock /run/lock/syscost-lab sleep infinity >/dev/null 2>&1 &")
    world.add("late", environment="FAKETIME_DONT_FAKE_MONOTONIC=1 "
              f"FAKETIME=+1h LD_PRELOAD={FAKETIME}")
    world.add("well")


def mend(bench: Bench) -> None:
    """All of them are as they should be."""
    hosts, world = bench.world.hosts, bench.world
    hosts["down"].link("up")
    hosts["drops"].serve()
    hosts["full"].run("mount", "-o", "remount,size=256m", "/home")
    hosts["busy"].run("sh", "-c", "kill $(pidof sleep | cut -d ' ' -f 1)")
    bench.variables.clear()
    for name in STUBS:
        hosts[name].run("umount", "/usr/local/bin")
    key = world.folder / "impostor" / "host_key.pub"
    world.know(hosts["impostor"], key.read_text().strip())


def drop_in_the_middle(host: Host, until: Callable[..., Any]) -> None:
    """Cut it off while it measures; the run goes on."""
    until(lambda: host.find(".cache/syscost-lab/*/.run*.partial"),
          "it to measure")
    host.hang_up()


@pytest.fixture(scope="module")
def begun(world: World, tmp_path_factory: pytest.TempPathFactory,
          until: Callable[..., Any]) -> Iterator[Bench]:
    """The first invocation."""
    if not os.path.exists(FAKETIME):
        pytest.skip("libfaketime is missing: scripts/setup --lab")
    populate(world)
    folder = tmp_path_factory.mktemp("faults")
    bench = Bench(world, folder / "out", tree_in(folder))
    bench.variables = {"foreign": {"lab_architecture": OTHER}}
    process = bench.start(*Bench.quick, "--argument=--rounds=200")
    drop_in_the_middle(world.hosts["drops"], until)
    bench.end(process)
    yield bench


def test_some_failed_and_the_exit_status_says_so(begun: Bench) -> None:
    assert begun.first and begun.first.returncode == 1
    assert f"{len(WELL)} of 11 hosts done" in begun.first.stdout


@pytest.mark.parametrize("name", FAILS)
def test_a_failure_is_named_with_its_step(begun: Bench, name: str) -> None:
    step, why = FAILS[name]
    record = begun.record(name)
    assert record["state"] == "failed"
    assert (record["step"], why in record["why"]) == (step, True), record


@pytest.mark.parametrize("name", FAILS)
def test_what_to_do_is_told(begun: Bench, name: str) -> None:
    assert begun.first
    for text in (begun.first.stdout, begun.first.stderr):
        line = next(line for line in text.splitlines()
                    if line.startswith(f"{name} "))
        assert FAILS[name][0] in line and " → " in line


def test_what_hosts_say_is_escaped(begun: Bench) -> None:
    assert begun.first
    said = begun.first.stdout + begun.first.stderr
    assert "\x1b" not in said and "\\x1b[31mevil" in said


@pytest.mark.parametrize("name", WELL)
def test_the_others_are_complete(begun: Bench, name: str) -> None:
    assert returned.check(begun.run_of(name))["environment"]["host"] == name


def test_a_clock_that_is_an_hour_off_is_told(begun: Bench) -> None:
    record = begun.record("late")
    assert abs(record["clock_offset_s"] - 3600) < 60
    assert "s ahead" in record["notes"][0]


def test_nothing_came_out_of_its_place(begun: Bench) -> None:
    assert len(begun.runs) == len(WELL)
    assert not list(begun.folder.parent.rglob("*evil*"))
    assert not [path for path in (begun.folder / "incoming").iterdir()
                if path.is_dir()]


def test_nothing_is_left_but_runs_that_were_not_taken(begun: Bench) -> None:
    left = [name for name, host in begun.world.hosts.items()
            if host.find(".cache/syscost-lab/*")]
    assert left == ["drops", "packs"]


def test_a_second_invocation_does_what_is_missing(
        begun: Bench, until: Callable[..., Any]) -> None:
    mend(begun)
    drops = begun.world.hosts["drops"]
    until(lambda: drops.find(".cache/syscost-lab/*/run/run.json"),
          "the run that went on to end")
    logins = [begun.world.hosts[name].logins for name in WELL]
    before, now = begun.runs, time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                            time.gmtime())
    done = begun("--resume", "--serial=1", "--forks=1")
    assert done.returncode == 0 and "11 of 11 hosts done" in done.stdout
    assert set(before) < set(begun.runs) and len(begun.runs) == 11
    assert [begun.world.hosts[name].logins for name in WELL] == logins
    for name in ("drops", "packs"):     # not measured once more
        assert begun.started(name) < now
    for host in begun.world.hosts.values():
        assert host.find(".cache/syscost-lab/*") == []


def test_no_key_of_the_hosts_was_taken_unseen(begun: Bench) -> None:
    known = (begun.world.folder / "known_hosts").read_text()
    assert len(known.splitlines()) == len(begun.world.hosts)
    assert not (begun.world.folder / "control/.ssh/known_hosts").exists()


def test_the_foreign_program_is_one() -> None:
    told = subprocess.run(["uname", "-m"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()
    assert told in MACHINES and OTHER != told
