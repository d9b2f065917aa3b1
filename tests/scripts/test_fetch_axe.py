# SPDX-License-Identifier: MIT
"""scripts/fetch-axe and its place in scripts/setup; npm is a stub."""

import pathlib
import shutil
import subprocess

import pytest

from test_setup import SETUP, Machine

LOCK = SETUP.parents[1] / "tests" / "browser" / "axe" / "package-lock.json"
FETCH = SETUP.with_name("fetch-axe")
NPM = """#!/usr/bin/env bash
cd "${0%/*}/.." || exit
echo "npm $*" >>calls
[[ ! -e fails ]] || { echo "npm: the registry is on fire"; exit 1; }
mkdir "$3/node_modules"
"""
SKIPPED = "its tests will be skipped\n"


@pytest.fixture
def machine(tmp_path: pathlib.Path) -> Machine:
    """A Debian that has all packages, and npm."""
    made = Machine(tmp_path, "ID=debian\n")
    (made.commands / "cp").symlink_to(shutil.which("cp") or "")
    (made.commands / "npm").write_text(NPM)
    (made.commands / "npm").chmod(0o755)
    assert made.setup("--browser", "--lint").returncode == 0
    shutil.rmtree(tmp_path / "cache")
    made.write(calls="")
    return made


def fetch(machine: Machine, *options: str
          ) -> "subprocess.CompletedProcess[str]":
    """The script on that machine."""
    done: "subprocess.CompletedProcess[str]" = machine.setup(
        *options, script=FETCH)
    return done


def there(machine: Machine) -> bool:
    """Whether it lies in the cache, whole; nothing else does."""
    found = sorted(path.name for path in
                   (machine.folder / "cache" / "syscost").glob("*"))
    assert found in ([], ["axe"])
    return bool(found)


def test_it_is_fetched_once_by_its_lock_and_runs_no_script(machine):
    done = fetch(machine)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "fetch-axe: axe-core is there\n"
    assert there(machine)
    cache = machine.folder / "cache" / "syscost" / "axe"
    assert (cache / "package-lock.json").read_text() == LOCK.read_text()
    call, = machine.calls("npm")
    assert call.startswith("npm ci ") and "--ignore-scripts" in call
    assert fetch(machine).stdout == fetch(machine, "--check").stdout == ""
    assert len(machine.calls("npm")) == 1


def test_another_version_takes_the_place_of_the_old(machine):
    fetch(machine)
    old = machine.folder / "cache" / "syscost" / "axe" / "package-lock.json"
    old.write_text("{}")
    assert fetch(machine).stdout == "fetch-axe: axe-core is there\n"
    assert old.read_text() == LOCK.read_text() and there(machine)


def test_without_npm_it_says_what_is_skipped_and_goes_on(machine):
    machine.lack("npm")
    done = machine.setup("--browser")
    assert (done.returncode, done.stderr) == (0, "")
    assert "no npm" in done.stdout and SKIPPED in done.stdout
    assert not there(machine)


def test_what_cannot_be_fetched_leaves_nothing_behind(machine):
    machine.write(fails="")
    done = machine.setup("--browser")
    assert done.returncode == 0 and SKIPPED in done.stdout
    assert done.stderr == "npm: the registry is on fire\n"
    assert not there(machine)


def test_check_fetches_nothing(machine):
    done = machine.setup("--browser", "--check")
    assert done.returncode == 0 and SKIPPED in done.stdout
    assert not machine.calls("npm") and not there(machine)


def test_setup_fetches_only_for_the_browser(machine):
    assert machine.setup().returncode == 0
    assert not machine.calls("npm") and not there(machine)


def test_another_option_is_wrong_usage(machine):
    done = fetch(machine, "--chekc")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1 and "--chekc" in done.stderr
