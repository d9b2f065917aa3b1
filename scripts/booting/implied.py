# SPDX-License-Identifier: MIT
"""Which states of mitigations the words of a command line ask for.

Only what follows on every kernel that knows the word, by its
Documentation/admin-guide/kernel-parameters.txt. A CPU that is not affected
has a mitigation off as well, so most words tell "off" alone.
"""

from typing import Dict, Iterable, Iterator, Mapping, Set, Tuple

# As src/mitigation_x86.c and src/mitigation_arm64.c name them.
OF_X86 = ("swapgs", "pti", "ibrs", "retbleed", "srso", "bhi", "retpolines",
          "its", "ssb", "verw", "tsa", "vmscape")
OF_ARM64 = ("kpti", "bhb", "ssbd")
MITIGATIONS = OF_X86 + OF_ARM64

States = Mapping[str, str]

OFF_V2 = {"ibrs": "off", "retpolines": "off"}
X86: Dict[str, States] = {
    "pti=on": {"pti": "on"},        # also where the CPU is not affected
    "pti=off": {"pti": "off"},
    "nopti": {"pti": "off"},
    "mitigations=off": {"pti": "off"},
    "nospectre_v1": {"swapgs": "off"},
    "spectre_v2=off": OFF_V2,
    "nospectre_v2": OFF_V2,
    "spectre_bhi=off": {"bhi": "off"},
    "retbleed=off": {"retbleed": "off"},
    "spec_rstack_overflow=off": {"srso": "off"},
    "indirect_target_selection=off": {"its": "off"},
    "spec_store_bypass_disable=off": {"ssb": "off"},
    "nospec_store_bypass_disable": {"ssb": "off"},
    "tsa=off": {"tsa": "off"},
    "vmscape=off": {"vmscape": "off"},
}
# mitigations=off is not among these: it leaves KPTI on where KASLR needs it
# (arch/arm64/kernel/cpufeature.c, unmap_kernel_at_el0).
ARM64: Dict[str, States] = {
    **{f"kpti={word}": {"kpti": "on"} for word in ("1", "y", "on")},
    **{f"kpti={word}": {"kpti": "off"} for word in ("0", "n", "off")},
    "nospectre_bhb": {"bhb": "off"},
}
TABLES = {"x86_64": X86, "aarch64": ARM64}


def asked_for(words: Iterable[str], machine: str
              ) -> Iterator[Tuple[str, str]]:
    """Each mitigation that a word speaks of, with the state."""
    table = TABLES.get(machine, {})
    for word in words:
        yield from table.get(word, {}).items()


def implied(words: Iterable[str], machine: str) -> Dict[str, str]:
    """What a command line asks for, by mitigation; machine: as uname -m.

    Words that contradict each other imply nothing: which of pti=on and
    mitigations=off wins differs between kernels (6.6 changed it).
    """
    found: Dict[str, Set[str]] = {}
    for name, state in asked_for(words, machine):
        found.setdefault(name, set()).add(state)
    return {name: states.pop() for name, states in found.items()
            if len(states) == 1}
