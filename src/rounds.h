/* SPDX-License-Identifier: MIT */
/* One launch: every row set up, the rounds run, the rows sent. */
#ifndef SYSCOST_ROUNDS_H
#define SYSCOST_ROUNDS_H

#include "counters.h"
#include "message.h"

/*
 * Runs the job's rounds of the tasks, then sends `launched`, which it fills
 * but for the state, and the rows. Events are counted through `system`, as far
 * as it lets, unless counted.why has a reason already. 0 or -errno, then
 * perhaps with the reason in `why` (CONDITION_WHY_BYTES).
 */
int rounds_run(int out, const struct job *job, const struct task *tasks,
	       const struct counters_system *system, struct launched *launched,
	       char *why);

#endif
