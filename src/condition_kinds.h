/* SPDX-License-Identifier: MIT */
/* How each condition is put on: what condition.c's table points to. */
#ifndef SYSCOST_CONDITION_KINDS_H
#define SYSCOST_CONDITION_KINDS_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "topology.h"

/* What one condition is put on with, and where it says why it cannot be. */
struct applying {
	double value; /* what stands behind the colon */
	struct topology *topology;
	int cpu;
	char *why;
	size_t size;
};

/* Writes why and returns `error`, so that it can be returned in turn. */
int condition_fail(const struct applying *applying, int error,
		   const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Each: 0 once it is in force and was read back, or condition_fail's. */
int condition_noaslr(const struct applying *applying);
int condition_ssbd(const struct applying *applying);
int condition_indirect(const struct applying *applying);
int condition_seccomp(const struct applying *applying);
int condition_seccomp_bitmap(const struct applying *applying);
int condition_threads(const struct applying *applying);
int condition_dispatch(const struct applying *applying);
int condition_tracepoint(const struct applying *applying);
int condition_traced(const struct applying *applying);

/* The filter that seccomp:N stacks, or the one of seccomp-bitmap. */
struct sock_fprog condition_seccomp_program(bool bitmap);

#endif
