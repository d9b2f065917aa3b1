// SPDX-License-Identifier: MIT
/* launches.csv: a line a launch, and nothing said that is not known. */
#define _GNU_SOURCE
#include <string.h>

#include "check.h"
#include "hand_made.h"
#include "launches.h"

static struct hand_made made;
static char line[1024];

static int make(void **state)
{
	(void)state;
	hand_make(&made, 2, 2);
	for (unsigned int i = 0; i < made.session.launch_count; i++)
		deltas_forget(&made.session.launches[i].launched.deltas);
	return 0;
}

static int release(void **state)
{
	(void)state;
	hand_free(&made);
	return 0;
}

static const char *printed(unsigned int index)
{
	FILE *file = fmemopen(line, sizeof(line), "w");

	assert_non_null(file);
	launches_print(file, &made.session, index);
	assert_int_equal(fclose(file), 0);
	return line;
}

static unsigned int count_commas(const char *text)
{
	unsigned int count = 0;

	for (; *text; text++)
		count += *text == ',';
	return count;
}

static void a_line_has_what_the_header_names(void **state)
{
	(void)state;
	made.session.launches[3].launched.deltas = (struct deltas){
		.window_ms = 9.5,
		.nvcsw = 1,
		.nivcsw = 2,
		.minflt = 3,
		.majflt = 4,
		.ran_ms = 90,
		.steal_ms = 20,
		.irq_ms = 30,
		.softirq_ms = 40,
		.other_ms = -1.25,
		.interrupts = 5e9,
		.softirqs = 6,
		.run_delay_ms = 0.5,
		.core_throttles = 7,
		.package_throttles = 8,
		.khz_before = 800000,
		.khz_after = 3000000,
		.drift_ppm = -0.25,
	};
	made.session.launches[3].padding = 99;
	made.session.launches[3].launched.alone_share = 0.75;
	assert_string_equal(printed(3),
			    "3,other,0,1,10.000000,7.000000,9.500000,1,2,3,4,"
			    "90.000,-1.250,20.000,30.000,40.000,5000000000,6,"
			    "0.500000,7,8,800000,3000000,2.000000,-0.250,"
			    "0.750000,99,\n");
	assert_int_equal(count_commas(line), count_commas(LAUNCHES_HEADER));
}

/* A worker that died before it said anything. */
static void a_lost_launch_has_what_is_known(void **state)
{
	struct launch_record *lost = &made.session.launches[0];

	(void)state;
	*lost = (struct launch_record){ .wall_ns = 1500000, .padding = 7 };
	lost->launched.alone_share = -1;
	deltas_forget(&lost->launched.deltas);
	strcpy(lost->problem, "killed by SIGKILL");
	assert_string_equal(printed(0), "0,plain,0,0,1.500000,,,,,,,,,,,,,,,,,,"
					",,,,7,killed by SIGKILL\n");
	assert_int_equal(count_commas(line), count_commas(LAUNCHES_HEADER));
}

static const char *last_cell(const char *problem)
{
	strcpy(made.session.launches[1].problem, problem);
	return strstr(printed(1), ",1.000000,0,") + strlen(",1.000000,0,");
}

static void a_problem_is_one_cell_of_one_line(void **state)
{
	(void)state;
	assert_string_equal(last_cell("gave up: no, not now"),
			    "\"gave up: no, not now\"\n");
	assert_string_equal(last_cell("say \"no\""), "\"say \"\"no\"\"\"\n");
	assert_string_equal(last_cell("\""), "\"\"\"\"\n");
	assert_string_equal(last_cell("a\nb\rc\033d"), "a?b?c?d\n");
	assert_string_equal(last_cell(""), "\n");
}

#define with_made(test) cmocka_unit_test_setup_teardown(test, make, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_made(a_line_has_what_the_header_names),
		with_made(a_lost_launch_has_what_is_known),
		with_made(a_problem_is_one_cell_of_one_line),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
