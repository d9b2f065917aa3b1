// SPDX-License-Identifier: MIT
/* Adds take as long as they are said to, in proportion to the entries. */
#include <math.h>

#include "arch.h"
#include "check.h"
#include "clock.h"
#include "work.h"

static void adds_are_in_proportion(void **state)
{
	(void)state;
	/* 50 ns at 3 adds a ns are 150 adds. */
	assert_near(work_a_call(50, 1, 3), 1.5, 1e-12);
	assert_near(work_a_call(50, 1.0 / 4096, 3), 1.5 / 4096, 1e-12);
	assert_near(work_a_call(50, 0, 3), 0, 0);
	assert_near(work_a_call(0, 1, 3), 0, 0);
}

static void a_batch_has_whole_hundreds(void **state)
{
	(void)state;
	assert_int_equal(work_in_batch(1.5, 100), 150);
	assert_int_equal(work_in_batch(1.5 / 4096, 1000), 0);
	assert_int_equal(work_in_batch(0.0016, 1000), 2);
	assert_int_equal(work_in_batch(0, 1000), 0);
	assert_true(work_in_batch(1e7, 1000000) == 10000000000000ULL);
}

/* What a task carries and what its worker makes of it are one figure. */
static void a_rate_from_a_batch_gives_the_batch_again(void **state)
{
	static const uint64_t calls[] = { 1, 3, 7, 1000, 123457, 1ULL << 40 };
	static const uint64_t hundreds[] = { 1, 2, 999, 123456789 };

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++)
		for (size_t j = 0; j < COUNT(hundreds); j++)
			assert_true(work_in_batch((double)hundreds[j] /
							  (double)calls[i],
						  calls[i]) == hundreds[j]);
}

static void what_was_added_is_told_in_ns(void **state)
{
	(void)state;
	assert_near(work_added_ns(150, 100, 3), 50, 1e-12);
	assert_near(work_added_ns(0, 100, 3), 0, 0);
}

/* Against the kernel's clock; the least of some turns of both. */
static void the_rate_is_that_of_the_adds(void **state)
{
	double rate = 0, least = INFINITY;

	(void)state;
	for (int i = 0; i < 20; i++) {
		uint64_t begin = clock_raw_ns();

		stub_add_chain(1000);
		least = fmin(least, (double)(clock_raw_ns() - begin));
		rate = fmax(rate, work_measure(false, 1));
	}
	assert_near(rate * least / 100000, 1, 0.3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adds_are_in_proportion),
		cmocka_unit_test(a_batch_has_whole_hundreds),
		cmocka_unit_test(a_rate_from_a_batch_gives_the_batch_again),
		cmocka_unit_test(what_was_added_is_told_in_ns),
		cmocka_unit_test(the_rate_is_that_of_the_adds),
	};

	return check_all(tests);
}
