// SPDX-License-Identifier: MIT
/* A CPU's time by /proc/stat: its own line, and all eight columns. */
#define _GNU_SOURCE
#include "check.h"
#include "cpustat.h"
#include "mounts.h"

static void the_line_of_the_cpu_is_read(void **state)
{
	struct cpu_times times;

	(void)state;
	if (!mounts_cover("/proc/stat", "cpu  1 1 1 1 1 1 1 1 0 0\n"
					"cpu0 9 9 9 9 9 9 9 9 0 0\n"
					"cpu3 1 2 3 4 5 6 7 80 1000 1000\n"
					"cpu10 7 7 7 7 7 7 7 7 0 0\n"
					"cpu12 7 7 7 7 7\n"
					"intr 5\n"))
		skip_because("no mounts of one's own are permitted here");
	cpustat_read(&times, 3);
	assert_int_equal(times.steal, 80);
	assert_int_equal(times.total, 108); /* guests are in user already */
	cpustat_read(&times, 10);
	assert_int_equal(times.total, 56);
	cpustat_read(&times, 1); /* neither cpu10 nor cpu12 */
	assert_int_equal(times.total, 0);
	assert_int_equal(times.steal, 0);
	cpustat_read(&times, 12); /* a kernel without a steal column */
	assert_int_equal(times.total, 0);
	mounts_uncover("/proc/stat");
}

static void time_goes_on(void **state)
{
	struct cpu_times before, after;

	(void)state;
	cpustat_read(&before, 0);
	if (!before.total)
		skip_because("no /proc/stat with CPU 0 here");
	cpustat_read(&after, 0);
	assert_true(after.total >= before.total);
	assert_true(after.steal <= after.total);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_line_of_the_cpu_is_read),
		cmocka_unit_test(time_goes_on),
	};

	return check_all(tests);
}
