/* SPDX-License-Identifier: MIT */
/* The clock that stamps batches: the CPU's counter, calibrated, or the
 * kernel's CLOCK_MONOTONIC_RAW where the counter cannot be trusted. */
#ifndef SYSCOST_CLOCK_H
#define SYSCOST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "emulation.h"

/* A moment on both clocks: the counter at the middle of the tightest of many
 * brackets around a read of CLOCK_MONOTONIC_RAW. */
struct clock_anchor {
	uint64_t ticks;
	uint64_t raw_ns;
	uint64_t width_ticks; /* of the bracket */
};

/* What decides whether the counter may be used; see clock_judge. */
struct clock_facts {
	bool present;	      /* a read in a child came back */
	bool forward;	      /* no read was below the one before */
	bool invariant;	      /* the CPU says: constant rate, never stops */
	bool flags_agree;     /* constant_tsc, nonstop_tsc; true off x86 */
	bool emulated;	      /* the CPU is a program */
	bool tcg;	      /* and that program is QEMU's TCG */
	uint64_t read_ns;     /* the quickest read, by the kernel's clock */
	uint64_t kernel_ns;   /* the quickest of that clock, by itself */
	char clocksource[32]; /* the kernel's own choice; "" unreadable */
};

struct clock {
	bool counter;	 /* false: ticks are ns of the kernel's clock */
	char reason[96]; /* why not the counter; "" if it is used */
	double ticks_per_ns;
	uint64_t granularity_ticks; /* as clock_step has it, >= 1 */
	uint64_t stamp_ticks;	    /* median of an empty pair of stamps */
	uint64_t stated_hz;	    /* by CPU, hypervisor or firmware; 0: not */
	double drift_ppm; /* end against start; clock_finish sets it */
	struct clock_facts facts;
	struct clock_anchor start, settled;
};

enum clock_choice { CLOCK_AUTO, CLOCK_COUNTER, CLOCK_RAW };

/* The kernel's clock by a system call, in ns: works where the vDSO, which
 * reads the same counter, does not. */
uint64_t clock_raw_ns(void);

/*
 * The tightest of 50 brackets; the counter's value is that of counter_begin.
 * `counter` false: both are the kernel's.
 */
struct clock_anchor clock_anchor(bool counter);

/* Asks this machine. */
void clock_read_facts(struct clock_facts *facts,
		      const struct emulation *emulation);

/*
 * NULL if the counter is fit to time with, else why not (static text).
 * Rules and sources: docs/method.md, "The clock".
 */
const char *clock_judge(const struct clock_facts *facts);

/* Why the counter is fit all the same where the CPU does not promise what is
 * asked of it; NULL: it promises, or the counter is not fit. */
const char *clock_excuse(const struct clock_facts *facts);

/* Reads the facts, chooses, measures granularity and the first anchor. The
 * rate is rough until clock_settle. `choice` other than AUTO overrides. */
void clock_start(struct clock *clock, enum clock_choice choice,
		 const struct emulation *emulation);

/* Waits until 100 ms have gone by since clock_start and fixes the rate. */
void clock_settle(struct clock *clock);

/* Compares the rate since clock_settle with the one before: drift_ppm. */
void clock_finish(struct clock *clock);

/* ns of one step of the clock: the effective granularity. */
double clock_granularity_ns(const struct clock *clock);

/* What an empty pair of stamps takes. */
double clock_stamp_ns(const struct clock *clock);

/*
 * How long a batch is to be: many steps of the clock, and long against its
 * stamps. docs/method.md, "The batch".
 */
double clock_batch_ns(const struct clock *clock);

/*
 * One step of a clock by `count` deltas, which it sorts: the divisor of those
 * that recur (1 % of all and more). A few others, of a virtual CPU that its
 * host moved, are no steps. A clock that stands still between two reads moves
 * by the least of them: its step need not be a whole number of ticks (62, 63,
 * 62 ... of a us), so that a divisor would be too small.
 */
uint64_t clock_step(uint64_t *deltas, unsigned int count);

/* The greatest common divisor of `count` deltas, zeros left out; >= 1. */
uint64_t clock_gcd(const uint64_t *deltas, unsigned int count);

#endif
