# SPDX-License-Identifier: MIT
"""A lab on this machine: hosts as namespaces, each with its own sshd.

All of it lives in one mount, network and process namespace, whose first
process the kernel ends with the test, whatever ends that: interfaces, mounts
and processes go with it. Keys lie in the test's own folder.
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import time
from typing import Any, Dict, Iterator, List, Mapping, Optional

from namespaces import GUARD_S, Namespaces, child_of

HERE = pathlib.Path(__file__).parent
NEEDED = ("unshare", "nsenter", "ip", "setpriv", "ssh", "ssh-keygen",
          "ansible-playbook", "flock", "tar", "readelf")
SSHD = "/usr/sbin/sshd"
USER_ID = 7777
WORLD = ("set -e; mount -t tmpfs run /run; mkdir -p /run/netns; "
         "ip link set lo up; ip link add lab type bridge; "
         "ip address add 10.99.0.254/24 dev lab; ip link set lab up; "
         "echo ready; exec sleep infinity")


def obstacle() -> Optional[str]:
    """Why there can be no such lab here."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    lacking = [name for name in NEEDED if not shutil.which(name)]
    lacking += [] if os.access(SSHD, os.X_OK) else ["sshd"]
    if lacking:
        return f"{', '.join(lacking)} missing: scripts/setup --lab"
    tried = subprocess.run(
        ["unshare", "--mount", "--net", "sh", "-c",
         "ip link add v1 type veth peer name v2 && ip link add b1 type "
         "bridge"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        check=False)
    if tried.returncode:
        return f"no network namespaces: {tried.stderr.strip()}"
    return None


class Host(Namespaces):
    """One host: its namespaces outlive its sshd."""

    def __init__(self, world: Namespaces, folder: pathlib.Path, number: int,
                 size: str) -> None:
        self.folder, self.name = folder, folder.name
        self.address = f"10.99.0.{number}"
        self.root = pathlib.Path("/")
        world.run("ip", "netns", "add", self.name)
        world.run("ip", "link", "add", f"v{number}", "type", "veth", "peer",
                  "name", "eth0", "netns", self.name)
        world.run("ip", "link", "set", f"v{number}", "master", "lab", "up")
        under = ["nsenter", f"--target={world.first}", "--mount", "--net",
                 "--", "nsenter", f"--net=/run/netns/{self.name}", "--"]
        super().__init__([str(HERE / "host"), str(folder), size], under)
        self.first = child_of(self.process)    # nsenter and setpriv are gone
        self.root = pathlib.Path(f"/proc/{self.first}/root")
        self.wait_for("/home/lab/.ssh/authorized_keys")
        self.run("ip", "address", "add", f"{self.address}/24", "dev", "eth0")
        self.link("up")

    def wait_for(self, path: str) -> None:
        """Until there is a file, seen from inside."""
        end = time.monotonic() + GUARD_S
        while not (self.root / path[1:]).exists():
            if time.monotonic() > end or self.process.poll() is not None:
                raise RuntimeError(f"{self.name}: no {path}")
            time.sleep(0.01)

    @property
    def logins(self) -> int:
        """How often somebody came in."""
        log = (self.folder / "sshd.log").read_text(errors="replace")
        return log.count("Accepted publickey")

    def link(self, state: str) -> None:
        """Its network: up, down."""
        self.run("ip", "link", "set", "eth0", state)

    def serve(self) -> None:
        """Start its sshd, which goes into the background."""
        self.run(SSHD, "-f", str(self.folder / "sshd_config"),
                 "-E", str(self.folder / "sshd.log"))

    def hang_up(self) -> None:
        """End its sshd with every connection; what they run goes on."""
        self.run("sh", "-c", "while found=$(pidof sshd); do "
                 "kill -9 $found 2>/dev/null; sleep 0.1; done")

    def find(self, pattern: str) -> List[pathlib.Path]:
        """Files in its home."""
        return sorted((self.root / "home/lab").glob(pattern))


def generate_key(path: pathlib.Path) -> str:
    """A key pair; the public one."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "",
                    "-f", str(path)], check=True)
    return path.with_suffix(".pub").read_text().strip()


def remove_keys(folder: pathlib.Path) -> None:
    """No private key outlives the test, though none opens anything."""
    for public in folder.rglob("*_key.pub"):
        public.with_suffix("").unlink(missing_ok=True)


class World(Namespaces):
    """The lab, and the control node in it."""

    def __init__(self, folder: pathlib.Path) -> None:
        super().__init__(["--net", "sh", "-c", WORLD])
        assert self.process.stdout and (
            self.process.stdout.readline() == "ready\n")
        self.first = child_of(self.process)
        self.folder = folder
        self.hosts: Dict[str, Host] = {}
        self.user_key = generate_key(folder / "user_key")

    def add(self, name: str, size: str = "256m", environment: str = ""
            ) -> Host:
        """Another host; its key becomes known, its sshd serves.

        environment: what its sshd sets, as its configuration has it.
        """
        folder = self.folder / name
        folder.mkdir()
        key = generate_key(folder / "host_key")
        number = len(self.hosts) + 1
        self.furnish(folder, environment)
        host = Host(self, folder, number, size)
        self.hosts[name] = host
        self.know(host, key)
        host.serve()
        return host

    def know(self, host: Host, key: str) -> None:
        """Have the control node know a host by this key alone."""
        file = self.folder / "known_hosts"
        lines = file.read_text().splitlines() if file.exists() else []
        kept = [line for line in lines if line.split()[0] != host.address]
        file.write_text("\n".join([*kept, f"{host.address} {key}", ""]))

    def furnish(self, folder: pathlib.Path, environment: str) -> None:
        """The files of a host."""
        (folder / "name").write_text(folder.name)
        (folder / "authorized_keys").write_text(f"{self.user_key}\n")
        for file, line in (("passwd", f"lab:*:{USER_ID}:{USER_ID}::/home/lab:"
                            "/bin/sh"), ("group", f"lab:x:{USER_ID}:")):
            (folder / file).write_text(
                f"{pathlib.Path('/etc', file).read_text()}{line}\n")
        (folder / "sshd_config").write_text(
            f"HostKey {folder}/host_key\nPidFile none\nUsePAM no\n"
            "PasswordAuthentication no\n"
            "PermitRootLogin prohibit-password\n"
            "Subsystem sftp internal-sftp\n"
            f"{f'SetEnv {environment}' if environment else ''}\n")

    def inventory(self, variables: Mapping[str, Mapping[str, Any]]
                  ) -> pathlib.Path:
        """Of all hosts, with variables of some."""
        common = (f"-o UserKnownHostsFile={self.folder}/known_hosts "
                  f"-o IdentitiesOnly=yes -o IdentityFile={self.folder}"
                  "/user_key")
        hosts = {name: {"ansible_host": host.address,
                        **variables.get(name, {})}
                 for name, host in self.hosts.items()}
        file = self.folder / "inventory.yml"
        file.write_text(json.dumps({"all": {"hosts": hosts, "vars": {
            "ansible_user": "lab", "ansible_ssh_common_args": common}}}))
        return file

    def start(self, *words: str, cwd: pathlib.Path
              ) -> "subprocess.Popen[str]":
        """Start something on the control node, with a home of its own."""
        home = self.folder / "control"
        home.mkdir(exist_ok=True)
        return subprocess.Popen(
            self.inside("env", "-i", f"HOME={home}",
                        f"PATH={os.environ['PATH']}", *words), text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=cwd)


def interrupt(process: "subprocess.Popen[str]", number: int) -> None:
    """Send a signal to what start() has started: nsenter waits for it."""
    os.kill(child_of(process), number)


@contextlib.contextmanager
def lab(folder: pathlib.Path) -> Iterator[World]:
    """A lab without hosts yet; at the end nothing is left of it."""
    world = World(folder)
    try:
        yield world
    finally:
        for host in world.hosts.values():
            host.end()
        world.end()
        remove_keys(folder)
