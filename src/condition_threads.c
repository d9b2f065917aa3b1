// SPDX-License-Identifier: MIT
/* Condition threads: others of the same process, in the same row's call. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "condition_kinds.h"
#include "crowd.h"

/* Each thread is bound and has read its binding back when this returns. */
int condition_threads(const struct applying *applying)
{
	unsigned int others = (unsigned int)applying->value - 1, found;
	int *cpus = calloc(others, sizeof(*cpus));
	int error;

	if (!cpus)
		return condition_fail(applying, -ENOMEM, "out of memory");
	found = topology_others(applying->topology, applying->cpu, cpus,
				others);
	error = found < others
			? condition_fail(applying, -ENODEV,
					 "%u CPUs are needed, and this process "
					 "may run on %u",
					 others + 1, found + 1)
			: 0;
	if (!error) {
		error = crowd_start(applying->topology, cpus, others);
		if (error)
			condition_fail(applying, error,
				       "%u threads could not be started: %s",
				       others, strerror(-error));
	}
	free(cpus);
	return error;
}
