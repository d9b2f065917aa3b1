/* SPDX-License-Identifier: MIT */
/* How long a worker may take: one that hangs does not hang the run. */
#ifndef SYSCOST_LIMIT_H
#define SYSCOST_LIMIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "message.h"

/* For this job, in seconds: a minute, and a hundred times what it plans. */
double limit_of(const struct job *job);

/*
 * From now on the process group `worker` has so many seconds, above 0; then it
 * is killed. Time in which this process itself is stopped hardly counts. By
 * SIGALRM and the interval timer; one worker at a time.
 */
void limit_begin(double seconds, pid_t worker);

/* Ends that; was the time up? */
bool limit_end(void);

#endif
