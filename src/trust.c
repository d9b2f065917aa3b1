// SPDX-License-Identifier: MIT
/* What hwloc tells is trusted where it fits what the kernel tells. */
#include "trust.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "topology.h"

extern char **environ;

/* hwloc 2.9 aborts where /sys/devices/system/node is there and empty
 * (list_sysfsnode in topology-linux.c): a child finds out, and says nothing. */
static bool fits(bool here)
{
	struct rlimit none = { 0, 0 };
	struct topology *topology;
	int status = 0, null;
	pid_t child = fork();

	if (child == 0) {
		setrlimit(RLIMIT_CORE, &none);
		null = open("/dev/null", O_WRONLY);
		if (null >= 0)
			dup2(null, STDERR_FILENO);
		_exit(topology_load(&topology) ||
		      (here && !topology_is_here(topology)));
	}
	if (child > 0)
		waitpid(child, &status, 0);
	return status == 0;
}

/* The name of the first variable of hwloc's that is not ours, or NULL. */
static const char *find_variable(char *name, size_t size)
{
	static const char begin[] = "HWLOC_";

	for (char **line = environ; *line; line++) {
		size_t length = strcspn(*line, "=");

		if (strncmp(*line, begin, sizeof(begin) - 1) != 0 ||
		    length >= size)
			continue;
		snprintf(name, size, "%.*s", (int)length, *line);
		if (strcmp(name, TOPOLOGY_QUIETLY) != 0)
			return name;
	}
	return NULL;
}

static bool forget_variables(void)
{
	bool any = false;
	char name[64];

	while (find_variable(name, sizeof(name)) && unsetenv(name) == 0)
		any = true;
	return any;
}

bool trust_topology(void)
{
	bool any;

	if (fits(true))
		return false;
	any = forget_variables();
	if (!fits(true))
		setenv("HWLOC_COMPONENTS", "-linux", 1);
	return any;
}

bool trust_recorded(void)
{
	return fits(false);
}
