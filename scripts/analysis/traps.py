# SPDX-License-Identifier: MIT
"""The known traps of reading a mitigation's state back, and of switching one.

docs/compare.md names their sources.
"""

from typing import Callable, List, Optional, Sequence

from analysis import sides
from analysis.differs import Difference, flags_of

VERW_FILES = ("mds", "tsx_async_abort", "mmio_stale_data",
              "reg_file_data_sampling", "tsa")


def vulnerability(run: sides.Run, name: str) -> str:
    """What a file of vulnerabilities/ says; "" where there is none."""
    said = run.fact("environment", "mitigations", "vulnerabilities", name)
    return said if isinstance(said, str) else ""


def forced_pti(run: sides.Run) -> Optional[str]:
    """pti=on where the CPU does not need it: sysfs keeps silent of it."""
    flag = run.fact("environment", "mitigations", "pti_flag") is True
    if not flag or not vulnerability(run, "meltdown").startswith("Not"):
        return None
    return ("PTI is on (CPU flag pti), though vulnerabilities/meltdown says "
            "Not affected: it was forced")


def hidden_kpti(run: sides.Run) -> Optional[str]:
    """arm64 turns KPTI on for KASLR's sake, and sysfs does not tell."""
    words = run.parameters
    told = any(word.startswith("kpti=") for word in words)
    if run.fact("tool", "architecture") != "aarch64" or told or (
            "nokaslr" in words or
            not vulnerability(run, "meltdown").startswith("Not")):
        return None
    return ("KPTI may be on because of KASLR: on arm64 vulnerabilities/"
            "meltdown says Not affected all the same; pass kpti= to know")


def verw_users(run: sides.Run) -> List[str]:
    """The files by which the exit to user space clears the CPU's buffers.

    reg_file_data_sampling has a wording of its own; tsa may be cleared for
    virtual machines only (bugs.c, *_strings).
    """
    said = {name: vulnerability(run, name) for name in VERW_FILES}
    return [name for name, text in said.items()
            if "Clear Register File" in text or (
                "Clear CPU buffers" in text and
                not text.endswith("Clear CPU buffers: VM"))]


def shared_verw(before: sides.Run, after: sides.Run) -> Optional[str]:
    """One VERW serves several mitigations: one off changes nothing."""
    first, second = verw_users(before), verw_users(after)
    if set(first) == set(second) or not first or not second:
        return None
    changed = ", ".join(sorted(set(first) ^ set(second)))
    return (f"{changed} changed, but VERW runs at every exit on both sides "
            f"(for {', '.join(sorted(set(first) & set(second)) or second)}):"
            " expect no difference from it")


def kaslr_moves_kpti(before: sides.Run, after: sides.Run) -> Optional[str]:
    """nokaslr is no neutral switch on arm64."""
    off = ["nokaslr" in run.parameters for run in (before, after)]
    if off[0] == off[1] or before.fact("tool", "architecture") != "aarch64":
        return None
    return ("nokaslr differs: on arm64 that also turns KPTI off where nothing "
            "needs it")


def two_entries(before: sides.Run, after: sides.Run) -> Optional[str]:
    """PTI turns FRED off: a comparison of PTI then changes the entry too."""
    fred = ["fred" in flags_of([run]) for run in (before, after)]
    pti = [run.fact("environment", "mitigations", "pti_flag")
           for run in (before, after)]
    if fred[0] == fred[1] or pti[0] == pti[1]:
        return None
    return ("PTI and FRED both changed (PTI disables FRED): the way of entry "
            "differs too")


def several_meant(found: Sequence[Difference]) -> Optional[str]:
    """Kernel and mitigations at once: the difference is of all together."""
    meant = {difference.fact.split("/")[0] for difference in found
             if difference.kind == "meant"}
    kernel = meant & {"kernel release", "kernel version"}
    state = meant & {"vulnerabilities", "pti flag"}
    if not kernel or not state:
        return None
    return "kernel and mitigations both changed: a difference is of both"


def found_in(before: Sequence[sides.Run], after: Sequence[sides.Run],
             found: Sequence[Difference]) -> List[str]:
    """What a reader of the differences should know, each in a line."""
    alone: List[Callable[[sides.Run], Optional[str]]] = [
        forced_pti, hidden_kpti]
    both: List[Callable[[sides.Run, sides.Run], Optional[str]]] = [
        shared_verw, kaslr_moves_kpti, two_entries]
    notes = [f"{name}: {note}"
             for name, side in (("before", before), ("after", after))
             for test in alone
             for note in {test(run) for run in side} if note]
    notes += [note for note in (test(before[0], after[0]) for test in both)
              if note]
    return notes + [note for note in [several_meant(found)] if note]
