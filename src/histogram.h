/* SPDX-License-Identifier: MIT */
/* Counts of ticks in buckets that widen with their value. */
#ifndef SYSCOST_HISTOGRAM_H
#define SYSCOST_HISTOGRAM_H

#include <stdint.h>

/*
 * As in HdrHistogram (hdrhistogram.org): an octave has equally wide buckets,
 * 64 of them, so that none is wider than 1/64 of its lower bound; under 128
 * ticks each value has its own. From 127 * 2^29 ticks on (half a minute at 2
 * GHz) all is in the last.
 */
#define HISTOGRAM_BITS	  6
#define HISTOGRAM_OCTAVE  (1U << HISTOGRAM_BITS)
#define HISTOGRAM_BUCKETS 1984U /* 31 of them */

struct histogram {
	uint64_t calls;
	uint64_t most; /* ticks, exact */
	uint32_t counts[HISTOGRAM_BUCKETS];
};

/* Here rather than in the .c file, for what stands between two timed calls. */
static inline unsigned int histogram_bucket(uint64_t ticks)
{
	unsigned int top = 63 - (unsigned int)__builtin_clzll(ticks | 1);
	unsigned int shift = top > HISTOGRAM_BITS ? top - HISTOGRAM_BITS : 0;
	uint64_t bucket =
		((uint64_t)shift << HISTOGRAM_BITS) + (ticks >> shift);

	return bucket < HISTOGRAM_BUCKETS ? (unsigned int)bucket
					  : HISTOGRAM_BUCKETS - 1;
}

static inline void histogram_note(struct histogram *histogram, uint64_t ticks)
{
	histogram->calls++;
	histogram->counts[histogram_bucket(ticks)]++;
	if (ticks > histogram->most)
		histogram->most = ticks;
}

/* The least ticks in a bucket, and the least in the next; of the last
 * UINT64_MAX, since it is open. */
uint64_t histogram_low(unsigned int bucket);
uint64_t histogram_high(unsigned int bucket);

void histogram_add(struct histogram *sum, const struct histogram *part);

/*
 * The least ticks that so many in 1,000 of the calls do not exceed, in ticks:
 * the middle of their bucket. NAN where fewer than 10 calls lie beyond.
 */
double histogram_quantile(const struct histogram *histogram,
			  unsigned int per_mille);

#endif
