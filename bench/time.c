// SPDX-License-Identifier: MIT
/* The time in seconds: the cheapest clock there is, where it is served. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "vdso.h"

/* Newer architectures were never given this call. */
#ifndef SYS_time
#define SYS_time ARCH_INVALID_NUMBER
#endif

typedef time_t read_time(time_t *seconds);

BENCHMARK_LOOP(through_vdso, vdso(NULL), read_time *vdso = context->function);
BENCHMARK_LOOP(through_libc, time(NULL));
BENCHMARK_LOOP(through_syscall, syscall(SYS_time, NULL));
BENCHMARK_LOOP(through_inline, syscall1(SYS_time, 0));

static int setup(const struct benchmark *benchmark, struct context *context)
{
	(void)benchmark;
	context->function = vdso_symbol(ARCH_VDSO_TIME, ARCH_VDSO_VERSION);
	return 0;
}

static const char *vdso_supported(const struct benchmark *benchmark)
{
	(void)benchmark;
	return vdso_symbol(ARCH_VDSO_TIME, ARCH_VDSO_VERSION)
		       ? NULL
		       : "no time in the vDSO, or no vDSO";
}

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
BENCHMARK_GROUP(time, "the time in seconds",
	{ .path = "vdso",    .run = through_vdso,    .supported = vdso_supported,
	  .setup = setup,    .verify = verify,
	  .summary = "by the vDSO's symbol" },
	{ .path = "libc",    .run = through_libc,    .setup = setup,
	  .verify = verify,  .summary = "by the C library" },
	{ .path = "syscall", .run = through_syscall, .setup = setup,
	  .verify = verify,  .supported = call_supported, .entries = 1,
	  .summary = "by syscall()" },
	{ .path = "inline",  .run = through_inline,  .setup = setup,
	  .verify = verify,  .supported = call_supported, .entries = 1,
	  .summary = "by " ARCH_ENTRY_NAME },
);
// clang-format on
