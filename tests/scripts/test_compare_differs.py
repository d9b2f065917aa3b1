# SPDX-License-Identifier: MIT
"""What scripts/compare says differs beside the figures, and what it refuses.

Facts of run.json, one at a time: what was meant, what confounds, what
forbids a comparison, and the traps of reading a mitigation back.
"""

import shutil

import pytest

from made_runs import (FACTS, MISSING, PLAIN_STATE, SMALL, arm_record,
                       compare, compare_once, edit, make_run, taxed)

pytestmark = pytest.mark.filterwarnings("error")

TINY = {"launches": 6, "rounds": 2}
KERNEL = "environment/kernel/"
CPU = "environment/cpu/"
TASK = "environment/task/"
PTI = "environment/mitigations/pti_flag"
FILES = "environment/mitigations/vulnerabilities/"


@pytest.fixture(scope="session")
def alike(tmp_path_factory):
    """Runs of two boots that differ in nothing."""
    folder = tmp_path_factory.mktemp("alike")
    return [make_run(folder / name, SMALL, boot=place, hour=place, **TINY)
            for place, name in enumerate(["before", "after"])]


@pytest.fixture
def with_facts(alike, tmp_path):
    """Makes copies of both runs, each with other facts."""
    def make(before, after):
        for run, facts in zip(alike, (before, after)):
            edit(shutil.copytree(run, tmp_path / run.name), facts)
        return [tmp_path / run.name for run in alike]
    return make


@pytest.fixture
def said_of(with_facts):
    """What is said of both runs with other facts."""
    return lambda before, after, *arguments: compare(
        *with_facts(before, after), *(arguments or ("--format", "json")))


def differing(said):
    """What differs, as (kind, before, after)."""
    return [(item["kind"], item["before"], item["after"])
            for item in said.json["differs"]]


def test_nothing_differs(alike):
    said = compare_once(*alike, "--format", "json")
    assert (said.json["differs"], said.json["traps"]) == ([], [])
    assert not any("meant" in line for line in said.json["warnings"])
    text = compare_once(*alike).out
    assert "nothing that run.json tells of" in text
    assert "CONFOUNDS" not in text and "FORCED" not in text


# What may not be compared

FORBIDDEN = {
    "tool/architecture": "aarch64", CPU + "model": "AMD EPYC 7B13",
    CPU + "family": "25", CPU + "model_number": "1", CPU + "part": "0xd4f",
    "tool/build_id": "77" * 20, "tool/version": "0.2.0"}
ONCE = {CPU + "part": "0xd0c"}      # arm64 tells it, the others do not


def forbidden(path):
    return ({path: ONCE[path]} if path in ONCE else {},
            {path: FORBIDDEN[path]})


@pytest.mark.parametrize("path", FORBIDDEN)
def test_what_may_not_be_compared(said_of, path):
    before, after = forbidden(path)
    said = said_of(before, after)
    said.refused(3, FORBIDDEN[path], "--force")


@pytest.mark.parametrize("path", FORBIDDEN)
def test_what_is_compared_by_force(said_of, path):
    before, after = forbidden(path)
    said = said_of(before, after, "--force", "--format", "json")
    assert (said.status, said.err) == (0, "")
    assert len(said.json["forced"]) == 1
    assert FORBIDDEN[path] in said.json["forced"][0]
    assert said.rows["notes"].str.contains("forced").all()
    assert ("confounds", before.get(path, FACTS.get(path)),
            FORBIDDEN[path]) in differing(said)


@pytest.mark.parametrize("form", ["text", "markdown", "csv", "lkp"])
def test_force_shows_in_every_format(said_of, form):
    said = said_of({}, {CPU + "model": "AMD EPYC 7B13"}, "--force",
                   "--format", form)
    assert said.status == 0
    lines = said.out.splitlines()
    if form == "csv":
        assert all("forced" in line for line in lines[1:])
    else:
        assert "FORCED" in lines[0] and "AMD EPYC 7B13" in lines[0]


def test_several_reasons_are_all_told(said_of):
    facts = {CPU + "model": "Other", "tool/build_id": "77"}
    said_of({}, facts, "--format", "text").refused(3, "Other", "77")


def test_force_where_nothing_is_wrong(alike):
    said = compare(*alike, "--force", "--format", "json")
    assert said == compare_once(*alike, "--format", "json")


def test_runs_of_one_side_must_be_of_a_kind_too(alike, tmp_path):
    other = make_run(tmp_path / "other", SMALL, boot=7,
                     facts={"tool/build_id": "77"}, **TINY)
    said = compare("--before", alike[0], other, "--after", alike[1])
    said.refused(3, "binary")


@pytest.mark.parametrize("path", [
    "tool/build_id", CPU + "model", "tool/architecture"])
@pytest.mark.parametrize("value", [None, MISSING])
def test_what_one_side_does_not_tell_is_flagged(said_of, path, value):
    found = differing(said_of({}, {path: value}))
    assert found == [("confounds", FACTS[path], "not known")]


# What confounds

CONFOUNDING = {
    "environment/host": "lab2", CPU + "stepping": "6",
    CPU + "microcode": "0x2b000461", "placement/cpu": 3,
    "environment/governor": "powersave", "environment/smt/control": "on",
    "environment/smt/active": "1", "environment/hypervisor": True,
    KERNEL + "clocksource": "hpet", "clock/source": "CLOCK_MONOTONIC_RAW",
    "tool/libc": "2.41", KERNEL + "randomize_va_space": "0",
    "run/batch_ns": 100000.0, "probe/scale": 2, TASK + "Seccomp": "2",
    TASK + "Seccomp_filters": "1", TASK + "NoNewPrivs": "1",
    TASK + "Speculation_Store_Bypass": "thread force mitigated",
    TASK + "SpeculationIndirectBranch": "conditional disabled",
    "environment/entry/mechanism": "syscall, by FRED",
    "environment/frequency/driver": "acpi-cpufreq",
    "environment/frequency/epp": "power",
    "environment/frequency/no_turbo": "0", "environment/frequency/boost": "1",
    "environment/guest/container": "docker",
    "environment/guest/signature": "KVMKVMKVM",
    "environment/observers/audit": 1,
    "environment/observers/tracer": "function"}
SHOWN = {True: "yes", False: "no"}


def shown(value):
    return SHOWN[value] if isinstance(value, bool) else str(value)


def base(path):
    """What a fact is where nothing was changed."""
    if path in FACTS:
        return FACTS[path]
    *above, last = path.split("/")
    return FACTS["/".join(above)][last]


@pytest.mark.parametrize("path", CONFOUNDING)
def test_what_confounds(said_of, path):
    said = said_of({}, {path: CONFOUNDING[path]})
    assert differing(said) == [
        ("confounds", shown(base(path)), shown(CONFOUNDING[path]))]
    fact = said.json["differs"][0]["fact"]
    told = [line for line in said.json["warnings"] if fact in line]
    assert len(told) == 1 and "more than what was meant" in told[0]


def test_all_that_confounds_stands_in_the_text(said_of):
    lines = said_of({}, CONFOUNDING, "--format", "text").out.splitlines()
    told = [line for line in lines if line.startswith("  CONFOUNDS")]
    for path, value in CONFOUNDING.items():
        ends = f"{shown(base(path))} -> {shown(value)}"
        assert any(line.endswith(ends) for line in told), path
    assert not any(line.startswith("  meant") for line in lines)


def test_all_that_confounds_stands_in_markdown(said_of):
    text = said_of({}, CONFOUNDING, "--format", "markdown").out
    assert text.count("| confounds |") == len(CONFOUNDING)


@pytest.mark.parametrize("before, after, count", [
    ("0", "77", 1), ("77", "0", 1), ("77", "78", 0), ("0", None, 1)])
def test_a_tracer(said_of, before, after, count):
    found = differing(said_of({TASK + "TracerPid": before},
                              {TASK + "TracerPid": after}))
    assert [kind for kind, *_ in found] == ["confounds"] * count
    assert "77" not in str(found)


@pytest.mark.parametrize("before, after, word", [
    ("", "fred", "fred"), ("pcid", "", "pcid"), ("invpcid", "", "invpcid"),
    ("md_clear", "", "md_clear"), ("", "avx512_fp16", "avx512_fp16")])
def test_a_flag_of_the_cpu(said_of, before, after, word):
    always = "fpu tsc msr "
    said = said_of({CPU + "flags": always + before},
                   {CPU + "flags": always + after})
    (found,) = said.json["differs"]
    assert found["kind"] == "confounds"
    assert word in found["fact"] or word in found["before"] + found["after"]


def test_many_flags_of_the_cpu_are_counted(said_of):
    many = " ".join(f"flag{number}" for number in range(30))
    (found,) = said_of({CPU + "flags": "fpu"}, {CPU + "flags": f"fpu {many}"}
                       ).json["differs"]
    assert "22 more" in found["after"]


def test_flags_in_another_order_are_the_same(said_of):
    flags = FACTS[CPU + "flags"].split()
    facts = {CPU + "flags": " ".join(reversed(flags))}
    assert differing(said_of({}, facts)) == []


@pytest.mark.parametrize("path, value", [
    ("environment/loadavg", "9 9 9 9/9 9"), ("run/label", "patched"),
    ("run/seed", 5), ("doubts", [{"id": "steal", "message": "x"}]),
    ("environment/governor", "performance"), ("run/wall_s", 1e6)])
def test_what_does_not_matter(said_of, path, value):
    assert differing(said_of({}, {path: value})) == []


@pytest.mark.parametrize("path, fact", [
    (KERNEL + "release", "kernel release"),
    (KERNEL + "cmdline", "command line"), (PTI, "pti flag"),
    (FILES + "mds", "vulnerabilities/mds"), (CPU + "microcode", "microcode")])
def test_runs_that_differ_within_a_side(alike, tmp_path, path, fact):
    more = [make_run(tmp_path / name, SMALL, boot=7 + place, hour=place,
                     facts={path: value}, **TINY)
            for place, (name, value) in enumerate(
                [("old", "another"), ("new", base(path))])]
    said = compare("--before", alike[0], more[0], "--after", alike[1],
                   more[1], "--format", "json")
    (found,) = said.json["differs"]
    assert (found["kind"], found["fact"]) == ("confounds", fact)
    assert "another" in found["before"] and "another" not in found["after"]
    assert any(fact in line for line in said.json["warnings"])


# What is meant to differ

MEANT = {KERNEL + "release": "6.19.0-rc1", KERNEL + "version": "#2 SMP",
         KERNEL + "cmdline": "quiet pti=on", PTI: True,
         FILES + "spectre_v2": "Vulnerable", FILES + "srso": "Vulnerable",
         FILES + "tsa": MISSING, KERNEL + "config/sha256": "d1" * 32,
         "environment/mitigations/derived/verw/state": "on"}


@pytest.mark.parametrize("path", MEANT)
def test_what_is_meant(said_of, path):
    said = said_of({}, {path: MEANT[path]})
    (found,) = said.json["differs"]
    assert found["kind"] == "meant"
    assert found["after"] in (shown(MEANT[path]), "pti=on", "not known")
    assert not any("meant" in line for line in said.json["warnings"])


def test_what_is_meant_comes_first(said_of):
    found = differing(said_of({}, {**CONFOUNDING, **MEANT}))
    kinds = [kind for kind, *_ in found]
    assert kinds == ["meant"] * len(MEANT) + ["confounds"] * len(CONFOUNDING)


@pytest.mark.parametrize("before, after, told", [
    ("quiet", "nosmt quiet", [("meant", "nothing more", "nosmt")]),
    ("a b quiet", "quiet b a", []),
    ("pti=on quiet", "pti=off quiet", [("meant", "pti=on", "pti=off")]),
    ("quiet", None, [("meant", "quiet", "nothing more")]),
    ("quiet syscost.boot=0a", "syscost.boot=0b quiet", []),
    ("pti=on syscost.boot=0a", "pti=off syscost.boot=0b",
     [("meant", "pti=on", "pti=off")])])
def test_only_what_command_lines_do_not_share_is_told(said_of, before, after,
                                                      told):
    found = differing(said_of({KERNEL + "cmdline": before},
                              {KERNEL + "cmdline": after}))
    assert found == told


SSB = TASK + "Speculation_Store_Bypass"


@pytest.mark.parametrize("line, fact, value", [
    ("mitigations=off", SSB, "vulnerable"),
    ("mitigations=auto,nosmt", "environment/smt/active", "1"),
    ("spec_store_bypass_disable=on", SSB, "thread force mitigated"),
    ("spectre_v2_user=on", TASK + "SpeculationIndirectBranch",
     "always disabled"),
    ("nopcid", CPU + "flags", FACTS[CPU + "flags"].replace(" pcid", "")),
    ("audit=1", "environment/observers/audit", 1)])
def test_what_follows_from_a_switch_is_meant_with_it(said_of, line, fact,
                                                     value):
    found = said_of({}, {KERNEL + "cmdline": f"quiet {line}", fact: value})
    assert [kind for kind, *_ in differing(found)] == ["meant", "meant"]
    assert not any("meant differs" in line for line in found.json["warnings"])


def test_what_follows_from_another_switch_is_not(said_of):
    found = differing(said_of({}, {KERNEL + "cmdline": "quiet pti=on",
                                   SSB: "vulnerable"}))
    assert [kind for kind, *_ in found] == ["meant", "confounds"]


def test_an_anonymous_side_hides_what_may_differ(said_of):
    said = said_of({}, {
        "run/anonymous": True, "environment/host": None,
        KERNEL + "version": None, KERNEL + "cmdline": "",
        KERNEL + "cmdline_is_filtered": True})
    assert {kind for kind, *_ in differing(said)} == {"confounds"}


# Traps

def files(**said):
    return {FILES + name: text for name, text in said.items()}


NOT, CLEAR = "Not affected", "Mitigation: Clear CPU buffers"
ATTEMPTED = "Vulnerable: Clear CPU buffers attempted, no microcode"
REGISTERS = "Mitigation: Clear Register File"
ARM = {"tool/architecture": "aarch64", CPU + "architecture": "aarch64",
       CPU + "flags": None, PTI: None, FILES + "meltdown": NOT}


def arm(cmdline, **facts):
    return {**ARM, KERNEL + "cmdline": cmdline, **facts}


ON, OFF = {PTI: True}, {PTI: False}
FRED = {CPU + "flags": FACTS[CPU + "flags"] + " fred"}
TRAPS = [
    # facts before, facts after, words that a note has; None: no note
    (OFF, ON, ["after: PTI is on", "Not affected"]),
    (ON, OFF, ["before: PTI is on", "Not affected"]),
    (OFF, {**ON, FILES + "meltdown": "Mitigation: PTI"}, None),
    ({**OFF, FILES + "meltdown": "Vulnerable"},
     {**ON, FILES + "meltdown": "Mitigation: PTI"}, None),
    (OFF, OFF, None),
    (arm("quiet"), arm("kpti=0"), ["before: KPTI may be on", "KASLR"]),
    (arm("kpti=1"), arm("kpti=0"), None),
    (arm("kpti=1"), arm("quiet"), ["after: KPTI may be on"]),
    ({**arm("quiet"), FILES + "meltdown": "Mitigation: PTI"},
     {**arm("kpti=0"), FILES + "meltdown": "Vulnerable"}, None),
    (arm("nokaslr kpti=0"), arm("nokaslr kpti=1"), None),
    (arm("nokaslr"), arm("nokaslr"), None),
    (arm("kpti=0"), arm("nokaslr kpti=0"), ["nokaslr differs", "KPTI"]),
    ({}, {KERNEL + "cmdline": "nokaslr"}, None),
    (files(mds=CLEAR, tsa=CLEAR), files(mds="Vulnerable", tsa=CLEAR),
     ["mds changed", "VERW", "tsa"]),
    (files(mds=CLEAR), files(mds="Vulnerable"), None),
    (files(mds=CLEAR, tsa=CLEAR), files(mds="Vulnerable", tsa="Vulnerable"),
     None),
    (files(mds=CLEAR, tsa=CLEAR), files(mds=CLEAR, tsa=CLEAR), None),
    (files(mds=CLEAR, mmio_stale_data=CLEAR + "; SMT vulnerable"),
     files(mds=NOT, mmio_stale_data=CLEAR + "; SMT vulnerable"),
     ["mds changed", "mmio_stale_data"]),
    (files(mds=CLEAR, reg_file_data_sampling=REGISTERS),
     files(mds="Vulnerable", reg_file_data_sampling=REGISTERS),
     ["mds changed", "reg_file_data_sampling"]),
    (files(mds=CLEAR, tsx_async_abort=ATTEMPTED),
     files(mds="Vulnerable", tsx_async_abort=ATTEMPTED),
     ["mds changed", "tsx_async_abort"]),
    (files(mds=CLEAR, tsx_async_abort="Mitigation: TSX disabled"),
     files(mds=NOT, tsx_async_abort="Mitigation: TSX disabled"), None),
    (files(mds=CLEAR, tsa=CLEAR + ": VM"),
     files(mds="Vulnerable", tsa=CLEAR + ": VM"), None),
    (files(mds=CLEAR, tsa=CLEAR + ": user/kernel boundary"),
     files(mds="Vulnerable", tsa=CLEAR + ": user/kernel boundary"),
     ["mds changed", "tsa"]),
    ({**OFF, **FRED}, {**ON, FILES + "meltdown": "Mitigation: PTI"},
     ["PTI and FRED both changed"]),
    ({}, FRED, None),
    ({KERNEL + "release": "6.1"}, files(spectre_v2="Vulnerable"),
     ["kernel and mitigations both changed"]),
    ({KERNEL + "release": "6.1"}, {}, None),
    ({}, files(spectre_v2="Vulnerable"), None)]


@pytest.mark.parametrize("before, after, words", TRAPS)
def test_traps(said_of, before, after, words):
    traps = said_of(before, after).json["traps"]
    if words is None:
        assert traps == []
    else:
        assert len(traps) == 1
        assert [word for word in words if word not in traps[0]] == []


def test_a_trap_stands_in_text_and_markdown(with_facts):
    runs = with_facts(OFF, ON)
    (trap,) = compare(*runs, "--format", "json").json["traps"]
    assert f"note       {trap}" in compare(*runs).out
    assert "PTI is on" in compare(*runs, "--format", "markdown").out


# Arms of one run

def state(**changes):
    return {**PLAIN_STATE, **changes}


FILTERED = {"Seccomp": "2", "Seccomp_filters": "2", "NoNewPrivs": "1"}
MITIGATED = {"Speculation_Store_Bypass": "thread mitigated"}
ARMS = [
    # conditions, state, more of the arm, what is meant, what confounds
    ([], {}, {}, [], []),
    (["seccomp:2"], FILTERED, {}, ["arm", *FILTERED], []),
    (["seccomp-bitmap"], FILTERED, {}, ["arm", *FILTERED], []),
    (["seccomp:2"], {**FILTERED, **MITIGATED}, {}, ["arm", *FILTERED],
     [*MITIGATED]),
    (["ssbd"], MITIGATED, {}, ["arm", *MITIGATED], []),
    (["ssbd"], {**MITIGATED, "NoNewPrivs": "1"}, {}, ["arm", *MITIGATED],
     ["NoNewPrivs"]),
    (["indirect"], {"SpeculationIndirectBranch": "conditional disabled"}, {},
     ["arm", "SpeculationIndirectBranch"], []),
    (["noaslr"], {"aslr": False}, {}, ["arm", "aslr"], []),
    (["threads:4"], {"threads": 4}, {}, ["arm", "threads"], []),
    (["traced"], {"traced": True}, {}, ["arm", "traced"], []),
    (["work:20"], {"work_ns_an_entry": 20.0}, {},
     ["arm", "work_ns_an_entry"], []),
    (["ssbd", "seccomp:2"], {**FILTERED, **MITIGATED}, {},
     ["arm", *FILTERED, *MITIGATED], []),
    ([], MITIGATED, {}, [], [*MITIGATED]),
    ([], {"aslr": False}, {"wrapped": True, "wrap": "setarch -R"},
     ["arm", "aslr"], []),
    ([], {}, {"wrapped": True, "wrap": None}, ["arm"], [])]


def run_of_arms(folder, *arms):
    return make_run(folder / "run", {one["name"]: SMALL for one in arms},
                    arms=arms, launches=10, rounds=2)


@pytest.mark.parametrize("conditions, changes, more, meant, confounds", ARMS)
def test_what_differs_between_arms(tmp_path, conditions, changes, more, meant,
                                   confounds):
    run = run_of_arms(tmp_path, arm_record("plain"), arm_record(
        "other", conditions=conditions, state=state(**changes), **more))
    found = compare(run, "--format", "json").json
    by_kind = {kind: sorted(item["fact"] for item in found["differs"]
                            if item["kind"] == kind)
               for kind in ("meant", "confounds")}
    assert by_kind == {"meant": sorted(meant),
                       "confounds": sorted(confounds)}
    assert any("more than what was meant" in line
               for line in found["warnings"]) is bool(confounds)


def test_the_text_names_an_arms_conditions_and_command(tmp_path):
    run = run_of_arms(
        tmp_path, arm_record("plain"),
        arm_record("both", conditions=["ssbd", "seccomp:2"],
                   state=state(**FILTERED, **MITIGATED)),
        arm_record("under", wrapped=True, wrap="setarch -R"))
    text = compare(run).out
    assert "plain -> both" in text and "plain -> under" in text
    assert "ssbd, seccomp:2" in text and "under setarch -R" in text
    assert "thread vulnerable -> thread mitigated" in text


def test_arms_that_have_no_state(tmp_path):
    run = run_of_arms(tmp_path, {"name": "a", "wrapped": False, "wrap": None},
                      {"name": "b", "wrapped": True, "wrap": "nice"})
    found = compare(run, "--format", "json").json
    assert [item["after"] for item in found["differs"]] == ["under nice"]


# Arms of two runs

def two_runs(folder, before, after, names=("x", "x")):
    return [make_run(folder / side, {name: SMALL}, boot=place, hour=place,
                     arms=[arm_record(name, **changes)], **TINY)
            for place, (side, name, changes) in enumerate(
                zip("ab", names, (before, after)))]


def test_arms_of_one_name_that_were_run_otherwise(tmp_path):
    runs = two_runs(tmp_path, {}, {"conditions": ["seccomp:2"],
                                   "state": state(**FILTERED)})
    found = compare(*runs, "--format", "json").json
    kinds = {item["fact"]: item["kind"] for item in found["differs"]}
    assert kinds == dict.fromkeys(["arm", *FILTERED], "confounds")


def test_a_wrapped_arm_against_a_plain_one_of_its_name(tmp_path):
    runs = two_runs(tmp_path, {}, {"wrapped": True, "wrap": "strace"})
    found = compare(*runs, "--format", "json").json
    assert [(item["kind"], item["after"]) for item in found["differs"]] == [
        ("confounds", "under strace")]


def test_arms_of_other_names_are_named(tmp_path):
    runs = two_runs(tmp_path, {}, {"conditions": ["ssbd"],
                                   "state": state(**MITIGATED)},
                    ("plain", "safer"))
    text = compare(*runs).out
    assert "plain" in text and "safer" in text
    found = compare(*runs, "--format", "json").json
    assert found["pair"] == "before plain -> after safer"


def test_runs_of_several_arms_are_compared_arm_by_arm(tmp_path):
    runs = [make_run(tmp_path / side, costs, boot=place, hour=place, **TINY)
            for place, (side, costs) in enumerate([
                ("a", {"p": SMALL, "q": taxed(40, SMALL)}),
                ("b", {"q": taxed(80, SMALL), "p": SMALL, "r": SMALL})])]
    found = compare(*runs, "--format", "json").json
    assert {pair: round(tax["ns"] / 40) for pair, tax in
            found["crossing_tax"].items()} == {
                "before p -> after p": 0, "before q -> after q": 1}


def test_a_side_whose_runs_share_no_arm(tmp_path):
    runs = [make_run(tmp_path / name, {arm: SMALL}, boot=place, hour=place,
                     **TINY) for place, (name, arm) in enumerate(
                         [("a", "p"), ("b", "q"), ("c", "p")])]
    said = compare("--before", *runs[:2], "--after", runs[2])
    said.refused(2, "arm")
    said = compare("--before", runs[0], "--after", *runs[1:])
    said.refused(2, "arm")
