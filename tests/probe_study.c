// SPDX-License-Identifier: MIT
/*
 * Which probe tells best how much of the core was ours? Brackets batches of a
 * few operations by turns of many candidate probes and prints every tick as
 * CSV; scripts/probe-study reads it. Not part of the measuring program.
 *
 *	probe_study [RUNS [BATCHES]] > candidates.csv
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"

#define LINE_POINTERS (64 / sizeof(void *))

struct ring {
	size_t bytes;
	void **cells, **cursor;
};

static struct ring small = { 16 << 10, NULL, NULL };
static struct ring large = { 256 << 10, NULL, NULL };

/* A candidate: taken jumps, or loads around a ring. */
struct candidate {
	const char *name;
	uint64_t amount;
	struct ring *ring; /* NULL: jumps, amount in hundreds */
};

static const struct candidate candidates[] = {
	{ "jumps500", 5, NULL },   { "jumps1000", 10, NULL },
	{ "jumps2000", 20, NULL }, { "jumps4000", 40, NULL },
	{ "near50", 50, &small },  { "near200", 200, &small },
	{ "far50", 50, &large },   { "far100", 100, &large },
	{ "far200", 200, &large },
};
#define CANDIDATES (sizeof(candidates) / sizeof(candidates[0]))

static void link_ring(struct ring *ring)
{
	size_t lines = ring->bytes / 64;
	size_t *order = malloc(lines * sizeof(*order));

	ring->cells = aligned_alloc(4096, ring->bytes);
	for (size_t i = 0; i < lines; i++)
		order[i] = i;
	for (size_t i = lines - 1; i > 0; i--) {
		size_t j = (size_t)random() % i, swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
	for (size_t i = 0; i < lines; i++)
		ring->cells[i * LINE_POINTERS] =
			&ring->cells[order[i] * LINE_POINTERS];
	ring->cursor = stub_load_chain(ring->cells, lines);
	free(order);
}

static uint64_t turn(const struct candidate *candidate)
{
	struct ring *ring = candidate->ring;
	uint64_t begin;

	if (!ring)
		stub_taken_jumps(2);
	begin = counter_begin();
	if (ring)
		ring->cursor = stub_load_chain(ring->cursor, candidate->amount);
	else
		stub_taken_jumps(candidate->amount);
	return counter_end() - begin;
}

static int null_device;

static void operate(int which, unsigned int calls)
{
	struct timespec now;

	while (calls--) {
		if (which == 0)
			syscall0(SYS_getppid);
		else if (which == 1)
			syscall0(ARCH_INVALID_NUMBER);
		else if (which == 2)
			syscall3(SYS_write, null_device, (long)"x", 1);
		else
			clock_gettime(CLOCK_MONOTONIC, &now);
	}
}

static const char *const operations[] = { "getppid", "invalid", "write",
					  "vdso" };
static const unsigned int calls[] = { 500, 500, 400, 2000 };

/* In a fresh order each time: which candidate stands next to the batch would
 * otherwise have an advantage. */
static void turn_all(uint64_t *ticks)
{
	size_t order[CANDIDATES];

	for (size_t i = 0; i < CANDIDATES; i++) {
		size_t j = (size_t)random() % (i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	for (size_t i = 0; i < CANDIDATES; i++)
		ticks[order[i]] = turn(&candidates[order[i]]);
}

static void print_batch(int run, int batch)
{
	uint64_t before[CANDIDATES], after[CANDIDATES], begin, ticks;
	int which = batch % 4;

	turn_all(before);
	operate(which, calls[which] / 10);
	begin = counter_begin();
	operate(which, calls[which]);
	ticks = counter_end() - begin;
	turn_all(after);
	printf("%d,%d,%s,%.3f", run, batch, operations[which],
	       (double)ticks / calls[which]);
	for (size_t i = 0; i < CANDIDATES; i++)
		printf(",%.1f", (double)(before[i] + after[i]) / 2);
	putchar('\n');
}

int main(int count, char **arguments)
{
	int runs = count > 1 ? atoi(arguments[1]) : 30;
	int batches = count > 2 ? atoi(arguments[2]) : 4000;
	cpu_set_t last;

	CPU_ZERO(&last);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &last);
	sched_setaffinity(0, sizeof(last), &last);
	null_device = open("/dev/null", O_WRONLY);
	link_ring(&small);
	link_ring(&large);
	printf("run,batch,operation,ticks");
	for (size_t i = 0; i < CANDIDATES; i++)
		printf(",%s", candidates[i].name);
	putchar('\n');
	for (int run = 0; run < runs; run++)
		for (int batch = 0; batch < batches; batch++)
			print_batch(run, batch);
	return 0;
}
