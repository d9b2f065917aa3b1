/* SPDX-License-Identifier: MIT */
/*
 * The quiet-core estimate: what a batch would have cost had nobody shared the
 * core, from how the probes beside the batches fared.
 *
 * One curve for one benchmark, pooled over its arms, with an effect for each
 * arm: ln cost = arm + b1 u + b2 u^2 + b3 v, where u and v are the logs of
 * the jump and load probes against their quiet level. docs/method.md says why;
 * scripts/analysis/quiet.py does the same and a test holds the two together.
 */
#ifndef SYSCOST_QUIET_H
#define SYSCOST_QUIET_H

#include <stdbool.h>
#include <stddef.h>

#define QUIET_ARMS_MOST 16

/* The batches of one benchmark; each array has `count` places. */
struct quiet_batches {
	size_t count;
	const double *cost;	     /* above 0, any unit */
	const double *jumps, *chain; /* the probes, above 0, ticks */
	const unsigned int *arm;     /* below `arms` */
	unsigned int arms;
};

/* The probes' quiet level. */
struct quiet_level {
	double jumps, chain;
};

/* A curve and the level at which it is zero. */
struct quiet_curve {
	bool known;
	double slope[3]; /* of u, u^2 and v */
	struct quiet_level level;
};

struct quiet_fit {
	bool adjusted; /* false: too few, or the probe did not vary */
	struct quiet_curve used;
	/* The same without the square: what a run that saw no quiet moment
	 * may borrow, since a straight line can be trusted further out. */
	struct quiet_curve lent;
};

/* The middle of the lowest mode: from the 1 % quantile (or the tenth value,
 * to 5 %) three steps to the median of what lies within 3 %. `work` has room
 * for count. */
double quiet_reference(const double *values, size_t count, double *work);

/*
 * Fits the curve and writes the adjusted costs (count places); where nothing
 * is to adjust, the costs as they are. `run` is the level over all batches of
 * the run, used where this benchmark has too few of its own. `borrowed`, if
 * it is not NULL and known, is used instead of a fit. 0 or -ENOMEM.
 */
int quiet_adjust(const struct quiet_batches *batches,
		 const struct quiet_level *run,
		 const struct quiet_curve *borrowed, double *adjusted,
		 struct quiet_fit *fit);

/* Was the core ours, by this probe reading? */
bool quiet_is_quiet(double jumps, const struct quiet_level *level);

#endif
