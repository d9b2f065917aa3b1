// SPDX-License-Identifier: MIT
/* Event counts around a batch: cycles and instructions, user and kernel. */
#include "counters.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stats.h"

#define EVERY ((1U << COUNTERS) - 1)
#define NONE  (-1)

/*
 * The first of a group starts disabled, so that all start together, and is
 * pinned: then the group is counted before what is not pinned or, where
 * pinned ones leave no room, not at all (read says end of file), and is never
 * made to take turns.
 */
static struct perf_event_attr attributes(const struct counter_event *event,
					 bool first)
{
	return (struct perf_event_attr){
		.type = event->type,
		.size = sizeof(struct perf_event_attr),
		.config = event->config,
		.read_format = PERF_FORMAT_GROUP |
			       PERF_FORMAT_TOTAL_TIME_ENABLED |
			       PERF_FORMAT_TOTAL_TIME_RUNNING,
		.disabled = first,
		.pinned = first,
		.exclude_user = !event->user,
		.exclude_kernel = !event->kernel,
		.exclude_hv = 1,
	};
}

void counters_close(struct counters *counters)
{
	for (unsigned int i = COUNTERS; i-- > 0;)
		if (counters->counted >> i & 1)
			counters->system->close(counters->descriptors[i]);
	counters->counted = 0;
	counters->group = NONE;
}

/* 0 or -errno; then `failed` is the event that could not be opened. */
static int open_events(struct counters *counters,
		       const struct counter_event *events, uint32_t wanted,
		       unsigned int *failed)
{
	for (unsigned int i = 0; i < COUNTERS; i++) {
		struct perf_event_attr event =
			attributes(&events[i], counters->group == NONE);
		int descriptor;

		if (!(wanted >> i & 1))
			continue;
		*failed = i;
		descriptor = counters->system->open(&event, counters->group);
		if (descriptor < 0)
			return descriptor;
		counters->descriptors[i] = descriptor;
		counters->counted |= 1U << i;
		if (counters->group == NONE)
			counters->group = descriptor;
	}
	return counters->system->enable(counters->group);
}

/* The kernel takes a group that would fit an empty PMU; whether it runs beside
 * what others count shows when it is read. */
static int check_counts(const struct counters *counters)
{
	struct counters_reading first, second;

	counters_read(counters, &first);
	counters_read(counters, &second);
	return counters_between(counters, &first, &second).counted ? 0 : -EBUSY;
}

/* What is left to try once that event failed in that way; 0: nothing. */
static uint32_t fewer(uint32_t wanted, const struct counter_event *events,
		      unsigned int failed, int error)
{
	uint32_t kernel = 0;

	for (unsigned int i = 0; i < COUNTERS; i++)
		kernel |= (uint32_t)events[i].kernel << i;
	if (error == -EACCES || error == -EPERM)
		return kernel >> failed & 1 ? wanted & ~kernel : 0;
	if (error == -EINVAL || error == -ENOSPC || error == -EBUSY)
		return wanted == (wanted & COUNTERS_CYCLES)
			       ? 0
			       : wanted & COUNTERS_CYCLES;
	return 0;
}

/* Errors as perf_event_open(2) has them; containers' filters say EPERM or
 * ENOSYS. */
static const char *reason(int error)
{
	switch (-error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case EOPNOTSUPP:
		return "no PMU that counts this, as in most virtual machines: "
		       "use bare metal, or have the hypervisor pass it on "
		       "(QEMU: -cpu host,pmu=on)";
	case EACCES:
		return "perf_event_paranoid or a security module forbids it: "
		       "sysctl kernel.perf_event_paranoid=1, or give "
		       "CAP_PERFMON";
	case EPERM:
		return "a seccomp filter, as a container has, or a missing "
		       "capability forbids perf_event_open: let it through, "
		       "or run outside";
	case ENOSYS:
		return "no perf_event_open: a kernel without "
		       "CONFIG_PERF_EVENTS, an emulator, or a container's "
		       "filter; run elsewhere";
	case EINVAL:
	case ENOSPC:
		return "the PMU has not enough counters, or cannot tell user "
		       "and kernel apart";
	case EBUSY:
		return "the counters do not run: taken by the NMI watchdog "
		       "(sysctl kernel.nmi_watchdog=0) or a profiler, or this "
		       "kind of core has another PMU";
	case EMFILE:
	case ENFILE:
		return "no file descriptors left for the counters: raise "
		       "ulimit -n";
	default:
		return strerror(-error);
	}
}

void counters_open(struct counters *counters,
		   const struct counters_system *system,
		   const struct counter_event events[COUNTERS], char *why)
{
	uint32_t wanted = EVERY;

	why[0] = '\0';
	*counters = (struct counters){ .system = system, .group = NONE };
	while (wanted) {
		unsigned int failed = 0;
		int error = open_events(counters, events, wanted, &failed);

		if (!error)
			error = check_counts(counters);
		if (!error)
			return;
		counters_close(counters);
		snprintf(why, COUNTERS_WHY_BYTES, "%s", reason(error));
		wanted = fewer(wanted, events, failed, error);
	}
}

/* A group that is read whole says how many events it has. */
static bool is_whole(const struct counters *counters,
		     const struct counters_reading *reading)
{
	uint64_t events = (uint64_t)__builtin_popcount(counters->counted);
	size_t bytes = offsetof(struct counters_reading, raw.values) +
		       events * sizeof(reading->raw.values[0]);

	return events && reading->bytes == (ssize_t)bytes &&
	       reading->raw.events == events;
}

/* Both times grow by the same while the events are counted. */
static bool ran_throughout(const struct counters_reading *before,
			   const struct counters_reading *after)
{
	uint64_t enabled_ns = after->raw.enabled_ns - before->raw.enabled_ns;
	uint64_t running_ns = after->raw.running_ns - before->raw.running_ns;

	return enabled_ns && enabled_ns == running_ns;
}

struct counts counters_between(const struct counters *counters,
			       const struct counters_reading *before,
			       const struct counters_reading *after)
{
	struct counts counts = { .counted = 0 };
	unsigned int place = 0;

	if (!is_whole(counters, before) || !is_whole(counters, after) ||
	    !ran_throughout(before, after))
		return counts;
	for (unsigned int i = 0; i < COUNTERS; i++) {
		if (!(counters->counted >> i & 1))
			continue;
		/* Modulo 2^64; a total that falls is none. */
		counts.of[i] = (int64_t)(after->raw.values[place] -
					 before->raw.values[place]);
		counts.counted |= (uint32_t)(counts.of[i] >= 0) << i;
		place++;
	}
	return counts;
}

struct counts counters_less(const struct counts *all, const struct counts *part)
{
	struct counts counts = { .counted = all->counted & part->counted };

	for (unsigned int i = 0; i < COUNTERS; i++)
		if (counts.counted >> i & 1)
			counts.of[i] = all->of[i] - part->of[i];
	return counts;
}

struct counts counters_median(const struct counts *turns, size_t count)
{
	struct counts median = { .counted = 0 };

	for (unsigned int i = 0; i < COUNTERS; i++) {
		double values[COUNTERS_TURNS_MOST];
		size_t known = 0;

		for (size_t turn = 0; turn < count; turn++)
			if (turns[turn].counted >> i & 1)
				values[known++] = (double)turns[turn].of[i];
		if (2 * known <= count)
			continue;
		median.counted |= 1U << i;
		median.of[i] = llround(stats_median(values, known));
	}
	return median;
}
