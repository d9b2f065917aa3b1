// SPDX-License-Identifier: MIT
/* The build id: whole bytes in hex, cut to the room there is. */
#include <string.h>

#include "build.h"
#include "check.h"

static void the_id_is_hex_and_always_the_same(void **state)
{
	char id[64] = "before", again[64];

	(void)state;
	build_id(id, sizeof(id));
	if (!id[0])
		skip_because("the linker left no build id");
	assert_for(id, strlen(id) >= 16 && strlen(id) % 2 == 0);
	assert_int_equal(strspn(id, "0123456789abcdef"), strlen(id));
	build_id(again, sizeof(again));
	assert_string_equal(again, id);
}

static void a_small_room_holds_its_beginning(void **state)
{
	char id[64], small[12];

	(void)state;
	build_id(id, sizeof(id));
	if (!id[0])
		skip_because("the linker left no build id");
	memset(small, '#', sizeof(small));
	build_id(small, 9);
	assert_int_equal(strlen(small), 8);
	assert_memory_equal(small, id, 8);
	assert_int_equal(small[9], '#');
	build_id(small, 1);
	assert_string_equal(small, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_id_is_hex_and_always_the_same),
		cmocka_unit_test(a_small_room_holds_its_beginning),
	};

	return check_all(tests);
}
