/* SPDX-License-Identifier: MIT */
/* What the kernel says a CPU's time went to. */
#ifndef SYSCOST_CPUSTAT_H
#define SYSCOST_CPUSTAT_H

#include <stdint.h>

/* In ticks of USER_HZ since boot. */
struct cpu_times {
	uint64_t steal, total;
};

/* Reads the line of `cpu` in /proc/stat; zeros where there is none. */
void cpustat_read(struct cpu_times *times, int cpu);

#endif
