/* SPDX-License-Identifier: MIT */
/* The tests behind the table of doubts; for doubts*.c only. */
#ifndef SYSCOST_DOUBT_TESTS_H
#define SYSCOST_DOUBT_TESTS_H

#include <stdbool.h>
#include <stddef.h>

#include "session.h"
#include "summary.h"

struct evidence {
	const struct session *session;
	const struct summary *summary; /* NULL before anything is measured */
};

/* Writes why into `text` and says true where there is reason to doubt. */
typedef bool doubt_test(const struct evidence *evidence, char *text,
			size_t size);

/* doubts_machine.c: by the environment alone */
doubt_test mitigations_are_unknown, kpti_is_unknown, build_is_for_debugging,
	kernel_is_for_debugging, task_is_traced, task_is_filtered,
	kernel_is_traced, tracepoints_are_on, audit_is_on, audit_is_unknown,
	kernel_is_patched;
doubt_test governor_decides, turbo_is_on, runs_on_battery, was_throttled_before,
	nohz_moves_frequency, clock_enters_kernel, is_emulated, is_guest,
	is_contained, machine_is_busy, cpus_are_few, hwloc_was_misled;

/* doubts_run.c: by what was measured */
doubt_test clock_is_kernels, clock_is_coarse, stamps_are_slow, clock_drifted,
	run_is_incomplete, core_was_shared, no_quiet_moment, quiet_is_borrowed,
	time_was_stolen, others_ran, was_throttled, frequency_moved,
	batches_were_dirty, rows_are_unstable, launches_have_modes,
	entries_differ, entries_uncounted, clock_reads_fall_back,
	launches_are_few, state_changed;

#endif
