# SPDX-License-Identifier: MIT
"""scripts/tuning/plan.py and table.py: what is wanted of which machine."""

import pytest

from tuned_machines import (CPU, Tree, amd_server, intel_laptop, machine_of,
                            planned, put, usual, with_cores, with_interrupts)
from tuning import advice, latency, plan, table


@pytest.fixture
def laptop(tmp_path):
    return intel_laptop(tmp_path)


@pytest.fixture
def server(tmp_path):
    return amd_server(tmp_path)


def plan_of(root, **wishes):
    """The same, without the first slash."""
    return {path[1:]: wanted
            for path, wanted in planned(Tree(str(root)), **wishes).items()}


def test_a_laptop(laptop):
    governors = {f"{CPU}/cpu{cpu}/cpufreq/{name}": "performance"
                 for name in ("energy_performance_preference",
                              "scaling_governor") for cpu in range(8)}
    assert plan_of(laptop) == {
        "proc/sys/kernel/nmi_watchdog": "0",
        "proc/sys/kernel/numa_balancing": "0",
        "proc/sys/kernel/timer_migration": "0",
        "proc/sys/vm/stat_interval": "60",
        "sys/kernel/mm/ksm/run": "0",
        "proc/irq/default_smp_affinity": "dd",
        "proc/irq/0/smp_affinity_list": "0,2-4,6-7",
        "proc/irq/9/smp_affinity_list": "0,2-4,6-7",
        "proc/irq/120/smp_affinity_list": "0,2-4,6-7",
        "proc/irq/121/smp_affinity_list": "0,2-4,6-7",
        "proc/irq/130/smp_affinity_list": "0,2-4,6-7",
        f"{CPU}/intel_pstate/no_turbo": "1",
        **governors}


def test_a_server(server):
    found = plan_of(server)
    assert found[f"{CPU}/cpufreq/boost"] == "0"
    assert found["proc/irq/default_smp_affinity"] == "00000000,000000fd"
    assert found["proc/irq/24/smp_affinity_list"] == "0,2-7"
    assert "proc/irq/0/smp_affinity_list" not in found
    assert {found[f"{CPU}/cpu{cpu}/cpufreq/scaling_governor"]
            for cpu in range(8)} == {"performance"}


def test_a_policys_own_boost_goes_before_the_common_one(server):
    put(server, {f"{CPU}/cpufreq/policy{cpu}/boost": cpu % 2
                 for cpu in range(8)})
    assert [path for path in plan_of(server) if "boost" in path] == [
        f"{CPU}/cpu{cpu}/cpufreq/boost" for cpu in (1, 3, 5, 7)]


def test_turbo_can_be_kept(laptop):
    assert f"{CPU}/intel_pstate/no_turbo" not in plan_of(
        laptop, keep_turbo=True)


def test_what_is_not_asked_for_is_left_alone(laptop):
    pages = "sys/kernel/mm/transparent_hugepage/enabled"
    assert pages not in plan_of(laptop)
    assert plan_of(laptop, thp=True)[pages] == "never"
    assert not any(path.endswith("/online") for path in plan_of(laptop))


def test_siblings_go_offline_last(laptop):
    assert list(plan_of(laptop, smt=True).items())[-1] == (
        f"{CPU}/cpu5/online", "0")
    assert list(plan_of(laptop, smt=True, cpu=4)).count(
        f"{CPU}/cpu0/online") == 0      # CPU 0 has no such file


def test_the_preference_goes_before_the_governor(laptop):
    names = [path.rpartition("/")[2] for path in plan_of(laptop)]
    assert names.index("scaling_governor") > len(names) - 1 - names[
        ::-1].index("energy_performance_preference")


def test_version_1_groups_forbid_going_offline(laptop):
    put(laptop, {"sys/fs/cgroup/cpuset/cpuset.cpus": "0-7",
                 "sys/fs/cgroup/cpuset/box/cpuset.cpus": "0-3"})
    assert f"{CPU}/cpu5/online" in plan_of(laptop, smt=True)
    put(laptop, {"sys/fs/cgroup/cpuset/box/cpuset.cpus": "4-7"})
    [found] = [one for one in plan.make(machine_of(
        Tree(str(laptop)), smt=True)) if one.path.endswith("cpu5/online")]
    assert not found.change and "for good" in found.problem


@pytest.mark.parametrize("name, value", [
    ("proc/sys/vm/stat_interval", 120), ("sys/kernel/mm/ksm/run", 2),
    ("sys/kernel/mm/ksm/run", 0), ("proc/sys/kernel/nmi_watchdog", 0)])
def test_what_is_well_as_it_is(laptop, name, value):
    put(laptop, {name: value})
    assert name not in plan_of(laptop)


def test_a_governor_that_is_not_offered_is_not_wanted(laptop):
    put(laptop, {f"{CPU}/cpufreq/policy2/scaling_available_governors":
                 "powersave"})
    assert f"{CPU}/cpu2/cpufreq/scaling_governor" not in plan_of(laptop)


@pytest.mark.parametrize("text", ["", "what is this", "-1", "1\n2"])
def test_a_file_that_holds_no_value_is_left_alone(laptop, text):
    put(laptop, {"proc/sys/kernel/numa_balancing": text})
    assert "proc/sys/kernel/numa_balancing" not in plan_of(laptop)
    [one] = [one for one in plan.look(Tree(str(laptop)))
             if one.setting.name == "numa_balancing"]
    assert one.value is None and one.problem.startswith("not a value")


def test_the_only_cpu_keeps_its_interrupts(tmp_path):
    put(tmp_path, usual("0", "1"))
    with_cores(tmp_path, 1, 1)
    with_interrupts(tmp_path, {4: "0"})
    assert not any("irq" in path for path in plan_of(tmp_path))


def test_an_interrupt_of_cpus_that_are_not_online_goes_to_the_others(laptop):
    with_interrupts(laptop, {140: "1,9"})
    assert plan_of(laptop)["proc/irq/140/smp_affinity_list"] == "0,2-4,6-7"


def test_it_is_remembered_where_an_interrupt_is_served(laptop):
    found = {one.path: one.via for one in plan.make(
        machine_of(Tree(str(laptop)))) if one.setting.name == "irq"}
    assert found["/proc/irq/9/smp_affinity_list"] == "1"
    assert found["/proc/irq/120/smp_affinity_list"] is None  # one CPU anyway
    assert found["/proc/irq/122/smp_affinity_list"] is None  # stays


def test_idle_states(laptop):
    tree = Tree(str(laptop))
    assert latency.wanted_us(machine_of(tree)) == 2     # its sibling rests
    assert latency.wanted_us(machine_of(tree, smt=True)) == 0


def test_idle_states_without_siblings(server):
    assert latency.wanted_us(machine_of(Tree(str(server)))) == 0


def test_the_device_is_held_and_let_go(laptop):
    tree = Tree(str(laptop))
    with latency.held(tree, 2) as problem:
        assert problem is None
        assert (laptop / "dev/cpu_dma_latency").read_bytes()[:4] == (
            b"\2\0\0\0")
    (laptop / "dev/cpu_dma_latency").unlink()
    with latency.held(tree, 2) as problem:
        assert problem == "No such file or directory"


def test_parameters_are_advised_unless_they_are_there(laptop):
    tree = Tree(str(laptop))
    choice = machine_of(tree).choice
    assert [said.partition(":")[0] for said in advice.advice_for(
        tree, choice)] == ["isolcpus=domain,managed_irq,1,5",
                           "rcu_nocbs=1,5"]
    put(laptop, {"proc/cmdline": "isolcpus=1,5 rcu_nocbs=1,5"})
    assert advice.advice_for(tree, choice) == []


@pytest.mark.parametrize("files", [
    {f"{CPU}/nohz_full": "1"}, {"proc/cmdline": "nohz_full=1"}])
def test_full_dynticks_with_intels_driver(laptop, files):
    tree = Tree(str(laptop))
    assert advice.warnings_for(tree) == []
    put(laptop, files)
    assert "1378529" in advice.warnings_for(tree)[1]


def test_no_full_dynticks(laptop):
    put(laptop, {f"{CPU}/nohz_full": "(null)"})
    assert advice.warnings_for(Tree(str(laptop))) == []


def test_irqbalance_is_told(server):
    put(server, {"proc/812/comm": "irqbalance"})
    assert "irqbalance runs" in advice.warnings_for(Tree(str(server)))[0]


def test_each_row_of_the_table_says_why():
    for row in table.SETTINGS:
        assert row.why and row.risk and row.path.startswith("/"), row
