// SPDX-License-Identifier: MIT
/* Text from elsewhere, made fit to be shown. */
#include "text.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static bool is_mark(unsigned char second, unsigned char third)
{
	if (second == 0x80)
		return (third >= 0x8b && third <= 0x8f) ||
		       (third >= 0xa8 && third <= 0xae);
	return second == 0x81 && third >= 0xa0 && third <= 0xaf;
}

size_t text_hidden(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
		return 2;
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		return 3;
	return at[0] == 0xe2 && at[1] && is_mark(at[1], at[2]) ? 3 : 0;
}

void text_make_printable(char *text)
{
	while (*text) {
		size_t bytes = text_hidden(text);

		if (!bytes)
			bytes = iscntrl((unsigned char)*text) != 0;
		memset(text, '?', bytes);
		text += bytes ? bytes : 1;
	}
}
