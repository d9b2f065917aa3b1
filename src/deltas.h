/* SPDX-License-Identifier: MIT */
/* What happened to a CPU and to the thread that measures between two moments
 * outside every timed batch. */
#ifndef SYSCOST_DELTAS_H
#define SYSCOST_DELTAS_H

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "cpustat.h"

/* Counts since some start; FACTS_UNKNOWN: not told here. */
struct moment {
	struct clock_anchor anchor;
	uint64_t nvcsw, nivcsw, minflt, majflt; /* of this thread */
	uint64_t own_ns; /* CPU time of this process and of what it started */
	struct cpu_times cpu;
	uint64_t interrupts, softirqs;
	uint64_t run_delay_ns; /* this process's first thread, waiting to run */
	uint64_t core_throttles, package_throttles;
	uint64_t khz;
};

/* What lies between two moments; NAN: not known. Goes over a pipe as it is. */
struct deltas {
	double window_ms;
	double nvcsw, nivcsw, minflt, majflt;
	/* By the kernel's clock ticks, mostly of 10 ms: a few are rounding. */
	double ran_ms, steal_ms, irq_ms, softirq_ms;
	/* What ran and was neither this process nor what it had started on this
	 * CPU; rounding can make it < 0. */
	double other_ms;
	double interrupts, softirqs;
	double run_delay_ms;
	double core_throttles, package_throttles;
	double khz_before, khz_after;
	double drift_ppm; /* the counter's rate against the session's */
};

/*
 * Takes the moment before or after what is measured on `cpu`, by the counter
 * or by the kernel's clock: what takes long to read is read first, and last,
 * so that it is not between them.
 */
void moment_before(struct moment *moment, int cpu, bool counter);
void moment_after(struct moment *moment, int cpu, bool counter);

/* `ticks_per_ns` is the counter's rate; 0: the kernel's clock was used, and
 * there is no drift to be seen. */
void deltas_between(struct deltas *deltas, const struct moment *before,
		    const struct moment *after, double ticks_per_ns);

/* The second number in the text of /proc/self/schedstat, in ns. A kernel that
 * does not count says "0 0 0" (fs/proc/base.c): FACTS_UNKNOWN. */
uint64_t deltas_run_delay(const char *text);

/* Nothing is known. */
void deltas_forget(struct deltas *deltas);

#endif
