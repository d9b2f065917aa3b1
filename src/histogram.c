// SPDX-License-Identifier: MIT
/* Counts of ticks in buckets that widen with their value. */
#include "histogram.h"

#include <math.h>

#define BEYOND_LEAST 10U /* fewer say little of where a quantile lies */

uint64_t histogram_low(unsigned int bucket)
{
	if (bucket < 2 * HISTOGRAM_OCTAVE)
		return bucket;
	return (uint64_t)(bucket % HISTOGRAM_OCTAVE + HISTOGRAM_OCTAVE)
	       << (bucket / HISTOGRAM_OCTAVE - 1);
}

uint64_t histogram_high(unsigned int bucket)
{
	return bucket + 1 < HISTOGRAM_BUCKETS ? histogram_low(bucket + 1)
					      : UINT64_MAX;
}

void histogram_add(struct histogram *sum, const struct histogram *part)
{
	sum->calls += part->calls;
	if (part->most > sum->most)
		sum->most = part->most;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum->counts[i] += part->counts[i];
}

/* Nothing lies beyond the largest value that was seen. */
static double middle(const struct histogram *histogram, unsigned int bucket)
{
	double most = (double)histogram->most;

	if (bucket + 1 == HISTOGRAM_BUCKETS)
		return most;
	return fmin(((double)histogram_low(bucket) +
		     (double)histogram_high(bucket) - 1) /
			    2,
		    most);
}

double histogram_quantile(const struct histogram *histogram,
			  unsigned int per_mille)
{
	uint64_t rank = (histogram->calls * per_mille + 999) / 1000, seen = 0;

	if (histogram->calls * (1000 - per_mille) < BEYOND_LEAST * 1000UL)
		return NAN;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->counts[i];
		if (seen && seen >= rank)
			return middle(histogram, i);
	}
	return NAN;
}
