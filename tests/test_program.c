// SPDX-License-Identifier: MIT
/* The smallest program runs from memory and ends as it says. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "check.h"
#include "program.h"

static void it_runs_and_ends_as_it_says(void **state)
{
	int status, descriptor;
	pid_t child;

	(void)state;
	if (needs_program(NULL))
		skip_because("%s", needs_program(NULL));
	descriptor = program_open();
	assert_true(descriptor >= 0);
	child = fork();
	if (child == 0) {
		program_become(descriptor);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), ARCH_PROGRAM_STATUS);
	close(descriptor);
}

/* The file that the path names is the descriptor's own. */
static void its_path_leads_to_it(void **state)
{
	char path[PROGRAM_PATH_BYTES];
	struct stat by_path, direct;
	int descriptor;

	(void)state;
	if (needs_program_path(NULL))
		skip_because("%s", needs_program_path(NULL));
	descriptor = program_open();
	assert_true(descriptor >= 0);
	program_path(descriptor, path);
	assert_int_equal(stat(path, &by_path), 0);
	assert_int_equal(fstat(descriptor, &direct), 0);
	assert_int_equal(by_path.st_ino, direct.st_ino);
	assert_int_equal(by_path.st_dev, direct.st_dev);
	assert_int_equal(direct.st_size, arch_program_end - arch_program);
	close(descriptor);
}

static void what_is_no_program_is_an_error(void **state)
{
	int ends[2];

	(void)state;
	assert_true(program_become(-1) < 0);
	assert_int_equal(pipe(ends), 0);
	assert_true(program_become(ends[0]) < 0);
	close(ends[0]);
	close(ends[1]);
}

static void a_folder_without_one_says_so(void **state)
{
	(void)state;
	if (ARCH_HAS_PROGRAM)
		skip_because("this architecture has one");
	assert_int_equal(program_open(), -ENOEXEC);
	assert_non_null(needs_program(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_runs_and_ends_as_it_says),
		cmocka_unit_test(its_path_leads_to_it),
		cmocka_unit_test(what_is_no_program_is_an_error),
		cmocka_unit_test(a_folder_without_one_says_so),
	};

	return check_all(tests);
}
