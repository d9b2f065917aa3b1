// SPDX-License-Identifier: MIT
/* What a person sees of single calls: a table beside that of the batches. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "distribution.h"
#include "registry.h"
#include "screen.h"

static void print_row(FILE *out, const struct session *session,
		      unsigned int benchmark, unsigned int arm)
{
	const struct distribution *distribution =
		distribution_get(session, benchmark, arm);
	struct distribution_quantile quantile;

	if (!distribution)
		return;
	fprintf(out, "%-*s", SCREEN_NAME_WIDTH, distribution_name(benchmark));
	for (int i = 0; i < DISTRIBUTION_QUANTILES; i++) {
		distribution_quantile(session, distribution, i, &quantile);
		screen_ns(out, quantile.middle, 10);
	}
	screen_ns(out,
		  (double)distribution->ticks.most /
			  session->clock.ticks_per_ns,
		  12);
	fputc('\n', out);
}

static void print_arm(FILE *out, const struct session *session,
		      unsigned int arm)
{
	const struct options *options = session->options;
	const struct benchmark_group *group = NULL;

	if (!distribution_get(session, registry_count(), arm))
		return;
	screen_emulation(out, session);
	fprintf(out, "\n%-*s%10s%10s%10s%10s%12s\n", SCREEN_NAME_WIDTH,
		options->arm_count > 1 ? options->arms[arm].name : "", "p50",
		"p90", "p99", "p99.9", "max ns");
	print_row(out, session, registry_count(), arm);
	for (unsigned int i = 0; i < registry_count(); i++) {
		if (distribution_get(session, i, arm) &&
		    group != registry_get(i)->group) {
			group = registry_get(i)->group;
			fputc('\n', out);
		}
		print_row(out, session, i, arm);
	}
}

static bool comes_in_turns(unsigned int benchmark)
{
	return registry_get(benchmark)->benchmark->per_turn > 1;
}

/* For one of the two reasons that a row may have. */
static void print_refused(FILE *out, const struct session *session, bool turns,
			  const char *heading)
{
	char reason[DISTRIBUTION_REASON_BYTES];
	unsigned int count = 0;

	for (unsigned int i = 0; i < registry_count(); i++) {
		if (!session->trials[i].selected ||
		    !session->trials[i].tried.calls ||
		    comes_in_turns(i) != turns ||
		    !distribution_row_refused(session, i, reason))
			continue;
		fprintf(out, "%s %s", count++ ? "," : heading,
			registry_get(i)->name);
	}
	if (count)
		fputc('\n', out);
}

static void print_refused_rows(FILE *out, const struct session *session)
{
	char heading[96];

	snprintf(heading, sizeof(heading),
		 "  not stamped, under %d steps of the clock (%.2g ns):",
		 DISTRIBUTION_LEAST_STEPS, distribution_least_ns(session));
	print_refused(out, session, false, heading);
	print_refused(out, session, true,
		      "  not stamped, many to a turn of the loop:");
}

static void print_refused_arms(FILE *out, const struct session *session)
{
	for (unsigned int i = 0; i < session->options->arm_count; i++)
		if (!session->arms[i].skipped[0] &&
		    distribution_arm_refused(session, i))
			fprintf(out, "  arm %s not stamped: %s\n",
				session->options->arms[i].name,
				distribution_arm_refused(session, i));
}

static void print_lost(FILE *out, const struct distributions *all)
{
	for (unsigned int i = 0; i < all->launch_count; i++)
		if (all->launch[i].problem[0])
			fprintf(out, "  launch %u was lost: %s\n", i,
				all->launch[i].problem);
}

void screen_distribution(FILE *out, const struct session *session)
{
	const struct distributions *all = session->distributions;

	if (!all)
		return;
	fprintf(out,
		"\nsingle calls, each between stamps of its own · "
		"%u launches an arm · %.0f s\n",
		all->launches, (double)all->wall_ns / 1e9);
	for (unsigned int i = 0; i < session->options->arm_count; i++)
		print_arm(out, session, i);
	fputc('\n', out);
	if (all->launches_done)
		fputs("  every figure holds the stamps (first line), as "
		      "measured: not to be set against a batch's\n",
		      out);
	if (all->problem[0])
		fprintf(out, "  nothing was stamped: %s\n", all->problem);
	print_refused_rows(out, session);
	print_refused_arms(out, session);
	print_lost(out, all);
}
