// SPDX-License-Identifier: MIT
/* The scheduler: every row once a round, in an order that changes. */
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "gbench.h"

#define ROWS   6
#define ROUNDS 40

static unsigned int order[ROWS * ROUNDS + 1], runs;

static double note_row(void *argument)
{
	if (runs < COUNT(order))
		order[runs] = *(const unsigned int *)argument;
	runs++;
	return 5e-5;
}

/* Google Benchmark keeps what was registered: once, for all tests. */
static int register_rows(void **state)
{
	static const char *const names[ROWS] = {
		"a", "b/1", "c", "d", "e", "f"
	};
	static unsigned int numbers[ROWS];

	(void)state;
	for (unsigned int i = 0; i < ROWS; i++) {
		numbers[i] = i;
		if (gbench_register(names[i], note_row, &numbers[i],
				    i ? 1000 : 1))
			return -1;
	}
	return 0;
}

static void every_row_runs_once_a_round(void **state)
{
	(void)state;
	runs = 0;
	assert_int_equal(gbench_run(ROUNDS), 0);
	assert_int_equal(runs, ROWS * ROUNDS);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned int seen[ROWS] = { 0 };

		for (unsigned int i = 0; i < ROWS; i++)
			seen[order[round * ROWS + i]]++;
		for (unsigned int i = 0; i < ROWS; i++)
			assert_int_equal(seen[i], 1);
	}
}

/* 40 rounds of six rows: that one order comes up ten times has a chance of
 * about one in 10^17, that a row is never first of one in 1,470. */
static void the_order_changes_from_round_to_round(void **state)
{
	unsigned int first[ROWS] = { 0 }, missing = 0;

	(void)state;
	runs = 0;
	assert_int_equal(gbench_run(ROUNDS), 0);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int same = 0;

		for (unsigned int j = 0; j < ROUNDS; j++)
			same += memcmp(&order[i * ROWS], &order[j * ROWS],
				       ROWS * sizeof(order[0])) == 0;
		assert_true(same < 10);
		first[order[i * ROWS]]++;
	}
	for (unsigned int i = 0; i < ROWS; i++)
		missing += !first[i];
	assert_true(missing < 3);
}

/* Its own report would stand among ours. */
static void nothing_is_printed(void **state)
{
	FILE *out = tmpfile();
	int own[2] = { dup(STDOUT_FILENO), dup(STDERR_FILENO) };
	long printed;

	(void)state;
	assert_non_null(out);
	fflush(NULL);
	dup2(fileno(out), STDOUT_FILENO);
	dup2(fileno(out), STDERR_FILENO);
	gbench_run(2);
	fflush(NULL);
	dup2(own[0], STDOUT_FILENO);
	dup2(own[1], STDERR_FILENO);
	close(own[0]);
	close(own[1]);
	printed = lseek(fileno(out), 0, SEEK_END);
	fclose(out);
	assert_int_equal(printed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_runs_once_a_round),
		cmocka_unit_test(the_order_changes_from_round_to_round),
		cmocka_unit_test(nothing_is_printed),
	};

	return check_status(cmocka_run_group_tests(tests, register_rows, NULL),
			    COUNT(tests));
}
