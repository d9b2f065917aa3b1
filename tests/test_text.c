// SPDX-License-Identifier: MIT
/* Text from elsewhere cannot steer a terminal or make two lines of one. */
#include <string.h>

#include "check.h"
#include "text.h"

static void assert_shown(const char *text, const char *wanted)
{
	char copy[64];

	strcpy(copy, text);
	text_make_printable(copy);
	assert_string_equal(copy, wanted);
}

static void control_characters_become_question_marks(void **state)
{
	(void)state;
	assert_shown("a\nb\r\tc", "a?b??c");
	assert_shown("\x1b]0;title\x07", "?]0;title?");
	assert_shown("\x7f", "?");
	assert_shown("\xc2\x9b"
		     "31m \xc2\x80\xc2",
		     "??31m ??\xc2");
}

static void marks_that_turn_text_become_question_marks(void **state)
{
	(void)state;
	assert_shown("a\xe2\x80\xae"
		     "b",
		     "a???b");
	assert_shown("\xe2\x81\xa6\xef\xbb\xbf", "??????");
	assert_shown("\xe2\x80", "\xe2\x80");
	assert_shown("\xe2", "\xe2");
	assert_shown("\xef\xbb", "\xef\xbb");
}

static void everything_else_is_kept(void **state)
{
	(void)state;
	assert_shown("", "");
	assert_shown("Plain, 100 %", "Plain, 100 %");
	assert_shown("\xc3\xa9 \xe2\x82\xac", "\xc3\xa9 \xe2\x82\xac");
	assert_shown("\xc2\xa0\xc3\x9b", "\xc2\xa0\xc3\x9b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_characters_become_question_marks),
		cmocka_unit_test(marks_that_turn_text_become_question_marks),
		cmocka_unit_test(everything_else_is_kept),
	};

	return check_all(tests);
}
