// SPDX-License-Identifier: MIT
/* Memory whose cache lines point to one another, in one random cycle. */
#define _GNU_SOURCE
#include "cycle.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#include "arch.h"

#define LINE_BYTES  64 /* where lines are longer, two of these make one */
#define SWEPT_LINES ((32UL << 20) / LINE_BYTES)
#define PASSES_MOST 16
#define SEED	    0x9e3779b97f4a7c15ULL

struct line {
	void *drawn;   /* of the next line, in the order that was drawn */
	void *ordered; /* of the next line in memory */
	char rest[LINE_BYTES - 2 * sizeof(void *)];
};

/* Marsaglia's xorshift64 (Journal of Statistical Software 8, 2003). */
static uint64_t draw(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void point_in_order(struct line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		lines[i].drawn = &lines[i].drawn;
		lines[i].ordered = &lines[(i + 1) % count].ordered;
	}
}

/* Sattolo's algorithm: any cycle of all lines is as likely as any other
 * (Information Processing Letters 22, 1986). */
static void point_at_random(struct line *lines, size_t count)
{
	uint64_t state = SEED;

	for (size_t i = count - 1; i > 0; i--) {
		size_t other = (size_t)(draw(&state) % i);
		void *cell = lines[i].drawn;

		lines[i].drawn = lines[other].drawn;
		lines[other].drawn = cell;
	}
}

int cycle_make(struct cycle *cycle, size_t bytes)
{
	struct line *lines = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	size_t count = bytes / LINE_BYTES;

	if (lines == MAP_FAILED)
		return -errno;
	madvise(lines, bytes, MADV_NOHUGEPAGE);
	point_in_order(lines, count);
	point_at_random(lines, count);
	*cycle = (struct cycle){ &lines->drawn, &lines->ordered, count };
	return 0;
}

void cycle_free(struct cycle *cycle)
{
	munmap(cycle->drawn, cycle->lines * LINE_BYTES);
	*cycle = (struct cycle){ NULL, NULL, 0 };
}

void cycle_sweep(const struct cycle *cycle)
{
	size_t passes = SWEPT_LINES / cycle->lines;

	if (passes > PASSES_MOST)
		passes = PASSES_MOST;
	stub_load_chain(cycle->ordered, passes * cycle->lines);
}

void **cycle_follow(void **cell, size_t steps)
{
	for (; steps; steps--)
		cell = *cell;
	return cell;
}

size_t cycle_length(void **cell, size_t most)
{
	void **at = cell;

	for (size_t steps = 1; steps <= most; steps++) {
		at = *at;
		if (at == cell)
			return steps;
	}
	return 0;
}
