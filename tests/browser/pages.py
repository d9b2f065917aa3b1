# SPDX-License-Identifier: MIT
"""The pages that the browser opens: of a real run, and of hostile ones."""

import os
import pathlib
import subprocess
import sys
from typing import Any, Dict

REPOSITORY = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "scripts"))

import made_runs  # noqa: E402
from test_report_untrusted import ATTACK, hostile_record  # noqa: E402

GUARD_S = 600       # against hanging
FILTER = ("^(baseline/(empty|call)|getppid/(libc|inline)|invalid/inline"
          "|clock_gettime/(vdso|inline)|kill/inline"
          "|write(_file)?/(libc|stdio)/(1|256|4096|65536))$")
MEASURED = (f"--filter={FILTER}", "--launches=6", "--rounds=5",
            "--distribution", "--arm=plain", "--arm=seccomp:1", "--anonymous")
PREDICTIONS = ("quantity,predicted_ns\ngetppid/libc,1000\ninvalid/inline,2\n"
               "seccomp-1:getppid/inline,100\nbaseline/call,\nno/row,4\n")

Pages = Dict[str, pathlib.Path]


def script(name: str, *arguments: Any) -> None:
    """Run one of the scripts to the end."""
    subprocess.run([sys.executable, REPOSITORY / "scripts" / name,
                    *map(str, arguments)], check=True, timeout=GUARD_S,
                   stdout=subprocess.DEVNULL)


def measured(folder: pathlib.Path, name: str) -> pathlib.Path:
    """A real run, of two arms, with single calls."""
    program = pathlib.Path(os.environ.get("SYSCOST_PROGRAM") or
                           REPOSITORY / "build" / "syscost")
    run = folder / name
    subprocess.run([program, *MEASURED, f"--output={run}"], check=True,
                   timeout=GUARD_S, stdout=subprocess.DEVNULL)
    return run


def hostile(folder: pathlib.Path, name: str) -> pathlib.Path:
    """A run all of whose texts want to be run; two arms, many doubts."""
    run = made_runs.make_run(folder / name, {
        "plain": made_runs.COSTS, "other": made_runs.scaled(1.2)}, launches=4)
    record = hostile_record(run, ATTACK)
    record["arms"].append(made_runs.arm_record(ATTACK, skipped=ATTACK))
    record["benchmarks"].append({"name": ATTACK, "summary": ATTACK,
                                 "skipped": ATTACK})
    made_runs.write_record(run, record)
    return run


def of_run(run: pathlib.Path, name: str, sheet: pathlib.Path) -> Pages:
    """The report of a run, and its worksheet."""
    script("report", run, "--predictions", sheet, "--no-plots")
    script("worksheet", run, "--predictions", sheet)
    return {f"{name} report": run / "report.html",
            f"{name} worksheet": run / "worksheet.html"}


def make(folder: pathlib.Path) -> Pages:
    """All pages, by what they are."""
    sheet = folder / "predictions.csv"
    sheet.write_text(PREDICTIONS)
    real, again = measured(folder, "real"), measured(folder, "again")
    bad, worse = hostile(folder, "bad"), hostile(folder, "worse")
    script("report", real, again, "--no-plots")
    script("report", bad, worse, "--force", "--no-plots")
    return {**of_run(real, "real", sheet), **of_run(bad, "hostile", sheet),
            "real comparison": again / "comparison.html",
            "hostile comparison": worse / "comparison.html"}
