// SPDX-License-Identifier: MIT
/* What the kernel says became of a CPU: /proc/stat, /proc/interrupts. */
#include "cpustat.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "facts.h"

#define STAT_MOST (16 << 20)

/* proc(5), "/proc/stat"; the guests behind them are in user and nice. */
enum column { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, COLUMNS };

/* The text behind the name of the CPU where a line begins with it. */
static const char *line_of(const char *text, int cpu)
{
	char key[16];
	const char *line;

	snprintf(key, sizeof(key), "cpu%d ", cpu);
	if (strncmp(text, key, strlen(key)) == 0)
		return text + strlen(key);
	snprintf(key, sizeof(key), "\ncpu%d ", cpu);
	line = strstr(text, key);
	return line ? line + strlen(key) : NULL;
}

void cpustat_times(struct cpu_times *times, const char *text, int cpu)
{
	const char *line = line_of(text, cpu);
	uint64_t value[COLUMNS];
	unsigned int told = 0;

	for (unsigned int i = 0; i < COLUMNS; i++)
		value[i] = FACTS_UNKNOWN;
	if (line && strchr(line, '\n'))
		while (told < COLUMNS && facts_count(&line, &value[told]))
			told++;
	times->ran =
		facts_sum(facts_sum(value[USER], value[NICE]), value[SYSTEM]);
	times->irq = value[IRQ];
	times->softirq = value[SOFTIRQ];
	times->steal = value[STEAL];
	times->total = told > IDLE ? 0 : FACTS_UNKNOWN;
	for (unsigned int i = 0; i < told; i++)
		times->total = facts_sum(times->total, value[i]);
}

void cpustat_read(struct cpu_times *times, int cpu)
{
	char *text = facts_whole("/proc/stat", STAT_MOST);

	cpustat_times(times, text ? text : "", cpu);
	free(text);
}

/* Which of the columns that the header names is the CPU's; -1: none. Those of
 * CPUs that are offline may be missing. */
static int column_of(const char *header, int cpu, int *columns)
{
	const char *at = header + strspn(header, " \t");
	int found = -1;
	uint64_t number;

	*columns = 0;
	while (strncmp(at, "CPU", 3) == 0) {
		at += 3;
		if (!facts_count(&at, &number))
			break;
		if (number == (uint64_t)cpu)
			found = *columns;
		++*columns;
		at += strspn(at, " \t");
	}
	return found;
}

/* The number in a line's column. False: the line has fewer than the header,
 * since it counts for no CPU (ERR and MIS of arch/x86/kernel/irq.c and Err of
 * arch/arm64/kernel/irq.c, which alone look like a CPU's where there is one). */
static bool read_column(const char *line, int column, int columns,
			uint64_t *count)
{
	const char *colon = line + strcspn(line, ":\n");
	uint64_t next;

	line += strspn(line, " \t");
	if (*colon != ':' || strncasecmp(line, "ERR:", 4) == 0 ||
	    strncasecmp(line, "MIS:", 4) == 0)
		return false;
	colon++;
	for (int i = 0; i < columns; i++) {
		if (!facts_count(&colon, &next))
			return false;
		if (i == column)
			*count = next;
	}
	return true;
}

uint64_t cpustat_interrupts(const char *text, int cpu)
{
	int columns, column = column_of(text, cpu, &columns);
	const char *line = strchr(text, '\n');
	uint64_t sum = 0, count = 0;

	if (column < 0)
		return FACTS_UNKNOWN;
	for (; line && line[1]; line = strchr(line + 1, '\n'))
		if (read_column(line + 1, column, columns, &count))
			sum = facts_sum(sum, count);
	return line ? sum : FACTS_UNKNOWN;
}
