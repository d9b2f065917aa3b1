// SPDX-License-Identifier: MIT
/* From samples to estimates: adjust, take launch medians, then their median. */
#include "summary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "quiet.h"
#include "registry.h"
#include "stats.h"

_Static_assert(ARMS_MOST <= QUIET_ARMS_MOST, "a curve has room for all arms");

#define UNSTABLE_MDAPE 0.05 /* nanobench's threshold */
#define FEW_LAUNCHES   6    /* the least with a 95 % interval */
#define MODES_LAUNCHES 10   /* to tell clusters from chance */
#define MODES_SHARE    0.01 /* of the cost: a gap that matters */

/* One benchmark's batches as columns, arms pooled. */
struct columns {
	size_t count;
	double *cost, *jumps, *chain, *adjusted;
	double *work, *kept; /* scratch of the same size */
	unsigned int *arm;
};

static int columns_make(struct columns *columns, const struct trial *trial,
			const struct session *session)
{
	size_t room = trial->count + session->launch_count + 1;
	double *block = calloc(room * 6, sizeof(*block));

	columns->arm = calloc(room, sizeof(*columns->arm));
	if (!block || !columns->arm) {
		free(block);
		free(columns->arm);
		return -ENOMEM;
	}
	columns->count = trial->count;
	columns->cost = block;
	columns->jumps = block + room;
	columns->chain = block + 2 * room;
	columns->adjusted = block + 3 * room;
	columns->work = block + 4 * room;
	columns->kept = block + 5 * room;
	for (size_t i = 0; i < trial->count; i++) {
		const struct sample *sample = &trial->samples[i];

		columns->cost[i] = sample->ns;
		columns->jumps[i] = sample->jumps;
		columns->chain[i] = sample->chain;
		columns->arm[i] = session->launches[sample->launch].planned.arm;
	}
	return 0;
}

static void columns_free(struct columns *columns)
{
	free(columns->cost);
	free(columns->arm);
}

/* The median of each launch of the arm: samples come launch by launch. */
static unsigned int launch_medians(const struct trial *trial,
				   const struct columns *columns,
				   const double *values, unsigned int arm,
				   double *medians)
{
	unsigned int launches = 0;
	size_t next;

	for (size_t i = 0; i < trial->count; i = next) {
		size_t length = 0;

		for (next = i;
		     next < trial->count &&
		     trial->samples[next].launch == trial->samples[i].launch;
		     next++)
			columns->work[length++] = values[next];
		if (columns->arm[i] == arm)
			medians[launches++] =
				stats_median(columns->work, length);
	}
	return launches;
}

static struct stats_interval median_interval(const double *medians,
					     size_t count, double *work)
{
	memcpy(work, medians, count * sizeof(*work));
	return stats_median_interval(work, count);
}

/* Everything that is said of the batches rather than of the launches. */
static void describe_batches(struct estimate *estimate,
			     const struct trial *trial,
			     const struct columns *columns,
			     const struct quiet_level *level)
{
	double *kept = columns->kept, sum = 0;
	size_t count = 0, dirty = 0, quiet = 0;

	for (size_t i = 0; i < columns->count; i++) {
		if (columns->arm[i] != estimate->arm)
			continue;
		kept[count++] = columns->cost[i];
		sum += columns->cost[i];
		dirty += trial->samples[i].dirty;
		quiet += quiet_is_quiet(columns->jumps[i], level);
	}
	estimate->batches = count;
	estimate->mean = sum / (double)count;
	estimate->dirty_share = (double)dirty / (double)count;
	estimate->quiet_share = (double)quiet / (double)count;
	estimate->mdape =
		stats_mdape(kept, count, estimate->median, columns->work);
	stats_sort(kept, count);
	estimate->floor = kept[0];
	estimate->p25 = stats_quantile(kept, count, 0.25);
	estimate->p75 = stats_quantile(kept, count, 0.75);
}

/* The quiet launch medians, so that a neighbour who comes and goes is none. */
static bool has_modes(const struct estimate *estimate, double *work)
{
	size_t count = estimate->launches;
	double gap;

	if (count < MODES_LAUNCHES)
		return false;
	memcpy(work, estimate->launch_quiet, count * sizeof(*work));
	stats_sort(work, count);
	gap = stats_widest_gap(work, count);
	return gap > (work[count - 1] - work[0]) / 2 &&
	       gap > MODES_SHARE * estimate->quiet;
}

static unsigned int find_flags(const struct estimate *estimate,
			       const struct session *session,
			       const struct tried *tried)
{
	const struct benchmark *benchmark =
		registry_get(tried->benchmark)->benchmark;
	double expected = benchmark->entries * (double)tried->entry_calls;
	bool crowded = session->arms[estimate->arm].crowded;
	unsigned int flags = session->no_quiet || crowded ? FLAG_NO_QUIET : 0;

	if (emulation_is_known(&session->emulation))
		flags |= FLAG_EMULATED;
	if (tried->entries < 0)
		flags |= benchmark->uncounted ? 0 : FLAG_UNCOUNTED;
	else if (benchmark->entries == 0 && tried->entries > 0)
		flags |= FLAG_FALLS_BACK;
	else if (fabs((double)tried->entries - expected) > 0.5)
		flags |= FLAG_ENTRIES_DIFFER;
	if (estimate->mdape >= UNSTABLE_MDAPE)
		flags |= FLAG_UNSTABLE;
	if (estimate->launches < FEW_LAUNCHES)
		flags |= FLAG_FEW;
	return flags;
}

static int estimate_arm(struct estimate *estimate,
			const struct session *session,
			const struct trial *trial,
			const struct columns *columns,
			const struct quiet_level *level)
{
	struct stats_interval quiet, median;
	size_t room = session->launch_count;
	bool crowded = session->arms[estimate->arm].crowded;

	estimate->launch_quiet = calloc(2 * room, sizeof(double));
	if (!estimate->launch_quiet)
		return -ENOMEM;
	estimate->launch_median = estimate->launch_quiet + room;
	launch_medians(trial, columns,
		       crowded ? columns->cost : columns->adjusted,
		       estimate->arm, estimate->launch_quiet);
	estimate->launches = launch_medians(trial, columns, columns->cost,
					    estimate->arm,
					    estimate->launch_median);
	if (!estimate->launches) {
		free(estimate->launch_quiet);
		estimate->launch_quiet = NULL;
		return 0;
	}
	quiet = median_interval(estimate->launch_quiet, estimate->launches,
				columns->work);
	median = median_interval(estimate->launch_median, estimate->launches,
				 columns->work);
	estimate->quiet = quiet.middle;
	estimate->quiet_low = quiet.low;
	estimate->quiet_high = quiet.high;
	estimate->confidence = quiet.confidence;
	estimate->median = median.middle;
	estimate->median_low = median.low;
	estimate->median_high = median.high;
	estimate->median_ticks = median.middle * session->clock.ticks_per_ns;
	estimate->net = quiet.middle - session->yardstick_ns[YARDSTICK_LOOP];
	estimate->core_cycles = quiet.middle * session_core_ghz(session);
	estimate->instructions_user = estimate->instructions_kernel = NAN;
	describe_batches(estimate, trial, columns, level);
	summary_count(estimate, session, trial, level, columns->work,
		      columns->kept);
	estimate->flags = find_flags(estimate, session, &trial->tried);
	if (has_modes(estimate, columns->work))
		estimate->flags |= FLAG_MODES;
	return 0;
}

static int estimate_benchmark(struct summary *summary,
			      const struct session *session,
			      unsigned int benchmark)
{
	struct trial *trial = &session->trials[benchmark];
	const struct quiet_curve *borrowed =
		session->no_quiet && session->history.runs
			? &session->history.curves[benchmark]
			: NULL;
	unsigned int arms = session->options->arm_count;
	struct columns columns;
	struct quiet_batches batches;
	int error = columns_make(&columns, trial, session);

	if (error)
		return error;
	batches = (struct quiet_batches){
		.count = columns.count,
		.cost = columns.cost,
		.jumps = columns.jumps,
		.chain = columns.chain,
		.arm = columns.arm,
		.arms = arms,
	};
	error = quiet_adjust(&batches, &session->level, borrowed,
			     columns.adjusted, &trial->fit);
	for (unsigned int arm = 0; !error && arm < arms; arm++) {
		struct estimate *estimate = &summary->estimates[summary->count];

		*estimate =
			(struct estimate){ .benchmark = benchmark, .arm = arm };
		error = estimate_arm(estimate, session, trial, &columns,
				     &trial->fit.used.level);
		summary->count += estimate->launch_quiet != NULL;
	}
	columns_free(&columns);
	return error;
}

int summary_make(struct summary *summary, const struct session *session)
{
	unsigned int places = registry_count() * session->options->arm_count;
	int error = 0;

	summary->count = 0;
	summary->estimates = calloc(places + 1, sizeof(struct estimate));
	if (!summary->estimates)
		return -ENOMEM;
	for (unsigned int i = 0; !error && i < registry_count(); i++)
		if (session->trials[i].count)
			error = estimate_benchmark(summary, session, i);
	if (error)
		summary_free(summary);
	return error;
}

void summary_free(struct summary *summary)
{
	for (size_t i = 0; i < summary->count; i++)
		free(summary->estimates[i].launch_quiet);
	free(summary->estimates);
	summary->estimates = NULL;
	summary->count = 0;
}
