// SPDX-License-Identifier: MIT
/* Chooses and calibrates the clock that stamps batches. */
#include "clock.h"

#include <math.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>

#include "arch.h"
#include "stats.h"

#define SETTLE_NS 100000000ULL /* agrees to 1e-7: docs/method.md */
#define BRACKETS  50
#define PAIRS	  4000

uint64_t clock_raw_ns(void)
{
	struct timespec now = { 0, 0 };

	syscall2(SYS_clock_gettime, CLOCK_MONOTONIC_RAW, (long)&now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

struct clock_anchor clock_anchor(bool counter)
{
	struct clock_anchor best = { .width_ticks = UINT64_MAX };

	if (!counter) {
		best.width_ticks = 0;
		best.raw_ns = best.ticks = clock_raw_ns();
		return best;
	}
	for (int i = 0; i < BRACKETS; i++) {
		uint64_t before = counter_begin();
		uint64_t raw_ns = clock_raw_ns();
		uint64_t after = counter_end();

		if (after - before < best.width_ticks) {
			best.width_ticks = after - before;
			best.ticks = before + best.width_ticks / 2;
			best.raw_ns = raw_ns;
		}
	}
	return best;
}

uint64_t clock_gcd(const uint64_t *deltas, unsigned int count)
{
	uint64_t divisor = 0;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t a = deltas[i];

		while (a) {
			uint64_t rest = divisor % a;

			divisor = a;
			a = rest;
		}
	}
	return divisor ? divisor : 1;
}

/* A clock that stands still between two reads moves by the least that it moved
 * at all: its step need not be a whole number of ticks (62, 63, 62 ... of a
 * us), so that the divisor would be too small. Else the divisor. */
static uint64_t step_of(const uint64_t *deltas, unsigned int count)
{
	uint64_t least = UINT64_MAX;
	bool stands = false;

	for (unsigned int i = 0; i < count; i++) {
		stands = stands || !deltas[i];
		if (deltas[i] && deltas[i] < least)
			least = deltas[i];
	}
	return stands && least != UINT64_MAX ? least : clock_gcd(deltas, count);
}

static void measure_stamps(struct clock *clock)
{
	static uint64_t deltas[PAIRS];
	double pairs[PAIRS];

	for (int i = 0; i < PAIRS; i++) {
		uint64_t begin = clock->counter ? counter_begin()
						: clock_raw_ns();

		deltas[i] = (clock->counter ? counter_end() : clock_raw_ns()) -
			    begin;
		pairs[i] = (double)deltas[i];
	}
	clock->granularity_ticks = step_of(deltas, PAIRS);
	clock->stamp_ticks = (uint64_t)stats_median(pairs, PAIRS);
}

static double rate(struct clock_anchor from, struct clock_anchor to)
{
	return (double)(to.ticks - from.ticks) /
	       (double)(to.raw_ns - from.raw_ns);
}

/* Spins rather than sleeps: the CPU is to be awake when measuring begins. */
static struct clock_anchor wait_since(struct clock_anchor start, bool counter,
				      uint64_t ns)
{
	while (clock_raw_ns() - start.raw_ns < ns)
		;
	return clock_anchor(counter);
}

void clock_start(struct clock *clock, enum clock_choice choice)
{
	const char *unfit;

	*clock = (struct clock){ 0 };
	clock_read_facts(&clock->facts);
	unfit = clock_judge(&clock->facts);
	if (choice == CLOCK_RAW)
		unfit = "asked for by --clock=raw";
	if (choice == CLOCK_COUNTER && clock->facts.present)
		unfit = NULL;
	clock->counter = !unfit;
	snprintf(clock->reason, sizeof(clock->reason), "%s",
		 unfit ? unfit : "");
	clock->stated_hz = clock->facts.present ? counter_stated_hz() : 0;
	clock->start = clock_anchor(clock->counter);
	measure_stamps(clock);
	clock->settled = wait_since(clock->start, clock->counter, 5000000);
	clock->ticks_per_ns = rate(clock->start, clock->settled);
}

void clock_settle(struct clock *clock)
{
	clock->settled = wait_since(clock->start, clock->counter, SETTLE_NS);
	clock->ticks_per_ns = rate(clock->start, clock->settled);
}

void clock_finish(struct clock *clock)
{
	struct clock_anchor end =
		wait_since(clock->settled, clock->counter, SETTLE_NS);
	double late = rate(clock->settled, end);

	clock->drift_ppm = fabs(late / clock->ticks_per_ns - 1) * 1e6;
}

double clock_granularity_ns(const struct clock *clock)
{
	return (double)clock->granularity_ticks / clock->ticks_per_ns;
}
