/* SPDX-License-Identifier: MIT */
/*
 * Event counts around a batch, through perf_event_open(2): core cycles and
 * instructions, user and kernel apart.
 *
 * One group of events that follows the calling thread. What cannot be counted
 * is left out, with the reason; what was not counted all the time (another
 * user of the PMU took turns) is dropped and never scaled. docs/method.md,
 * "Counters".
 */
#ifndef SYSCOST_COUNTERS_H
#define SYSCOST_COUNTERS_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define COUNTERS_WHY_BYTES 192

/* What is counted, in the order of counters_pmu and of counters.csv. */
enum counter {
	COUNTER_CYCLES_USER,
	COUNTER_CYCLES_KERNEL,
	COUNTER_INSTRUCTIONS_USER,
	COUNTER_INSTRUCTIONS_KERNEL,
	COUNTERS
};

/* Those that core_cycles is made of. */
#define COUNTERS_CYCLES                                                        \
	(1U << COUNTER_CYCLES_USER | 1U << COUNTER_CYCLES_KERNEL)

/* One event, as perf_event_open(2) names it. */
struct counter_event {
	uint64_t config;
	uint32_t type;
	bool user, kernel; /* where it counts */
};

/* The PMU's events; the tests count others. */
extern const struct counter_event counters_pmu[COUNTERS];

/* The kernel's side, which a test replaces. Each returns -errno. */
struct counters_system {
	int (*open)(const struct perf_event_attr *event, int group);
	int (*enable)(int group);
	ssize_t (*read)(int group, void *values, size_t bytes);
	void (*close)(int event);
};

extern const struct counters_system counters_kernel;

/* How much was counted. After a subtraction it may be below 0. */
struct counts {
	int64_t of[COUNTERS];
	uint32_t counted; /* a bit for each that is known */
};

/* One read of the group, as the kernel writes it with PERF_FORMAT_GROUP. */
struct counters_reading {
	struct {
		uint64_t events, enabled_ns, running_ns;
		uint64_t values[COUNTERS];
	} raw;
	ssize_t bytes; /* or -errno */
};

struct counters {
	const struct counters_system *system;
	int descriptors[COUNTERS];
	int group;	  /* the descriptor of the first; -1: nothing */
	uint32_t counted; /* bits of the events that are open */
};

/*
 * Opens as many of `events` as may be counted for the calling thread: all;
 * else those of user space alone (no right to the kernel's); else the first
 * two (no room for all). `why` (COUNTERS_WHY_BYTES) gets the reason for those
 * that are left out, and what to do about it, or "". counters_close releases
 * them, and does no harm where there are none.
 */
void counters_open(struct counters *counters,
		   const struct counters_system *system,
		   const struct counter_event events[COUNTERS], char *why);
void counters_close(struct counters *counters);

/*
 * Does a call of perf_event_open come back at all? A filter may kill who makes
 * it, so that a child tries. False with the reason in `why`, which is "" before.
 */
bool counters_survive(const struct counters_system *system, char *why);

/* Reads the group; whether it could is told by counters_between. */
static inline void counters_read(const struct counters *counters,
				 struct counters_reading *reading)
{
	reading->bytes = counters->system->read(counters->group, &reading->raw,
						sizeof(reading->raw));
}

/* What was counted between two reads. No bit is set where a read failed or the
 * events were not counted all the time. */
struct counts counters_between(const struct counters *counters,
			       const struct counters_reading *before,
			       const struct counters_reading *after);

/* The first less the second, where both are known. */
struct counts counters_less(const struct counts *all,
			    const struct counts *part);

/* The medians of `count` turns, COUNTERS_TURNS_MOST at most; what is not known
 * of more than half of them is not known. */
#define COUNTERS_TURNS_MOST 15
struct counts counters_median(const struct counts *turns, size_t count);

/* As columns of counters.csv and keys of run.json: "cycles_user", ... */
extern const char *const counter_names[COUNTERS];

#endif
