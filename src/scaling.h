/* SPDX-License-Identifier: MIT */
/* How rows scale: what threads in one call at once cost and get done. */
#ifndef SYSCOST_SCALING_H
#define SYSCOST_SCALING_H

#include <stdio.h>

#include "batch.h"
#include "session.h"
#include "share.h"
#include "stats.h"

/* Of a row in one launch, as measured: medians over the batches for at least
 * half of which every thread was in whole pieces of the row. NAN: there are
 * none. */
struct scaled {
	double together; /* the share of the batches that are such */
	double main_ns;	 /* a call of the main thread */
	double slowest_ns, fastest_ns; /* of all threads, the main one too */
	double rate;		       /* calls a second of all together */
};

/* A row in an arm, over launches. */
struct scaling_row {
	unsigned int benchmark, arm, threads;
	unsigned int launches, counted;		      /* that know figures */
	double together;			      /* median over launches */
	struct stats_interval main, slowest, fastest; /* ns a call */
	struct stats_interval rate;		      /* calls a second */
	/* The rate over that of one thread times the threads, launch by launch
	 * against the reference's of the same pass; NAN where that has not one
	 * thread. */
	struct stats_interval efficiency;
};

struct scaling {
	struct scaling_row *rows; /* arm by arm within a benchmark */
	size_t count;		  /* 0: no arm had threads */
};

/* How many threads an arm has in a row: 1 without condition threads. */
unsigned int scaling_threads(const struct session *session, unsigned int arm);

/* Is there an arm with threads that can be run? */
bool scaling_is_wanted(const struct session *session);

/* Is the arm one with threads, or what such are read against? */
bool scaling_concerns(const struct session *session, unsigned int arm);

/* Do the shares belong to the rows: `others` of each, in their order? */
bool scaling_fits(const struct row *rows, size_t count,
		  const struct share *shares, size_t share_count,
		  unsigned int others);

/* Notes a launch of an arm that the table is to have; its rows have `others`
 * shares each. Where those of a thread are missing (condition work) there is
 * nothing to note. 0 or -ENOMEM. */
int scaling_note(struct session *session, unsigned int launch,
		 const struct row *rows, size_t count,
		 const struct share *shares, unsigned int others);

/* Forgets a launch that is not kept. */
void scaling_forget(struct launch_record *record);

/* 0 or -ENOMEM; scaling_free releases it. */
int scaling_make(struct scaling *scaling, const struct session *session);
void scaling_free(struct scaling *scaling);

/* scaling.csv, as docs/formats.md has it. */
void scaling_write(const struct scaling *scaling, const struct session *session,
		   FILE *file);

#endif
