# SPDX-License-Identifier: MIT
"""What the program tells is in its documents, and nothing else is."""

import json
import pathlib
import re
import subprocess
import sys
import tomllib

import pytest

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


# The table of switches in docs/kernels.md

KERNELS = (ROOT / "docs" / "kernels.md").read_text()
SWITCHES = KERNELS.split("## The switches")[1]
OTHER_WORDS = {"console", "panic", "quiet"}     # of plans: no switches


def cells_of(column):
    """All that stands in code letters in a column of the table."""
    rows = [line.strip("|").split("|") for line in SWITCHES.splitlines()
            if line.startswith("| `")]
    assert len(rows) > 20 and {len(row) for row in rows} == {6}
    return [text for row in rows
            for text in re.findall(r"`([^`]+)`", row[column])]


def switches():
    """The parameters of the table, without values."""
    return {text.split("=")[0] for text in cells_of(0)}


def words_in(found):
    """The words of every command line in a plan."""
    if isinstance(found, dict):
        own = str(found.get("cmdline", "")).split()
        return own + [word for value in found.values()
                      for word in words_in(value)]
    return [word for value in (found if isinstance(found, list) else ())
            for word in words_in(value)]


def test_every_mitigation_that_is_derived_is_in_the_table_of_switches():
    derived = {name for path in ("mitigation_x86.c", "mitigation_arm64.c")
               for name in re.findall(
                   r'^\t\{ "(\w+)",\s*\.(?:file|derive) =',
                   (ROOT / "src" / path).read_text(), re.M)}
    assert len(derived) == 15
    assert derived - set(cells_of(4)) == set()


def test_the_program_derives_what_the_table_says(program):
    told = json.loads(subprocess.run(
        [str(program), "--environment"], capture_output=True, text=True,
        check=True).stdout)
    assert set(told["mitigations"]["derived"]) <= set(cells_of(4))


@pytest.mark.parametrize("plan", sorted(
    (ROOT / "docs" / "plans").glob("*.toml")), ids=lambda plan: plan.name)
def test_every_parameter_of_a_plan_is_in_the_table_of_switches(plan):
    words = words_in(tomllib.loads(plan.read_text()))
    used = {word.split("=")[0] for word in words} - OTHER_WORDS
    assert used
    assert used - switches() == set()


def test_what_a_comparison_knows_of_switches_is_in_the_table():
    sys.path.insert(0, str(ROOT / "scripts"))
    from analysis import differs
    assert set(differs.FOLLOWS) - switches() == set()


def test_every_source_is_named_and_used():
    table, sources = SWITCHES.split("\nSources: ")
    listed = re.findall(r"\((\d{1,2})\) ", sources)
    assert listed == [str(place) for place in range(1, len(listed) + 1)]
    assert set(re.findall(r"[( ](\d{1,2})\)", table)) == set(listed)


# docs/formats.md, and what links to it

FORMATS = (ROOT / "docs" / "formats.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md",
         ROOT / "asm" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LETTERS = re.compile(r"`([^`\n]+)`")


def spans(text):
    """Every word in code letters."""
    return {word for span in LETTERS.findall(text)
            for word in re.split(r"[^A-Za-z0-9_]+", span)}


def about(file):
    """The section of docs/formats.md whose heading names a file."""
    for section in FORMATS.split("\n## ")[1:]:
        if file in section.split("\n")[0]:
            return section
    pytest.fail(f"docs/formats.md has no section on {file}")


@pytest.fixture(scope="module")
def folder(program, tmp_path_factory):
    """A run with everything in it that a machine can have."""
    folder = tmp_path_factory.mktemp("documented") / "run"
    subprocess.run(
        [str(program), "--launches=2", "--rounds=3", "--distribution",
         "--arm=plain", "--arm=work:100", "--filter=^(getppid|write)/",
         f"--output={folder}"], check=True, capture_output=True)
    subprocess.run([sys.executable, str(ROOT / "scripts" / "contrasts"),
                    str(folder)], check=True, capture_output=True)
    return folder


def columns(path):
    """A CSV file's columns."""
    return path.read_text().split("\n")[0].split(",")


def named(column, section):
    """Is there a row about a column, or about the first of its kind?"""
    return column in spans(section) or re.sub(
        r"^p\d+_", "p50_", column) in spans(section)


def test_every_file_and_column_is_documented(folder):
    files = sorted(path.name for path in folder.iterdir())
    assert {"samples.csv", "launches.csv", "summary.csv", "run.json",
            "distribution.csv", "histogram.csv", "contrasts.csv"} <= set(files)
    assert [file for file in files if not about(file)] == []
    missing = [f"{file}: {column}" for file in files if file[-4:] == ".csv"
               for column in columns(folder / file)
               if not named(column, about(file))]
    assert missing == []


def test_the_counters_columns_are_documented():
    """Which machines without a PMU do not write."""
    names = re.findall(r'\[COUNTER_\w+\] = "(\w+)"',
                       (ROOT / "src" / "counters_system.c").read_text())
    assert len(names) == 4
    assert set(names) <= spans(about("counters.csv"))


# Their keys are rows, and columns of counters.csv.
BY_NAME = ("added_ns_a_call", "overhead")


def keys_of(found, path=()):
    """Every key of an object with the keys on the way to it."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield (*path, key)
            if path + (key,) != ("environment",) and key not in BY_NAME:
                yield from keys_of(value, (*path, key))
    for value in found[:1] if isinstance(found, list) else ():
        yield from keys_of(value, path)


def test_every_key_of_the_record_is_documented(folder):
    text = spans(about("run.json"))
    record = json.loads((folder / "run.json").read_text())
    missing = [".".join(path) for path in keys_of(record)
               if path[-1] not in text]
    assert missing == []


def test_every_key_for_other_tools_is_documented(folder):
    text = spans(about("gbench.json"))
    found = json.loads((folder / "gbench.json").read_text())
    theirs = {"run_type", "family_index", "caches", "threads",
              "per_family_instance_index", "library_build_type", "time_unit"}
    assert {key for path in keys_of(found) for key in path} - text == theirs


def test_no_column_is_documented_that_is_not_there(folder):
    for file in ("samples.csv", "launches.csv", "summary.csv",
                 "histogram.csv", "distribution.csv"):
        table = about(file).split(f"{file} has")[-1].split("\n\n")
        rows = next(part for part in table if "| --- |" in part)
        told = {name for row in rows.split("\n")
                if row.startswith("| `")
                for name in LETTERS.findall(row.split("|")[1])}
        assert {re.sub("…", "ns", name) for name in told} <= set(
            columns(folder / file))


def anchor(heading):
    """As GitHub makes it: small letters, a dash for a space."""
    kept = re.sub(r"[^\w\- ]", "", heading.strip().lower())
    return kept.replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in link:
            continue
        path, _, place = link.partition("#")
        target = page.parent / path if path else page
        headings = re.findall(r"^#+ (.*)$", target.read_text(), re.M) if (
            target.suffix == ".md") else []
        if not target.exists() or (
                place and place not in map(anchor, headings)):
            broken.append(link)
    assert broken == []


# A benchmark in ten lines

ADDING = (ROOT / "docs" / "adding.md").read_text()


def snippet(text):
    """The first block of C."""
    return text.split("```c\n")[1].split("```")[0]


def commands(build):
    """How each file is compiled."""
    return {pathlib.Path(one["file"]): one for one in json.loads(
        (build / "compile_commands.json").read_text())}


def test_the_benchmark_in_ten_lines_works_when_it_is_pasted(program, tmp_path):
    build = program.parent
    if not (build / "compile_commands.json").exists():
        pytest.skip("the program is not in its build folder")
    source = tmp_path / "getpgid.c"
    source.write_text(snippet(ADDING))
    like = commands(build)[ROOT / "bench" / "identity.c"]
    words = like["command"].split()
    words[words.index("-o") + 1] = str(tmp_path / "getpgid.o")
    words[-1] = str(source)
    made = subprocess.run(words, cwd=like["directory"], capture_output=True,
                          text=True)
    assert (made.returncode, made.stderr) == (0, "")
    link = (build / "CMakeFiles" / "syscost.dir" / "link.txt").read_text()
    words = link.split()
    words[words.index("-o") + 1] = str(tmp_path / "syscost")
    words.insert(words.index("-o"), str(tmp_path / "getpgid.o"))
    subprocess.run(words, cwd=build, check=True)
    done = subprocess.run(
        [str(tmp_path / "syscost"), "--filter=^getpgid/", "--launches=2",
         "--rounds=2", f"--output={tmp_path / 'run'}"], capture_output=True,
        text=True)
    assert (done.returncode, done.stderr) == (0, "")
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    assert [(one["name"], one["entries_counted"])
            for one in record["benchmarks"]] == [
        ("getpgid/libc", 1), ("getpgid/inline", 1)]


def test_the_readme_has_the_same_ten_lines():
    assert snippet((ROOT / "README.md").read_text()) == snippet(ADDING)
