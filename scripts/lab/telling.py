# SPDX-License-Identifier: MIT
"""What is shown of a campaign: a line as a host ends, and all at its end."""

import sys
from typing import Any, Dict, List, Set

from analysis.output import printable
from booting.words import plural
from lab.campaign import DONE, FAILED, Campaign

SHOWN_MOST = 300    # characters of what a host says
LOST = "--resume goes on; what it measures meanwhile is taken then"
FIRST = "Read who the host is"
UNREACHABLE = ("see that it is up and that ssh reaches it (its host key in "
               "known_hosts, your key there)")
# What to do, by the step that failed: the names of the playbooks' tasks.
ADVICE = {
    "See that no boot matrix is under way":
        "wait for it, or end it there: scripts/boot-matrix --stop",
    "See that nobody measures": "wait until that is done (lab_lock_wait_s)",
    "Try the lock": "is flock there, of util-linux?",
    "Make the lock": "lab_lock names another folder",
    "Make the working folder": "make room there, or set lab_work",
    "Copy the program": "make room there, or set lab_work to another disk",
    "Choose the program":
        "make, make aarch64 or --build=there build it; then a new campaign",
    "Configure the build": "run scripts/setup there",
    "Compile the program": "run scripts/setup there",
    "Start the program":
        "is lab_architecture the host's? --build=there where its C library "
        "is older",
    "Measure": "run it there by hand, with the same options",
    "Pack the run": "make room there",
    "Hash the archive": "make room there",
    "Fetch the archive": "is there room here?",
    "Check and file the run": "look at the host before you believe it",
    "Begin the plan": "docs/lab-machines.md says what a host needs",
    "Wait for the host":
        "look at its console, reset it: the next boot is its usual one, and "
        "goes on with the plan",
    "Wait until it is done":
        "look at its console, and into its boot-matrix.log",
    "See that all was put back":
        "there: scripts/boot-matrix --stop, in lab_boots_work",
}


def short(text: Any) -> str:
    """A host's text, for the screen."""
    return printable(str(text)[:SHOWN_MOST])


def why(record: Dict[str, Any]) -> str:
    """What came of a host, and what to do about it."""
    if record.get("state") == DONE:
        return " · ".join([short(record.get("run") or plural(
            len(record.get("boots", {})), "boot")),
            *(short(note) for note in record.get("notes", []))])
    if record.get("state") != FAILED:
        return "it had no turn"
    step = str(record.get("step"))
    advice = ADVICE.get(step, "")
    if record.get("unreachable"):
        advice = UNREACHABLE if step == FIRST else LOST
    lost = "lost: " if record.get("unreachable") else ""
    return f"{short(step)}: {lost}{short(record.get('why'))}" + (
        f" → {advice}" if advice else "")


def line(record: Dict[str, Any], width: int = 0) -> str:
    """One host."""
    state = record.get("state")
    word = state if state in (DONE, FAILED) else "left"
    return f"{record['host']:{width}}  {word:6}  {why(record)}"


class Teller:
    """Tells of each host once, as it ends."""

    def __init__(self, campaign: Campaign, hosts: List[str]) -> None:
        self.campaign, self.hosts = campaign, hosts
        self.told: Set[str] = {host for host in hosts
                               if campaign.is_done(host)}

    def look(self) -> None:
        """Tell what is new."""
        for host in self.hosts:
            if host in self.told:
                continue
            record = {"host": host, **self.campaign.record(host)}
            if record.get("state") in (DONE, FAILED):
                self.told.add(host)
                print(line(record), file=sys.stderr, flush=True)


def table(records: List[Dict[str, Any]]) -> str:
    """All hosts, a line each."""
    width = max(len(record["host"]) for record in records)
    return "\n".join(line(record, width) for record in records)
