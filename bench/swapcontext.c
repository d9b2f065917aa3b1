// SPDX-License-Identifier: MIT
/* Two contexts of one thread: no switch of the kernel's, but a signal mask. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

#include "benchmark.h"

#define STACK_BYTES (64UL * 1024) /* the other's, and of signals meanwhile */

struct pair {
	ucontext_t here, there;
	unsigned long visits; /* of who counts */
	char stack[STACK_BYTES];
};

BENCHMARK_TURNS(there_and_back_libc, 2, swapcontext(&pair->here, &pair->there),
		struct pair *pair = context->buffer);

/* makecontext(3) hands over int alone. */
static struct pair *joined(unsigned int high, unsigned int low)
{
	return (struct pair *)(((uintptr_t)high << 16 << 16) | low);
}

static void come_back(unsigned int high, unsigned int low)
{
	struct pair *pair = joined(high, low);

	for (;;)
		swapcontext(&pair->there, &pair->here);
}

static void count_and_come_back(unsigned int high, unsigned int low)
{
	struct pair *pair = joined(high, low);

	for (;;) {
		pair->visits++;
		swapcontext(&pair->there, &pair->here);
	}
}

static void begin(struct pair *pair, void (*other)(unsigned int, unsigned int))
{
	uintptr_t address = (uintptr_t)pair;

	getcontext(&pair->there);
	pair->there.uc_stack.ss_sp = pair->stack;
	pair->there.uc_stack.ss_size = sizeof(pair->stack);
	pair->there.uc_link = NULL;
	makecontext(&pair->there, (void (*)(void))other, 2,
		    (unsigned int)(address >> 16 >> 16), (unsigned int)address);
}

static int make_pair(const struct benchmark *benchmark, struct context *context)
{
	struct pair *pair = calloc(1, sizeof(*pair));

	(void)benchmark;
	if (!pair)
		return -ENOMEM;
	begin(pair, come_back);
	context->buffer = pair;
	return 0;
}

static void free_pair(struct context *context)
{
	free(context->buffer);
}

/* By one who counts, on the same stack. */
static const char *verify(struct context *context)
{
	struct pair *pair = context->buffer;

	begin(pair, count_and_come_back);
	there_and_back_libc(context, 20);
	begin(pair, come_back);
	return pair->visits == 10 ? NULL : "it is not there and back each time";
}

// clang-format off
BENCHMARK_GROUP(swapcontext, "another context of the same thread, there or back",
	{ .path = "libc", .run = there_and_back_libc, .setup = make_pair,
	  .verify = verify, .teardown = free_pair, .per_turn = 2,
	  .entries = 1, .full = true,
	  .summary = "swapcontext(3): registers, and sigprocmask" },
);
// clang-format on
