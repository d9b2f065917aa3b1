/* SPDX-License-Identifier: MIT */
/*
 * A task that answers: the far end of a ping-pong.
 *
 * Beside benchmark.h, and like partner.h, bench/ may use this one. One row at a
 * time works with its echo, between echo_start and echo_stop.
 */
#ifndef SYSCOST_ECHO_H
#define SYSCOST_ECHO_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "channel.h"
#include "partner.h"

/* What the two ends wait on: a kind of channel, or one of these. */
enum { ECHO_FUTEX = CHANNELS, ECHO_SIGNAL, ECHO_KINDS };

#define ECHO_WORD_BYTES 8

struct echo {
	int kind;
	int in, out;   /* the near end of a channel */
	uint64_t word; /* goes there, and comes back with 1 added */
	pid_t pid;     /* of who answers, once it was started; 0: nobody */
	int cpu;       /* where it is bound to */
	struct host *host;
	struct partner thread; /* where there is no host */
	sigset_t before;
};

/*
 * A process serves all echoes of its CPU, from the first echo_open to the last
 * echo_close: each is a copy of the worker and remains one. A thread lives from
 * echo_start to echo_stop. 0, or -errno with nothing left open.
 */
int echo_open(struct echo *echo, int kind, enum partner_kind partner, int cpu);
void echo_close(struct echo *echo);

/* For prepare and leave; a second start does nothing. Who cannot be started
 * ends the worker (partner_give_up). When echo_stop returns, nobody is left to
 * run on this CPU. */
void echo_start(struct echo *echo);
void echo_stop(struct echo *echo);

/* One round trip by the futex, and one by a signal to who answers. By a channel
 * it is a write of the word and a read. */
void echo_futex(void);
void echo_signal(pid_t pid);

/* How often the far end has answered, by its own count. */
uint64_t echo_count(const struct echo *echo);

/* Does the far end, which has answered, see this memory or a copy? */
bool echo_shares_memory(void);

#endif
