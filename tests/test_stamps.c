// SPDX-License-Identifier: MIT
/* Single calls: each is one, after prepare, counted once; what is timed. */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "arch.h"
#include "batch.h"
#include "check.h"
#include "clock.h"
#include "stamps.h"

static struct {
	uint64_t calls, turns, longest;
	unsigned int prepared;
} seen;

static struct histogram histogram;

static int forget(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	memset(&histogram, 0, sizeof(histogram));
	return 0;
}

static void note_run(struct context *context, uint64_t calls)
{
	(void)context;
	seen.calls += calls;
	seen.turns++;
	if (calls > seen.longest)
		seen.longest = calls;
}

static void note_prepare(struct context *context)
{
	(void)context;
	seen.prepared++;
}

static void each_call_has_stamps_of_its_own(void **state)
{
	static const struct benchmark noting = { .run = note_run,
						 .prepare = note_prepare };
	struct subject subject;

	(void)state;
	assert_int_equal(batch_open(&subject, &noting), 0);
	for (int counter = 0; counter <= ARCH_HAS_COUNTER; counter++)
		batch_stamp(&subject, 100, counter, &histogram);
	batch_close(&subject);
	assert_int_equal(seen.turns, 100 * (1 + ARCH_HAS_COUNTER));
	assert_int_equal(seen.calls, seen.turns);
	assert_int_equal(seen.longest, 1);
	assert_int_equal(seen.prepared, 1 + ARCH_HAS_COUNTER);
	assert_int_equal(histogram.calls, seen.turns);
}

/* By the kernel's clock: every fiftieth call takes a millisecond. */
static void spin_seldom(struct context *context, uint64_t calls)
{
	uint64_t begin = clock_raw_ns();

	(void)context;
	(void)calls;
	if (++seen.turns % 50 == 0)
		while (clock_raw_ns() - begin < 1000000)
			;
}

static void a_slow_call_stands_by_itself(void **state)
{
	static const struct benchmark spinning = { .run = spin_seldom };
	struct subject subject;
	uint64_t slow = 0;

	(void)state;
	assert_int_equal(batch_open(&subject, &spinning), 0);
	batch_stamp(&subject, 2000, false, &histogram);
	batch_close(&subject);
	for (unsigned int i = histogram_bucket(990000); i < HISTOGRAM_BUCKETS;
	     i++)
		slow += histogram.counts[i];
	assert_in_range(slow, 40, 400); /* a few may have been preempted */
	assert_true(histogram.most >= 1000000);
	assert_true(histogram_quantile(&histogram, 500) < 900000);
	assert_true(histogram_quantile(&histogram, 990) >= 900000);
}

/* What spins before the call, in prepare, is in no figure. */
static void spin_in_prepare(struct context *context)
{
	uint64_t begin = clock_raw_ns();

	(void)context;
	while (clock_raw_ns() - begin < 3000000)
		;
}

static void prepare_is_not_timed(void **state)
{
	static const struct benchmark spinning = { .run = note_run,
						   .prepare = spin_in_prepare };
	struct subject subject;

	(void)state;
	assert_int_equal(batch_open(&subject, &spinning), 0);
	for (int i = 0; i < 25; i++)
		batch_stamp(&subject, 1, false, &histogram);
	batch_close(&subject);
	assert_true(histogram_quantile(&histogram, 500) < 1000000);
}

static void stamps_of_nothing_are_counted_too(void **state)
{
	(void)state;
	for (int counter = 0; counter <= ARCH_HAS_COUNTER; counter++)
		batch_stamp(NULL, 1000, counter, &histogram);
	assert_int_equal(histogram.calls, 1000 * (1 + ARCH_HAS_COUNTER));
	assert_true(histogram.most > 0);
}

#define afresh(test) cmocka_unit_test_setup(test, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		afresh(each_call_has_stamps_of_its_own),
		afresh(a_slow_call_stands_by_itself),
		afresh(prepare_is_not_timed),
		afresh(stamps_of_nothing_are_counted_too),
	};

	return check_all(tests);
}
