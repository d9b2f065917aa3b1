# SPDX-License-Identifier: MIT
"""A campaign: one request to many hosts, and what came of each.

    campaign.json   what was asked for, and of which program
    bundles/        that program with its libraries, by architecture
    hosts/          a file a host: done, or failed, with the step and why
    runs/           the run folders
    incoming/       what came from a host and is not checked yet
"""

import contextlib
import json
import os
import re
import secrets
from argparse import Namespace
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Dict, Iterator, List

from analysis.output import BadInput
from booting import journal, lock, words
from booting.executor import BootFailed
from booting.untrusted import read_json

SCHEMA = 1
NAME = "campaign.json"
FOLDERS = ("bundles", "hosts", "runs", "incoming")
DONE, FAILED, WAITING = "done", "failed", "waiting"
# Names files of ours, so no path: a host's in the inventory.
HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Request:
    """What each host is asked for."""

    options: List[str]          # of syscost
    arms: List[str]             # their names; none: the plain one
    label: str = ""
    tune: bool = False
    build: str = "here"         # or there: on each host
    executor: str = ""          # with plan.toml: reboot, kexec
    programs: Dict[str, str] = field(default_factory=dict)
    # the linker's hash of the program, by architecture


class Campaign:
    """Its folder."""

    def __init__(self, folder: Path, token: str, request: Request) -> None:
        self.folder, self.token, self.request = folder, token, request

    def save(self) -> None:
        """Bring the request to the disk."""
        text = json.dumps({"schema": SCHEMA, "id": self.token,
                           "begun": words.now(),
                           "request": asdict(self.request)}, indent=1)
        journal.replace(self.folder / NAME, f"{text}\n".encode())

    def record_file(self, host: str) -> Path:
        """Where it stands what came of a host."""
        if not HOST.fullmatch(host):
            raise BadInput(f"{host}: no name for a host: letters, digits, "
                           ". _ - are")
        return self.folder / "hosts" / f"{host}.json"

    def record(self, host: str) -> Dict[str, Any]:
        """What came of a host; empty where nothing is known."""
        try:
            return read_json(self.record_file(host), 1 << 20)
        except BootFailed:
            return {}

    def note(self, host: str, state: str, **facts: Any) -> None:
        """Write what came of a host."""
        text = json.dumps({"schema": SCHEMA, "host": host, "state": state,
                           "at": words.now(), **facts}, indent=1)
        journal.replace(self.record_file(host), f"{text}\n".encode())

    def is_done(self, host: str) -> bool:
        """Whether nothing is left to be done of it."""
        return self.record(host).get("state") == DONE

    def locked(self) -> "contextlib.AbstractContextManager[None]":
        """One lab-bench at a time in it."""
        return lock.held(self.folder / "lock", f"is at work in {self.folder}")


def believed(found: Dict[str, Any], folder: Path) -> Campaign:
    """What campaign.json holds; ValueError and the like where it is none."""
    if found["schema"] != SCHEMA:
        raise ValueError("another schema")
    if not re.fullmatch(r"[0-9a-f]{8}", found["id"]):
        raise ValueError("no id of ours")
    request = Request(**found["request"])
    if not all(isinstance(one, list) and
               all(isinstance(word, str) for word in one)
               for one in (request.options, request.arms)):
        raise ValueError("keys of other types")
    return Campaign(folder, found["id"], request)


def load(folder: Path) -> Campaign:
    """One that was begun."""
    try:
        return believed(read_json(folder / NAME), folder)
    except (BootFailed, ValueError, TypeError, KeyError) as problem:
        raise BadInput(f"{folder}: {problem}: no campaign to go on with; "
                       "start one without --resume") from None


def make_folders(folder: Path) -> None:
    """The campaign's, which is not there yet."""
    try:
        folder.mkdir(parents=True)
        for name in FOLDERS:
            (folder / name).mkdir()
    except FileExistsError:
        raise BadInput(f"{folder}: already there: --resume goes on with it, "
                       "or name another --output") from None
    except OSError as problem:
        raise BadInput(f"{problem.filename}: {problem.strerror}") from None


def usual_folder(given: Namespace) -> Path:
    """Where a new one lies unless that is said."""
    under = Path(os.environ.get("LAB_RESULTS") or "results")
    label = f"-{given.label}" if given.label else ""
    return under / f"{words.folder_stamp()}-lab{label}"


def begin(folder: Path, request: Request) -> Campaign:
    """A new one in its folder."""
    made = Campaign(folder, secrets.token_hex(4), request)
    made.save()
    return made


def records(campaign: Campaign, hosts: List[str]
            ) -> Iterator[Dict[str, Any]]:
    """What came of each host, by the inventory's order."""
    for host in hosts:
        yield {"host": host, **campaign.record(host)}
