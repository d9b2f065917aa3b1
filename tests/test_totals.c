// SPDX-License-Identifier: MIT
/* What happened during all launches, of those that know and that count. */
#define _GNU_SOURCE
#include <unistd.h>

#include "check.h"
#include "hand_made.h"

static struct hand_made made;

/* Two arms of three launches, of 10 s each. */
static int make(void **state)
{
	(void)state;
	hand_make(&made, 2, 3);
	for (unsigned int i = 0; i < made.session.launch_count; i++) {
		struct deltas *d = &made.session.launches[i].launched.deltas;

		deltas_forget(d);
		d->window_ms = 10000;
	}
	return 0;
}

static int release(void **state)
{
	(void)state;
	hand_free(&made);
	return 0;
}

static struct deltas *of(unsigned int launch)
{
	return &made.session.launches[launch].launched.deltas;
}

static const struct totals *totals(void)
{
	session_total(&made.session);
	return &made.session.totals;
}

static void what_no_launch_knows_is_not_known(void **state)
{
	const struct totals *t = totals();

	(void)state;
	assert_true(isnan(t->steal_share) && isnan(t->irq_share));
	assert_true(isnan(t->other_share) && isnan(t->waited_share));
	assert_true(isnan(t->throttles) && isnan(t->drift_ppm));
	assert_true(isnan(t->khz_least) && isnan(t->khz_most));
	assert_int_equal(t->migrated, 0);
}

static void shares_are_of_the_launches_that_know(void **state)
{
	(void)state;
	of(0)->steal_ms = 1000;
	of(2)->steal_ms = 0;
	of(3)->irq_ms = 100;
	of(3)->softirq_ms = 200;
	of(4)->irq_ms = 5000; /* but not what the soft ones took */
	of(5)->run_delay_ms = 2500;
	assert_near(totals()->steal_share, 0.05, 1e-12);
	assert_near(totals()->irq_share, 0.03, 1e-12);
	assert_near(totals()->waited_share, 0.25, 1e-12);
}

static void a_launch_that_was_lost_does_not_count(void **state)
{
	(void)state;
	of(0)->steal_ms = 1000;
	of(1)->steal_ms = 9000;
	of(1)->drift_ppm = 70;
	made.session.launches[1].migrated = 5;
	made.session.launches[1].done = false;
	assert_near(totals()->steal_share, 0.1, 1e-12);
	assert_true(isnan(totals()->drift_ppm));
	assert_int_equal(totals()->migrated, 0);
}

/* Half a tick is 5 % of 100 ms, and more of the tiny runs of a test; where time
 * is counted in ns, it is all the same. */
static void too_little_time_tells_no_share(void **state)
{
	double tick_ms = 1000.0 / (double)sysconf(_SC_CLK_TCK);

	(void)state;
	of(0)->window_ms = 24 * tick_ms;
	of(0)->steal_ms = of(0)->other_ms = of(0)->run_delay_ms = tick_ms;
	assert_true(isnan(totals()->steal_share));
	assert_true(isnan(totals()->other_share));
	assert_near(totals()->waited_share, 1 / 24.0, 1e-12);
	of(0)->window_ms = 26 * tick_ms;
	assert_near(totals()->steal_share, 1 / 26.0, 1e-12);
	assert_near(totals()->other_share, 1 / 26.0, 1e-12);
}

/* By ticks of 10 ms one launch has too much, the next too little. */
static void rounding_evens_out(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 6; i++)
		of(i)->other_ms = i % 2 ? 900 : -900;
	assert_near(totals()->other_share, 0, 0);
	of(5)->other_ms = 300;
	assert_near(totals()->other_share, 0, 0); /* and never below */
	of(5)->other_ms = 6900;
	assert_near(totals()->other_share, 0.1, 1e-12);
}

static void company_of_our_own_is_no_foreign_load(void **state)
{
	static char *words[] = { NULL };

	(void)state;
	for (unsigned int i = 0; i < 6; i++)
		of(i)->other_ms = i % 2 ? 5000 : 100;
	assert_near(totals()->other_share, 0.255, 1e-12);
	made.options.arms[1].wrap = words;
	assert_near(totals()->other_share, 0.01, 1e-12);
	made.options.arms[1].wrap = NULL;
	made.options.arms[1].conditions.set = 1U << CONDITION_TRACED;
	assert_near(totals()->other_share, 0.01, 1e-12);
	made.options.arms[1].conditions.set = 1U << CONDITION_THREADS;
	assert_near(totals()->other_share, 0.255, 1e-12);
}

static void counts_add_up_and_extremes_stand_out(void **state)
{
	(void)state;
	of(0)->core_throttles = 2;
	of(1)->package_throttles = 3;
	of(2)->drift_ppm = 4;
	of(3)->drift_ppm = -60;
	of(4)->khz_before = 800000;
	of(4)->khz_after = 3000000;
	of(5)->khz_after = 2000000;
	made.session.launches[0].migrated = 1;
	made.session.launches[5].migrated = 2;
	assert_near(totals()->throttles, 5, 0);
	assert_near(totals()->drift_ppm, 60, 0);
	assert_near(totals()->khz_least, 800000, 0);
	assert_near(totals()->khz_most, 3000000, 0);
	assert_int_equal(totals()->migrated, 3);
}

static void they_are_among_what_a_session_concludes(void **state)
{
	(void)state;
	of(0)->steal_ms = 1000;
	assert_int_equal(session_conclude(&made.session, "/nonexistent/run"),
			 0);
	assert_near(made.session.totals.steal_share, 0.1, 1e-12);
}

#define with_made(test) cmocka_unit_test_setup_teardown(test, make, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_made(what_no_launch_knows_is_not_known),
		with_made(shares_are_of_the_launches_that_know),
		with_made(a_launch_that_was_lost_does_not_count),
		with_made(too_little_time_tells_no_share),
		with_made(rounding_evens_out),
		with_made(company_of_our_own_is_no_foreign_load),
		with_made(counts_add_up_and_extremes_stand_out),
		with_made(they_are_among_what_a_session_concludes),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
