// SPDX-License-Identifier: MIT
/* Lines in one random cycle: each once, far apart, and there after a fork. */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "check.h"
#include "cycle.h"

#define LINE_BYTES 64
#define PAGE_BYTES 4096
#define SET_BYTES  (256 * 1024UL)
#define SET_LINES  (SET_BYTES / LINE_BYTES)

static const size_t sizes[] = { 64, 128, 16384, SET_BYTES };

static void each_way_has_as_many_steps_as_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		size_t lines = sizes[i] / LINE_BYTES;
		struct cycle cycle;

		assert_int_equal(cycle_make(&cycle, sizes[i]), 0);
		assert_int_equal(cycle.lines, lines);
		assert_int_equal(cycle_length(cycle.drawn, lines), lines);
		assert_int_equal(cycle_length(cycle.ordered, lines), lines);
		assert_int_equal(cycle_length(cycle.drawn, lines - 1), 0);
		cycle_free(&cycle);
	}
}

/* Which line of the set a cell is in; no cell is outside. */
static size_t line_of(const struct cycle *cycle, void **cell)
{
	uintptr_t offset = (uintptr_t)cell - (uintptr_t)cycle->drawn;

	assert_true(offset < cycle->lines * LINE_BYTES);
	return offset / LINE_BYTES;
}

static void every_line_is_on_both_ways(void **state)
{
	static bool drawn[SET_LINES], ordered[SET_LINES];
	struct cycle cycle;

	(void)state;
	assert_int_equal(cycle_make(&cycle, SET_BYTES), 0);
	for (size_t i = 0; i < SET_LINES; i++) {
		void **cell = cycle_follow(cycle.drawn, i);

		assert_false(drawn[line_of(&cycle, cell)]);
		drawn[line_of(&cycle, cell)] = true;
		cell = cycle_follow(cycle.ordered, i);
		assert_int_equal(line_of(&cycle, cell), i);
		ordered[line_of(&cycle, cell)] = true;
	}
	for (size_t i = 0; i < SET_LINES; i++)
		assert_true(drawn[i] && ordered[i]);
	cycle_free(&cycle);
}

/* Of a fair draw one step in 64 stays within its page, and as many go to the
 * line behind as anywhere else. */
static void the_drawn_way_jumps(void **state)
{
	size_t near = 0, next = 0;
	struct cycle cycle;
	void **cell;

	(void)state;
	assert_int_equal(cycle_make(&cycle, SET_BYTES), 0);
	cell = cycle.drawn;
	for (size_t i = 0; i < SET_LINES; i++) {
		size_t from = line_of(&cycle, cell), to;

		cell = *cell;
		to = line_of(&cycle, cell);
		near += from * LINE_BYTES / PAGE_BYTES ==
			to * LINE_BYTES / PAGE_BYTES;
		next += to == from + 1;
	}
	assert_in_range(near, SET_LINES / 128, SET_LINES / 32);
	assert_in_range(next, 0, 10);
	cycle_free(&cycle);
}

static void the_loads_go_the_same_way(void **state)
{
	struct cycle cycle;

	(void)state;
	assert_int_equal(cycle_make(&cycle, SET_BYTES), 0);
	for (size_t steps = 0; steps < 3 * SET_LINES; steps += 1021)
		assert_ptr_equal(stub_load_chain(cycle.drawn, steps),
				 cycle_follow(cycle.drawn, steps));
	cycle_free(&cycle);
}

static void a_child_finds_it(void **state)
{
	struct cycle cycle;
	pid_t child;
	int status;

	(void)state;
	assert_int_equal(cycle_make(&cycle, SET_BYTES), 0);
	child = fork();
	if (child == 0)
		_exit(cycle_length(cycle.drawn, SET_LINES) != SET_LINES);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	cycle_free(&cycle);
}

static void too_much_is_an_error(void **state)
{
	struct cycle cycle;

	(void)state;
	assert_true(cycle_make(&cycle, (size_t)-1 / PAGE_BYTES * PAGE_BYTES) <
		    0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_way_has_as_many_steps_as_lines),
		cmocka_unit_test(every_line_is_on_both_ways),
		cmocka_unit_test(the_drawn_way_jumps),
		cmocka_unit_test(the_loads_go_the_same_way),
		cmocka_unit_test(a_child_finds_it),
		cmocka_unit_test(too_much_is_an_error),
	};

	return check_all(tests);
}
