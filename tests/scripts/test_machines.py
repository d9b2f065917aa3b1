# SPDX-License-Identifier: MIT
"""Facts of recorded machines: as expected, word for word, and no others."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Dict

import pytest

ROOT = Path(__file__).resolve().parents[2]
SYSCOST = Path(os.environ.get("SYSCOST_PROGRAM")
               or ROOT / "build" / "syscost").resolve()
MACHINES = ROOT / "tests" / "machines"
NAMES = sorted(path.name for path in MACHINES.iterdir() if path.is_dir())
OFF = dict.fromkeys(("pti", "retbleed", "srso", "bhi", "verw", "its", "tsa",
                     "vmscape", "ssb"), "off")

# What each machine's entries pass, by whoever made it up and from the kernel's
# source: not by this program.
KEY = {
    "intel-laptop-pti": OFF | {"pti": "on", "retbleed": "on", "verw": "on",
                               "vmscape": "on", "ibrs": "on"},
    "amd-server": OFF | {"srso": "on", "verw": "on", "tsa": "on",
                         "vmscape": "on"},
    "vm": OFF | {"pti": "on", "bhi": "on", "its": "on"},
    "container": OFF | {"retbleed": "on", "srso": "on", "vmscape": "on",
                        "retpolines": "on"},
    "intel-fred": OFF | {"bhi": "on", "swapgs": "off"},
    "bare-kernel": dict.fromkeys(OFF, "unknown") | {"pti": "off"},
    "arm64-server": {"kpti": "unknown", "bhb": "on", "ssbd": "off"},
    "emulated": {"kpti": "on", "bhb": "off", "ssbd": "off"},
    "hostile": {},
}


def environment(name: str, *options: str) -> str:
    """What --environment prints of a recorded machine."""
    return subprocess.run(
        [str(SYSCOST), "--environment", f"--root={MACHINES / name}", *options],
        capture_output=True, text=True, check=True).stdout


def facts(name: str, *options: str) -> Dict[str, Any]:
    """Its facts without those of this program and, where the recorded
    topology is of no use, of this machine's CPUs."""
    told = json.loads(environment(name, *options))
    del told["tool"]
    if name == "hostile":
        del told["placement"]
    return told


@pytest.mark.parametrize("name", NAMES)
def test_facts_are_as_expected(name: str) -> None:
    expected = json.loads((MACHINES / f"{name}.json").read_text())
    assert facts(name) == expected


@pytest.mark.parametrize("name", NAMES)
def test_mitigations_are_as_the_key_has_them(name: str) -> None:
    derived = facts(name)["mitigations"]["derived"]
    states = {key: derived[key]["state"] for key in KEY[name]}
    assert states == KEY[name]
    assert bool(derived) == bool(KEY[name])


@pytest.mark.parametrize("name", NAMES)
def test_every_null_has_its_errno(name: str) -> None:
    told = facts(name)
    unreadable = told.pop("unreadable")
    nulls = set()

    def walk(value: Any, path: str) -> None:
        if value is None:
            nulls.add(path)
        elif isinstance(value, dict):
            for key, inner in value.items():
                if path or key not in ("placement", "doubts"):
                    walk(inner, f"{path}.{key}" if path else key)
        elif isinstance(value, list):
            for inner in value:
                if isinstance(inner, dict):
                    walk(inner, f"{path}.{inner['id']}")

    walk(told, "")
    empty = {"mitigations.vulnerabilities"}  # an empty folder, not a null
    extra = {"cpu.cpuinfo", "task.status", "memory.meminfo"}
    assert nulls - set(unreadable) == set()
    assert set(unreadable) - nulls - empty - extra == set()
    assert all(text[0] == "E" for text in unreadable.values())


@pytest.mark.parametrize("name", NAMES)
def test_nothing_leads_out_of_the_folder(name: str) -> None:
    told = environment(name)
    assert "root:x:" not in told
    host = Path("/proc/sys/kernel/random/boot_id")
    if host.exists():
        assert host.read_text().strip() not in told


def test_hostile_bytes_are_not_printed() -> None:
    told = environment("hostile")
    assert all(byte == "\n" or byte.isprintable() for byte in told)


def test_the_anonymous_hide_what_is_local() -> None:
    told = environment("intel-laptop-pti", "--anonymous")
    known = facts("intel-laptop-pti")
    assert known["host"] not in told
    assert "mapper" in known["kernel"]["cmdline"] and "mapper" not in told
    assert known["kernel"]["release"] not in told
    assert json.loads(told)["kernel"]["config"]["sha256"] == (
        known["kernel"]["config"]["sha256"])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(SYSCOST), "--environment", f"--root={tmp_path / 'none'}"],
        capture_output=True, text=True)
    assert done.returncode == 2
    assert "none: No such file" in done.stderr
    assert done.stdout == ""


def test_an_empty_folder_is_a_machine_without_facts(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(SYSCOST), "--environment", f"--root={tmp_path}"],
        capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["kernel"]["release"] is None
    assert told["unreadable"]["kernel.release"] == "ENOENT"
    assert [d["id"] for d in told["doubts"]][0] == "mitigations_unknown"


def test_a_folder_that_hwloc_cannot_read_has_no_placement(
        tmp_path: Path) -> None:
    """hwloc 2.9 aborts on an empty folder of NUMA nodes."""
    (tmp_path / "sys" / "devices" / "system" / "node").mkdir(parents=True)
    cpu = tmp_path / "sys" / "devices" / "system" / "cpu"
    (cpu / "cpu0" / "topology").mkdir(parents=True)
    for name in ("online", "present", "possible"):
        (cpu / name).write_text("0\n")
    done = subprocess.run(
        [str(SYSCOST), "--environment", f"--root={tmp_path}"],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["topology"]["online"] == "0"


def test_an_emulator_that_nothing_shows_can_be_named() -> None:
    told = json.loads(environment("arm64-server", "--emulated=qemu-8.2"))
    assert told["guest"]["emulated_by"] == "qemu-8.2"
    assert told["guest"]["emulated_how"] == "--emulated"
    assert [doubt["message"] for doubt in told["doubts"]
            if doubt["id"] == "emulated"] == [
        "emulated: signs and constancy only (qemu-8.2, by --emulated)"]
    assert "guest" not in [doubt["id"] for doubt in told["doubts"]]


def test_a_root_needs_environment() -> None:
    done = subprocess.run([str(SYSCOST), "--root=/"], capture_output=True,
                          text=True)
    assert done.returncode == 2
    assert "--environment" in done.stderr
