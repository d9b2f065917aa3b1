// SPDX-License-Identifier: MIT
/* A descriptor more and gone again: the table of descriptors, and no file. */
#include <sys/syscall.h>
#include <unistd.h>

#include "arch.h"
#include "benchmark.h"

BENCHMARK_LOOP(through_libc_pair, close(dup(file)),
	       int file = context->descriptor);
BENCHMARK_LOOP(through_inline_pair,
	       syscall1(SYS_close, syscall1(SYS_dup, file)),
	       long file = context->descriptor);

/* The lowest free number is given out again once it is free. */
static const char *verify(struct context *context)
{
	int first = dup(context->descriptor), second;

	if (first <= context->descriptor || close(first))
		return "no second descriptor";
	second = (int)syscall1(SYS_dup, context->descriptor);
	if (second != first || syscall1(SYS_close, second))
		return "a descriptor was not closed";
	return NULL;
}

// clang-format off
#define ROW(way, text)							\
	{ .path = #way, .run = through_##way##_pair,			\
	  .setup = open_zero, .verify = verify, .teardown = close_zero,	\
	  .entries = 2, .full = true, .summary = text }

BENCHMARK_GROUP(dup, "dup and close: a descriptor more and gone again",
	ROW(libc, "by the C library"),
	ROW(inline, "two " ARCH_ENTRY_NAME " in the loop"),
);
// clang-format on
