// SPDX-License-Identifier: MIT
/* Doubts about what was measured: the clock, the core, the batches, the rows.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "doubt_tests.h"
#include "environment.h"
#include "registry.h"

#define COARSE_NS     50     /* a batch is then under 1,000 steps */
#define STAMPS_SHARE  0.0051 /* a batch is longer, unless at its most */
#define DRIFT_PPM     50
#define SHARED_SHARE  0.10
#define DIRTY_SHARE   0.05
#define STEAL_SHARE   0.01
#define OTHER_SHARE   0.05
#define KHZ_SHARE     0.05
#define UNSTABLE_ROWS 0.10
#define MODES_ROWS    0.05

bool clock_is_kernels(const struct evidence *evidence, char *text, size_t size)
{
	const struct clock *clock = &evidence->session->clock;

	snprintf(text, size, "timed by CLOCK_MONOTONIC_RAW: %s", clock->reason);
	return !clock->counter;
}

bool clock_is_coarse(const struct evidence *evidence, char *text, size_t size)
{
	double ns = clock_granularity_ns(&evidence->session->clock);

	snprintf(text, size, "the clock moves in steps of %.0f ns", ns);
	return ns > COARSE_NS;
}

bool stamps_are_slow(const struct evidence *evidence, char *text, size_t size)
{
	const struct session *session = evidence->session;
	double ns = clock_stamp_ns(&session->clock);
	double share = ns / session->batch_ns;

	snprintf(text, size,
		 "two stamps take %.1f us, %.1f %% of a batch: by so much "
		 "the figures may be too high",
		 ns / 1e3, 100 * share);
	return share > STAMPS_SHARE;
}

bool clock_drifted(const struct evidence *evidence, char *text, size_t size)
{
	const struct session *session = evidence->session;
	double ppm = fmax(session->clock.drift_ppm, session->totals.drift_ppm);

	snprintf(text, size,
		 "the counter's rate moved by %.0f ppm during the "
		 "run",
		 ppm);
	return ppm > DRIFT_PPM;
}

bool run_is_incomplete(const struct evidence *evidence, char *text, size_t size)
{
	const struct session *session = evidence->session;

	snprintf(text, size, "%u of %u launches were measured%s%s",
		 session->launches_done, session->launch_count,
		 session->problem[0] ? ": " : "", session->problem);
	return session->launches_done < session->launch_count;
}

/* The kernel knows the load of a core's other CPU if that is ours; a guest's
 * may be anybody's, and its own siblings need not be real. */
static void name_neighbour(const struct session *session, char *name,
			   size_t size)
{
	double busy = session->totals.sibling_share;

	if (busy > SHARED_SHARE / 2)
		snprintf(name, size, "CPU %d, its other thread, busy %.0f %%,",
			 session->choice.sibling, 100 * busy);
	else if (emulation_is_known(&session->emulation))
		snprintf(name, size, "something else on the host");
	else if (environment_is(session->environment, "hypervisor"))
		snprintf(name, size, "another tenant of the host");
	else
		snprintf(name, size, "somebody else");
}

bool core_was_shared(const struct evidence *evidence, char *text, size_t size)
{
	double alone = evidence->session->alone;
	double shared = isfinite(alone) ? 1 - alone : evidence->session->shared;
	char neighbour[128];

	name_neighbour(evidence->session, neighbour, sizeof(neighbour));

	snprintf(text, size,
		 "%s was on this core %.0f %% of the time: quiet figures are "
		 "adjusted",
		 neighbour, 100 * shared);
	return shared > SHARED_SHARE;
}

bool no_quiet_moment(const struct evidence *evidence, char *text, size_t size)
{
	snprintf(text, size,
		 "the core was never ours alone: the figures are "
		 "those of a shared core, not of a quiet one");
	return evidence->session->no_quiet && !evidence->session->history.runs;
}

bool quiet_is_borrowed(const struct evidence *evidence, char *text, size_t size)
{
	unsigned int runs = evidence->session->history.runs;

	snprintf(text, size,
		 "the core was never ours alone: quiet figures "
		 "are extrapolated by what %u earlier run%s of this boot saw",
		 runs, runs == 1 ? "" : "s");
	return evidence->session->no_quiet && runs;
}

bool time_was_stolen(const struct evidence *evidence, char *text, size_t size)
{
	double share = evidence->session->totals.steal_share;

	snprintf(text, size, "the hypervisor took %.0f %% of this CPU (steal)",
		 100 * share);
	return share > STEAL_SHARE;
}

/* Ticks are rounded: what is less than this may be none. */
bool others_ran(const struct evidence *evidence, char *text, size_t size)
{
	double share = evidence->session->totals.other_share;

	snprintf(text, size,
		 "other processes had %.0f %% of this CPU while it was "
		 "measured",
		 100 * share);
	return share > OTHER_SHARE;
}

bool was_throttled(const struct evidence *evidence, char *text, size_t size)
{
	double times = evidence->session->totals.throttles;

	snprintf(text, size,
		 "the CPU was throttled %.0f times while it was measured",
		 times);
	return times > 0;
}

bool frequency_moved(const struct evidence *evidence, char *text, size_t size)
{
	const struct totals *totals = &evidence->session->totals;

	snprintf(text, size,
		 "the CPU's frequency lay between %.2f and %.2f GHz",
		 totals->khz_least / 1e6, totals->khz_most / 1e6);
	return totals->khz_most > (1 + KHZ_SHARE) * totals->khz_least;
}

bool batches_were_dirty(const struct evidence *evidence, char *text,
			size_t size)
{
	const struct summary *summary = evidence->summary;
	double dirty = 0, all = 0;

	for (size_t i = 0; i < summary->count; i++) {
		const struct estimate *e = &summary->estimates[i];

		dirty += e->dirty_share * (double)e->batches;
		all += (double)e->batches;
	}
	snprintf(text, size,
		 "%.0f %% of the batches were preempted, moved or "
		 "faulted",
		 all > 0 ? 100 * dirty / all : 0);
	return all > 0 && dirty / all > DIRTY_SHARE;
}

/* Estimates with `flag`, of all arms. */
static size_t count_flagged(const struct summary *summary, unsigned int flag)
{
	size_t count = 0;

	for (size_t i = 0; i < summary->count; i++)
		count += !!(summary->estimates[i].flags & flag);
	return count;
}

bool rows_are_unstable(const struct evidence *evidence, char *text, size_t size)
{
	const struct summary *summary = evidence->summary;
	size_t unstable = count_flagged(summary, FLAG_UNSTABLE);

	snprintf(text, size,
		 "%zu of %zu rows (~) vary by 5 %% and more from "
		 "batch to batch as measured",
		 unstable, summary->count);
	return (double)unstable > UNSTABLE_ROWS * (double)summary->count;
}

/* The names of the rows with `flag`, as many as fit; how many there are. */
static size_t list_rows(const struct evidence *evidence, unsigned int flag,
			char *text, size_t size)
{
	const struct summary *summary = evidence->summary;
	unsigned int reference = evidence->session->reference;
	size_t count = 0, length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < summary->count; i++) {
		const struct estimate *e = &summary->estimates[i];
		const char *name = registry_get(e->benchmark)->name;

		if (!(e->flags & flag) || e->arm != reference)
			continue;
		count++;
		if (length + strlen(name) + 8 < size)
			length += (size_t)snprintf(text + length, size - length,
						   "%s%s",
						   count > 1 ? ", " : "", name);
		else if (strcmp(text + length - 3, "...") != 0)
			length += (size_t)snprintf(text + length, size - length,
						   " ...");
	}
	return count;
}

/* One row in fifty has them by chance where launches are few. */
bool launches_have_modes(const struct evidence *evidence, char *text,
			 size_t size)
{
	size_t count = count_flagged(evidence->summary, FLAG_MODES);
	char names[128];

	list_rows(evidence, FLAG_MODES, names, sizeof(names));
	snprintf(text, size,
		 "the launches of %zu rows lie in two clusters, of which the "
		 "median is neither: %s",
		 count, names);
	return (double)count > MODES_ROWS * (double)evidence->summary->count;
}

bool entries_differ(const struct evidence *evidence, char *text, size_t size)
{
	char names[128];
	size_t count =
		list_rows(evidence, FLAG_ENTRIES_DIFFER, names, sizeof(names));

	snprintf(text, size,
		 "%zu rows enter the kernel another number of "
		 "times than they say: %s",
		 count, names);
	return count > 0;
}

bool entries_uncounted(const struct evidence *evidence, char *text, size_t size)
{
	size_t count = count_flagged(evidence->summary, FLAG_UNCOUNTED);

	snprintf(text, size,
		 "the kernel entries of %zu rows could not be "
		 "counted (no ptrace)",
		 count);
	return count > 0;
}

bool clock_reads_fall_back(const struct evidence *evidence, char *text,
			   size_t size)
{
	char names[160];
	size_t count =
		list_rows(evidence, FLAG_FALLS_BACK, names, sizeof(names));

	snprintf(text, size,
		 "%zu user-space reads enter the kernel after all: "
		 "%s",
		 count, names);
	return count > 0;
}

bool launches_are_few(const struct evidence *evidence, char *text, size_t size)
{
	unsigned int launches = evidence->session->options->launches;

	snprintf(text, size, "%u launch%s give no 95 %% interval", launches,
		 launches == 1 ? "" : "es");
	return launches < 6;
}

bool state_changed(const struct evidence *evidence, char *text, size_t size)
{
	const struct options *options = evidence->session->options;
	size_t length = (size_t)snprintf(
		text, size, "launches were not all in the state of their arm:");
	bool changed = false;

	for (unsigned int i = 0; i < options->arm_count; i++) {
		if (!evidence->session->arms[i].changed)
			continue;
		changed = true;
		if (length < size)
			length += (size_t)snprintf(text + length, size - length,
						   " %s",
						   options->arms[i].name);
	}
	return changed;
}
