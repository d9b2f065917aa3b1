// SPDX-License-Identifier: MIT
/* A system call number that nobody serves: the crossing and nothing else. */
#include <errno.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

BENCHMARK_LOOP(through_syscall, syscall(ARCH_INVALID_NUMBER));
BENCHMARK_LOOP(through_inline, syscall0(ARCH_INVALID_NUMBER));
BENCHMARK_LOOP(through_stub, stub_syscall0(ARCH_INVALID_NUMBER));
BENCHMARK_LOOP(through_int80, int80_syscall0(ARCH_INVALID_NUMBER));

/* A sandbox may answer EPERM, which is another path through the kernel. */
static const char *verify(struct context *context)
{
	(void)context;
	if (syscall(ARCH_INVALID_NUMBER) != -1 || errno != ENOSYS ||
	    syscall0(ARCH_INVALID_NUMBER) != -ENOSYS)
		return "the unused number is not answered by ENOSYS";
	return NULL;
}

static const char *verify_stub(struct context *context)
{
	(void)context;
	if (stub_syscall0(ARCH_INVALID_NUMBER) != -ENOSYS)
		return "the unused number is not answered by ENOSYS";
	return NULL;
}

static const char *verify_int80(struct context *context)
{
	(void)context;
	if (int80_syscall0(ARCH_INVALID_NUMBER) != -ENOSYS)
		return "the unused number is not answered by ENOSYS";
	return NULL;
}

// clang-format off
BENCHMARK_GROUP(invalid, "an unused number, answered ENOSYS: the pure crossing",
	{ .path = "syscall", .run = through_syscall, .verify = verify,
	  .entries = 1, .summary = "libc's syscall(), which sets errno" },
	{ .path = "inline",  .run = through_inline,  .verify = verify,
	  .entries = 1, .scales = true,
	  .summary = "one " ARCH_ENTRY_NAME " in the loop" },
	{ .path = "stub",    .run = through_stub,    .verify = verify_stub,
	  .supported = needs_stubs,
	  .entries = 1, .summary = "the same out of line" },
	{ .path = "int80",   .run = through_int80,   .verify = verify_int80,
	  .supported = needs_int80,
	  .entries = 1, .summary = "x86's legacy gate" },
);
// clang-format on
