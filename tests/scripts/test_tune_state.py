# SPDX-License-Identifier: MIT
"""scripts/tuning/state.py: what is saved, and what is not believed."""

import json
import os
import stat
import subprocess
import sys

import pytest

from tuned_machines import CPU, SCRIPTS, Tree, intel_laptop
from tuning.state import (BadState, Busy, Entry, State, Store, Unsaved,
                          boot_id)

WATCHDOG = "/proc/sys/kernel/nmi_watchdog"
GOVERNOR = f"/{CPU}/cpu1/cpufreq/scaling_governor"
LIST = "/proc/irq/9/smp_affinity_list"
STATE = State("a boot", "run", True, [
    Entry(WATCHDOG, "1", "0"), Entry(GOVERNOR, "powersave", None),
    Entry(LIST, "0-3", "0", "2")])


@pytest.fixture
def store(tmp_path):
    found = Store(Tree(str(tmp_path)))
    found.make_folder()
    return found


def test_it_comes_back_as_it_was(store):
    assert store.load() is None
    store.save(STATE)
    assert store.load() == STATE
    store.drop()
    store.drop()
    assert store.load() is None


def test_nobody_else_may_read_or_write_it(store):
    previous = os.umask(0)
    try:
        store.save(STATE)
    finally:
        os.umask(previous)
    assert stat.S_IMODE(store.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o755


def test_it_is_whole_and_on_the_disk_before_it_has_its_name(
        store, monkeypatch):
    calls = []
    for name in "fsync", "replace":
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *given, name=name, real=real: (
            calls.append(name), real(*given)))
    store.save(STATE)
    assert calls == ["fsync", "replace", "fsync"]


def test_what_a_kill_left_half_written_is_not_in_the_way(store):
    store.save(STATE)
    (store.folder / "state.new").write_text('{"schema"')
    assert store.load() == STATE
    store.save(STATE._replace(verb="apply"))
    assert store.load().verb == "apply"


def changed(**keys):
    record = {"schema": 1, **STATE._asdict(),
              "entries": [entry._asdict() for entry in STATE.entries]}
    return json.dumps({**record, **keys})


def entry(path=WATCHDOG, before="1", after="0", via=None, **more):
    return changed(entries=[{"path": path, "before": before, "after": after,
                             "via": via, **more}])


@pytest.mark.parametrize("text", [
    "", "{", "[]", "null", "1", "[" * 100000, "\xff", changed(schema=2),
    changed(boot_id=5), changed(verb="rm"), changed(complete=1),
    changed(entries=5), changed(entries=[5]), changed(entries=[{}]),
    entry("/etc/passwd"), entry("/proc/sys/kernel/core_pattern"),
    entry("/proc/sys/kernel/../kernel/nmi_watchdog"),
    entry(GOVERNOR.replace("cpu1", "cpu1/../../../../../etc")),
    entry(f"{WATCHDOG}\n"), entry(path=5), entry(path=None), entry(path=[]),
    entry(before=None), entry(before=1), entry(before="|/bin/sh"),
    entry(before="2"), entry(before="1\n"), entry(after="x"),
    entry(GOVERNOR, before="a b"), entry(LIST, before="0-99999999"),
    entry(LIST, before="0", via="x"), entry(more=1),
    '{"schema": 1, "boot_id": null, "verb": "run", "complete": true}'])
def test_a_file_that_is_not_ours_is_not_believed(store, text):
    store.file.write_bytes(text.encode("latin-1"))
    store.file.chmod(0o600)
    with pytest.raises(BadState, match="nothing was written") as problem:
        store.load()
    assert "\n" not in str(problem.value)
    assert store.file.exists()


def test_the_one_that_these_were_made_of_is_believed(store):
    for text in changed(), entry(), entry(after=None):
        store.file.write_text(text)
        store.file.chmod(0o600)
        assert store.load().entries[0].path == WATCHDOG


@pytest.mark.parametrize("spoil", [
    lambda store: store.file.chmod(0o622),
    lambda store: store.folder.chmod(0o777),
    lambda store: (store.file.rename(store.folder / "x"),
                   store.file.symlink_to("x")),
    lambda store: (store.file.unlink(), store.file.mkdir()),
    lambda store: (store.folder.rename(store.folder.parent / "x"),
                   store.folder.symlink_to("x"))])
def test_what_others_could_have_written_is_refused(store, spoil):
    store.save(STATE)
    spoil(store)
    with pytest.raises(BadState, match="nothing was written"):
        store.load()


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a file away: root only")
def test_another_users_file_is_refused(store):
    store.save(STATE)
    os.chown(store.file, 12345, -1)
    with pytest.raises(BadState):
        store.load()


def test_a_folder_that_is_a_link_is_not_used(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run/syscost-tune").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadState):
        Store(Tree(str(tmp_path))).make_folder()


def test_where_nothing_can_be_saved_it_says_so(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(Unsaved, match="run.*so nothing is changed"):
        Store(Tree(str(tmp_path))).make_folder()


def test_a_full_disk_leaves_the_old_file(store, monkeypatch):
    store.save(STATE)

    def full(_descriptor):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unsaved, match="No space left"):
        store.save(STATE._replace(verb="apply"))
    assert store.load() == STATE


def test_the_boot_is_told(tmp_path):
    tree = Tree(str(intel_laptop(tmp_path)))
    assert len(boot_id(tree)) == 36
    (tmp_path / "proc/sys/kernel/random/boot_id").unlink()
    assert boot_id(tree) is None


HOLD = """
import sys
sys.path.insert(0, {scripts!r})
from tuning.state import Store
from tuning.tree import Tree
with Store(Tree({root!r})).locked("run"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_at_a_time(store, tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(scripts=str(SCRIPTS),
                                           root=str(tmp_path))],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Busy, match=f"process {holder.pid}, run"):
            with store.locked("apply"):
                pass
    finally:
        holder.kill()
        holder.communicate()
    with store.locked("apply"):
        pass


def test_the_lock_is_no_link_to_follow(store, tmp_path):
    (tmp_path / "victim").write_text("precious")
    (store.folder / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(Unsaved):
        with store.locked("run"):
            pass
    assert (tmp_path / "victim").read_text() == "precious"
