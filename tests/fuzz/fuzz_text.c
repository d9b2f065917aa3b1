// SPDX-License-Identifier: MIT
/* Any bytes as JSON and on the screen: no more of them, and none that a
 * terminal obeys. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"
#include "fuzz.h"
#include "text.h"

/* C0, DEL, and C1 as UTF-8 has it. */
static bool has_control(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	for (; *at; at++)
		if (*at < 0x20 || *at == 0x7f ||
		    (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0))
			return true;
	return false;
}

/* ASCII without them. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((signed char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static void check_json(const char *text)
{
	json_t *value = environment_text(text);
	const char *clean = json_string_value(value);
	json_t *again;

	must(clean); /* jansson takes UTF-8 only */
	must(strlen(clean) == strlen(text));
	must(!has_control(clean));
	must(!is_plain(text) || strcmp(clean, text) == 0);
	again = environment_text(clean);
	must(json_equal(value, again));
	json_decref(again);
	json_decref(value);
}

static void check_screen(char *text)
{
	size_t length = strlen(text);
	bool plain = is_plain(text);
	char first = *text;

	text_make_printable(text);
	must(strlen(text) == length);
	must(!has_control(text));
	must(!plain || *text == first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);

	check_json(text);
	check_screen(text);
	free(text);
	return 0;
}
