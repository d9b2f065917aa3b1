// SPDX-License-Identifier: MIT
/* Chooses, calibrates and distrusts the clock that stamps batches. */
#include "clock.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "facts.h"
#include "stats.h"

#define SETTLE_NS  100000000ULL /* agrees to 1e-7: docs/method.md */
#define BRACKETS   50
#define PAIRS	   4000
#define TRAPPED_NS 200 /* a native read takes 10-40 ns */

uint64_t clock_raw_ns(void)
{
	struct timespec now = { 0, 0 };

	syscall2(SYS_clock_gettime, CLOCK_MONOTONIC_RAW, (long)&now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

struct clock_anchor clock_anchor(bool counter)
{
	struct clock_anchor best = { .width_ticks = UINT64_MAX };

	if (!counter) {
		best.width_ticks = 0;
		best.raw_ns = best.ticks = clock_raw_ns();
		return best;
	}
	for (int i = 0; i < BRACKETS; i++) {
		uint64_t before = counter_begin();
		uint64_t raw_ns = clock_raw_ns();
		uint64_t after = counter_end();

		if (after - before < best.width_ticks) {
			best.width_ticks = after - before;
			best.ticks = before + best.width_ticks / 2;
			best.raw_ns = raw_ns;
		}
	}
	return best;
}

uint64_t clock_gcd(const uint64_t *deltas, unsigned int count)
{
	uint64_t divisor = 0;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t a = deltas[i];

		while (a) {
			uint64_t rest = divisor % a;

			divisor = a;
			a = rest;
		}
	}
	return divisor ? divisor : 1;
}

/* A missing counter kills by SIGILL, a forbidden one (PR_SET_TSC) by SIGSEGV:
 * a child finds out. */
static bool survives_a_read(void)
{
	struct rlimit none = { 0, 0 };
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setrlimit(RLIMIT_CORE, &none);
		counter_begin();
		counter_end();
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The quickest of many reads, and whether one ever went backwards. */
static void time_reads(struct clock_facts *facts)
{
	uint64_t last = counter_begin();

	facts->forward = true;
	facts->read_ns = UINT64_MAX;
	for (int i = 0; i < 100; i++) {
		uint64_t before = clock_raw_ns(), taken;

		for (int j = 0; j < 100; j++) {
			uint64_t now = counter_end();

			if (now < last)
				facts->forward = false;
			last = now;
		}
		taken = (clock_raw_ns() - before) / 100;
		if (taken < facts->read_ns)
			facts->read_ns = taken;
	}
}

static void read_facts(struct clock_facts *facts)
{
	char flags[8192];

	*facts = (struct clock_facts){ .flags_agree = true };
	facts->present = ARCH_HAS_COUNTER && survives_a_read();
	facts->invariant = counter_is_invariant();
	if (facts_cpuinfo("flags", flags, sizeof(flags)) == 0)
		facts->flags_agree = facts_has_word(flags, "constant_tsc") &&
				     facts_has_word(flags, "nonstop_tsc");
	if (facts_line("/sys/devices/system/clocksource/clocksource0/"
		       "current_clocksource",
		       facts->clocksource, sizeof(facts->clocksource)))
		facts->clocksource[0] = '\0';
	if (facts->present)
		time_reads(facts);
}

/* Clock sources that rest on the same counter: the kernel trusts it. */
static bool kernel_trusts_counter(const char *clocksource)
{
	static const char *const trusting[] = {
		"tsc", "kvm-clock",	   "hyperv_clocksource_tsc_page",
		"xen", "arch_sys_counter", "",
	};

	for (size_t i = 0; i < sizeof(trusting) / sizeof(trusting[0]); i++)
		if (strcmp(clocksource, trusting[i]) == 0)
			return true;
	return false;
}

const char *clock_judge(const struct clock_facts *facts)
{
	if (!facts->present)
		return "this CPU or kernel lets no program read a counter";
	if (!facts->forward)
		return "the counter went backwards";
	if (facts->read_ns > TRAPPED_NS)
		return "a read of the counter traps (over 200 ns)";
	if (!facts->invariant)
		return "the CPU does not promise a constant rate";
	if (!facts->flags_agree)
		return "/proc/cpuinfo lacks constant_tsc or nonstop_tsc";
	if (!kernel_trusts_counter(facts->clocksource))
		return "the kernel keeps time by another clock source";
	return NULL;
}

/* A clock that stands still between two reads moves by the least that it moved
 * at all: its step need not be a whole number of ticks (62, 63, 62 ... of a
 * us), so that the divisor would be too small. Else the divisor. */
static uint64_t step_of(const uint64_t *deltas, unsigned int count)
{
	uint64_t least = UINT64_MAX;
	bool stands = false;

	for (unsigned int i = 0; i < count; i++) {
		stands = stands || !deltas[i];
		if (deltas[i] && deltas[i] < least)
			least = deltas[i];
	}
	return stands && least != UINT64_MAX ? least : clock_gcd(deltas, count);
}

static void measure_stamps(struct clock *clock)
{
	static uint64_t deltas[PAIRS];
	double pairs[PAIRS];

	for (int i = 0; i < PAIRS; i++) {
		uint64_t begin = clock->counter ? counter_begin()
						: clock_raw_ns();

		deltas[i] = (clock->counter ? counter_end() : clock_raw_ns()) -
			    begin;
		pairs[i] = (double)deltas[i];
	}
	clock->granularity_ticks = step_of(deltas, PAIRS);
	clock->stamp_ticks = (uint64_t)stats_median(pairs, PAIRS);
}

static double rate(struct clock_anchor from, struct clock_anchor to)
{
	return (double)(to.ticks - from.ticks) /
	       (double)(to.raw_ns - from.raw_ns);
}

/* Spins rather than sleeps: the CPU is to be awake when measuring begins. */
static struct clock_anchor wait_since(struct clock_anchor start, bool counter,
				      uint64_t ns)
{
	while (clock_raw_ns() - start.raw_ns < ns)
		;
	return clock_anchor(counter);
}

void clock_start(struct clock *clock, enum clock_choice choice)
{
	const char *unfit;

	*clock = (struct clock){ 0 };
	read_facts(&clock->facts);
	unfit = clock_judge(&clock->facts);
	if (choice == CLOCK_RAW)
		unfit = "asked for by --clock=raw";
	if (choice == CLOCK_COUNTER && clock->facts.present)
		unfit = NULL;
	clock->counter = !unfit;
	snprintf(clock->reason, sizeof(clock->reason), "%s",
		 unfit ? unfit : "");
	clock->stated_hz = clock->facts.present ? counter_stated_hz() : 0;
	clock->start = clock_anchor(clock->counter);
	measure_stamps(clock);
	clock->settled = wait_since(clock->start, clock->counter, 5000000);
	clock->ticks_per_ns = rate(clock->start, clock->settled);
}

void clock_settle(struct clock *clock)
{
	clock->settled = wait_since(clock->start, clock->counter, SETTLE_NS);
	clock->ticks_per_ns = rate(clock->start, clock->settled);
}

void clock_finish(struct clock *clock)
{
	struct clock_anchor end =
		wait_since(clock->settled, clock->counter, SETTLE_NS);
	double late = rate(clock->settled, end);

	clock->drift_ppm = fabs(late / clock->ticks_per_ns - 1) * 1e6;
}

double clock_granularity_ns(const struct clock *clock)
{
	return (double)clock->granularity_ticks / clock->ticks_per_ns;
}
