# SPDX-License-Identifier: MIT
"""Plans of boots over SSH, on hosts that fail at each step.

What boots is a stub of boot-matrix (boot_matrix_stub): what is tested is how
a host is begun with, waited for, given up, and what is believed of it.
"""

import json
import pathlib
import shutil
from typing import Dict, Iterator, Tuple

import pytest

from bench_driver import Bench
from lab_world import World

REPOSITORY = pathlib.Path(__file__).parents[2]
UNIT = "etc/systemd/system/syscost-boot-matrix.service"
PLAN = """
name = "made-up"
boots = 2
profile = "quick"
filter = "^(getppid/inline|baseline/call)$"
limit_s = 60
[kernels.usual]
image = "host"
[[arms]]
name = "one"
cmdline = ""
[[arms]]
name = "two"
cmdline = ""
"""
FAILS: Dict[str, Tuple[str, str]] = {
    "refuses": ("Begin the plan", "no loader that it knows"),
    "vanishes": ("Wait for the host", "timed out"),
    "gives-up": ("Boot and measure", "boot 2"),
    "lies": ("Check and file the run", "when it was measured"),
    "leaves": ("See that all was put back", "could not put all back"),
    "other": ("See that no boot matrix is under way", "another boot matrix"),
}
VARIABLES = {"ansible_user": "root", "lab_boots_work": "/home/lab/boots",
             "lab_boot_limit_s": 8}


@pytest.fixture(scope="module")
def begun(world: World, tmp_path_factory: pytest.TempPathFactory
          ) -> Iterator[Bench]:
    """The first invocation."""
    folder = tmp_path_factory.mktemp("boots")
    shutil.copytree(REPOSITORY / "scripts", folder / "scripts")
    (folder / "build").mkdir()
    shutil.copy(REPOSITORY / "build/syscost", folder / "build/syscost")
    shutil.copy(pathlib.Path(__file__).parent / "boot_matrix_stub",
                folder / "scripts/boot-matrix")
    (folder / "plan.toml").write_text(PLAN)
    bench = Bench(world, folder / "out", folder)
    for name in (*FAILS, "works"):
        world.add(name)
        bench.variables[name] = VARIABLES
    (world.hosts["other"].root / UNIT).touch()
    bench(f"--boots={folder / 'plan.toml'}", "--label=all", "--serial=1",
          "--forks=1")
    yield bench


@pytest.mark.parametrize("name", FAILS)
def test_a_failure_is_named_with_its_step(begun: Bench, name: str) -> None:
    step, why = FAILS[name]
    record = begun.record(name)
    assert (record["state"], record["step"]) == ("failed", step), record
    assert why in record["why"].replace("\x1b", ""), record


def test_the_others_are_complete(begun: Bench) -> None:
    done = begun.first
    assert done and done.returncode == 1 and "1 of 7 hosts done" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    boots = begun.record("works")["boots"]
    assert [boot["arm"] for boot in boots.values()].count("one") == 2
    for boot in boots.values():
        assert boot["run"].endswith(f"-all-{boot['arm']}") or (
            f"-all-{boot['arm']}-" in boot["run"])
        assert (begun.folder / boot["run"] / "samples.csv").is_file()
    assert len({boot["run"] for boot in boots.values()}) == 4


def test_boots_that_were_measured_are_kept(begun: Bench) -> None:
    boots = begun.record("gives-up")["boots"]
    assert len(boots) == 3 and not any(key.startswith("02")
                                       for key in boots)


def test_what_is_not_whole_stays_on_its_host(begun: Bench) -> None:
    left = {name for name, host in begun.world.hosts.items()
            if host.find("boots/*")}
    assert left == {"vanishes", "gives-up", "lies", "leaves"}


def finish(begun: Bench, name: str) -> None:
    """The host came back, and its unit has gone on to the end."""
    host = begun.world.hosts[name]
    host.serve()
    folder, = host.find("boots/*")
    inside = f"/home/lab/boots/{folder.name}"
    host.run(f"{inside}/scripts/boot-matrix", "--resume",
             f"--output={inside}/matrix")
    (host.root / UNIT).unlink()


def test_a_second_invocation_does_what_is_missing(begun: Bench) -> None:
    finish(begun, "vanishes")
    before = json.dumps(begun.record("works"))
    kept = begun.record("gives-up")["boots"]
    done = begun("--resume", "--limit=works:vanishes:gives-up")
    assert done.returncode == 0, done.stdout
    assert json.dumps(begun.record("works")) == before
    found = begun.record("gives-up")["boots"]
    assert len(found) == 4 and {**found, **kept} == found
    assert len(begun.record("vanishes")["boots"]) == 4
    assert len(begun.runs) == 12
    for name in ("works", "vanishes", "gives-up"):
        assert begun.world.hosts[name].find("boots/*") == []
