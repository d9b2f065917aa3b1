// SPDX-License-Identifier: MIT
/* What decides whether the counter may be used, and the judgement. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "clock.h"
#include "facts.h"

#define TRAPPED_NS 200 /* a native read takes 10-40 ns */
#define TURNS	   10
#define READS	   1000 /* a turn: what brackets them is a system call */

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

void clock_read_facts(struct clock_facts *facts)
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
