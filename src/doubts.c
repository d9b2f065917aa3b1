// SPDX-License-Identifier: MIT
/* Reasons to distrust the figures: one table. */
#include "doubts.h"

#include "doubt_tests.h"

#define TUNE "make bench TUNE=1, or scripts/tune run -- COMMAND"

// clang-format off
static const struct {
	const char *id;
	enum severity severity;
	enum doubts_phase phase; /* from when on it can be told */
	doubt_test *test;
	const char *remedy;
} table[] = {
	{ "incomplete",	   SEVERITY_SERIOUS, DOUBTS_RUN, run_is_incomplete,
	  "run again" },
	{ "clock",	   SEVERITY_SERIOUS, DOUBTS_CLOCK, clock_is_kernels,
	  "bare metal, or a hypervisor that lets the counter through" },
	{ "emulated",	   SEVERITY_SERIOUS, DOUBTS_MACHINE, is_emulated,
	  "bare metal, or a guest under KVM" },
	{ "debug_build",   SEVERITY_SERIOUS, DOUBTS_MACHINE,
	  build_is_for_debugging,
	  "make clean && make" },
	{ "traced",	   SEVERITY_SERIOUS, DOUBTS_MACHINE, task_is_traced,
	  "detach the tracer" },
	{ "tracer",	   SEVERITY_SERIOUS, DOUBTS_MACHINE, kernel_is_traced,
	  "echo nop > /sys/kernel/tracing/current_tracer" },
	{ "mitigations_unknown", SEVERITY_SERIOUS, DOUBTS_MACHINE,
	  mitigations_are_unknown,
	  "mount /sys; a container may hide it" },
	{ "throttled",	   SEVERITY_SERIOUS, DOUBTS_RUN, was_throttled,
	  "cool it, or turn turbo off: " TUNE },
	{ "clock_drift",   SEVERITY_SERIOUS, DOUBTS_RUN, clock_drifted,
	  "let the machine's clock settle, run again" },
	{ "state_changed", SEVERITY_SERIOUS, DOUBTS_RUN, state_changed,
	  "find out who changed it; see arms in run.json" },
	{ "entries",	   SEVERITY_SERIOUS, DOUBTS_RUN, entries_differ,
	  "do not trust these rows; tell us, with run.json" },
	{ "no_quiet",	   SEVERITY_SERIOUS, DOUBTS_RUN, no_quiet_moment,
	  "bare metal, an idle sibling, or a longer run" },
	{ "quiet_borrowed", SEVERITY_DOUBT, DOUBTS_RUN, quiet_is_borrowed,
	  "bare metal, an idle sibling, or a longer run" },
	{ "core_shared",   SEVERITY_DOUBT, DOUBTS_RUN, core_was_shared,
	  "bare metal, or an idle sibling" },
	{ "steal",	   SEVERITY_DOUBT, DOUBTS_RUN, time_was_stolen,
	  "bare metal, or --profile=full" },
	{ "other_load",	   SEVERITY_DOUBT, DOUBTS_RUN, others_ran,
	  "stop other work on this CPU, or isolate it" },
	{ "frequency",	   SEVERITY_DOUBT, DOUBTS_RUN, frequency_moved,
	  TUNE },
	{ "dirty",	   SEVERITY_DOUBT, DOUBTS_RUN, batches_were_dirty,
	  "stop other work on this CPU, or isolate it" },
	{ "unstable",	   SEVERITY_DOUBT, DOUBTS_RUN, rows_are_unstable,
	  "a quieter machine, or --profile=full" },
	{ "modes",	   SEVERITY_DOUBT, DOUBTS_RUN, launches_have_modes,
	  "more launches; look at the strip of launches, what differs?" },
	{ "granularity",   SEVERITY_DOUBT, DOUBTS_CLOCK, clock_is_coarse,
	  "none: batches are as long as the step asks for" },
	{ "stamps",	   SEVERITY_DOUBT, DOUBTS_CLOCK, stamps_are_slow,
	  "a clock that is read without a system call" },
	{ "few_launches",  SEVERITY_DOUBT, DOUBTS_RUN, launches_are_few,
	  "--launches=6 or more" },
	{ "seccomp",	   SEVERITY_DOUBT, DOUBTS_MACHINE, task_is_filtered,
	  "run outside the container, or compare like with like" },
	{ "kpti_unknown",  SEVERITY_DOUBT, DOUBTS_MACHINE, kpti_is_unknown,
	  "boot with kpti=0 or kpti=1; as root, dmesg tells" },
	{ "tracepoints",   SEVERITY_DOUBT, DOUBTS_MACHINE, tracepoints_are_on,
	  "echo 0 > /sys/kernel/tracing/events/enable" },
	{ "audit",	   SEVERITY_DOUBT, DOUBTS_MACHINE, audit_is_on,
	  "boot with audit=0: what was born under it keeps its hooks" },
	{ "debug_kernel",  SEVERITY_DOUBT, DOUBTS_MACHINE,
	  kernel_is_for_debugging,
	  "a kernel built without it" },
	{ "governor",	   SEVERITY_DOUBT, DOUBTS_MACHINE, governor_decides,
	  TUNE },
	{ "nohz_pstate",   SEVERITY_DOUBT, DOUBTS_MACHINE,
	  nohz_moves_frequency,
	  "boot without nohz_full, or with intel_pstate=passive" },
	{ "battery",	   SEVERITY_DOUBT, DOUBTS_MACHINE, runs_on_battery,
	  "plug it in" },
	{ "clocksource",   SEVERITY_DOUBT, DOUBTS_MACHINE, clock_enters_kernel,
	  "find out why the kernel gave up the counter (dmesg)" },
	{ "few_cpus",	   SEVERITY_DOUBT, DOUBTS_MACHINE, cpus_are_few,
	  "a machine with two CPUs or more" },
	{ "turbo",	   SEVERITY_NOTE, DOUBTS_MACHINE, turbo_is_on,
	  TUNE },
	{ "throttled_before", SEVERITY_NOTE, DOUBTS_MACHINE,
	  was_throttled_before,
	  "cool it; a throttle during the run is a doubt of its own" },
	{ "guest",	   SEVERITY_NOTE, DOUBTS_MACHINE, is_guest,
	  "bare metal, or compare guests of one host only" },
	{ "container",	   SEVERITY_NOTE, DOUBTS_MACHINE, is_contained,
	  "run outside, or compare like with like" },
	{ "busy",	   SEVERITY_NOTE, DOUBTS_MACHINE, machine_is_busy,
	  "wait a minute; other_load tells whether it went on" },
	{ "topology",	   SEVERITY_NOTE, DOUBTS_MACHINE, hwloc_was_misled,
	  "unset HWLOC_XMLFILE, HWLOC_SYNTHETIC and the like" },
	{ "livepatch",	   SEVERITY_NOTE, DOUBTS_MACHINE, kernel_is_patched,
	  "compare by boot and patch, not by release" },
	{ "audit_unknown", SEVERITY_NOTE, DOUBTS_MACHINE, audit_is_unknown,
	  "run as root once to know" },
	{ "falls_back",	   SEVERITY_NOTE, DOUBTS_RUN, clock_reads_fall_back,
	  "expected for CPU-time clocks; else another clocksource" },
	{ "uncounted",	   SEVERITY_NOTE, DOUBTS_RUN, entries_uncounted,
	  "allow ptrace (kernel.yama.ptrace_scope, the container's filter)" },
};
// clang-format on

_Static_assert(sizeof(table) / sizeof(table[0]) <= DOUBTS_MOST,
	       "there is room for all of them at once");

/* The most serious first, and among equals as the table has them. */
static void sort(struct doubt *doubts, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct doubt doubt = doubts[i];
		size_t at = i;

		for (; at && doubts[at - 1].severity < doubt.severity; at--)
			doubts[at] = doubts[at - 1];
		doubts[at] = doubt;
	}
}

size_t doubts_find(struct doubt *doubts, enum doubts_phase until,
		   const struct session *session, const struct summary *summary)
{
	struct evidence evidence = { .session = session, .summary = summary };
	size_t count = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct doubt *doubt = &doubts[count];

		if (table[i].phase > until ||
		    !table[i].test(&evidence, doubt->message,
				   sizeof(doubt->message)))
			continue;
		doubt->id = table[i].id;
		doubt->severity = table[i].severity;
		doubt->remedy = table[i].remedy;
		count++;
	}
	sort(doubts, count);
	return count;
}

const char *doubts_severity_text(enum severity severity)
{
	static const char *const texts[] = { "note", "doubt", "serious" };

	return texts[severity];
}
