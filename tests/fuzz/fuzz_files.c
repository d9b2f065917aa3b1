// SPDX-License-Identifier: MIT
/* Files of any bytes, whole and by their first line. */
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "fuzz.h"

static void check(const char *path, const uint8_t *data, size_t length,
		  size_t size)
{
	char *text = fuzz_buffer(size), *line = fuzz_buffer(size);
	long got = facts_file(path, text, size);

	must(got == (long)(length < size ? length : size - 1));
	must(got == 0 || memcmp(text, data, (size_t)got) == 0);
	must(text[got] == '\0');

	must(facts_line(path, line, size) == 0);
	must(strnlen(line, size) < size);
	must(strlen(line) == strcspn(text, "\n"));
	must(strncmp(line, text, strlen(line)) == 0);
	free(line);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = fuzz_file(data, size);

	for (size_t i = 0; i < FUZZ_SIZES; i++)
		check(path, data, size, fuzz_sizes[i]);
	return 0;
}
