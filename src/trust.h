/* SPDX-License-Identifier: MIT */
/* What hwloc tells is trusted where it fits what the kernel tells. */
#ifndef SYSCOST_TRUST_H
#define SYSCOST_TRUST_H

#include <stdbool.h>

/*
 * To be called before the first topology_load. Where hwloc would tell of
 * another machine, or abort, its variables are taken out of the environment,
 * and of the workers', and where that is not enough, it is told to leave /sys
 * alone. Were there variables that had to go?
 */
bool trust_topology(void);

/* Can hwloc read the machine that HWLOC_FSROOT names, and live? */
bool trust_recorded(void);

#endif
