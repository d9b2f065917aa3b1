// SPDX-License-Identifier: MIT
/* Order statistics against what NumPy 1.24 and SciPy 1.10 compute. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "stats.h"

/* numpy.random.default_rng(1).lognormal(size=11).round(3) */
static const double drawn[11] = { 1.413, 2.274, 1.392, 0.272, 2.473, 1.563,
				  0.585, 1.788, 1.44,  1.342, 1.029 };

static void sorting_puts_the_least_first(void **state)
{
	static const double sorted[11] = { 0.272, 0.585, 1.029, 1.342,
					   1.392, 1.413, 1.44,	1.563,
					   1.788, 2.274, 2.473 };
	double values[11];

	(void)state;
	memcpy(values, drawn, sizeof(values));
	stats_sort(values, 11);
	assert_memory_equal(values, sorted, sizeof(sorted));
}

/* numpy.quantile(drawn, p) */
static void quantiles_are_those_of_numpy(void **state)
{
	static const double wanted[][2] = {
		{ 0, 0.272 },	{ 0.05, 0.4285 }, { 0.25, 1.1855 },
		{ 0.5, 1.413 }, { 0.9, 2.274 },	  { 1, 2.473 },
	};
	double values[11];

	(void)state;
	memcpy(values, drawn, sizeof(values));
	stats_sort(values, 11);
	for (size_t i = 0; i < COUNT(wanted); i++)
		assert_near(stats_quantile(values, 11, wanted[i][0]),
			    wanted[i][1], 1e-12);
}

/* numpy.median(drawn), numpy.median(drawn[:10]) */
static void medians_are_those_of_numpy(void **state)
{
	double values[11];

	(void)state;
	memcpy(values, drawn, sizeof(values));
	assert_near(stats_median(values, 11), 1.413, 0);
	memcpy(values, drawn, sizeof(values));
	assert_near(stats_median(values, 10), 1.4265, 1e-12);
	assert_near(stats_median(values, 1), 0.272, 0);
}

/* numpy.median(abs(drawn / numpy.median(drawn) - 1)) */
static void mdape_is_relative_to_the_center(void **state)
{
	double work[11];

	(void)state;
	assert_near(stats_mdape(drawn, 11, 1.413, work), 0.26539278131634814,
		    1e-12);
	assert_near(stats_mdape(drawn, 1, 1.413, work), 0, 0);
}

static void nothing_has_no_quantile(void **state)
{
	double none[1] = { 1 };

	(void)state;
	assert_true(isnan(stats_quantile(none, 0, 0)));
	assert_true(isnan(stats_quantile(none, 0, 0.5)));
	assert_true(isnan(stats_quantile(none, 0, 1)));
	assert_true(isnan(stats_median(none, 0)));
	assert_true(isnan(stats_mdape(none, 0, 1, none)));
}

/* The greatest k with 1 - 2 * scipy.stats.binom.cdf(k - 1, n, 0.5) >= wanted,
 * or 1 where there is none. */
static void ranks_are_those_of_the_binomial(void **state)
{
	static const struct {
		size_t count;
		double wanted;
		size_t low, high;
		double confidence;
	} cases[] = {
		{ 2, 0.95, 1, 2, 0.5000000000 },
		{ 3, 0.95, 1, 3, 0.7500000000 },
		{ 5, 0.95, 1, 5, 0.9375000000 },
		{ 6, 0.95, 1, 6, 0.9687500000 },
		{ 7, 0.95, 1, 7, 0.9843750000 },
		{ 8, 0.95, 1, 8, 0.9921875000 },
		{ 9, 0.95, 2, 8, 0.9609375000 },
		{ 10, 0.95, 2, 9, 0.9785156250 },
		{ 11, 0.95, 2, 10, 0.9882812500 },
		{ 12, 0.95, 3, 10, 0.9614257812 },
		{ 16, 0.95, 4, 13, 0.9787292480 },
		{ 17, 0.95, 5, 13, 0.9509582520 },
		{ 20, 0.95, 6, 15, 0.9586105347 },
		{ 25, 0.95, 8, 18, 0.9567147493 },
		{ 30, 0.95, 10, 21, 0.9572260547 },
		{ 40, 0.95, 14, 27, 0.9615226917 },
		{ 41, 0.95, 14, 28, 0.9724668442 },
		{ 50, 0.95, 18, 33, 0.9671608624 },
		{ 60, 0.95, 22, 39, 0.9726598661 },
		{ 100, 0.95, 40, 61, 0.9647997998 },
		{ 1000, 0.95, 469, 532, 0.9537088026 },
		{ 20, 0.99, 4, 17, 0.9974231720 },
		{ 20, 0.5, 8, 13, 0.7368240356 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t low, high;
		double confidence = stats_median_ranks(
			cases[i].count, cases[i].wanted, &low, &high);

		assert_int_equal(low, cases[i].low);
		assert_int_equal(high, cases[i].high);
		assert_near(confidence, cases[i].confidence, 1e-9);
	}
}

static void fewer_than_two_have_no_interval(void **state)
{
	(void)state;
	for (size_t count = 0; count < 2; count++) {
		size_t low = 7, high = 7;

		assert_near(stats_median_ranks(count, 0.95, &low, &high), 0, 0);
		assert_int_equal(low, 0);
		assert_int_equal(high, 0);
	}
}

static void a_gap_has_three_on_each_side(void **state)
{
	const double two[] = { 1, 1.1, 1.2, 3, 3.1, 3.2 };
	const double outliers[] = { 1, 1.1, 1.2, 1.3, 1.4, 9, 9 };

	(void)state;
	assert_near(stats_widest_gap(two, COUNT(two)), 1.8, 1e-9);
	assert_near(stats_widest_gap(outliers, COUNT(outliers)), 0.1, 1e-9);
	assert_near(stats_widest_gap(two, 5), 0, 0);
	assert_near(stats_widest_gap(two, 0), 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorting_puts_the_least_first),
		cmocka_unit_test(quantiles_are_those_of_numpy),
		cmocka_unit_test(medians_are_those_of_numpy),
		cmocka_unit_test(mdape_is_relative_to_the_center),
		cmocka_unit_test(nothing_has_no_quantile),
		cmocka_unit_test(ranks_are_those_of_the_binomial),
		cmocka_unit_test(fewer_than_two_have_no_interval),
		cmocka_unit_test(a_gap_has_three_on_each_side),
	};

	return check_all(tests);
}
