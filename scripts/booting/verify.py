# SPDX-License-Identifier: MIT
"""Is the boot the one that was asked for? What its kernel says of itself.

Kernel release, command line, and the states of mitigations, read in the
guest: from environment.json before it was measured in, and from run.json,
which was written by the same program in the same boot.
"""

from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Tuple

from booting import cmdline
from booting.executor import Attempt, BootFailed
from booting.implied import implied
from booting.read_plan import OURS

SHOWN_MOST = 300    # characters of somebody else's text, in a message


@dataclass(frozen=True)
class Verified:
    """What a boot was found to be."""

    release: str
    boot_id: str
    states: Tuple[str, ...]     # "pti on (its evidence)"


def text(found: Any, *keys: str) -> str:
    """The text under the keys; "" where there is none."""
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found[:SHOWN_MOST] if isinstance(found, str) else ""


def check_release(environment: Any, asked: Optional[str]) -> str:
    """The kernel's release, which is the one asked for, if one is."""
    release = text(environment, "kernel", "release")
    if not release:
        raise BootFailed("no kernel release is told")
    if asked not in (None, release):
        raise BootFailed(f"kernel {asked} was asked for, {release} was "
                         "booted")
    return release


def check_cmdline(environment: Any, attempt: Attempt) -> None:
    """Refuse a boot with another command line."""
    kernel = environment.get("kernel")
    line = kernel.get("cmdline") if isinstance(kernel, dict) else None
    if not isinstance(line, str):
        raise BootFailed("no command line is told")
    if kernel.get("cmdline_is_filtered") is not False:
        raise BootFailed("the command line cannot be read back: it was "
                         "filtered by --anonymous")
    asked = [*attempt.arm.cmdline, f"{OURS}={attempt.mark}"]
    wrong = cmdline.contradiction(asked, line)
    if wrong:
        raise BootFailed(f"{wrong}: {line[:SHOWN_MOST]}")


def states_of(environment: Any) -> Mapping[str, Any]:
    """What was derived of the mitigations, by name."""
    found = environment.get("mitigations")
    derived = found.get("derived") if isinstance(found, dict) else None
    return derived if isinstance(derived, dict) else {}


def check_state(name: str, asked: str, derived: Mapping[str, Any],
                is_sure: bool) -> str:
    """A mitigation's state with its evidence, as asked for.

    is_sure: the plan expects it. What the command line alone implies may
    also be something that this kernel does not tell.
    """
    state = text(derived, name, "state")
    evidence = text(derived, name, "evidence")
    if state == asked:
        return f"{name} {state} ({evidence})"
    if not is_sure and state not in ("on", "off"):
        return f"not told whether {name} is {asked} ({evidence})"
    if not state:
        raise BootFailed(f"{name} {asked} was asked for, and this kernel "
                         f"tells of {', '.join(derived)[:SHOWN_MOST]} only")
    raise BootFailed(f"{name} {asked} was asked for, and it is {state}: "
                     f"{evidence}")


def check_states(environment: Any, attempt: Attempt) -> List[str]:
    """Every state that the plan or the command line asks for."""
    machine = text(environment, "kernel", "machine")
    expected = attempt.arm.expect
    asked = {**implied(attempt.arm.cmdline, machine), **expected}
    derived = states_of(environment)
    return [check_state(name, state, derived, name in expected)
            for name, state in asked.items()]


def boot_id_of(environment: Any) -> str:
    """Which boot it is."""
    found = text(environment, "kernel", "boot_id")
    if not found:
        raise BootFailed("no boot_id: which boot it was cannot be told")
    return found


def environment(found: Any, attempt: Attempt, release: Optional[str]
                ) -> Verified:
    """Check what environment.json holds; release: None where any will do."""
    if not isinstance(found, dict):
        raise BootFailed("environment.json is no JSON object")
    is_release = check_release(found, release)
    check_cmdline(found, attempt)
    states = check_states(found, attempt)
    return Verified(is_release, boot_id_of(found), tuple(states))


def run(record: Dict[str, Any], attempt: Attempt, before: Verified) -> None:
    """Check that run.json tells of the same boot in the same state.

    An anonymous one leaves parts of the release and of the command line out;
    the boot_id says that they are those of environment.json.
    """
    found = record.get("environment")
    if not isinstance(found, dict):
        raise BootFailed("run.json has no environment")
    boot_id = boot_id_of(found)
    if boot_id != before.boot_id:
        raise BootFailed(f"run.json is of another boot: boot_id {boot_id}, "
                         f"environment.json says {before.boot_id}")
    kernel = found.get("kernel")
    try:
        if isinstance(kernel, dict) and not kernel.get("cmdline_is_filtered"):
            check_release(found, before.release)
            check_cmdline(found, attempt)
        check_states(found, attempt)
    except BootFailed as problem:
        raise BootFailed(f"when it was measured: {problem}") from None
