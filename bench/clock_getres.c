// SPDX-License-Identifier: MIT
/* A clock's resolution: a constant that the vDSO can answer. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

typedef int read_resolution(clockid_t clock, struct timespec *resolution);

BENCHMARK_LOOP(through_vdso, vdso(CLOCK_MONOTONIC, &resolution),
	       read_resolution *vdso = context->function;
	       struct timespec resolution);
BENCHMARK_LOOP(through_libc, clock_getres(CLOCK_MONOTONIC, &resolution),
	       struct timespec resolution);
BENCHMARK_LOOP(through_syscall,
	       syscall(SYS_clock_getres, CLOCK_MONOTONIC, &resolution),
	       struct timespec resolution);
BENCHMARK_LOOP(through_inline,
	       syscall2(SYS_clock_getres, CLOCK_MONOTONIC, (long)&resolution),
	       struct timespec resolution);

static const char *verify(struct context *context)
{
	read_resolution *vdso = context->function;
	struct timespec kernel = { 0 }, libc, direct;

	syscall2(SYS_clock_getres, CLOCK_MONOTONIC, (long)&kernel);
	clock_getres(CLOCK_MONOTONIC, &libc);
	direct = libc;
	if (vdso)
		vdso(CLOCK_MONOTONIC, &direct);
	if (kernel.tv_nsec != libc.tv_nsec || libc.tv_nsec != direct.tv_nsec)
		return "the paths disagree about the resolution";
	return NULL;
}

// clang-format off
#define ROW(way, needs, count, text)					\
	{ .path = #way, .run = through_##way, .supported = needs,	\
	  .symbol = ARCH_VDSO_CLOCK_GETRES, .setup = resolve_vdso,	\
	  .verify = verify, .entries = count, .summary = text }

BENCHMARK_GROUP(clock_getres, "a clock's resolution: a constant",
	ROW(vdso,    needs_vdso, 0, "by the vDSO's symbol"),
	ROW(libc,    NULL, 0, "by the C library"),
	ROW(syscall, NULL, 1, "by syscall()"),
	ROW(inline,  NULL, 1, "by " ARCH_ENTRY_NAME),
);
// clang-format on
