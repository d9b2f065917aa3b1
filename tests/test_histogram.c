// SPDX-License-Identifier: MIT
/* Buckets meet without gap or overlap; quantiles are those of sorted values. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "histogram.h"
#include "stats.h"

static struct histogram histogram, other;

static int clear(void **state)
{
	(void)state;
	memset(&histogram, 0, sizeof(histogram));
	memset(&other, 0, sizeof(other));
	return 0;
}

static void buckets_meet(void **state)
{
	(void)state;
	assert_int_equal(histogram_low(0), 0);
	for (unsigned int i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		assert_true(histogram_high(i) > histogram_low(i));
		assert_int_equal(histogram_high(i), histogram_low(i + 1));
	}
	assert_true(histogram_high(HISTOGRAM_BUCKETS - 1) == UINT64_MAX);
}

static void a_value_lies_in_its_bucket(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		assert_int_equal(histogram_bucket(histogram_low(i)), i);
		if (i + 1 < HISTOGRAM_BUCKETS)
			assert_int_equal(
				histogram_bucket(histogram_high(i) - 1), i);
	}
}

static void a_bucket_is_as_narrow_as_is_said(void **state)
{
	(void)state;
	for (unsigned int i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		uint64_t low = histogram_low(i);
		uint64_t width = histogram_high(i) - low;

		assert_true(width == 1 || width * HISTOGRAM_OCTAVE <= low);
		if (low < 2 * HISTOGRAM_OCTAVE)
			assert_int_equal(width, 1);
	}
}

static void the_last_bucket_is_open(void **state)
{
	(void)state;
	assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
	assert_int_equal(histogram_bucket(1ULL << 36), HISTOGRAM_BUCKETS - 1);
	histogram_note(&histogram, 1ULL << 40);
	for (int i = 0; i < 20; i++)
		histogram_note(&histogram, UINT64_MAX / 2);
	assert_near(histogram_quantile(&histogram, 500),
		    (double)(UINT64_MAX / 2), 1);
}

static void every_call_is_counted(void **state)
{
	uint64_t sum = 0;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		histogram_note(&histogram, i * i);
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		sum += histogram.counts[i];
	assert_int_equal(sum, 1000);
	assert_int_equal(histogram.calls, 1000);
	assert_int_equal(histogram.most, 999 * 999);
}

/* The nearest rank: the least value that so many do not exceed. */
static double sorted_quantile(const double *sorted, size_t count,
			      unsigned int per_mille)
{
	return sorted[(count * per_mille + 999) / 1000 - 1];
}

static void quantiles_are_those_of_sorted_values(void **state)
{
	static const unsigned int asked[] = { 1, 500, 900, 990, 999 };
	static double values[20000];

	(void)state;
	srand48(1);
	for (size_t i = 0; i < COUNT(values); i++) {
		uint64_t ticks = (uint64_t)exp(drand48() * 12);

		values[i] = (double)ticks;
		histogram_note(&histogram, ticks);
	}
	stats_sort(values, COUNT(values));
	for (size_t i = 0; i < COUNT(asked); i++) {
		double wanted =
			sorted_quantile(values, COUNT(values), asked[i]);

		assert_near(histogram_quantile(&histogram, asked[i]) / wanted,
			    1, 0.5 / HISTOGRAM_OCTAVE);
	}
}

static void small_values_are_exact(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 100; i++)
		histogram_note(&histogram, i);
	assert_near(histogram_quantile(&histogram, 500), 50, 0);
	assert_near(histogram_quantile(&histogram, 501), 51, 0);
	assert_near(histogram_quantile(&histogram, 900), 90, 0);
}

/* Ten calls beyond, or there is no telling where it lies. */
static void too_few_calls_have_no_quantile(void **state)
{
	(void)state;
	assert_true(isnan(histogram_quantile(&histogram, 500)));
	for (int i = 0; i < 9999; i++)
		histogram_note(&histogram, 70);
	assert_true(isnan(histogram_quantile(&histogram, 999)));
	assert_near(histogram_quantile(&histogram, 990), 70, 0);
	histogram_note(&histogram, 70);
	assert_near(histogram_quantile(&histogram, 999), 70, 0);
}

/* A bucket's middle may lie above all that is in it. */
static void no_quantile_exceeds_the_largest(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		histogram_note(&histogram, histogram_low(1000));
	assert_near(histogram_quantile(&histogram, 500),
		    (double)histogram_low(1000), 0);
}

static void a_sum_has_all_of_both(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 100; i++) {
		histogram_note(&histogram, 10);
		histogram_note(&other, i < 50 ? 10 : 30);
	}
	histogram_add(&histogram, &other);
	assert_int_equal(histogram.calls, 200);
	assert_int_equal(histogram.most, 30);
	assert_int_equal(histogram.counts[10], 150);
	assert_int_equal(histogram.counts[30], 50);
	memset(&other, 0, sizeof(other));
	histogram_add(&histogram, &other);
	assert_int_equal(histogram.most, 30);
}

#define afresh(test) cmocka_unit_test_setup(test, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		afresh(buckets_meet),
		afresh(a_value_lies_in_its_bucket),
		afresh(a_bucket_is_as_narrow_as_is_said),
		afresh(the_last_bucket_is_open),
		afresh(every_call_is_counted),
		afresh(quantiles_are_those_of_sorted_values),
		afresh(small_values_are_exact),
		afresh(too_few_calls_have_no_quantile),
		afresh(no_quantile_exceeds_the_largest),
		afresh(a_sum_has_all_of_both),
	};

	return check_all(tests);
}
