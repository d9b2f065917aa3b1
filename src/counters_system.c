// SPDX-License-Identifier: MIT
/* The kernel's side of the counters: the events, and the calls themselves. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attempt.h"
#include "counters.h"

const char *const counter_names[COUNTERS] = {
	[COUNTER_CYCLES_USER] = "cycles_user",
	[COUNTER_CYCLES_KERNEL] = "cycles_kernel",
	[COUNTER_INSTRUCTIONS_USER] = "instructions_user",
	[COUNTER_INSTRUCTIONS_KERNEL] = "instructions_kernel",
};

// clang-format off
const struct counter_event counters_pmu[COUNTERS] = {
	[COUNTER_CYCLES_USER] = {
		.type = PERF_TYPE_HARDWARE, .config = PERF_COUNT_HW_CPU_CYCLES,
		.user = true },
	[COUNTER_CYCLES_KERNEL] = {
		.type = PERF_TYPE_HARDWARE, .config = PERF_COUNT_HW_CPU_CYCLES,
		.kernel = true },
	[COUNTER_INSTRUCTIONS_USER] = {
		.type = PERF_TYPE_HARDWARE,
		.config = PERF_COUNT_HW_INSTRUCTIONS, .user = true },
	[COUNTER_INSTRUCTIONS_KERNEL] = {
		.type = PERF_TYPE_HARDWARE,
		.config = PERF_COUNT_HW_INSTRUCTIONS, .kernel = true },
};
// clang-format on

/* This thread, wherever it runs. */
static int open_event(const struct perf_event_attr *event, int group)
{
	long descriptor = syscall(SYS_perf_event_open, event, 0, -1, group,
				  PERF_FLAG_FD_CLOEXEC);

	return descriptor < 0 ? -errno : (int)descriptor;
}

static int enable_group(int group)
{
	return ioctl(group, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP) ? -errno
									: 0;
}

static ssize_t read_group(int group, void *values, size_t bytes)
{
	ssize_t got = read(group, values, bytes);

	return got < 0 ? -errno : got;
}

static void close_event(int event)
{
	close(event);
}

const struct counters_system counters_kernel = {
	.open = open_event,
	.enable = enable_group,
	.read = read_group,
	.close = close_event,
};

/* Of the dummy event, which needs no PMU and no rights. */
static int open_once(const void *argument)
{
	const struct counters_system *system = argument;
	struct perf_event_attr event = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(event),
		.config = PERF_COUNT_SW_DUMMY,
		.exclude_kernel = 1,
	};

	system->open(&event, -1);
	return 0;
}

bool counters_survive(const struct counters_system *system, char *why)
{
	int result = attempt_in_child(open_once, system);

	if (result == -ECHILD)
		snprintf(why, COUNTERS_WHY_BYTES,
			 "a seccomp filter kills who calls perf_event_open: "
			 "let it through, or run outside");
	else if (result < 0)
		snprintf(why, COUNTERS_WHY_BYTES,
			 "perf_event_open could not be tried in a child: %s",
			 strerror(-result));
	return !why[0];
}
