// SPDX-License-Identifier: MIT
/* scaling.csv: a line a row and arm. */
#include <math.h>

#include "registry.h"
#include "scaling.h"

static void print_cell(FILE *file, double value, const char *format)
{
	fputc(',', file);
	if (isfinite(value))
		fprintf(file, format, value);
}

static void print_interval(FILE *file, const struct stats_interval *interval,
			   const char *format)
{
	print_cell(file, interval->middle, format);
	print_cell(file, interval->low, format);
	print_cell(file, interval->high, format);
}

/* A list of CPUs has commas: those with spaces need no quotes. */
static void print_cpus(FILE *file, const char *cpus)
{
	fputc(',', file);
	for (; *cpus; cpus++)
		fputc(*cpus == ',' ? ' ' : *cpus, file);
}

void scaling_write(const struct scaling *scaling, const struct session *session,
		   FILE *file)
{
	fputs("benchmark,arm,threads,launches,counted,together_share,"
	      "confidence,main_ns,"
	      "main_low_ns,main_high_ns,slowest_ns,slowest_low_ns,"
	      "slowest_high_ns,fastest_ns,fastest_low_ns,fastest_high_ns,"
	      "calls_per_s,calls_low_per_s,calls_high_per_s,efficiency,"
	      "efficiency_low,efficiency_high,cpus,cores\n",
	      file);
	for (size_t i = 0; i < scaling->count; i++) {
		const struct scaling_row *row = &scaling->rows[i];
		const struct arm_record *arm = &session->arms[row->arm];

		fprintf(file, "%s,%s,%u,%u,%u",
			registry_get(row->benchmark)->name,
			session->options->arms[row->arm].name, row->threads,
			row->launches, row->counted);
		print_cell(file, row->together, "%.5f");
		print_cell(file, row->main.confidence, "%.4f");
		print_interval(file, &row->main, "%.6f");
		print_interval(file, &row->slowest, "%.6f");
		print_interval(file, &row->fastest, "%.6f");
		print_interval(file, &row->rate, "%.1f");
		print_interval(file, &row->efficiency, "%.5f");
		print_cpus(file, arm->cpus);
		fprintf(file, ",%u\n", arm->cores);
	}
}
