// SPDX-License-Identifier: MIT
/* /proc/stat, /proc/interrupts and /proc/softirqs. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cpustat.h"
#include "facts.h"
#include "fuzz.h"

static void check_times(const char *text, int cpu)
{
	struct cpu_times times;
	const uint64_t *parts[] = { &times.ran, &times.irq, &times.softirq,
				    &times.steal };

	cpustat_times(&times, text, cpu);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		must(*parts[i] == FACTS_UNKNOWN ||
		     times.total == FACTS_UNKNOWN || *parts[i] <= times.total);
	must(times.total == FACTS_UNKNOWN || strstr(text, "cpu"));
}

/* A text that was cut off has no sum. */
static void check_interrupts(const char *text, int cpu)
{
	uint64_t sum = cpustat_interrupts(text, cpu);

	if (sum != FACTS_UNKNOWN) {
		must(strstr(text, "CPU"));
		must(text[strlen(text) - 1] == '\n');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int cpus[] = { 0, 1, 7, INT_MAX };
	char *text = fuzz_text(data, size);

	for (size_t i = 0; i < sizeof(cpus) / sizeof(cpus[0]); i++) {
		check_times(text, cpus[i]);
		check_interrupts(text, cpus[i]);
	}
	free(text);
	return 0;
}
