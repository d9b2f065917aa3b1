# SPDX-License-Identifier: MIT
"""What a run's folder holds, as the sections of its page need it."""

from functools import cached_property
from pathlib import Path
from typing import Any, Dict, List

import pandas as pd

from analysis import contrasts, emulated, load, quiet, rows
from analysis.arm import Arm, arm_of

ENDS = "", "_low", "_high"
NAME = load.Column("category", pattern=rf"({load.WORD}(/{load.WORD})*)?")
CONTRASTS: load.Columns = {
    "contrast": load.ARM,
    "arm": load.Column("category", pattern=rf"'?{load.WORD}"),
    "benchmark": NAME, "reference": NAME, "value": load.DIFFERENCE,
    "low": load.DIFFERENCE, "high": load.DIFFERENCE,
    "unit": load.Column("category", pattern=r"[a-z/]{1,12}"),
    "confidence": load.COUNTED, "launches": load.COUNT,
}
DISTRIBUTION: load.Columns = {
    "benchmark": NAME, "arm": load.ARM, "launches": load.ORDINAL,
    "calls": load.ORDINAL, "confidence": load.COUNTED,
    **{f"p{share}{end}_ns": load.KNOWN_OR_NOT
       for share in (50, 90, 99, 999) for end in ENDS},
    "max_ns": load.KNOWN_OR_NOT, "nivcsw": load.COUNT, "minflt": load.COUNT,
}
SCALING: load.Columns = {
    "benchmark": NAME, "arm": load.ARM, "threads": load.ORDINAL,
    "launches": load.ORDINAL, "counted": load.COUNT,
    "together_share": load.SHARE, "confidence": load.COUNTED,
    **{f"{one}{end}_ns": load.KNOWN_OR_NOT
       for one in ("main", "slowest", "fastest") for end in ENDS},
    **{f"calls{end}_per_s": load.KNOWN_OR_NOT for end in ENDS},
    **{f"efficiency{end}": load.KNOWN_OR_NOT for end in ENDS},
    "cpus": load.Column("category", pattern=r"[0-9 -]{0,400}"),
    "cores": load.COUNT,
}
LAUNCHES = ["benchmark", "arm", "launch", "quiet_ns", "cost_ns"]
WHOLE = ("run.json", "summary.csv")


class Source:
    """One run. What could not be read is in `lacks`, a line each.

    run.json and summary.csv must be right where they are there; without the
    rest the page is made of what is left.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lacks: List[str] = []
        present = [name for name in WHOLE if (folder / name).exists()]
        if not present:
            raise load.BadInput(f"{folder}: no run.json and no summary.csv: "
                                "not a run folder")
        self.record: Dict[str, Any] = (
            load.record(folder) if "run.json" in present else {})
        self.lacks += [f"{name} is not there" for name in WHOLE
                       if name not in present]
        self.rows = self._rows("summary.csv" in present)
        if not self.record and len(self.rows):
            self.record = emulated.record_of(self.rows)

    def _rows(self, present: bool) -> pd.DataFrame:
        """Every arm's rows of the summary, with group, path and way."""
        table = (load.summary(self.folder) if present
                 else pd.DataFrame(columns=list(load.SUMMARY)))
        for name in ("benchmark", "arm", "flags"):
            table[name] = table[name].astype(str)
        return rows.split_names(table, self.record) if len(table) else (
            table.assign(group="", path="", variant="", way=""))

    @cached_property
    def arms(self) -> List[str]:
        """The arms that have rows, in their order."""
        return list(dict.fromkeys(self.rows["arm"]))

    @cached_property
    def first(self) -> pd.DataFrame:
        """The first arm's rows, by benchmark."""
        arm = self.arms[0] if self.arms else ""
        return self.rows[self.rows["arm"] == arm].set_index(
            "benchmark", drop=False)

    @cached_property
    def emulated(self) -> str:
        """What every figure has to say; "" where nothing emulates."""
        return emulated.line([self.record])

    def cost(self, name: str) -> float:
        """A row's headline, ns; NaN where it was not measured."""
        return float(self.first["quiet_ns"].get(name, float("nan")))

    @cached_property
    def yardstick(self) -> float:
        """An empty function call, ns, as the program's table has it; NaN."""
        told = load.number(self.record, "yardsticks", "empty_call_ns")
        known = told is not None and told > 0 and not self.emulated
        return float(told) if known else float("nan")

    def optional(self, name: str, read: Any, empty: pd.DataFrame,
                 without: str) -> pd.DataFrame:
        """A table that may be missing or broken; then it is said so."""
        if not (self.folder / name).exists():
            self.lacks.append(f"{name} is not there: {without}")
            return empty
        try:
            return read()
        except load.BadInput as problem:
            self.lacks.append(f"{name} cannot be read, {without} ({problem})")
            return empty

    @cached_property
    def launches(self) -> pd.DataFrame:
        """The median of each launch, benchmark and arm: LAUNCHES."""
        return self.optional(
            "samples.csv", self._launches, pd.DataFrame(columns=LAUNCHES),
            "the launches are not shown")

    def _launches(self) -> pd.DataFrame:
        samples = load.samples(self.folder, load.FOR_ESTIMATE)
        if samples.empty:
            raise load.BadInput("no rows")
        found = quiet.launch_medians(quiet.adjusted(samples, self.record))
        return found.astype({"benchmark": str, "arm": str})

    @cached_property
    def contrasts(self) -> Arm:
        """What the rows of the first arm mean."""
        if self.rows.empty:
            none = pd.DataFrame(columns=contrasts.COLUMNS)
            return Arm(none, pd.Series(dtype=float), self.rows, self.record)
        costs, found = self._costs(), self._contrasts()
        return arm_of(found, costs, self.record,
                      self.arms[0] if self.arms else "")

    def _costs(self) -> pd.DataFrame:
        """Costs by launch; without the launches, the summary's."""
        if len(self.launches):
            return contrasts.costs_of(self.launches)
        return self.rows[["benchmark", "arm"]].assign(
            launch=0, ns=self.rows["quiet_ns"])

    def _contrasts(self) -> pd.DataFrame:
        """Contrasts by the launches, else those that are stored."""
        if len(self.launches):
            return contrasts.contrasts(contrasts.costs_of(self.launches),
                                       self.record)
        return self.optional("contrasts.csv", self._stored, pd.DataFrame(
            columns=contrasts.COLUMNS), "what the rows mean is not shown")

    def _stored(self) -> pd.DataFrame:
        table = load.table(self.folder / "contrasts.csv", CONTRASTS,
                           ["contrast", "arm", "benchmark", "reference"])
        texts = ["contrast", "arm", "benchmark", "reference", "unit"]
        table[texts] = table[texts].astype(str)
        known = table["contrast"].isin(contrasts.ORDER)
        return table[known].assign(arm=table["arm"].str.removeprefix("'"))

    def _if_there(self, name: str, columns: load.Columns, without: str
                  ) -> pd.DataFrame:
        """A table that most runs do not have; none: not measured."""
        empty = pd.DataFrame(columns=list(columns))
        path = self.folder / name
        if not path.exists():
            return empty
        table = self.optional(
            name, lambda: load.table(path, columns, ["benchmark", "arm"]),
            empty, without)
        return table.astype({"benchmark": str, "arm": str})

    @cached_property
    def scaling(self) -> pd.DataFrame:
        """What threads got done in one call at once; none: not measured."""
        return self._if_there("scaling.csv", SCALING,
                              "how calls scale is not shown")

    @cached_property
    def singles(self) -> pd.DataFrame:
        """The first arm's single calls, by benchmark; none: not measured."""
        table = self._if_there("distribution.csv", DISTRIBUTION,
                               "single calls are not shown")
        table = table[table["arm"] == (self.arms or [""])[0]]
        return table.set_index("benchmark", drop=False)

    @cached_property
    def summaries(self) -> Dict[str, str]:
        """What each benchmark's call is, in words, by its name."""
        told = load.fact(self.record, "benchmarks")
        pairs = [(load.fact(row, "name"), load.fact(row, "summary"))
                 for row in (told if isinstance(told, list) else ())]
        return {name: load.printable(text)[:200] for name, text in pairs
                if isinstance(name, str) and isinstance(text, str)}
