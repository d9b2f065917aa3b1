// SPDX-License-Identifier: MIT
/* What lies between two moments: known where both are, and only then. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bound.h"
#include "check.h"
#include "deltas.h"
#include "facts.h"

#define SPIN_NS	  400000000ULL
#define CPUS_MOST 8192

/* A second in which a tenth of the CPU went to somebody else. */
static struct moment made_before, made_after;
static double tick_ms;

static int make(void **state)
{
	uint64_t tick = (uint64_t)sysconf(_SC_CLK_TCK);

	(void)state;
	tick_ms = 1000.0 / (double)tick;
	made_before = (struct moment){
		.anchor = { 1000, 5000, 20 },
		.nvcsw = 1,
		.nivcsw = 2,
		.minflt = 3,
		.majflt = 4,
		.own_ns = 7000000,
		.cpu = { .ran = 50,
			 .irq = 1,
			 .softirq = 2,
			 .steal = 3,
			 .total = 900 },
		.interrupts = UINT64_MAX - 1000,
		.softirqs = 300,
		.run_delay_ns = 1000000,
		.core_throttles = 5,
		.package_throttles = 6,
		.khz = 800000,
	};
	made_after = made_before;
	made_after.anchor = (struct clock_anchor){ 3000002000, 1000005000, 20 };
	made_after.nvcsw += 10;
	made_after.nivcsw += 20;
	made_after.minflt += 30;
	made_after.majflt += 40;
	made_after.own_ns += 800000000;
	made_after.cpu.ran += tick * 9 / 10;
	made_after.cpu.irq += 1;
	made_after.cpu.softirq += 2;
	made_after.cpu.steal += 3;
	made_after.cpu.total += tick;
	made_after.interrupts += 999;
	made_after.softirqs += 50;
	made_after.run_delay_ns += 2500000;
	made_after.core_throttles += 1;
	made_after.package_throttles += 2;
	made_after.khz = 3000000;
	return 0;
}

static struct deltas made_deltas(double ticks_per_ns)
{
	struct deltas deltas;

	deltas_between(&deltas, &made_before, &made_after, ticks_per_ns);
	return deltas;
}

static void what_happened_lies_between(void **state)
{
	struct deltas d = made_deltas(3);

	(void)state;
	assert_near(d.window_ms, 1000, 1e-9);
	assert_near(d.nvcsw, 10, 0);
	assert_near(d.nivcsw, 20, 0);
	assert_near(d.minflt, 30, 0);
	assert_near(d.majflt, 40, 0);
	assert_near(d.ran_ms, 900, 1e-9);
	assert_near(d.other_ms, 100, 1e-9);
	assert_near(d.irq_ms, tick_ms, 1e-9);
	assert_near(d.softirq_ms, 2 * tick_ms, 1e-9);
	assert_near(d.steal_ms, 3 * tick_ms, 1e-9);
	assert_near(d.interrupts, 999, 0); /* close to 2^64 */
	assert_near(d.softirqs, 50, 0);
	assert_near(d.run_delay_ms, 2.5, 1e-12);
	assert_near(d.core_throttles, 1, 0);
	assert_near(d.package_throttles, 2, 0);
	assert_near(d.khz_before, 800000, 0);
	assert_near(d.khz_after, 3000000, 0);
	/* 3000001000 ticks in 1 s of 3 a ns: a third of a millionth more. */
	assert_near(d.drift_ppm, 1 / 3.0, 1e-6);
}

static void a_slower_counter_drifts_below_zero(void **state)
{
	(void)state;
	made_after.anchor.ticks -= 300000;
	assert_near(made_deltas(3).drift_ppm, 1 / 3.0 - 100, 1e-6);
}

/* Anchors that are right to 10 us of a second say nothing of 10 ppm. */
static void an_anchor_that_is_not_sharp_tells_no_drift(void **state)
{
	(void)state;
	made_after.anchor.width_ticks = 50000;
	assert_false(isnan(made_deltas(3).drift_ppm));
	made_after.anchor.width_ticks = 70000;
	assert_true(isnan(made_deltas(3).drift_ppm));
	assert_near(made_deltas(3).window_ms, 1000, 1e-9);
}

static void the_kernels_clock_has_no_drift(void **state)
{
	(void)state;
	assert_true(isnan(made_deltas(0).drift_ppm));
	made_after.anchor = made_before.anchor;
	assert_true(isnan(made_deltas(3).drift_ppm));
}

/* Every figure on its own: none takes the place of another, or of zero. */
static void what_one_moment_lacks_is_not_known(void **state)
{
	static const struct {
		size_t count, delta;
	} pairs[] = {
#define PAIR(count, delta)                                                     \
	{ offsetof(struct moment, count), offsetof(struct deltas, delta) }
		PAIR(nvcsw, nvcsw),
		PAIR(nivcsw, nivcsw),
		PAIR(minflt, minflt),
		PAIR(majflt, majflt),
		PAIR(cpu.ran, ran_ms),
		PAIR(cpu.ran, other_ms),
		PAIR(own_ns, other_ms),
		PAIR(cpu.irq, irq_ms),
		PAIR(cpu.softirq, softirq_ms),
		PAIR(cpu.steal, steal_ms),
		PAIR(cpu.total, steal_ms),
		PAIR(interrupts, interrupts),
		PAIR(softirqs, softirqs),
		PAIR(run_delay_ns, run_delay_ms),
		PAIR(core_throttles, core_throttles),
		PAIR(package_throttles, package_throttles),
		PAIR(khz, khz_after),
	};

	for (size_t i = 0; i < COUNT(pairs); i++) {
		uint64_t *count;
		struct deltas d;

		assert_int_equal(make(state), 0);
		count = (uint64_t *)((char *)&made_after + pairs[i].count);
		*count = FACTS_UNKNOWN;
		d = made_deltas(3);
		assert_true(isnan(*(double *)((char *)&d + pairs[i].delta)));
		assert_true(isfinite(d.window_ms));
	}
	assert_int_equal(make(state), 0);
	made_before.khz = FACTS_UNKNOWN;
	assert_true(isnan(made_deltas(3).khz_before));
	assert_near(made_deltas(3).khz_after, 3000000, 0);
}

static void what_goes_back_was_begun_anew(void **state)
{
	(void)state;
	made_after.interrupts = 7;
	made_after.cpu.steal = 0;
	assert_true(isnan(made_deltas(3).interrupts));
	assert_true(isnan(made_deltas(3).steal_ms));
	assert_near(made_deltas(3).ran_ms, 900, 1e-9);
}

/* A sandbox's /proc/stat is all zeros: that is no figure of 0 %. */
static void a_kernel_that_keeps_no_account_tells_nothing(void **state)
{
	struct deltas d;

	(void)state;
	made_after.cpu = made_before.cpu; /* less than a tick */
	assert_near(made_deltas(3).ran_ms, 0, 0);
	made_before.cpu = made_after.cpu = (struct cpu_times){ 0 };
	d = made_deltas(3);
	assert_true(isnan(d.ran_ms) && isnan(d.other_ms));
	assert_true(isnan(d.steal_ms) && isnan(d.irq_ms));
	assert_near(d.nvcsw, 10, 0);
}

static void what_is_forgotten_is_not_known(void **state)
{
	double values[sizeof(struct deltas) / sizeof(double)];
	struct deltas d = { 0 };

	(void)state;
	deltas_forget(&d);
	memcpy(values, &d, sizeof(d));
	for (size_t i = 0; i < COUNT(values); i++)
		assert_true(isnan(values[i]));
}

static void the_delay_is_the_second_number(void **state)
{
	(void)state;
	assert_int_equal(deltas_run_delay("72617895 34221 3\n"), 34221);
	assert_int_equal(deltas_run_delay("5 0 1\n"), 0);
	assert_true(deltas_run_delay("0 0 0\n") == FACTS_UNKNOWN);
	assert_true(deltas_run_delay("") == FACTS_UNKNOWN);
	assert_true(deltas_run_delay("5 6\n") == FACTS_UNKNOWN);
	assert_true(deltas_run_delay("5 -6 7\n") == FACTS_UNKNOWN);
	assert_true(deltas_run_delay("5 99999999999999999999 7\n") ==
		    FACTS_UNKNOWN);
}

/* Binds this process; -1: that is not permitted here. */
static int bind_to_one(void)
{
	cpu_set_t *set = CPU_ALLOC(CPUS_MOST);
	size_t size = CPU_ALLOC_SIZE(CPUS_MOST);
	int cpu = sched_getcpu();

	CPU_ZERO_S(size, set);
	if (cpu >= 0)
		CPU_SET_S((size_t)cpu, size, set);
	if (cpu < 0 || sched_setaffinity(0, size, set))
		cpu = -1;
	CPU_FREE(set);
	return cpu;
}

static void spin(void)
{
	uint64_t start = clock_raw_ns();

	while (clock_raw_ns() - start < SPIN_NS)
		;
}

/* Binding here binds the tests after it too, to the same. */
static struct deltas deltas_of_a_spin(int cpu)
{
	struct moment before, after;
	struct deltas deltas;

	moment_before(&before, cpu, false);
	spin();
	moment_after(&after, cpu, false);
	deltas_between(&deltas, &before, &after, 0);
	return deltas;
}

static void a_moment_of_this_machine_has_our_own(void **state)
{
	int cpu = bind_to_one();
	struct moment before, after;
	struct deltas d;
	char *pages = mmap(NULL, 16 * 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(pages != MAP_FAILED);
	if (cpu < 0)
		skip_because("a process may not be bound here");
	moment_before(&before, cpu, false);
	for (int i = 0; i < 16; i++)
		((volatile char *)pages)[i * 4096L] = 1;
	moment_after(&after, cpu, false);
	deltas_between(&d, &before, &after, 0);
	assert_true(d.window_ms > 0);
	assert_true(d.minflt >= 1); /* one where a huge page came */
	assert_true(isnan(d.drift_ppm));
	munmap(pages, 16 * 4096);
}

static void our_own_work_is_not_anothers(void **state)
{
	int cpu = bind_to_one();
	struct deltas d;

	(void)state;
	if (cpu < 0)
		skip_because("a process may not be bound here");
	d = deltas_of_a_spin(cpu);
	if (isnan(d.ran_ms))
		skip_because("this kernel keeps no account of CPU %d", cpu);
	assert_true(d.ran_ms > 0);
	assert_true(d.other_ms < d.ran_ms);
	assert_true(isnan(d.interrupts) || d.interrupts >= 0);
}

static pid_t start_busy_process(void)
{
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			;
	}
	assert_true(child > 0);
	return child;
}

/* It has the same CPU, and about half of it. */
static void the_work_of_another_process_is(void **state)
{
	int cpu = bind_to_one();
	struct deltas d;
	pid_t busy;

	(void)state;
	if (cpu < 0)
		skip_because("a process may not be bound here");
	busy = start_busy_process();
	d = deltas_of_a_spin(cpu);
	kill(busy, SIGKILL);
	waitpid(busy, NULL, 0);
	if (isnan(d.other_ms))
		skip_because("this kernel keeps no account of CPU %d", cpu);
	assert_true(d.other_ms > 0.1 * d.ran_ms);
	assert_true(d.nivcsw > 0);
	assert_true(isnan(d.run_delay_ms) || d.run_delay_ms > 0);
}

static void spin_for_good(void *argument)
{
	(void)argument;
	for (;;)
		;
}

/* A partner's work is part of ours, as much as it has of this CPU. */
static void the_work_of_a_partner_is_our_own(void **state)
{
	struct moment before, after;
	struct partner partner;
	uint64_t start, wall_ns;

	(void)state;
	assert_int_equal(bind_as_a_worker(), 0);
	assert_int_equal(partner_start(&partner, PARTNER_PROCESS,
				       partner_here(), spin_for_good, NULL),
			 0);
	start = clock_raw_ns();
	moment_before(&before, partner_here(), false);
	usleep(100000);
	moment_after(&after, partner_here(), false);
	wall_ns = clock_raw_ns() - start;
	partner_end(&partner);
	assert_true(after.own_ns - before.own_ns > 1000000);
	assert_true(after.own_ns - before.own_ns < wall_ns);
}

#define with_made(test) cmocka_unit_test_setup(test, make)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_made(what_happened_lies_between),
		with_made(a_slower_counter_drifts_below_zero),
		with_made(an_anchor_that_is_not_sharp_tells_no_drift),
		with_made(the_kernels_clock_has_no_drift),
		with_made(what_one_moment_lacks_is_not_known),
		with_made(what_goes_back_was_begun_anew),
		with_made(a_kernel_that_keeps_no_account_tells_nothing),
		cmocka_unit_test(what_is_forgotten_is_not_known),
		cmocka_unit_test(the_delay_is_the_second_number),
		cmocka_unit_test(a_moment_of_this_machine_has_our_own),
		cmocka_unit_test(our_own_work_is_not_anothers),
		cmocka_unit_test(the_work_of_another_process_is),
		cmocka_unit_test(the_work_of_a_partner_is_our_own),
	};

	return check_all(tests);
}
