// SPDX-License-Identifier: MIT
/* The last pieces that a thread of the crowd ran: it writes, another reads. */
#include "pieces.h"

#include <stdbool.h>

void pieces_restart(struct pieces *pieces, uint64_t calls)
{
	pieces->calls = calls;
	atomic_store_explicit(&pieces->done, 0, memory_order_release);
}

void pieces_note(struct pieces *pieces, struct span piece)
{
	unsigned int done =
		atomic_load_explicit(&pieces->done, memory_order_relaxed);
	unsigned int place = done % PIECES_KEPT;

	/* Who sees any of these sees that the one before is done, too. */
	atomic_store_explicit(&pieces->of[place].begin, piece.begin,
			      memory_order_release);
	atomic_store_explicit(&pieces->of[place].ticks, piece.ticks,
			      memory_order_release);
	atomic_store_explicit(&pieces->done, done + 1, memory_order_release);
}

/* false: it is written over, or may be. */
static bool read_piece(const struct pieces *pieces, unsigned int number,
		       struct span *piece)
{
	unsigned int place = number % PIECES_KEPT;

	piece->begin = atomic_load_explicit(&pieces->of[place].begin,
					    memory_order_acquire);
	piece->ticks = atomic_load_explicit(&pieces->of[place].ticks,
					    memory_order_acquire);
	return atomic_load_explicit(&pieces->done, memory_order_acquire) -
		       number <
	       PIECES_KEPT;
}

/* Differences, so that a counter may pass through 0. */
static bool lies_within(struct span piece, struct span window)
{
	uint64_t after = piece.begin - window.begin;

	return after <= window.ticks && piece.ticks <= window.ticks - after;
}

void pieces_within(const struct pieces *pieces, struct span window,
		   uint64_t *calls, uint64_t *ticks)
{
	unsigned int done =
		atomic_load_explicit(&pieces->done, memory_order_acquire);
	unsigned int oldest = done < PIECES_KEPT ? 0 : done - PIECES_KEPT + 1;
	struct span piece;

	*calls = *ticks = 0;
	for (unsigned int number = done; number-- > oldest;) {
		if (!read_piece(pieces, number, &piece))
			return;
		if (!lies_within(piece, window))
			continue;
		*calls += pieces->calls;
		*ticks += piece.ticks;
	}
}
