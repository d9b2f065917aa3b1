// SPDX-License-Identifier: MIT
/* The CPUs' governors, from made-up folders. */
#define _GNU_SOURCE
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "governors.h"

static char folder[] = "/tmp/syscost-governors-XXXXXX";
static char names[32];

static int make(void **state)
{
	(void)state;
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *about, int kind,
		      struct FTW *place)
{
	(void)about;
	(void)kind;
	(void)place;
	return remove(path);
}

static int release(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void add_cpu(const char *cpu, const char *governor)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, cpu);
	mkdir(path, 0777);
	strcat(path, "/cpufreq");
	mkdir(path, 0777);
	strcat(path, "/scaling_governor");
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "%s\n", governor);
	fclose(file);
}

static void each_is_named_once(void **state)
{
	(void)state;
	add_cpu("cpu0", "powersave");
	add_cpu("cpu1", "performance");
	add_cpu("cpu10", "powersave");
	add_cpu("cpu2", "power");
	add_cpu("cpufreq", "nonsense");
	assert_int_equal(governors_read(folder, names, sizeof(names)), 0);
	assert_string_equal(names, "powersave performance power");
}

static void none_is_not_known(void **state)
{
	(void)state;
	assert_int_equal(governors_read(folder, names, sizeof(names)), -ENOENT);
	assert_string_equal(names, "");
	assert_int_equal(governors_read("/nonexistent", names, sizeof(names)),
			 -ENOENT);
}

static void an_empty_file_names_none(void **state)
{
	(void)state;
	add_cpu("cpu0", "");
	assert_int_equal(governors_read(folder, names, sizeof(names)),
			 -ENODATA);
	add_cpu("cpu1", "performance");
	add_cpu("cpu2", "");
	assert_int_equal(governors_read(folder, names, sizeof(names)), 0);
	assert_string_equal(names, "performance");
}

static void too_many_are_cut(void **state)
{
	char cpu[16], governor[16];

	(void)state;
	for (int i = 0; i < 9; i++) {
		snprintf(cpu, sizeof(cpu), "cpu%d", i);
		snprintf(governor, sizeof(governor), "governor%d", i);
		add_cpu(cpu, governor);
	}
	assert_int_equal(governors_read(folder, names, sizeof(names)), 0);
	assert_int_equal(strlen(names), sizeof(names) - 1);
	assert_int_equal(strncmp(names, "governor0 governor1 ", 20), 0);
}

#define made(test) cmocka_unit_test_setup_teardown(test, make, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		made(each_is_named_once),
		made(none_is_not_known),
		made(an_empty_file_names_none),
		made(too_many_are_cut),
	};

	return check_all(tests);
}
