// SPDX-License-Identifier: MIT
/* A file of whole records: what cannot be written is not kept in part. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "facts.h"
#include "table.h"

static char path[] = "/tmp/syscost-table-XXXXXX";

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

static void assert_content(const char *wanted)
{
	char text[256];

	assert_true(facts_file(path, text, sizeof(text)) >= 0);
	assert_string_equal(text, wanted);
}

static void records_are_in_the_file_when_kept(void **state)
{
	struct table table;

	(void)state;
	assert_int_equal(table_begin(&table, fopen(path, "we"), "a,b\n"), 0);
	assert_content("a,b\n");
	fputs("1,2\n3,4\n", table.file);
	assert_int_equal(table_keep(&table), 0);
	assert_content("a,b\n1,2\n3,4\n");
	assert_int_equal(table_finish(&table), 0);
	assert_null(table.file);
	assert_int_equal(table_finish(&table), 0);
	assert_content("a,b\n1,2\n3,4\n");
}

static void what_was_not_kept_is_cut_off(void **state)
{
	struct table table;

	(void)state;
	assert_int_equal(table_begin(&table, fopen(path, "we"), "a,b\n"), 0);
	fputs("1,2\n", table.file);
	assert_int_equal(table_keep(&table), 0);
	fputs("3,4\n", table.file);
	assert_int_equal(fflush(table.file), 0);
	fputs("5,", table.file);
	assert_int_equal(table_finish(&table), 0);
	assert_content("a,b\n1,2\n");
}

static void a_file_that_was_not_made_is_an_error(void **state)
{
	struct table table;

	(void)state;
	errno = EACCES;
	assert_int_equal(table_begin(&table, NULL, "a\n"), -EACCES);
	assert_int_equal(table_finish(&table), 0);
}

static void a_header_that_does_not_fit_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "we");
	struct table table;

	(void)state;
	if (!full)
		skip_because("no /dev/full here");
	assert_int_equal(table_begin(&table, full, "a\n"), -ENOSPC);
	table_finish(&table);
}

/* In a child: files may grow to 10 bytes, in the midst of the second record. A
 * record that fits again does not follow it. */
static int fill(void)
{
	struct rlimit before, limit;
	struct table table;
	int failed = 0;

	signal(SIGXFSZ, SIG_IGN);
	failed |= getrlimit(RLIMIT_FSIZE, &before) != 0;
	limit = (struct rlimit){ 10, before.rlim_max };
	failed |= setrlimit(RLIMIT_FSIZE, &limit) != 0;
	failed |= table_begin(&table, fopen(path, "we"), "a,b\n") != 0;
	fputs("1,2\n", table.file);
	failed |= (table_keep(&table) != 0) << 1;
	fputs("3,4\n", table.file);
	failed |= (table_keep(&table) != -EFBIG) << 2;
	failed |= setrlimit(RLIMIT_FSIZE, &before) != 0;
	fputs("5,6\n", table.file);
	failed |= (table_keep(&table) != -EFBIG) << 3;
	failed |= (table_finish(&table) != 0) << 4;
	return failed;
}

static void a_record_that_does_not_fit_ends_the_file(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		_exit(fill());
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_content("a,b\n1,2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_in_the_file_when_kept),
		cmocka_unit_test(what_was_not_kept_is_cut_off),
		cmocka_unit_test(a_file_that_was_not_made_is_an_error),
		cmocka_unit_test(a_header_that_does_not_fit_is_an_error),
		cmocka_unit_test(a_record_that_does_not_fit_ends_the_file),
	};

	return check_status(
		cmocka_run_group_tests(tests, make_file, remove_file),
		COUNT(tests));
}
