// SPDX-License-Identifier: MIT
/* The neighbour probe: a ring to chase pointers in, and the timed turn. */
#include "probe.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "arch.h"

/* The shortest that serve, by the study in docs/method.md; scripts/probe-study
 * repeats it. */
#define JUMP_HUNDREDS 10
#define LOADS	      100
#define LEAD_HUNDREDS 2
#define RING_BYTES    2048
#define STEP_NS	      10 /* a clock no coarser leaves 50 steps in a probe */
#define SCALE_MOST    8
#define LINE_BYTES    64
#define LINES	      (RING_BYTES / LINE_BYTES)
#define LINE_POINTERS (LINE_BYTES / sizeof(void *))

/* One cycle through all lines in an order that no prefetcher follows
 * (Sattolo's algorithm), the same in every launch. */
static void link_ring(void **cells)
{
	unsigned short seed[3] = { 1, 2, 3 };
	unsigned int order[LINES];

	for (unsigned int i = 0; i < LINES; i++)
		order[i] = i;
	for (unsigned int i = LINES - 1; i > 0; i--) {
		unsigned int j = (unsigned int)(nrand48(seed) % i);
		unsigned int swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
	for (unsigned int i = 0; i < LINES; i++)
		cells[i * LINE_POINTERS] = &cells[order[i] * LINE_POINTERS];
}

unsigned int probe_scale(double granularity_ns)
{
	double scale = ceil(granularity_ns / STEP_NS);

	return (unsigned int)fmin(fmax(scale, 1), SCALE_MOST);
}

int probe_init(struct probe *probe, unsigned int scale)
{
	probe->hundreds = (uint64_t)JUMP_HUNDREDS * scale;
	probe->loads = (uint64_t)LOADS * scale;
	probe->lead_hundreds = LEAD_HUNDREDS;
	probe->lead_loads = LINES;
	probe->cells = aligned_alloc(RING_BYTES, RING_BYTES);
	if (!probe->cells)
		return -ENOMEM;
	link_ring(probe->cells);
	probe->cursor = stub_load_chain(probe->cells, LINES);
	return 0;
}

void probe_free(struct probe *probe)
{
	free(probe->cells);
	probe->cells = NULL;
}

void probe_lead_long(struct probe *probe)
{
	probe->lead_hundreds = probe->hundreds;
	probe->lead_loads = probe->loads;
}

/* Each is called once before it counts, stamps and all: the way back from the
 * loop to the second stamp is warm too. */
static __attribute__((noinline)) uint32_t time_jumps(uint64_t hundreds)
{
	uint64_t begin = counter_begin();

	stub_taken_jumps(hundreds);
	return (uint32_t)(counter_end() - begin);
}

static __attribute__((noinline)) uint32_t time_loop(uint64_t steps)
{
	uint64_t begin = counter_begin();

	stub_count_down(steps);
	return (uint32_t)(counter_end() - begin);
}

static __attribute__((noinline)) uint32_t time_chain(struct probe *probe,
						     uint64_t loads)
{
	uint64_t begin = counter_begin();

	probe->cursor = stub_load_chain(probe->cursor, loads);
	return (uint32_t)(counter_end() - begin);
}

struct probe_ticks probe_turn(struct probe *probe)
{
	struct probe_ticks ticks;

	time_jumps(probe->lead_hundreds);
	ticks.jumps = time_jumps(probe->hundreds);
	ticks.loop = time_loop(PROBE_LOOP_STEPS);
	time_chain(probe, probe->lead_loads);
	ticks.chain = time_chain(probe, probe->loads);
	return ticks;
}
