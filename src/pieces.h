/* SPDX-License-Identifier: MIT */
/* The last pieces that a thread of the crowd ran: it writes, another reads. */
#ifndef SYSCOST_PIECES_H
#define SYSCOST_PIECES_H

#include <stdatomic.h>
#include <stdint.h>

#include "batch.h"

/* Far more than fit into a batch and what comes behind it, and 1 KiB, so that
 * the thread's own row keeps its cache. */
#define PIECES_KEPT 64

/* Lines of its own, two of them: CPUs fetch in pairs. */
struct pieces {
	_Alignas(128) atomic_uint done;
	uint64_t calls; /* in each */
	struct {
		atomic_ullong begin, ticks;
	} of[PIECES_KEPT];
};

/* Forgets those before: from now on each is of `calls`. The reader must have
 * been told that there are new ones after this. */
void pieces_restart(struct pieces *pieces, uint64_t calls);

/* Notes one more; by the thread that runs them. */
void pieces_note(struct pieces *pieces, struct span piece);

/* Those that lie wholly within `window`, while the thread goes on: *calls and
 * *ticks are theirs; 0: none. */
void pieces_within(const struct pieces *pieces, struct span window,
		   uint64_t *calls, uint64_t *ticks);

#endif
