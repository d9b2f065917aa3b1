// SPDX-License-Identifier: MIT
/* What sysfs says of the CPU's flaws: every file, by listing the folder. */
#include "vulnerabilities.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "facts.h"

#define FOLDER	"/sys/devices/system/cpu/vulnerabilities"
#define LONGEST (sizeof(((struct vulnerability *)0)->text) - 2)

void vulnerabilities_read(struct vulnerabilities *vulnerabilities)
{
	char **names, path[512];
	int count = facts_names(FOLDER, &names);

	vulnerabilities->count = count;
	for (int i = 0; i < count && i < VULNERABILITIES_MOST; i++) {
		struct vulnerability *file = &vulnerabilities->files[i];

		snprintf(file->name, sizeof(file->name), "%s", names[i]);
		snprintf(path, sizeof(path), FOLDER "/%s", names[i]);
		file->error = facts_line(path, file->text, sizeof(file->text));
		if (!file->error && strlen(file->text) > LONGEST)
			file->error = -EFBIG;
		if (file->error)
			file->text[0] = '\0';
	}
	if (count > VULNERABILITIES_MOST)
		vulnerabilities->count = VULNERABILITIES_MOST;
	facts_free_names(names, count);
}

const char *vulnerabilities_text(const struct vulnerabilities *vulnerabilities,
				 const char *name)
{
	for (int i = 0; i < vulnerabilities->count; i++) {
		const struct vulnerability *file = &vulnerabilities->files[i];

		if (strcmp(file->name, name) == 0)
			return file->error ? NULL : file->text;
	}
	return NULL;
}
