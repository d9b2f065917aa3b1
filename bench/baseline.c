// SPDX-License-Identifier: MIT
/* What everything else is read against: no call, a call, a stamp, a cycle. */
#include "arch.h"
#include "benchmark.h"

BENCHMARK_LOOP(empty, 0);
BENCHMARK_LOOP(call, stub_return());
BENCHMARK_LOOP(indirect, target(), void (*target)(void) = context->function);
BENCHMARK_LOOP(counter, counter_begin() + counter_end());
BENCHMARK_LOOP(add_chain, stub_add_chain(10));

static int point_at_empty(const struct benchmark *benchmark,
			  struct context *context)
{
	(void)benchmark;
	context->function = (void *)stub_return;
	return 0;
}

static const char *counter_moves_forward(struct context *context)
{
	uint64_t first = counter_begin();

	(void)context;
	for (int i = 0; i < 1000; i++) {
		uint64_t next = counter_end();

		if (next < first)
			return "the counter went backwards";
		first = next;
	}
	return NULL;
}

/* Ten times the adds take about ten times as long, or they were dropped. */
static const char *adds_take_time(struct context *context)
{
	uint64_t least[2] = { UINT64_MAX, UINT64_MAX };

	(void)context;
	for (int i = 0; i < 50; i++) {
		for (int big = 0; big < 2; big++) {
			uint64_t begin = counter_begin();

			stub_add_chain(big ? 200 : 20);
			begin = counter_end() - begin;
			if (begin < least[big])
				least[big] = begin;
		}
	}
	return least[1] > 4 * least[0] ? NULL : "the adds take no time";
}

// clang-format off
BENCHMARK_GROUP(baseline, "no kernel at all: what the loop and a call cost",
	{ .path = "empty",     .run = empty,     .yardstick = YARDSTICK_LOOP,
	  .summary = "the loop that every row runs in, around nothing" },
	{ .path = "call",      .run = call,      .yardstick = YARDSTICK_CALL,
	  .summary = "a call of an empty function elsewhere" },
	{ .path = "indirect",  .run = indirect,  .setup = point_at_empty,
	  .summary = "the same through a pointer" },
	{ .path = "counter",   .run = counter,   .verify = counter_moves_forward,
	  .summary = "the two stamps that bracket a batch" },
	{ .path = "add_chain", .run = add_chain, .verify = adds_take_time,
	  .yardstick = YARDSTICK_ADDS,
	  .summary = "1,000 dependent adds: 1,000 core cycles" },
);
// clang-format on
