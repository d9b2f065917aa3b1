# SPDX-License-Identifier: MIT
"""Four hosts over real SSH: all run, one after the other, and come back."""

import pathlib
import signal
import sys
from typing import Any, Callable, Iterator, List

import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "scripts"))

from booting import returned  # noqa: E402
from bench_driver import Bench  # noqa: E402
from lab_world import World, interrupt  # noqa: E402

NAMES = ["node1", "node2", "node3", "node4"]


@pytest.fixture(scope="module")
def hosts(world: World) -> World:
    """The lab with its hosts."""
    for name in NAMES:
        world.add(name)
    return world


@pytest.fixture(scope="module")
def measured(hosts: World, tmp_path_factory: pytest.TempPathFactory
             ) -> Iterator[Bench]:
    """A campaign that went well."""
    bench = Bench(hosts, tmp_path_factory.mktemp("well") / "out")
    done = bench(*Bench.quick, "--label=first", "--tune")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 of 4 hosts done" in done.stdout
    yield bench


def test_each_run_is_whole_and_its_hosts_own(measured: Bench) -> None:
    for name in NAMES:
        record = returned.check(measured.run_of(name))
        assert record["environment"]["host"] == name
        assert record["run"]["label"] == "first"
        assert measured.run_of(name).name.endswith("-first")
    assert len(measured.runs) == len(NAMES)


def test_hosts_are_measured_one_after_the_other(measured: Bench) -> None:
    times = [measured.started(name) for name in NAMES]
    assert times == sorted(times)


def test_nothing_of_the_lab_is_in_a_run_folder(measured: Bench) -> None:
    world = measured.world
    secrets = [world.user_key.split()[1], "10.99.0.", str(world.folder),
               "OPENSSH", "known_hosts"]
    for name in NAMES:
        others = [other for other in NAMES if other != name]
        for file in measured.run_of(name).iterdir():
            text = file.read_text()
            found = [word for word in (*secrets, *others) if word in text]
            assert not found, file


def test_nothing_is_left_on_a_host(measured: Bench) -> None:
    for host in measured.world.hosts.values():
        assert host.find(".cache/syscost-lab/*") == []
        assert host.find(".ansible/tmp/*") == []


def test_why_it_was_not_quietened_is_told(measured: Bench) -> None:
    for name in NAMES:
        assert "it was not quietened: " in measured.record(name)["notes"][0]


def test_a_second_invocation_has_nothing_to_do(measured: Bench) -> None:
    logins = [host.logins for host in measured.world.hosts.values()]
    before = measured.runs
    done = measured("--resume")
    assert done.returncode == 0 and "4 of 4 hosts done" in done.stdout
    assert measured.runs == before
    assert [host.logins for host in measured.world.hosts.values()] == logins


def running(hosts: World) -> List[pathlib.Path]:
    """What is being measured on any host."""
    return [path for host in hosts.hosts.values()
            for path in host.find(".cache/syscost-lab/*/.run*.partial")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_was_interrupted_is_gone_on_with(
        hosts: World, tmp_path: pathlib.Path, until: Callable[..., Any],
        number: int) -> None:
    bench = Bench(hosts, tmp_path / "out")
    with bench.start(*Bench.quick, "--limit=node1:node2") as process:
        until(lambda: running(hosts), "a host to measure")
        interrupt(process, number)
        out, _ = process.communicate()
    assert process.returncode == 130, out
    until(lambda: not running(hosts), "the host to end its run")
    done = bench("--resume", "--limit=node1:node2")
    assert done.returncode == 0, done.stdout
    assert len(bench.runs) == 2


def test_other_wishes_beside_resume_are_refused(measured: Bench) -> None:
    done = measured("--resume", "--profile=full")
    assert done.returncode == 2 and "--profile beside --resume" in done.stderr
