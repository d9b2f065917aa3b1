// SPDX-License-Identifier: MIT
/* The kernel's command line: nothing is kept that was not a word of it. */
#include <stdlib.h>
#include <string.h>

#include "cmdline.h"
#include "fuzz.h"

/* The next word's length, by another way than the code under test: white space
 * ends it where the number of quotes so far is even. */
static size_t word(const char *text)
{
	unsigned int quotes = 0;
	size_t i;

	for (i = 0; text[i]; i++) {
		quotes += text[i] == '"';
		if (quotes % 2 == 0 && memchr(" \t\n", text[i], 3))
			break;
	}
	return i;
}

/* Is it a word of the line, before a "--"? */
static int occurs(const char *line, const char *wanted, size_t length)
{
	while (*line) {
		size_t here;

		line += strspn(line, " \t\n");
		here = word(line);
		if (here == 2 && strncmp(line, "--", 2) == 0)
			return 0;
		if (here == length && strncmp(line, wanted, length) == 0)
			return 1;
		line += here;
	}
	return 0;
}

static void check(const char *line, size_t size)
{
	char *kept = fuzz_buffer(size), *again = fuzz_buffer(size);

	cmdline_keep(line, kept, size);
	must(strnlen(kept, size) < size);
	for (const char *at = kept; *at; at += *at == ' ') {
		size_t length = word(at);

		must(length);
		must(occurs(line, at, length));
		at += length;
	}
	cmdline_keep(kept, again, size);
	must(strcmp(kept, again) == 0);
	free(again);
	free(kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_text(data, size);

	for (size_t i = 0; i < FUZZ_SIZES; i++)
		check(line, fuzz_sizes[i]);
	free(line);
	return 0;
}
