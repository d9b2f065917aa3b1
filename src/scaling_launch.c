// SPDX-License-Identifier: MIT
/* What one launch knows of how rows scale: medians over its batches. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "registry.h"
#include "scaling.h"

bool scaling_fits(const struct row *rows, size_t count,
		  const struct share *shares, size_t share_count,
		  unsigned int others)
{
	if (share_count != count * others)
		return false;
	for (size_t i = 0; i < share_count; i++)
		if (shares[i].thread != 1 + i % others ||
		    shares[i].seq != rows[i / others].seq)
			return false;
	return true;
}

/* A launch that is being noted. */
struct noting {
	const struct row *rows;
	size_t count;
	const struct share *shares;
	unsigned int others;
	double ticks_per_ns;
	double *values; /* `count` places */
};

static struct share share_of(const struct noting *noting, size_t row,
			     unsigned int thread)
{
	if (thread)
		return noting->shares[row * noting->others + thread - 1];
	return (struct share){ .calls = noting->rows[row].calls,
			       .ticks = noting->rows[row].ticks };
}

/* Was every thread in the row for most of the batch? One that was not, since
 * somebody else had its CPU, left the others alone. */
static bool is_together(const struct noting *noting, size_t row)
{
	for (unsigned int i = 1; i <= noting->others; i++) {
		struct share share = share_of(noting, row, i);

		if (!share.calls || share.ticks < noting->rows[row].ticks / 2)
			return false;
	}
	return true;
}

static double call_ns(const struct noting *noting, size_t row,
		      unsigned int thread)
{
	struct share share = share_of(noting, row, thread);

	return (double)share.ticks / noting->ticks_per_ns / (double)share.calls;
}

/* Calls a second of all threads in one batch. */
static double batch_rate(const struct noting *noting, size_t row,
			 unsigned int unused)
{
	double rate = 0;

	(void)unused;
	for (unsigned int i = 0; i <= noting->others; i++)
		rate += 1e9 / call_ns(noting, row, i);
	return rate;
}

/* Over the row's batches in which all were together; how many in *found. */
static double median_of(const struct noting *noting, uint32_t benchmark,
			double (*figure)(const struct noting *noting,
					 size_t row, unsigned int thread),
			unsigned int thread, size_t *found)
{
	*found = 0;
	for (size_t i = 0; i < noting->count; i++)
		if (noting->rows[i].benchmark == benchmark &&
		    is_together(noting, i))
			noting->values[(*found)++] = figure(noting, i, thread);
	return stats_median(noting->values, *found);
}

static size_t count_batches(const struct noting *noting, uint32_t benchmark)
{
	size_t count = 0;

	for (size_t i = 0; i < noting->count; i++)
		count += noting->rows[i].benchmark == benchmark;
	return count;
}

static struct scaled scale(const struct noting *noting, uint32_t benchmark)
{
	struct scaled scaled;
	size_t found;

	scaled.rate = median_of(noting, benchmark, batch_rate, 0, &found);
	scaled.together =
		(double)found / (double)count_batches(noting, benchmark);
	scaled.main_ns = median_of(noting, benchmark, call_ns, 0, &found);
	scaled.slowest_ns = scaled.fastest_ns = scaled.main_ns;
	for (unsigned int i = 1; i <= noting->others; i++) {
		double ns = median_of(noting, benchmark, call_ns, i, &found);

		scaled.slowest_ns = fmax(scaled.slowest_ns, ns);
		scaled.fastest_ns = fmin(scaled.fastest_ns, ns);
	}
	return scaled;
}

/* The CPUs are known by the first launch of the arm that has shares. */
static int note_place(struct arm_record *arm, const struct row *row,
		      const struct share *shares, unsigned int others)
{
	int *cpus = calloc(others + 1, sizeof(*cpus));
	struct topology *topology;

	if (!cpus)
		return -ENOMEM;
	cpus[0] = row->cpu;
	for (unsigned int i = 0; i < others; i++)
		cpus[i + 1] = shares[i].cpu;
	if (topology_load(&topology) == 0) {
		arm->cores = topology_list(topology, cpus, others + 1,
					   arm->cpus, sizeof(arm->cpus));
		topology_free(topology);
	}
	free(cpus);
	return 0;
}

int scaling_note(struct session *session, unsigned int launch,
		 const struct row *rows, size_t count,
		 const struct share *shares, unsigned int others)
{
	struct launch_record *record = &session->launches[launch];
	struct arm_record *arm = &session->arms[record->planned.arm];
	struct noting noting = {
		.rows = rows,
		.count = count,
		.shares = shares,
		.others = others,
		.ticks_per_ns = session->clock.ticks_per_ns,
	};
	int error = 0;

	if (!count || !scaling_concerns(session, record->planned.arm) ||
	    others + 1 != scaling_threads(session, record->planned.arm))
		return 0;
	if (!arm->cores)
		error = note_place(arm, rows, shares, others);
	noting.values = calloc(count, sizeof(*noting.values));
	record->scaled = calloc(registry_count(), sizeof(*record->scaled));
	if (!noting.values || !record->scaled)
		error = -ENOMEM;
	for (unsigned int i = 0; !error && i < registry_count(); i++)
		record->scaled[i] = scale(&noting, i);
	free(noting.values);
	return error;
}

void scaling_forget(struct launch_record *record)
{
	free(record->scaled);
	record->scaled = NULL;
}
