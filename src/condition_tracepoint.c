// SPDX-License-Identifier: MIT
/* Condition tracepoint: the kernel's sys_enter tracepoint, counted by perf. */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "condition_kinds.h"
#include "facts.h"

#define EVENT "/events/raw_syscalls/sys_enter/id"

/* The event's number, where tracefs is mounted; nothing is mounted here. */
static int read_id(uint64_t *id)
{
	static const char *const files[] = {
		"/sys/kernel/tracing" EVENT, "/sys/kernel/debug/tracing" EVENT
	};
	int error = -ENOENT;
	char line[32];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int found = facts_line(files[i], line, sizeof(line));

		if (!found) {
			*id = strtoull(line, NULL, 10);
			return *id ? 0 : -EINVAL;
		}
		if (found != -ENOENT)
			error = found;
	}
	return error;
}

/* Counts this thread's entries and stays open until the process ends. While
 * it is open every task's entries take the slow path (syscall_regfunc in
 * kernel/tracepoint.c); this one's run the event's handler too. */
static int open_event(uint64_t id)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attributes),
		.config = id,
	};
	long event = syscall(SYS_perf_event_open, &attributes, 0, -1, -1,
			     PERF_FLAG_FD_CLOEXEC);

	return event < 0 ? -errno : (int)event;
}

static uint64_t read_count(int event)
{
	uint64_t count = 0;

	return read(event, &count, sizeof(count)) == sizeof(count) ? count : 0;
}

/* The reading is an entry of its own: two more are what a call makes. */
static int check(const struct applying *applying, int event)
{
	uint64_t before = read_count(event);

	syscall0(SYS_getppid);
	if (before && read_count(event) >= before + 2)
		return 0;
	return condition_fail(applying, -EIO,
			      "the event is open, but counts no entries");
}

int condition_tracepoint(const struct applying *applying)
{
	uint64_t id;
	int event, error = read_id(&id);

	if (error)
		return condition_fail(
			applying, error,
			error == -ENOENT
				? "tracefs is not mounted, or this kernel has "
				  "no raw_syscalls:sys_enter"
				: "tracefs cannot be read: root is needed");
	event = open_event(id);
	if (event < 0)
		return condition_fail(applying, event,
				      "no perf event: %s (root or CAP_PERFMON "
				      "is needed)",
				      strerror(-event));
	return check(applying, event);
}
