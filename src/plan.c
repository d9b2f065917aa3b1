// SPDX-License-Identifier: MIT
/* The order of launches: arms alternate in balanced blocks. */
#include "plan.h"

#include <stddef.h>
#include <stdlib.h>

static void shuffle(struct planned *pass, unsigned int count,
		    unsigned short *seed)
{
	for (unsigned int left = count; left > 1; left--) {
		unsigned int i = left - 1;
		unsigned int j = (unsigned int)(nrand48(seed) % left);
		struct planned swap = pass[i];

		pass[i] = pass[j];
		pass[j] = swap;
	}
}

void plan_make(struct planned *plan, unsigned int arms, unsigned int launches,
	       uint64_t seed)
{
	unsigned short state[3] = { (unsigned short)seed,
				    (unsigned short)(seed >> 16),
				    (unsigned short)(seed >> 32) };

	for (unsigned int pass = 0; pass < launches; pass++) {
		struct planned *these = &plan[(size_t)pass * arms];

		for (unsigned int i = 0; i < arms; i++) {
			these[i].block = pass / 2;
			these[i].arm = pass % 2 ? these[-1 - (int)i].arm : i;
		}
		if (pass % 2 == 0)
			shuffle(these, arms, state);
	}
}
