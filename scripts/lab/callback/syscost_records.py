# SPDX-License-Identifier: MIT
"""Tells scripts/lab-bench of hosts that fail: in which step, and why.

A plugin of Ansible. The first failure counts; what goes wrong after a host
is done (its folder could not be removed) is added to what it did.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, Dict

from ansible.plugins.callback import CallbackBase

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from lab import campaign  # noqa: E402

DOCUMENTATION = """
    name: syscost_records
    type: notification
    short_description: records of hosts that fail, for scripts/lab-bench
    description: Writes hosts/NAME.json of a campaign.
"""
WHY_MOST = 500      # characters
FAILED = "non-zero return code"     # what a command's msg is then
SUMMARY = "Exiting with failure status due to previous errors"     # tar's
FOLDER = "SYSCOST_LAB_CAMPAIGN"


def last_line(text: Any) -> str:
    """The last line of what a program said, with something in it."""
    lines = [line.strip() for line in str(text or "").splitlines()]
    return next((line for line in reversed(lines)
                 if line and SUMMARY not in line), "")


def why_of(result: Dict[str, Any]) -> str:
    """Why a task failed, in what it returned."""
    unpacked = result.get("extract_results")    # unarchive's
    if isinstance(unpacked, dict):
        return why_of({"stderr": unpacked.get("err"),
                       "rc": unpacked.get("rc")})
    said = last_line(result.get("stderr")) or last_line(result.get("stdout"))
    message = last_line(result.get("msg"))
    if result.get("rc") is not None:
        said = said or ("" if message == FAILED else message)
        return f"{said} (exit status {result['rc']})".strip()
    return (message or said or last_line(result.get("module_stderr")) or
            "it does not say why")


class CallbackModule(CallbackBase):
    """It."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "syscost_records"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        folder = os.environ.get(FOLDER)
        self.campaign = campaign.load(Path(folder)) if folder else None

    def failure(self, result: Any, is_unreachable: bool) -> None:
        """Note one."""
        host, step = result._host.get_name(), result._task.name
        if self.campaign is None or not campaign.HOST.fullmatch(host):
            return
        why = why_of(result._result)[:WHY_MOST]
        known = self.campaign.record(host)
        if known.get("state") == campaign.DONE:
            known.setdefault("notes", []).append(f"{step}: {why}")
            for key in ("schema", "host", "state", "at"):
                known.pop(key, None)
            self.campaign.note(host, campaign.DONE, **known)
        elif known.get("state") != campaign.FAILED:
            self.campaign.note(host, campaign.FAILED, step=step, why=why,
                               unreachable=is_unreachable,
                               boots=known.get("boots", {}))

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False
                            ) -> None:
        """A task failed."""
        if not ignore_errors:
            self.failure(result, False)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """A host was lost."""
        if not result._task.ignore_unreachable:
            self.failure(result, True)
