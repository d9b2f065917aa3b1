// SPDX-License-Identifier: MIT
/* What the kernel says a CPU's time went to: /proc/stat. */
#include "cpustat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "facts.h"

#define COLUMNS 8 /* user nice system idle iowait irq softirq steal: proc(5) */

void cpustat_read(struct cpu_times *times, int cpu)
{
	char text[65536], key[16];
	uint64_t value[COLUMNS] = { 0 };
	const char *line;

	*times = (struct cpu_times){ 0, 0 };
	snprintf(key, sizeof(key), "\ncpu%d ", cpu);
	if (facts_file("/proc/stat", text, sizeof(text)) < 0)
		return;
	line = strstr(text, key);
	if (!line ||
	    sscanf(line + strlen(key),
		   "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
		   " %" SCNu64 " %" SCNu64 " %" SCNu64,
		   &value[0], &value[1], &value[2], &value[3], &value[4],
		   &value[5], &value[6], &value[7]) != COLUMNS)
		return;
	for (int i = 0; i < COLUMNS; i++)
		times->total += value[i];
	times->steal = value[COLUMNS - 1];
}
