// SPDX-License-Identifier: MIT
/* The neighbour probe: a ring through every line, and turns that take time. */
#include <stdint.h>

#include "check.h"
#include "probe.h"

#define LINE_POINTERS (64 / sizeof(void *))

/* The ring as line numbers from its first cell; how many there are. */
static size_t walk(const struct probe *probe, size_t *lines, size_t most)
{
	void **cell = probe->cells;
	size_t count = 0;

	do {
		assert_true(count < most);
		lines[count++] = (size_t)(cell - probe->cells) / LINE_POINTERS;
		assert_int_equal((size_t)(cell - probe->cells) % LINE_POINTERS,
				 0);
		cell = *cell;
	} while (cell != probe->cells);
	return count;
}

static void the_ring_visits_every_line_once(void **state)
{
	bool seen[4096] = { false };
	size_t lines[4096], count;
	struct probe probe;

	(void)state;
	assert_int_equal(probe_init(&probe, 1), 0);
	count = walk(&probe, lines, COUNT(lines));
	assert_true(count >= 16);
	/* In one page, or a missing translation would be timed too. */
	assert_true((uintptr_t)probe.cells % 4096 + 64 * count <= 4096);
	for (size_t i = 0; i < count; i++) {
		assert_in_range(lines[i], 0, count - 1);
		assert_false(seen[lines[i]]);
		seen[lines[i]] = true;
	}
	probe_free(&probe);
}

/* A stride that returns is what a prefetcher waits for. */
static void the_ring_has_no_stride(void **state)
{
	size_t lines[4096], count, repeated = 0;
	struct probe probe;

	(void)state;
	assert_int_equal(probe_init(&probe, 1), 0);
	count = walk(&probe, lines, COUNT(lines));
	for (size_t i = 2; i < count; i++)
		repeated += lines[i] - lines[i - 1] ==
			    lines[i - 1] - lines[i - 2];
	assert_true(repeated < count / 8);
	probe_free(&probe);
}

/* Or launches would differ by their ring. */
static void the_ring_is_the_same_in_every_launch(void **state)
{
	size_t one[4096], other[4096], count;
	struct probe probe, twin;

	(void)state;
	assert_int_equal(probe_init(&probe, 1), 0);
	assert_int_equal(probe_init(&twin, 1), 0);
	count = walk(&probe, one, COUNT(one));
	assert_int_equal(walk(&twin, other, COUNT(other)), count);
	assert_memory_equal(one, other, count * sizeof(one[0]));
	probe_free(&probe);
	probe_free(&twin);
}

/* All turns together: one may be over within a step of the clock. */
static void turns_take_time_and_go_on(void **state)
{
	uint64_t jumps = 0, chain = 0, loop = 0;
	size_t lines[4096], count;
	struct probe probe;
	bool moved = false;

	(void)state;
	assert_int_equal(probe_init(&probe, 1), 0);
	count = walk(&probe, lines, COUNT(lines));
	for (int i = 0; i < 1000; i++) {
		void **before = probe.cursor;
		struct probe_ticks ticks = probe_turn(&probe);

		jumps += ticks.jumps;
		chain += ticks.chain;
		loop += ticks.loop;
		assert_in_range(probe.cursor - probe.cells, 0,
				count * LINE_POINTERS - 1);
		moved = moved || probe.cursor != before;
	}
	assert_true(jumps > 0 && chain > 0 && loop > 0);
	assert_true(moved);
	probe_free(&probe);
	assert_null(probe.cells);
}

/* A clock that moves in coarse steps needs longer loops, but not for ever. */
static void coarse_clocks_have_longer_turns(void **state)
{
	struct probe probe, longer;

	(void)state;
	assert_int_equal(probe_scale(0.4), 1);
	assert_int_equal(probe_scale(10), 1);
	assert_int_equal(probe_scale(10.5), 2);
	assert_int_equal(probe_scale(42), 5);
	assert_int_equal(probe_scale(1e9), 8);
	assert_int_equal(probe_init(&probe, 1), 0);
	assert_int_equal(probe_init(&longer, 3), 0);
	assert_int_equal(longer.hundreds, 3 * probe.hundreds);
	assert_int_equal(longer.loads, 3 * probe.loads);
	probe_free(&probe);
	probe_free(&longer);
}

/* As long as what is timed, where a loop's first turns are like no others. */
static void an_emulated_turn_has_a_long_lead(void **state)
{
	struct probe probe;

	(void)state;
	assert_int_equal(probe_init(&probe, 3), 0);
	assert_true(probe.lead_hundreds < probe.hundreds);
	assert_true(probe.lead_loads < probe.loads);
	probe_lead_long(&probe);
	assert_true(probe.lead_hundreds == probe.hundreds);
	assert_true(probe.lead_loads == probe.loads);
	probe_turn(&probe);
	probe_free(&probe);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_ring_visits_every_line_once),
		cmocka_unit_test(the_ring_has_no_stride),
		cmocka_unit_test(the_ring_is_the_same_in_every_launch),
		cmocka_unit_test(turns_take_time_and_go_on),
		cmocka_unit_test(coarse_clocks_have_longer_turns),
		cmocka_unit_test(an_emulated_turn_has_a_long_lead),
	};

	return check_all(tests);
}
