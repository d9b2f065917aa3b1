/* SPDX-License-Identifier: MIT */
/* Starts workers, one at a time, and hands on what they send. */
#ifndef SYSCOST_LAUNCHER_H
#define SYSCOST_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message.h"

/* How to start a worker. */
struct launcher {
	char program[4096];	/* this binary, absolute */
	unsigned short seed[3]; /* of the padding; nrand48(3) */
	unsigned int limit_s;	/* for a worker; 0: by its job (limit.h) */
};

/* Takes one message; a negative return (-errno) stops the worker. */
typedef int launcher_receive(void *argument, enum message_kind kind,
			     const void *payload, size_t bytes);

/* How a worker ended. */
struct ending {
	bool done;	      /* it did its job and said so */
	bool late;	      /* its time was up before it ended */
	uint64_t wall_ns;     /* from fork to reaped */
	unsigned int padding; /* bytes of environment added */
	char problem[192];    /* "killed by SIGSEGV"; "" if done */
	char reason[160];     /* why it gave up, in its own words; "" */
};

/* Finds this program's own file; 0 or -errno. */
int launcher_init(struct launcher *launcher, uint64_t seed);

/*
 * Starts a worker, under the words of `wrap` unless it is NULL, gives it the
 * job and hands its messages to `receive` until it ends. 0 whatever becomes
 * of the worker (see `ending`), or -errno: it could not be started, or
 * `receive` refused.
 */
int launcher_run(struct launcher *launcher, char *const *wrap,
		 const struct job *job, const struct task *tasks,
		 launcher_receive *receive, void *argument,
		 struct ending *ending);

/* Installs handlers for SIGINT, SIGTERM and SIGHUP that stop the running
 * worker, and lets what cannot be written fail rather than kill; the signal
 * that came, or 0. */
void launcher_catch_signals(void);
int launcher_interrupted(void);

#endif
