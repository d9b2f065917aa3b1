/* SPDX-License-Identifier: MIT */
/* The steps of a session: prepare, check the arms, try the rows, run the
 * launches. */
#ifndef SYSCOST_MEASURE_H
#define SYSCOST_MEASURE_H

#include "session.h"
#include "store.h"

/* Each step returns 0 or the status to exit with, the reason in problem. */

/* Finds out about the machine, or the one that was recorded at --root, where
 * nothing is to be measured. Without a CPU to choose it goes on. */
int measure_machine(struct session *session, const struct options *options);

/* Reads the environment of the CPU that was chosen. */
int measure_environment(struct session *session);

/* Selects rows, chooses the CPU and the clock, and makes the arms of --threads,
 * which depend on how many CPUs there are. */
int measure_prepare(struct session *session, struct options *options);

/* Checks every arm in a worker of its own: can its conditions be put on? One
 * that cannot be run is skipped with the reason; the first that can is the
 * reference. */
int measure_check(struct session *session);

/* Tries every selected row in a worker of the reference arm: supported, verified, counted, sized.
 * A row that kills its worker is skipped with that as the reason. */
int measure_try(struct session *session);

/* Fixes the clock's rate and makes the plan. */
int measure_plan(struct session *session);

/*
 * Runs the planned launches into the store. A worker that dies costs its
 * launch alone; a signal or a full disk ends the loop. `progress` is called
 * before each launch.
 */
void measure_launches(struct session *session, struct store *store,
		      void (*progress)(const struct session *session,
				       unsigned int next));

/* What is kept in memory of a batch of that launch. */
struct sample measure_sample(const struct row *row, unsigned int launch,
			     double ticks_per_ns);

void measure_free(struct session *session);

#endif
