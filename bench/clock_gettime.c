// SPDX-License-Identifier: MIT
/* Reading a clock: by the vDSO without entering the kernel, and by entering. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

typedef int read_clock(clockid_t clock, struct timespec *time);

BENCHMARK_LOOP(through_vdso, vdso(clock, &time),
	       read_clock *vdso = context->function;
	       clockid_t clock = (clockid_t)context->argument;
	       struct timespec time);
BENCHMARK_LOOP(through_libc, clock_gettime(clock, &time),
	       clockid_t clock = (clockid_t)context->argument;
	       struct timespec time);
BENCHMARK_LOOP(through_syscall, syscall(SYS_clock_gettime, clock, &time),
	       long clock = context->argument;
	       struct timespec time);
BENCHMARK_LOOP(through_inline, syscall2(SYS_clock_gettime, clock, (long)&time),
	       long clock = context->argument;
	       struct timespec time);

static int64_t ns(struct timespec time)
{
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* The kernel's own answer, before and after, holds the other path's between.
 * A clock that is set meanwhile may break it once, not three times. */
static const char *verify(struct context *context)
{
	clockid_t clock = (clockid_t)context->argument;
	read_clock *vdso = context->function;
	struct timespec before = { 0 }, libc, direct, after = { 0 };

	for (int attempt = 0; attempt < 3; attempt++) {
		if (syscall2(SYS_clock_gettime, clock, (long)&before) ||
		    clock_gettime(clock, &libc) ||
		    (vdso ? vdso(clock, &direct)
			  : clock_gettime(clock, &direct)) ||
		    syscall2(SYS_clock_gettime, clock, (long)&after))
			return "the clock cannot be read";
		if (ns(before) <= ns(libc) && ns(libc) <= ns(direct) &&
		    ns(direct) <= ns(after))
			return NULL;
	}
	return "the paths disagree about the time";
}

// clang-format off
#define CLOCK_ROW(way, name, id, needs, count, text)			\
	{ .path = #way, .variant = name, .run = through_##way,		\
	  .symbol = ARCH_VDSO_CLOCK_GETTIME, .setup = resolve_vdso,	\
	  .supported = needs, .verify = verify, .argument = id,		\
	  .entries = count, .summary = text }
#define CLOCK_ROWS(id, name, text)					\
	CLOCK_ROW(vdso, name, id, needs_vdso, 0,			\
		  text ", by the vDSO's symbol"),			\
	CLOCK_ROW(libc, name, id, NULL, 0, text ", by the C library"),	\
	CLOCK_ROW(syscall, name, id, NULL, 1, text ", by syscall()"),	\
	CLOCK_ROW(inline, name, id, NULL, 1,				\
		  text ", by " ARCH_ENTRY_NAME)

BENCHMARK_GROUP(clock_gettime, "reading a clock, in and out of the kernel",
	CLOCK_ROWS(CLOCK_MONOTONIC, NULL, "CLOCK_MONOTONIC"),
	CLOCK_ROWS(CLOCK_REALTIME, "realtime", "CLOCK_REALTIME"),
	CLOCK_ROWS(CLOCK_MONOTONIC_COARSE, "monotonic_coarse",
		   "the tick's time, no counter read"),
	CLOCK_ROWS(CLOCK_MONOTONIC_RAW, "monotonic_raw",
		   "CLOCK_MONOTONIC_RAW"),
	CLOCK_ROWS(CLOCK_PROCESS_CPUTIME_ID, "process_cputime",
		   "CPU time of the process, which the vDSO cannot know"),
);
// clang-format on
