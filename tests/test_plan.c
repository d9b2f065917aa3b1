// SPDX-License-Identifier: MIT
/* The order of launches is balanced, and drawn by the seed alone. */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "plan.h"

#define ARMS	 16
#define LAUNCHES 41

static const unsigned int arm_counts[] = { 1, 2, 3, 16 };
static const unsigned int launch_counts[] = { 1, 2, 7, 20, LAUNCHES };

/* Runs `check` on plans of all these sizes. */
static void for_each_size(void (*check)(const struct planned *plan,
					unsigned int arms,
					unsigned int launches))
{
	struct planned plan[ARMS * LAUNCHES];

	for (size_t i = 0; i < COUNT(arm_counts); i++) {
		for (size_t j = 0; j < COUNT(launch_counts); j++) {
			memset(plan, 0xff, sizeof(plan));
			plan_make(plan, arm_counts[i], launch_counts[j], 42);
			check(plan, arm_counts[i], launch_counts[j]);
		}
	}
}

static void check_passes(const struct planned *plan, unsigned int arms,
			 unsigned int launches)
{
	for (unsigned int pass = 0; pass < launches; pass++) {
		unsigned int seen[ARMS] = { 0 };

		for (unsigned int i = 0; i < arms; i++) {
			assert_in_range(plan[pass * arms + i].arm, 0, arms - 1);
			seen[plan[pass * arms + i].arm]++;
		}
		for (unsigned int i = 0; i < arms; i++)
			assert_int_equal(seen[i], 1);
	}
}

static void every_arm_runs_once_a_pass(void **state)
{
	(void)state;
	for_each_size(check_passes);
}

static void check_mirrors(const struct planned *plan, unsigned int arms,
			  unsigned int launches)
{
	for (unsigned int pass = 1; pass < launches; pass += 2)
		for (unsigned int i = 0; i < arms; i++)
			assert_int_equal(plan[pass * arms + i].arm,
					 plan[pass * arms - 1 - i].arm);
}

static void a_pass_is_followed_by_its_mirror_image(void **state)
{
	(void)state;
	for_each_size(check_mirrors);
}

static void check_blocks(const struct planned *plan, unsigned int arms,
			 unsigned int launches)
{
	for (unsigned int i = 0; i < arms * launches; i++)
		assert_int_equal(plan[i].block, i / (2 * arms));
}

static void a_block_is_a_pass_and_its_mirror_image(void **state)
{
	(void)state;
	for_each_size(check_blocks);
}

static void the_same_seed_gives_the_same_plan(void **state)
{
	struct planned one[60], same[60], other[60];

	(void)state;
	plan_make(one, 3, 20, 7ULL << 32);
	plan_make(same, 3, 20, 7ULL << 32);
	plan_make(other, 3, 20, 8ULL << 32);
	assert_memory_equal(one, same, sizeof(one));
	assert_memory_not_equal(one, other, sizeof(one));
}

/* Either arm goes first in some blocks, or a drift within a block counts
 * against one of them. */
static void both_orders_of_two_arms_come_up(void **state)
{
	struct planned plan[80];
	unsigned int first = 0;

	(void)state;
	plan_make(plan, 2, 40, 3);
	for (unsigned int block = 0; block < 20; block++)
		first += plan[4 * block].arm;
	assert_in_range(first, 4, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_arm_runs_once_a_pass),
		cmocka_unit_test(a_pass_is_followed_by_its_mirror_image),
		cmocka_unit_test(a_block_is_a_pass_and_its_mirror_image),
		cmocka_unit_test(the_same_seed_gives_the_same_plan),
		cmocka_unit_test(both_orders_of_two_arms_come_up),
	};

	return check_all(tests);
}
