// SPDX-License-Identifier: MIT
/* Reasons to distrust the figures: one table. */
#include "doubts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "registry.h"

#define COARSE_NS     50 /* a batch is then under 1,000 steps */
#define DRIFT_PPM     50
#define SHARED_SHARE  0.10
#define DIRTY_SHARE   0.05
#define STEAL_SHARE   0.01
#define UNSTABLE_ROWS 0.10

struct evidence {
	const struct session *session;
	const struct summary *summary;
	char status[4096]; /* /proc/self/status */
};

/* Writes why into `text` and says true where there is reason to doubt. */
typedef bool doubt_test(const struct evidence *evidence, char *text,
			size_t size);

static bool clock_is_kernels(const struct evidence *evidence, char *text,
			     size_t size)
{
	const struct clock *clock = &evidence->session->clock;

	snprintf(text, size, "timed by CLOCK_MONOTONIC_RAW: %s", clock->reason);
	return !clock->counter;
}

static bool clock_is_coarse(const struct evidence *evidence, char *text,
			    size_t size)
{
	double ns = clock_granularity_ns(&evidence->session->clock);

	snprintf(text, size, "the clock moves in steps of %.0f ns", ns);
	return ns > COARSE_NS;
}

static bool clock_drifted(const struct evidence *evidence, char *text,
			  size_t size)
{
	double ppm = evidence->session->clock.drift_ppm;

	snprintf(text, size,
		 "the counter's rate moved by %.0f ppm during the "
		 "run",
		 ppm);
	return ppm > DRIFT_PPM;
}

static bool run_is_incomplete(const struct evidence *evidence, char *text,
			      size_t size)
{
	const struct session *session = evidence->session;

	snprintf(text, size, "%u of %u launches were measured%s%s",
		 session->launches_done, session->launch_count,
		 session->problem[0] ? ": " : "", session->problem);
	return session->launches_done < session->launch_count;
}

static bool core_was_shared(const struct evidence *evidence, char *text,
			    size_t size)
{
	double alone = evidence->session->alone;
	double shared = isfinite(alone) ? 1 - alone : evidence->session->shared;

	snprintf(text, size,
		 "somebody else was on this core %.0f %% of the "
		 "time: quiet figures are adjusted",
		 100 * shared);
	return shared > SHARED_SHARE;
}

static bool no_quiet_moment(const struct evidence *evidence, char *text,
			    size_t size)
{
	snprintf(text, size,
		 "the core was never ours alone: the figures are "
		 "those of a shared core, not of a quiet one");
	return evidence->session->no_quiet && !evidence->session->history.runs;
}

static bool quiet_is_borrowed(const struct evidence *evidence, char *text,
			      size_t size)
{
	unsigned int runs = evidence->session->history.runs;

	snprintf(text, size,
		 "the core was never ours alone: quiet figures "
		 "are extrapolated by what %u earlier run%s of this boot saw",
		 runs, runs == 1 ? "" : "s");
	return evidence->session->no_quiet && runs;
}

static bool time_was_stolen(const struct evidence *evidence, char *text,
			    size_t size)
{
	const struct cpu_times *a = &evidence->session->cpu_start;
	const struct cpu_times *b = &evidence->session->cpu_end;
	double total = (double)(b->total - a->total);
	double share = total > 0 ? (double)(b->steal - a->steal) / total : 0;

	snprintf(text, size, "the hypervisor took %.0f %% of this CPU (steal)",
		 100 * share);
	return share > STEAL_SHARE;
}

static bool batches_were_dirty(const struct evidence *evidence, char *text,
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

static bool rows_are_unstable(const struct evidence *evidence, char *text,
			      size_t size)
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

static bool entries_differ(const struct evidence *evidence, char *text,
			   size_t size)
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

static bool entries_uncounted(const struct evidence *evidence, char *text,
			      size_t size)
{
	size_t count = count_flagged(evidence->summary, FLAG_UNCOUNTED);

	snprintf(text, size,
		 "the kernel entries of %zu rows could not be "
		 "counted (no ptrace)",
		 count);
	return count > 0;
}

static bool clock_reads_fall_back(const struct evidence *evidence, char *text,
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

static bool launches_are_few(const struct evidence *evidence, char *text,
			     size_t size)
{
	unsigned int launches = evidence->session->options->launches;

	snprintf(text, size, "%u launch%s give no 95 %% interval", launches,
		 launches == 1 ? "" : "es");
	return launches < 6;
}

static bool task_is_filtered(const struct evidence *evidence, char *text,
			     size_t size)
{
	char mode[16] = "", filters[16] = "?";

	facts_value(evidence->status, "Seccomp", mode, sizeof(mode));
	facts_value(evidence->status, "Seccomp_filters", filters,
		    sizeof(filters));
	snprintf(text, size, "every entry passes seccomp (mode %s, %s filters)",
		 mode, filters);
	return mode[0] && strcmp(mode, "0") != 0;
}

static bool task_is_traced(const struct evidence *evidence, char *text,
			   size_t size)
{
	char tracer[16] = "";

	facts_value(evidence->status, "TracerPid", tracer, sizeof(tracer));
	snprintf(text, size, "a tracer is attached (pid %s)", tracer);
	return tracer[0] && strcmp(tracer, "0") != 0;
}

static bool state_changed(const struct evidence *evidence, char *text,
			  size_t size)
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

// clang-format off
static const struct {
	const char *id;
	enum severity severity;
	doubt_test *test;
	const char *remedy;
} table[] = {
	{ "incomplete",	  SEVERITY_SERIOUS, run_is_incomplete,
	  "run again" },
	{ "clock",	  SEVERITY_SERIOUS, clock_is_kernels,
	  "bare metal, or a hypervisor that lets the counter through" },
	{ "clock_drift",  SEVERITY_SERIOUS, clock_drifted,
	  "let the machine's clock settle, run again" },
	{ "state_changed", SEVERITY_SERIOUS, state_changed,
	  "find out who changed it; see arms in run.json" },
	{ "traced",	  SEVERITY_SERIOUS, task_is_traced,
	  "detach the tracer" },
	{ "entries",	  SEVERITY_SERIOUS, entries_differ,
	  "do not trust these rows; tell us, with run.json" },
	{ "no_quiet",	  SEVERITY_SERIOUS, no_quiet_moment,
	  "bare metal, an idle sibling, or a longer run" },
	{ "quiet_borrowed", SEVERITY_DOUBT, quiet_is_borrowed,
	  "bare metal, an idle sibling, or a longer run" },
	{ "core_shared",  SEVERITY_DOUBT,   core_was_shared,
	  "bare metal, or an idle sibling" },
	{ "steal",	  SEVERITY_DOUBT,   time_was_stolen,
	  "bare metal, or --profile=full" },
	{ "dirty",	  SEVERITY_DOUBT,   batches_were_dirty,
	  "stop other work on this CPU, or isolate it" },
	{ "unstable",	  SEVERITY_DOUBT,   rows_are_unstable,
	  "a quieter machine, or --profile=full" },
	{ "granularity",  SEVERITY_DOUBT,   clock_is_coarse,
	  "none: batches are as long as the step asks for" },
	{ "few_launches", SEVERITY_DOUBT,   launches_are_few,
	  "--launches=6 or more" },
	{ "seccomp",	  SEVERITY_DOUBT,   task_is_filtered,
	  "run outside the container, or compare like with like" },
	{ "falls_back",	  SEVERITY_NOTE,    clock_reads_fall_back,
	  "expected for CPU-time clocks; else another clocksource" },
	{ "uncounted",	  SEVERITY_NOTE,    entries_uncounted,
	  "allow ptrace (kernel.yama.ptrace_scope, the container's filter)" },
};
// clang-format on

static int by_severity(const void *a, const void *b)
{
	const struct doubt *x = a, *y = b;

	return (int)y->severity - (int)x->severity;
}

size_t doubts_find(struct doubt *doubts, const struct session *session,
		   const struct summary *summary)
{
	struct evidence evidence = { .session = session, .summary = summary };
	size_t count = 0;

	facts_file("/proc/self/status", evidence.status,
		   sizeof(evidence.status));
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct doubt *doubt = &doubts[count];

		if (!table[i].test(&evidence, doubt->message,
				   sizeof(doubt->message)))
			continue;
		doubt->id = table[i].id;
		doubt->severity = table[i].severity;
		doubt->remedy = table[i].remedy;
		count++;
	}
	qsort(doubts, count, sizeof(*doubts), by_severity);
	return count;
}

const char *doubts_severity_text(enum severity severity)
{
	static const char *const texts[] = { "note", "doubt", "serious" };

	return texts[severity];
}
