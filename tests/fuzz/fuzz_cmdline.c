// SPDX-License-Identifier: MIT
/* The kernel's command line: nothing is kept that was not a word of it. */
#include <stdbool.h>
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

/* Is the word the parameter `name`, whatever its value? */
static bool is_called(const char *at, size_t length, const char *name)
{
	size_t i;

	for (i = 0; i < length && at[i] != '='; i++)
		if ((at[i] == '-' ? '_' : at[i]) != name[i])
			return false;
	return !name[i];
}

/* The word that holds: the last of that name. NULL: none. */
static const char *find_last(const char *line, const char *name, size_t *length)
{
	const char *last = NULL;
	size_t here;

	for (; *line; line += here) {
		line += strspn(line, " \t\n");
		here = word(line);
		if (here == 2 && strncmp(line, "--", 2) == 0)
			break;
		if (here && is_called(line, here, name)) {
			last = line;
			*length = here;
		}
	}
	return last;
}

static void check_value(const char *line, const char *name, size_t size)
{
	char *value = fuzz_buffer(size);
	size_t length = 0, skip = strlen(name);
	const char *last = find_last(line, name, &length);

	must(cmdline_value(line, name, value, size) == (last != NULL));
	must(strnlen(value, size) < size);
	if (last) {
		skip += skip < length;
		length -= skip;
		if (length && last[skip] == '"') { /* quotes are no part */
			skip++;
			length -= 1 + (length > 1 &&
				       last[skip + length - 2] == '"');
		}
		must(strlen(value) == (length < size ? length : size - 1));
		must(strncmp(value, last + skip, strlen(value)) == 0);
	}
	free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *line = fuzz_text(data, size);

	for (size_t i = 0; i < FUZZ_SIZES; i++) {
		check(line, fuzz_sizes[i]);
		check_value(line, "pti", fuzz_sizes[i]);
		check_value(line, "spectre_v2", fuzz_sizes[i]);
	}
	free(line);
	return 0;
}
