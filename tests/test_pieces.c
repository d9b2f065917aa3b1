// SPDX-License-Identifier: MIT
/* Pieces are summed where they lie wholly within a window, and only then. */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "check.h"
#include "pieces.h"

static struct pieces pieces;

static void note(uint64_t begin, uint64_t ticks)
{
	pieces_note(&pieces, (struct span){ begin, ticks });
}

static void assert_within(uint64_t begin, uint64_t ticks, uint64_t wanted_calls,
			  uint64_t wanted_ticks)
{
	uint64_t calls = 99, sum = 99;

	pieces_within(&pieces, (struct span){ begin, ticks }, &calls, &sum);
	assert_int_equal(calls, wanted_calls);
	assert_int_equal(sum, wanted_ticks);
}

static void without_pieces_there_is_nothing(void **state)
{
	(void)state;
	pieces_restart(&pieces, 7);
	assert_within(0, UINT64_MAX, 0, 0);
}

/* Pieces of 10 ticks from 100 on, 2 ticks between them. */
static void what_overlaps_an_end_is_left_out(void **state)
{
	(void)state;
	pieces_restart(&pieces, 7);
	for (uint64_t i = 0; i < 5; i++)
		note(100 + 12 * i, 10);
	assert_within(100, 58, 5 * 7, 50);
	assert_within(101, 57, 4 * 7, 40); /* the first began before it */
	assert_within(100, 57, 4 * 7, 40); /* the last ended after it */
	assert_within(112, 10, 7, 10);
	assert_within(113, 20, 0, 0);
	assert_within(0, 99, 0, 0);
	assert_within(159, 1000, 0, 0);
}

static void a_piece_longer_than_the_window_is_left_out(void **state)
{
	(void)state;
	pieces_restart(&pieces, 7);
	note(100, 1000);
	assert_within(200, 100, 0, 0);
	assert_within(100, 999, 0, 0);
	assert_within(100, 1000, 7, 1000);
}

static void a_counter_may_pass_through_zero(void **state)
{
	(void)state;
	pieces_restart(&pieces, 3);
	note(UINT64_MAX - 20, 10);
	note(UINT64_MAX - 4, 10);
	note(6, 10);
	assert_within(UINT64_MAX - 20, 40, 9, 30);
	assert_within(UINT64_MAX - 10, 26, 3, 10);
}

static void those_of_the_row_before_are_forgotten(void **state)
{
	(void)state;
	pieces_restart(&pieces, 7);
	note(100, 10);
	pieces_restart(&pieces, 5);
	assert_within(0, 1000, 0, 0);
	note(200, 10);
	assert_within(0, 1000, 5, 10);
}

/* One place is always the one that may be being written. */
static void the_last_ones_are_kept(void **state)
{
	uint64_t many = 3 * PIECES_KEPT + 5, kept = PIECES_KEPT - 1;

	(void)state;
	pieces_restart(&pieces, 2);
	for (uint64_t i = 0; i < many; i++)
		note(10 * i, 10);
	assert_within(0, 10 * many, 2 * kept, 10 * kept);
	assert_within(10 * (many - 8), 80, 16, 80);
	assert_within(0, 10 * (many - kept), 0, 0);
}

#define WANTED 1000000

static atomic_bool enough;

/* Each is as long as its number, so that a torn one would show. Now and then
 * there is a rest, in which a slow reader sees some, too. */
static void *write_on(void *argument)
{
	for (uint64_t i = 1; !atomic_load(&enough); i++) {
		note(1000 * i, i % 1000);
		if (i % 100 == 0)
			sched_yield();
	}
	return argument;
}

static void a_reader_sees_whole_pieces_only(void **state)
{
	pthread_t writer;
	uint64_t calls, ticks, seen = 0;

	(void)state;
	atomic_store(&enough, false);
	pieces_restart(&pieces, 1);
	assert_int_equal(pthread_create(&writer, NULL, write_on, NULL), 0);
	while (seen < WANTED) {
		unsigned int done = atomic_load(&pieces.done);
		unsigned int oldest = done - (PIECES_KEPT - 2);

		if (done < PIECES_KEPT)
			continue;
		/* the one that is soon written over, and what is free behind */
		pieces_within(&pieces, (struct span){ 1000UL * oldest, 999 },
			      &calls, &ticks);
		assert_in_range(calls, 0, 1);
		assert_int_equal(ticks, calls ? oldest % 1000 : 0);
		seen += calls;
	}
	atomic_store(&enough, true);
	pthread_join(writer, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_pieces_there_is_nothing),
		cmocka_unit_test(what_overlaps_an_end_is_left_out),
		cmocka_unit_test(a_piece_longer_than_the_window_is_left_out),
		cmocka_unit_test(a_counter_may_pass_through_zero),
		cmocka_unit_test(those_of_the_row_before_are_forgotten),
		cmocka_unit_test(the_last_ones_are_kept),
		cmocka_unit_test(a_reader_sees_whole_pieces_only),
	};

	return check_all(tests);
}
