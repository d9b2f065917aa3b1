# SPDX-License-Identifier: MIT
"""Checks the matrix that came from a host, and files the runs of its boots.

boot-matrix has verified each boot on the host; it is verified again here, by
the same code, from what the host sent: no host is believed.
"""

import re
import tempfile
from pathlib import Path
from typing import Any, Dict, List

from analysis.output import BadInput
from booting import (journal, order, read_plan, returned, untrusted,
                     verify)
from booting.channel import Contents
from booting.executor import Attempt, BootFailed
from booting.journal import Journal, Slot
from booting.read_plan import Read
from booting.words import plural
from lab import arrival
from lab.campaign import DONE, FAILED, Campaign

SLOT = rf"matrix/boots/\d{{2,4}}-{read_plan.NAME}"
RUN = "|".join(map(re.escape, returned.FILES))
FILE = re.compile(
    rf"matrix/(matrix\.json|plan\.toml|boot-matrix\.log)|{SLOT}/(run/({RUN})|"
    rf"attempt-\d{{1,4}}/(console\.log|environment\.json|"
    rf"run(\.\d+)?/({RUN})))")
FOLDER = re.compile(rf"matrix(/boots)?|{SLOT}(/run|/attempt-\d{{1,4}}"
                    r"(/run(\.\d+)?)?)?")
ALL_MOST_BYTES = 8 << 30
ENVIRONMENT_MOST = 16 << 20     # bytes
FETCHED = "Boot and measure"    # the step, where boots are missing


def matches(pattern: "re.Pattern[str]") -> Any:
    """Whether a name is one of these."""
    return lambda name: pattern.fullmatch(name) is not None


def read(folder: Path, plan: Read) -> Journal:
    """A matrix of this plan. Raises BootFailed."""
    try:
        head = journal.head_of(folder)
        if head["plan"]["sha256"] != plan.digest:
            raise BootFailed("matrix.json: of another plan")
        return journal.load(folder, head, order.make(plan.plan))
    except BadInput as problem:
        raise BootFailed(str(problem).replace(f"{folder}", "the matrix")
                         ) from None


def check_boot(folder: Path, slot: Slot, program: str) -> Dict[str, Any]:
    """What run.json holds of a boot that is as asked for; or BootFailed."""
    tried = slot.done
    assert tried is not None
    there = folder / "boots" / slot.name
    attempt = Attempt(slot.number, tried.number, slot.arm,
                      there / f"attempt-{tried.number}", tried.mark)
    facts = untrusted.read_json(attempt.folder / "environment.json",
                                ENVIRONMENT_MOST)
    found = verify.environment(facts, attempt, slot.arm.kernel.release)
    record = returned.check(there / "run")
    verify.run(record, attempt, found)
    arrival.check_program(record, program)
    if found.boot_id != tried.boot_id:
        raise BootFailed(f"boot {slot.number}: matrix.json tells of another "
                         "boot")
    return record


def check_boots(found: Journal, program: str) -> Dict[str, Dict[str, Any]]:
    """run.json of each boot that was measured, by its slot's name."""
    done = [slot for slot in found.slots if slot.done]
    boot_ids = {slot.done.boot_id for slot in done if slot.done}
    if len(boot_ids) != len(done):
        raise BootFailed("matrix.json: a boot counts twice")
    return {slot.name: check_boot(found.folder, slot, program)
            for slot in done}


def file_runs(campaign: Campaign, found: Journal,
              records: Dict[str, Dict[str, Any]], known: Dict[str, Any]
              ) -> Dict[str, Any]:
    """Move runs that are not there yet to theirs; all, by slot."""
    boots = dict(known)
    for slot in found.slots:
        if slot.name not in records or slot.name in boots:
            continue
        run = found.folder / "boots" / slot.name / "run"
        digests = arrival.hashes(run)
        name = arrival.name_of(records[slot.name], "-".join(
            part for part in (campaign.request.label, slot.arm.name) if part))
        boots[slot.name] = {
            "run": "runs/" + arrival.filed(run, campaign.folder / "runs",
                                           name),
            "arm": slot.arm.name, "states": slot.done and slot.done.states,
            "sha256": digests}
    return boots


def missing(slots: List[Slot]) -> str:
    """Which boots were not measured, and why."""
    return "; ".join(
        f"boot {slot.number} {slot.arm.name}: " + (
            str(slot.failures[-1].reason)[:200] if slot.failures
            else "not begun") for slot in slots)


def take(campaign: Campaign, host: str, told: Dict[str, Any]) -> str:
    """File the runs of a matrix that came. Raises BootFailed."""
    archive = campaign.folder / "incoming" / f"{host}.tar.gz"
    plan = read_plan.read(campaign.folder / "plan.toml")
    program = campaign.request.programs.get(str(told.get("architecture")), "")
    known = campaign.record(host).get("boots", {})
    with tempfile.TemporaryDirectory(prefix=f"{host}.", dir=archive.parent
                                     ) as name:
        arrival.unpacked(archive, told, Path(name), Contents(
            matches(FILE), matches(FOLDER), ALL_MOST_BYTES))
        found = read(Path(name) / "matrix", plan)
        boots = file_runs(campaign, found, check_boots(found, program), known)
    absent = [slot for slot in found.slots if slot.name not in boots]
    facts = {"boots": boots, "notes": arrival.clock_notes(told),
             "clock_offset_s": int(told.get("clock_offset_s", 0))}
    archive.unlink()
    if absent:
        campaign.note(host, FAILED, step=FETCHED, why=missing(absent),
                      **facts)
        raise BootFailed(missing(absent))
    campaign.note(host, DONE, **facts)
    return plural(len(boots), "boot")
