// SPDX-License-Identifier: MIT
/* What run.json says of the PMU's counters. */
#include "record_counters.h"

#include <math.h>
#include <stdlib.h>

#include "put.h"
#include "stats.h"

/* Of the launches that were measured: how many, how many counted cycles of
 * user and kernel, and how many anything. */
struct tally {
	unsigned int done, cycles, any;
	const char *why; /* the first reason not to count all; NULL */
};

static struct tally tally(const struct session *session)
{
	struct tally tally = { 0 };

	for (unsigned int i = 0; i < session->launch_count; i++) {
		const struct launch_record *launch = &session->launches[i];
		const struct counted *counted = &launch->launched.counted;

		if (!launch->done)
			continue;
		tally.done++;
		tally.any += counted->counters != 0;
		tally.cycles += (counted->counters & COUNTERS_CYCLES) ==
				COUNTERS_CYCLES;
		if (!tally.why && counted->why[0])
			tally.why = counted->why;
	}
	return tally;
}

/* The median over the launches that counted it; NAN: none. */
static double overhead(const struct session *session, enum counter counter,
		       double *values)
{
	size_t count = 0;

	for (unsigned int i = 0; i < session->launch_count; i++) {
		const struct launch_record *launch = &session->launches[i];
		const struct counts *counts =
			&launch->launched.counted.overhead;

		if (launch->done && counts->counted >> counter & 1)
			values[count++] = (double)counts->of[counter];
	}
	return stats_median(values, count);
}

static json_t *overheads(const struct session *session)
{
	double *values = calloc(session->launch_count + 1, sizeof(*values));
	json_t *json = json_object();

	for (unsigned int i = 0; values && i < COUNTERS; i++)
		put_real(json, counter_names[i], overhead(session, i, values));
	free(values);
	return json;
}

json_t *record_counters(const struct session *session)
{
	struct tally counted = tally(session);
	json_t *json = json_object();

	put_text(json, "source", counted.any ? "pmu" : NULL);
	put_text(json, "why_not", counted.why);
	put_bool(json, "kernel",
		 counted.done && counted.cycles == counted.done);
	put_count(json, "launches", counted.any);
	json_object_set_new(json, "overhead", overheads(session));
	return json;
}

void record_launch_counters(json_t *launch, const struct counted *counted)
{
	json_t *names = json_array();

	for (unsigned int i = 0; i < COUNTERS; i++)
		if (counted->counters >> i & 1)
			json_array_append_new(names,
					      json_string(counter_names[i]));
	json_object_set_new(launch, "counted", names);
	put_text(launch, "why_not_counted",
		 counted->why[0] ? counted->why : NULL);
}

const char *record_cycles_from(const struct session *session)
{
	struct tally counted = tally(session);

	if (!counted.cycles)
		return emulation_is_known(&session->emulation)
			       ? NULL
			       : "a chain of dependent adds";
	if (counted.cycles == counted.done)
		return "the PMU's cycles, user and kernel";
	return "the PMU's cycles or a chain of dependent adds: "
	       "summary.csv says which";
}
