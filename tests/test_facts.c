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

/* Longer than the first piece that is read, by one and by much. */
static void a_file_of_any_length_is_read_whole(void **state)
{
	static const size_t lengths[] = { 0, 1, 16382, 16383, 16384, 500000 };
	static char text[500001];

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		char *found;

		memset(text, 'x', lengths[i]);
		text[lengths[i]] = '\0';
		write_file(text);
		found = facts_whole(path, lengths[i]);
		assert_non_null(found);
		assert_string_equal(found, text);
		free(found);
		if (!lengths[i])
			continue;
		assert_null(facts_whole(path, lengths[i] - 1));
		assert_int_equal(errno, EFBIG);
	}
	assert_null(facts_whole("/nonexistent", 100));
	assert_int_equal(errno, ENOENT);
	assert_null(facts_whole("/", 100));
	assert_int_equal(errno, EISDIR);
}

static void counts_are_read_one_after_the_other(void **state)
{
	const char *text = " 7\t18446744073709551614 18446744073709551616 "
			   "99999999999999999999999\n8";
	uint64_t count = 1;

	(void)state;
	assert_true(facts_count(&text, &count));
	assert_int_equal(count, 7);
	assert_true(facts_count(&text, &count));
	assert_true(count == FACTS_UNKNOWN - 1);
	assert_true(facts_count(&text, &count));
	assert_true(count == FACTS_UNKNOWN);
	assert_true(facts_count(&text, &count));
	assert_true(count == FACTS_UNKNOWN);
	assert_false(facts_count(&text, &count)); /* of another line */
	assert_string_equal(text, "\n8");
}

static void what_is_no_count_is_left(void **state)
{
	static const char *const texts[] = { "",    " ",  "-1",	 "+1",
					     "0x5", "5-", "5.5", "\0015" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *text = texts[i];
		uint64_t count = 77;

		assert_for(texts[i], !facts_count(&text, &count));
		assert_ptr_equal(text, texts[i]);
		assert_int_equal(count, 77);
	}
}

static void a_sum_of_what_is_not_known_is_not_known(void **state)
{
	(void)state;
	assert_int_equal(facts_sum(2, 3), 5);
	assert_true(facts_sum(FACTS_UNKNOWN, 0) == FACTS_UNKNOWN);
	assert_true(facts_sum(0, FACTS_UNKNOWN) == FACTS_UNKNOWN);
	assert_true(facts_sum(UINT64_MAX - 1, 5) == FACTS_UNKNOWN);
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
	assert_false(facts_has_word("pti", ""));
	assert_false(facts_has_word("", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_whole),
		cmocka_unit_test(a_longer_file_is_cut),
		cmocka_unit_test(a_file_of_any_length_is_read_whole),
		cmocka_unit_test(counts_are_read_one_after_the_other),
		cmocka_unit_test(what_is_no_count_is_left),
		cmocka_unit_test(a_sum_of_what_is_not_known_is_not_known),
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
