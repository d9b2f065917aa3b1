// SPDX-License-Identifier: MIT
/* A clock's resolution: a constant that the vDSO can answer. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"
#include "vdso.h"

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

static int setup(const struct benchmark *benchmark, struct context *context)
{
	(void)benchmark;
	context->function =
		vdso_symbol(ARCH_VDSO_CLOCK_GETRES, ARCH_VDSO_VERSION);
	return 0;
}

static const char *vdso_supported(const struct benchmark *benchmark)
{
	(void)benchmark;
	return vdso_symbol(ARCH_VDSO_CLOCK_GETRES, ARCH_VDSO_VERSION)
		       ? NULL
		       : "no clock_getres in the vDSO, or no vDSO";
}

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
BENCHMARK_GROUP(clock_getres, "a clock's resolution: a constant",
	{ .path = "vdso",    .run = through_vdso,    .supported = vdso_supported,
	  .setup = setup,    .verify = verify,
	  .summary = "by the vDSO's symbol" },
	{ .path = "libc",    .run = through_libc,    .setup = setup,
	  .verify = verify,  .summary = "by the C library" },
	{ .path = "syscall", .run = through_syscall, .setup = setup,
	  .verify = verify,  .entries = 1, .summary = "by syscall()" },
	{ .path = "inline",  .run = through_inline,  .setup = setup,
	  .verify = verify,  .entries = 1,
	  .summary = "by " ARCH_ENTRY_NAME },
);
// clang-format on
