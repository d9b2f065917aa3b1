// SPDX-License-Identifier: MIT
/* Two rows of one name are refused, not measured as one. */
#include <errno.h>

#include "benchmark.h"
#include "check.h"
#include "registry.h"

BENCHMARK_LOOP(nothing, 0);

// clang-format off
BENCHMARK_GROUP(twins, "rows that nobody could tell apart",
	{ .path = "call", .run = nothing, .summary = "one" },
	{ .path = "call", .run = nothing, .summary = "the other" },
);
// clang-format on

static void twins_are_refused(void **state)
{
	(void)state;
	assert_int_equal(registry_init(), -EEXIST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twins_are_refused),
	};

	return check_all(tests);
}
