# SPDX-License-Identifier: MIT
"""Whole run folders made up, with truths planted in them; and scripts/compare.

A record is the committed one with other facts, so that it holds what a real
one does. Everything follows from the seed.
"""

import contextlib
import copy
import functools
import hashlib
import importlib.machinery
import importlib.util
import io
import json
import pathlib
import sys
from datetime import datetime, timedelta
from typing import (Any, Dict, List, Mapping, NamedTuple, Optional, Sequence,
                    Tuple, Union)

import numpy as np
import pandas as pd

from hand_made import SCRIPTS
from analysis import load

REFERENCE = SCRIPTS.parent / "results" / "reference" / "run.json"
EPOCH = datetime(2026, 11, 21)
TICKS_PER_NS = 2.5
GHZ = 3.2
JUMPS, CHAIN = 1400, 370        # ticks of the probes on a quiet core

# What a call costs, ns, and how often it enters the kernel.
ROWS: Dict[str, Tuple[float, float]] = {
    "baseline/call": (1.6, 0), "baseline/add_chain": (310, 0),
    "clock_gettime/vdso": (20, 0), "clock_gettime/libc": (22, 0),
    "clock_gettime/inline": (128, 1), "invalid/inline": (80, 1),
    "getppid/inline": (90, 1), "getppid/libc": (91.5, 1),
    "getppid/int80": (425, 1), "open/libc": (900, 2),
    "write/libc/1": (108, 1), "write/stdio/1": (24, 1 / 4096)}
COSTS = {name: cost for name, (cost, _) in ROWS.items()}
ENTRIES = {name: entries for name, (_, entries) in ROWS.items()}
USER = [name for name, entries in ENTRIES.items() if entries == 0]
BUFFERED = [name for name, entries in ENTRIES.items() if 0 < entries < 1]
KERNEL = [name for name, entries in ENTRIES.items() if entries >= 1]
SMALL = {name: COSTS[name] for name in ("clock_gettime/vdso",
                                        "getppid/inline")}

# Facts that the tests rely on, whatever machine the reference is from.
FACTS: Dict[str, Any] = {
    "schema": 1, "complete": True, "problem": None, "tool/version": "0.1.0",
    "tool/architecture": "x86_64", "tool/build_id": "5e" * 20,
    "tool/libc": "2.36", "clock/source": "tsc",
    "clock/ticks_per_ns": TICKS_PER_NS, "placement/cpu": 1,
    "yardsticks/core_ghz": GHZ, "probe/scale": 1, "run/anonymous": False,
    "run/batch_ns": 50000.0, "run/label": None, "environment/host": "lab1",
    "environment/kernel/release": "6.18.44",
    "environment/kernel/version": "#1 SMP PREEMPT_DYNAMIC",
    "environment/kernel/cmdline": "quiet",
    "environment/kernel/cmdline_is_filtered": False,
    "environment/kernel/clocksource": "tsc",
    "environment/kernel/randomize_va_space": "2",
    "environment/cpu/architecture": "x86_64",
    "environment/cpu/model": "Intel(R) Xeon(R) Processor @ 2.50GHz",
    "environment/cpu/family": "6", "environment/cpu/model_number": "85",
    "environment/cpu/stepping": "7", "environment/cpu/microcode": "0x1",
    "environment/cpu/flags": "fpu vme de pse tsc msr pcid invpcid erms",
    "environment/smt": {"control": "off", "active": "0"},
    "environment/governor": "performance", "environment/hypervisor": False,
    "environment/mitigations/pti_flag": False,
    "environment/mitigations/vulnerabilities": {
        "mds": "Not affected", "meltdown": "Not affected",
        "mmio_stale_data": "Not affected", "spectre_v2": "Mitigation: IBRS",
        "reg_file_data_sampling": "Not affected", "tsa": "Not affected",
        "tsx_async_abort": "Not affected"},
    "environment/mitigations/derived": {
        "pti": {"state": "off", "evidence": "cpuinfo's flags lack pti"},
        "verw": {"state": "off", "evidence": "none asks for it"}},
    "environment/kernel/config": {"sha256": "c0" * 32, "options": {}},
    "environment/entry/mechanism": "syscall",
    "environment/frequency": {"driver": "intel_pstate", "no_turbo": "1",
                              "epp": "performance", "boost": "0"},
    "environment/guest": {"container": "none", "signature": ""},
    "environment/observers": {"audit": 0, "tracer": "nop"},
    "environment/task/Seccomp": "0", "environment/task/Seccomp_filters": "0",
    "environment/task/NoNewPrivs": "0", "environment/task/TracerPid": "0",
    "environment/task/Speculation_Store_Bypass": "thread vulnerable",
    "environment/task/SpeculationIndirectBranch": "conditional enabled"}
PLAIN_STATE = {
    "Seccomp": "0", "Seccomp_filters": "0", "NoNewPrivs": "0",
    "Speculation_Store_Bypass": "thread vulnerable",
    "SpeculationIndirectBranch": "conditional enabled", "traced": False,
    "aslr": True, "threads": 1, "work_ns_an_entry": None}

Costs = Mapping[str, float]     # benchmark: ns a call
Facts = Mapping[str, Any]       # path in run.json, "/" between its keys


class Missing:
    """As a fact: not in the record at all. Its name is the same everywhere."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


class Noise(NamedTuple):
    """Relative spreads: of launches, of batches; and a drift a launch."""

    launch: float = 0.001
    batch: float = 0.001
    drift: float = 0.0


CALM = Noise()
STILL = Noise(0.0, 1e-6)


def taxed(tax_ns: float, costs: Costs = COSTS) -> Dict[str, float]:
    """The costs where every crossing costs so much more."""
    return {name: cost + tax_ns * ENTRIES.get(name, 1)
            for name, cost in costs.items()}


def scaled(factor: float, costs: Costs = COSTS) -> Dict[str, float]:
    """The costs on a machine of another speed."""
    return {name: cost * factor for name, cost in costs.items()}


def only(*names: str) -> Dict[str, float]:
    """The costs of these rows."""
    return {name: COSTS[name] for name in names}


def verdicts_of(**changed: str) -> Dict[str, str]:
    """What every row gets: by class of row, "equivalent" where not said."""
    classes = {"user": USER, "buffered": BUFFERED, "kernel": KERNEL}
    return {name: changed.get(kind, "equivalent")
            for kind, names in classes.items() for name in names}


def launch_order(arms: Sequence[str], launches: int) -> List[str]:
    """The arms of all launches: each pass the mirror image of the last."""
    passes = [list(arms), list(arms)[::-1]]
    return [arm for number in range(launches) for arm in passes[number % 2]]


def samples(arms: Mapping[str, Costs], launches: int = 20, rounds: int = 3,
            seed: int = 1, noise: Noise = CALM, calls: int = 500,
            probes: float = 1.0, shared: Mapping[str, float] = {}
            ) -> pd.DataFrame:
    """A row a batch, as load.SAMPLES has them.

    probes: the factor of the probes' ticks; shared: by arm, the share of the
    batches in which a neighbour slows the probe by 30 %, the cost by 20 %.
    """
    random = np.random.default_rng(seed)
    order = launch_order(list(arms), launches)
    names = list(next(iter(arms.values())))
    cost = np.array([[arms[arm][name] for name in names] for arm in order])
    shape = len(order), rounds, len(names)
    drift = 1 + noise.drift * np.arange(len(order))
    cost = (cost * drift[:, np.newaxis])[:, np.newaxis] * np.exp(
        noise.launch * random.standard_normal((len(order), 1, len(names))) +
        noise.batch * random.standard_normal(shape))
    often = np.array([shared.get(arm, 0) for arm in order])
    busy = random.random(shape) < often[:, np.newaxis, np.newaxis]
    cost = (cost * np.where(busy, 1.2, 1)).ravel()
    count = rounds * len(names)
    jumps = (JUMPS * probes * np.where(busy, 1.3, 1)).ravel().round()
    jumps = (jumps + random.integers(0, 4, len(cost))).astype(int)
    chain = np.full(len(cost), round(CHAIN * probes))
    return pd.DataFrame({
        "launch": np.repeat(np.arange(len(order)), count),
        "arm": np.repeat(order, count),
        "block": np.repeat(np.arange(len(order)) // (2 * len(arms)), count),
        "seq": np.tile(np.arange(count), len(order)),
        "benchmark": np.tile(names, len(order) * rounds), "calls": calls,
        "ticks": np.maximum(cost * calls * TICKS_PER_NS, 1).astype(int),
        "ns_per_call": cost.round(6), "cpu_ns": (cost * calls).astype(int),
        "cpu": 1, "migrated": 0, "nivcsw": 0, "minflt": 0, "dirty": 0,
        "probe_before_ticks": jumps, "probe_after_ticks": jumps,
        "chain_before_ticks": chain, "chain_after_ticks": chain})


def summary(batches: pd.DataFrame, launches: int) -> pd.DataFrame:
    """The medians of the batches, in the form of a summary."""
    median = batches.groupby(["benchmark", "arm"], sort=False)[
        "ns_per_call"].median().reset_index(name="quiet_ns")
    rest = {name: 1.0 for name in load.SUMMARY if name not in median}
    return median.assign(**{
        **rest, "launches": launches, "batches": launches, "flags": "",
        "median_ns": median["quiet_ns"]})[list(load.SUMMARY)]


def put(record: Dict[str, Any], facts: Facts) -> Dict[str, Any]:
    """The record with some facts changed, or taken out."""
    for path, value in facts.items():
        *above, last = path.split("/")
        place = record
        for key in above:
            place = place.setdefault(key, {})
        if value is MISSING:
            place.pop(last, None)
        else:
            place[last] = copy.deepcopy(value)
    return record


def arm_record(name: str, **changes: Any) -> Dict[str, Any]:
    """What run.json has of an arm."""
    return {"name": name, "reference": False, "conditions": [],
            "skipped": None, "wrapped": False, "wrap": None,
            "state": dict(PLAIN_STATE), "added_ns_a_call": None, **changes}


def benchmark_record(name: str, calls: int) -> Dict[str, Any]:
    """What run.json has of a benchmark."""
    entries = ENTRIES.get(name, 1.0)
    return {"name": name, "summary": "made up", "skipped": None,
            "batch_calls": float(calls), "bytes": None,
            "entries_expected": entries, "entries_counted": entries,
            "curve": None}


@functools.lru_cache(maxsize=None)
def reference() -> str:
    """The committed record, without what is made up here."""
    found = json.loads(REFERENCE.read_text())
    return json.dumps({key: value for key, value in found.items()
                       if key not in ("arms", "launches", "benchmarks")})


def record(arms: Sequence[Dict[str, Any]], order: Sequence[str],
           names: Sequence[str], calls: int, facts: Facts) -> Dict[str, Any]:
    """A run.json: the committed one's, with these facts."""
    launches = [
        {"launch": place, "arm": arm, "block": place // (2 * len(arms)),
         "done": True, "problem": None, "alone_share": 0.97,
         "core_ghz": GHZ} for place, arm in enumerate(order)]
    return put(json.loads(reference()), {
        **FACTS, "arms": list(arms), "launches": launches, "doubts": [],
        "benchmarks": [benchmark_record(name, calls) for name in names],
        **facts})


def write_record(folder: pathlib.Path, found: Any) -> None:
    """A folder's run.json, NaN and all."""
    (folder / "run.json").write_text(json.dumps(found))


def edit(folder: pathlib.Path, facts: Facts) -> pathlib.Path:
    """Change facts of a run that is there."""
    write_record(folder, put(json.loads((folder / "run.json").read_text()),
                             facts))
    return folder


def make_run(folder: pathlib.Path,
             costs: Union[Costs, Mapping[str, Costs]] = COSTS,
             boot: Union[int, str] = 1, hour: float = 0, facts: Facts = {},
             seed: Optional[int] = None, calls: int = 500,
             arms: Sequence[Dict[str, Any]] = (), **more: Any) -> pathlib.Path:
    """A run folder.

    costs: of a single arm, or by arm; boot and hour: where and when; arms:
    what run.json says of them, where they are not plain; more: of samples().
    """
    by_arm = costs if all(isinstance(found, Mapping)
                          for found in costs.values()) else {"plain": costs}
    seed = int(hash_of(folder.name), 16) if seed is None else seed
    batches = samples(by_arm, seed=seed, calls=calls, **more)
    order = launch_order(list(by_arm), more.get("launches", 20))
    told = list(arms) or [arm_record(name) for name in by_arm]
    folder.mkdir(parents=True, exist_ok=True)
    batches.to_csv(folder / "samples.csv", index=False)
    summary(batches, more.get("launches", 20)).to_csv(
        folder / "summary.csv", index=False)
    started = EPOCH + timedelta(hours=hour)
    write_record(folder, record(
        told, order, list(batches["benchmark"].unique()), calls,
        {"environment/kernel/boot_id": f"boot-{boot}",
         "run/started": f"{started.isoformat()}Z", **facts}))
    return folder


def hash_of(text: str) -> str:
    """Letters that follow from a text, the same in every process."""
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


# Boots

FEW = {"launches": 4, "rounds": 2}      # for designs that need many runs


def make_boots(folder: pathlib.Path, name: str, hours: Sequence[float],
               costs: Union[Costs, Sequence[Costs]] = COSTS, **more: Any
               ) -> List[pathlib.Path]:
    """A run in a boot of its own at each of these hours.

    The boots' names do not follow their time, as those of real ones do not.
    """
    each = [costs] * len(hours) if isinstance(costs, Mapping) else costs
    return [make_run(folder / f"{name}{place}", found,
                     hash_of(f"{place}{name}"), hour, **{**FEW, **more})
            for place, (hour, found) in enumerate(zip(hours, each))]


def alternating(count: int) -> Tuple[List[int], List[int]]:
    """The hours of two sides' boots: A B B A A B B A ..."""
    order = [place for pair in range(count)
             for place in ((0, 1), (1, 0))[pair % 2]]
    return tuple([hour for hour, side in enumerate(order) if side == which]
                 for which in (0, 1))


def two_sides(folder: pathlib.Path, count: int, before: Any = COSTS,
              after: Any = COSTS, **more: Any) -> List[Union[str, Any]]:
    """Alternating boots of two sides, as the command line takes them."""
    hours = alternating(count)
    return ["--before", *make_boots(folder, "a", hours[0], before, **more),
            "--after", *make_boots(folder, "b", hours[1], after, **more)]


# The script

def load_script(name: str) -> Any:
    """A script without a suffix, as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(SCRIPTS / name))
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


script = load_script("compare")


class Said(NamedTuple):
    """What a run of the script came to."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Dict[str, Any]:
        """The output as strict JSON."""
        def refuse(word: str) -> None:
            raise AssertionError(f"{word} is no JSON")
        return json.loads(self.out, parse_constant=refuse)

    @property
    def rows(self) -> pd.DataFrame:
        """The JSON's rows, index benchmark."""
        return pd.DataFrame(self.json["rows"]).set_index("benchmark")

    @property
    def verdicts(self) -> Dict[str, str]:
        """Each row's verdict, by the JSON."""
        return dict(self.rows["verdict"])

    @property
    def lines(self) -> Dict[str, str]:
        """The text's lines that begin with a benchmark's name."""
        lines = [line for line in self.out.splitlines() if line.strip()]
        return {line.split()[0]: line for line in lines
                if "/" in line.split()[0]}

    def refused(self, status: int, *words: str) -> None:
        """Check that it is one line on stderr that has these words."""
        assert (self.out, self.err.count("\n")) == ("", 1), self
        assert self.err.startswith("compare: "), self.err
        assert self.err[:-1].isprintable(), self.err
        assert [word for word in words if word not in self.err] == []
        assert self.status == status


def compare(*arguments: Any) -> Said:
    """What the script says; run within this process."""
    out, err = io.StringIO(), io.StringIO()
    argv, sys.argv = sys.argv, ["compare", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            load.run(script.main)
    except SystemExit as done:
        return Said(int(done.code or 0), out.getvalue(), err.getvalue())
    finally:
        sys.argv = argv
    raise AssertionError("it did not exit")


# Of runs that do not change: they need to be compared only once.
compare_once = functools.lru_cache(maxsize=None)(compare)
