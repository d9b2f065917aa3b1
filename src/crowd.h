/* SPDX-License-Identifier: MIT */
/*
 * The crowd: threads that are busy in the row that is being timed.
 *
 * Condition threads:N makes them; without it every function here returns at
 * once. They are told which row between batches, never within one.
 */
#ifndef SYSCOST_CROWD_H
#define SYSCOST_CROWD_H

#include <stdbool.h>
#include <stdint.h>

#include "batch.h"
#include "share.h"
#include "topology.h"

/* Starts `count` threads, each bound to one of `cpus`, idle at first; 0 or
 * -errno: all of them run and are bound, or none is left. */
int crowd_start(struct topology *topology, const int *cpus, unsigned int count);

/*
 * Returns when every thread has begun to run the row over and over, in pieces
 * of a batch of `calls`. Each has a context of its own, set up at the row's
 * first turn. Each stamps its pieces, by the counter or the kernel's clock. 0,
 * or -errno: a set-up failed, and the crowd rests.
 */
int crowd_join(uint32_t benchmark, uint64_t calls, bool counter);

/* The same for a launch whose first failure ends it: nothing is done where
 * *error is set already; on a failure it is set, and `why`
 * (CONDITION_WHY_BYTES) names the row. Returns *error. */
int crowd_join_or_say(uint32_t benchmark, uint64_t calls, bool counter,
		      int *error, char *why);

/* How many threads there are besides the main one. */
unsigned int crowd_count(void);

/*
 * What each thread did within the batch of `row`, which is over while the
 * threads are still in its row: only pieces that lie wholly between the
 * batch's two stamps. `shares` has crowd_count() places.
 */
void crowd_shares(const struct row *row, struct share *shares);

/* Returns when no thread runs a row; they sleep. */
void crowd_rest(void);

/* Ends the threads and tears down what they set up. */
void crowd_end(void);

#endif
