/* SPDX-License-Identifier: MIT */
/* What /proc/cpuinfo calls a CPU's facts, which differs by architecture. */
#ifndef SYSCOST_CPUINFO_H
#define SYSCOST_CPUINFO_H

#include <stddef.h>

struct cpuinfo_key {
	const char *line; /* as /proc/cpuinfo has it */
	const char *fact; /* as run.json has it */
};

struct cpuinfo_dialect {
	const char *architecture; /* as ARCH_NAME; "" another one */
	const char *sign;	  /* a line that no other architecture has */
	const char *entry;	  /* the instruction that enters the kernel */
	const struct cpuinfo_key *keys;
	size_t count;
};

/* By the text itself, since a recorded machine may be of another architecture;
 * where it does not tell, that of `usual`. Never NULL. */
const struct cpuinfo_dialect *cpuinfo_dialect(const char *text,
					      const char *usual);

#endif
