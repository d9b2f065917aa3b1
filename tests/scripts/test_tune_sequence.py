# SPDX-License-Identifier: MIT
"""scripts/tuning: on kernels that refuse, forget, and move other values."""

import errno
import shutil

import pytest

from tuned_machines import (CPU, Kernel, Tuned, amd_server, intel_laptop,
                            planned, put, snapshot)
from tuning import applying, restoring, tree
from tuning.state import Store, Unsaved

GOVERNOR = f"/{CPU}/cpu%d/cpufreq/scaling_governor"
WATCHDOG = "/proc/sys/kernel/nmi_watchdog"


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """Files of a disk need no time to settle."""
    monkeypatch.setattr(applying, "REST_S", 0)
    monkeypatch.setattr(restoring, "COME_S", 0)
    monkeypatch.setattr(tree, "SETTLE_S", 0)


@pytest.fixture
def laptop(tmp_path):
    return Kernel(intel_laptop(tmp_path))


@pytest.fixture
def small(tmp_path):
    """Few CPUs, and all ways of its kernel."""
    kernel = Kernel(intel_laptop(tmp_path, cores=2))
    for ways in intel_pstate, choices, hotplug:
        ways(kernel)
    return kernel


@pytest.fixture
def server(tmp_path):
    return Kernel(amd_server(tmp_path))


def intel_pstate(kernel):
    """What drivers/cpufreq/intel_pstate.c does beside storing a value."""
    def rule(path, value):
        folder, _, name = path.rpartition("/")
        if name == "energy_performance_preference":
            if kernel.value(f"{folder}/scaling_governor") == "performance":
                raise OSError(errno.EBUSY, "Device or resource busy", path)
        if name == "scaling_governor" and value == "performance":
            kernel.raw(f"{folder}/energy_performance_preference", value)
        if name == "no_turbo":
            least = int(kernel.value(f"{folder}/min_perf_pct"))
            if value == "1":
                kernel.raw(f"{folder}/min_perf_pct", min(least, 55))
            for cpu in kernel.glob(f"/{CPU}/cpufreq/policy*/scaling_max_freq"):
                kernel.raw(cpu,
                           2600000 if value == "1" else 4700000)
    kernel.rules.append(rule)


def acpi_cpufreq(kernel):
    """Boost moves the limits, and governors forget how they were set."""
    tunables = kernel.root / CPU / "cpufreq/ondemand"

    def rule(path, value):
        if path.endswith("cpufreq/boost"):
            for cpu in range(8):
                kernel.raw(f"/{CPU}/cpufreq/policy{cpu}/scaling_max_freq",
                           3400000 if value == "1" else 2400000)
        if path.endswith("scaling_governor"):
            governors = {kernel.value(GOVERNOR % cpu) for cpu in range(8)
                         if GOVERNOR % cpu != path} | {value}
            if "ondemand" not in governors:
                shutil.rmtree(tunables)
            elif not tunables.exists():
                put(tunables, {"up_threshold": 95, "sampling_rate": 4000,
                               "io_is_busy": 0})
    kernel.rules.append(rule)


def hotplug(kernel):
    """A CPU that goes offline takes its files and its boost with it."""
    kept = kernel.root / "kept"

    def rule(path, value):
        if not path.endswith("/online"):
            return
        policy = kernel.root / CPU / "cpufreq" / (
            "policy" + path.split("/")[5][3:])
        if value == "0":
            shutil.move(policy, kept)
        else:
            shutil.move(kept, policy)
    kernel.rules.append(rule)


def choices(kernel):
    """The file of huge pages shows all words, and moves a reserve."""
    def rule(path, value):
        if "transparent_hugepage" in path:
            kernel.raw("/proc/sys/vm/min_free_kbytes",
                       19832 if value == "never" else 90112)
            return " ".join(f"[{word}]" if word == value else word
                            for word in ("always", "madvise", "never"))
        return None
    kernel.rules.append(rule)


def test_all_is_set_and_put_back_in_reverse(laptop):
    before, wanted = snapshot(laptop.root), planned(laptop)
    tuned = Tuned(laptop)
    assert tuned.of("set") == list(wanted)
    for path, value in wanted.items():
        assert laptop.value(path) == value
    applied = [line.split()[0] for line in laptop.writes]
    assert applied == list(wanted)
    laptop.writes.clear()
    kinds = tuned.restore()
    assert snapshot(laptop.root) == before
    back = [line.split()[0] for line in laptop.writes]
    assert [path for path in back if "/irq/9/" not in path] == [
        path for path in reversed(applied) if "/irq/9/" not in path]
    assert {path for path in kinds if kinds[path] == "back"} == set(wanted)
    assert tuned.store.load() is None


@pytest.mark.parametrize("wishes", [
    {}, {"smt": True}, {"thp": True}, {"smt": True, "thp": True, "cpu": 7}])
def test_a_laptop_with_its_kernels_ways(laptop, wishes):
    for ways in intel_pstate, hotplug, choices:
        ways(laptop)
    before = snapshot(laptop.root)
    tuned = Tuned(laptop, **wishes)
    assert tuned.of("failed") == []
    assert laptop.value(f"/{CPU}/intel_pstate/min_perf_pct") == "55"
    assert set(tuned.restore().values()) <= {"back", "same"}
    assert snapshot(laptop.root) == before


def test_a_server_with_its_kernels_ways(server):
    acpi_cpufreq(server)
    before = snapshot(server.root)
    tuned = Tuned(server)
    assert tuned.of("failed") == []
    assert not (server.root / CPU / "cpufreq/ondemand").exists()
    assert set(tuned.restore().values()) <= {"back", "same"}
    assert snapshot(server.root) == before


def test_a_governor_of_the_users_keeps_its_speed(server):
    put(server.root / CPU / "cpufreq/policy3", {
        "scaling_governor": "userspace", "scaling_setspeed": 2000000})
    before = snapshot(server.root)
    server.rules.append(lambda path, value: server.raw(
        path.replace("governor", "setspeed"), 1500000 if value == "userspace"
        else "<unsupported>") if path == GOVERNOR % 3 else None)
    tuned = Tuned(server)
    tuned.restore()
    assert snapshot(server.root) == before


def test_a_boost_that_going_offline_resets(laptop):
    for cpu in range(8):
        put(laptop.root / CPU / f"cpufreq/policy{cpu}", {"boost": 0})
    hotplug(laptop)
    laptop.rules.append(lambda path, value: laptop.raw(
        f"/{CPU}/cpu5/cpufreq/boost", 1)
        if path.endswith("cpu5/online") and value == "1" else None)
    before = snapshot(laptop.root)
    Tuned(laptop, smt=True).restore()
    assert snapshot(laptop.root) == before


def test_an_interrupt_that_may_not_move_is_kept(laptop):
    laptop.refuse("irq/121/")
    tuned = Tuned(laptop)
    assert tuned.of("kept") == ["/proc/irq/121/smp_affinity_list"]
    assert tuned.of("failed") == []
    before = snapshot(laptop.root)
    assert before["proc/irq/121/smp_affinity_list"] == "5"
    laptop.writes.clear()
    tuned.restore()
    assert not any("irq/121" in line for line in laptop.writes)


def test_an_interrupt_goes_back_to_where_it_was_served(laptop):
    def serve(path, value):
        if "/irq/9/smp" in path:
            served = laptop.value("/proc/irq/9/effective_affinity_list")
            if served not in sequence_of(value):
                laptop.raw("/proc/irq/9/effective_affinity_list", value[0])

    def sequence_of(value):
        from tuning.forms import cpus_of
        return {str(cpu) for cpu in cpus_of(value)}
    laptop.rules.append(serve)
    before = snapshot(laptop.root)
    tuned = Tuned(laptop)
    assert laptop.value("/proc/irq/9/effective_affinity_list") == "0"
    assert "elsewhere" not in tuned.restore().values()
    assert snapshot(laptop.root) == before


def test_an_interrupt_that_does_not_come_is_named(laptop):
    tuned = Tuned(laptop)
    laptop.raw("/proc/irq/9/effective_affinity_list", 0)
    tuned.restore()
    [one] = [one for one in tuned.ended if one.kind == "elsewhere"]
    assert one.path == "/proc/irq/9/smp_affinity_list"
    assert laptop.value(one.path) == "0-7"
    assert tuned.store.load() is None


def test_an_interrupt_that_is_gone_is_no_failure(laptop):
    tuned = Tuned(laptop)
    shutil.rmtree(laptop.root / "proc/irq/120")
    assert tuned.restore()["/proc/irq/120/smp_affinity_list"] == "gone"
    assert tuned.store.load() is None


def test_a_refused_write_is_told_and_the_rest_is_set(laptop):
    laptop.refuse("no_turbo", errno.EPERM)
    before = snapshot(laptop.root)
    tuned = Tuned(laptop)
    [failed] = [one for one in tuned.outcomes if one.kind == "failed"]
    assert failed.path.endswith("no_turbo")
    assert "Operation not permitted" in failed.said
    assert len(tuned.of("set")) == len(planned(Kernel(laptop.root))) + len(
        tuned.of("set")) - 1
    laptop.rules.clear()
    tuned.restore()
    assert snapshot(laptop.root) == before


def test_a_value_that_does_not_stick_is_told(laptop):
    laptop.ignore("nmi_watchdog")
    before = snapshot(laptop.root)
    tuned = Tuned(laptop)
    [failed] = [one for one in tuned.outcomes if one.kind == "failed"]
    assert failed == (WATCHDOG, "failed",
                      "0 was written and did not stick: it reads 1")
    laptop.writes.clear()
    tuned.restore()
    assert snapshot(laptop.root) == before
    assert not any(WATCHDOG in line for line in laptop.writes)


def test_a_value_that_becomes_a_third_one_is_put_back_too(laptop):
    path = "/proc/sys/vm/stat_interval"
    laptop.rules.append(
        lambda name, value: "30" if (name, value) == (path, "60") else None)
    before = snapshot(laptop.root)
    tuned = Tuned(laptop)
    assert [one.said for one in tuned.outcomes if one.path == path] == [
        "60 was written and did not stick: it reads 30"]
    assert tuned.restore()[path] == "back"
    assert snapshot(laptop.root) == before


def test_what_somebody_else_changed_is_left(laptop):
    put(laptop.root / CPU / "cpufreq/policy2", {
        "scaling_available_governors": "performance powersave other"})
    tuned = Tuned(laptop)
    laptop.raw(GOVERNOR % 2, "other")
    kinds = tuned.restore()
    assert kinds[GOVERNOR % 2] == "left"
    assert laptop.value(GOVERNOR % 2) == "other"
    assert laptop.value(GOVERNOR % 3) == "powersave"
    assert tuned.store.load() is None


def test_what_somebody_put_back_already_is_not_written(laptop):
    tuned = Tuned(laptop)
    laptop.raw(WATCHDOG, 1)
    laptop.writes.clear()
    assert tuned.restore()[WATCHDOG] == "same"
    assert not any(WATCHDOG in line for line in laptop.writes)


def test_what_cannot_be_put_back_stays_in_the_file(laptop):
    before = snapshot(laptop.root)
    tuned = Tuned(laptop)
    laptop.refuse("nmi_watchdog", errno.EACCES)
    assert tuned.restore()[WATCHDOG] == "failed"
    assert [entry.path for entry in tuned.store.load().entries] == [WATCHDOG]
    laptop.rules.clear()
    assert tuned.restore() == {WATCHDOG: "back"}
    assert snapshot(laptop.root) == before
    assert tuned.store.load() is None


def test_what_cannot_go_back_before_another_goes_after_it(laptop):
    """Though it was set after it: limits depend on each other so."""
    later = "/proc/sys/kernel/timer_migration"

    def rule(path, value):
        if (path, value) == (later, "1") and laptop.value(WATCHDOG) == "0":
            raise OSError(errno.EINVAL, "Invalid argument", path)
    laptop.rules.append(rule)
    before = snapshot(laptop.root)
    tuned = Tuned(laptop)
    assert tuned.restore()[later] == "back"
    assert snapshot(laptop.root) == before
    assert tuned.store.load() is None


def test_what_moves_another_that_was_back(laptop):
    other = "/proc/sys/vm/stat_interval"
    laptop.rules.append(lambda path, value: laptop.raw(other, 7)
                        if (path, value) == (WATCHDOG, "1") else None)
    before = snapshot(laptop.root)
    tuned = Tuned(laptop)
    assert tuned.restore()[other] == "back"
    assert snapshot(laptop.root) == before


def test_a_cpu_that_does_not_come_back_keeps_its_files_in_mind(laptop):
    hotplug(laptop)
    before = snapshot(laptop.root)
    tuned = Tuned(laptop, smt=True)
    ways = laptop.rules[:]
    laptop.refuse("cpu5/online")
    laptop.rules.reverse()      # refused before the files come
    tuned.restore()
    kept = {entry.path for entry in tuned.store.load().entries}
    assert f"/{CPU}/cpu5/online" in kept and GOVERNOR % 5 in kept
    laptop.rules[:] = ways
    tuned.restore()
    assert snapshot(laptop.root) == before
    assert tuned.store.load() is None


def test_a_full_disk_does_not_hold_it_up(laptop, monkeypatch):
    before = snapshot(laptop.root)
    tuned = Tuned(laptop)

    def full(_store, _state):
        raise Unsaved("No space left on device")
    monkeypatch.setattr(Store, "save", full)
    laptop.refuse("stat_interval")
    tuned.restore()
    laptop.rules.clear()
    tuned.restore()
    assert snapshot(laptop.root) == before
    assert tuned.store.load() is None


def test_a_file_that_was_set_and_is_gone_stays_in_mind(laptop):
    tuned = Tuned(laptop)
    (laptop.root / WATCHDOG[1:]).unlink()
    assert tuned.restore()[WATCHDOG] == "failed"
    laptop.root.joinpath(WATCHDOG[1:]).write_text("0\n")
    assert tuned.restore()[WATCHDOG] == "back"


class Killed(BaseException):
    """In place of a signal that cannot be caught."""


def test_somebodys_change_stays_though_restoring_was_ended(small):
    tuned = Tuned(small)
    small.raw(GOVERNOR % 2, "powersafe")
    ended_at(small, 3)
    with pytest.raises(Killed):
        tuned.restore()
    del small.write
    tuned.restore()
    assert small.value(GOVERNOR % 2) == "powersafe"
    assert small.value(GOVERNOR % 1) == "powersave"


def ended_at(kernel, number, late=False):
    """From the given write on there is nobody to do anything."""
    def write(path, value, count=iter(range(1, number + 1))):
        left = number - next(count)
        if left or late:
            Kernel.write(kernel, path, value)
        if not left:
            raise Killed
    kernel.write = write


@pytest.mark.parametrize("late", [False, True])
def test_ended_at_any_write(small, late):
    """Before the write, or after it: a new start puts all back."""
    before, store = snapshot(small.root), Store(small)
    for number in range(1, 1 + len(planned(small, smt=True, thp=True))):
        ended_at(small, number, late)
        with pytest.raises(Killed):
            Tuned(small, smt=True, thp=True)
        del small.write
        state = store.load()
        assert not state.complete
        kinds = {one.kind for one in restoring.restore(small, store, state)}
        assert kinds <= {"back", "same"}, number
        assert snapshot(small.root) == before, number
        assert store.load() is None


def test_ended_at_any_write_of_restoring(small):
    before = snapshot(small.root)
    for number in range(1, 1 + len(planned(small, smt=True, thp=True))):
        tuned = Tuned(small, smt=True, thp=True)
        ended_at(small, number)
        with pytest.raises(Killed):
            tuned.restore()
        del small.write
        tuned.restore()
        assert snapshot(small.root) == before, number
        assert tuned.store.load() is None


def test_nothing_is_written_before_the_state_is_saved(laptop, monkeypatch):
    saved = []
    real = Store.save

    def save(store, state):
        saved.append((state.complete, len(laptop.writes)))
        real(store, state)
    monkeypatch.setattr(Store, "save", save)
    Tuned(laptop)
    assert saved[0] == (False, 0)
    assert saved[1][0] and saved[1][1] == len(laptop.writes) > 0
