// SPDX-License-Identifier: MIT
/* What arguments cost: 0 to 6 of a function's, and of a system call's. */
#include <errno.h>

#include "arch.h"
#include "benchmark.h"

/* The loop's counter is each argument, so that every turn passes them anew. */
#define NOW ((long)calls)

BENCHMARK_LOOP(no_call, stub_take0());
BENCHMARK_LOOP(one_call, stub_take1(NOW));
BENCHMARK_LOOP(two_call, stub_take2(NOW, NOW));
BENCHMARK_LOOP(three_call, stub_take3(NOW, NOW, NOW));
BENCHMARK_LOOP(four_call, stub_take4(NOW, NOW, NOW, NOW));
BENCHMARK_LOOP(five_call, stub_take5(NOW, NOW, NOW, NOW, NOW));
BENCHMARK_LOOP(six_call, stub_take6(NOW, NOW, NOW, NOW, NOW, NOW));

#define NUMBER ARCH_INVALID_NUMBER

BENCHMARK_LOOP(no_inline, syscall0(NUMBER));
BENCHMARK_LOOP(one_inline, syscall1(NUMBER, NOW));
BENCHMARK_LOOP(two_inline, syscall2(NUMBER, NOW, NOW));
BENCHMARK_LOOP(three_inline, syscall3(NUMBER, NOW, NOW, NOW));
BENCHMARK_LOOP(four_inline, syscall4(NUMBER, NOW, NOW, NOW, NOW));
BENCHMARK_LOOP(five_inline, syscall5(NUMBER, NOW, NOW, NOW, NOW, NOW));
BENCHMARK_LOOP(six_inline, syscall6(NUMBER, NOW, NOW, NOW, NOW, NOW, NOW));

/* The function hands its last argument back: it was passed. */
static const char *verify_call(struct context *context)
{
	(void)context;
	for (long a = -1; a < 2; a++) {
		if (stub_take1(a) != a || stub_take2(8, a) != a ||
		    stub_take3(8, 8, a) != a || stub_take4(8, 8, 8, a) != a ||
		    stub_take5(8, 8, 8, 8, a) != a ||
		    stub_take6(8, 8, 8, 8, 8, a) != a)
			return "an argument does not arrive";
	}
	return NULL;
}

/* A sandbox may answer EPERM, which is another path through the kernel. */
static const char *verify_inline(struct context *context)
{
	(void)context;
	if (syscall0(NUMBER) != -ENOSYS ||
	    syscall6(NUMBER, 1, 2, 3, 4, 5, 6) != -ENOSYS)
		return "the unused number is not answered by ENOSYS";
	return NULL;
}

// clang-format off
#define ROWS(word, number)						\
	{ .path = "call", .variant = number, .run = word##_call,	\
	  .verify = verify_call, .full = true,				\
	  .summary = number " arguments of a function elsewhere" },	\
	{ .path = "inline", .variant = number, .run = word##_inline,	\
	  .verify = verify_inline, .entries = 1, .full = true,		\
	  .summary = number " arguments of an unused system call" }

BENCHMARK_GROUP(arguments, "arguments of a function, and of a system call",
	ROWS(no, "0"), ROWS(one, "1"), ROWS(two, "2"), ROWS(three, "3"),
	ROWS(four, "4"), ROWS(five, "5"), ROWS(six, "6"),
);
// clang-format on
