// SPDX-License-Identifier: MIT
/* Text from elsewhere, made fit to be shown. */
#include "text.h"

#include <ctype.h>
#include <stdbool.h>

static bool is_c1(const char *text)
{
	unsigned char first = (unsigned char)text[0];
	unsigned char second = first ? (unsigned char)text[1] : 0;

	return first == 0xc2 && second >= 0x80 && second < 0xa0;
}

void text_make_printable(char *text)
{
	for (; *text; text++) {
		if (is_c1(text))
			*text++ = '?';
		else if (!iscntrl((unsigned char)*text))
			continue;
		*text = '?';
	}
}
