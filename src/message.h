/* SPDX-License-Identifier: MIT */
/* What launcher and worker say to each other over two pipes: one job down,
 * messages up. Both ends are the same binary, so structs travel as they are. */
#ifndef SYSCOST_MESSAGE_H
#define SYSCOST_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "benchmark.h"
#include "condition.h"
#include "counters.h"
#include "deltas.h"
#include "state.h"

enum job_kind {
	JOB_CHECK,  /* put the conditions on, read the state back */
	JOB_TRY,    /* check, verify, count entries, size batches */
	JOB_LAUNCH, /* run the rounds */
	JOB_STAMP,  /* stamp single calls */
};

struct job {
	uint32_t kind;
	uint32_t rounds;
	int32_t cpu;
	uint32_t counter;  /* 0: the kernel's clock */
	uint32_t emulated; /* 1: no loop takes as many cycles as it should */
	uint32_t probe_scale;
	double ticks_per_ns;
	double batch_ns; /* how long a batch is to be */
	struct conditions conditions;
	uint32_t count; /* of the tasks that follow */
};

struct task {
	uint64_t calls;	    /* in a batch; JOB_TRY: unused */
	uint32_t benchmark; /* index in the registry */
	uint64_t hundreds;  /* of adds after them: condition work */
	uint64_t stamps;    /* JOB_STAMP: single calls a round */
};

enum message_kind {
	MESSAGE_STATE = 1, /* struct state: the conditions are on */
	MESSAGE_ADDS,	   /* double: so many make a ns (JOB_TRY) */
	MESSAGE_TRYING,	   /* uint32_t: the row that comes next */
	MESSAGE_TRIED,	   /* struct tried */
	MESSAGE_LAUNCHED,  /* struct launched */
	MESSAGE_SHARES,	   /* struct share, many: before the rows */
	MESSAGE_ROWS,	   /* struct row, many */
	MESSAGE_STAMPED,   /* struct stamped, many */
	MESSAGE_FAILED,	   /* text without NUL: why the worker gave up */
	MESSAGE_DONE,	   /* nothing: all was sent */
};

struct tried {
	uint64_t calls;	      /* the batch; 0: skipped */
	double cost_ns;	      /* a call, roughly */
	int64_t entries;      /* kernel entries counted; < 0: -errno */
	uint64_t entry_calls; /* over so many calls */
	uint32_t benchmark;
	char reason[128]; /* why skipped; "" */
};

/* What of the PMU's events a launch counted. */
struct counted {
	uint32_t counters;	/* bits; 0: nothing */
	struct counts overhead; /* a batch, besides its calls: an empty row's */
	char why[COUNTERS_WHY_BYTES]; /* not all; "" */
};

/* What a launch knows besides its rows. */
struct launched {
	double yardstick_ticks[YARDSTICKS]; /* a call, median */
	/* Share of the probes' empty loops that ran as on a core of one's
	 * own; below 0: this architecture cannot tell. */
	double alone_share;
	uint32_t memory_bound;
	struct state state;
	struct deltas deltas; /* over the rounds */
	struct counted counted;
};

#define MESSAGE_MOST (256U << 20) /* bytes: a launch of 2 million rows */

/* Writes one message whole; 0 or -errno. */
int message_send(int pipe, enum message_kind kind, const void *payload,
		 size_t bytes);

/*
 * Reads one message into *payload, which it grows with realloc as needed.
 * The kind, 0 at the end of the pipe, -EPROTO for nonsense, or -errno.
 */
int message_receive(int pipe, void **payload, size_t *capacity, size_t *bytes);

/* The job and its tasks; 0 or -errno. The reader frees *tasks. */
int message_send_job(int pipe, const struct job *job, const struct task *tasks);
int message_receive_job(int pipe, struct job *job, struct task **tasks);

#endif
