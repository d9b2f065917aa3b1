/* SPDX-License-Identifier: MIT */
/* One launch of single calls: every row set up, stamped in rounds, sent. */
#ifndef SYSCOST_STAMPS_H
#define SYSCOST_STAMPS_H

#include "histogram.h"
#include "message.h"

/* What a launch knows of a row's single calls. */
struct stamped {
	uint32_t benchmark; /* registry_count(): the stamps themselves */
	uint32_t nivcsw;    /* involuntary switches around them */
	uint32_t minflt;    /* minor faults around them */
	struct histogram ticks;
};

/*
 * Runs the job's rounds, in each of which every task has its `stamps` calls
 * stamped, and the stamps of nothing too; then sends them, those last. 0 or
 * -errno, then perhaps with the reason in `why` (CONDITION_WHY_BYTES).
 */
int stamps_run(int out, const struct job *job, const struct task *tasks,
	       char *why);

#endif
