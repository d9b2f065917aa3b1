// SPDX-License-Identifier: MIT
/* Text from elsewhere, made fit to be shown. */
#include "text.h"

#include <ctype.h>

void text_make_printable(char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}
