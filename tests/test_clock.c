// SPDX-License-Identifier: MIT
/* The clock: divisors, judgement, anchors and rate. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "arch.h"
#include "check.h"
#include "clock.h"
#include "mounts.h"

static void the_divisor_of_deltas_is_the_granularity(void **state)
{
	static const uint64_t steps[] = { 40, 0, 100, 60 };
	static const uint64_t primes[] = { 40, 41 };
	static const uint64_t zeros[] = { 0, 0 };
	static const uint64_t large[] = { 3ULL << 62, 1ULL << 62 };

	(void)state;
	assert_int_equal(clock_gcd(steps, 4), 20);
	assert_int_equal(clock_gcd(steps, 1), 40);
	assert_int_equal(clock_gcd(primes, 2), 1);
	assert_int_equal(clock_gcd(zeros, 2), 1);
	assert_int_equal(clock_gcd(zeros, 0), 1);
	assert_true(clock_gcd(large, 2) == 1ULL << 62);
}

static const struct emulation native;

/* Of 4,000 deltas, of which so many are of another step. */
static uint64_t step(const uint64_t *seen, unsigned int count,
		     unsigned int strays)
{
	static uint64_t deltas[4000];

	for (unsigned int i = 0; i < COUNT(deltas); i++)
		deltas[i] = i < strays ? 1001 + 7 * i : seen[i % count];
	return clock_step(deltas, COUNT(deltas));
}

/* The same with a delta of 1 once. */
static uint64_t least_stray(const uint64_t *seen, unsigned int count)
{
	uint64_t deltas[4000];

	for (unsigned int i = 0; i < COUNT(deltas); i++)
		deltas[i] = i ? seen[i % count] : 1;
	return clock_step(deltas, COUNT(deltas));
}

static void a_step_is_what_recurs(void **state)
{
	static const uint64_t coarse[] = { 52, 26, 52, 78 };
	static const uint64_t fine[] = { 41, 42, 43, 40 };
	static const uint64_t standing[] = { 0, 62, 0, 63, 0 };
	static const uint64_t quick[] = { 0, 26, 52 };
	static const uint64_t seldom[400] = { 1000, 1001 };
	uint64_t few[] = { 52, 26, 27 }, never[] = { 0, 0 };

	(void)state;
	assert_int_equal(step(coarse, 4, 0), 26);
	assert_int_equal(step(coarse, 4, 3), 26);
	assert_int_equal(step(coarse, 4, 39), 26);
	assert_int_equal(step(fine, 4, 3), 1);
	assert_int_equal(step(standing, 5, 0), 62);
	assert_int_equal(least_stray(quick, 3), 26);
	assert_int_equal(step(seldom, 400, 0), 1000);
	assert_int_equal(clock_step(few, 3), 1);
	assert_int_equal(clock_step(never, 2), 1);
	assert_int_equal(clock_step(never, 0), 1);
}

/* Where no delta recurs, all of them count. */
static void a_step_of_deltas_that_all_differ_is_the_divisor(void **state)
{
	static uint64_t deltas[4000];

	(void)state;
	for (unsigned int i = 0; i < COUNT(deltas); i++)
		deltas[i] = 40 + 4 * (uint64_t)i;
	assert_int_equal(clock_step(deltas, COUNT(deltas)), 4);
}

static struct clock_facts good_facts(const char *clocksource)
{
	struct clock_facts facts = {
		.present = true,
		.forward = true,
		.invariant = true,
		.flags_agree = true,
		.read_ns = 20,
		.kernel_ns = 150,
	};

	strcpy(facts.clocksource, clocksource);
	return facts;
}

static void a_counter_that_the_kernel_trusts_is_fit(void **state)
{
	static const char *const sources[] = {
		"tsc", "tsc-early", "hyperv_clocksource_tsc_page",
		"xen", "kvm-clock", "arch_sys_counter",
		"",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(sources); i++) {
		struct clock_facts facts = good_facts(sources[i]);

		assert_for(sources[i], clock_judge(&facts) == NULL);
	}
}

/* Each fact alone suffices, and says so with a word of its own. */
static void a_counter_is_unfit_for_each_reason(void **state)
{
	struct clock_facts facts[7];
	static const char *const words[] = { "no program",   "backwards",
					     "traps",	     "constant rate",
					     "cpuinfo",	     "another clock",
					     "another clock" };

	(void)state;
	for (size_t i = 0; i < COUNT(facts); i++)
		facts[i] = good_facts("tsc");
	facts[0].present = false;
	facts[1].forward = false;
	facts[2].read_ns = 201;
	facts[3].invariant = false;
	facts[4].flags_agree = false;
	strcpy(facts[5].clocksource, "hpet");
	strcpy(facts[6].clocksource, "acpi_pm");
	for (size_t i = 0; i < COUNT(facts); i++) {
		const char *reason = clock_judge(&facts[i]);

		assert_for(words[i], reason && strstr(reason, words[i]));
	}
}

/* As in a guest of QEMU's TCG with page-table isolation. */
static struct clock_facts tcg_facts(const char *clocksource)
{
	struct clock_facts facts = good_facts(clocksource);

	facts.emulated = facts.tcg = true;
	facts.invariant = facts.flags_agree = false;
	facts.read_ns = 300;
	facts.kernel_ns = 14000;
	return facts;
}

static void tcgs_counter_is_fit_by_its_kernels_word(void **state)
{
	struct clock_facts facts = tcg_facts("tsc");

	(void)state;
	assert_null(clock_judge(&facts));
	assert_non_null(strstr(clock_excuse(&facts), "TCG"));
	facts = tcg_facts("hpet");
	assert_non_null(strstr(clock_judge(&facts), "another clock"));
	assert_null(clock_excuse(&facts));
	facts = tcg_facts("");
	assert_non_null(strstr(clock_judge(&facts), "constant rate"));
	facts.invariant = true;
	assert_non_null(strstr(clock_judge(&facts), "cpuinfo"));
	facts = tcg_facts("tsc");
	facts.tcg = false;
	assert_non_null(strstr(clock_judge(&facts), "constant rate"));
	facts = tcg_facts("tsc");
	facts.forward = false;
	assert_non_null(strstr(clock_judge(&facts), "backwards"));
}

/* There every read is slow, and the other clock is slower. */
static void an_emulated_read_is_held_against_the_other_clock(void **state)
{
	struct clock_facts facts = good_facts("arch_sys_counter");

	(void)state;
	facts.emulated = true;
	facts.read_ns = 999;
	facts.kernel_ns = 1000;
	assert_null(clock_judge(&facts));
	facts.kernel_ns = 999;
	assert_non_null(strstr(clock_judge(&facts), "system call"));
}

static void who_keeps_a_promise_needs_no_excuse(void **state)
{
	struct clock_facts facts = good_facts("tsc");

	(void)state;
	assert_null(clock_excuse(&facts));
	facts.tcg = facts.emulated = true;
	assert_null(clock_excuse(&facts));
}

/* 2 ticks a ns. */
static double batch_ns(uint64_t granularity_ticks, uint64_t stamp_ticks)
{
	struct clock clock = {
		.ticks_per_ns = 2,
		.granularity_ticks = granularity_ticks,
		.stamp_ticks = stamp_ticks,
	};

	return clock_batch_ns(&clock);
}

static void a_batch_is_long_against_its_clock(void **state)
{
	(void)state;
	assert_near(batch_ns(1, 60), 50000, 1e-6);    /* most machines */
	assert_near(batch_ns(160, 200), 80000, 1e-6); /* 1,000 steps of 80 ns */
	assert_near(batch_ns(2000, 300), 250000, 1e-6);
	assert_near(batch_ns(1, 500), 50000, 1e-6); /* 250 ns a pair */
	assert_near(batch_ns(1, 502), 100000, 1e-6);
	assert_near(batch_ns(1, 998), 100000, 1e-6);
	assert_near(batch_ns(2, 2000), 200000, 1e-6);
	assert_near(batch_ns(2, 4000), 400000, 1e-6);  /* over the cap */
	assert_near(batch_ns(2, 30000), 800000, 1e-6); /* and no further */
}

/* Counters of different CPUs need not agree. */
static void stay_on_one_cpu(void)
{
	cpu_set_t one;
	int cpu = sched_getcpu();

	CPU_ZERO(&one);
	CPU_SET(cpu < 0 ? 0 : cpu, &one);
	sched_setaffinity(0, sizeof(one), &one);
}

static uint64_t libc_raw_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void the_kernels_clock_is_monotonic_raw(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint64_t before = libc_raw_ns(), between = clock_raw_ns();

		assert_true(before <= between);
		assert_true(between <= libc_raw_ns());
	}
}

static void check_anchors(bool counter)
{
	struct clock_anchor last = clock_anchor(counter);

	for (int i = 0; i < 100; i++) {
		uint64_t before = clock_raw_ns();
		struct clock_anchor next = clock_anchor(counter);

		assert_true(next.ticks > last.ticks);
		assert_true(next.raw_ns >= before);
		assert_true(next.raw_ns <= clock_raw_ns());
		last = next;
	}
}

static void anchors_move_forward(void **state)
{
	struct clock clock;

	(void)state;
	let_children_crash();
	stay_on_one_cpu();
	check_anchors(false);
	clock_start(&clock, CLOCK_COUNTER, &native);
	if (clock.counter)
		check_anchors(true);
}

static void the_kernels_clock_can_be_asked_for(void **state)
{
	struct clock clock;

	(void)state;
	let_children_crash();
	clock_start(&clock, CLOCK_RAW, &native);
	assert_false(clock.counter);
	assert_true(strlen(clock.reason) > 0);
	assert_near(clock.ticks_per_ns, 1, 0);
	assert_true(clock.granularity_ticks >= 1);
	assert_true(clock.stamp_ticks >= clock.granularity_ticks);
	assert_near(clock_granularity_ns(&clock),
		    (double)clock.granularity_ticks, 0);
}

static void the_judgement_decides_and_is_reported(void **state)
{
	const char *unfit;
	struct clock clock;

	(void)state;
	let_children_crash();
	clock_start(&clock, CLOCK_AUTO, &native);
	unfit = clock_judge(&clock.facts);
	assert_int_equal(clock.counter, !unfit);
	assert_string_equal(clock.reason, unfit ? unfit : "");
}

#define SOURCE                                                                 \
	"/sys/devices/system/clocksource/clocksource0/current_clocksource"

/* What a kernel does a second after its boot. */
static void *refine(void *nothing)
{
	struct timespec pause = { .tv_nsec = 50000000 };

	nanosleep(&pause, NULL);
	mounts_uncover(SOURCE);
	return nothing;
}

static void a_kernel_that_has_just_booted_is_waited_for(void **state)
{
	struct clock_facts facts;
	pthread_t kernel;

	(void)state;
	let_children_crash();
	if (access(SOURCE, R_OK) || !mounts_cover(SOURCE, "tsc-early\n"))
		skip_because("no mounts of one's own are permitted here");
	assert_int_equal(pthread_create(&kernel, NULL, refine, NULL), 0);
	clock_read_facts(&facts, &native);
	pthread_join(kernel, NULL);
	assert_true(facts.clocksource[0] != '\0');
	assert_string_not_equal(facts.clocksource, "tsc-early");
}

/* The rate holds for another stretch of time, by another reader's clock. */
static void the_counter_keeps_the_kernels_time(void **state)
{
	struct clock clock;
	uint64_t ns, ticks;

	(void)state;
	let_children_crash();
	stay_on_one_cpu();
	clock_start(&clock, CLOCK_COUNTER, &native);
	if (!clock.counter)
		skip_because("no counter to read: %s", clock.reason);
	ns = libc_raw_ns();
	ticks = counter_begin();
	while (libc_raw_ns() - ns < 20000000)
		;
	ticks = counter_end() - ticks;
	ns = libc_raw_ns() - ns;
	assert_near((double)ticks / clock.ticks_per_ns / (double)ns, 1, 0.01);
}

static void settling_and_finishing_find_the_drift(void **state)
{
	struct clock clock;
	double rough;

	(void)state;
	let_children_crash();
	stay_on_one_cpu();
	clock_start(&clock, CLOCK_AUTO, &native);
	rough = clock.ticks_per_ns;
	clock_settle(&clock);
	assert_near(clock.ticks_per_ns / rough, 1, 0.01);
	assert_true(clock.settled.raw_ns - clock.start.raw_ns >= 100000000);
	clock_finish(&clock);
	assert_true(clock.drift_ppm >= 0);
	assert_true(clock.drift_ppm < 10000);
	/* A rate that is 1 % off is found out. */
	clock.ticks_per_ns *= 1.01;
	clock_finish(&clock);
	assert_near(clock.drift_ppm, 9901, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_divisor_of_deltas_is_the_granularity),
		cmocka_unit_test(a_step_is_what_recurs),
		cmocka_unit_test(
			a_step_of_deltas_that_all_differ_is_the_divisor),
		cmocka_unit_test(a_counter_that_the_kernel_trusts_is_fit),
		cmocka_unit_test(a_counter_is_unfit_for_each_reason),
		cmocka_unit_test(tcgs_counter_is_fit_by_its_kernels_word),
		cmocka_unit_test(
			an_emulated_read_is_held_against_the_other_clock),
		cmocka_unit_test(who_keeps_a_promise_needs_no_excuse),
		cmocka_unit_test(a_batch_is_long_against_its_clock),
		cmocka_unit_test(the_kernels_clock_is_monotonic_raw),
		cmocka_unit_test(anchors_move_forward),
		cmocka_unit_test(the_kernels_clock_can_be_asked_for),
		cmocka_unit_test(the_judgement_decides_and_is_reported),
		cmocka_unit_test(a_kernel_that_has_just_booted_is_waited_for),
		cmocka_unit_test(the_counter_keeps_the_kernels_time),
		cmocka_unit_test(settling_and_finishing_find_the_drift),
	};

	return check_all(tests);
}
