/* SPDX-License-Identifier: MIT */
/* The order of launches: arms alternate in balanced blocks. */
#ifndef SYSCOST_PLAN_H
#define SYSCOST_PLAN_H

#include <stdint.h>

struct planned {
	unsigned int arm;
	unsigned int block; /* a pass and its mirror image */
};

/*
 * Fills `plan` (arms x launches places): each block runs every arm once in a
 * random order and then once in the reverse of it (ABBA, BAAB for two), so
 * that a linear drift cancels. The same seed gives the same plan.
 */
void plan_make(struct planned *plan, unsigned int arms, unsigned int launches,
	       uint64_t seed);

#endif
