# SPDX-License-Identifier: MIT
"""Every setting: where it stands, what is wanted of it, why, and the risk.

Settings are written in this order and put back in the reverse of it:

- The preference for energy goes before the governor: intel_pstate and
  amd-pstate refuse one (EBUSY) while the governor is performance.
- What the kernel moves along with a setting, or forgets, goes before that
  setting, so that it is looked at after the setting is back.
- CPUs go offline last: with one go its files.
"""

import re
from typing import Callable, List, NamedTuple, Optional

from tuning.cpus import CPU, Choice
from tuning.forms import (LIST, MASK, NUMBER, SWITCH, WORD, Form,
                          cpus_of, list_of, mask_like, mask_of)
from tuning.tree import Tree, number_pattern

FREQUENCY = f"{CPU}/cpu*/cpufreq"


class Wishes(NamedTuple):
    """What the command line asks for."""

    cpu: Optional[int] = None
    smt: bool = False
    thp: bool = False
    keep_turbo: bool = False


class Machine(NamedTuple):
    """What a setting's wish is derived from."""

    tree: Tree
    choice: Choice
    wishes: Wishes


# Of a machine, a path and its value: the wish, None where it is to stay.
Wish = Callable[[Machine, str, str], Optional[str]]


class Setting(NamedTuple):
    """A row of the table; in `path` a * stands for a number."""

    name: str
    path: str
    form: Form
    wish: Wish
    why: str
    risk: str
    option: str = ""    # the wish by which it is set, else it is left alone
    shown: bool = True

    def covers(self, path: str) -> bool:
        """Whether the path is one of this setting's."""
        return number_pattern(self.path).fullmatch(path) is not None

    def asked_for(self, wishes: Wishes) -> bool:
        """Whether this setting is touched at all."""
        return not self.option or bool(getattr(wishes, self.option))


def stay(_machine: Machine, _path: str, _value: str) -> None:
    """Never written: only what else is set may change it."""


def fixed(wanted: str) -> Wish:
    """One and the same value."""
    return lambda _machine, _path, _value: wanted


def at_least(wanted: int) -> Wish:
    """A number, unless it is larger already."""
    return lambda _machine, _path, value: str(max(wanted, int(value)))


def offered(wanted: str, beside: str) -> Wish:
    """A word, unless the file beside this one lists others only."""
    def wish(machine: Machine, path: str, _value: str) -> Optional[str]:
        try:
            words = machine.tree.read(f"{path.rpartition('/')[0]}/{beside}")
        except OSError:
            return wanted
        return wanted if wanted in words.split() else None
    return wish


def no_turbo(machine: Machine, _path: str, _value: str) -> Optional[str]:
    """intel_pstate says it the other way round."""
    return None if machine.wishes.keep_turbo else "1"


def no_boost(machine: Machine, _path: str, _value: str) -> Optional[str]:
    """Boost off."""
    return None if machine.wishes.keep_turbo else "0"


def no_boost_of_all(machine: Machine, path: str, value: str
                    ) -> Optional[str]:
    """The common switch, only where no policy has its own.

    It overwrites theirs (cpufreq_boost_trigger_state, drivers/cpufreq), and
    theirs cannot be written while it is off.
    """
    if machine.tree.glob(f"{FREQUENCY}/boost"):
        return None
    return no_boost(machine, path, value)


def stopped(_machine: Machine, _path: str, value: str) -> Optional[str]:
    """ksmd stopped; what is merged stays so, and 2 unmerges: not ours."""
    return "0" if value == "1" else None


def away(machine: Machine, _path: str, value: str) -> Optional[str]:
    """The CPUs of a list without the quiet ones, or else all others."""
    now, choice = cpus_of(value), machine.choice
    if not now & choice.quiet or not choice.others:
        return None
    left = now - choice.quiet
    return list_of(left if left & choice.online else choice.others)


def mask_away(machine: Machine, path: str, value: str) -> Optional[str]:
    """The same of a mask."""
    bits = mask_of(value)
    now = list_of(cpu for cpu in range(bits.bit_length()) if bits >> cpu & 1)
    left = away(machine, path, now)
    return left and mask_like(sum(1 << cpu for cpu in cpus_of(left)), value)


def offline(machine: Machine, path: str, _value: str) -> Optional[str]:
    """Off, of a thread of the measured core."""
    cpu = int(re.findall(r"\d+", path)[-1])
    return "0" if cpu in machine.choice.siblings else None


def along(path: str, form: Form = NUMBER, option: str = "") -> Setting:
    """What may change with a setting that follows, and is put back too."""
    return Setting(path.rpartition("/")[2], path, form, stay,
                   "may change with a setting, and is put back",
                   "none: it is not set", option, shown=False)


# A governor forgets these when the last CPU leaves it
# (cpufreq_dbs_governor_exit and sugov_exit, drivers/cpufreq and kernel/sched).
TUNABLES = {
    "ondemand": ("sampling_rate", "up_threshold", "sampling_down_factor",
                 "ignore_nice_load", "powersave_bias", "io_is_busy"),
    "conservative": ("sampling_rate", "up_threshold", "down_threshold",
                     "sampling_down_factor", "ignore_nice_load", "freq_step"),
    "schedutil": ("rate_limit_us",),
}

SETTINGS: List[Setting] = [
    Setting("nmi_watchdog", "/proc/sys/kernel/nmi_watchdog", SWITCH,
            fixed("0"),
            "an NMI every few seconds on each CPU, and a counter that it "
            "takes",
            "a hard lock-up is not noticed meanwhile"),
    Setting("numa_balancing", "/proc/sys/kernel/numa_balancing", NUMBER,
            fixed("0"),
            "unmaps pages to see who uses them: faults in what is measured",
            "none in a short run"),
    Setting("timer_migration", "/proc/sys/kernel/timer_migration", SWITCH,
            fixed("0"),
            "else timers of idle CPUs move to busy ones, the measured one",
            "idle CPUs wake for their own timers"),
    Setting("stat_interval", "/proc/sys/vm/stat_interval", NUMBER,
            at_least(60),
            "a kernel worker on each CPU, every second by default",
            "counters in /proc/vmstat lag"),
    Setting("ksm", "/sys/kernel/mm/ksm/run", NUMBER, stopped,
            "ksmd scans memory and takes caches; merged pages stay merged",
            "none in a short run"),
    along("/proc/sys/vm/min_free_kbytes", option="thp"),
    Setting("thp", "/sys/kernel/mm/transparent_hugepage/enabled", WORD,
            fixed("never"),
            "buffers have one page size, and khugepaged rests",
            "what starts meanwhile gets small pages", "thp"),
    Setting("irq_default", "/proc/irq/default_smp_affinity", MASK, mask_away,
            "interrupts that are set up meanwhile go elsewhere",
            "none"),
    Setting("irq", "/proc/irq/*/smp_affinity_list", LIST, away,
            "interrupts of devices are served on other CPUs",
            "those CPUs serve more"),
    along(f"{CPU}/intel_pstate/min_perf_pct"),
    along(f"{FREQUENCY}/scaling_min_freq"),
    along(f"{FREQUENCY}/scaling_max_freq"),
    Setting("turbo", f"{CPU}/intel_pstate/no_turbo", SWITCH, no_turbo,
            "the clock does not depend on heat and on other cores",
            "slower meanwhile; --keep-turbo leaves it"),
    Setting("boost", f"{FREQUENCY}/boost", SWITCH, no_boost,
            "the clock does not depend on heat and on other cores",
            "slower meanwhile; --keep-turbo leaves it"),
    Setting("boost_all", f"{CPU}/cpufreq/boost", SWITCH, no_boost_of_all,
            "the clock does not depend on heat and on other cores",
            "slower meanwhile; --keep-turbo leaves it"),
    Setting("epp", f"{FREQUENCY}/energy_performance_preference", WORD,
            offered("performance", "energy_performance_available_preferences"),
            "the CPU does not lower its clock by itself", "power, heat"),
    along(f"{FREQUENCY}/scaling_setspeed"),
    *(along(f"{folder}/{governor}/{name}")
      for folder in (f"{CPU}/cpufreq", FREQUENCY)
      for governor, names in TUNABLES.items() for name in names),
    Setting("governor", f"{FREQUENCY}/scaling_governor", WORD,
            offered("performance", "scaling_available_governors"),
            "the clock does not follow the load", "power, heat"),
    Setting("smt", f"{CPU}/cpu*/online", SWITCH, offline,
            "nothing shares the measured core",
            "tasks bound to that CPU alone lose the binding for good", "smt"),
]


def setting_of(path: str) -> Optional[Setting]:
    """Whose file a path is; None where it is nobody's."""
    return next((row for row in SETTINGS if row.covers(path)), None)
