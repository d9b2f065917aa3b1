# SPDX-License-Identifier: MIT
"""A plan: which kernels are booted with which command lines, how often."""

from dataclasses import dataclass, field
from typing import Mapping, Optional, Tuple


@dataclass(frozen=True)
class Kernel:
    """A kernel to boot."""

    name: str
    image: str      # a path, debian:cloud-amd64, debian:cloud-arm64, host
    initrd: Optional[str] = None    # kexec and reboot: beside a path's image
    release: Optional[str] = None   # what uname -r must say; None: told by it


@dataclass(frozen=True)
class Arm:
    """A named way to boot: the unit that is compared."""

    name: str       # [a-z0-9][a-z0-9._-]*, part of names of files
    kernel: Kernel
    cmdline: Tuple[str, ...]        # words, as the kernel's command line has
    expect: Mapping[str, str] = field(default_factory=dict)
    # mitigation, as run.json's mitigations.derived names it: on, off


@dataclass(frozen=True)
class Guest:
    """The machine that qemu makes; of no meaning to kexec and reboot."""

    cpu: str = "max"                # -cpu
    memory_mib: int = 512
    accelerator: str = "auto"       # auto, kvm, tcg


@dataclass(frozen=True)
class Plan:
    """What a file of TOML holds; docs/formats.md has its keys."""

    name: str
    arms: Tuple[Arm, ...]           # the first is the reference
    boots: int                      # of each arm
    order: str = "abba"             # abba, random, sequence
    seed: int = 1
    pairs: str = "first"            # first: each with the reference; all
    profile: str = "default"
    filter: Optional[str] = None
    arguments: Tuple[str, ...] = ()     # more options of syscost
    limit_s: int = 600              # of one boot, from its start to its end
    guest: Guest = Guest()
