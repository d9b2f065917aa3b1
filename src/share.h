/* SPDX-License-Identifier: MIT */
/* What one thread of a crowd did within the main thread's batch. */
#ifndef SYSCOST_SHARE_H
#define SYSCOST_SHARE_H

#include <stdint.h>

/* Goes over a pipe as it is. The pieces that lay wholly within the batch. */
struct share {
	uint64_t calls;	 /* 0: none of its pieces did */
	uint64_t ticks;	 /* inside the pieces' stamps */
	uint32_t seq;	 /* the batch's */
	uint16_t thread; /* from 1; the main thread is 0 */
	uint16_t cpu;	 /* to which it is bound */
};

#endif
