# SPDX-License-Identifier: MIT
"""boots.yml over SSH with a whole machine that really reboots.

Debian in QEMU, by GRUB, from its disk: the image of tests/vm/reboot. Takes
ten minutes under emulation, so it is run only where SYSCOST_TEST_REBOOT is
set.
"""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
from typing import Any, Dict, Iterator, List

import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "vm" / "reboot"))

import lab_world  # noqa: E402
from lab_machine import Lab, write_job  # noqa: E402
from test_reboot import KPTI, image  # noqa: E402

pytestmark = pytest.mark.skipif(
    not os.environ.get("SYSCOST_TEST_REBOOT"),
    reason="takes ten minutes: SYSCOST_TEST_REBOOT=1")


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Reachable(Lab):
    """The machine, on and on, with its port 22 here."""

    def __init__(self, disk: pathlib.Path, folder: pathlib.Path) -> None:
        super().__init__(disk, folder)
        self.port = free_port()
        self.boots = 0
        self.is_over = threading.Event()
        self.now: "subprocess.Popen[bytes] | None" = None

    def words(self, job: pathlib.Path) -> List[str]:
        """The same with a network of its own."""
        nic = ("user,model=virtio-net-pci,restrict=on,"
               f"hostfwd=tcp:127.0.0.1:{self.port}-:22")
        return [nic if word == "none" and before == "-nic" else word
                for before, word in zip(["", *super().words(job)],
                                        super().words(job))]

    def live(self, job: pathlib.Path) -> None:
        """A reset ends QEMU: the next boot is begun."""
        while not self.is_over.is_set():
            with self.running(job) as self.now:
                self.boots += 1
                self.now.wait()

    @contextlib.contextmanager
    def alive(self, job: pathlib.Path) -> Iterator[None]:
        """It, until the plug is pulled for good."""
        life = threading.Thread(target=self.live, args=(job,))
        life.start()
        try:
            yield
        finally:
            self.is_over.set()
            if self.now:
                self.now.kill()
            life.join()
            lab_world.remove_keys(self.folder)


def inventory(folder: pathlib.Path, port: int) -> pathlib.Path:
    """Of the one host."""
    common = (f"-o UserKnownHostsFile={folder}/known_hosts "
              f"-o IdentitiesOnly=yes -o IdentityFile={folder}/user_key")
    file = folder / "inventory.yml"
    file.write_text(json.dumps({"all": {"hosts": {"machine": {
        "ansible_host": "127.0.0.1", "ansible_port": port,
        "ansible_user": "root", "ansible_ssh_common_args": common}}}}))
    return file


def ssh(folder: pathlib.Path, port: int, *words: str
        ) -> "subprocess.CompletedProcess[str]":
    """A command there."""
    return subprocess.run(
        ["ssh", "-p", str(port), "-i", str(folder / "user_key"), "-o",
         f"UserKnownHostsFile={folder}/known_hosts", "-o", "BatchMode=yes",
         "-o", "ConnectTimeout=5", "root@127.0.0.1", *words], text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False)


def furnish(folder: pathlib.Path, machine: Reachable) -> pathlib.Path:
    """Keys here and there; the second disk."""
    user = lab_world.generate_key(folder / "user_key")
    key = lab_world.generate_key(folder / "host_key")
    (folder / "authorized_keys").write_text(f"{user}\n")
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{machine.port} {key}\n")
    (folder / "plan.toml").write_text(KPTI)
    job = folder / "job.tar"
    script = (pathlib.Path(__file__).parent / "job").read_text()
    write_job(job, script, {name: folder / name for name in (
        "authorized_keys", "host_key")})
    return job


def test_a_machine_boots_by_the_plan_and_comes_back(tmp_path: pathlib.Path,
                                                    until: Any) -> None:
    machine = Reachable(image("grub"), tmp_path)
    job = furnish(tmp_path, machine)
    (tmp_path / "home").mkdir()
    with machine.alive(job):
        until(lambda: ssh(tmp_path, machine.port, "true").returncode == 0,
              "the machine to answer")
        before = ssh(tmp_path, machine.port, "cat /proc/cmdline").stdout
        done = subprocess.run(
            [REPOSITORY / "scripts/lab-bench",
             inventory(tmp_path, machine.port),
             f"--boots={tmp_path / 'plan.toml'}", "--label=vm",
             f"--output={tmp_path / 'out'}"], text=True, cwd=REPOSITORY,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False)
        print(done.stdout, machine.boots, "boots")
        print((tmp_path / "out/ansible.log").read_text()[-6000:])
        after = ssh(tmp_path, machine.port, "cat /proc/cmdline; ls "
                    "/var/lib/syscost-lab /etc/systemd/system").stdout
    assert done.returncode == 0, done.stdout
    check_runs(tmp_path / "out")
    assert after.startswith(before) and "syscost-boot-matrix" not in after
    assert machine.boots >= 4       # the usual, two arms, the usual


def check_runs(out: pathlib.Path) -> None:
    """Each arm was measured in its own boot, in the state it asked for."""
    record = json.loads((out / "hosts/machine.json").read_text())
    states: Dict[str, str] = {}
    boots = set()
    for boot in record["boots"].values():
        run = json.loads((out / boot["run"] / "run.json").read_text())
        environment = run["environment"]
        states[boot["arm"]] = environment["mitigations"]["derived"]["pti"][
            "state"]
        boots.add(environment["kernel"]["boot_id"])
    assert states == {"off": "off", "on": "on"} and len(boots) == 2
