# SPDX-License-Identifier: MIT
"""scripts/tuning: texts of the kernel's files, and which CPU is chosen."""

import os

import pytest

import tuned_machines
from tuned_machines import CPU, Tree, intel_laptop, put, with_cores
from tuning import cpus, forms, table, tree


@pytest.mark.parametrize("text, found", [
    ("0", {0}), ("0-3,8", {0, 1, 2, 3, 8}), ("", set()), ("5-5", {5})])
def test_lists(text, found):
    assert forms.cpus_of(text) == found
    assert forms.cpus_of(forms.list_of(found)) == found


@pytest.mark.parametrize("text", ["3-1", "0-99999999", "x", "1--2"])
def test_no_lists(text):
    with pytest.raises(ValueError):
        forms.cpus_of(text)
    assert not forms.LIST.admits(text)


def test_lists_are_written_as_the_kernel_does():
    assert forms.list_of([8, 0, 1, 2, 10, 11]) == "0-2,8,10-11"
    assert forms.list_of([]) == ""


@pytest.mark.parametrize("bits, like, text", [
    (1, "3", "1"), (0xfd, "ff", "fd"), (5, "0000000f", "00000005"),
    (1 << 33, "00000003,ffffffff", "00000002,00000000"),
    (0xffff, "00000000,0000ffff", "00000000,0000ffff")])
def test_masks(bits, like, text):
    assert forms.mask_like(bits, like) == text
    assert forms.mask_of(text) == bits
    assert forms.MASK.admits(text)


@pytest.mark.parametrize("text, word", [
    ("always [madvise] never", "madvise"), ("never", "never"), ("1\n", "1")])
def test_choices(text, word):
    assert forms.chosen(text) == word


@pytest.mark.parametrize("form, text", [
    (forms.WORD, "a b"), (forms.WORD, "x\ny"), (forms.WORD, ""),
    (forms.WORD, "../x"), (forms.NUMBER, "-1"), (forms.NUMBER, "1\n"),
    (forms.NUMBER, "٣"), (forms.SWITCH, "2"), (forms.LIST, "0-3\n"),
    (forms.LIST, ""), (forms.MASK, "f,f"), (forms.MASK, "g")])
def test_what_is_no_value(form, text):
    assert not form.admits(text)


def test_values_are_compared_by_meaning():
    assert forms.LIST.same("0,1,2", "0-2")
    assert forms.MASK.same("1", "00000000,00000001")
    assert forms.NUMBER.same("1", "01")
    assert not forms.WORD.same("powersave", "performance")


def test_cpu_2_goes_before_cpu_10():
    assert sorted(["/cpu10/x", "/cpu2/x"], key=tree.in_order) == [
        "/cpu2/x", "/cpu10/x"]


def test_files_behind_two_links_are_found_once(tmp_path):
    intel_laptop(tmp_path)
    os.unlink(tmp_path / CPU / "cpu5/cpufreq")
    (tmp_path / CPU / "cpu5/cpufreq").symlink_to("../cpufreq/policy1")
    found = Tree(str(tmp_path)).glob(f"/{CPU}/cpu*/cpufreq/scaling_governor")
    assert [path.split("/")[5] for path in found] == [
        "cpu0", "cpu1", "cpu2", "cpu3", "cpu4", "cpu6", "cpu7"]


@pytest.mark.parametrize("path", [
    "/etc/passwd", "/sys/../etc/passwd", "/run/x", "/sys"])
def test_nothing_else_is_opened(tmp_path, path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("x")
    (tmp_path / "sys").mkdir()
    with pytest.raises(OSError):
        Tree(str(tmp_path)).read(path)


def test_links_out_of_the_tree_are_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.write_text("1\n")
    root = intel_laptop(tmp_path / "root")
    watched = root / "proc/sys/kernel/nmi_watchdog"
    watched.unlink()
    watched.symlink_to(outside)
    with pytest.raises(OSError, match="out of the tree"):
        Tree(str(root)).write("/proc/sys/kernel/nmi_watchdog", "0")
    assert outside.read_text() == "1\n"


def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path):
    (tmp_path / "sys").mkdir()
    os.mkfifo(tmp_path / "sys/x")
    with pytest.raises(OSError, match="not a regular file"):
        Tree(str(tmp_path)).read("/sys/x")


def chosen(root, wanted=None):
    return cpus.choose(Tree(str(root)), wanted)


def test_the_cpu_that_the_program_takes(tmp_path):
    choice = chosen(intel_laptop(tmp_path))
    assert (choice.cpu, choice.siblings) == (1, {5})
    assert choice.quiet == {1, 5}
    assert choice.others == {0, 2, 3, 4, 6, 7}


def test_an_isolated_cpu_is_preferred(tmp_path):
    put(intel_laptop(tmp_path), {f"{CPU}/isolated": "3,7"})
    assert chosen(tmp_path)[:2] == (3, "isolated")


@pytest.mark.parametrize("files", [
    {"sys/devices/cpu_core/cpus": "2-3"},
    {f"{CPU}/cpu{cpu}/cpu_capacity": 1024 if cpu == 2 else 400
     for cpu in range(8)}])
def test_a_fast_core_is_preferred(tmp_path, files):
    put(intel_laptop(tmp_path), files)
    assert chosen(tmp_path).cpu == 2


def test_the_cpu_asked_for(tmp_path):
    assert chosen(intel_laptop(tmp_path), 6).siblings == {2}
    with pytest.raises(cpus.NoCpu, match="--cpu=8: not online"):
        chosen(tmp_path, 8)


def test_a_sibling_that_is_offline_does_not_count(tmp_path):
    put(intel_laptop(tmp_path), {f"{CPU}/online": "0-4,6-7"})
    assert chosen(tmp_path).siblings == set()


def test_the_only_cpu(tmp_path):
    put(tmp_path, tuned_machines.usual("0", "1"))
    with_cores(tmp_path, 1, 1)
    choice = chosen(tmp_path)
    assert (choice.cpu, choice.others) == (0, set())


def test_a_machine_that_tells_nothing(tmp_path):
    with pytest.raises(cpus.NoCpu, match="is /sys mounted"):
        chosen(tmp_path)


def test_the_real_choice_is_one_that_we_may_use():
    try:
        choice = cpus.choose(Tree(), None)
    except cpus.NoCpu as problem:
        pytest.skip(str(problem))
    assert choice.cpu in choice.online


def test_patterns_cover_their_own_files_only():
    [row] = [row for row in table.SETTINGS if row.name == "governor"]
    good = f"/{CPU}/cpu12/cpufreq/scaling_governor"
    assert row.covers(good) and table.setting_of(good) is row
    for bad in (f"{good}\n", good.replace("cpu12", "cpu"),
                good.replace("cpu12", "cpu1/../cpu2"),
                good.replace("cpu12", "cpu١"), f"/x{good}"):
        assert table.setting_of(bad) is None
