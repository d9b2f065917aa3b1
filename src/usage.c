// SPDX-License-Identifier: MIT
/* Wrong usage ends the program, in one line that says what and where. */
#include "usage.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

void usage_refuse(const char *format, ...)
{
	va_list arguments;
	char line[1024];

	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	text_make_printable(line);
	fprintf(stderr, "syscost: %s (see syscost --help)\n", line);
	exit(2);
}

long usage_number(const char *option, const char *text, long low, long high)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value < low || value > high)
		usage_refuse("--%s=%s: a whole number from %ld to %ld "
			     "is needed",
			     option, text, low, high);
	return value;
}

void usage_check_name(const char *option, const char *name, size_t most)
{
	if (!name[0] || strlen(name) >= most)
		usage_refuse("--%s=%s: 1 to %zu characters are needed", option,
			     name, most - 1);
	for (const char *at = name; *at; at++)
		if (!isalnum((unsigned char)*at) && !strchr("._+-", *at))
			usage_refuse("--%s=%s: only letters, digits and "
				     "._+- may stand in it",
				     option, name);
	if (name[0] == '.')
		usage_refuse("--%s=%s: must not begin with a dot", option,
			     name);
}

void usage_check_word(const char *option, const char *word, size_t most)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";

	if (!word[0] || strlen(word) > most || word[strspn(word, allowed)] ||
	    strcmp(word, "none") == 0)
		usage_refuse("--%s=%s: a word of 1 to %zu small letters, "
			     "digits and ._- is needed, and not none",
			     option, word, most);
}
