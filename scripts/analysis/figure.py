# SPDX-License-Identifier: MIT
"""What every figure shares: its style, its head, and axes in powers of ten."""

import textwrap
from typing import Any, Dict, List, Optional, Sequence

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from analysis import emulated, load

# Text is the run's and drawn as it is: no dollar sign starts a formula.
STYLE = {
    "text.parse_math": False, "svg.hashsalt": "syscost", "font.size": 8,
    "axes.spines.top": False, "axes.spines.right": False,
    "axes.titlesize": 9, "axes.titleweight": "bold", "legend.frameon": False,
    "grid.color": "#d8d8d8", "grid.linewidth": 0.6, "savefig.dpi": 150,
}

# The palette of Okabe and Ito, which colour-blind readers can tell apart;
# the marks differ as well, for print without colour.
BLUE, GREEN, RED, PURPLE, SKY, ORANGE, GREY = (
    "#0072b2", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#e69f00",
    "#666666")

FACT_INCHES = 0.15
FACTS_MOST = 8          # lines


def text_of(record: Dict[str, Any], *keys: str) -> Optional[str]:
    """A fact in words, safe to show; None where it is no text."""
    found = load.fact(record, *keys)
    return load.printable(found)[:200] if isinstance(found, str) else None


def describe_machine(record: Dict[str, Any]) -> str:
    """CPU, kernel and what else the figures hang on, in a line."""
    release = text_of(record, "environment", "kernel", "release")
    guest = load.fact(record, "environment", "hypervisor") is True
    whole = load.fact(record, "complete") is not False
    shared = load.fact(record, "probe", "no_quiet_moment") is True
    cpu = ("environment", "cpu")
    parts = [text_of(record, *cpu, "model") or
             text_of(record, *cpu, "architecture"),
             release and f"Linux {release}",
             guest and "virtual machine",
             text_of(record, "run", "label"),
             text_of(record, "run", "started"),
             shared and "THE CORE WAS NEVER QUIET",
             None if whole else "INCOMPLETE RUN"]
    return " · ".join(filter(None, parts))


def describe_derived(record: Dict[str, Any]) -> str:
    """What an entry passes, by the names that were derived; "": none was."""
    where = ("environment", "mitigations", "derived")
    found = load.fact(record, *where)
    states = {load.printable(name)[:40]: text_of(record, *where, name, "state")
              for name in (found if isinstance(found, dict) else ())}
    parts = [f"{name} {states[name]}" for name in ("pti", "kpti")
             if states.get(name)]
    for state, words in (("on", "entries pass"), ("unknown", "not known")):
        names = [name for name, told in states.items()
                 if told == state and name not in ("pti", "kpti")]
        if names:
            parts.append(f"{words} {', '.join(names)}")
    return " · ".join(parts)


def describe_mitigations(record: Dict[str, Any]) -> str:
    """What was derived by name, else PTI and each vulnerability that concerns
    this CPU, in a line."""
    derived = describe_derived(record)
    if derived:
        return derived
    where = ("environment", "mitigations")
    flag = load.fact(record, *where, "pti_flag")
    files = load.fact(record, *where, "vulnerabilities")
    parts = {name: text_of(record, *where, "vulnerabilities", name) or ""
             for name in (files if isinstance(files, dict) else ())}
    shown = [f"{load.printable(name)[:40]}: "
             f"{text.removeprefix('Mitigation: ').split(';')[0]}"
             for name, text in sorted(parts.items())
             if text and not text.startswith("Not affected")]
    pti = [f"pti {'on' if flag else 'off'}"] if isinstance(flag, bool) else []
    return " · ".join(pti + shown)


def facts_of(record: Dict[str, Any], arm: str, width: float) -> List[str]:
    """What was measured on, as lines for a figure so many inches wide."""
    facts = [emulated.line([record]),
             f"{describe_machine(record)} · arm {arm}".removeprefix(" · "),
             describe_mitigations(record)]
    return wrapped(facts, width)[:FACTS_MOST]


def wrapped(facts: Sequence[str], width: float) -> List[str]:
    """Facts as lines for a figure so many inches wide."""
    return [line for fact in facts
            for line in textwrap.wrap(fact, int(width * 15))]


def draw_head(figure: Figure, title: str, facts: List[str]) -> float:
    """Title and facts at the top; where they end, as a share of the height.

    What every figure of an emulated run has to say is no fact among others.
    """
    height = figure.get_figheight()
    figure.text(0.015, 1 - 0.12 / height, title, fontsize=12, va="top",
                fontweight="bold")
    for place, fact in enumerate(facts):
        warns = fact.startswith(emulated.TEXT)
        figure.text(0.015, 1 - (0.38 + FACT_INCHES * place) / height, fact,
                    va="top", fontsize=7.5, color=RED if warns else "#444444",
                    fontweight="bold" if warns else "normal")
    return 1 - (0.45 + FACT_INCHES * len(facts)) / height


def tick_number(value: float, _: Optional[int] = None) -> str:
    """A power of ten as people write it."""
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def make_log(axis: Axis) -> None:
    """Ticks at powers of ten, and between where there are few of them."""
    low, high = axis.get_view_interval()
    between = (1,) if high > 100 * low else (1, 2, 5)
    axis.set_major_locator(LogLocator(10, between))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(tick_number))
