#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the lab machine's disk in QEMU, with a job on a second disk.

    lab_machine.py IMAGE JOB    run the script JOB in it until it powers off,
                                and change the image
"""

import contextlib
import io
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Dict, Iterator, List, Mapping

FIRMWARE = Path("/usr/share/OVMF")
GUARD_S = 1800          # a boot, against hanging
BOOTS_MOST = 40
RESULT_BYTES = 256 << 20


def write_job(file: Path, script: str, others: Mapping[str, Path]) -> None:
    """A tarball with job/job and, beside it, files and folders by name."""
    with tarfile.open(file, "w") as job:
        entry = tarfile.TarInfo("job/job")
        entry.size, entry.mode = len(script.encode()), 0o755
        job.addfile(entry, io.BytesIO(script.encode()))
        for name, path in others.items():
            job.add(path, f"job/{name}")


class Lab:
    """A machine whose disk is an image that stays as it is."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.folder = folder
        self.console = folder / "console.log"
        self.disk = folder / "disk.qcow2"
        self.result = folder / "result.tar"
        folder.mkdir(exist_ok=True)
        shutil.copy(FIRMWARE / "OVMF_VARS_4M.fd", folder / "vars.fd")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw",
                        "-b", image.resolve(), self.disk], check=True)
        with open(self.result, "wb") as file:
            file.truncate(RESULT_BYTES)

    def words(self, job: Path) -> List[str]:
        """QEMU's command line. Nothing of the host is seen but the disks.

        A reset ends it: under TCG, OVMF hangs now and then behind one.
        """
        drives = {
            "if=pflash,format=raw,readonly=on":
                FIRMWARE / "OVMF_CODE_4M.fd",
            "if=pflash,format=raw": self.folder / "vars.fd",
            "if=virtio,cache=unsafe,format=qcow2": self.disk,
            "if=virtio,format=raw,readonly=on": job,
            "if=virtio,cache=unsafe,format=raw": self.result}
        return ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg",
                "-cpu", "max", "-m", "768", "-nic", "none", "-display",
                "none", "-monitor", "none", "-no-reboot", "-chardev",
                f"file,id=console,path={self.console},append=on", "-serial",
                "chardev:console", *(
                    word for how, file in drives.items()
                    for word in ("-drive", f"{how},file={file}"))]

    @contextlib.contextmanager
    def running(self, job: Path) -> Iterator["subprocess.Popen[bytes]"]:
        """The machine, powered on; at the end the plug is pulled."""
        machine = subprocess.Popen(self.words(job), stdin=subprocess.DEVNULL)
        try:
            yield machine
        finally:
            with contextlib.suppress(ProcessLookupError):
                machine.send_signal(signal.SIGKILL)
            machine.wait()

    def run(self, job: Path) -> None:
        """All boots, until it has given back what it was to."""
        for _ in range(BOOTS_MOST):
            with self.running(job) as machine:
                if machine.wait(GUARD_S):
                    raise RuntimeError(f"QEMU ended: {machine.returncode}")
            if self.is_done:
                return
        raise RuntimeError(f"{BOOTS_MOST} boots, and it came to no end")

    @property
    def is_done(self) -> bool:
        """Whether there is a tarball on the third disk."""
        with open(self.result, "rb") as file:
            return file.read(1) != b"\0"

    def given(self) -> Dict[str, bytes]:
        """The files that came back, by their path in there."""
        with tarfile.open(self.result, "r:") as result:
            return {f"/{entry.name}": result.extractfile(entry).read()
                    for entry in result if entry.isfile()}

    def commit(self) -> None:
        """Make what was changed part of the image."""
        subprocess.run(["qemu-img", "commit", "-q", self.disk], check=True)


def main() -> None:
    image, script = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory(dir=image.parent) as folder:
        lab = Lab(image, Path(folder))
        job = Path(folder, "job.tar")
        write_job(job, script.read_text(), {})
        lab.run(job)
        print(lab.console.read_text(errors="replace"))
        lab.commit()


if __name__ == "__main__":
    main()
