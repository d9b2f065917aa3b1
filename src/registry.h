/* SPDX-License-Identifier: MIT */
/* The catalogue: every row of every group that the linker collected. */
#ifndef SYSCOST_REGISTRY_H
#define SYSCOST_REGISTRY_H

#include <stdbool.h>

#include "benchmark.h"

#define REGISTRY_NAME_BYTES 64

struct registry_entry {
	char name[REGISTRY_NAME_BYTES]; /* group/path or group/path/variant */
	const struct benchmark_group *group;
	const struct benchmark *benchmark;
};

/* Builds the catalogue, in the order of file names; 0, -ENOMEM, or -EEXIST:
 * two rows have one name. Call once, before the others. */
int registry_init(void);

unsigned int registry_count(void);
const struct registry_entry *registry_get(unsigned int index);

/* The row that plays `yardstick`, or NULL. */
const struct registry_entry *registry_yardstick(enum yardstick yardstick);

/*
 * Marks in `selected` (registry_count() places) the rows whose name the POSIX
 * extended regular expression matches; a leading '-' turns it round, as in
 * Google Benchmark. NULL matches all. The number of rows, -EINVAL with the
 * reason in `error`, or -ENOMEM.
 */
int registry_select(const char *expression, bool *selected, char *error,
		    size_t error_bytes);

#endif
