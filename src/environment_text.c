// SPDX-License-Identifier: MIT
/* Text of any bytes as JSON, which must be UTF-8. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"

/* The length of the UTF-8 sequence that `text` begins with; 0: none. */
static size_t sequence_length(const unsigned char *text)
{
	size_t length = text[0] < 0x80			    ? 1
			: text[0] >= 0xc2 && text[0] < 0xe0 ? 2
			: text[0] >= 0xe0 && text[0] < 0xf0 ? 3
			: text[0] >= 0xf0 && text[0] < 0xf5 ? 4
							    : 0;
	json_t *value;

	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	value = length ? json_stringn((const char *)text, length) : NULL;
	json_decref(value);
	return value ? length : 0;
}

/* Characters that are not seen but change what is: the second set of control
 * characters, which some terminals obey, and the marks that turn or hide text
 * (Unicode Standard Annex 9; "Trojan Source", CVE-2021-42574). */
static bool is_hidden(const unsigned char *text, size_t length)
{
	if (length == 2)
		return text[0] == 0xc2 && text[1] < 0xa0;
	if (length != 3)
		return false;
	if (text[0] == 0xef)
		return text[1] == 0xbb && text[2] == 0xbf;
	return text[0] == 0xe2 &&
	       ((text[1] == 0x80 && ((text[2] >= 0x8b && text[2] <= 0x8f) ||
				     (text[2] >= 0xa8 && text[2] <= 0xae))) ||
		(text[1] == 0x81 && text[2] >= 0xa0 && text[2] <= 0xaf));
}

json_t *environment_text(const char *text)
{
	char *clean;
	json_t *value;

	if (!text)
		return json_null();
	clean = strdup(text);
	if (!clean)
		return NULL;
	for (unsigned char *at = (unsigned char *)clean; *at;) {
		size_t length = sequence_length(at);

		if (!length || iscntrl(*at) || is_hidden(at, length)) {
			*at = '?';
			length = 1;
		}
		at += length;
	}
	value = json_string(clean);
	free(clean);
	return value;
}
