/* SPDX-License-Identifier: MIT */
/* What the two ends of echo.h share: memory, signals and how it ends. */
#ifndef SYSCOST_ECHO_FAR_H
#define SYSCOST_ECHO_FAR_H

#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

#include "channel.h"

#define ECHO_LAST	 (1ULL << 63) /* in a word: the answer to it is the last */
#define ECHO_ASK	 SIGUSR1      /* and the answer */
#define ECHO_ASK_LAST	 SIGUSR2
#define ECHO_SET(number) (1ULL << ((number)-1))

/* What both ends see. */
struct echo_board {
	atomic_uint turn;    /* of the futex; odd: the far end's */
	atomic_uint last;    /* its next answer is the last */
	uint64_t answered;   /* signals */
	atomic_uint noticed; /* by the far end, of echo_generation */
};

extern struct echo_board *echo_board;
extern struct channel echo_channels[CHANNELS];

/* In memory that only a thread shares. */
extern unsigned int echo_generation;

/* On the board's turn. A shared one, for threads too: two rows then differ by
 * the memory map. */
void echo_call_futex(int operation, unsigned int value);

/* The far end: answers by one kind until it has answered the last. No glibc,
 * since a thread shares the worker's. */
void echo_answer(int kind);

#endif
