// SPDX-License-Identifier: MIT
/* Condition work: dependent adds that stand for a dearer kernel entry. */
#include "work.h"

#include <math.h>

#include "arch.h"
#include "clock.h"

#define TURNS	 200
#define HUNDREDS 300 /* of adds a turn: 10 us, mostly undisturbed */

static uint64_t turn_ticks(bool counter)
{
	uint64_t begin = counter ? counter_begin() : clock_raw_ns();

	stub_add_chain(HUNDREDS);
	return (counter ? counter_end() : clock_raw_ns()) - begin;
}

double work_measure(bool counter, double ticks_per_ns)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < TURNS; i++) {
		uint64_t ticks = turn_ticks(counter);

		if (ticks < least)
			least = ticks;
	}
	return HUNDREDS * 100 * ticks_per_ns / fmax((double)least, 1);
}

double work_a_call(double ns, double entries, double adds_per_ns)
{
	return ns * entries * adds_per_ns / 100;
}

uint64_t work_in_batch(double hundreds_a_call, uint64_t calls)
{
	return (uint64_t)llround(hundreds_a_call * (double)calls);
}

double work_added_ns(uint64_t hundreds, uint64_t calls, double adds_per_ns)
{
	return (double)hundreds * 100 / adds_per_ns / (double)calls;
}
