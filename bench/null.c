// SPDX-License-Identifier: MIT
/* Calls that look up or store a word, and a turn of the scheduler. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

/* One group: the C library's call, the bare one, and the proof that both do
 * the same. `mask` is the process's own: nothing is changed. */
// clang-format off
#define NULL_GROUP(call, text, in_scaling, wrapped, entered, proof)	\
	BENCHMARK_LOOP(call##_libc, wrapped,				\
		       long mask __attribute__((unused)) =		\
			       context->argument);			\
	BENCHMARK_LOOP(call##_inline, entered,				\
		       long mask __attribute__((unused)) =		\
			       context->argument);			\
									\
	static const char *call##_verify(struct context *context)	\
	{								\
		long mask __attribute__((unused)) = context->argument;	\
									\
		return (proof) ? NULL					\
			       : "the ways in disagree about the result"; \
	}								\
									\
	BENCHMARK_GROUP(call, text,					\
		{ .path = "libc",   .run = call##_libc,			\
		  .setup = read_mask, .verify = call##_verify,		\
		  .entries = 1, .full = true,				\
		  .summary = "the C library's wrapper" },		\
		{ .path = "inline", .run = call##_inline,		\
		  .setup = read_mask, .verify = call##_verify,		\
		  .entries = 1, .full = true, .scales = in_scaling,	\
		  .summary = "one " ARCH_ENTRY_NAME " in the loop" })
// clang-format on

/* There is no call that only reads it. */
static int read_mask(const struct benchmark *benchmark, struct context *context)
{
	mode_t mask = umask(0);

	(void)benchmark;
	umask(mask);
	context->argument = (long)mask;
	return 0;
}

NULL_GROUP(gettid, "the thread id: no namespace's parent to look up", false,
	   gettid(), syscall0(SYS_gettid),
	   gettid() == syscall0(SYS_gettid) && gettid() > 0);
NULL_GROUP(umask, "the file mode mask: the same value again", true,
	   umask((mode_t)mask), syscall1(SYS_umask, mask),
	   umask((mode_t)mask) == mask && syscall1(SYS_umask, mask) == mask);
NULL_GROUP(close, "a descriptor that cannot be open: refused", false, close(-1),
	   syscall1(SYS_close, -1),
	   close(-1) == -1 && errno == EBADF &&
		   syscall1(SYS_close, -1) == -EBADF);
NULL_GROUP(brk, "the end of the heap: read by a move that is refused", false,
	   brk(0), syscall1(SYS_brk, 0),
	   brk(0) == 0 && syscall1(SYS_brk, 0) == (long)sbrk(0));
NULL_GROUP(prctl, "may this process dump core: one of prctl's many questions",
	   false, prctl(PR_GET_DUMPABLE), syscall1(SYS_prctl, PR_GET_DUMPABLE),
	   prctl(PR_GET_DUMPABLE) == syscall1(SYS_prctl, PR_GET_DUMPABLE) &&
		   prctl(PR_GET_DUMPABLE) >= 0);
NULL_GROUP(sched_yield, "the scheduler asked, with nobody else to run", false,
	   sched_yield(), syscall0(SYS_sched_yield),
	   sched_yield() == 0 && syscall0(SYS_sched_yield) == 0);
