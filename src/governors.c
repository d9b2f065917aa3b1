// SPDX-License-Identifier: MIT
/* Who decides the CPUs' frequency: cpufreq's governors. */
#include "governors.h"

#include <errno.h>
#include <glob.h>
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

int governors_read(const char *folder, char *names, size_t size)
{
	char pattern[4096], line[64];
	int error = -ENOENT;
	glob_t files;

	names[0] = '\0';
	snprintf(pattern, sizeof(pattern),
		 "%s/cpu[0-9]*/cpufreq/scaling_governor", folder);
	if (glob(pattern, 0, NULL, &files))
		return error;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		int found = facts_line(files.gl_pathv[i], line, sizeof(line));

		if (!found)
			add(names, size, line);
		else if (error == -ENOENT)
			error = found;
	}
	globfree(&files);
	return names[0] ? 0 : error;
}
