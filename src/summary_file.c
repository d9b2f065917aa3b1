// SPDX-License-Identifier: MIT
/* summary.csv: a line an estimate. */
#include <math.h>

#include "registry.h"
#include "summary.h"

int summary_flag_text(unsigned int flags, char *text, size_t size)
{
	static const char *const words[] = {
		"falls_back", "entries_differ", "uncounted", "unstable",
		"few",	      "no_quiet",	"modes",     "emulated",
	};
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (flags >> i & 1)
			length += (size_t)snprintf(text + length, size - length,
						   "%s%s", length ? " " : "",
						   words[i]);
	return (int)length;
}

/* A cell, empty where the value is not known. */
static void print_cell(FILE *file, double value, const char *format)
{
	fputc(',', file);
	if (isfinite(value))
		fprintf(file, format, value);
}

static const char *cycles_from(const struct estimate *e)
{
	if (!isfinite(e->core_cycles))
		return "";
	return e->cycles_counted ? "pmu" : "adds";
}

static void print_estimate(FILE *file, const struct estimate *e,
			   const char *arm)
{
	const double ns[] = { e->median, e->median_low, e->median_high,
			      e->floor,	 e->p25,	e->p75,
			      e->mean };
	char flags[96];

	summary_flag_text(e->flags, flags, sizeof(flags));
	fprintf(file, "%s,%s,%u,%zu", registry_get(e->benchmark)->name, arm,
		e->launches, e->batches);
	print_cell(file, e->quiet, "%.6f");
	print_cell(file, e->quiet_low, "%.6f");
	print_cell(file, e->quiet_high, "%.6f");
	print_cell(file, e->confidence, "%.4f");
	for (size_t i = 0; i < sizeof(ns) / sizeof(ns[0]); i++)
		print_cell(file, ns[i], "%.6f");
	print_cell(file, e->mdape, "%.5f");
	print_cell(file, e->median_ticks, "%.3f");
	print_cell(file, e->net, "%.6f");
	print_cell(file, e->core_cycles, "%.2f");
	print_cell(file, e->dirty_share, "%.5f");
	print_cell(file, e->quiet_share, "%.5f");
	fprintf(file, ",%s,%s", flags, cycles_from(e));
	print_cell(file, e->instructions_user, "%.2f");
	print_cell(file, e->instructions_kernel, "%.2f");
	fputc('\n', file);
}

void summary_write(const struct summary *summary, const struct session *session,
		   FILE *file)
{
	fputs("benchmark,arm,launches,batches,quiet_ns,quiet_low_ns,"
	      "quiet_high_ns,confidence,median_ns,median_low_ns,"
	      "median_high_ns,floor_ns,p25_ns,p75_ns,mean_ns,mdape,"
	      "median_ticks,net_ns,core_cycles,dirty_share,quiet_share,"
	      "flags,core_cycles_from,instructions_user,"
	      "instructions_kernel\n",
	      file);
	for (size_t i = 0; i < summary->count; i++)
		print_estimate(
			file, &summary->estimates[i],
			session->options->arms[summary->estimates[i].arm].name);
}
