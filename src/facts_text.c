// SPDX-License-Identifier: MIT
/* Finds values, words and counts in the text of a fact. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "facts.h"

/* The text behind the key and its colon, or NULL. */
static const char *behind_key(const char *line, const char *key)
{
	size_t length = strlen(key);

	if (strncmp(line, key, length) != 0)
		return NULL;
	line += length;
	line += strspn(line, " \t");
	if (*line != ':')
		return NULL;
	return line + 1 + strspn(line + 1, " \t");
}

int facts_value(const char *text, const char *key, char *value, size_t size)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *found;
		size_t length;

		line += *line == '\n';
		found = behind_key(line, key);
		if (!found)
			continue;
		length = strcspn(found, "\n");
		while (length && isspace((unsigned char)found[length - 1]))
			length--;
		if (length >= size)
			length = size - 1;
		memcpy(value, found, length);
		value[length] = '\0';
		return 0;
	}
	return -ENODATA;
}

bool facts_has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	if (!length)
		return false; /* it would be found without end */
	for (const char *at = text; (at = strstr(at, word)); at += length) {
		bool begins = at == text || isspace((unsigned char)at[-1]);
		char end = at[length];

		if (begins && (!end || isspace((unsigned char)end)))
			return true;
	}
	return false;
}

bool facts_count(const char **text, uint64_t *count)
{
	const char *at = *text + strspn(*text, " \t");
	uint64_t sum = 0;

	if (!isdigit((unsigned char)*at))
		return false;
	for (; isdigit((unsigned char)*at); at++)
		if (sum == FACTS_UNKNOWN ||
		    __builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(sum, *at - '0', &sum))
			sum = FACTS_UNKNOWN;
	if (*at && !strchr(" \t\n", *at))
		return false;
	*text = at;
	*count = sum;
	return true;
}

uint64_t facts_sum(uint64_t a, uint64_t b)
{
	uint64_t sum;

	if (a == FACTS_UNKNOWN || b == FACTS_UNKNOWN ||
	    __builtin_add_overflow(a, b, &sum))
		return FACTS_UNKNOWN;
	return sum;
}
