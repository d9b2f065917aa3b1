# SPDX-License-Identifier: MIT
"""Whether an emulator made a run's figures, and what is said of them then.

An emulator executes no crossing as hardware does: that a switch makes entries
dearer, and all by about as much, can be seen there; by how much cannot.
"""

from typing import Any, Dict, Iterable, Optional

import pandas as pd

from analysis import load

TEXT = "emulated: signs and constancy only"
FLAG = "emulated"       # of rows of summary.csv
NONE = "none"           # of run.json: nothing tells of an emulator
SIGNATURES = {"TCGTCGTCGTCG": "tcg"}    # CPUID 40000000H (QEMU's cpu.c)
NAME_MOST = 60          # characters


def by(record: Dict[str, Any]) -> Optional[str]:
    """What emulated a run's machine, printable; None: nothing is known to.

    Runs of before emulated_by was kept are told by CPUID's signature.
    """
    guest = load.fact(record, "environment", "guest")
    name = load.fact(guest, "emulated_by")
    if isinstance(name, str) and name.strip() not in ("", NONE):
        return load.printable(name.strip())[:NAME_MOST]
    signature = load.fact(guest, "signature")
    return SIGNATURES.get(signature) if isinstance(signature, str) else None


def line(records: Iterable[Dict[str, Any]]) -> str:
    """What stands above figures of these runs; "" where none is emulated."""
    names = dict.fromkeys(filter(None, map(by, records)))
    return f"{TEXT} ({', '.join(names)})" if names else ""


def record_of(rows: pd.DataFrame) -> Dict[str, Any]:
    """A record that says of emulation what the flags of summary.csv do.

    For a run folder without run.json.
    """
    flagged = rows["flags"].astype(str).str.split().map(lambda flags:
                                                        FLAG in flags)
    return {"environment": {"guest": {
        "emulated_by": "by the rows' flags" if flagged.any() else None}}}
