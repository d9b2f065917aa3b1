// SPDX-License-Identifier: MIT
/* The quiet-core estimate finds costs that were planted under a neighbour. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "quiet.h"
#include "stats.h"

#define BATCHES	    1000
#define QUIET_JUMPS 1400.0
#define QUIET_CHAIN 160.0

static const struct quiet_level planted = { QUIET_JUMPS, QUIET_CHAIN };

/* A simulated run: columns as quiet_adjust takes them, and its results. */
struct simulation {
	double cost[BATCHES], jumps[BATCHES], chain[BATCHES];
	double adjusted[BATCHES], work[BATCHES];
	unsigned int arm[BATCHES];
	unsigned short seed[3];
	struct quiet_batches batches;
	struct quiet_fit fit;
};

static double uniform(struct simulation *simulation)
{
	return (double)nrand48(simulation->seed) / 2147483648.0;
}

static double normal(struct simulation *simulation)
{
	double u = uniform(simulation), v = uniform(simulation);

	return sqrt(-2 * log(1 - u)) * cos(2 * M_PI * v);
}

/* The share of the core that a neighbour takes: 0, or in stretches of some
 * tens of batches anything up to all of it, `busy` of the time. */
static void add_batch(struct simulation *simulation, size_t i, double quiet,
		      double *pressure, double busy)
{
	double u, v;

	if (uniform(simulation) < 0.05)
		*pressure = uniform(simulation) < busy
				    ? 0.3 + 0.7 * uniform(simulation)
				    : 0;
	u = 0.6 * *pressure + 0.004 * normal(simulation);
	v = 0.2 * *pressure + 0.004 * normal(simulation);
	simulation->jumps[i] = QUIET_JUMPS * exp(u);
	simulation->chain[i] = QUIET_CHAIN * exp(v);
	simulation->cost[i] = quiet * exp(0.3 * u + 0.2 * u * u + 0.1 * v +
					  0.005 * normal(simulation));
}

static struct simulation *begin(void)
{
	struct simulation *simulation = calloc(1, sizeof(*simulation));

	assert_non_null(simulation);
	simulation->seed[0] = 2026;
	simulation->batches = (struct quiet_batches){
		.count = BATCHES,
		.cost = simulation->cost,
		.jumps = simulation->jumps,
		.chain = simulation->chain,
		.arm = simulation->arm,
		.arms = 1,
	};
	return simulation;
}

static struct simulation *with_neighbour(double quiet)
{
	struct simulation *simulation = begin();
	double pressure = 0;

	for (size_t i = 0; i < BATCHES; i++)
		add_batch(simulation, i, quiet, &pressure, 0.7);
	return simulation;
}

static void adjust_by(struct simulation *simulation,
		      const struct quiet_level *run,
		      const struct quiet_curve *borrowed)
{
	assert_int_equal(quiet_adjust(&simulation->batches, run, borrowed,
				      simulation->adjusted, &simulation->fit),
			 0);
	for (size_t i = 0; i < simulation->batches.count; i++)
		assert_true(isfinite(simulation->adjusted[i]));
}

static void adjust(struct simulation *simulation)
{
	adjust_by(simulation, &planted, NULL);
}

/* The median of `values` over one arm. */
static double median_of(struct simulation *simulation, const double *values,
			unsigned int arm)
{
	size_t count = 0;

	for (size_t i = 0; i < simulation->batches.count; i++)
		if (simulation->arm[i] == arm)
			simulation->work[count++] = values[i];
	return stats_median(simulation->work, count);
}

static void the_planted_cost_is_found_under_a_neighbour(void **state)
{
	struct simulation *simulation = with_neighbour(120);

	(void)state;
	adjust(simulation);
	assert_true(simulation->fit.adjusted);
	assert_true(median_of(simulation, simulation->cost, 0) > 1.05 * 120);
	assert_near(median_of(simulation, simulation->adjusted, 0), 120,
		    0.005 * 120);
	free(simulation);
}

/* Within 2 % of the level the probe says nothing; where it varies beyond. */
static void quiet_batches_are_left_as_they_are(void **state)
{
	struct simulation *simulation = with_neighbour(120);
	const struct quiet_level *level = &simulation->fit.used.level;
	size_t left = 0;

	(void)state;
	adjust(simulation);
	for (size_t i = 0; i < BATCHES; i++) {
		if (fabs(log(simulation->jumps[i] / level->jumps)) > 0.02 ||
		    fabs(log(simulation->chain[i] / level->chain)) > 0.02)
			continue;
		assert_near(simulation->adjusted[i], simulation->cost[i], 0);
		left++;
	}
	assert_true(left > BATCHES / 10);
	free(simulation);
}

static void a_probe_that_does_not_vary_changes_nothing(void **state)
{
	struct simulation *simulation = begin();
	double pressure = 0;

	(void)state;
	for (size_t i = 0; i < BATCHES; i++)
		add_batch(simulation, i, 120, &pressure, 0);
	adjust(simulation);
	assert_false(simulation->fit.adjusted);
	assert_memory_equal(simulation->adjusted, simulation->cost,
			    sizeof(simulation->cost));
	free(simulation);
}

static void fewer_than_20_batches_are_left_as_they_are(void **state)
{
	struct simulation *simulation = begin();

	(void)state;
	for (size_t i = 0; i < 20; i++) {
		simulation->jumps[i] = QUIET_JUMPS * (i % 2 ? 1.5 : 1);
		simulation->chain[i] = QUIET_CHAIN;
		simulation->cost[i] = i % 2 ? 130 : 100;
	}
	simulation->batches.count = 20;
	adjust(simulation);
	assert_true(simulation->fit.adjusted);
	simulation->batches.count = 19;
	adjust(simulation);
	assert_false(simulation->fit.adjusted);
	assert_memory_equal(simulation->adjusted, simulation->cost,
			    19 * sizeof(double));
	simulation->batches.count = 0;
	adjust(simulation);
	assert_false(simulation->fit.adjusted);
	free(simulation);
}

/* Few batches of one's own say little about the quiet level. */
static void the_runs_level_stands_in_below_100_batches(void **state)
{
	struct simulation *simulation = with_neighbour(120);
	static const struct quiet_level run = { 1000, 100 };

	(void)state;
	simulation->batches.count = 99;
	adjust_by(simulation, &run, NULL);
	assert_near(simulation->fit.used.level.jumps, 1000, 0);
	assert_near(simulation->fit.used.level.chain, 100, 0);
	simulation->batches.count = 1000;
	adjust_by(simulation, &run, NULL);
	assert_near(simulation->fit.used.level.jumps, QUIET_JUMPS,
		    0.01 * QUIET_JUMPS);
	assert_near(simulation->fit.used.level.chain, QUIET_CHAIN,
		    0.01 * QUIET_CHAIN);
	free(simulation);
}

/* Two arms 5 % apart; the neighbour is there mostly while the cheaper one
 * runs, so that as measured it looks the dearer. */
static void the_difference_of_two_arms_is_kept(void **state)
{
	struct simulation *simulation = begin();
	double pressure[2] = { 0, 0 }, raw, adjusted;

	(void)state;
	simulation->batches.arms = 2;
	for (size_t i = 0; i < BATCHES; i++) {
		unsigned int arm = i / 50 % 2;

		simulation->arm[i] = arm;
		add_batch(simulation, i, arm ? 105 : 100, &pressure[arm],
			  arm ? 0.2 : 0.8);
	}
	adjust(simulation);
	raw = median_of(simulation, simulation->cost, 1) /
	      median_of(simulation, simulation->cost, 0);
	adjusted = median_of(simulation, simulation->adjusted, 1) /
		   median_of(simulation, simulation->adjusted, 0);
	assert_true(raw < 1);
	assert_near(adjusted, 1.05, 0.005);
	free(simulation);
}

/* A straight line can be followed further out than a parabola. */
static void the_curve_that_is_lent_has_no_square(void **state)
{
	struct simulation *simulation = with_neighbour(120);

	(void)state;
	adjust(simulation);
	assert_true(simulation->fit.used.known);
	assert_true(simulation->fit.lent.known);
	assert_true(simulation->fit.used.slope[1] != 0);
	assert_near(simulation->fit.lent.slope[1], 0, 0);
	assert_true(simulation->fit.lent.slope[0] > 0);
	assert_near(simulation->fit.lent.level.jumps, QUIET_JUMPS,
		    0.01 * QUIET_JUMPS);
	free(simulation);
}

/* A run that never had the core alone takes what another run learned: its
 * own lowest mode is none of a quiet core. */
static void a_borrowed_curve_finds_a_level_never_seen(void **state)
{
	struct simulation *lender = with_neighbour(120);
	struct simulation *simulation = begin();

	(void)state;
	adjust(lender);
	for (size_t i = 0; i < BATCHES; i++) {
		double pressure = 0.4 + 0.4 * uniform(simulation);

		add_batch(simulation, i, 120, &pressure, 1);
	}
	adjust(simulation);
	assert_true(median_of(simulation, simulation->adjusted, 0) >
		    1.05 * 120);
	adjust_by(simulation, &planted, &lender->fit.lent);
	assert_true(simulation->fit.adjusted);
	assert_false(simulation->fit.lent.known);
	assert_near(median_of(simulation, simulation->adjusted, 0), 120,
		    0.02 * 120);
	free(simulation);
	free(lender);
}

static void a_curve_that_is_not_known_is_not_borrowed(void **state)
{
	struct simulation *simulation = with_neighbour(120);
	static const struct quiet_curve unknown = { .slope = { 5, 5, 5 } };

	(void)state;
	adjust_by(simulation, &planted, &unknown);
	assert_near(median_of(simulation, simulation->adjusted, 0), 120,
		    0.005 * 120);
	free(simulation);
}

static void an_arm_without_batches_is_no_harm(void **state)
{
	struct simulation *simulation = with_neighbour(120);

	(void)state;
	simulation->batches.arms = 16;
	for (size_t i = 0; i < BATCHES; i++)
		simulation->arm[i] = 7;
	adjust(simulation);
	assert_near(median_of(simulation, simulation->adjusted, 7), 120,
		    0.005 * 120);
	simulation->batches.arms = 17;
	assert_int_equal(quiet_adjust(&simulation->batches, &planted, NULL,
				      simulation->adjusted, &simulation->fit),
			 -ENOMEM);
	free(simulation);
}

/* A preemption multiplies what it hits: a batch, a probe, or both. */
static void preempted_batches_and_probes_do_no_harm(void **state)
{
	struct simulation *simulation = with_neighbour(120);

	(void)state;
	for (size_t i = 0; i < BATCHES; i++) {
		double hit = uniform(simulation);

		if (hit < 0.02)
			simulation->cost[i] *= 1000;
		if (hit > 0.01 && hit < 0.03)
			simulation->jumps[i] *= 1000;
		if (hit > 0.025 && hit < 0.04)
			simulation->chain[i] *= 1000;
	}
	adjust(simulation);
	assert_near(median_of(simulation, simulation->adjusted, 0), 120,
		    0.005 * 120);
	/* A probe that was hit makes no nonsense of a batch that was not. */
	for (size_t i = 0; i < BATCHES; i++)
		if (simulation->cost[i] < 1000)
			assert_true(simulation->adjusted[i] > 60 &&
				    simulation->adjusted[i] < 240);
	free(simulation);
}

/* Columns that are constant, or that follow from one another, leave the
 * slopes undetermined: the smallest ones serve. */
static void constant_columns_are_no_singularity(void **state)
{
	struct simulation *simulation = with_neighbour(120);

	(void)state;
	for (size_t i = 0; i < BATCHES; i++) {
		bool shared = i % 3 == 0;

		simulation->chain[i] = QUIET_CHAIN;
		simulation->jumps[i] = shared ? 2 * QUIET_JUMPS : QUIET_JUMPS;
		simulation->cost[i] = shared ? 150 : 120;
	}
	adjust(simulation);
	assert_true(simulation->fit.adjusted);
	for (unsigned int k = 0; k < 3; k++)
		assert_true(isfinite(simulation->fit.used.slope[k]));
	for (size_t i = 0; i < BATCHES; i++)
		assert_near(simulation->adjusted[i], 120, 0.01 * 120);
	free(simulation);
}

static void costs_that_are_all_one_stay_so(void **state)
{
	struct simulation *simulation = with_neighbour(120);

	(void)state;
	for (size_t i = 0; i < BATCHES; i++)
		simulation->cost[i] = 120;
	adjust(simulation);
	for (size_t i = 0; i < BATCHES; i++)
		assert_near(simulation->adjusted[i], 120, 1e-3);
	free(simulation);
}

static void the_unit_of_cost_does_not_matter(void **state)
{
	struct simulation *ns = with_neighbour(120);
	struct simulation *ps = with_neighbour(120);

	(void)state;
	for (size_t i = 0; i < BATCHES; i++)
		ps->cost[i] *= 1000;
	adjust(ns);
	adjust(ps);
	for (size_t i = 0; i < BATCHES; i++)
		assert_near(ps->adjusted[i] / ns->adjusted[i], 1000, 1e-6);
	free(ns);
	free(ps);
}

/* From the lowest values on, 3 % at a time, to the middle of the mode. */
static void the_reference_is_the_middle_of_the_lowest_mode(void **state)
{
	double values[400], work[400];

	(void)state;
	/* 12 quiet readings in 400, about 1,000; the others shared, 1,200 and
	 * more. */
	for (size_t i = 0; i < 400; i++)
		values[399 - i] = i < 12 ? 985 + 30 * (double)i / 11
					 : 1200 + (double)i;
	assert_near(quiet_reference(values, 400, work), 985 + 30 * 5.0 / 11,
		    1e-9);
	/* Nothing but one mode: its median, of two the lower. */
	for (size_t i = 0; i < 400; i++)
		values[i] = 990 + 20 * (double)i / 399;
	assert_near(quiet_reference(values, 400, work), 990 + 20 * 199.0 / 399,
		    1e-9);
	assert_near(quiet_reference(values, 1, work), 990, 0);
	/* 950 to 1,050 evenly: from below 980 at first, three steps on. */
	for (size_t i = 0; i < 400; i++)
		values[i] = 950 + 0.25 * (double)i;
	assert_near(quiet_reference(values, 400, work), 977.25, 0.3);
	assert_true(isnan(quiet_reference(values, 0, work)));
}

/* Nine odd readings in 400 are no mode. */
static void a_few_low_readings_are_no_reference(void **state)
{
	double values[400], work[400];

	(void)state;
	for (size_t i = 0; i < 400; i++)
		values[i] = i % 45 == 1 ? 500 : 1000;
	assert_near(quiet_reference(values, 400, work), 1000, 0);
}

/* The middle of two values may have no other near it. */
static void there_is_a_reference_wherever_there_are_values(void **state)
{
	double values[20] = { 1000, 1100 }, work[20];

	(void)state;
	for (size_t i = 2; i < 20; i++)
		values[i] = 1300;
	assert_true(quiet_reference(values, 20, work) > 900);
	for (size_t count = 1; count < 20; count++)
		assert_true(isfinite(quiet_reference(values, count, work)));
}

static void quiet_is_within_5_percent_of_the_level(void **state)
{
	static const struct quiet_level level = { 1000, 100 };

	(void)state;
	assert_true(quiet_is_quiet(900, &level));
	assert_true(quiet_is_quiet(1049, &level));
	assert_false(quiet_is_quiet(1051, &level));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_planted_cost_is_found_under_a_neighbour),
		cmocka_unit_test(quiet_batches_are_left_as_they_are),
		cmocka_unit_test(a_probe_that_does_not_vary_changes_nothing),
		cmocka_unit_test(fewer_than_20_batches_are_left_as_they_are),
		cmocka_unit_test(the_runs_level_stands_in_below_100_batches),
		cmocka_unit_test(the_difference_of_two_arms_is_kept),
		cmocka_unit_test(the_curve_that_is_lent_has_no_square),
		cmocka_unit_test(a_borrowed_curve_finds_a_level_never_seen),
		cmocka_unit_test(a_curve_that_is_not_known_is_not_borrowed),
		cmocka_unit_test(an_arm_without_batches_is_no_harm),
		cmocka_unit_test(preempted_batches_and_probes_do_no_harm),
		cmocka_unit_test(constant_columns_are_no_singularity),
		cmocka_unit_test(costs_that_are_all_one_stay_so),
		cmocka_unit_test(the_unit_of_cost_does_not_matter),
		cmocka_unit_test(
			the_reference_is_the_middle_of_the_lowest_mode),
		cmocka_unit_test(a_few_low_readings_are_no_reference),
		cmocka_unit_test(
			there_is_a_reference_wherever_there_are_values),
		cmocka_unit_test(quiet_is_within_5_percent_of_the_level),
	};

	return check_all(tests);
}
