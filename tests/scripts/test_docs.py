# SPDX-License-Identifier: MIT
"""What the program tells is in its documents, and nothing else is."""

import json
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).parents[2]
ENVIRONMENT = (ROOT / "docs" / "environment.md").read_text()


def test_every_doubt_is_documented_with_its_severity():
    table = re.findall(
        r'^\t\{ "(\w+)",\s*SEVERITY_(\w+), DOUBTS_(\w+),',
        (ROOT / "src" / "doubts.c").read_text(), re.M)
    wanted = {(name, severity.lower(), "run" if phase == "RUN" else "before")
              for name, severity, phase in table}
    told = set(re.findall(
        r"^\| `(\w+)` \| (note|doubt|serious) \| (run|before) \|",
        ENVIRONMENT, re.M))
    assert len(table) > 30
    assert told == wanted


def test_every_fact_is_documented(program):
    sections = {name.strip("`"): facts for name, facts in re.findall(
        r"^\| (`\w+`|top) \| (.*) \|$",
        ENVIRONMENT.split("## Mitigations")[0], re.M)}
    told = json.loads(subprocess.run(
        [str(program), "--environment"], capture_output=True, text=True,
        check=True).stdout)
    missing = [f"{section}.{key}" for section, facts in told.items()
               if isinstance(facts, dict) and section in sections
               for key in facts if f"`{key}`" not in sections[section]]
    known = {"Seccomp", "Seccomp_filters", "NoNewPrivs", "TracerPid",
             "Speculation_Store_Bypass", "SpeculationIndirectBranch",
             "Cpus_allowed_list", "x86_Thread_features",
             "speculation_store_bypass", "speculation_indirect_branch",
             "speculation_l1d_flush"}
    assert [name for name in missing if not name.startswith("settings.")
            and name.split(".", 1)[1] not in known] == []
    assert set(told) - set(sections) == {
        "host", "governor", "hypervisor", "loadavg", "placement", "tool",
        "doubts", "unreadable"}
