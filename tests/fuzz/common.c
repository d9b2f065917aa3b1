// SPDX-License-Identifier: MIT
/* What the fuzz targets share. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

const size_t fuzz_sizes[FUZZ_SIZES] = { 1, 2, 9, 64, 4096 };

void fuzz_broken(const char *condition, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

char *fuzz_text(const uint8_t *data, size_t size)
{
	size_t length = size ? strnlen((const char *)data, size) : 0;
	char *text = malloc(length + 1);

	must(text);
	if (length)
		memcpy(text, data, length);
	text[length] = '\0';
	return text;
}

void *fuzz_buffer(size_t size)
{
	void *buffer = malloc(size ? size : 1);

	must(buffer);
	memset(buffer, 0xa5, size);
	return buffer;
}

const char *fuzz_file(const uint8_t *data, size_t size)
{
	static char path[64];
	static int file = -1;

	if (file < 0) {
		file = memfd_create("fuzz", MFD_CLOEXEC);
		must(file >= 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	}
	must(ftruncate(file, 0) == 0);
	must(pwrite(file, data, size, 0) == (ssize_t)size);
	return path;
}
