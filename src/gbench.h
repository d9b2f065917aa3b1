/* SPDX-License-Identifier: MIT */
/* Google Benchmark as the scheduler, seen from C. */
#ifndef SYSCOST_GBENCH_H
#define SYSCOST_GBENCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Runs one batch and returns its time in seconds, above 0. Called under C++
 * frames: it must not longjmp. */
typedef double gbench_batch(void *argument);

/* Registers a row whose every repetition is one batch of `calls` calls.
 * 0 or -ENOMEM. Rows that the machine cannot run are not to be registered:
 * a failed repetition aborts Google Benchmark 1.7.1. */
int gbench_register(const char *name, gbench_batch *batch, void *argument,
		    uint64_t calls);

/* Runs every registered row once a round, in a fresh random order each round.
 * Prints nothing. 0, or -EIO: the library threw. */
int gbench_run(unsigned int rounds);

#ifdef __cplusplus
}
#endif

#endif
