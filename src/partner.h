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
	PARTNER_THREAD, /* one at a time; in the worker's memory, with descriptors of its own:
			  * else the worker's own calls would have to count
			  * their users (fs/file.c, __fget_light) */
};

/* Stays where it is from start to end. */
struct partner {
	pid_t pid; /* 0: none */
	int cpu;   /* that it is bound to */
	bool thread;
	struct partner *next;
};

/* Notes where the worker is and which CPU lies beside it: one of another core
 * if there is one. Called before the worker is bound. */
void partner_place(struct topology *topology, int cpu);

/* The worker's CPU, and the other one; -1: there is none, or none was noted. */
int partner_here(void);
int partner_elsewhere(void);

/* `supported` where a row's partner is to be elsewhere, or a thread: tried. */
const char *needs_other_cpu(const struct benchmark *benchmark);
const char *needs_partner_thread(const struct benchmark *benchmark);

/*
 * `setup` begins with it where a row's partner can serve one caller: -EOPNOTSUPP
 * in a second thread of the worker (condition threads), 0 in the first.
 */
int partner_one_caller(void);

/*
 * Starts a task that is bound to `cpu` and runs work(argument) until it
 * returns or the partner is ended. All its signals are blocked. A thread's
 * work makes its calls by syscall0..6 alone: it shares errno and all else that
 * glibc keeps for a thread. 0 or -errno; `partner` holds no pid then.
 *
 * A process may be started by setup and live as long as the row; the worker's
 * own pages are taken back (memory.h). A thread is felt by what others do to
 * the memory map: by prepare, and ended by leave.
 */
int partner_start(struct partner *partner, enum partner_kind kind, int cpu,
		  void (*work)(void *argument), void *argument);

/* Kills it and waits for it; does nothing where there is none. */
void partner_end(struct partner *partner);

/* Waits until it sleeps: who has answered the last call may not have gone to
 * sleep yet, and would run in the next row. For leave. */
void partner_rest(const struct partner *partner);

/* The same for a thread of this process that ends: until it is gone. */
void partner_rest_thread(pid_t thread);

/* Ends the worker: for prepare where what the row needs cannot be had. The
 * launch is lost then, and no figure is made of what was not done. */
void partner_give_up(void) __attribute__((noreturn));

/* CPU time in ns that partners and children had on the worker's CPU. */
int64_t partner_cpu_ns(void);

#endif
