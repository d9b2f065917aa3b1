// SPDX-License-Identifier: MIT
/* Who decides the CPUs' frequency: cpufreq's governors. */
#include "governors.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "facts.h"

static void add(char *names, size_t size, const char *name)
{
	size_t length = strlen(names);

	if (!facts_has_word(names, name))
		snprintf(names + length, size - length, "%s%s",
			 length ? " " : "", name);
}

/* 0, or why this CPU's governor cannot be read. */
static int add_cpu(const char *folder, const char *cpu, char *names,
		   size_t size)
{
	char path[4096], line[64];
	int error;

	snprintf(path, sizeof(path), "%s/%s/cpufreq/scaling_governor", folder,
		 cpu);
	error = facts_line(path, line, sizeof(line));
	if (!error && !line[0])
		error = -ENODATA;
	if (!error)
		add(names, size, line);
	return error;
}

int governors_read(const char *folder, char *names, size_t size)
{
	char **cpus;
	int count = facts_names(folder, &cpus), error = -ENOENT;

	names[0] = '\0';
	for (int i = 0; i < count; i++) {
		int found;

		if (strncmp(cpus[i], "cpu", 3) != 0 ||
		    !isdigit((unsigned char)cpus[i][3]))
			continue;
		found = add_cpu(folder, cpus[i], names, size);
		if (found && error == -ENOENT)
			error = found;
	}
	facts_free_names(cpus, count);
	return names[0] ? 0 : error;
}
