// SPDX-License-Identifier: MIT
/* The facts that are the first line of one file each: one table. */
#include <stdio.h>
#include <string.h>

#include "environment_parts.h"
#include "facts.h"
#include "sheet.h"

#define CPU "/sys/devices/system/cpu/"
#define ONE CPU "cpu#/" /* # stands for the CPU that is measured on */

struct line {
	const char *key;
	const char *path;
};

/* Documentation/ABI/testing/sysfs-devices-system-cpu and
 * Documentation/admin-guide/sysctl/ tell what each holds. */
// clang-format off
static const struct line kernel[] = {
	{ "boot_id",		"/proc/sys/kernel/random/boot_id" },
	{ "clocksource",	"/sys/devices/system/clocksource/clocksource0/"
				"current_clocksource" },
	{ "clocksources",	"/sys/devices/system/clocksource/clocksource0/"
				"available_clocksource" },
	{ "randomize_va_space",	"/proc/sys/kernel/randomize_va_space" },
	{ "preempt",		"/sys/kernel/debug/sched/preempt" },
	{ "tainted",		"/proc/sys/kernel/tainted" },
	{ "isolated",		CPU "isolated" },
	{ "nohz_full",		CPU "nohz_full" },
	{ "lockdown",		"/sys/kernel/security/lockdown" },
	{ NULL, NULL },
};

static const struct line settings[] = {
	{ "nmi_watchdog",	"/proc/sys/kernel/nmi_watchdog" },
	{ "watchdog",		"/proc/sys/kernel/watchdog" },
	{ "numa_balancing",	"/proc/sys/kernel/numa_balancing" },
	{ "timer_migration",	"/proc/sys/kernel/timer_migration" },
	{ "sched_rt_runtime_us", "/proc/sys/kernel/sched_rt_runtime_us" },
	{ "stat_interval",	"/proc/sys/vm/stat_interval" },
	{ "ksm_run",		"/sys/kernel/mm/ksm/run" },
	{ "thp",		"/sys/kernel/mm/transparent_hugepage/enabled" },
	{ "thp_defrag",		"/sys/kernel/mm/transparent_hugepage/defrag" },
	{ "default_smp_affinity", "/proc/irq/default_smp_affinity" },
	{ "perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid" },
	{ "perf_event_max_sample_rate",
				"/proc/sys/kernel/perf_event_max_sample_rate" },
	{ "io_uring_disabled",	"/proc/sys/kernel/io_uring_disabled" },
	{ "unprivileged_bpf_disabled",
				"/proc/sys/kernel/unprivileged_bpf_disabled" },
	{ "bpf_jit_enable",	"/proc/sys/net/core/bpf_jit_enable" },
	{ "bpf_jit_harden",	"/proc/sys/net/core/bpf_jit_harden" },
	{ "ptrace_scope",	"/proc/sys/kernel/yama/ptrace_scope" },
	{ NULL, NULL },
};

static const struct line frequency[] = {
	{ "driver",		ONE "cpufreq/scaling_driver" },
	{ "governor",		ONE "cpufreq/scaling_governor" },
	{ "governors",		ONE "cpufreq/scaling_available_governors" },
	{ "epp",		ONE "cpufreq/energy_performance_preference" },
	{ "min_khz",		ONE "cpufreq/scaling_min_freq" },
	{ "max_khz",		ONE "cpufreq/scaling_max_freq" },
	{ "now_khz",		ONE "cpufreq/scaling_cur_freq" },
	{ "hardware_min_khz",	ONE "cpufreq/cpuinfo_min_freq" },
	{ "hardware_max_khz",	ONE "cpufreq/cpuinfo_max_freq" },
	{ "intel_pstate",	CPU "intel_pstate/status" },
	{ "no_turbo",		CPU "intel_pstate/no_turbo" },
	{ "amd_pstate",		CPU "amd_pstate/status" },
	{ "boost",		CPU "cpufreq/boost" },
	{ "boost_of_cpu",	ONE "cpufreq/boost" },
	{ NULL, NULL },
};

static const struct line idle[] = {
	{ "driver",		CPU "cpuidle/current_driver" },
	{ "governor",		CPU "cpuidle/current_governor" },
	{ NULL, NULL },
};

static const struct line smt[] = {
	{ "control",		CPU "smt/control" },
	{ "active",		CPU "smt/active" },
	{ NULL, NULL },
};

static const struct line topology[] = {
	{ "online",		CPU "online" },
	{ "present",		CPU "present" },
	{ "siblings",		ONE "topology/thread_siblings_list" },
	{ "package",		ONE "topology/package_cpus_list" },
	{ "capacity",		ONE "cpu_capacity" },
	{ "performance_cores",	"/sys/devices/cpu_core/cpus" },
	{ "efficiency_cores",	"/sys/devices/cpu_atom/cpus" },
	{ "nodes",		"/sys/devices/system/node/online" },
	{ "microcode",		ONE "microcode/version" },
	{ "midr",		ONE "regs/identification/midr_el1" },
	{ NULL, NULL },
};

static const struct line observers[] = {
	{ "lsm",		"/sys/kernel/security/lsm" },
	{ "tracer",		"/sys/kernel/tracing/current_tracer" },
	{ "tracepoints",	"/sys/kernel/tracing/events/enable" },
	{ "kprobes",		"/sys/kernel/debug/kprobes/list" },
	{ "loginuid",		"/proc/self/loginuid" },
	{ NULL, NULL },
};

static const struct line load[] = {
	{ "uptime",		"/proc/uptime" },
	{ "pressure_cpu",	"/proc/pressure/cpu" },
	{ "pressure_memory",	"/proc/pressure/memory" },
	{ "pressure_io",	"/proc/pressure/io" },
	{ NULL, NULL },
};

static const struct line thermal[] = {
	{ "core_throttles",	ONE "thermal_throttle/core_throttle_count" },
	{ "package_throttles",	ONE "thermal_throttle/package_throttle_count" },
	{ NULL, NULL },
};

static const struct line power[] = {
	{ "profile",		"/sys/firmware/acpi/platform_profile" },
	{ NULL, NULL },
};
// clang-format on

static const struct {
	const char *section;
	const struct line *lines;
} sections[] = {
	{ "kernel", kernel },
	{ "settings", settings },
	{ "frequency", frequency },
	{ "idle", idle },
	{ "smt", smt },
	{ "topology", topology },
	{ "observers", observers },
	{ "load", load },
	{ "thermal", thermal },
	{ "power", power },
};

static void read_line(const struct sheet *sheet, const struct line *line,
		      int cpu)
{
	const char *mark = strchr(line->path, '#');
	char path[256];

	if (mark)
		snprintf(path, sizeof(path), "%.*s%d%s",
			 (int)(mark - line->path), line->path, cpu, mark + 1);
	else
		snprintf(path, sizeof(path), "%s", line->path);
	sheet_line(sheet, line->key, path);
}

void environment_lines(json_t *environment, int cpu)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		struct sheet sheet =
			sheet_begin(environment, sections[i].section);

		for (const struct line *line = sections[i].lines; line->key;
		     line++)
			read_line(&sheet, line, cpu);
	}
}
