# SPDX-License-Identifier: MIT
"""Checks the archive that came from a host, and files the run in it.

A host may send anything. The archive is the one whose hash was told, holds
plain files of known names alone, and they are a whole run of what was asked
for; or nothing of it is kept. No name is taken from it unchecked.
"""

import errno
import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Optional

from booting import channel, returned, untrusted
from booting.executor import BootFailed
from booting.journal import sync
from lab.campaign import DONE, Campaign, Request

NOT_PLAIN = re.compile(r"[^A-Za-z0-9._+-]")
SHOWN_MOST = 300    # characters of what a host says
CLOCK_MOST_S = 60   # that two clocks may differ by, unmentioned
SAME_MOST = 1000    # runs of one name
STARTED = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z")


def check_asked(record: Dict[str, Any], request: Request, program: str
                ) -> None:
    """Refuse a run of other arms, or of another program. Raises BootFailed.
    """
    names = [one.get("name") for one in returned.listed(record, "arms")]
    if request.arms and names != request.arms:
        raise BootFailed(f"run.json: the arms {', '.join(request.arms)} were "
                         f"asked for, {str(names)[:SHOWN_MOST]} came back")
    if not request.arms:
        returned.check_plain(record)
    check_program(record, program)


def check_program(record: Dict[str, Any], program: str) -> None:
    """Refuse what another program measured; "": it is not known which."""
    tool = record.get("tool")
    found = tool.get("build_id") if isinstance(tool, dict) else None
    if program and found != program:
        raise BootFailed(f"run.json: the program with build id {program} was "
                         f"sent, {str(found)[:60]} measured")


def plain(text: Any, most: int) -> str:
    """A part of a folder's name; as syscost itself makes it."""
    found = NOT_PLAIN.sub("_", text[:most]) if isinstance(text, str) else ""
    return found.lstrip(".")


def name_of(record: Dict[str, Any], label: str) -> str:
    """The run folder's name, of what run.json holds. Raises BootFailed."""
    run, environment = record.get("run"), record.get("environment")
    if not isinstance(run, dict) or not isinstance(environment, dict):
        raise BootFailed("run.json: it has no run or no environment")
    started = STARTED.fullmatch(str(run.get("started")))
    if started is None:
        raise BootFailed("run.json: no time at which it was started")
    kernel = environment.get("kernel")
    release = kernel.get("release") if isinstance(kernel, dict) else None
    when = "{}{}{}T{}{}{}Z".format(*started.groups())
    parts = [when, plain(environment.get("host"), 64), plain(release, 64),
             label]
    return "-".join(part for part in parts if part)


def filed(run: Path, runs: Path, name: str) -> str:
    """Move a run to its place, never over another; the name it got."""
    for number in range(1, SAME_MOST):
        tried = name if number == 1 else f"{name}-{number}"
        if os.path.lexists(runs / tried):
            continue
        try:
            os.rename(run, runs / tried)
        except OSError as problem:
            if problem.errno not in (errno.ENOTEMPTY, errno.EEXIST,
                                     errno.ENOTDIR):
                raise
            continue
        sync(runs)
        return tried
    raise BootFailed(f"there are {SAME_MOST} runs of its name already")


def hashes(folder: Path) -> Dict[str, str]:
    """The SHA-256 of each file in a folder, brought to the disk."""
    found: Dict[str, str] = {}
    for path in sorted(folder.iterdir()):
        with open(path, "rb") as file:
            found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
        sync(path)
    return found


def notes(record: Dict[str, Any], told: Dict[str, Any]) -> List[str]:
    """What is to be known of a run that was made all the same."""
    found = [f"arm {str(one.get('name'))[:60]} was skipped: "
             f"{str(one.get('skipped'))[:SHOWN_MOST]}"
             for one in returned.listed(record, "arms")
             if one.get("skipped") is not None]
    for key, text in (("not_tuned", "it was not quietened"),
                      ("not_put_back", "not all could be put back")):
        if told.get(key):
            found.append(f"{text}: {str(told[key])[-SHOWN_MOST:].strip()}")
    return found + clock_notes(told)


def clock_notes(told: Dict[str, Any]) -> List[str]:
    """Whether the host's clock is another one than ours."""
    offset_s = int(told.get("clock_offset_s", 0))
    if abs(offset_s) <= CLOCK_MOST_S:
        return []
    side = "ahead" if offset_s > 0 else "behind"
    return [f"its clock is {abs(offset_s)} s {side}, and so are the run's "
            "times"]


def unpacked(archive: Path, told: Dict[str, Any], folder: Path,
             contents: Optional[channel.Contents] = None) -> None:
    """An archive's files, all or none. Raises BootFailed."""
    with untrusted.opened(archive, channel.ALL_LIMIT_BYTES) as file:
        channel.check_whole(file, int(told["bytes"]), str(told["sha256"]))
        channel.unpack(file, folder, contents)


def take(campaign: Campaign, host: str, told: Dict[str, Any]) -> str:
    """File what came from a host; the run's name. Raises BootFailed.

    told: what was said of the archive before it was fetched.
    """
    archive = campaign.folder / "incoming" / f"{host}.tar.gz"
    request = campaign.request
    program = request.programs.get(str(told.get("architecture")), "")
    with tempfile.TemporaryDirectory(prefix=f"{host}.", dir=archive.parent
                                     ) as name:
        unpacked(archive, told, Path(name))
        run = Path(name) / "run"
        record = returned.check(
            run, lambda found: check_asked(found, request, program))
        digests = hashes(run)
        place = filed(run, campaign.folder / "runs",
                      name_of(record, request.label))
    campaign.note(host, DONE, run=f"runs/{place}", sha256=digests,
                  bytes=archive.stat().st_size, notes=notes(record, told),
                  clock_offset_s=int(told.get("clock_offset_s", 0)))
    archive.unlink()
    return place


def drop_stale(campaign: Campaign) -> None:
    """Remove what was being unpacked when the last one was ended."""
    for path in (campaign.folder / "incoming").iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
