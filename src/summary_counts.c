// SPDX-License-Identifier: MIT
/* What the PMU counted, a call: medians of launches, then theirs. */
#include <math.h>

#include "quiet.h"
#include "stats.h"
#include "summary.h"

#define QUIET_LEAST 5 /* batches of a launch, for a median of the quiet ones */

static double cycles_of(const struct sample *sample)
{
	return sample->cycles;
}

static double instructions_user_of(const struct sample *sample)
{
	return sample->instructions_user;
}

static double instructions_kernel_of(const struct sample *sample)
{
	return sample->instructions_kernel;
}

/* A figure of a batch, and the counters that it needs. */
struct figure {
	double (*of)(const struct sample *sample);
	uint32_t needs;
};

/* The values of one launch's batches that have one; how many. */
static size_t gather(const struct figure *figure, const struct sample *samples,
		     size_t count, const struct quiet_level *level,
		     double *values)
{
	size_t gathered = 0;

	for (size_t i = 0; i < count; i++)
		if ((samples[i].counted & figure->needs) == figure->needs &&
		    (!level || quiet_is_quiet(samples[i].jumps, level)))
			values[gathered++] = figure->of(&samples[i]);
	return gathered;
}

/* Of the quiet batches or, where those are too few, of all; NAN: none. */
static double launch_median(const struct figure *figure,
			    const struct sample *samples, size_t count,
			    const struct quiet_level *level, double *work)
{
	size_t gathered = gather(figure, samples, count, level, work);

	if (gathered < QUIET_LEAST)
		gathered = gather(figure, samples, count, NULL, work);
	return stats_median(work, gathered);
}

/*
 * Of the arm's launches, more than half of which must have counted. Below 0
 * is 0: no batch is cut, or noise around 0 would become a cost.
 */
static double median_of_launches(const struct figure *figure,
				 const struct estimate *estimate,
				 const struct session *session,
				 const struct trial *trial,
				 const struct quiet_level *level, double *work,
				 double *medians)
{
	size_t launches = 0, next;

	for (size_t i = 0; i < trial->count; i = next) {
		uint32_t launch = trial->samples[i].launch;

		for (next = i; next < trial->count &&
			       trial->samples[next].launch == launch;)
			next++;
		if (session->launches[launch].planned.arm != estimate->arm)
			continue;
		medians[launches] = launch_median(figure, &trial->samples[i],
						  next - i, level, work);
		launches += !isnan(medians[launches]);
	}
	if (2 * launches <= estimate->launches)
		return NAN;
	return fmax(stats_median(medians, launches), 0);
}

void summary_count(struct estimate *estimate, const struct session *session,
		   const struct trial *trial, const struct quiet_level *level,
		   double *work, double *medians)
{
	static const struct figure cycles = { cycles_of, COUNTERS_CYCLES };
	static const struct figure instructions[] = {
		{ instructions_user_of, 1U << COUNTER_INSTRUCTIONS_USER },
		{ instructions_kernel_of, 1U << COUNTER_INSTRUCTIONS_KERNEL },
	};
	double counted = median_of_launches(&cycles, estimate, session, trial,
					    level, work, medians);

	estimate->cycles_counted = !isnan(counted);
	if (estimate->cycles_counted)
		estimate->core_cycles = counted;
	estimate->instructions_user =
		median_of_launches(&instructions[0], estimate, session, trial,
				   level, work, medians);
	estimate->instructions_kernel =
		median_of_launches(&instructions[1], estimate, session, trial,
				   level, work, medians);
}
