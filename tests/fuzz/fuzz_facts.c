// SPDX-License-Identifier: MIT
/* "key: value" texts and lists of words, as /proc/cpuinfo and
 * /proc/self/status have them. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"
#include "fuzz.h"

/* Does a line begin with the key, blanks and a colon? */
static bool has_key(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (;; text++) {
		if (strncmp(text, key, length) == 0 &&
		    text[length + strspn(text + length, " \t")] == ':')
			return true;
		text = strchr(text, '\n');
		if (!text)
			return false;
	}
}

static void check_value(const char *text, const char *key, size_t size)
{
	char *value = fuzz_buffer(size);
	int error = facts_value(text, key, value, size);

	must(error == (has_key(text, key) ? 0 : -ENODATA));
	if (!error) {
		size_t length = strnlen(value, size);

		must(length < size);
		must(!strchr(value, '\n'));
		must(!strchr(" \t", value[0]) || !length);
		must(length == size - 1 || !length ||
		     !isspace((unsigned char)value[length - 1]));
		must(strstr(text, value));
	}
	free(value);
}

/* By taking the text apart. */
static bool among(const char *text, const char *word)
{
	size_t length = strlen(word);

	while (*text) {
		size_t here = 0;

		while (isspace((unsigned char)*text))
			text++;
		while (text[here] && !isspace((unsigned char)text[here]))
			here++;
		if (here && here == length && strncmp(text, word, here) == 0)
			return true;
		text += here;
	}
	return false;
}

/* The word is the text's first, one of its halves, or one that is known. */
static void check_words(const char *text, char *word)
{
	must(facts_has_word(text, word) == among(text, word));
	must(facts_has_word(text, "pti") == among(text, "pti"));
	must(!facts_has_word(text, ""));
	word[strlen(word) / 2] = '\0';
	must(facts_has_word(text, word) == among(text, word));
}

/* A number is read up to its last digit, or not at all. */
static void check_count(const char *text)
{
	const char *at = text;
	uint64_t count;

	if (!facts_count(&at, &count))
		must(at == text);
	else
		must(at > text && isdigit((unsigned char)at[-1]) &&
		     (!*at || isspace((unsigned char)*at)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = { "flags", "Seccomp", "model name" };
	char *text = fuzz_text(data, size);
	char *key = fuzz_text(data, strcspn(text, ":\n"));
	char *word = fuzz_text(data, strcspn(text, " \t\n\v\f\r"));

	for (size_t i = 0; i < FUZZ_SIZES; i++) {
		check_value(text, key, fuzz_sizes[i]);
		for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
			check_value(text, keys[k], fuzz_sizes[i]);
	}
	check_words(text, word);
	check_count(text);
	free(word);
	free(key);
	free(text);
	return 0;
}
