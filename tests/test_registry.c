// SPDX-License-Identifier: MIT
/* The catalogue: names, filters and yardsticks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "registry.h"

static bool *select_rows(const char *expression, int *count)
{
	bool *selected = calloc(registry_count(), sizeof(*selected));
	char error[128];

	assert_non_null(selected);
	*count = registry_select(expression, selected, error, sizeof(error));
	return selected;
}

static int count_rows(const char *expression)
{
	int count;

	free(select_rows(expression, &count));
	return count;
}

static void every_name_is_its_own(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < registry_count(); i++)
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(registry_get(i)->name,
						registry_get(j)->name);
}

static void a_name_is_group_path_and_variant(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < registry_count(); i++) {
		const struct registry_entry *entry = registry_get(i);
		const char *variant = entry->benchmark->variant;
		char name[256];

		snprintf(name, sizeof(name), "%s/%s%s%s", entry->group->name,
			 entry->benchmark->path, variant ? "/" : "",
			 variant ? variant : "");
		assert_string_equal(entry->name, name);
	}
}

static void the_groups_are_there(void **state)
{
	(void)state;
	assert_int_equal(count_rows("^getppid/inline$"), 1);
	assert_int_equal(count_rows("^baseline/empty$"), 1);
	assert_int_equal(count_rows("^write/libc/4096$"), 1);
}

static void no_filter_selects_all(void **state)
{
	(void)state;
	assert_int_equal(count_rows(NULL), registry_count());
	assert_int_equal(count_rows(""), registry_count());
}

static void a_filter_selects_what_matches(void **state)
{
	int count, seen = 0;
	bool *selected = select_rows("^(getpid|getppid)/(libc|inline)", &count);

	(void)state;
	assert_int_equal(count, 4);
	for (unsigned int i = 0; i < registry_count(); i++) {
		const char *name = registry_get(i)->name;

		seen += selected[i];
		if (selected[i])
			assert_for(name, strncmp(name, "getp", 4) == 0);
	}
	assert_int_equal(seen, 4);
	free(selected);
	assert_int_equal(count_rows("no such row"), 0);
}

static void a_leading_minus_turns_the_filter_round(void **state)
{
	int count, inverted;
	bool *some = select_rows("inline", &count);
	bool *others = select_rows("-inline", &inverted);

	(void)state;
	assert_in_range(count, 1, registry_count() - 1);
	assert_int_equal(count + inverted, registry_count());
	for (unsigned int i = 0; i < registry_count(); i++)
		assert_int_equal(some[i], !others[i]);
	free(some);
	free(others);
}

static void a_broken_filter_is_refused_with_the_reason(void **state)
{
	bool *selected = calloc(registry_count(), sizeof(*selected));
	char error[128] = "";

	(void)state;
	assert_int_equal(
		registry_select("get(", selected, error, sizeof(error)),
		-EINVAL);
	assert_true(strlen(error) > 0);
	free(selected);
}

static void every_yardstick_is_there_once(void **state)
{
	(void)state;
	for (int which = YARDSTICK_NONE + 1; which < YARDSTICKS; which++) {
		const struct registry_entry *entry = registry_yardstick(which);
		unsigned int count = 0;

		assert_non_null(entry);
		assert_int_equal(entry->benchmark->yardstick, which);
		for (unsigned int i = 0; i < registry_count(); i++)
			count += registry_get(i)->benchmark->yardstick ==
				 (enum yardstick)which;
		assert_int_equal(count, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_is_its_own),
		cmocka_unit_test(a_name_is_group_path_and_variant),
		cmocka_unit_test(the_groups_are_there),
		cmocka_unit_test(no_filter_selects_all),
		cmocka_unit_test(a_filter_selects_what_matches),
		cmocka_unit_test(a_leading_minus_turns_the_filter_round),
		cmocka_unit_test(a_broken_filter_is_refused_with_the_reason),
		cmocka_unit_test(every_yardstick_is_there_once),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
