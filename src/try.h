/* SPDX-License-Identifier: MIT */
/* Tries rows before anything is measured: can this machine run them, do they
 * do what they say, how large is a batch? */
#ifndef SYSCOST_TRY_H
#define SYSCOST_TRY_H

#include "batch.h"
#include "message.h"

/*
 * The calls that last about `batch_ns`: from growing trials, so that it holds
 * for calls of 0.3 ns and of 1 ms alike; 1 at least. `cost_ns`, unless NULL,
 * gets the cost of a call.
 */
uint64_t try_size_batch(struct subject *subject, const struct job *job,
			double batch_ns, double *cost_ns);

/*
 * Tries each task's row and sends what came of it; 0 or -errno. All that can
 * be measured are open at the end, as in a launch, and then closed. Under
 * condition work a batch is sized with its adds, `adds_per_ns` of them.
 */
int try_rows(int out, const struct job *job, const struct task *tasks,
	     double adds_per_ns);

/* Kernel entries a call: counted ones where they were counted. */
double try_entries(const struct tried *tried,
		   const struct benchmark *benchmark);

#endif
