# SPDX-License-Identifier: MIT
"""Runs ansible-playbook over the hosts of a campaign until each had its turn.
"""

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any, Callable, Dict, List

from analysis.output import BadInput
from booting import channel, read_plan
from booting.executor import Refused
from lab import bundle, campaign as campaigns
from lab.campaign import HOST, Campaign

HERE = Path(__file__).resolve().parent
# What comes from a host, and Ansible's log: no file is larger.
FILE_MOST_BYTES = channel.ALL_LIMIT_BYTES
LOOK_S = 0.5            # how often it is looked for what is new
ENDING_S = 60           # for Ansible to end by itself
# Of the caller's environment; the rest of Ansible's is in ansible.cfg.
KEPT = ("ANSIBLE_REMOTE_USER", "ANSIBLE_PRIVATE_KEY_FILE",
        "ANSIBLE_VAULT_PASSWORD_FILE", "ANSIBLE_BECOME_PASSWORD_FILE")


def needed() -> str:
    """ansible-playbook. Raises Refused."""
    found = shutil.which("ansible-playbook")
    if found is None or shutil.which("ssh") is None:
        raise Refused("ansible-playbook or ssh is missing: run scripts/setup "
                      "--lab")
    return found


def environment(folder: Path) -> Dict[str, str]:
    """What Ansible is started with."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("ANSIBLE_") or name in KEPT}
    return {**kept, "ANSIBLE_CONFIG": str(HERE / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8",
            "SYSCOST_LAB_CAMPAIGN": str(folder)}


def chosen(given: Namespace) -> List[str]:
    """The hosts of the inventory that are meant, by its order."""
    limit = [f"--limit={given.limit}"] if given.limit else []
    done = subprocess.run(
        ["ansible", f"--inventory={given.inventory}", "all", "--list-hosts",
         *limit], env=environment(Path()), text=True, errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise BadInput(f"{given.inventory}: no inventory that Ansible reads: "
                       f"{done.stderr.strip()[-300:]}")
    names = [line.strip() for line in done.stdout.splitlines()[1:]]
    for name in names:
        if not HOST.fullmatch(name):
            raise BadInput(f"{given.inventory}: host {name}: letters, "
                           "digits, . _ - make a name; its address may be "
                           "in ansible_host")
    if not names:
        raise BadInput(f"{given.inventory}: no host is meant")
    return names


def unsafe(words: List[str]) -> List[Dict[str, str]]:
    """Texts that Ansible takes as they are: no {{ }} in them is followed."""
    return [{"__ansible_unsafe": word} for word in words]


def variables(campaign: Campaign, given: Namespace) -> Dict[str, Any]:
    """What the playbooks are told."""
    folder = campaign.folder.resolve()
    return {"lab_hosts": "all", "lab_serial": given.serial,
            "lab_id": campaign.token, "lab_campaign": str(folder),
            "lab_bundles": bundle.paths(folder / "bundles"),
            "lab_options": unsafe(campaign.request.options),
            "lab_tune": campaign.request.tune,
            "lab_executor": campaign.request.executor,
            **limits(campaign),
            "lab_is_built_there": campaign.request.build == "there",
            "lab_take": [sys.executable, str(HERE / "take")]}


def limits(campaign: Campaign) -> Dict[str, int]:
    """How long a plan of boots may take, and how often a host goes down."""
    if not campaign.request.executor:
        return {}
    plan = read_plan.read(campaign.folder / "plan.toml").plan
    # boot-matrix's own limit: RuntimeMaxSec in scripts/booting/onward.py.
    return {"lab_plan_limit_s": 2 * plan.limit_s + 1800,
            "lab_rounds_most": 4 * plan.boots * len(plan.arms) + 10}


def check_words(words: List[str]) -> None:
    """Refuse what Ansible's command module would replace on the host."""
    for word in words:
        if word.startswith("~") or re.search(r"\$[\w{]", word):
            raise BadInput(f"{word}: Ansible would replace the ~, or the "
                           "word behind $, by the host's own: write it in "
                           "another way")


def command(campaign: Campaign, given: Namespace, hosts: List[str]
            ) -> List[str]:
    """ansible-playbook's command line for some hosts."""
    folder = campaign.folder.resolve()
    (folder / "left").write_text("".join(f"{host}\n" for host in hosts))
    told = json.dumps(variables(campaign, given), indent=1)
    (folder / "variables.json").write_text(told)
    playbook = "boots.yml" if campaign.request.executor else "bench.yml"
    return [needed(), f"--inventory={given.inventory}",
            f"--limit=@{folder / 'left'}", f"--forks={given.forks}",
            f"--extra-vars=@{folder / 'variables.json'}",
            *(["--ask-become-pass"] if given.ask_become_pass else []),
            str(HERE / playbook)]


def bounded() -> None:
    """In the child: no host fills this machine's disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE,
                       (FILE_MOST_BYTES, FILE_MOST_BYTES))


def end(child: "subprocess.Popen[bytes]") -> None:
    """Have Ansible end; what runs on hosts goes on there."""
    for number, wait_s in ((signal.SIGINT, ENDING_S), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(wait_s)
            return


def play(words: List[str], folder: Path, look: Callable[[], None]) -> None:
    """Run it to its end, telling meanwhile what came of hosts."""
    with open(folder / "ansible.log", "ab") as log:
        child = subprocess.Popen(words, env=environment(folder), stdout=log,
                                 stderr=log, preexec_fn=bounded)
        try:
            while child.returncode is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(LOOK_S)
                look()
        finally:
            if child.returncode is None:
                end(child)


def wait_for_turn(campaign: Campaign, hosts: List[str]) -> None:
    """What failed in an earlier invocation is to be tried again."""
    for host in hosts:
        known = campaign.record(host)
        if known.get("state") == campaigns.FAILED:
            campaign.note(host, campaigns.WAITING,
                          boots=known.get("boots", {}))


def left(campaign: Campaign, hosts: List[str]) -> List[str]:
    """Those of which nothing came yet."""
    ended = (campaigns.DONE, campaigns.FAILED)
    return [host for host in hosts
            if campaign.record(host).get("state") not in ended]


def drive(campaign: Campaign, given: Namespace, hosts: List[str],
          look: Callable[[], None]) -> None:
    """Let each host that is not done have its turn.

    Ansible ends with the first batch (serial) of which every host fails:
    then the others are begun once more, as long as some had theirs.
    """
    wait_for_turn(campaign, hosts)
    now = left(campaign, hosts)
    before = len(now) + 1
    while now and len(now) < before:
        play(command(campaign, given, now), campaign.folder.resolve(), look)
        before, now = len(now), left(campaign, hosts)
