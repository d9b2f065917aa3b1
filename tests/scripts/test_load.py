# SPDX-License-Identifier: MIT
"""scripts/analysis/load.py on run folders, whole and broken."""

import json
import os
import pathlib
import sys

import pytest

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from analysis import load  # noqa: E402

GOOD = ("0,plain,0,0,getppid/inline,500,130000,100.0,50100,1,0,0,0,0,"
        "1400,1410,370,372")
SUMMED = ("getppid/libc,plain,20,1000,91.5,91.4,91.6,0.9586,92,91,93,88,90,"
          "99,95.5,0.05,230.5,-0.1,300,0.001,0.5,unstable few")


def line(columns=load.SAMPLES, good=GOOD, **changes):
    """A good line with some fields changed."""
    return ",".join({**dict(zip(columns, good.split(","))), **changes
                     }.values())


def batches(count):
    return [line(seq=str(seq)) for seq in range(count)]


def write(folder, lines, name="samples.csv", columns=load.SAMPLES):
    text = "\n".join([",".join(columns), *lines, ""])
    (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    return folder


def refusal(read, *arguments):
    """What is said when the input is refused: one printable line."""
    with pytest.raises(load.BadInput) as caught:
        read(*arguments)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_samples_are_read_as_they_are(tmp_path):
    lines = [*batches(3), line(launch="1", arm="wrapped", ns_per_call="0.5",
                               benchmark="write/libc/1", cpu="-1")]
    frame = load.samples(write(tmp_path, lines))
    assert list(frame) == list(load.SAMPLES)
    assert frame["seq"].tolist() == [0, 1, 2, 0]
    assert frame["arm"].tolist() == ["plain"] * 3 + ["wrapped"]
    assert frame["benchmark"][3] == "write/libc/1"
    assert frame["ns_per_call"].tolist() == [100, 100, 100, 0.5]
    assert frame["chain_after_ticks"].dtype == "int64"


def test_only_some_columns(tmp_path):
    frame = load.samples(write(tmp_path, batches(3)), load.FOR_ESTIMATE)
    assert set(frame) == set(load.FOR_ESTIMATE)
    assert frame["probe_after_ticks"].tolist() == [1410] * 3


def test_no_batches_are_no_fault(tmp_path):
    assert load.samples(write(tmp_path, [])).empty


BAD_FIELDS = [
    ("ns_per_call", "nan"), ("ns_per_call", "NaN"), ("ns_per_call", ""),
    ("ns_per_call", "inf"), ("ns_per_call", "1e400"),
    ("ns_per_call", "-100.0"), ("ns_per_call", "0"),
    ("ns_per_call", "1,5"), ("ns_per_call", "0x10"),
    ("calls", "0"), ("calls", "-1"), ("ticks", "1.5"), ("ticks", "NA"),
    ("seq", ""), ("seq", "99999999999999999999"), ("launch", "-1"),
    ("launch", "one"), ("dirty", "2"), ("probe_before_ticks", "-5"),
    ("chain_after_ticks", "nan"), ("chain_after_ticks", "372 ticks"),
    ("arm", ""), ("arm", "$x^{"), ("arm", "<b>arm</b>"), ("arm", "../up"),
    ("arm", "\x1b[31mred"), ("arm", '"plain"'), ("arm", "a\0b"),
    ("arm", "\udcff"), ("arm", "\u202ereversed"), ("arm", "NaN,"),
    ("benchmark", "getppid"), ("benchmark", "=cmd()/x"),
    ("benchmark", "a//b"), ("benchmark", "/etc/passwd"),
]


@pytest.mark.parametrize("only", [(), load.FOR_ESTIMATE])
@pytest.mark.parametrize("column, field", BAD_FIELDS)
def test_a_bad_field_is_named_by_file_and_line(tmp_path, column, field, only):
    lines = batches(5)
    lines[2] = line(**{"seq": "2", column: field})
    if only and column not in only and "," not in field:
        return
    said = refusal(load.samples, write(tmp_path, lines), only)
    assert said.startswith(f"{tmp_path}/samples.csv:4: ")
    assert column in said or "," in field


@pytest.mark.parametrize("only", [(), load.FOR_ESTIMATE])
@pytest.mark.parametrize("bad", ["", "0", GOOD + ",1", GOOD + ",",
                                 GOOD.rpartition(",")[0], "a,b\nc"])
def test_a_line_of_another_length(tmp_path, bad, only):
    lines = batches(3)
    lines[1] = bad
    assert ":3: " in refusal(load.samples, write(tmp_path, lines), only)


def test_all_lines_too_long(tmp_path):
    lines = [one + ",7" for one in batches(3)]
    assert ":2: 19 fields" in refusal(load.samples, write(tmp_path, lines))


def test_lines_too_long_and_too_short_do_not_make_up(tmp_path):
    lines = [GOOD + ",1", GOOD.rpartition(",")[0]]
    for only in (), load.FOR_ESTIMATE:
        said = refusal(load.samples, write(tmp_path, lines), only)
        assert ":2: 19 fields" in said
    blank = ["", GOOD + ",1" * (len(load.SAMPLES) - 1)]
    for only in (), load.FOR_ESTIMATE:
        said = refusal(load.samples, write(tmp_path, blank), only)
        assert ":2: 1 fields" in said


def test_the_first_of_two_faults(tmp_path):
    lines = batches(5)
    lines[4] = line(seq="4", ticks="x")
    lines[3] = line(seq="3", ns_per_call="-1")
    said = refusal(load.samples, write(tmp_path, lines))
    assert ':5: ns_per_call cannot be "-1"' in said


def test_a_file_cut_off_anywhere(tmp_path):
    path = write(tmp_path, batches(3)) / "samples.csv"
    whole = path.read_bytes()
    ends = [at for at in range(len(whole)) if whole[at - 1:at] != b"\n"]
    for end in ends[::7] + [len(whole) - 1, len(whole) - 2]:
        path.write_bytes(whole[:end])
        number = whole[:end].count(b"\n") + 1
        assert f"samples.csv:{number}: " in refusal(load.samples, tmp_path)


def test_a_batch_twice(tmp_path):
    lines = [*batches(3), line(seq="1", ticks="7")]
    assert ":5: a second row of launch 0, seq 1, arm plain" in refusal(
        load.samples, write(tmp_path, lines))
    lines[-1] = line(seq="1", arm="other")
    assert len(load.samples(write(tmp_path, lines))) == 4


@pytest.mark.parametrize("header", [
    b"", b"\n", b"launch\n", b"\xff\xfe\n", b"\x1b[2J\n",
    ",".join(load.SUMMARY).encode() + b"\n", b"x" * 100000])
def test_another_header(tmp_path, header):
    (tmp_path / "samples.csv").write_bytes(header)
    said = refusal(load.samples, tmp_path)
    assert "samples.csv:1: the header is not launch,arm" in said


MORE = {**load.SAMPLES, "turbo": None, "note": None}


@pytest.mark.parametrize("only", [(), load.FOR_ESTIMATE])
def test_columns_added_at_the_end_are_passed_over(tmp_path, only):
    lines = [one + f",{seq},{note}" for seq, (one, note) in enumerate(
        zip(batches(5), ["", "nan", "<b>", "\x1b[2J\udcff", '"a']))]
    frame = load.samples(write(tmp_path, lines, columns=MORE), only)
    plain = load.samples(write(tmp_path, batches(5)), only)
    assert frame.equals(plain) and list(frame) == list(plain)


def test_columns_added_to_a_summary(tmp_path):
    more = {**load.SUMMARY, "more": None}
    write(tmp_path, [SUMMED + ",", SUMMED.replace("plain", "b") + ",x"],
          "summary.csv", more)
    frame = load.summary(tmp_path)
    assert list(frame) == list(load.SUMMARY)
    assert frame["flags"].tolist() == ["unstable few"] * 2


@pytest.mark.parametrize("added", [
    "", "turbo,", "turbo,turbo", "seq", "two words", "a\r", '"a"', "\x1b[2J",
    "\udcff", "a\0", "$x^{"])
def test_columns_added_under_no_name(tmp_path, added):
    columns = [*load.SAMPLES, added]
    said = refusal(load.samples, write(tmp_path, [], columns=columns))
    assert "samples.csv:1: not every column has a name" in said


def test_columns_elsewhere_than_at_the_end(tmp_path):
    names = list(load.SAMPLES)
    for columns in (["turbo", *names], [*names[:5], "turbo", *names[5:]],
                    [*names[:-1], "turbo"], names[:-1],
                    [*names[:-2], names[-1], names[-2], "turbo"]):
        said = refusal(load.samples, write(tmp_path, [], columns=columns))
        assert "samples.csv:1: the header is not launch,arm" in said


@pytest.mark.parametrize("only", [(), load.FOR_ESTIMATE])
@pytest.mark.parametrize("second, said", [
    (GOOD, ":3: 18 fields, 20 are needed"), (GOOD + ",1", ":3: 19 fields"),
    (GOOD + ",1,2,3", ":3: 21 fields"), (GOOD + ",1,a\0b", ":3: note cannot"),
    (line(ns_per_call="-1") + ",1,2", ":3: ns_per_call cannot"),
    (GOOD + ",1,2", ":3: a second row of launch 0, seq 0")])
def test_lines_with_columns_added_at_the_end(tmp_path, second, said, only):
    run = write(tmp_path, [GOOD + ",1,2", second], columns=MORE)
    assert said in refusal(load.samples, run, only)


@pytest.mark.parametrize("only", [(), load.FOR_ESTIMATE])
@pytest.mark.parametrize("first, second", [(",1,2,3", ",1"), (",1", ",1,2,3"),
                                           (",1,2,3,4", ""), (",1\n", ",")])
def test_added_columns_do_not_make_up_for_one_another(tmp_path, first, second,
                                                      only):
    lines = [line() + first, line(seq="1") + second]
    run = write(tmp_path, lines, columns=MORE)
    assert ":2: " in refusal(load.samples, run, only)


def test_a_file_with_columns_added_cut_off_anywhere(tmp_path):
    lines = [one + ",1,2" for one in batches(2)]
    path = write(tmp_path, lines, columns=MORE) / "samples.csv"
    whole = path.read_bytes()
    ends = [at for at in range(len(whole)) if whole[at - 1:at] != b"\n"]
    for end in ends[::7] + [len(whole) - at for at in (1, 2, 3, 4, 5)]:
        path.write_bytes(whole[:end])
        number = whole[:end].count(b"\n") + 1
        for only in (), load.FOR_ESTIMATE:
            said = refusal(load.samples, tmp_path, only)
            assert f"samples.csv:{number}: " in said


def test_what_is_no_file(tmp_path):
    assert "No such file" in refusal(load.samples, tmp_path)
    assert "No such file" in refusal(load.record, tmp_path / "none")
    (tmp_path / "samples.csv").mkdir()
    os.mkfifo(tmp_path / "summary.csv")
    assert "not a file" in refusal(load.samples, tmp_path)
    assert "not a file" in refusal(load.summary, tmp_path)


def summary(folder, *lines):
    return write(folder, lines, "summary.csv", load.SUMMARY)


def test_summary_with_unknown_values(tmp_path):
    bare = line(load.SUMMARY, SUMMED, arm="b", launches="1", confidence="",
                quiet_low_ns="", quiet_high_ns="", net_ns="", flags="")
    frame = load.summary(summary(tmp_path, SUMMED, bare))
    assert frame["quiet_ns"].tolist() == [91.5, 91.5]
    assert frame["net_ns"][0] == -0.1
    assert frame.loc[1, ["quiet_low_ns", "confidence"]].isna().all()
    assert frame["flags"].tolist() == ["unstable few", ""]


@pytest.mark.parametrize("column, field", [
    ("quiet_ns", ""), ("quiet_ns", "nan"), ("quiet_low_ns", "-1"),
    ("quiet_share", "1.5"), ("net_ns", "inf"), ("batches", "0"),
    ("flags", "<script>"), ("flags", "a\x1b[0m")])
def test_a_bad_summary(tmp_path, column, field):
    bad = line(load.SUMMARY, SUMMED, arm="b", **{column: field})
    said = refusal(load.summary, summary(tmp_path, SUMMED, bad))
    assert f"summary.csv:3: {column} cannot be" in said


def test_a_summary_line_without_its_flags(tmp_path):
    short = SUMMED.rpartition(",")[0]
    said = refusal(load.summary, summary(tmp_path, short, SUMMED))
    assert ":2: 21 fields" in said
    lines = [SUMMED + ",more", short]
    for order in lines, lines[::-1]:
        assert ":2: 2" in refusal(load.summary, summary(tmp_path, *order))


def test_a_benchmark_summed_twice(tmp_path):
    assert ":3: a second row of benchmark getppid/libc" in refusal(
        load.summary, summary(tmp_path, SUMMED, SUMMED))


def test_record_and_facts(tmp_path):
    told = {"cpu": {"model": "x"}, "list": [1], "none": None}
    (tmp_path / "run.json").write_text(json.dumps(told))
    record = load.record(tmp_path)
    assert load.fact(record, "cpu", "model") == "x"
    for keys in ["cpu", "gone"], ["list", "0"], ["none", "x"], ["gone", "x"]:
        assert load.fact(record, *keys) is None


@pytest.mark.parametrize("text, said", [
    (b"", ":1: "), (b'{\n"a": 1,\n"b"', ":3: "), (b"[1]", "not a JSON object"),
    (b"[" * 100000, "RecursionError"), (b'{"a": "\xff"}', "not JSON"),
    (b'{"a": "\x1b[2J"}', ":1: ")])
def test_a_bad_record(tmp_path, text, said):
    (tmp_path / "run.json").write_bytes(text)
    told = refusal(load.record, tmp_path)
    assert f"{tmp_path}/run.json" in told and said in told


def test_printable_text():
    assert load.printable("naïve 日本 $x^{ <b>") == "naïve 日本 $x^{ <b>"
    assert load.printable("\x1b[2J\n\0\u202e\udcff") == (
        r"\x1b[2J\n\x00\u202e\udcff")
    assert "\n" not in str(load.BadInput("a\nb"))
