// SPDX-License-Identifier: MIT
/* What decides whether the counter may be used, and the judgement. */
#include <stddef.h>
#include <string.h>
#include <time.h>

#include "arch.h"
#include "attempt.h"
#include "clock.h"
#include "facts.h"

#define TRAPPED_NS   200 /* a native read takes 10-40 ns */
#define TURNS	     10
#define READS	     1000 /* a turn: what brackets them is a system call */
#define KERNEL_READS 50
#define SOURCE_LOOKS 250 /* 5 s */

/* A missing counter kills by SIGILL, a forbidden one (PR_SET_TSC) by SIGSEGV:
 * a child finds out. */
static int read_twice(const void *unused)
{
	(void)unused;
	counter_begin();
	counter_end();
	return 0;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * The quickest of many reads, and whether one ever went backwards. Few turns
 * of many reads: emulated, the two system calls around them take 100 reads'
 * time. Where a read traps (1-2 us) all of them take 10-20 ms.
 */
static void time_reads(struct clock_facts *facts)
{
	uint64_t last = counter_begin();

	facts->forward = true;
	facts->read_ns = UINT64_MAX;
	for (int i = 0; i < TURNS; i++) {
		uint64_t before = clock_raw_ns();

		for (int j = 0; j < READS; j++) {
			uint64_t now = counter_end();

			if (now < last)
				facts->forward = false;
			last = now;
		}
		facts->read_ns = lesser(facts->read_ns,
					(clock_raw_ns() - before) / READS);
	}
}

/* The same of the clock that would be used in its place. */
static void time_kernels(struct clock_facts *facts)
{
	facts->kernel_ns = UINT64_MAX;
	for (int i = 0; i < KERNEL_READS; i++) {
		uint64_t before = clock_raw_ns();

		facts->kernel_ns =
			lesser(facts->kernel_ns, clock_raw_ns() - before);
	}
}

/*
 * In the first seconds after a boot x86's kernel measures the counter's rate;
 * until it has, "tsc-early" is the same counter at a rate that is off by up to
 * 1 % (arch/x86/kernel/tsc.c, tsc_refine_calibration_work).
 */
static void read_clocksource(char *clocksource, size_t size)
{
	static const struct timespec pause = { .tv_nsec = 20000000 };

	for (int i = 0; i < SOURCE_LOOKS; i++) {
		if (facts_line("/sys/devices/system/clocksource/clocksource0/"
			       "current_clocksource",
			       clocksource, size))
			clocksource[0] = '\0';
		if (strcmp(clocksource, "tsc-early") != 0)
			return;
		nanosleep(&pause, NULL);
	}
}

void clock_read_facts(struct clock_facts *facts,
		      const struct emulation *emulation)
{
	char flags[8192];

	*facts = (struct clock_facts){
		.flags_agree = true,
		.emulated = emulation_is_known(emulation),
		.tcg = emulation->tcg,
	};
	facts->present = ARCH_HAS_COUNTER &&
			 attempt_in_child(read_twice, NULL) == 0;
	facts->invariant = counter_is_invariant();
	if (facts_cpuinfo("flags", flags, sizeof(flags)) == 0)
		facts->flags_agree = facts_has_word(flags, "constant_tsc") &&
				     facts_has_word(flags, "nonstop_tsc");
	read_clocksource(facts->clocksource, sizeof(facts->clocksource));
	time_kernels(facts);
	if (facts->present)
		time_reads(facts);
}

/* Clock sources that rest on the same counter: the kernel trusts it. */
static bool kernel_trusts_counter(const char *clocksource)
{
	static const char *const trusting[] = {
		"tsc",	     "tsc-early",
		"kvm-clock", "hyperv_clocksource_tsc_page",
		"xen",	     "arch_sys_counter",
		"",
	};

	for (size_t i = 0; i < sizeof(trusting) / sizeof(trusting[0]); i++)
		if (strcmp(clocksource, trusting[i]) == 0)
			return true;
	return false;
}

static bool is_promised(const struct clock_facts *facts)
{
	return facts->invariant && facts->flags_agree;
}

/*
 * TCG cannot expose an invariant TSC (QEMU target/i386/cpu.c, TCG_APM_FEATURES
 * is 0), but what it shows is the host's counter (cpu_get_ticks, in
 * softmmu/cpu-timers.c; in qemu-user cpu_get_host_ticks). The guest's kernel has
 * watched it: its word is asked for below, and silence is not enough.
 */
static bool is_excused(const struct clock_facts *facts)
{
	return facts->tcg && facts->clocksource[0];
}

/* Emulated, every read is slow and none traps: there it is to be quicker than
 * the clock that would be used in its place. */
static const char *judge_reads(const struct clock_facts *facts)
{
	if (facts->emulated)
		return facts->read_ns < facts->kernel_ns
			       ? NULL
			       : "a read of the emulated counter takes longer "
				 "than a system call";
	return facts->read_ns <= TRAPPED_NS
		       ? NULL
		       : "a read of the counter traps (over 200 ns)";
}

const char *clock_judge(const struct clock_facts *facts)
{
	const char *slow = judge_reads(facts);

	if (!facts->present)
		return "this CPU or kernel lets no program read a counter";
	if (!facts->forward)
		return "the counter went backwards";
	if (slow)
		return slow;
	if (!facts->invariant && !is_excused(facts))
		return "the CPU does not promise a constant rate";
	if (!facts->flags_agree && !is_excused(facts))
		return "/proc/cpuinfo lacks constant_tsc or nonstop_tsc";
	if (!kernel_trusts_counter(facts->clocksource))
		return "the kernel keeps time by another clock source";
	return NULL;
}

const char *clock_excuse(const struct clock_facts *facts)
{
	if (clock_judge(facts) || is_promised(facts))
		return NULL;
	return "QEMU's TCG shows the host's counter and cannot promise its "
	       "rate; the kernel keeps time by it";
}
