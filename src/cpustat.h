/* SPDX-License-Identifier: MIT */
/* What the kernel says became of a CPU: /proc/stat, /proc/interrupts. */
#ifndef SYSCOST_CPUSTAT_H
#define SYSCOST_CPUSTAT_H

#include <stdint.h>

/* In ticks of USER_HZ since boot; FACTS_UNKNOWN: not told. */
struct cpu_times {
	uint64_t ran; /* any process, in its own code or the kernel */
	uint64_t irq, softirq;
	uint64_t steal; /* taken by the hypervisor */
	uint64_t total; /* these and idle */
};

/*
 * The line of `cpu` in the text of /proc/stat. Kernels before 2.6.11 have
 * fewer columns: what they lack is not told.
 */
void cpustat_times(struct cpu_times *times, const char *text, int cpu);

/* The same of this machine now. */
void cpustat_read(struct cpu_times *times, int cpu);

/*
 * The sum of a CPU's column in the text of /proc/interrupts or of
 * /proc/softirqs, whose first line names the columns; FACTS_UNKNOWN where it
 * has none, or where the text was cut off.
 */
uint64_t cpustat_interrupts(const char *text, int cpu);

#endif
