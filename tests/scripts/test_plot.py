# SPDX-License-Identifier: MIT
"""scripts/plot on run folders made here."""

import importlib.machinery
import importlib.util
import json
import pathlib
import subprocess
import sys
import xml.dom.minidom

import numpy as np
import pandas as pd
import pytest

SCRIPTS = pathlib.Path(__file__).parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

from analysis import load  # noqa: E402


def load_script(name):
    """A script without a suffix, as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(SCRIPTS / name))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


plot = load_script("plot")
plot.matplotlib.use("Agg")

PATHS = ["libc", "syscall", "inline", "stdio", "stdio_line",
         "stdio_unbuffered"]
NAMES = (
    ["baseline/empty", "baseline/call", "getppid/int80", "getppid/inline"] +
    [f"clock_gettime/{path}" for path in ("vdso", "libc", "inline")] +
    [f"clock_gettime/{path}/process_cputime" for path in ("vdso", "libc")] +
    [f"{target}/{path}/{size}" for target in ("write", "write_file")
     for path in PATHS for size in (1, 256, 65536)] +
    ["write/putc/1", "write_file/putc/1"])

HOSTILE = "$x^{ $\\frac{ <script>alert(1)</script> &amp; \x1b[31m \u202e 日本"

RECORD = {
    "complete": True, "run": {"label": "lab", "started": "2026-11-21"},
    "environment": {
        "kernel": {"release": "6.18.44"}, "cpu": {"model": "A CPU"},
        "hypervisor": True, "mitigations": {
            "pti_flag": False, "vulnerabilities": {
                "spectre_v2": "Mitigation: Enhanced IBRS; IBPB: always",
                "srso": "Vulnerable", "meltdown": "Not affected"}}},
    "benchmarks": [{"name": "clock_gettime/libc", "entries_counted": 0.0}]}


def summary(names, arm="plain", **changes):
    """A summary of benchmarks from 0.3 ns to 5 us."""
    cost = np.geomspace(0.3, 5000, len(names))
    one = {name: 1.0 for name in load.SUMMARY}
    return pd.DataFrame({
        **one, "benchmark": names, "arm": arm, "launches": 20,
        "batches": 1000, "quiet_ns": cost, "quiet_low_ns": cost / 1.01,
        "quiet_high_ns": cost * 1.01, "median_ns": cost * 1.1, "flags": "",
        **changes})[list(load.SUMMARY)]


def make_run(folder, rows, record=None):
    folder.mkdir(exist_ok=True)
    rows.to_csv(folder / "summary.csv", index=False)
    if record is not None:
        (folder / "run.json").write_text(json.dumps(record))
    return folder


def run_main(monkeypatch, *arguments):
    """The exit code of the script, run within this process."""
    monkeypatch.setattr(sys, "argv", ["plot", *map(str, arguments)])
    with pytest.raises(SystemExit) as caught:
        load.run(plot.main)
    return caught.value.code


def ways(names, record=None, flags=""):
    rows = summary(names, flags=flags)
    return dict(zip(names, plot.split_names(rows, record or {})["way"]))


def ticks_in_view(axis):
    low, high = sorted(axis.get_view_interval())
    return [tick.label1 for tick in axis.get_major_ticks()
            if low <= tick.get_loc() <= high]


def all_texts(figure):
    """Every text that is drawn: a tick out of view is not."""
    parts = [figure.texts, *(legend.get_texts() for legend in
                             figure.findobj(plot.matplotlib.legend.Legend))]
    for axes in figure.axes:
        parts += [axes.texts, [axes.title, axes.xaxis.label, axes.yaxis.label],
                  ticks_in_view(axes.xaxis), ticks_in_view(axes.yaxis)]
    return [text for part in parts for text in part if text.get_text()]


@pytest.fixture(autouse=True)
def style():
    with plot.matplotlib.rc_context(plot.STYLE):
        yield
    plot.pyplot.close("all")


def test_help_is_the_docstring(monkeypatch, capsys):
    assert run_main(monkeypatch, "--help") == 0
    assert plot.__doc__.strip() in capsys.readouterr().out


def test_both_figures_in_both_formats(tmp_path, monkeypatch, capsys):
    run = make_run(tmp_path / "run", summary(NAMES[:12]), RECORD)
    assert run_main(monkeypatch, run) == 0
    said = capsys.readouterr()
    made = sorted(path.name for path in (run / "plots").iterdir())
    assert made == ["ladder.png", "ladder.svg", "writes.png", "writes.svg"]
    assert all(name in said.out for name in made) and not said.err
    for path in (run / "plots").glob("*.svg"):
        xml.dom.minidom.parse(str(path))
    for path in (run / "plots").glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_same_run_gives_the_same_bytes(tmp_path, monkeypatch):
    run = make_run(tmp_path / "run", summary(NAMES[:6]), RECORD)
    for place in "a", "b":
        run_main(monkeypatch, run, "--output", tmp_path / "out" / place)
    for name in "ladder.svg", "ladder.png":
        assert ((tmp_path / "out/a" / name).read_bytes() ==
                (tmp_path / "out/b" / name).read_bytes())
    assert not (run / "plots").exists()
    assert not (tmp_path / "out/a/writes.svg").exists()


def test_hostile_text_is_drawn_as_text(tmp_path, monkeypatch, capsys):
    record = {
        "run": {"label": HOSTILE, "started": ["no"]}, "complete": False,
        "environment": {
            "kernel": {"release": HOSTILE}, "cpu": "none",
            "mitigations": {"pti_flag": "maybe", "vulnerabilities": {
                HOSTILE: HOSTILE, "number": 5}}},
        "benchmarks": [7, {"name": ["x"]}, {"name": "a", "x": 1}]}
    run = make_run(tmp_path / "run", summary(NAMES[:6]), record)
    assert run_main(monkeypatch, run) == 0
    assert not capsys.readouterr().err
    drawn = (run / "plots/ladder.svg").read_text()
    assert "<script" not in drawn and "\x1b" not in drawn
    assert "$x^{ $\\frac{ &lt;script&gt;alert(1)" in drawn


@pytest.mark.parametrize("record", [
    {}, {"environment": None}, {"environment": {"mitigations": []}},
    {"environment": {"cpu": {"model": None}}, "benchmarks": {"a": 1}}])
def test_a_record_may_lack_anything(record):
    rows = plot.split_names(summary(NAMES[:4]), record)
    assert plot.facts_of(record, "plain", 10) == ["arm plain"]
    assert len(plot.draw_ladder(rows, record).axes) == 1


def test_facts_name_machine_kernel_and_mitigations():
    told = " ".join(plot.facts_of(RECORD, "plain", 13))
    for fact in ("A CPU", "Linux 6.18.44", "virtual machine", "lab",
                 "arm plain", "pti off", "spectre_v2: Enhanced IBRS",
                 "srso: Vulnerable"):
        assert fact in told
    assert "meltdown" not in told and "INCOMPLETE" not in told
    assert "NEVER QUIET" not in told
    doubtful = {"complete": False, "probe": {"no_quiet_moment": True},
                "environment": {"cpu": {"architecture": "aarch64"}}}
    assert plot.facts_of(doubtful, "a", 13) == [
        "aarch64 · THE CORE WAS NEVER QUIET · INCOMPLETE RUN · arm a"]


def test_no_rows_are_nothing_to_show(tmp_path, monkeypatch, capsys):
    run = make_run(tmp_path / "run", summary([]))
    assert run_main(monkeypatch, run) == 3
    assert capsys.readouterr().err.count("\n") == 1


def break_header(run):
    (run / "summary.csv").write_text("benchmark\n")


def break_field(run):
    summary(NAMES[:3], quiet_ns=-1).to_csv(run / "summary.csv", index=False)


def break_name(run):
    summary(["$x^{/<b>\x1b[2J"]).to_csv(run / "summary.csv", index=False)


def break_record(run):
    (run / "run.json").write_text('{"a": ')


def break_output(run):
    (run / "plots").write_text("in the way")


@pytest.mark.parametrize("damage, said", [
    (break_header, "summary.csv:1: "), (break_field, "summary.csv:2: "),
    (break_name, r"summary.csv:2: benchmark cannot be "),
    (break_record, "run.json:1: "), (break_output, "plots/ladder: ")])
def test_bad_input_is_one_line(tmp_path, monkeypatch, capsys, damage, said):
    run = make_run(tmp_path / "run", summary(NAMES[:3]), RECORD)
    damage(run)
    assert run_main(monkeypatch, run) == 2
    told = capsys.readouterr()
    assert told.err.count("\n") == 1 and said in told.err
    assert told.err.startswith("plot: ") and "\x1b" not in told.err
    assert not told.out


def test_as_a_program(tmp_path):
    done = subprocess.run([sys.executable, SCRIPTS / "plot", tmp_path / "no"],
                          text=True, capture_output=True)
    assert done.returncode == 2
    assert done.stderr == (f"plot: {tmp_path}/no/summary.csv: "
                           "No such file or directory\n")


def test_only_the_first_arm_is_drawn(tmp_path):
    rows = pd.concat([summary(NAMES[:5], "z"), summary(NAMES[:5], "a")])
    run = make_run(tmp_path / "run", rows)
    assert plot.first_arm(run, {})["arm"].unique().tolist() == ["z"]


def test_ways_of_entering():
    found = ways(NAMES + ["getppid/libc", "time/libc/x", "time/vdso/x"])
    for name, way in {
            "baseline/empty": "user", "getppid/int80": "legacy",
            "getppid/inline": "kernel", "getppid/libc": "kernel",
            "clock_gettime/vdso": "vdso", "clock_gettime/libc": "vdso",
            "clock_gettime/inline": "kernel", "time/libc/x": "vdso",
            "write/libc/1": "kernel", "write/stdio/256": "buffered",
            "write/stdio_line/1": "buffered", "write/putc/1": "buffered",
            "write/stdio_unbuffered/1": "kernel"}.items():
        assert found[name] == way, name


def test_what_was_counted_outweighs_the_name():
    names = ["clock_gettime/vdso", "clock_gettime/libc"]
    assert set(ways(names).values()) == {"vdso"}
    assert set(ways(names, flags="falls_back unstable").values()) == {
        "kernel"}
    counted = {"benchmarks": [{"name": names[0], "entries_counted": 1},
                              {"name": names[1], "entries_counted": None}]}
    assert ways(names, counted) == {names[0]: "kernel", names[1]: "vdso"}
    lone = {"benchmarks": [{"name": names[1], "entries_counted": 0}]}
    assert ways(names[1:]) == {names[1]: "kernel"}
    assert ways(names[1:], lone) == {names[1]: "vdso"}


def catalogue():
    """As many rows as the program has, names as long."""
    clocks = ["monotonic_coarse", "process_cputime"]
    return NAMES + [f"clock{number}/{path}/{clock}" for number in range(10)
                    for path in ("vdso", "syscall", "inline", "libc")
                    for clock in clocks]


def test_every_row_has_its_marks_and_its_name():
    names = catalogue()
    rows = plot.split_names(summary(names), {})
    figure = plot.draw_ladder(rows, RECORD)
    shown = [label.get_text() for axes in figure.axes
             for label in axes.get_yticklabels()]
    assert len(figure.axes) == 2
    assert len(shown) == len(names) + rows["group"].nunique()
    marks = np.concatenate([line.get_xdata() for axes in figure.axes
                            for line in axes.get_lines()])
    for column in "quiet_ns", "median_ns":
        assert np.isin(rows[column], marks).all()
    for axes in figure.axes:
        low, high = axes.get_xlim()
        assert low < rows["quiet_ns"].min() and high > rows["median_ns"].max()


def overlaps(boxes):
    """How many neighbours down a column cover one another by over a pixel."""
    tops = sorted((box.y0, box.y1) for box in boxes)
    return sum(one[1] > other[0] + 1 for one, other in zip(tops, tops[1:]))


def test_nothing_is_clipped_or_on_top_of_another():
    long = {**RECORD, "environment": {"mitigations": {"vulnerabilities": {
        f"vulnerability_{number}": "Vulnerable: " + "no microcode " * 4
        for number in range(30)}}}}
    names = catalogue()
    rows = plot.split_names(summary(names), long)
    assert len(plot.facts_of(long, "plain", 6.6)) == plot.FACTS_MOST
    for figure in (plot.draw_ladder(rows, long),
                   plot.draw_ladder(rows.groupby("way").head(1), long),
                   plot.draw_writes(plot.sizes_of(rows), long)):
        figure.canvas.draw()
        size = figure.bbox.padded(0.5)
        texts = all_texts(figure)
        assert len(texts) > 10
        for text in texts:
            box = text.get_window_extent()
            assert size.contains(box.x0, box.y0), text.get_text()
            assert size.contains(box.x1, box.y1), text.get_text()
        for axes in figure.axes:
            assert not overlaps([label.get_window_extent()
                                 for label in axes.get_yticklabels()])
        top = max(axes.get_tightbbox().y1 for axes in figure.axes)
        assert all(part.get_window_extent().y0 > top - 1
                   for part in [*figure.texts, *figure.legends])


def test_without_intervals(recwarn):
    rows = summary(NAMES, quiet_low_ns=np.nan, quiet_high_ns=np.nan)
    rows = plot.split_names(rows, {})
    plot.draw_ladder(rows, {}).canvas.draw()
    plot.draw_writes(plot.sizes_of(rows), {}).canvas.draw()
    assert not len(recwarn)


def test_writes_have_a_line_a_path_and_a_panel_a_target():
    rows = plot.split_names(summary(NAMES), {})
    sizes = plot.sizes_of(rows)
    assert set(sizes["path"]) == {*PATHS, "putc"}
    figure = plot.draw_writes(sizes, {})
    assert len(figure.axes) == 4
    for axes in figure.axes:
        lines = {line.get_label(): line for line in axes.get_lines()}
        assert set(lines) == {*PATHS, "putc"}
        assert lines["libc"].get_xdata().tolist() == [1, 256, 65536]
        assert lines["putc"].get_xdata().tolist() == [1]
    known = rows.set_index("benchmark")["quiet_ns"]
    a_call, a_byte = (axes.get_lines()[0] for axes in figure.axes[::2])
    assert a_call.get_ydata()[1] == known["write/libc/256"]
    assert a_byte.get_ydata()[1] == known["write/libc/256"] / 256


@pytest.mark.parametrize("value, text", [
    (0.3245, "0.32"), (9.99, "9.99"), (21.94, "21.9"), (105.4, "105"),
    (4730.8, "4,731")])
def test_numbers(value, text):
    assert plot.plain_number(value) == text
