// SPDX-License-Identifier: MIT
/* Order statistics: what can be said without assuming a distribution. */
#include "stats.h"

#include <math.h>
#include <stdlib.h>

#define CLUSTER_LEAST	  3
#define WANTED_CONFIDENCE 0.95

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void stats_sort(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
}

double stats_quantile(const double *sorted, size_t count, double p)
{
	double position = count ? p * (double)(count - 1) : 0;
	size_t below = (size_t)position;

	if (!count)
		return NAN;
	if (below + 1 >= count)
		return sorted[count - 1];
	return sorted[below] +
	       (position - (double)below) * (sorted[below + 1] - sorted[below]);
}

double stats_median(double *values, size_t count)
{
	stats_sort(values, count);
	return stats_quantile(values, count, 0.5);
}

double stats_mdape(const double *values, size_t count, double center,
		   double *work)
{
	for (size_t i = 0; i < count; i++)
		work[i] = fabs(values[i] / center - 1);
	return stats_median(work, count);
}

double stats_widest_gap(const double *sorted, size_t count)
{
	double widest = 0;

	for (size_t i = CLUSTER_LEAST; i + CLUSTER_LEAST <= count; i++)
		widest = fmax(widest, sorted[i] - sorted[i - 1]);
	return widest;
}

/* ln of the binomial coefficient, so that large counts do not overflow. */
static double log_choose(size_t n, size_t k)
{
	return lgamma((double)n + 1) - lgamma((double)k + 1) -
	       lgamma((double)(n - k) + 1);
}

/* The interval [low, n + 1 - low] misses the median when fewer than `low` of
 * n fair coins fall on one side: 1 - 2 P(X <= low - 1). */
double stats_median_ranks(size_t count, double wanted, size_t *low,
			  size_t *high)
{
	double tail = 0, confidence = 0;

	*low = *high = 0;
	if (count < 2)
		return 0;
	for (size_t rank = 1; rank <= count / 2; rank++) {
		tail += exp(log_choose(count, rank - 1) -
			    (double)count * M_LN2);
		if (rank > 1 && 1 - 2 * tail < wanted)
			break;
		confidence = 1 - 2 * tail;
		*low = rank;
		*high = count + 1 - rank;
		if (confidence < wanted)
			break;
	}
	return confidence;
}

struct stats_interval stats_median_interval(double *values, size_t count)
{
	struct stats_interval interval = { NAN, NAN, NAN, NAN };
	size_t low, high;
	double confidence =
		stats_median_ranks(count, WANTED_CONFIDENCE, &low, &high);

	interval.middle = stats_median(values, count);
	if (confidence > 0) {
		interval.confidence = confidence;
		interval.low = values[low - 1];
		interval.high = values[high - 1];
	}
	return interval;
}
