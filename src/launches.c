// SPDX-License-Identifier: MIT
/* launches.csv: what became of each launch, and what happened meanwhile. */
#include "launches.h"

#include <math.h>
#include <string.h>

#include "text.h"

static void print_cell(FILE *file, double value, int decimals)
{
	if (isfinite(value))
		fprintf(file, "%.*f", decimals, value);
	putc(',', file);
}

static void print_deltas(FILE *file, const struct deltas *deltas)
{
	print_cell(file, deltas->nvcsw, 0);
	print_cell(file, deltas->nivcsw, 0);
	print_cell(file, deltas->minflt, 0);
	print_cell(file, deltas->majflt, 0);
	print_cell(file, deltas->ran_ms, 3);
	print_cell(file, deltas->other_ms, 3);
	print_cell(file, deltas->steal_ms, 3);
	print_cell(file, deltas->irq_ms, 3);
	print_cell(file, deltas->softirq_ms, 3);
	print_cell(file, deltas->interrupts, 0);
	print_cell(file, deltas->softirqs, 0);
	print_cell(file, deltas->run_delay_ms, 6);
	print_cell(file, deltas->core_throttles, 0);
	print_cell(file, deltas->package_throttles, 0);
	print_cell(file, deltas->khz_before, 0);
	print_cell(file, deltas->khz_after, 0);
}

/* RFC 4180: in quotes where it has to be. A worker's words may hold anything;
 * without control bytes a line of the file stays one. */
static void print_text(FILE *file, const char *words)
{
	char text[sizeof(((struct launch_record *)NULL)->problem)];

	snprintf(text, sizeof(text), "%s", words);
	text_make_printable(text);
	if (!strpbrk(text, ",\"")) {
		fputs(text, file);
		return;
	}
	putc('"', file);
	for (const char *at = text; *at; at++) {
		if (*at == '"')
			putc('"', file);
		putc(*at, file);
	}
	putc('"', file);
}

void launches_print(FILE *file, const struct session *session,
		    unsigned int index)
{
	const struct launch_record *launch = &session->launches[index];
	const struct launched *launched = &launch->launched;
	double alone = launched->alone_share;

	fprintf(file, "%u,%s,%u,%d,", index,
		session->options->arms[launch->planned.arm].name,
		launch->planned.block, launch->done);
	print_cell(file, (double)launch->wall_ns / 1e6, 6);
	print_cell(file, launch->done ? launch->timed_ns / 1e6 : NAN, 6);
	print_cell(file, launched->deltas.window_ms, 6);
	print_deltas(file, &launched->deltas);
	print_cell(file, session_launch_ghz(session, index), 6);
	print_cell(file, launched->deltas.drift_ppm, 3);
	print_cell(file, alone >= 0 ? alone : NAN, 6);
	fprintf(file, "%u,", launch->padding);
	print_text(file, launch->problem);
	putc('\n', file);
}
