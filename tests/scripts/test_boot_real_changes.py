# SPDX-License-Identifier: MIT
"""booting.changes: the file that says what root is to put back."""

import json
import pathlib
from typing import Any, Dict, List

import pytest

from lab_files import RELEASE, USUAL
from lab_lives import PLACE, Life, machine_in
from lab_machines import Lab
from booting.changes import NAME, Store
from booting.executor import Refused

# What a damaged or forged file of changes must not lead to.
FORGED: List[Dict[str, Any]] = [
    {"schema": 2}, {"done": [{"kind": "made", "path": "/etc/passwd"}]},
    {"done": [{"kind": "made", "path": "/efi/../etc/syscost/00.linux"}]},
    {"done": [{"kind": "folder", "path": "/home"}]},
    {"done": [{"kind": "part", "path": "/etc/shadow", "before": ""}]},
    {"done": [{"kind": "part", "path": "/boot/grub/custom.cfg",
               "before": "?"}]},
    {"done": [{"kind": "sh", "path": ""}]}, {"done": 3}, {"begun": 7},
    {"line": None}, {"failed": "0"}, {"more": 1}]


@pytest.mark.parametrize("change", FORGED)
def test_changes_that_are_none_of_ours(tmp_path: pathlib.Path,
                                       change: Dict[str, Any]) -> None:
    world = machine_in(tmp_path)
    file = f"{PLACE}/executor/{NAME}"
    whole = {"schema": 1, "line": USUAL, "release": RELEASE, "failed": 0,
             "begun": None, "done": []}
    world.put(file, json.dumps({**whole, **change}).encode())
    before = world.lasting()
    store = Store(Lab(world), PLACE / "executor")
    with pytest.raises(Refused, match="damaged"):
        store.load()
    with pytest.raises(Refused):
        Life(world).executor().close(True)
    assert world.lasting() == before


@pytest.mark.parametrize("mode", [0o666, 0o620, 0o602])
def test_changes_that_others_may_write(tmp_path: pathlib.Path, mode: int
                                       ) -> None:
    world = machine_in(tmp_path)
    file = f"{PLACE}/executor/{NAME}"
    world.put(file, b"{}")
    world.at(file).chmod(mode)
    store = Store(Lab(world), PLACE / "executor")
    with pytest.raises(Refused, match="not this program's own"):
        store.load()
    world.at(file).unlink()
    world.at(file).symlink_to("/dev/null")
    with pytest.raises(Refused, match="not this program's own"):
        store.load()
