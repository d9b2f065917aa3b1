/* SPDX-License-Identifier: MIT */
/*
 * A ring of io_uring(7): its two queues, in memory shared with the kernel.
 *
 * Beside benchmark.h, and like vdso.h, bench/ may use this one. Tails and heads
 * are read by acquire and written by release; what the kernel writes and who
 * counts what is left to the row.
 */
#ifndef SYSCOST_RING_H
#define SYSCOST_RING_H

#include <linux/io_uring.h>
#include <stddef.h>

#include "benchmark.h"

struct ring {
	int descriptor; /* -1: none */
	struct io_uring_params parameters;
	struct io_uring_sqe *submissions; /* numbered: taken in order */
	struct io_uring_cqe *completions;
	unsigned int *tail, *flags, *done_head, *done_tail;
	char *queues; /* both, IORING_FEAT_SINGLE_MMAP */
	size_t queues_bytes, submissions_bytes;
};

/*
 * Opens a ring of so many entries; `parameters` say what kind. 0 or -errno,
 * and then nothing is open. A partner's thread (partner.h) may call it while
 * the worker waits: errno is touched where it fails.
 */
int ring_open(struct ring *ring, unsigned int entries);

/* Closes what is open of it. */
void ring_close(struct ring *ring);

/* `supported` where a ring is needed, and one with a thread of the kernel's on
 * another CPU: SQPOLL, before Linux 5.13 for the privileged alone
 * (io_uring_setup(2)). */
const char *needs_ring(const struct benchmark *benchmark);
const char *needs_polled_ring(const struct benchmark *benchmark);

#endif
