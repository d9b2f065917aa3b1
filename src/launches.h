/* SPDX-License-Identifier: MIT */
/* launches.csv: what became of each launch, and what happened meanwhile. */
#ifndef SYSCOST_LAUNCHES_H
#define SYSCOST_LAUNCHES_H

#include <stdio.h>

#include "session.h"

#define LAUNCHES_HEADER                                                        \
	"launch,arm,block,done,wall_ms,timed_ms,window_ms,nvcsw,nivcsw,"       \
	"minflt,majflt,ran_ms,other_ms,steal_ms,irq_ms,softirq_ms,interrupts," \
	"softirqs,run_delay_ms,core_throttles,package_throttles,khz_before,"   \
	"khz_after,core_ghz,drift_ppm,alone_share,padding_bytes,problem\n"

/* Prints the line of a launch that is over. What is not known is empty. */
void launches_print(FILE *file, const struct session *session,
		    unsigned int index);

#endif
