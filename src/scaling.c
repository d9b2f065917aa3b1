// SPDX-License-Identifier: MIT
/* How rows scale: medians over launches of what each launch knows. */
#include "scaling.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "registry.h"

unsigned int scaling_threads(const struct session *session, unsigned int arm)
{
	double threads =
		session->options->arms[arm].conditions.value[CONDITION_THREADS];

	return threads > 1 ? (unsigned int)threads : 1;
}

bool scaling_is_wanted(const struct session *session)
{
	for (unsigned int i = 0; i < session->options->arm_count; i++)
		if (scaling_threads(session, i) > 1 &&
		    !session->arms[i].skipped[0])
			return true;
	return false;
}

bool scaling_concerns(const struct session *session, unsigned int arm)
{
	return scaling_is_wanted(session) &&
	       (scaling_threads(session, arm) > 1 || arm == session->reference);
}

/* The launch of the reference in the same pass, where it has one thread. */
static const struct launch_record *partner_of(const struct session *session,
					      unsigned int launch)
{
	unsigned int arms[ARMS_MOST], count = session_arms(session, arms);
	unsigned int first = launch / count * count;

	if (scaling_threads(session, session->reference) > 1)
		return NULL;
	for (unsigned int i = first; i < first + count; i++)
		if (session->launches[i].planned.arm == session->reference)
			return session->launches[i].scaled
				       ? &session->launches[i]
				       : NULL;
	return NULL;
}

static double efficiency(const struct session *session, unsigned int launch,
			 const struct scaling_row *row)
{
	const struct launch_record *one = partner_of(session, launch);

	return one ? session->launches[launch].scaled[row->benchmark].rate /
			       one->scaled[row->benchmark].rate / row->threads
		   : NAN;
}

enum figure { MAIN, SLOWEST, FASTEST, RATE, TOGETHER, EFFICIENCY };

static double figure_of(const struct session *session, unsigned int launch,
			const struct scaling_row *row, enum figure which)
{
	const struct scaled *scaled =
		&session->launches[launch].scaled[row->benchmark];

	switch (which) {
	case MAIN:
		return scaled->main_ns;
	case SLOWEST:
		return scaled->slowest_ns;
	case FASTEST:
		return scaled->fastest_ns;
	case RATE:
		return scaled->rate;
	case TOGETHER:
		return scaled->together;
	default:
		return efficiency(session, launch, row);
	}
}

/* Over the arm's launches that know it; *launches is how many. */
static struct stats_interval over_launches(const struct session *session,
					   const struct scaling_row *row,
					   enum figure which, double *values,
					   unsigned int *launches)
{
	*launches = 0;
	for (unsigned int i = 0; i < session->launch_count; i++) {
		if (session->launches[i].planned.arm != row->arm ||
		    !session->launches[i].scaled)
			continue;
		values[*launches] = figure_of(session, i, row, which);
		*launches += !isnan(values[*launches]);
	}
	return stats_median_interval(values, *launches);
}

static void fill(struct scaling_row *row, const struct session *session,
		 double *values)
{
	struct stats_interval together;
	unsigned int pairs;

	together =
		over_launches(session, row, TOGETHER, values, &row->launches);
	row->together = together.middle;
	row->main = over_launches(session, row, MAIN, values, &row->counted);
	row->slowest =
		over_launches(session, row, SLOWEST, values, &row->counted);
	row->fastest =
		over_launches(session, row, FASTEST, values, &row->counted);
	row->rate = over_launches(session, row, RATE, values, &row->counted);
	row->efficiency =
		over_launches(session, row, EFFICIENCY, values, &pairs);
}

int scaling_make(struct scaling *scaling, const struct session *session)
{
	unsigned int arms = session->options->arm_count;
	double *values = calloc(session->launch_count + 1, sizeof(*values));

	scaling->count = 0;
	scaling->rows = calloc((size_t)registry_count() * arms + 1,
			       sizeof(*scaling->rows));
	if (!values || !scaling->rows) {
		free(values);
		scaling_free(scaling);
		return -ENOMEM;
	}
	for (unsigned int i = 0; i < registry_count() * arms; i++) {
		struct scaling_row *row = &scaling->rows[scaling->count];

		*row = (struct scaling_row){ .benchmark = i / arms,
					     .arm = i % arms };
		row->threads = scaling_threads(session, row->arm);
		if (session->trials[row->benchmark].count &&
		    scaling_concerns(session, row->arm))
			fill(row, session, values);
		scaling->count += row->launches > 0;
	}
	free(values);
	return 0;
}

void scaling_free(struct scaling *scaling)
{
	free(scaling->rows);
	scaling->rows = NULL;
	scaling->count = 0;
}
