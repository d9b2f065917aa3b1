// SPDX-License-Identifier: MIT
/* What a person sees of threads in one call at once: a table of its own. */
#include <math.h>

#include "environment.h"
#include "registry.h"
#include "scaling.h"
#include "screen.h"

static void print_rate(FILE *out, double rate, int width)
{
	if (isfinite(rate))
		fprintf(out, "%*.*f", width, rate < 1e7 ? 2 : 1, rate / 1e6);
	else
		fprintf(out, "%*s", width, "-");
}

static void print_row(FILE *out, const struct scaling_row *row, bool first)
{
	fprintf(out, "%-*s%8u", SCREEN_NAME_WIDTH,
		first ? registry_get(row->benchmark)->name : "", row->threads);
	screen_ns(out, row->main.middle, 9);
	screen_ns(out, row->slowest.middle, 9);
	screen_ns(out, row->fastest.middle, 9);
	print_rate(out, row->rate.middle, 10);
	print_rate(out, row->rate.low, 8);
	fputs(isfinite(row->rate.low) ? " – " : "   ", out);
	print_rate(out, row->rate.high, 6);
	if (isfinite(row->efficiency.middle))
		fprintf(out, "%8.0f %%", 100 * row->efficiency.middle);
	else
		fprintf(out, "%10s", "-");
	fprintf(out, "%8.0f %%\n", 100 * row->together);
}

static void print_share(FILE *out, const char *text, double share)
{
	if (isfinite(share))
		fprintf(out, "%s%.0f %%", text, 100 * share);
}

/* What the probes found says more than a hypervisor does about whether the
 * threads share a core. */
static void print_place(FILE *out, const struct session *session,
			unsigned int arm)
{
	const struct arm_record *record = &session->arms[arm];
	unsigned int threads = scaling_threads(session, arm);

	fprintf(out, "  %s: CPU%s %s", session->options->arms[arm].name,
		threads > 1 ? "s" : "", record->cpus);
	if (threads > record->cores)
		fprintf(out, ", %u threads on %u core%s", threads,
			record->cores, record->cores == 1 ? "" : "s");
	else if (threads > 1)
		fputs(", a core each", out);
	if (threads > 1 && environment_is(session->environment, "hypervisor"))
		fputs(" as the hypervisor has it", out);
	print_share(out, "; probes that found the core theirs alone: ",
		    record->alone);
	fputc('\n', out);
}

void screen_scaling(FILE *out, const struct session *session,
		    const struct scaling *scaling)
{
	if (!scaling->count)
		return;
	fputs("\nthreads in one call at once, as measured (no core is quiet "
	      "here)\n",
	      out);
	screen_emulation(out, session);
	fprintf(out, "\n%-*s%8s%9s%9s%9s%10s%17s%10s%10s\n", SCREEN_NAME_WIDTH,
		"ns a call of a thread, and in all", "threads", "main",
		"slowest", "fastest", "M calls/s", "95 % interval", "of ideal",
		"together");
	for (size_t i = 0; i < scaling->count; i++) {
		const struct scaling_row *row = &scaling->rows[i];
		bool first = !i || row[-1].benchmark != row->benchmark;

		print_row(out, row, first);
	}
	fputc('\n', out);
	for (unsigned int i = 0; i < session->options->arm_count; i++)
		if (session->arms[i].cores)
			print_place(out, session, i);
}
