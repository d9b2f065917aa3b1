// SPDX-License-Identifier: MIT
/* The quiet-core estimate: a robust curve of cost over probe. */
#include "quiet.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"

#define SLOPES		3
#define COLUMNS_MOST	(QUIET_ARMS_MOST + SLOPES)
#define OWN_LEVEL_LEAST 100  /* batches for a quiet level of one's own */
#define FIT_LEAST	20   /* batches for a curve */
#define VARIES		1.02 /* 95 % quantile over quiet level */
#define LOW_QUANTILE	0.01 /* a quiet moment in a hundred is found */
#define LOW_LEAST	10   /* but not by one odd reading */
#define NEAR		0.03
#define MODE_STEPS	3
#define QUIET_WITHIN	1.05
#define LOG_LOW		(-0.1) /* a probe that was itself preempted says */
#define LOG_HIGH	1.0    /* nothing: its log is cut */
#define DEAD		0.02   /* of the log: the probe's own noise */
#define ITERATIONS	20
#define HUBER		1.345  /* 95 % efficient under normal noise */
#define TO_SIGMA	1.4826 /* median absolute deviation to sd */
#define SCALE_LEAST	1e-6

/* The median of the sorted values in [low, high]: of two the lower, so that it
 * is one of the values and always has one near it. */
static double median_between(const double *sorted, size_t count, double low,
			     double high)
{
	size_t first = 0, end;

	while (first < count && sorted[first] < low)
		first++;
	for (end = first; end < count && sorted[end] <= high;)
		end++;
	return end > first ? sorted[first + (end - first - 1) / 2] : NAN;
}

double quiet_reference(const double *values, size_t count, double *work)
{
	double p = fmax(LOW_QUANTILE, fmin(0.05, LOW_LEAST / (double)count));
	double middle;

	memcpy(work, values, count * sizeof(*work));
	stats_sort(work, count);
	middle = median_between(work, count, 0,
				stats_quantile(work, count, p) * (1 + NEAR));
	for (int i = 0; i < MODE_STEPS; i++)
		middle = median_between(work, count, middle * (1 - NEAR),
					middle * (1 + NEAR));
	return middle;
}

bool quiet_is_quiet(double jumps, const struct quiet_level *level)
{
	return jumps <= QUIET_WITHIN * level->jumps;
}

/* One batch as the regression sees it. */
struct point {
	double y;
	double x[SLOPES];
	double weight;
	unsigned int arm;
};

/* The normal equations, solved in place. */
struct system {
	unsigned int size;
	double matrix[COLUMNS_MOST][COLUMNS_MOST];
	double right[COLUMNS_MOST];
};

/* How far a probe is off its quiet level, beyond what it is by itself. */
static double cut_log(double ratio)
{
	double off = fmin(fmax(log(ratio), LOG_LOW), LOG_HIGH);

	return off > DEAD ? off - DEAD : off < -DEAD ? off + DEAD : 0;
}

static void make_points(const struct quiet_batches *batches,
			const struct quiet_level *level, struct point *points)
{
	for (size_t i = 0; i < batches->count; i++) {
		double u = cut_log(batches->jumps[i] / level->jumps);
		double v = cut_log(batches->chain[i] / level->chain);

		points[i] = (struct point){
			.y = log(batches->cost[i]),
			.x = { u, u * u, v },
			.weight = 1,
			.arm = batches->arm[i],
		};
	}
}

/* Each point touches its arm's column and the three slopes only. */
static void accumulate(struct system *system, const struct point *points,
		       size_t count, unsigned int arms)
{
	for (size_t i = 0; i < count; i++) {
		const struct point *point = &points[i];

		system->matrix[point->arm][point->arm] += point->weight;
		system->right[point->arm] += point->weight * point->y;
		for (unsigned int k = 0; k < SLOPES; k++) {
			double wx = point->weight * point->x[k];

			system->matrix[arms + k][point->arm] += wx;
			system->right[arms + k] += wx * point->y;
			for (unsigned int l = 0; l <= k; l++)
				system->matrix[arms + k][arms + l] +=
					wx * point->x[l];
		}
	}
}

/* Cholesky's decomposition of the lower half, then both substitutions. */
static void solve(struct system *s)
{
	for (unsigned int j = 0; j < s->size; j++) {
		for (unsigned int k = 0; k < j; k++)
			for (unsigned int i = j; i < s->size; i++)
				s->matrix[i][j] -=
					s->matrix[i][k] * s->matrix[j][k];
		s->matrix[j][j] = sqrt(fmax(s->matrix[j][j], 1e-300));
		for (unsigned int i = j + 1; i < s->size; i++)
			s->matrix[i][j] /= s->matrix[j][j];
	}
	for (unsigned int i = 0; i < s->size; i++) {
		for (unsigned int k = 0; k < i; k++)
			s->right[i] -= s->matrix[i][k] * s->right[k];
		s->right[i] /= s->matrix[i][i];
	}
	for (unsigned int i = s->size; i-- > 0;) {
		for (unsigned int k = i + 1; k < s->size; k++)
			s->right[i] -= s->matrix[k][i] * s->right[k];
		s->right[i] /= s->matrix[i][i];
	}
}

/* An arm without batches has an empty row: its effect is 0 then. */
static void fit_once(struct system *system, const struct point *points,
		     size_t count, unsigned int arms, double scale)
{
	memset(system, 0, sizeof(*system));
	system->size = arms + SLOPES;
	accumulate(system, points, count, arms);
	for (unsigned int i = 0; i < arms; i++)
		if (system->matrix[i][i] == 0)
			system->matrix[i][i] = 1;
	for (unsigned int k = 0; k < SLOPES; k++)
		system->matrix[arms + k][arms + k] += scale * scale;
	solve(system);
}

static double residual(const struct point *point, const struct system *fit,
		       unsigned int arms)
{
	double value = point->y - fit->right[point->arm];

	for (unsigned int k = 0; k < SLOPES; k++)
		value -= point->x[k] * fit->right[arms + k];
	return value;
}

static double first_scale(const struct point *points, size_t count,
			  double *work)
{
	double middle;

	for (size_t i = 0; i < count; i++)
		work[i] = points[i].y;
	middle = stats_median(work, count);
	for (size_t i = 0; i < count; i++)
		work[i] = fabs(points[i].y - middle);
	return fmax(TO_SIGMA * stats_median(work, count), SCALE_LEAST);
}

/* Residuals decide scale and weights for the next turn; the scale returned. */
static double reweigh(struct point *points, size_t count,
		      const struct system *fit, unsigned int arms, double *work)
{
	double scale;

	for (size_t i = 0; i < count; i++)
		work[i] = fabs(residual(&points[i], fit, arms));
	scale = fmax(TO_SIGMA * stats_median(work, count), SCALE_LEAST);
	for (size_t i = 0; i < count; i++) {
		double size = fabs(residual(&points[i], fit, arms));

		points[i].weight = fmin(1, HUBER * scale / fmax(size, 1e-300));
	}
	return scale;
}

/* Leaves out the square by a column of zeros, whose slope the ridge makes 0. */
static void straighten(struct point *points, size_t count)
{
	for (size_t i = 0; i < count; i++)
		points[i].x[1] = 0;
}

static void fit_curve(struct point *points, size_t count, unsigned int arms,
		      double *work, struct quiet_curve *curve)
{
	double scale = first_scale(points, count, work);
	struct system system;

	for (size_t i = 0; i < count; i++)
		points[i].weight = 1;
	for (int i = 0; i < ITERATIONS; i++) {
		fit_once(&system, points, count, arms, scale);
		scale = reweigh(points, count, &system, arms, work);
	}
	for (unsigned int k = 0; k < SLOPES; k++)
		curve->slope[k] = system.right[arms + k];
	curve->known = true;
}

static void apply_curve(const struct quiet_curve *curve,
			const struct point *points, size_t count,
			double *adjusted)
{
	for (size_t i = 0; i < count; i++)
		adjusted[i] *= exp(-curve->slope[0] * points[i].x[0] -
				   curve->slope[1] * points[i].x[1] -
				   curve->slope[2] * points[i].x[2]);
}

static void fit_and_apply(const struct quiet_batches *batches,
			  struct point *points, double *work, double *adjusted,
			  struct quiet_fit *fit)
{
	make_points(batches, &fit->used.level, points);
	fit_curve(points, batches->count, batches->arms, work, &fit->used);
	apply_curve(&fit->used, points, batches->count, adjusted);
	straighten(points, batches->count);
	fit->lent.level = fit->used.level;
	fit_curve(points, batches->count, batches->arms, work, &fit->lent);
}

/* Worth a curve? Sorts a copy of the probe to see its spread. */
static bool varies(const struct quiet_batches *batches, double level,
		   double *work)
{
	if (batches->count < FIT_LEAST)
		return false;
	memcpy(work, batches->jumps, batches->count * sizeof(*work));
	stats_sort(work, batches->count);
	return stats_quantile(work, batches->count, 0.95) / level >= VARIES;
}

static void find_level(const struct quiet_batches *batches,
		       const struct quiet_level *run, double *work,
		       struct quiet_level *level)
{
	*level = *run;
	if (batches->count < OWN_LEVEL_LEAST)
		return;
	level->jumps = quiet_reference(batches->jumps, batches->count, work);
	level->chain = quiet_reference(batches->chain, batches->count, work);
}

int quiet_adjust(const struct quiet_batches *batches,
		 const struct quiet_level *run,
		 const struct quiet_curve *borrowed, double *adjusted,
		 struct quiet_fit *fit)
{
	size_t count = batches->count;
	struct point *points = malloc((count + 1) * sizeof(*points));
	double *work = malloc((count + 1) * sizeof(*work));
	bool fits = points && work && batches->arms <= QUIET_ARMS_MOST;

	*fit = (struct quiet_fit){ .adjusted = false };
	memcpy(adjusted, batches->cost, count * sizeof(*adjusted));
	if (fits && borrowed && borrowed->known) {
		fit->used = *borrowed;
		fit->adjusted = true;
		make_points(batches, &borrowed->level, points);
		apply_curve(borrowed, points, count, adjusted);
	} else if (fits) {
		find_level(batches, run, work, &fit->used.level);
		fit->adjusted = varies(batches, fit->used.level.jumps, work);
		if (fit->adjusted)
			fit_and_apply(batches, points, work, adjusted, fit);
	}
	free(points);
	free(work);
	return fits ? 0 : -ENOMEM;
}
