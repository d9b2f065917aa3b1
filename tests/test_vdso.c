// SPDX-License-Identifier: MIT
/* Functions of the vDSO are found by name and version, and are the right. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/auxv.h>
#include <time.h>

#include "arch.h"
#include "check.h"
#include "vdso.h"

static const char *const names[] = {
	ARCH_VDSO_CLOCK_GETTIME, ARCH_VDSO_CLOCK_GETRES, ARCH_VDSO_GETTIMEOFDAY,
	ARCH_VDSO_TIME,		 ARCH_VDSO_GETCPU,
};

static bool present(void)
{
	return getauxval(AT_SYSINFO_EHDR) && ARCH_VDSO_CLOCK_GETTIME;
}

/* The dynamic loader has the vDSO among its objects, and looks up names in
 * its own way. */
static void every_symbol_is_where_the_loader_finds_it(void **state)
{
	const char *version = ARCH_VDSO_VERSION;
	void *object = dlopen("linux-vdso.so.1", RTLD_NOLOAD | RTLD_NOW);

	(void)state;
	if (!present() || !object)
		skip_because("no vDSO here, or none that is known");
	for (size_t i = 0; version && i < COUNT(names); i++)
		if (names[i])
			assert_for(names[i],
				   vdso_symbol(names[i], version) ==
					   dlvsym(object, names[i], version));
	assert_non_null(
		vdso_symbol(ARCH_VDSO_CLOCK_GETTIME, ARCH_VDSO_VERSION));
	dlclose(object);
}

static double seconds(struct timespec time)
{
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void its_clock_is_the_c_librarys(void **state)
{
	int (*read_clock)(clockid_t clock, struct timespec * time);
	struct timespec before, between, after;

	(void)state;
	if (!present())
		skip_because("no vDSO here, or none that is known");
	read_clock = (int (*)(clockid_t, struct timespec *))vdso_symbol(
		ARCH_VDSO_CLOCK_GETTIME, ARCH_VDSO_VERSION);
	assert_non_null(read_clock);
	clock_gettime(CLOCK_MONOTONIC, &before);
	assert_int_equal(read_clock(CLOCK_MONOTONIC, &between), 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	assert_true(seconds(before) <= seconds(between));
	assert_true(seconds(between) <= seconds(after));
}

static void another_version_is_not_found(void **state)
{
	(void)state;
	if (!present())
		skip_because("no vDSO here, or none that is known");
	assert_null(vdso_symbol(ARCH_VDSO_CLOCK_GETTIME, "LINUX_9.9"));
	assert_null(vdso_symbol(ARCH_VDSO_CLOCK_GETTIME, ""));
	assert_null(vdso_symbol(ARCH_VDSO_CLOCK_GETTIME, NULL));
}

static void what_is_not_there_is_not_found(void **state)
{
	(void)state;
	assert_null(vdso_symbol("no_such_symbol", ARCH_VDSO_VERSION));
	assert_null(vdso_symbol("", ARCH_VDSO_VERSION));
	assert_null(vdso_symbol(NULL, ARCH_VDSO_VERSION));
	assert_null(vdso_symbol(NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_symbol_is_where_the_loader_finds_it),
		cmocka_unit_test(its_clock_is_the_c_librarys),
		cmocka_unit_test(another_version_is_not_found),
		cmocka_unit_test(what_is_not_there_is_not_found),
	};

	return check_all(tests);
}
