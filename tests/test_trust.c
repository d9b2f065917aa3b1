// SPDX-License-Identifier: MIT
/* hwloc's variables are heeded or put aside. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "mounts.h"
#include "topology.h"
#include "trust.h"

#define NODES "/sys/devices/system/node"

static int forget(void **state)
{
	static const char *const names[] = {
		"HWLOC_SYNTHETIC", "HWLOC_THISSYSTEM", "HWLOC_XMLFILE",
		"HWLOC_FSROOT",	   "HWLOC_COMPONENTS", "OTHER_HWLOC_",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		unsetenv(names[i]);
	return 0;
}

static bool is_here(void)
{
	struct topology *topology;
	bool here;

	assert_int_equal(topology_load(&topology), 0);
	here = topology_is_here(topology);
	topology_free(topology);
	return here;
}

static void this_machine_is_trusted(void **state)
{
	(void)state;
	assert_false(trust_topology());
	assert_true(is_here());
}

static void what_fits_is_heeded(void **state)
{
	(void)state;
	setenv("HWLOC_COMPONENTS", "-x86", 1);
	assert_false(trust_topology());
	assert_string_equal(getenv("HWLOC_COMPONENTS"), "-x86");
}

static void another_machine_is_put_aside(void **state)
{
	(void)state;
	setenv("HWLOC_SYNTHETIC", "pu:64", 1);
	setenv("HWLOC_FSROOT", "/nonexistent", 1);
	setenv("HWLOC_HIDE_ERRORS", "2", 1);
	setenv("OTHER_HWLOC_", "1", 1);
	assert_true(trust_topology());
	assert_null(getenv("HWLOC_SYNTHETIC"));
	assert_null(getenv("HWLOC_FSROOT"));
	assert_non_null(getenv("HWLOC_HIDE_ERRORS"));
	assert_non_null(getenv("OTHER_HWLOC_"));
	assert_true(is_here());
}

static void a_machine_that_lacks_our_cpus_is_put_aside(void **state)
{
	(void)state;
	setenv("HWLOC_SYNTHETIC", "pu:1(indexes=1023)", 1);
	setenv("HWLOC_THISSYSTEM", "1", 1);
	assert_true(trust_topology());
	assert_true(is_here());
}

/* hwloc 2.9 aborts there. */
static void a_folder_that_ends_hwloc_is_left_alone(void **state)
{
	struct topology *topology;

	(void)state;
	if (access(NODES, F_OK) || !mounts_disk(NODES, 4096))
		skip_because("no mounts of one's own are permitted here");
	let_children_crash();
	assert_false(trust_topology());
	assert_int_equal(topology_load(&topology), 0);
	topology_free(topology);
	mounts_uncover(NODES);
}

#define afresh(test) cmocka_unit_test_setup(test, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		afresh(this_machine_is_trusted),
		afresh(what_fits_is_heeded),
		afresh(another_machine_is_put_aside),
		afresh(a_machine_that_lacks_our_cpus_is_put_aside),
		afresh(a_folder_that_ends_hwloc_is_left_alone),
	};

	return check_all(tests);
}
