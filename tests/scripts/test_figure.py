# SPDX-License-Identifier: MIT
"""scripts/analysis/figure.py: what a head says of the machine."""

import pytest

from hand_made import LONG, RECORD, SPARSE
from analysis import figure


@pytest.mark.parametrize("record", SPARSE)
def test_a_record_may_lack_anything(record):
    assert figure.facts_of(record, "plain", 10) == ["arm plain"]


def test_facts_name_machine_kernel_and_mitigations():
    told = " ".join(figure.facts_of(RECORD, "plain", 13))
    for fact in ("A CPU", "Linux 6.18.44", "virtual machine", "lab",
                 "arm plain", "pti off", "spectre_v2: Enhanced IBRS",
                 "srso: Vulnerable"):
        assert fact in told
    assert "meltdown" not in told and "INCOMPLETE" not in told
    assert "NEVER QUIET" not in told
    doubtful = {"complete": False, "probe": {"no_quiet_moment": True},
                "environment": {"cpu": {"architecture": "aarch64"}}}
    assert figure.facts_of(doubtful, "a", 13) == [
        "aarch64 · THE CORE WAS NEVER QUIET · INCOMPLETE RUN · arm a"]


def test_what_was_derived_is_told_by_name():
    derived = {"swapgs": {"state": "on"}, "pti": {"state": "on"},
               "srso": {"state": "off"}, "bhi": {"state": "unknown"},
               "verw": {"state": "on"}, "x": {"state": 7}, "y": None}
    record = {"environment": {"mitigations": {
        "derived": derived, "vulnerabilities": {"mds": "Vulnerable"}}}}
    assert figure.facts_of(record, "a", 13)[1:] == [
        "pti on · entries pass swapgs, verw · not known bhi"]
    record["environment"]["mitigations"]["derived"] = {
        "kpti": {"state": "unknown"}}
    assert figure.facts_of(record, "a", 13)[1:] == ["kpti unknown"]


def test_facts_are_so_many_lines_at_most():
    assert len(figure.facts_of(LONG, "plain", 6.6)) == figure.FACTS_MOST
