// SPDX-License-Identifier: MIT
/* What happened to the CPU during all the launches of a session. */
#include <math.h>
#include <unistd.h>

#include "facts.h"
#include "session.h"

#define SHARE_BLUR	 0.02
#define BUSY_TICKS_LEAST 20 /* a share of fewer is rounding */

/* A sum of what is known, and the time in which it came about. */
struct part {
	double sum;
	double window_ms;
	unsigned int launches;
};

static void add(struct part *part, double value, const struct deltas *deltas)
{
	if (!isfinite(value) || !(deltas->window_ms > 0))
		return;
	part->sum += value;
	part->window_ms += deltas->window_ms;
	part->launches++;
}

/* What is counted in steps is wrong by about half a step a launch, to either
 * side: too little was watched where that says nothing any more. Rounding can
 * also make next to nothing less than that. */
static double share(const struct part *part, double step_ms)
{
	double blur_ms = step_ms / 2 * sqrt(part->launches);

	if (!part->launches || blur_ms > SHARE_BLUR * part->window_ms)
		return NAN;
	return fmax(part->sum, 0) / part->window_ms;
}

/* A tracer of ours or the command of a wrapped arm is another process too, and
 * no foreign load. */
static bool has_company(const struct arm *arm)
{
	return arm->wrap || conditions_have(&arm->conditions, CONDITION_TRACED);
}

static void add_extremes(struct totals *totals, const struct deltas *deltas)
{
	/* fmin and fmax take the number where the other is NAN. */
	totals->khz_least = fmin(totals->khz_least,
				 fmin(deltas->khz_before, deltas->khz_after));
	totals->khz_most = fmax(totals->khz_most,
				fmax(deltas->khz_before, deltas->khz_after));
	totals->drift_ppm = fmax(totals->drift_ppm, fabs(deltas->drift_ppm));
}

/* Of the core's other CPU, from the first launch's start to the last's end. */
static double busy_share(const struct session *session)
{
	const struct cpu_times *a = &session->sibling_start;
	const struct cpu_times *b = &session->sibling_end;

	if (session->choice.sibling < 0 || a->ran == FACTS_UNKNOWN ||
	    b->ran == FACTS_UNKNOWN || b->total < a->total + BUSY_TICKS_LEAST)
		return NAN;
	return (double)(b->ran - a->ran) / (double)(b->total - a->total);
}

void session_total(struct session *session)
{
	struct part steal = { 0 }, irq = { 0 }, other = { 0 }, waited = { 0 };
	struct part throttles = { 0 };
	double tick_ms = 1000.0 / (double)sysconf(_SC_CLK_TCK);
	struct totals totals = {
		.khz_least = NAN,
		.khz_most = NAN,
		.drift_ppm = NAN,
	};

	for (unsigned int i = 0; i < session->launch_count; i++) {
		const struct launch_record *launch = &session->launches[i];
		const struct deltas *deltas = &launch->launched.deltas;

		if (!launch->done)
			continue;
		add(&steal, deltas->steal_ms, deltas);
		add(&irq, deltas->irq_ms + deltas->softirq_ms, deltas);
		add(&waited, deltas->run_delay_ms, deltas);
		if (!has_company(&session->options->arms[launch->planned.arm]))
			add(&other, deltas->other_ms, deltas);
		add(&throttles, deltas->core_throttles, deltas);
		add(&throttles, deltas->package_throttles, deltas);
		add_extremes(&totals, deltas);
		totals.migrated += launch->migrated;
	}
	totals.steal_share = share(&steal, tick_ms);
	totals.irq_share = share(&irq, tick_ms);
	totals.other_share = share(&other, tick_ms);
	totals.waited_share = share(&waited, 0);
	totals.throttles = throttles.launches ? throttles.sum : NAN;
	totals.sibling_share = busy_share(session);
	session->totals = totals;
}
