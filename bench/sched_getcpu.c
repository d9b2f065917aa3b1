// SPDX-License-Identifier: MIT
/* The CPU alone: from memory that the kernel keeps up to date, or by asking. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

/* From 2.35 on the C library has registered an area of restartable sequences
 * and reads the number there (glibc, sched_getcpu.c; rseq(2)): no vDSO. */
#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 35)
#define LIBC_TEXT "by the C library: from the thread's rseq area"
#endif
#endif
#ifndef LIBC_TEXT
#define LIBC_TEXT "by the C library: from the vDSO"
#endif

BENCHMARK_LOOP(through_libc, sched_getcpu());
BENCHMARK_LOOP(through_inline, syscall3(SYS_getcpu, (long)&cpu, 0, 0),
	       unsigned int cpu);

/* Whoever is not bound may be moved in between, hence the three attempts. */
static const char *verify(struct context *context)
{
	(void)context;
	for (int attempt = 0; attempt < 3; attempt++) {
		unsigned int cpu = ~0U;

		syscall3(SYS_getcpu, (long)&cpu, 0, 0);
		if (cpu == (unsigned int)sched_getcpu())
			return NULL;
	}
	return "the paths disagree about the CPU";
}

// clang-format off
#define ROW(way, count, text)						\
	{ .path = #way, .run = through_##way, .verify = verify,		\
	  .entries = count, .full = true, .summary = text }

BENCHMARK_GROUP(sched_getcpu, "the CPU that runs the caller, without its node",
	ROW(libc,   0, LIBC_TEXT),
	ROW(inline, 1, "by " ARCH_ENTRY_NAME),
);
// clang-format on
