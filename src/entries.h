/* SPDX-License-Identifier: MIT */
/* Counts how often a row really enters the kernel: by ptrace, not by time. */
#ifndef SYSCOST_ENTRIES_H
#define SYSCOST_ENTRIES_H

#include <stdint.h>

#include "batch.h"

/*
 * Runs `calls` calls of an open subject in a traced child and counts the
 * system calls it enters. The count, or -errno: -EPERM or -ENOSYS where
 * tracing is forbidden or missing (Yama, containers, emulators, Linux before
 * 5.3), -ECHILD where the child died.
 */
int64_t entries_count(struct subject *subject, uint64_t calls);

/* How many calls make the expected count a whole number, 16 or more. */
uint64_t entries_calls(const struct benchmark *benchmark);

#endif
