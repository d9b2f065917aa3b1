/* SPDX-License-Identifier: MIT */
/* A worker's own state, as it reads it back once its conditions are on. */
#ifndef SYSCOST_STATE_H
#define SYSCOST_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define STATE_TEXTS	 5
#define STATE_TEXT_BYTES 48

/* The lines of /proc/self/status that are kept, in their order in `text`. */
extern const char *const state_keys[STATE_TEXTS];

/* Goes over a pipe as it is. */
struct state {
	char text[STATE_TEXTS][STATE_TEXT_BYTES]; /* "": not told */
	uint32_t threads;			  /* 0: not told */
	uint8_t traced, aslr;
};

void state_read(struct state *state);
bool state_equal(const struct state *a, const struct state *b);

#endif
