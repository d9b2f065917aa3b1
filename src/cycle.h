/* SPDX-License-Identifier: MIT */
/*
 * Memory whose cache lines point to one another, in one random cycle.
 *
 * Beside benchmark.h, and like memory.h, bench/ may use this one.
 */
#ifndef SYSCOST_CYCLE_H
#define SYSCOST_CYCLE_H

#include <stddef.h>

/*
 * Two ways through the same lines, each line once and then the first again:
 * in an order that was drawn, which no prefetcher knows, and in the order of
 * memory. Cells are as stub_load_chain of arch.h takes them.
 */
struct cycle {
	void **drawn;
	void **ordered;
	size_t lines;
};

/*
 * Makes a cycle of so many bytes, all pages there and none of them huge; 0 or
 * -errno. The order is always the same one: where its lines lie in the caches
 * differs from launch to launch by the pages that they are given. The memory is
 * a shared mapping: a fork copies nothing of it, and finds it.
 */
int cycle_make(struct cycle *cycle, size_t bytes);
void cycle_free(struct cycle *cycle);

/*
 * Brings the lines near, in the order of memory: 16 times, or as often as makes
 * 32 MiB, a millisecond or two. Once is not enough behind what emptied the
 * caches: what is new in a shared one is the first to go again.
 */
void cycle_sweep(const struct cycle *cycle);

/* The cell that so many steps lead to. */
void **cycle_follow(void **cell, size_t steps);

/* Steps from a cell back to it; 0: not within `most`. On the way no cell comes
 * twice, or the walk would go round without the first. */
size_t cycle_length(void **cell, size_t most);

#endif
