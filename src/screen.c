// SPDX-License-Identifier: MIT
/* What a person sees: the table, the doubts. */
#include "screen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"
#include "registry.h"
#include "stats.h"
#include "terminal.h"
#include "version.h"

void screen_list(FILE *out, const struct session *session)
{
	for (unsigned int i = 0; i < registry_count(); i++)
		if (session->trials[i].selected)
			fprintf(out, "%-*s  %-7s  %s\n", SCREEN_NAME_WIDTH,
				registry_get(i)->name,
				registry_get(i)->benchmark->full ? "full"
								 : "default",
				registry_get(i)->benchmark->summary);
}

static void print_head(FILE *out, const struct session *session)
{
	const struct options *options = session->options;
	char line[1024];

	environment_machine_line(session->environment, line, sizeof(line));
	fprintf(out,
		"syscost %s · %s · CPU %d · %u launches × %u batches · "
		"%.0f s\n",
		SYSCOST_VERSION, line, session->choice.cpu, options->launches,
		options->rounds, (double)session->wall_ns / 1e9);
	environment_state_line(session->environment, line, sizeof(line));
	fprintf(out, "%s\n", line);
}

void screen_ns(FILE *out, double ns, int width)
{
	if (!isfinite(ns))
		fprintf(out, "%*s", width, "-");
	else if (ns >= 1e7)
		fprintf(out, "%*.2fM", width - 1, ns / 1e6);
	else
		fprintf(out, "%*.*f", width,
			ns < 10	    ? 2
			: ns < 1000 ? 1
				    : 0,
			ns);
}

static void print_times(FILE *out, double value, int width)
{
	if (!isfinite(value))
		fprintf(out, "%*s", width, "-");
	else if (value >= 1e6)
		fprintf(out, "%*.1fM", width - 1, value / 1e6);
	else
		fprintf(out, "%*.*f", width, value < 10 ? 1 : 0, value);
}

static void print_estimate(FILE *out, const struct session *session,
			   const struct estimate *e)
{
	double call_ns = session->yardstick_ns[YARDSTICK_CALL];
	char flags[96];

	fprintf(out, "%-*s", SCREEN_NAME_WIDTH,
		registry_get(e->benchmark)->name);
	terminal_begin(out, STYLE_HEADLINE);
	screen_ns(out, e->quiet, 9);
	fputs(" ns", out);
	terminal_end(out);
	screen_ns(out, e->quiet_low, 9);
	fputs(isfinite(e->quiet_low) ? " – " : "   ", out);
	screen_ns(out, e->quiet_high, 7);
	screen_ns(out, e->median, 12);
	screen_ns(out, e->floor, 8);
	print_times(out, e->core_cycles, 8);
	print_times(out, e->quiet / call_ns, 8);
	/* What concerns all rows is a doubt and no flag; rows that vary as
	 * measured have a short mark, since on a shared core that is most. */
	summary_flag_text(e->flags & ~(FLAG_FEW | FLAG_UNSTABLE |
				       FLAG_NO_QUIET | FLAG_EMULATED),
			  flags, sizeof(flags));
	fprintf(out, "%s%s%s\n", e->flags & FLAG_UNSTABLE ? " ~" : "",
		flags[0] ? "  " : "", flags);
}

/* A group's rows and what the middle one costs: the order of the table. */
struct section {
	const struct benchmark_group *group;
	double middle;
};

static int by_cost(const void *a, const void *b)
{
	const struct section *x = a, *y = b;

	return (x->middle > y->middle) - (x->middle < y->middle);
}

/* The median over a group's rows of one arm; `work` has room for all. */
static double middle_cost(const struct summary *summary,
			  const struct benchmark_group *group, double *work)
{
	size_t count = 0;

	for (size_t i = 0; i < summary->count; i++) {
		const struct estimate *e = &summary->estimates[i];

		if (registry_get(e->benchmark)->group == group)
			work[count++] = e->quiet;
	}
	return stats_median(work, count);
}

/* Groups stand together in the catalogue. */
static size_t find_sections(const struct summary *summary,
			    struct section *sections, double *work)
{
	size_t count = 0;

	for (size_t i = 0; i < summary->count; i++) {
		const struct benchmark_group *group =
			registry_get(summary->estimates[i].benchmark)->group;

		if (count && sections[count - 1].group == group)
			continue;
		sections[count].group = group;
		sections[count++].middle = middle_cost(summary, group, work);
	}
	qsort(sections, count, sizeof(*sections), by_cost);
	return count;
}

static void print_section(FILE *out, const struct session *session,
			  const struct summary *summary, unsigned int arm,
			  const struct benchmark_group *group)
{
	fputc('\n', out);
	for (size_t i = 0; i < summary->count; i++) {
		const struct estimate *e = &summary->estimates[i];

		if (e->arm == arm && registry_get(e->benchmark)->group == group)
			print_estimate(out, session, e);
	}
}

/* An estimate is marked, also where it is that of one row alone. */
static const char *cycles_title(const struct summary *summary, unsigned int arm)
{
	for (size_t i = 0; i < summary->count; i++)
		if (summary->estimates[i].arm == arm &&
		    !summary->estimates[i].cycles_counted)
			return "~cycles";
	return "cycles";
}

/* An arm beside others is named, with its conditions in brackets. */
static void print_titles(FILE *out, const struct session *session,
			 const struct summary *summary, unsigned int arm)
{
	const struct options *options = session->options;
	char conditions[CONDITIONS_TEXT_BYTES], name[256] = "";

	conditions_text(&options->arms[arm].conditions, conditions,
			sizeof(conditions));
	if (options->arm_count > 1)
		snprintf(name, sizeof(name), "%s%s%s%s",
			 options->arms[arm].name, conditions[0] ? " [" : "",
			 conditions, conditions[0] ? "]" : "");
	if (strlen(name) >= SCREEN_NAME_WIDTH) {
		fprintf(out, "\n%s", name);
		name[0] = '\0';
	}
	fprintf(out, "\n%-*s%12s%19s%12s%8s%8s%8s\n", SCREEN_NAME_WIDTH, name,
		"quiet core", "95 % interval", "as measured", "floor",
		cycles_title(summary, arm), "x call");
}

void screen_emulation(FILE *out, const struct session *session)
{
	if (emulation_is_known(&session->emulation))
		fputs("\n" EMULATION_LABEL, out);
}

static void print_table(FILE *out, const struct session *session,
			const struct summary *summary, unsigned int arm)
{
	struct section *sections =
		calloc(summary->count + 1, sizeof(*sections));
	double *work = calloc(summary->count + 1, sizeof(*work));
	size_t count = 0;

	if (sections && work)
		count = find_sections(summary, sections, work);
	screen_emulation(out, session);
	print_titles(out, session, summary, arm);
	for (size_t i = 0; i < count; i++)
		print_section(out, session, summary, arm, sections[i].group);
	free(sections);
	free(work);
}

/* Another reference than was meant is said. */
static bool print_skipped_arms(FILE *out, const struct session *session)
{
	const struct options *options = session->options;
	bool any = false;

	for (unsigned int i = 0; i < options->arm_count; i++) {
		if (!session->arms[i].skipped[0])
			continue;
		if (!any)
			fputs("\nskipped\n", out);
		any = true;
		fprintf(out, "  arm %-*s  %s\n", SCREEN_NAME_WIDTH - 6,
			options->arms[i].name, session->arms[i].skipped);
	}
	if (session->reference)
		fprintf(out, "  so that the reference is %s\n",
			options->arms[session->reference].name);
	return any;
}

static void print_skipped(FILE *out, const struct session *session)
{
	bool any = print_skipped_arms(out, session);

	for (unsigned int i = 0; i < registry_count(); i++) {
		const struct trial *trial = &session->trials[i];

		if (!trial->selected || trial->tried.calls)
			continue;
		if (!any)
			fputs("\nskipped\n", out);
		any = true;
		fprintf(out, "  %-*s  %s\n", SCREEN_NAME_WIDTH - 2,
			registry_get(i)->name, trial->tried.reason);
	}
}

static void print_mark(FILE *out, enum severity severity)
{
	static const char *const marks[] = { "· ", "! ", "!!" };

	fputs("  ", out);
	if (severity != SEVERITY_NOTE)
		terminal_begin(out, severity == SEVERITY_SERIOUS ? STYLE_SERIOUS
								 : STYLE_DOUBT);
	fputs(marks[severity], out);
	if (severity != SEVERITY_NOTE)
		terminal_end(out);
}

static void print_doubts(FILE *out, const struct doubt *doubts, size_t count)
{
	if (count)
		fputs("\ndoubts\n", out);
	for (size_t i = 0; i < count; i++) {
		print_mark(out, doubts[i].severity);
		fprintf(out, " %s → %s\n", doubts[i].message, doubts[i].remedy);
	}
}

void screen_results(FILE *out, const struct session *session,
		    const struct summary *summary, const struct doubt *doubts,
		    size_t doubt_count)
{
	print_head(out, session);
	for (unsigned int i = 0; i < session->options->arm_count; i++)
		if (!session->arms[i].skipped[0])
			print_table(out, session, summary, i);
	print_skipped(out, session);
	print_doubts(out, doubts, doubt_count);
}
