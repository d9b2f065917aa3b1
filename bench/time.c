// SPDX-License-Identifier: MIT
/* The time in seconds: the cheapest clock there is, where it is served. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

/* Newer architectures were never given this call. */
#ifndef SYS_time
#define SYS_time ARCH_INVALID_NUMBER
#endif

typedef time_t read_time(time_t *seconds);

BENCHMARK_LOOP(through_vdso, vdso(NULL), read_time *vdso = context->function);
BENCHMARK_LOOP(through_vsyscall, vsyscall(NULL),
	       read_time *vsyscall = context->function);
BENCHMARK_LOOP(through_libc, time(NULL));
BENCHMARK_LOOP(through_syscall, syscall(SYS_time, NULL));
BENCHMARK_LOOP(through_inline, syscall1(SYS_time, 0));

static const char *call_supported(const struct benchmark *benchmark)
{
	(void)benchmark;
	return syscall1(SYS_time, 0) > 0
		       ? NULL
		       : "this architecture has no call for the time";
}

/* Both read the second that the last tick began; it may turn in between. */
static const char *verify(struct context *context)
{
	read_time *vdso = context->function;
	time_t before = time(NULL);
	time_t direct = vdso ? vdso(NULL) : time(NULL);
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (before > direct || direct > now.tv_sec || now.tv_sec > before + 1)
		return "the paths disagree about the time";
	return NULL;
}

// clang-format off
#define ROW(way, needs, count, text)					\
	{ .path = #way, .run = through_##way, .supported = needs,	\
	  .symbol = ARCH_VDSO_TIME, .setup = resolve_vdso,	\
	  .verify = verify, .entries = count, .summary = text }

BENCHMARK_GROUP(time, "the time in seconds",
	ROW(vdso,    needs_vdso, 0, "by the vDSO's symbol"),
	ROW(libc,    NULL, 0, "by the C library"),
	ROW(syscall, call_supported, 1, "by syscall()"),
	ROW(inline,  call_supported, 1, "by " ARCH_ENTRY_NAME),
	{ .path = "vsyscall", .run = through_vsyscall, .full = true,
	  .supported = needs_vsyscall, .setup = take_address,
	  .argument = (long)ARCH_VSYSCALL_TIME,
	  .verify = verify, .entries = 1, .uncounted = VSYSCALL_UNCOUNTED,
	  .summary = "by the vsyscall page: a page fault" },
);
// clang-format on
