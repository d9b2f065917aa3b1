// SPDX-License-Identifier: MIT
/* The worker's own pages: after a fork, and for rows that map some. */
#define _GNU_SOURCE
#include "memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* asm-generic/mman-common.h, Linux 5.14 */
#endif

#define HUGE_BYTES  (2UL << 20)
#define GUARD_BYTES (64UL << 10) /* the largest page that Linux is built with */

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

void memory_touch(void *begin, size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (volatile char *at = begin; at < (char *)begin + bytes; at += page)
		*at = 1;
}

/* The room and its guards, in whole pages. */
static size_t guarded(size_t bytes)
{
	size_t whole = (bytes + GUARD_BYTES - 1) / GUARD_BYTES * GUARD_BYTES;

	return whole + 2 * GUARD_BYTES;
}

void *memory_room(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t kept = guarded(bytes), all = kept + HUGE_BYTES;
	char *begin = mmap(NULL, all, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *guard;

	if (begin == MAP_FAILED)
		return NULL;
	guard = (char *)(((uintptr_t)begin + HUGE_BYTES - 1) / HUGE_BYTES *
			 HUGE_BYTES);
	if (guard > begin)
		munmap(begin, (size_t)(guard - begin));
	munmap(guard + kept, all - kept - (size_t)(guard - begin));
	munmap(guard + GUARD_BYTES, (bytes + page - 1) / page * page);
	return guard + GUARD_BYTES;
}

void memory_room_free(void *room, size_t bytes)
{
	munmap((char *)room - GUARD_BYTES, guarded(bytes));
}

int memory_mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	int count = 0, byte;

	if (!maps)
		return -1;
	while ((byte = getc(maps)) != EOF)
		count += byte == '\n';
	fclose(maps);
	return count;
}

long memory_faults(void)
{
	struct rusage usage = { .ru_minflt = 0 };

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt;
}
