/* SPDX-License-Identifier: MIT */
/*
 * The neighbour probe: how much of the core was ours.
 *
 * Short loops before and after each batch: taken jumps, which want the
 * front end that a hardware thread beside us shares, and dependent loads,
 * which want the cache. An empty loop tells apart, in absolute terms, a core
 * of one's own from a shared one (empty_loop_cycles); it is too blunt for more.
 * docs/method.md, "The neighbour probe".
 */
#ifndef SYSCOST_PROBE_H
#define SYSCOST_PROBE_H

#include <stdint.h>

struct probe {
	void **cells;	   /* a ring of pointers, one to a cache line */
	void **cursor;	   /* where the next chase goes on */
	uint64_t hundreds; /* of jumps in a turn */
	uint64_t loads;
	uint64_t lead_hundreds; /* untimed, before them */
	uint64_t lead_loads;
};

struct probe_ticks {
	uint32_t jumps;
	uint32_t chain;
	uint32_t loop; /* PROBE_LOOP_STEPS of an empty loop */
};

#define PROBE_LOOP_STEPS 300

/* How many times longer the loops are where the clock moves in coarse steps. */
unsigned int probe_scale(double granularity_ns);

/* 0 or -ENOMEM; probe_free releases it. */
int probe_init(struct probe *probe, unsigned int scale);
void probe_free(struct probe *probe);

/*
 * From now on what comes before the timed part is as long as that is. For an
 * emulated CPU, which loses its translated code whenever page tables change: in
 * every system call under kernel page-table isolation, also in those before a
 * turn, so that a kernel's arm would move the probe.
 */
void probe_lead_long(struct probe *probe);

/* One turn, about 1 us: an untimed part that warms the loops' code, then both
 * loops between stamps. */
struct probe_ticks probe_turn(struct probe *probe);

#endif
