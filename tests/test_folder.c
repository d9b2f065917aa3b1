// SPDX-License-Identifier: MIT
/* The run folder's name: time, host, release and label, and never taken. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "folder.h"

static struct options options;
static struct session session;
static char base[64];

static int begin(void **state)
{
	(void)state;
	options = (struct options){ .cpu = -1 };
	session = (struct session){ .options = &options,
				    .start_time = 1700000000 };
	strcpy(base, "/tmp/syscost-folder-XXXXXX");
	return mkdtemp(base) ? chdir(base) : -1;
}

static int end(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return chdir("/") || system(command);
}

static void what_is_asked_for_is_taken(void **state)
{
	char path[64], small[4];

	(void)state;
	options.output = "../some where/else";
	assert_int_equal(folder_name(&session, 1, path, sizeof(path)), 0);
	assert_string_equal(path, "../some where/else");
	assert_int_equal(folder_name(&session, 1, small, sizeof(small)),
			 -ENAMETOOLONG);
}

static void a_name_has_time_release_and_label(void **state)
{
	const char *start = "results/20231114T221320Z-";
	char path[512];

	(void)state;
	options.label = "after";
	assert_int_equal(folder_name(&session, 1, path, sizeof(path)), 0);
	assert_for(path, strncmp(path, start, strlen(start)) == 0);
	assert_for(path, strcmp(path + strlen(path) - 6, "-after") == 0);
	/* The label is the last of four parts; then there are three. */
	options.label = NULL;
	assert_int_equal(folder_name(&session, 1, path, sizeof(path)), 0);
	assert_null(strstr(path, "after"));
}

static void a_public_name_has_no_host(void **state)
{
	char path[512];

	(void)state;
	options.anonymous = true;
	assert_int_equal(folder_name(&session, 1, path, sizeof(path)), 0);
	assert_for(path, strncmp(path, "results/20231114T221320Z-", 25) == 0);
	assert_for(path, strspn(path + 25, "0123456789.") == strlen(path + 25));
}

/* A host may be called anything. */
static void a_strange_host_makes_no_strange_path(void **state)
{
	char path[512];

	(void)state;
	if (unshare(CLONE_NEWUTS) || sethostname("../a b\n$c", 9))
		skip_because("no host name of one's own is permitted here");
	assert_int_equal(folder_name(&session, 1, path, sizeof(path)), 0);
	assert_for(path, strncmp(path, "results/20231114T221320Z-.._a_b__c-",
				 35) == 0);
}

static void later_attempts_have_a_number(void **state)
{
	char first[512], second[512];

	(void)state;
	assert_int_equal(folder_name(&session, 1, first, sizeof(first)), 0);
	assert_int_equal(folder_name(&session, 2, second, sizeof(second)), 0);
	assert_int_equal(strncmp(second, first, strlen(first)), 0);
	assert_string_equal(second + strlen(first), "-2");
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(what_is_asked_for_is_taken),
		in_a_folder(a_name_has_time_release_and_label),
		in_a_folder(a_public_name_has_no_host),
		in_a_folder(a_strange_host_makes_no_strange_path),
		in_a_folder(later_attempts_have_a_number),
	};

	return check_all(tests);
}
