// SPDX-License-Identifier: MIT
/* Single calls: which rows and arms are stamped, and what came of each. */
#include "distribution.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "registry.h"
#include "stats.h"

#define STAMPS_MOST	  200	 /* a round */
#define ROUND_NS	  600000 /* for one row in a round, if it has more than */
#define STAMP_COST_NS	  50	 /* of stamps and counting, roughly */
#define WANTED_CONFIDENCE 0.95

const unsigned int distribution_per_mille[DISTRIBUTION_QUANTILES] = { 500, 900,
								      990,
								      999 };

unsigned int distribution_launches(unsigned int launches)
{
	unsigned int half = (launches + 1) / 2;

	if (launches < DISTRIBUTION_LAUNCHES_LEAST)
		return launches;
	return half > DISTRIBUTION_LAUNCHES_LEAST ? half
						  : DISTRIBUTION_LAUNCHES_LEAST;
}

double distribution_least_ns(const struct session *session)
{
	return DISTRIBUTION_LEAST_STEPS * clock_granularity_ns(&session->clock);
}

uint64_t distribution_stamps(double cost_ns)
{
	double stamps = ROUND_NS / (cost_ns + STAMP_COST_NS);

	return (uint64_t)fmin(fmax(stamps, 1), STAMPS_MOST);
}

const char *distribution_row_refused(const struct session *session,
				     unsigned int benchmark, char *reason)
{
	const struct tried *tried = &session->trials[benchmark].tried;
	unsigned int turn = registry_get(benchmark)->benchmark->per_turn;
	double least_ns = distribution_least_ns(session);

	if (turn > 1) {
		snprintf(reason, DISTRIBUTION_REASON_BYTES,
			 "a call is part of a turn of %u", turn);
		return reason;
	}
	if (tried->cost_ns >= least_ns)
		return NULL;
	snprintf(reason, DISTRIBUTION_REASON_BYTES,
		 "a call takes %.2g ns, under %d steps of the clock (%.2g ns)",
		 tried->cost_ns, DISTRIBUTION_LEAST_STEPS, least_ns);
	return reason;
}

/* Its adds come in whole hundreds, which a batch has room for. */
const char *distribution_arm_refused(const struct session *session,
				     unsigned int arm)
{
	if (session->arms[arm].skipped[0])
		return session->arms[arm].skipped;
	if (conditions_have(&session->options->arms[arm].conditions,
			    CONDITION_WORK))
		return "condition work has no adds for a single call";
	return NULL;
}

struct distribution *distribution_cell(const struct session *session,
				       unsigned int benchmark, unsigned int arm)
{
	return &session->distributions
			->cells[arm * (registry_count() + 1) + benchmark];
}

const struct distribution *distribution_get(const struct session *session,
					    unsigned int benchmark,
					    unsigned int arm)
{
	const struct distribution *cell;

	if (!session->distributions || !session->distributions->cells)
		return NULL;
	cell = distribution_cell(session, benchmark, arm);
	return cell->launches ? cell : NULL;
}

const char *distribution_name(unsigned int benchmark)
{
	return benchmark < registry_count() ? registry_get(benchmark)->name
					    : "stamp";
}

int distribution_add(struct distribution *cell, unsigned int launches,
		     const struct stamped *stamped)
{
	double *quantiles;

	if (cell->launches == launches)
		return -EPROTO;
	if (!cell->quantiles)
		cell->quantiles =
			calloc((size_t)launches * DISTRIBUTION_QUANTILES,
			       sizeof(*cell->quantiles));
	if (!cell->quantiles)
		return -ENOMEM;
	quantiles = cell->quantiles +
		    (size_t)cell->launches++ * DISTRIBUTION_QUANTILES;
	for (int i = 0; i < DISTRIBUTION_QUANTILES; i++)
		quantiles[i] = histogram_quantile(&stamped->ticks,
						  distribution_per_mille[i]);
	histogram_add(&cell->ticks, &stamped->ticks);
	cell->nivcsw += stamped->nivcsw;
	cell->minflt += stamped->minflt;
	return 0;
}

/* The launches' own, in ns, those that had calls enough; how many. */
static size_t launch_quantiles(const struct distribution *distribution,
			       int which, double ticks_per_ns, double *values)
{
	const double *ticks = distribution->quantiles + which;
	size_t count = 0;

	for (unsigned int i = 0; i < distribution->launches;
	     i++, ticks += DISTRIBUTION_QUANTILES)
		if (isfinite(*ticks))
			values[count++] = *ticks / ticks_per_ns;
	return count;
}

double distribution_quantile(const struct session *session,
			     const struct distribution *distribution, int which,
			     struct distribution_quantile *quantile)
{
	double *values = calloc(distribution->launches, sizeof(*values));
	size_t count = 0, low = 0, high = 0;
	double confidence;

	*quantile = (struct distribution_quantile){ NAN, NAN, NAN };
	if (values)
		count = launch_quantiles(distribution, which,
					 session->clock.ticks_per_ns, values);
	confidence = stats_median_ranks(count, WANTED_CONFIDENCE, &low, &high);
	if (count)
		quantile->middle = stats_median(values, count);
	if (count && low > 0) {
		quantile->low = values[low - 1];
		quantile->high = values[high - 1];
	}
	free(values);
	return low > 0 ? confidence : NAN;
}

void distribution_free(struct session *session)
{
	struct distributions *all = session->distributions;
	size_t places = all && all->cells
				? (size_t)session->options->arm_count *
					  (registry_count() + 1)
				: 0;

	for (size_t i = 0; i < places; i++)
		free(all->cells[i].quantiles);
	if (all) {
		free(all->cells);
		free(all->launch);
	}
	free(all);
	session->distributions = NULL;
}
