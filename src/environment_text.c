// SPDX-License-Identifier: MIT
/* Text of any bytes as JSON, which must be UTF-8. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"
#include "text.h"

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

		if (!length || iscntrl(*at) || text_hidden((const char *)at)) {
			*at = '?';
			length = 1;
		}
		at += length;
	}
	value = json_string(clean);
	free(clean);
	return value;
}
