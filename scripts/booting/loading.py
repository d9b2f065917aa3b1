# SPDX-License-Identifier: MIT
"""A kernel that the running one starts, without the firmware: kexec(8)."""

from typing import List

from booting.changes import KEXEC, Change, Store
from booting.executor import BootFailed, Refused
from booting.kernel_file import Files
from booting.machine import Machine
from booting.next_line import in_one

LOADED = "/sys/kernel/kexec_loaded"
DISABLED = "/proc/sys/kernel/kexec_load_disabled"
LOCKDOWN = "/sys/kernel/security/lockdown"


def is_loaded(machine: Machine) -> bool:
    """Whether a kernel is ready to be started."""
    return machine.text(LOADED) == "1"


def check(machine: Machine) -> None:
    """Refuse where no kernel can be loaded."""
    if not machine.has("kexec"):
        raise Refused("there is no kexec here: install kexec-tools")
    if not machine.text(LOADED):
        raise Refused(f"{LOADED} is not there: this kernel was built without "
                      "kexec (CONFIG_KEXEC)")
    if machine.text(DISABLED) not in ("", "0"):
        raise Refused(f"{DISABLED} is {machine.text(DISABLED)}: kexec was "
                      "switched off until the next boot")
    lockdown = machine.text(LOCKDOWN)
    if lockdown and "[none]" not in lockdown:
        raise Refused(f"this kernel is locked down ({lockdown}; Secure Boot "
                      "does it) and starts none but signed ones: "
                      "--executor=reboot, or Secure Boot off")


def check_free(machine: Machine) -> None:
    """Refuse where somebody else has loaded a kernel."""
    if is_loaded(machine):
        raise Refused("a kernel is loaded already: kexec -u takes it out")


def load(machine: Machine, files: Files, words: List[str], store: Store
         ) -> None:
    """Make a kernel ready to be started. Raises BootFailed, OSError."""
    store.note(Change(KEXEC, ""))
    if is_loaded(machine):
        unload(machine)
    initrd = [f"--initrd={files.initrd}"] if files.initrd else []
    done = machine.run("kexec", "-l", files.image, *initrd,
                       f"--command-line={in_one(words)}")
    if done.status or not is_loaded(machine):
        raise BootFailed(f"kexec -l {files.image}: {done.why}: no kernel was "
                         "loaded")


def unload(machine: Machine) -> None:
    """No kernel is ready any more. Raises Refused."""
    if not is_loaded(machine):
        return
    done = machine.run("kexec", "-u")
    if is_loaded(machine):
        raise Refused(f"kexec -u: {done.why}: a kernel is still loaded")
