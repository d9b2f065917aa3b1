/* SPDX-License-Identifier: MIT */
/*
 * Distributions of single calls: launches of their own, behind those of the
 * batches, of which nothing here enters a figure.
 */
#ifndef SYSCOST_DISTRIBUTION_H
#define SYSCOST_DISTRIBUTION_H

#include <stdbool.h>

#include "session.h"
#include "stamps.h"
#include "store.h"

#define DISTRIBUTION_QUANTILES	    4
#define DISTRIBUTION_ROUNDS	    100
#define DISTRIBUTION_REASON_BYTES   128
#define DISTRIBUTION_LEAST_STEPS    4 /* of the clock, in a call */
#define DISTRIBUTION_LAUNCHES_LEAST 6 /* with a 95 % interval */

/* 500, 900, 990, 999. */
extern const unsigned int distribution_per_mille[DISTRIBUTION_QUANTILES];

/* One benchmark's single calls in one arm, all launches together. */
struct distribution {
	struct histogram ticks;
	unsigned int launches;
	uint64_t nivcsw, minflt; /* around the calls */
	double *quantiles; /* ticks, DISTRIBUTION_QUANTILES a launch; NAN */
};

/* One launch of single calls, and what became of it. */
struct stamp_launch {
	struct planned planned;
	bool done;
	uint64_t wall_ns;
	char problem[192]; /* why it was lost; "" */
};

struct distributions {
	unsigned int launches; /* an arm */
	unsigned int launch_count, launches_done;
	struct stamp_launch *launch;
	struct distribution *cells; /* arm by arm, see distribution_cell */
	uint64_t wall_ns;
	char problem[128]; /* why nothing was stamped at all; "" */
};

/* An estimate over launches, in ns; NAN: too few calls, too few launches. */
struct distribution_quantile {
	double middle, low, high;
};

/*
 * Runs the launches; a worker that dies costs its launch alone, a signal ends
 * the loop, and what came until then is kept. `progress` is called before each.
 */
void distribution_measure(struct session *session,
			  void (*progress)(const struct session *session,
					   unsigned int next));
void distribution_free(struct session *session);

/* Launches of single calls an arm, where there are so many of batches. */
unsigned int distribution_launches(unsigned int launches);

/* The least that a call must cost to be stamped, in ns. */
double distribution_least_ns(const struct session *session);

/* Calls of so many ns that are stamped in a round. */
uint64_t distribution_stamps(double cost_ns);

/* Why a row's, or an arm's, single calls are not stamped: `reason`, of
 * DISTRIBUTION_REASON_BYTES; NULL: they are. */
const char *distribution_row_refused(const struct session *session,
				     unsigned int benchmark, char *reason);
const char *distribution_arm_refused(const struct session *session,
				     unsigned int arm);

/* The place of a benchmark, or of registry_count() for the stamps themselves;
 * distribution_get: NULL where nothing came. */
struct distribution *distribution_cell(const struct session *session,
				       unsigned int benchmark,
				       unsigned int arm);
const struct distribution *distribution_get(const struct session *session,
					    unsigned int benchmark,
					    unsigned int arm);
const char *distribution_name(unsigned int benchmark);

/* Adds what one of so many launches has of a row to a cell. 0, -ENOMEM, or
 * -EPROTO: so many were added already. */
int distribution_add(struct distribution *cell, unsigned int launches,
		     const struct stamped *stamped);

/* The median over launches of their own quantile; `which` is the place in
 * distribution_per_mille. Returns the interval's confidence. */
double distribution_quantile(const struct session *session,
			     const struct distribution *distribution, int which,
			     struct distribution_quantile *quantile);

/* Writes distribution.csv and histogram.csv, where there is something; 0 or
 * -errno. */
int distribution_save(const struct session *session, const struct store *store);

#endif
