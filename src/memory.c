// SPDX-License-Identifier: MIT
/* The worker's own pages, after a fork. */
#define _GNU_SOURCE
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* asm-generic/mman-common.h, Linux 5.14 */
#endif

/* Larger ones are set aside and hardly used: a sanitizer's shadow of many TiB,
 * of which every page would be made. */
#define LARGEST_BYTES (256UL << 20)

/* Mappings on which it fails (a stack's guard, a kernel's page) are none that
 * a fork would have changed. */
static void take_back(const char *line)
{
	unsigned long begin, end;
	char rights[5];

	if (sscanf(line, "%lx-%lx %4s", &begin, &end, rights) == 3 &&
	    strcmp(rights, "rw-p") == 0 && end - begin <= LARGEST_BYTES)
		madvise((void *)begin, end - begin, MADV_POPULATE_WRITE);
}

void memory_take_back(void)
{
	char *line = NULL;
	size_t size = 0;
	FILE *maps = fopen("/proc/self/maps", "re");

	if (!maps)
		return;
	while (getline(&line, &size, maps) > 0)
		take_back(line);
	free(line);
	fclose(maps);
}
