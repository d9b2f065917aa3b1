# SPDX-License-Identifier: MIT
"""kexec and reboot in a whole machine: Debian, systemd, GRUB, systemd-boot.

Takes up to half an hour under emulation, so it is run only where
SYSCOST_TEST_REBOOT is set. Needs root, the program built, and of Debian's
packages debootstrap grub-efi-amd64-bin mtools dosfstools fdisk e2fsprogs ovmf
qemu-system-x86 qemu-utils; the first run fetches Debian itself.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
from typing import Any, Dict, List, Sequence

import pytest

HERE = pathlib.Path(__file__).parent
REPOSITORY = HERE.parents[2]
CACHE = REPOSITORY / "build-vm" / "reboot"
sys.path.insert(0, str(HERE))

from lab_machine import Lab, write_job  # noqa: E402

PLAN = """
name = "{name}"
boots = 1
profile = "quick"
filter = "^(getppid/inline|baseline/call)$"
limit_s = 300
[kernels.usual]
image = "host"
"""
KPTI = PLAN.format(name="kpti") + """
[[arms]]
name = "off"
cmdline = "pti=off"
expect = { pti = "off" }
[[arms]]
name = "on"
cmdline = "pti=on"
expect = { pti = "on" }
"""
# The one panics, of the other half is missing.
FAILING = PLAN.format(name="failing") + """
[kernels.half]
image = "/opt/half"
[[arms]]
name = "panics"
kernel = "usual"
cmdline = "rdinit=/none panic=1"
[[arms]]
name = "half"
kernel = "half"
"""
BEGIN = ("scripts/boot-matrix plans/{plan}.toml --executor={executor} "
         "--output=/opt/out/{name}\n")
CUT = "head -c 1000000 /vmlinuz >/opt/half\n"

pytestmark = pytest.mark.skipif(
    not os.environ.get("SYSCOST_TEST_REBOOT"),
    reason="takes half an hour: SYSCOST_TEST_REBOOT=1")


def image(name: str) -> pathlib.Path:
    """A disk, which is made the first time."""
    path = CACHE / f"{name}.img"
    if os.geteuid() != 0:
        pytest.skip("making a disk needs root (debootstrap)")
    if not path.exists():
        subprocess.run([HERE / "make-image", CACHE], check=True)
    return path


class Life:
    """What came back of a machine that carried out some plans."""

    def __init__(self, disk: pathlib.Path, folder: pathlib.Path,
                 begin: Sequence[str]) -> None:
        (folder / "plans").mkdir()
        for name, text in (("kpti", KPTI), ("failing", FAILING)):
            (folder / "plans" / f"{name}.toml").write_text(text)
        files = {"scripts": REPOSITORY / "scripts",
                 "build/syscost": REPOSITORY / "build/syscost",
                 "plans": folder / "plans"}
        for number, text in enumerate(begin, 1):
            files[f"begin.{number}"] = folder / f"begin.{number}"
            files[f"begin.{number}"].write_text(text)
        self.lab = Lab(disk, folder)
        write_job(folder / "job.tar", (HERE / "job").read_text(), files)
        self.lab.run(folder / "job.tar")
        self.files = self.lab.given()

    def text(self, path: str) -> str:
        """A file that came back."""
        return self.files[f"/opt/out/{path}"].decode()

    def state(self, number: int) -> Dict[str, str]:
        """What the machine was after so many plans."""
        return {name: self.text(f"state.{number}/{name}") for name in (
            "cmdline", "kexec", "efivars", "links", "files")}

    def matrix(self, name: str) -> Any:
        """What became of a plan."""
        return json.loads(self.text(f"{name}/matrix.json"))

    def attempts(self, name: str) -> List[List[Dict[str, Any]]]:
        """Each slot's."""
        return [slot["attempts"] for slot in self.matrix(name)["slots"]]


def life_of(loader: str, begin: Sequence[str],
            factory: pytest.TempPathFactory) -> Life:
    """A machine's life; what it said is shown where it did not end well."""
    folder = factory.mktemp(loader)
    try:
        return Life(image(loader), folder, begin)
    except (subprocess.SubprocessError, RuntimeError, OSError):
        kept = CACHE / f"{loader}.console.log"
        shutil.copy(folder / "console.log", kept)
        print(f"the console is in {kept}")
        raise


def begin(plan: str, executor: str, name: str) -> str:
    """How a plan is begun."""
    return BEGIN.format(plan=plan, executor=executor, name=name)


@pytest.fixture(scope="module")
def by_grub(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """Three plans on a machine with GRUB."""
    return life_of("grub", [
        begin("kpti", "reboot", "reboot"),
        CUT + begin("failing", "reboot", "failing"),
        begin("kpti", "kexec", "kexec")], tmp_path_factory)


@pytest.fixture(scope="module")
def by_systemd_boot(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """One on a machine with systemd-boot."""
    return life_of("systemd-boot", [begin("kpti", "reboot", "reboot")],
                   tmp_path_factory)


def check_measured(life: Life, name: str) -> None:
    """Both arms were booted once, verified and measured."""
    for arm, [attempt] in zip(("off", "on"), life.attempts(name)):
        assert attempt["state"] == "done", attempt
        assert attempt["states"][0].startswith(f"pti {arm} ")
        number = ("off", "on").index(arm) + 1
        run = json.loads(life.text(
            f"{name}/boots/{number:02d}-{arm}/run/run.json"))
        assert run["complete"]
        assert run["environment"]["kernel"]["boot_id"] == attempt["boot_id"]


def check_put_back(life: Life, number: int) -> None:
    """After a plan the machine is what it was before the first."""
    assert life.state(number) == life.state(0)
    assert "syscost" not in life.state(number)["cmdline"]


def test_grub(by_grub: Life) -> None:
    check_measured(by_grub, "reboot")
    assert by_grub.matrix("reboot")["facts"]["loader"] == "grub"
    check_put_back(by_grub, 1)


def test_boots_that_fail(by_grub: Life) -> None:
    """A kernel that panics, and one that GRUB cannot load, are followed by
    the usual entry; the third in a row is the last."""
    attempts = sum(by_grub.attempts("failing"), [])
    assert [one["state"] for one in attempts].count("failed") == 3
    assert all("came back in its usual entry" in one["reason"]
               for one in attempts if one["state"] == "failed")
    assert "3 boots in a row failed" in by_grub.text(
        "failing/boot-matrix.log")
    check_put_back(by_grub, 2)


def test_kexec(by_grub: Life) -> None:
    check_measured(by_grub, "kexec")
    assert by_grub.matrix("kexec")["facts"]["firmware"] is False
    boots = by_grub.text("boots").splitlines()
    marks = [one["mark"] for [one] in by_grub.attempts("kexec")]
    lines = [line for line in boots if any(mark in line for mark in marks)]
    assert len(lines) == 2
    assert not any("BOOT_IMAGE" in line for line in lines)  # no loader
    check_put_back(by_grub, 3)


def test_systemd_boot(by_systemd_boot: Life) -> None:
    check_measured(by_systemd_boot, "reboot")
    facts = by_systemd_boot.matrix("reboot")["facts"]
    assert facts["loader"] == "systemd-boot"
    check_put_back(by_systemd_boot, 1)
