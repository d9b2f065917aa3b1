// SPDX-License-Identifier: MIT
/* The old call for the time of day, by the vDSO and by entering the kernel. */
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

typedef int read_time(struct timeval *time, void *zone);

BENCHMARK_LOOP(through_vdso, vdso(&time, NULL),
	       read_time *vdso = context->function;
	       struct timeval time);
BENCHMARK_LOOP(through_vsyscall, vsyscall(&time, NULL),
	       read_time *vsyscall = context->function;
	       struct timeval time);
BENCHMARK_LOOP(through_libc, gettimeofday(&time, NULL), struct timeval time);
BENCHMARK_LOOP(through_syscall, syscall(SYS_gettimeofday, &time, NULL),
	       struct timeval time);
BENCHMARK_LOOP(through_inline, syscall2(SYS_gettimeofday, (long)&time, 0),
	       struct timeval time);

static int64_t us(struct timeval time)
{
	return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

/* See clock_gettime: a clock that is set meanwhile breaks it once. */
static const char *verify(struct context *context)
{
	read_time *vdso = context->function;
	struct timeval before = { 0 }, libc, direct, after = { 0 };

	for (int attempt = 0; attempt < 3; attempt++) {
		syscall2(SYS_gettimeofday, (long)&before, 0);
		gettimeofday(&libc, NULL);
		direct = libc;
		if (vdso)
			vdso(&direct, NULL);
		syscall2(SYS_gettimeofday, (long)&after, 0);
		if (us(before) <= us(libc) && us(libc) <= us(direct) &&
		    us(direct) <= us(after))
			return NULL;
	}
	return "the paths disagree about the time";
}

// clang-format off
#define ROW(way, needs, count, text)					\
	{ .path = #way, .run = through_##way, .supported = needs,	\
	  .symbol = ARCH_VDSO_GETTIMEOFDAY, .setup = resolve_vdso,	\
	  .verify = verify, .entries = count, .summary = text }

BENCHMARK_GROUP(gettimeofday, "the time of day in microseconds",
	ROW(vdso,    needs_vdso, 0, "by the vDSO's symbol"),
	ROW(libc,    NULL, 0, "by the C library"),
	ROW(syscall, NULL, 1, "by syscall()"),
	ROW(inline,  NULL, 1, "by " ARCH_ENTRY_NAME),
	{ .path = "vsyscall", .run = through_vsyscall,
	  .supported = needs_vsyscall, .setup = take_address,
	  .argument = (long)ARCH_VSYSCALL_GETTIMEOFDAY,
	  .verify = verify, .entries = 1, .uncounted = VSYSCALL_UNCOUNTED,
	  .summary = "by the vsyscall page: a page fault" },
);
// clang-format on
