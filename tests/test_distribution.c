// SPDX-License-Identifier: MIT
/* Which rows are stamped, how often, and what their files say. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "distribution.h"
#include "hand_made.h"
#include "record_distribution.h"
#include "screen.h"

#define LAUNCHES 7

static struct hand_made made;
static unsigned int row;

static int begin(void **state)
{
	(void)state;
	row = row_named("getppid/inline");
	hand_make(&made, 2, 20);
	hand_try(&made, row, 16)->tried.cost_ns = 100;
	return 0;
}

static int release(void **state)
{
	(void)state;
	distribution_free(&made.session);
	hand_free(&made);
	return 0;
}

static void a_call_of_under_four_steps_is_refused(void **state)
{
	struct tried *tried = &made.session.trials[row].tried;
	char reason[DISTRIBUTION_REASON_BYTES];

	(void)state;
	made.session.clock.granularity_ticks = 20; /* 10 ns */
	assert_near(distribution_least_ns(&made.session), 40, 1e-9);
	tried->cost_ns = 40;
	assert_null(distribution_row_refused(&made.session, row, reason));
	tried->cost_ns = 39.9;
	assert_non_null(distribution_row_refused(&made.session, row, reason));
	assert_string_equal(reason,
			    "a call takes 40 ns, under 4 steps of the clock "
			    "(40 ns)");
	made.session.clock.granularity_ticks = 1;
	assert_null(distribution_row_refused(&made.session, row, reason));
}

static void an_arm_with_work_is_refused(void **state)
{
	struct conditions *conditions = &made.options.arms[1].conditions;

	(void)state;
	assert_null(distribution_arm_refused(&made.session, 1));
	conditions->set = 1 << CONDITION_SECCOMP | 1 << CONDITION_THREADS;
	assert_null(distribution_arm_refused(&made.session, 1));
	conditions->set |= 1 << CONDITION_WORK;
	assert_non_null(distribution_arm_refused(&made.session, 1));
	conditions->set = 0;
	strcpy(made.session.arms[1].skipped, "not here");
	assert_string_equal(distribution_arm_refused(&made.session, 1),
			    "not here");
}

static void launches_follow_those_of_the_batches(void **state)
{
	(void)state;
	assert_int_equal(distribution_launches(1), 1);
	assert_int_equal(distribution_launches(5), 5);
	assert_int_equal(distribution_launches(6), 6);
	assert_int_equal(distribution_launches(10), 6);
	assert_int_equal(distribution_launches(20), 10);
	assert_int_equal(distribution_launches(41), 21);
}

/* 100 rounds: enough for p99.9 of what takes up to 5.9 us. */
static void slow_calls_are_stamped_less_often(void **state)
{
	(void)state;
	assert_int_equal(distribution_stamps(0), 200);
	assert_int_equal(distribution_stamps(2000), 200);
	assert_in_range(distribution_stamps(5900), 100, 105);
	assert_in_range(distribution_stamps(6000), 90, 99);
	assert_int_equal(distribution_stamps(1e6), 1);
	assert_int_equal(distribution_stamps(1e12), 1);
}

/* 20,000 calls of 200 to 219 ticks and `slow` of 10,000 ticks. */
static struct stamped a_launch_of(unsigned int benchmark, unsigned int shift,
				  unsigned int slow)
{
	struct stamped stamped = { .benchmark = benchmark, .nivcsw = 1 };

	for (unsigned int i = 0; i < 20000; i++)
		histogram_note(&stamped.ticks, 20 + shift);
	for (unsigned int i = 0; i < slow; i++)
		histogram_note(&stamped.ticks, 10000);
	return stamped;
}

static void give(unsigned int benchmark, unsigned int arm)
{
	struct distribution *cell =
		distribution_cell(&made.session, benchmark, arm);

	for (unsigned int i = 0; i < LAUNCHES; i++) {
		struct stamped stamped = a_launch_of(benchmark, i, 100);

		assert_int_equal(distribution_add(cell, LAUNCHES, &stamped), 0);
	}
}

static void give_all(void)
{
	struct distributions *all = calloc(1, sizeof(*all));

	assert_non_null(all);
	made.session.distributions = all;
	all->cells = calloc(2 * (registry_count() + 1), sizeof(*all->cells));
	all->launch = calloc(2 * LAUNCHES, sizeof(*all->launch));
	assert_true(all->cells && all->launch);
	all->launches = LAUNCHES;
	all->launch_count = all->launches_done = 2 * LAUNCHES;
	for (unsigned int arm = 0; arm < 2; arm++) {
		give(row, arm);
		give(registry_count(), arm);
	}
}

/* The launch is the replicate: medians of 20 to 26 ticks, twice a ns. */
static void an_estimate_is_the_median_of_launches(void **state)
{
	const struct distribution *distribution;
	struct distribution_quantile quantile;
	double confidence;

	(void)state;
	give_all();
	distribution = distribution_get(&made.session, row, 1);
	confidence = distribution_quantile(&made.session, distribution, 0,
					   &quantile);
	assert_near(quantile.middle, 11.5, 1e-9);
	assert_near(quantile.low, 10, 1e-9);
	assert_near(quantile.high, 13, 1e-9);
	assert_near(confidence, 1 - pow(2, 1 - LAUNCHES), 1e-9);
	distribution_quantile(&made.session, distribution, 3, &quantile);
	assert_near(quantile.middle, 5000, 5000.0 / HISTOGRAM_OCTAVE);
	assert_int_equal(distribution->ticks.calls, 20100 * LAUNCHES);
	assert_int_equal(distribution->nivcsw, LAUNCHES);
	assert_int_equal(distribution->ticks.counts[23], 20000);
}

static void without_enough_calls_a_quantile_is_unknown(void **state)
{
	struct distribution_quantile quantile;
	struct distribution cell = { 0 };
	struct stamped stamped = { .benchmark = row };

	(void)state;
	for (int i = 0; i < 1000; i++)
		histogram_note(&stamped.ticks, 50);
	assert_int_equal(distribution_add(&cell, 1, &stamped), 0);
	distribution_quantile(&made.session, &cell, 2, &quantile);
	assert_near(quantile.middle, 25, 1e-9);
	assert_true(isnan(quantile.low)); /* one launch */
	distribution_quantile(&made.session, &cell, 3, &quantile);
	assert_true(isnan(quantile.middle));
	free(cell.quantiles);
}

/* What a file of the run folder holds; the folder is removed. */
static char *saved(const char *name)
{
	char base[] = "/tmp/syscost-test-XXXXXX", path[4300];
	struct store store;
	char *text = calloc(1, 1 << 20);
	FILE *file;

	assert_non_null(mkdtemp(base));
	snprintf(path, sizeof(path), "%s/run", base);
	assert_int_equal(store_open(&store, path, 0), 0);
	assert_int_equal(distribution_save(&made.session, &store), 0);
	snprintf(path, sizeof(path), "%s/%s", store.hidden, name);
	file = fopen(path, "re");
	if (file) {
		assert_true(fread(text, 1, (1 << 20) - 1, file) < 1 << 20);
		fclose(file);
	}
	snprintf(path, sizeof(path), "%s/distribution.csv", store.hidden);
	unlink(path);
	snprintf(path, sizeof(path), "%s/histogram.csv", store.hidden);
	unlink(path);
	store_discard(&store);
	rmdir(base);
	return text;
}

static void the_histogram_has_the_buckets_that_are_not_empty(void **state)
{
	static const char begin_with[] = "benchmark,arm,low_ns,high_ns,count\n"
					 "stamp,plain,10.0000,10.5000,20000\n"
					 "stamp,plain,10.5000,11.0000,20000\n";
	char *text;

	(void)state;
	give_all();
	text = saved("histogram.csv");
	assert_int_equal(strncmp(text, begin_with, strlen(begin_with)), 0);
	assert_non_null(strstr(text, "\nstamp,other,10.0000,10.5000,20000\n"));
	assert_non_null(strstr(
		text, "\ngetppid/inline,plain,4992.0000,5056.0000,700\n"));
	assert_null(strstr(text, ",0\n"));
	free(text);
}

static void the_open_bucket_has_no_upper_bound(void **state)
{
	unsigned int other = row_named("getppid/libc");
	struct stamped huge = { .benchmark = other };
	char *text;

	(void)state;
	give_all();
	histogram_note(&huge.ticks, 1ULL << 50);
	assert_int_equal(
		distribution_add(&made.session.distributions->cells[other], 1,
				 &huge),
		0);
	text = saved("histogram.csv");
	assert_non_null(
		strstr(text, "\ngetppid/libc,plain,34091302912.0000,,1\n"));
	free(text);
}

/* A worker's word is not trusted. */
static void a_launch_too_many_is_refused(void **state)
{
	struct stamped again = a_launch_of(row, 0, 0);

	(void)state;
	give_all();
	assert_int_equal(
		distribution_add(&made.session.distributions->cells[row],
				 LAUNCHES, &again),
		-EPROTO);
}

static void the_table_has_a_line_for_each_arm(void **state)
{
	char *text;

	(void)state;
	give_all();
	text = saved("distribution.csv");
	assert_non_null(strstr(text, "\nstamp,other,7,140700,0.9844,11.5000,"
				     "10.0000,13.0000,11.5000,"));
	assert_non_null(strstr(text, ",5000.0000,7,0\ngetppid/inline,plain,"));
	free(text);
}

static void without_any_launch_there_is_no_file(void **state)
{
	char *text = saved("histogram.csv");

	(void)state;
	assert_string_equal(text, "");
	free(text);
	give_all();
	made.session.distributions->launches_done = 0;
	text = saved("distribution.csv");
	assert_string_equal(text, "");
	free(text);
}

static void the_record_says_what_was_done(void **state)
{
	struct trial *quick = hand_try(&made, row_named("baseline/empty"), 0);
	json_t *json = record_distribution(&made.session), *launch;

	(void)state;
	assert_true(json_is_null(json));
	quick->tried.cost_ns = 1.9;
	json = record_not_stamped(&made.session, quick->tried.benchmark);
	assert_true(json_is_null(json)); /* nobody asked */
	give_all();
	made.session.distributions->launch[1].planned.arm = 1;
	json = record_not_stamped(&made.session, quick->tried.benchmark);
	assert_true(json_is_string(json));
	json_decref(json);
	assert_true(json_is_null(record_not_stamped(&made.session, row)));
	json = record_distribution(&made.session);
	assert_true(json_is_true(json_object_get(json, "complete")));
	assert_near(json_real_value(json_object_get(json, "least_ns")), 2, 0);
	launch = json_array_get(json_object_get(json, "launches"), 1);
	assert_string_equal(json_string_value(json_object_get(launch, "arm")),
			    "other");
	json_decref(json);
	made.session.distributions->launches_done--;
	json = record_distribution(&made.session);
	assert_true(json_is_false(json_object_get(json, "complete")));
	json_decref(json);
}

static char *shown(void)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	screen_distribution(file, &made.session);
	fclose(file);
	return text;
}

static void the_screen_begins_with_the_stamps(void **state)
{
	unsigned int quick = row_named("baseline/empty");
	const char *stamp;
	char *text = shown();

	(void)state;
	assert_string_equal(text, "");
	free(text);
	give_all();
	hand_try(&made, quick, 0)->tried.cost_ns = 0.3;
	hand_try(&made, row_named("thread/pthread"), 1)->tried.cost_ns = 1e4;
	made.options.arms[1].conditions.set = 1 << CONDITION_WORK;
	strcpy(made.session.distributions->launch[3].problem, "it died");
	text = shown();
	stamp = strstr(text, "\nstamp ");
	assert_non_null(stamp);
	assert_true(stamp < strstr(text, "\ngetppid/inline "));
	assert_non_null(strstr(text, "clock (2 ns): baseline/empty\n"));
	assert_non_null(strstr(text, "turn of the loop: thread/pthread\n"));
	assert_non_null(strstr(text, "arm other not stamped: "));
	assert_non_null(strstr(text, "launch 3 was lost: it died\n"));
	assert_non_null(strstr(text, "holds the stamps"));
	assert_null(strstr(text, "emulated"));
	free(text);
	hand_emulate(&made);
	text = shown();
	assert_non_null(strstr(text, "\nemulated: signs and constancy only\n"
				     "plain "));
	free(text);
}

#define with_session(test) cmocka_unit_test_setup_teardown(test, begin, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_session(a_call_of_under_four_steps_is_refused),
		with_session(an_arm_with_work_is_refused),
		with_session(launches_follow_those_of_the_batches),
		with_session(slow_calls_are_stamped_less_often),
		with_session(an_estimate_is_the_median_of_launches),
		with_session(without_enough_calls_a_quantile_is_unknown),
		with_session(the_histogram_has_the_buckets_that_are_not_empty),
		with_session(the_open_bucket_has_no_upper_bound),
		with_session(a_launch_too_many_is_refused),
		with_session(the_table_has_a_line_for_each_arm),
		with_session(without_any_launch_there_is_no_file),
		with_session(the_record_says_what_was_done),
		with_session(the_screen_begins_with_the_stamps),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
