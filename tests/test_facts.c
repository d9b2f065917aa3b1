// SPDX-License-Identifier: MIT
/* Facts of /proc and /sys: files, lines, "key: value" and words. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "facts.h"

static char path[] = "/tmp/syscost-facts-XXXXXX";

static void write_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static int make_file(void **state)
{
	int file = mkstemp(path);

	(void)state;
	return file < 0 ? -1 : close(file);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

static void a_file_is_read_whole(void **state)
{
	char text[64];

	(void)state;
	write_file("one\ntwo\n");
	assert_int_equal(facts_file(path, text, sizeof(text)), 8);
	assert_string_equal(text, "one\ntwo\n");
	write_file("");
	assert_int_equal(facts_file(path, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

static void a_longer_file_is_cut(void **state)
{
	char text[5];

	(void)state;
	write_file("12345678");
	assert_int_equal(facts_file(path, text, sizeof(text)), 4);
	assert_string_equal(text, "1234");
}

static void what_cannot_be_read_is_an_error_and_empty(void **state)
{
	char text[64] = "before";

	(void)state;
	assert_int_equal(facts_file("/nonexistent", text, sizeof(text)),
			 -ENOENT);
	assert_string_equal(text, "");
	assert_int_equal(facts_file("/", text, sizeof(text)), -EISDIR);
	assert_string_equal(text, "");
	assert_int_equal(facts_line("/nonexistent", text, sizeof(text)),
			 -ENOENT);
	assert_string_equal(text, "");
}

static void a_line_ends_before_its_newline(void **state)
{
	char line[64];

	(void)state;
	write_file("tsc \nhpet\n");
	assert_int_equal(facts_line(path, line, sizeof(line)), 0);
	assert_string_equal(line, "tsc ");
	write_file("tsc");
	assert_int_equal(facts_line(path, line, sizeof(line)), 0);
	assert_string_equal(line, "tsc");
}

static const char cpuinfo[] = "processor\t: 0\n"
			      "model\t\t: 68 \n"
			      "model name\t: A CPU @ 2: fast  \n"
			      "empty:\n"
			      "model\t\t: 69\n"
			      "last: one";

static void assert_value(const char *key, const char *wanted)
{
	char value[64] = "before";

	assert_int_equal(facts_value(cpuinfo, key, value, sizeof(value)), 0);
	assert_string_equal(value, wanted);
}

static void a_value_is_found_by_its_whole_key(void **state)
{
	(void)state;
	assert_value("processor", "0");
	assert_value("model", "68");
	assert_value("model name", "A CPU @ 2: fast");
	assert_value("empty", "");
	assert_value("last", "one");
}

static void a_key_that_is_not_there_has_no_value(void **state)
{
	static const char *const keys[] = { "mode", "model nam", "name",
					    "68",   "odel",	 "one" };
	char value[64] = "before";

	(void)state;
	for (size_t i = 0; i < COUNT(keys); i++)
		assert_int_equal(
			facts_value(cpuinfo, keys[i], value, sizeof(value)),
			-ENODATA);
	assert_int_equal(facts_value("", "any", value, sizeof(value)),
			 -ENODATA);
	assert_string_equal(value, "before");
}

static void a_longer_value_is_cut(void **state)
{
	char value[6] = "#####";

	(void)state;
	assert_int_equal(facts_value(cpuinfo, "model name", value, 5), 0);
	assert_string_equal(value, "A CP");
	memset(value, '#', sizeof(value));
	assert_int_equal(facts_value("key: 12345\n", "key", value, 5), 0);
	assert_string_equal(value, "1234");
	assert_int_equal(value[5], '#');
}

static void the_first_cpu_is_number_zero(void **state)
{
	char value[64];

	(void)state;
	if (facts_cpuinfo("processor", value, sizeof(value)))
		skip_because("no /proc/cpuinfo with \"processor\" here");
	assert_string_equal(value, "0");
	assert_int_equal(facts_cpuinfo("no such key", value, sizeof(value)),
			 -ENODATA);
}

static void a_word_stands_alone(void **state)
{
	(void)state;
	assert_true(facts_has_word("pti", "pti"));
	assert_true(facts_has_word("fpu pti sse", "pti"));
	assert_true(facts_has_word("fpu\tpti\n", "pti"));
	assert_true(facts_has_word("ptix epti pti", "pti"));
	assert_false(facts_has_word("epti ptis pti_x", "pti"));
	assert_false(facts_has_word("", "pti"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_whole),
		cmocka_unit_test(a_longer_file_is_cut),
		cmocka_unit_test(what_cannot_be_read_is_an_error_and_empty),
		cmocka_unit_test(a_line_ends_before_its_newline),
		cmocka_unit_test(a_value_is_found_by_its_whole_key),
		cmocka_unit_test(a_key_that_is_not_there_has_no_value),
		cmocka_unit_test(a_longer_value_is_cut),
		cmocka_unit_test(the_first_cpu_is_number_zero),
		cmocka_unit_test(a_word_stands_alone),
	};

	return check_status(
		cmocka_run_group_tests(tests, make_file, remove_file),
		COUNT(tests));
}
