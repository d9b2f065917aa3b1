/* SPDX-License-Identifier: MIT */
/* Order statistics: what can be said without assuming a distribution. */
#ifndef SYSCOST_STATS_H
#define SYSCOST_STATS_H

#include <stddef.h>

/* Ascending, in place. No NaN. */
void stats_sort(double *values, size_t count);

/* The quantile p in [0, 1] of sorted values by linear interpolation (type 7
 * of Hyndman and Fan 1996, NumPy's default); NAN for none. */
double stats_quantile(const double *sorted, size_t count, double p);

/* Sorts in place and returns the median; NAN for none. */
double stats_median(double *values, size_t count);

/* The median of |value / center - 1|: the spread that ignores tails (the
 * MdAPE of nanobench). `work` has room for count. NAN for none. */
double stats_mdape(const double *values, size_t count, double center,
		   double *work);

/*
 * The widest gap between neighbours with at least three values on each side;
 * 0 for fewer than six. Above half of the range the values lie in two clusters,
 * each narrower than what parts them: of 20 normal values that is seen less
 * than once in 200,000 draws, of 10 once in 300.
 */
double stats_widest_gap(const double *sorted, size_t count);

/*
 * The order-statistic interval of a median: the innermost pair of ranks
 * (1-based) that holds the median with at least `wanted` confidence whatever
 * the distribution, for independent values (David and Nagaraja, Order
 * Statistics, 7.1). Returns its confidence; where even the outermost pair
 * does not reach `wanted`, that pair; 0 and ranks 0 for fewer than two.
 */
double stats_median_ranks(size_t count, double wanted, size_t *low,
			  size_t *high);

/* A median over launches; NAN: not known. */
struct stats_interval {
	double middle, low, high, confidence;
};

/* With the interval above, of 95 % or what comes nearest; sorts in place. */
struct stats_interval stats_median_interval(double *values, size_t count);

#endif
