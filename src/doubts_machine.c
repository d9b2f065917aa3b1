// SPDX-License-Identifier: MIT
/* Doubts about the machine as it was found, before anything was measured. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "doubt_tests.h"
#include "environment.h"
#include "version.h"

#define BUSY_SHARE   0.5	  /* of the CPUs, by the load average */
#define NO_LOGIN     "4294967295" /* audit's unset uid */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *fact(const struct evidence *evidence, const char *path)
{
	return environment_get(evidence->session->environment, path);
}

static double number(const struct evidence *evidence, const char *path)
{
	return environment_number(evidence->session->environment, path);
}

/* Is the fact known, and is it this text? */
static bool is(const struct evidence *evidence, const char *path,
	       const char *wanted)
{
	const char *text = fact(evidence, path);

	return text && strcmp(text, wanted) == 0;
}

static bool is_known_and_not(const struct evidence *evidence, const char *path,
			     const char *unwanted)
{
	return fact(evidence, path) && !is(evidence, path, unwanted);
}

bool mitigations_are_unknown(const struct evidence *evidence, char *text,
			     size_t size)
{
	const char *why = environment_why(evidence->session->environment,
					  "mitigations.vulnerabilities");

	snprintf(text, size,
		 "which mitigations are in force cannot be read back (%s)",
		 why ? why : "");
	return why != NULL;
}

bool kpti_is_unknown(const struct evidence *evidence, char *text, size_t size)
{
	snprintf(text, size,
		 "KPTI may be on: KASLR forces it without a word in sysfs");
	return is(evidence, "mitigations.derived.kpti.state", "unknown");
}

/* Sanitizers and no optimisation change what is measured. */
bool build_is_for_debugging(const struct evidence *evidence, char *text,
			    size_t size)
{
	(void)evidence;
	snprintf(text, size, "this program is a debug build (%s)",
		 SYSCOST_BUILD_TYPE);
	return strcmp(SYSCOST_BUILD_TYPE, "Release") != 0 &&
	       strcmp(SYSCOST_BUILD_TYPE, "RelWithDebInfo") != 0;
}

bool kernel_is_for_debugging(const struct evidence *evidence, char *text,
			     size_t size)
{
	static const char *const options[] = {
		"KASAN",	   "KCSAN",	    "KMSAN",
		"PROVE_LOCKING",   "DEBUG_ENTRY",   "DEBUG_PREEMPT",
		"DEBUG_PAGEALLOC", "SLUB_DEBUG_ON",
	};
	char path[64];

	for (size_t i = 0; i < COUNT(options); i++) {
		snprintf(path, sizeof(path), "kernel.config.options.CONFIG_%s",
			 options[i]);
		snprintf(text, size, "the kernel is built with CONFIG_%s",
			 options[i]);
		if (is(evidence, path, "y"))
			return true;
	}
	return false;
}

bool task_is_filtered(const struct evidence *evidence, char *text, size_t size)
{
	const char *mode = fact(evidence, "task.Seccomp");
	const char *filters = fact(evidence, "task.Seccomp_filters");

	snprintf(text, size, "every entry passes seccomp (mode %s, %s filters)",
		 mode ? mode : "?", filters ? filters : "?");
	return is_known_and_not(evidence, "task.Seccomp", "0");
}

bool task_is_traced(const struct evidence *evidence, char *text, size_t size)
{
	const char *tracer = fact(evidence, "task.TracerPid");

	snprintf(text, size, "a tracer is attached (pid %s)",
		 tracer ? tracer : "?");
	return is_known_and_not(evidence, "task.TracerPid", "0");
}

bool kernel_is_traced(const struct evidence *evidence, char *text, size_t size)
{
	const char *tracer = fact(evidence, "observers.tracer");

	snprintf(text, size, "the kernel's tracer %s is on",
		 tracer ? tracer : "?");
	return is_known_and_not(evidence, "observers.tracer", "nop");
}

/* "X": some of them (Documentation/trace/events.rst). */
bool tracepoints_are_on(const struct evidence *evidence, char *text,
			size_t size)
{
	snprintf(text, size, "tracepoints are on (events/enable: %s)",
		 is(evidence, "observers.tracepoints", "1") ? "all" : "some");
	return is_known_and_not(evidence, "observers.tracepoints", "0") &&
	       !is(evidence, "observers.tracepoints", "?");
}

bool audit_is_on(const struct evidence *evidence, char *text, size_t size)
{
	snprintf(text, size,
		 "audit is on: tasks born since pass its hooks in every call");
	return number(evidence, "observers.audit") > 0;
}

/* Only root is told; a login id is set where pam_loginuid runs, which is
 * where an audit daemon may. */
bool audit_is_unknown(const struct evidence *evidence, char *text, size_t size)
{
	snprintf(text, size, "whether audit is on cannot be read (%s)",
		 "a login id is set");
	return isnan(number(evidence, "observers.audit")) &&
	       is_known_and_not(evidence, "observers.loginuid", NO_LOGIN);
}

bool kernel_is_patched(const struct evidence *evidence, char *text, size_t size)
{
	size_t count = environment_count(evidence->session->environment,
					 "kernel.livepatches");

	snprintf(text, size,
		 "%zu live patches are on: the release does not tell which "
		 "kernel this is",
		 count);
	return count > 0;
}

bool governor_decides(const struct evidence *evidence, char *text, size_t size)
{
	const char *governor = fact(evidence, "frequency.governor");
	const char *driver = fact(evidence, "frequency.driver");

	snprintf(text, size, "the frequency is left to the governor %s of %s",
		 governor ? governor : "?", driver ? driver : "cpufreq");
	return is_known_and_not(evidence, "frequency.governor", "performance");
}

bool turbo_is_on(const struct evidence *evidence, char *text, size_t size)
{
	snprintf(text, size,
		 "turbo is on: the frequency depends on the temperature and "
		 "on what the other cores do");
	return is(evidence, "frequency.no_turbo", "0") ||
	       is(evidence, "frequency.boost", "1") ||
	       is(evidence, "frequency.boost_of_cpu", "1");
}

/* pyperf's documentation ("Tune the system for benchmarks") has the case. */
bool nohz_moves_frequency(const struct evidence *evidence, char *text,
			  size_t size)
{
	const char *cpus = fact(evidence, "kernel.nohz_full");

	snprintf(text, size,
		 "intel_pstate misreads the load of nohz_full CPUs (%s), and "
		 "their frequency with it",
		 cpus ? cpus : "");
	return cpus && cpus[0] >= '0' && cpus[0] <= '9' &&
	       is(evidence, "frequency.driver", "intel_pstate");
}

/* Those whose vdso_clock_mode is not NONE (arch/x86/kernel/{tsc,kvmclock}.c,
 * drivers/clocksource/{hyperv_timer,arm_arch_timer}.c). */
bool clock_enters_kernel(const struct evidence *evidence, char *text,
			 size_t size)
{
	static const char *const capable[] = {
		"tsc",
		"tsc-early",
		"kvm-clock",
		"xen",
		"hyperv_clocksource_tsc_page",
		"arch_sys_counter",
		"riscv_clocksource",
	};
	const char *source = fact(evidence, "kernel.clocksource");

	snprintf(text, size,
		 "the clock source %s cannot be read in the vDSO: clock reads "
		 "enter the kernel",
		 source ? source : "");
	for (size_t i = 0; source && i < COUNT(capable); i++)
		if (strcmp(source, capable[i]) == 0)
			return false;
	return source != NULL;
}

bool runs_on_battery(const struct evidence *evidence, char *text, size_t size)
{
	snprintf(text, size, "the machine runs on its battery");
	return environment_any(evidence->session->environment, "power.supplies",
			       "status", "Discharging");
}

bool was_throttled_before(const struct evidence *evidence, char *text,
			  size_t size)
{
	double count = number(evidence, "thermal.core_throttles");

	snprintf(text, size,
		 "this CPU was throttled %.0f times since the machine was "
		 "started",
		 count);
	return count > 0;
}

/* "none" is what is told where nothing tells. */
bool is_emulated(const struct evidence *evidence, char *text, size_t size)
{
	const char *by = fact(evidence, "guest.emulated_by");
	const char *how = fact(evidence, "guest.emulated_how");

	snprintf(text, size, EMULATION_LABEL " (%s, by %s)", by ? by : "",
		 how ? how : "");
	return is_known_and_not(evidence, "guest.emulated_by", "none");
}

/* An emulated one is told of by its own doubt. */
bool is_guest(const struct evidence *evidence, char *text, size_t size)
{
	const char *signature = fact(evidence, "guest.signature");
	const char *type = fact(evidence, "guest.hypervisor");
	bool flagged =
		environment_is(evidence->session->environment, "hypervisor");

	if (!signature || !signature[0])
		signature = type && type[0] ? type : NULL;
	snprintf(text, size,
		 "a virtual machine (%s): the host's load, frequency and "
		 "mitigations are not seen from here",
		 signature ? signature : "by the CPU's flag");
	return (flagged || signature) &&
	       !is_known_and_not(evidence, "guest.emulated_by", "none");
}

bool is_contained(const struct evidence *evidence, char *text, size_t size)
{
	const char *engine = fact(evidence, "guest.container");

	snprintf(text, size,
		 "in a container (%s): its limits, and its seccomp filter if "
		 "it has one, are part of the cost",
		 engine ? engine : "");
	return is_known_and_not(evidence, "guest.container", "none");
}

bool machine_is_busy(const struct evidence *evidence, char *text, size_t size)
{
	double load = number(evidence, "loadavg");
	int cpus = evidence->session->choice.cpus;

	snprintf(text, size,
		 "the machine was busy at the start: %.1f tasks ran on %d CPUs "
		 "in the minute before",
		 load, cpus);
	return cpus > 0 && load > BUSY_SHARE * cpus;
}

bool hwloc_was_misled(const struct evidence *evidence, char *text, size_t size)
{
	snprintf(text, size,
		 "hwloc's variables tell of another machine and were put "
		 "aside");
	return evidence->session->choice.foreign;
}

bool cpus_are_few(const struct evidence *evidence, char *text, size_t size)
{
	snprintf(text, size,
		 "there is one CPU only: whatever else runs, runs on it");
	return evidence->session->choice.cpus == 1;
}
