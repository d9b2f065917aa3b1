/* SPDX-License-Identifier: MIT */
/*
 * Another task for rows that need two: the other end of a ping-pong.
 *
 * Beside benchmark.h, and like vdso.h, bench/ may use this one. A partner is
 * bound to a CPU and dies with the worker, however that ends.
 */
#ifndef SYSCOST_PARTNER_H
#define SYSCOST_PARTNER_H

#include <sys/types.h>

#include "benchmark.h"

struct topology;

enum partner_kind {
	PARTNER_PROCESS, /* a copy of the worker's memory and descriptors */
	PARTNER_THREAD,	 /* in the worker's memory, with descriptors of its own:
			  * else the worker's own calls would have to count
			  * their users (fs/file.c, __fget_light) */
};

struct partner {
	pid_t pid;   /* 0: none */
	void *stack; /* a thread's */
};

/* Notes where the worker is and which CPU lies beside it: one of another core
 * if there is one. Called before the worker is bound. */
void partner_place(struct topology *topology, int cpu);

/* The worker's CPU, and the other one; -1: there is none, or none was noted. */
int partner_here(void);
int partner_elsewhere(void);

/* `supported` where a row's partner is to be elsewhere. */
const char *needs_other_cpu(const struct benchmark *benchmark);

/*
 * Starts a task that is bound to `cpu` and runs work(argument) until it
 * returns or the partner is ended. All its signals are blocked. A thread's
 * work makes its calls by syscall0..6 alone: it shares errno and all else that
 * glibc keeps for a thread. 0 or -errno; `partner` holds no pid then.
 *
 * A process may be started by setup and live as long as the row. A thread is
 * felt by what others do to the memory map: by prepare, and ended by leave.
 */
int partner_start(struct partner *partner, enum partner_kind kind, int cpu,
		  void (*work)(void *argument), void *argument);

/* Kills it and waits for it; does nothing where there is none. */
void partner_end(struct partner *partner);

#endif
