// SPDX-License-Identifier: MIT
/* The worker's own pages, after a fork. */
#define _GNU_SOURCE
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* asm-generic/mman-common.h, Linux 5.14 */
#endif

/* Larger ones are set aside and hardly used: a sanitizer's shadow of many TiB,
 * of which every page would be made. */
#define LARGEST_BYTES (256UL << 20)

/* What is larger was reserved and is hardly touched: a sanitizer's shadow. */
#define MAPPING_MOST (1UL << 30)
#define PAGES_MOST   1024 /* looked at together */

/* A page that was never touched was not copied either, and stays so. Mappings
 * on which it fails (a stack's guard, a kernel's page) are none that a fork
 * would have changed. */
static void take_back_pages(char *begin, size_t pages, size_t page_bytes)
{
	unsigned char there[PAGES_MOST];
	size_t first = 0;

	if (mincore(begin, pages * page_bytes, there))
		return;
	for (size_t i = 0; i <= pages; i++) {
		if (i < pages && (there[i] & 1))
			continue;
		if (i > first)
			madvise(begin + first * page_bytes,
				(i - first) * page_bytes, MADV_POPULATE_WRITE);
		first = i + 1;
	}
}

static void take_back(const char *line)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	unsigned long begin, end;
	char rights[5];

	if (sscanf(line, "%lx-%lx %4s", &begin, &end, rights) != 3 ||
	    strcmp(rights, "rw-p") != 0 || end - begin > MAPPING_MOST)
		return;
	for (size_t left = (end - begin) / page_bytes; left > 0;) {
		size_t pages = left < PAGES_MOST ? left : PAGES_MOST;

		take_back_pages((char *)end - left * page_bytes, pages,
				page_bytes);
		left -= pages;
	}
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
