/* SPDX-License-Identifier: MIT */
/* One batch: calls of one row between two stamps, and what happened around. */
#ifndef SYSCOST_BATCH_H
#define SYSCOST_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "benchmark.h"
#include "counters.h"
#include "histogram.h"
#include "probe.h"

/* A timed region, by the clock: its first stamp, and how long it was. */
struct span {
	uint64_t begin;
	uint64_t ticks;
};

/* One row of samples.csv, as a worker sends it. Ticks are the clock's. */
struct row {
	uint64_t begin; /* the first stamp; in no file */
	uint64_t calls;
	uint64_t ticks;
	uint64_t cpu_ns;    /* CPU time of the thread around the batch */
	uint32_t benchmark; /* index in the registry */
	uint32_t seq;	    /* true order within the launch, from 0 */
	int32_t cpu;	    /* where the batch ended */
	uint32_t migrated;  /* 1: it began, or was to be, elsewhere */
	uint32_t nivcsw;    /* involuntary switches and stops during it */
	uint32_t minflt;    /* minor faults during the batch */
	struct probe_ticks before, after;
	struct counts counts; /* of the timed calls alone */
};

/* One row of the catalogue, set up and ready to run. */
struct subject {
	const struct benchmark *benchmark;
	struct context context;
	uint32_t index;
	uint64_t calls;		/* in a batch */
	double hundreds_a_call; /* of adds after a timed run: condition work */
	struct counts around;	/* of a batch but for its timed calls */
};

/*
 * From now on batches count the stops of this process (SIGSTOP, SIGTSTP ...)
 * when it goes on. For the kernel they are switches of its own will.
 */
void batch_watch_stops(void);

/* Was the batch disturbed by something that left a trace, and that is not the
 * row's own work? */
bool batch_is_dirty(const struct row *row, const struct benchmark *benchmark);

/* The next number of calls that its run may be asked for, at least one turn. */
uint64_t batch_whole(const struct benchmark *benchmark, uint64_t calls);

/* Ticks of `calls` calls: a tenth of them untimed (or all: rehearse), then
 * timed, each after prepare; then leave. `calls` is whole. */
uint64_t batch_ticks(struct subject *subject, uint64_t calls, bool counter);

/* A timed run of `calls`, after prepare and before leave: a batch without what
 * comes before it. */
struct span batch_piece(struct subject *subject, uint64_t calls, bool counter);

/* A full batch between two probe turns, with the usage around it and, unless
 * `counters` is NULL, the counts. Fills all of `row` but seq. */
void batch_run(struct subject *subject, struct probe *probe, bool counter,
	       const struct counters *counters, struct row *row);

/* What lies around the timed calls of a batch, counted: the reads, the probe
 * turns, the untimed run and prepare, as batch_run does them. */
struct counts batch_around(struct subject *subject, struct probe *probe,
			   const struct counters *counters);

/* Single calls, each between stamps of its own, after prepare and before
 * leave. A subject of NULL: nothing at all between them. `calls` is at least
 * 1; no row whose calls come in turns. */
void batch_stamp(struct subject *subject, uint64_t calls, bool counter,
		 struct histogram *histogram);

/* Sets the row up: 0 or -errno. batch_close undoes it. */
int batch_open(struct subject *subject, const struct benchmark *benchmark);
void batch_close(struct subject *subject);

#endif
