/* SPDX-License-Identifier: MIT */
/* Who decides the CPUs' frequency: cpufreq's governors. */
#ifndef SYSCOST_GOVERNORS_H
#define SYSCOST_GOVERNORS_H

#include <stddef.h>

/* The distinct names below `folder` (/sys/devices/system/cpu), in order, a
 * space between; 0, or -errno: why the first CPU has none. */
int governors_read(const char *folder, char *names, size_t size);

#endif
