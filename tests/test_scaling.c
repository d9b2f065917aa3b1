// SPDX-License-Identifier: MIT
/* Figures of threads from shares whose answer is known. */
#include <math.h>

#include "check.h"
#include "hand_made.h"
#include "scaling.h"

#define ROW	"getppid/inline"
#define BATCHES 3
#define OTHERS	2

static struct hand_made made;
static struct scaling scaling;

static int release(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < made.session.launch_count; i++)
		scaling_forget(&made.session.launches[i]);
	scaling_free(&scaling);
	hand_free(&made);
	return 0;
}

/* An arm of one thread and one of three. */
static void make(unsigned int launches)
{
	hand_make(&made, 2, launches);
	made.options.arms[1].conditions.set = 1U << CONDITION_THREADS;
	made.options.arms[1].conditions.value[CONDITION_THREADS] = OTHERS + 1;
	hand_try(&made, row_named(ROW), 16);
}

/* Batches of 100 calls; the clock ticks twice a ns. */
static void make_rows(struct row *rows, double ns)
{
	for (uint32_t i = 0; i < BATCHES; i++)
		rows[i] = (struct row){
			.benchmark = row_named(ROW),
			.seq = i,
			.calls = 100,
			.ticks = (uint64_t)(200 * ns),
			.cpu = 1,
		};
}

/* The first other thread takes `ns` a call, the second ten times as long; both
 * are there for more than half of the batch. */
static void make_shares(struct share *shares, double ns)
{
	for (uint32_t i = 0; i < BATCHES * OTHERS; i++)
		shares[i] = (struct share){
			.calls = i % OTHERS ? 60 : 600,
			.ticks = (uint64_t)(1200 * ns),
			.seq = i / OTHERS,
			.thread = (uint16_t)(1 + i % OTHERS),
			.cpu = (uint16_t)(i % OTHERS),
		};
}

static void note_one(unsigned int launch, double ns)
{
	struct row rows[BATCHES];

	make_rows(rows, ns);
	assert_int_equal(
		scaling_note(&made.session, launch, rows, BATCHES, NULL, 0), 0);
	hand_sample(&made.session.trials[row_named(ROW)], launch, ns);
}

static void note_three(unsigned int launch, double ns, double others_ns)
{
	struct row rows[BATCHES];
	struct share shares[BATCHES * OTHERS];

	make_rows(rows, ns);
	make_shares(shares, others_ns);
	assert_int_equal(scaling_note(&made.session, launch, rows, BATCHES,
				      shares, OTHERS),
			 0);
	hand_sample(&made.session.trials[row_named(ROW)], launch, ns);
}

static void each_thread_has_its_figure(void **state)
{
	const struct scaling_row *one, *three;

	(void)state;
	make(1);
	note_one(0, 100);
	note_three(1, 200, 50);
	assert_int_equal(scaling_make(&scaling, &made.session), 0);
	assert_int_equal(scaling.count, 2);
	one = &scaling.rows[0];
	three = &scaling.rows[1];
	assert_int_equal(one->threads, 1);
	assert_near(one->main.middle, 100, 1e-9);
	assert_near(one->slowest.middle, 100, 1e-9);
	assert_near(one->rate.middle, 1e7, 1e-3);
	assert_near(one->efficiency.middle, 1, 1e-12);
	assert_int_equal(three->threads, 3);
	assert_near(three->main.middle, 200, 1e-9);
	assert_near(three->slowest.middle, 500, 1e-9);
	assert_near(three->fastest.middle, 50, 1e-9);
	assert_near(three->rate.middle, 1e9 / 200 + 1e9 / 50 + 1e9 / 500, 1e-3);
	assert_near(three->efficiency.middle, 2.7e7 / 1e7 / 3, 1e-9);
}

/* 100 and 400 ns in the first pass, 200 and 200 in the second: each launch is
 * read against the one beside it. */
static void efficiency_is_within_a_pass(void **state)
{
	(void)state;
	make(2);
	note_one(0, 100);
	note_three(1, 400, 400);
	note_one(2, 200);
	note_three(3, 200, 200);
	assert_int_equal(scaling_make(&scaling, &made.session), 0);
	assert_near(scaling.rows[1].efficiency.low, 2.1 / 4 / 3, 1e-9);
	assert_near(scaling.rows[1].efficiency.high, 2.1 / 3, 1e-9);
}

static void lost_launches_are_left_out(void **state)
{
	(void)state;
	make(2);
	note_one(0, 100);
	note_three(1, 400, 400);
	note_three(3, 200, 200); /* the reference of its pass was lost */
	assert_int_equal(scaling_make(&scaling, &made.session), 0);
	assert_int_equal(scaling.rows[1].launches, 2);
	assert_near(scaling.rows[1].main.middle, 300, 1e-9);
	assert_near(scaling.rows[1].efficiency.middle, 2.1 / 4 / 3, 1e-9);
	scaling_forget(&made.session.launches[3]);
	scaling_free(&scaling);
	assert_int_equal(scaling_make(&scaling, &made.session), 0);
	assert_int_equal(scaling.rows[1].launches, 1);
}

/* A batch that a thread was away from is none of threads together. */
static void batches_without_one_of_them_are_left_out(void **state)
{
	struct row rows[BATCHES];
	struct share shares[BATCHES * OTHERS];
	const struct scaled *scaled;

	(void)state;
	make(1);
	note_one(0, 100);
	make_rows(rows, 200);
	make_shares(shares, 200);
	rows[0].ticks /= 2; /* nobody contended for it */
	shares[1].calls = shares[1].ticks = 0;
	shares[2].ticks = rows[1].ticks / 2 - 1;
	assert_int_equal(
		scaling_note(&made.session, 1, rows, BATCHES, shares, OTHERS),
		0);
	scaled = &made.session.launches[1].scaled[row_named(ROW)];
	assert_near(scaled->together, 1.0 / 3, 1e-12);
	assert_near(scaled->main_ns, 200, 1e-9);
	assert_near(scaled->slowest_ns, 2000, 1e-9);
	assert_near(scaled->rate, 2.1 * 1e9 / 200, 1e-3);
}

static void threads_that_were_never_together_have_no_figure(void **state)
{
	struct row rows[BATCHES];
	struct share shares[BATCHES * OTHERS];

	(void)state;
	make(1);
	note_one(0, 100);
	make_rows(rows, 200);
	make_shares(shares, 200);
	for (int i = 0; i < BATCHES; i++)
		shares[OTHERS * i].calls = 0;
	assert_int_equal(
		scaling_note(&made.session, 1, rows, BATCHES, shares, OTHERS),
		0);
	hand_sample(&made.session.trials[row_named(ROW)], 1, 200);
	assert_int_equal(scaling_make(&scaling, &made.session), 0);
	assert_int_equal(scaling.rows[1].launches, 1);
	assert_int_equal(scaling.rows[1].counted, 0);
	assert_near(scaling.rows[1].together, 0, 0);
	assert_true(isnan(scaling.rows[1].main.middle));
	assert_true(isnan(scaling.rows[1].rate.middle));
	assert_true(isnan(scaling.rows[1].slowest.middle));
	assert_true(isnan(scaling.rows[1].efficiency.middle));
}

static void without_one_thread_nothing_is_ideal(void **state)
{
	(void)state;
	make(1);
	made.options.arms[0].conditions = made.options.arms[1].conditions;
	note_three(0, 100, 100);
	note_three(1, 100, 100);
	assert_int_equal(scaling_make(&scaling, &made.session), 0);
	assert_int_equal(scaling.count, 2);
	assert_near(scaling.rows[1].rate.middle, 2.1e7, 1e-3);
	assert_true(isnan(scaling.rows[1].efficiency.middle));
}

static void without_threads_there_is_no_table(void **state)
{
	(void)state;
	hand_make(&made, 2, 1);
	hand_try(&made, row_named(ROW), 16);
	note_one(0, 100);
	note_one(1, 100);
	assert_null(made.session.launches[0].scaled);
	assert_false(scaling_is_wanted(&made.session));
	assert_int_equal(scaling_make(&scaling, &made.session), 0);
	assert_int_equal(scaling.count, 0);
}

/* As under condition work: the main thread alone is no rate of three. */
static void threads_that_do_not_count_are_not_in_the_table(void **state)
{
	(void)state;
	make(1);
	note_one(0, 100);
	note_one(1, 200);
	assert_null(made.session.launches[1].scaled);
	assert_int_equal(scaling_make(&scaling, &made.session), 0);
	assert_int_equal(scaling.count, 1);
}

/* Nor where the arm with threads could not be run; others are no part of it. */
static void arms_of_other_conditions_are_left_out(void **state)
{
	(void)state;
	make(1);
	hand_skip(&made, 1, "one CPU");
	assert_false(scaling_is_wanted(&made.session));
	release(state);
	hand_make(&made, 3, 1);
	made.options.arms[1].conditions.set = 1U << CONDITION_SSBD;
	made.options.arms[2].conditions.value[CONDITION_THREADS] = 2;
	hand_try(&made, row_named(ROW), 16);
	note_one(0, 100);
	note_one(1, 100);
	assert_non_null(made.session.launches[0].scaled);
	assert_null(made.session.launches[1].scaled);
}

static void shares_must_be_those_of_the_rows(void **state)
{
	struct row rows[BATCHES];
	struct share shares[BATCHES * OTHERS];

	(void)state;
	hand_make(&made, 1, 1);
	make_rows(rows, 100);
	make_shares(shares, 100);
	assert_true(scaling_fits(rows, BATCHES, NULL, 0, 0));
	assert_true(
		scaling_fits(rows, BATCHES, shares, BATCHES * OTHERS, OTHERS));
	assert_false(scaling_fits(rows, BATCHES, shares, BATCHES * OTHERS - 1,
				  OTHERS));
	assert_false(scaling_fits(rows, 0, shares, BATCHES * OTHERS, OTHERS));
	shares[3].thread = 1;
	assert_false(
		scaling_fits(rows, BATCHES, shares, BATCHES * OTHERS, OTHERS));
	shares[3].thread = 2;
	shares[5].seq = 0;
	assert_false(
		scaling_fits(rows, BATCHES, shares, BATCHES * OTHERS, OTHERS));
}

#define figured(test) cmocka_unit_test_teardown(test, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		figured(each_thread_has_its_figure),
		figured(efficiency_is_within_a_pass),
		figured(lost_launches_are_left_out),
		figured(batches_without_one_of_them_are_left_out),
		figured(threads_that_were_never_together_have_no_figure),
		figured(without_one_thread_nothing_is_ideal),
		figured(without_threads_there_is_no_table),
		figured(threads_that_do_not_count_are_not_in_the_table),
		figured(arms_of_other_conditions_are_left_out),
		figured(shares_must_be_those_of_the_rows),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
