// SPDX-License-Identifier: MIT
/* Chooses and calibrates the clock that stamps batches. */
#include "clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>

#include "arch.h"
#include "stats.h"

#define SETTLE_NS 100000000ULL /* agrees to 1e-7: docs/method.md */
#define BRACKETS  50
#define PAIRS	  4000

#define BATCH_STEPS	     1000 /* of the clock, in a batch */
#define BATCH_LEAST_NS	     50000
#define BATCH_MOST_NS	     250000 /* a quarter of a 1 ms tick */
#define BATCH_STAMPS	     200    /* of an empty pair: 0.5 % of a batch */
#define BATCH_STAMPS_MOST_NS 1000000

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

static uint64_t greatest_common(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

uint64_t clock_gcd(const uint64_t *deltas, unsigned int count)
{
	uint64_t divisor = 0;

	for (unsigned int i = 0; i < count; i++)
		divisor = greatest_common(divisor, deltas[i]);
	return divisor ? divisor : 1;
}

static int ascending(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* By the deltas that occur so often; 0: none does, but for 0 itself. */
static uint64_t step_of(const uint64_t *sorted, unsigned int count,
			unsigned int times)
{
	uint64_t least = 0, divisor = 0;
	bool stands = false;
	unsigned int next;

	for (unsigned int i = 0; i < count; i = next) {
		for (next = i; next < count && sorted[next] == sorted[i];)
			next++;
		if (next - i < times)
			continue;
		stands = stands || !sorted[i];
		least = least ? least : sorted[i];
		divisor = greatest_common(divisor, sorted[i]);
	}
	return stands ? least : divisor;
}

uint64_t clock_step(uint64_t *deltas, unsigned int count)
{
	uint64_t step;

	qsort(deltas, count, sizeof(*deltas), ascending);
	step = step_of(deltas, count, count / 100);
	if (!step)
		step = step_of(deltas, count, 1);
	return step ? step : 1;
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
	clock->granularity_ticks = clock_step(deltas, PAIRS);
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

void clock_start(struct clock *clock, enum clock_choice choice,
		 const struct emulation *emulation)
{
	const char *unfit;

	*clock = (struct clock){ 0 };
	clock_read_facts(&clock->facts, emulation);
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

double clock_stamp_ns(const struct clock *clock)
{
	return (double)clock->stamp_ticks / clock->ticks_per_ns;
}

/* Long against the stamps, in doublings: two boots of one machine, whose stamps
 * take about as long, are to have batches of one length. */
static double least_for_stamps(const struct clock *clock)
{
	double ns = BATCH_LEAST_NS;

	while (ns < BATCH_STAMPS * clock_stamp_ns(clock) &&
	       2 * ns <= BATCH_STAMPS_MOST_NS)
		ns *= 2;
	return ns;
}

/* nanobench's rule, with a cap that keeps most batches free of the tick; that
 * cap gives way, up to another, where the stamps would be seen in a batch. */
double clock_batch_ns(const struct clock *clock)
{
	double steps_ns = BATCH_STEPS * clock_granularity_ns(clock);

	return fmax(fmin(steps_ns, BATCH_MOST_NS), least_for_stamps(clock));
}
