// SPDX-License-Identifier: MIT
/* What a session concludes from its launches and samples. */
#define _GNU_SOURCE
#include <errno.h>
#include <unistd.h>

#include "check.h"
#include "hand_made.h"

#define NOWHERE "/nonexistent/folder/run"

static struct hand_made made;

static int release(void **state)
{
	(void)state;
	hand_free(&made);
	return 0;
}

static void a_failure_keeps_its_first_words_and_status(void **state)
{
	struct session session = { .status = 0 };
	char text[600];

	(void)state;
	assert_int_equal(session_fail(&session, 3, "row %d: %s", 7, "gone"), 3);
	assert_int_equal(session.status, 3);
	assert_string_equal(session.problem, "row 7: gone");
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	session_fail(&session, 2, "%s", text);
	assert_int_equal(strlen(session.problem), sizeof(session.problem) - 1);
}

static void tasks_are_the_selected_rows_in_order(void **state)
{
	unsigned int one = row_named("baseline/empty");
	unsigned int two = row_named("getppid/inline");
	struct task *tasks;

	(void)state;
	hand_make(&made, 1, 1);
	tasks = calloc(registry_count(), sizeof(*tasks));
	hand_try(&made, one, 0);
	hand_try(&made, two, 16)->tried.calls = 0; /* skipped */
	assert_int_equal(session_tasks(&made.session, 0, false, tasks), 2);
	assert_int_equal(tasks[0].benchmark, one < two ? one : two);
	assert_int_equal(tasks[1].benchmark, one < two ? two : one);
	assert_int_equal(session_tasks(&made.session, 0, true, tasks), 1);
	assert_int_equal(tasks[0].benchmark, one);
	assert_int_equal(tasks[0].calls, 400);
	assert_int_equal(session_tasks(&made.session, one + 1, true, tasks), 0);
	free(tasks);
}

static void emulated_probes_are_as_long_in_every_boot(void **state)
{
	struct session session = {
		.clock = { .ticks_per_ns = 1, .granularity_ticks = 1 },
	};

	(void)state;
	assert_int_equal(session_probe_scale(&session), 1);
	session.clock.granularity_ticks = 26;
	assert_int_equal(session_probe_scale(&session), 3);
	strcpy(session.emulation.by, "tcg");
	assert_int_equal(session_probe_scale(&session), 2);
	session.clock.granularity_ticks = 1;
	assert_int_equal(session_probe_scale(&session), 2);
}

static void a_job_is_the_sessions(void **state)
{
	struct job job;

	(void)state;
	hand_make(&made, 1, 1);
	made.session.choice.cpu = 5;
	job = session_job(&made.session, JOB_LAUNCH, 0);
	assert_int_equal(job.kind, JOB_LAUNCH);
	assert_int_equal(job.rounds, 3);
	assert_int_equal(job.cpu, 5);
	assert_int_equal(job.counter, 1);
	assert_near(job.ticks_per_ns, 2, 0);
	assert_near(job.batch_ns, 50000, 0);
	assert_int_equal(job.count, 0);
	assert_int_equal(job.conditions.set, 0);
	assert_int_equal(job.emulated, 0);
	hand_emulate(&made);
	job = session_job(&made.session, JOB_LAUNCH, 0);
	assert_int_equal(job.emulated, 1);
}

static void a_job_has_its_arms_conditions(void **state)
{
	struct job job;

	(void)state;
	hand_make(&made, 2, 1);
	made.options.arms[1].conditions.set = 1 << CONDITION_SSBD;
	job = session_job(&made.session, JOB_CHECK, 1);
	assert_true(conditions_have(&job.conditions, CONDITION_SSBD));
	job = session_job(&made.session, JOB_CHECK, 0);
	assert_false(conditions_have(&job.conditions, CONDITION_SSBD));
}

/* 50 ns an entry at 2 adds a ns: a hundred adds a call that enters once. What
 * was counted goes before what is said. */
static void work_is_by_the_entries(void **state)
{
	struct conditions *conditions = &made.options.arms[1].conditions;
	struct task tasks[3];

	(void)state;
	hand_make(&made, 2, 1);
	conditions->set = 1 << CONDITION_WORK;
	conditions->value[CONDITION_WORK] = 50;
	hand_try(&made, row_named("baseline/call"), 0);
	hand_try(&made, row_named("getppid/inline"), -EPERM);
	hand_try(&made, row_named("getppid/libc"), 8);
	assert_int_equal(session_tasks(&made.session, 0, true, tasks), 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(tasks[i].hundreds, 0);
	session_add_work(&made.session, 1, tasks, 3);
	for (int i = 0; i < 3; i++) {
		const char *name = registry_get(tasks[i].benchmark)->name;

		assert_int_equal(tasks[i].hundreds,
				 strcmp(name, "baseline/call") == 0    ? 0
				 : strcmp(name, "getppid/inline") == 0 ? 400
								       : 200);
	}
	session_add_work(&made.session, 0, tasks, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(tasks[i].hundreds, 0);
}

static void skipped_arms_are_left_out(void **state)
{
	unsigned int arms[ARMS_MOST];

	(void)state;
	hand_make(&made, 3, 1);
	assert_int_equal(session_arms(&made.session, arms), 3);
	assert_int_equal(arms[2], 2);
	strcpy(made.session.arms[0].skipped, "no");
	assert_int_equal(session_arms(&made.session, arms), 2);
	assert_int_equal(arms[0], 1);
	assert_int_equal(arms[1], 2);
}

/* In each launch that was done, and by what it read back itself. */
static void states_are_compared_launch_by_launch(void **state)
{
	struct session *session = &made.session;

	(void)state;
	hand_make(&made, 2, 4);
	session->launches[2].done = false;
	session->launches[2].launched.state.traced = 1;
	assert_int_equal(session_conclude(session, NOWHERE), 0);
	assert_int_equal(session->arms[0].verified, 3);
	assert_int_equal(session->arms[1].verified, 4);
	assert_false(session->arms[0].changed || session->arms[1].changed);
	strcpy(session->launches[3].launched.state.text[1], "1");
	assert_int_equal(session_conclude(session, NOWHERE), 0);
	assert_int_equal(session->arms[1].verified, 4);
	assert_false(session->arms[0].changed);
	assert_true(session->arms[1].changed);
}

/* An arm whose own doing slows the probes shows by its level, and by its
 * share above the run's. */
static void every_arm_has_its_level(void **state)
{
	struct session *session = &made.session;
	struct trial *one;

	(void)state;
	hand_make(&made, 3, 10);
	one = hand_try(&made, row_named("getppid/inline"), 16);
	for (unsigned int i = 0; i < 300; i++) {
		unsigned int launch = i / 10, arm = launch % 3;

		if (arm < 2)
			hand_sample(one, launch, 100)->jumps = arm ? 2000
								   : 1000;
	}
	for (unsigned int i = 0; i < 30; i++)
		session->launches[i].launched.alone_share = i % 3 ? 0.25 : 1;
	assert_int_equal(session_conclude(session, NOWHERE), 0);
	assert_near(session->level.jumps, 1000, 1e-6);
	assert_near(session->arms[0].level.jumps, 1000, 1e-6);
	assert_near(session->arms[1].level.jumps, 2000, 1e-6);
	assert_near(session->arms[1].level.chain, HAND_MADE_CHAIN, 1e-6);
	assert_near(session->arms[0].shared, 0, 1e-12);
	assert_near(session->arms[1].shared, 1, 1e-12);
	assert_near(session->arms[0].alone, 1, 1e-12);
	assert_near(session->arms[1].alone, 0.25, 1e-12);
	assert_true(isnan(session->arms[2].level.jumps)); /* no batches */
	assert_true(isnan(session->arms[2].shared));
}

static void the_duty_cycle_is_of_launches_that_were_done(void **state)
{
	(void)state;
	hand_make(&made, 1, 4);
	assert_near(session_duty_cycle(&made.session), 0.7, 1e-12);
	made.session.launches[0].done = false;
	made.session.launches[0].timed_ns = 0;
	made.session.launches[0].wall_ns = 1000000000;
	assert_near(session_duty_cycle(&made.session), 0.7, 1e-12);
	made.session.launch_count = 0;
	assert_near(session_duty_cycle(&made.session), 0, 0);
}

/* Ticks of launches become ns a call; a lost launch counts for nothing. */
static void yardsticks_are_the_least_of_launches(void **state)
{
	struct session *session = &made.session;

	(void)state;
	hand_make(&made, 1, 4);
	for (unsigned int i = 0; i < 4; i++)
		session->launches[i].launched.yardstick_ticks[YARDSTICK_CALL] =
			4 + 2 * i;
	session->launches[0].done = false;
	session->launches[1].launched.yardstick_ticks[YARDSTICK_ADDS] = -1;
	assert_int_equal(session_conclude(session, NOWHERE), 0);
	assert_near(session->yardstick_ns[YARDSTICK_LOOP], 0.5, 1e-12);
	assert_near(session->yardstick_ns[YARDSTICK_CALL], 3, 1e-12);
	assert_near(session->yardstick_ns[YARDSTICK_ADDS], 500, 1e-12);
	assert_near(session_core_ghz(session), 2, 1e-12);
	assert_near(session_launch_ghz(session, 2), 2, 1e-12);
	hand_emulate(&made);
	assert_true(isnan(session_core_ghz(session)));
	assert_true(isnan(session_launch_ghz(session, 2)));
}

static void what_no_launch_timed_is_not_known(void **state)
{
	struct session *session = &made.session;

	(void)state;
	hand_make(&made, 1, 2);
	for (unsigned int i = 0; i < 2; i++)
		session->launches[i].launched.yardstick_ticks[YARDSTICK_ADDS] =
			-1;
	assert_int_equal(session_conclude(session, NOWHERE), 0);
	assert_true(isnan(session->yardstick_ns[YARDSTICK_ADDS]));
	assert_true(isnan(session_core_ghz(session)));
	assert_true(isnan(session->shared)); /* no samples either */
}

static void the_level_is_that_of_all_batches(void **state)
{
	struct session *session = &made.session;
	struct trial *one, *two;

	(void)state;
	hand_make(&made, 1, 10);
	one = hand_try(&made, row_named("getppid/inline"), 16);
	two = hand_try(&made, row_named("getuid/inline"), 16);
	for (unsigned int i = 0; i < 200; i++) {
		hand_sample(one, i / 20, 100)->jumps = 1000;
		hand_sample(two, i / 20, 100)->jumps = i < 120 ? 1500 : 1000;
		two->samples[i].chain = 170;
	}
	assert_int_equal(session_conclude(session, NOWHERE), 0);
	assert_near(session->level.jumps, 1000, 1e-6);
	assert_near(session->level.chain, HAND_MADE_CHAIN, 1e-6);
	assert_near(session->shared, 120.0 / 400, 1e-12);
	assert_int_equal(session->history.runs, 0);
}

static void a_core_that_was_never_alone_is_no_quiet_one(void **state)
{
	struct session *session = &made.session;

	(void)state;
	hand_make(&made, 1, 4);
	assert_int_equal(session_conclude(session, NOWHERE), 0);
	assert_near(session->alone, 1, 1e-12);
	assert_false(session->no_quiet);
	for (unsigned int i = 0; i < 4; i++)
		session->launches[i].launched.alone_share = i ? 0 : 0.02;
	assert_int_equal(session_conclude(session, NOWHERE), 0);
	assert_near(session->alone, 0.005, 1e-12);
	assert_true(session->no_quiet);
}

/* An arm of threads, of which the empty loops say that `alone` of its time the
 * core was its own, or nothing (-1); its jumps take `jumps`. */
static void make_crowd(double alone, float jumps)
{
	struct trial *trial;

	hand_make(&made, 2, 10);
	made.options.arms[1].conditions.set = 1U << CONDITION_THREADS;
	made.options.arms[1].conditions.value[CONDITION_THREADS] = 2;
	trial = hand_try(&made, row_named("getppid/inline"), 16);
	for (unsigned int i = 0; i < 20; i++) {
		made.session.launches[i].launched.alone_share = alone < 0 ? -1
								: i % 2 ? alone
									: 1;
		for (int j = 0; j < 10; j++)
			hand_sample(trial, i, 100)->jumps =
				i % 2 ? jumps : HAND_MADE_JUMPS;
	}
	assert_int_equal(session_conclude(&made.session, NOWHERE), 0);
}

/* Nobody else is blamed for one's own threads. */
static void own_threads_are_no_neighbours(void **state)
{
	const struct session *session = &made.session;

	(void)state;
	make_crowd(0, 1.7F * HAND_MADE_JUMPS);
	assert_false(session->arms[0].crowded);
	assert_true(session->arms[1].crowded);
	assert_near(session->alone, 1, 1e-12);
	assert_near(session->shared, 0, 1e-12);
	assert_near(session->arms[1].shared, 1, 1e-12);
	assert_near(session->level.jumps, HAND_MADE_JUMPS, 1e-6);
	release(state);
	make_crowd(-1, 1.7F * HAND_MADE_JUMPS);
	assert_true(session->arms[1].crowded);
	assert_near(session->shared, 0, 1e-12);
}

/* On cores of their own they disturb nobody; then others may. */
static void threads_elsewhere_are_no_crowd(void **state)
{
	const struct session *session = &made.session;

	(void)state;
	make_crowd(0.4, 1.7F * HAND_MADE_JUMPS);
	assert_false(session->arms[1].crowded);
	assert_near(session->alone, 0.7, 1e-12);
	assert_near(session->shared, 0.5, 1e-12);
	release(state);
	make_crowd(-1, HAND_MADE_JUMPS);
	assert_false(session->arms[1].crowded);
	release(state);
	make_crowd(0, HAND_MADE_JUMPS);
	made.options.arms[1].conditions.value[CONDITION_THREADS] = 0;
	assert_int_equal(session_conclude(&made.session, NOWHERE), 0);
	assert_false(session->arms[1].crowded);
	assert_near(session->alone, 0.5, 1e-12);
}

static void an_architecture_that_cannot_tell_claims_nothing(void **state)
{
	struct session *session = &made.session;

	(void)state;
	hand_make(&made, 1, 4);
	for (unsigned int i = 0; i < 4; i++)
		session->launches[i].launched.alone_share = -1;
	assert_int_equal(session_conclude(session, NOWHERE), 0);
	assert_true(isnan(session->alone));
	assert_false(session->no_quiet);
}

#define released(test) cmocka_unit_test_teardown(test, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_keeps_its_first_words_and_status),
		released(tasks_are_the_selected_rows_in_order),
		cmocka_unit_test(emulated_probes_are_as_long_in_every_boot),
		released(a_job_is_the_sessions),
		released(a_job_has_its_arms_conditions),
		released(work_is_by_the_entries),
		released(skipped_arms_are_left_out),
		released(states_are_compared_launch_by_launch),
		released(every_arm_has_its_level),
		released(the_duty_cycle_is_of_launches_that_were_done),
		released(yardsticks_are_the_least_of_launches),
		released(what_no_launch_timed_is_not_known),
		released(the_level_is_that_of_all_batches),
		released(a_core_that_was_never_alone_is_no_quiet_one),
		released(own_threads_are_no_neighbours),
		released(threads_elsewhere_are_no_crowd),
		released(an_architecture_that_cannot_tell_claims_nothing),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
