// SPDX-License-Identifier: MIT
/* The CPU to measure on, on made-up machines and on this one. */
#define _GNU_SOURCE
#include <errno.h>
#include <hwloc.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "facts.h"
#include "mounts.h"
#include "topology.h"

#define ISOLATED "/sys/devices/system/cpu/isolated"

static struct topology_choice choice;

/* Isolated CPUs of this machine would be taken for the made-up one's. */
static bool this_machine_isolates(void)
{
	char list[256];

	return facts_line(ISOLATED, list, sizeof(list)) == 0 && list[0];
}

static int choose(int wanted)
{
	struct topology *topology;
	int error = topology_load(&topology);

	assert_int_equal(error, 0);
	error = topology_choose(topology, wanted, &choice);
	topology_free(topology);
	return error;
}

/* Binding is none of a made-up machine's business: all of it is allowed. */
static int choose_on(const char *synthetic, int wanted)
{
	int error;

	setenv("HWLOC_SYNTHETIC", synthetic, 1);
	error = choose(wanted);
	unsetenv("HWLOC_SYNTHETIC");
	return error;
}

static void cpu_0_is_left_out_where_there_is_a_choice(void **state)
{
	(void)state;
	if (this_machine_isolates())
		skip_because("this machine has isolated CPUs");
	assert_int_equal(choose_on("pack:1 core:4 pu:1", -1), 0);
	assert_int_equal(choice.cpu, 1);
	assert_non_null(strstr(choice.why, "not CPU 0"));
	assert_int_equal(choice.cpus, 4);
	assert_int_equal(choice.cores, 4);
	assert_int_equal(choice.siblings, 1);
	assert_string_equal(choice.allowed, "0-3");
	assert_string_equal(choice.isolated, "");
}

/* Units 0 and 1 are one core's: 1 is not CPU 0, but its sibling. */
static void the_first_unit_of_a_core_is_taken(void **state)
{
	(void)state;
	if (this_machine_isolates())
		skip_because("this machine has isolated CPUs");
	assert_int_equal(choose_on("pack:1 core:4 pu:2", -1), 0);
	assert_int_equal(choice.cpu, 2);
	assert_non_null(strstr(choice.why, "first unit"));
	assert_int_equal(choice.cpus, 8);
	assert_int_equal(choice.cores, 4);
	assert_int_equal(choice.siblings, 2);
	/* Linux numbers the units of many machines across the cores. */
	assert_int_equal(choose_on("pack:1 core:4 pu:2(indexes=4*2:1*4)", -1),
			 0);
	assert_int_equal(choice.cpu, 1);
	assert_int_equal(choice.siblings, 2);
}

static void a_machine_of_one_core_gives_its_first_unit(void **state)
{
	(void)state;
	if (this_machine_isolates())
		skip_because("this machine has isolated CPUs");
	assert_int_equal(choose_on("pack:1 core:1 pu:1", -1), 0);
	assert_int_equal(choice.cpu, 0);
	assert_int_equal(choice.cpus, 1);
	assert_int_equal(choose_on("pack:1 core:1 pu:2", -1), 0);
	assert_int_equal(choice.cpu, 0);
	assert_int_equal(choice.cpus, 2);
	assert_int_equal(choice.cores, 1);
}

static void the_cpu_that_is_asked_for_is_taken(void **state)
{
	(void)state;
	for (int cpu = 0; cpu < 4; cpu++) {
		assert_int_equal(choose_on("pack:1 core:2 pu:2", cpu), 0);
		assert_int_equal(choice.cpu, cpu);
		assert_non_null(strstr(choice.why, "asked for"));
	}
}

static void a_cpu_that_is_not_allowed_is_refused(void **state)
{
	(void)state;
	assert_int_equal(choose_on("pack:1 core:2 pu:2", 4), -EINVAL);
	assert_string_equal(choice.allowed, "0-3");
	assert_int_equal(choose_on("pack:1 core:2 pu:2", 1 << 20), -EINVAL);
}

/* Writes a machine of 4 cores, of which the last two are the faster kind (or
 * the first two), as hwloc's XML; its file name. */
static void write_kinds(const char *path, bool last_is_fast)
{
	hwloc_topology_t machine;
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	assert_int_equal(hwloc_topology_init(&machine), 0);
	assert_int_equal(
		hwloc_topology_set_synthetic(machine, "pack:1 core:4 pu:1"), 0);
	assert_int_equal(hwloc_topology_load(machine), 0);
	for (unsigned int kind = 0; kind < 2; kind++) {
		hwloc_bitmap_zero(set);
		hwloc_bitmap_set_range(set, 2 * kind, 2 * (int)kind + 1);
		assert_int_equal(
			hwloc_cpukinds_register(machine, set,
						last_is_fast ? (int)kind
							     : 1 - (int)kind,
						0, NULL, 0),
			0);
	}
	assert_int_equal(hwloc_topology_export_xml(machine, path, 0), 0);
	hwloc_bitmap_free(set);
	hwloc_topology_destroy(machine);
}

static void the_fastest_kind_of_core_is_taken(void **state)
{
	char path[] = "/tmp/syscost-topology-XXXXXX";
	int file = mkstemp(path);

	(void)state;
	if (this_machine_isolates())
		skip_because("this machine has isolated CPUs");
	assert_true(file >= 0);
	close(file);
	for (int last_is_fast = 0; last_is_fast < 2; last_is_fast++) {
		int error;

		write_kinds(path, last_is_fast);
		setenv("HWLOC_XMLFILE", path, 1);
		error = choose(-1);
		unsetenv("HWLOC_XMLFILE");
		assert_int_equal(error, 0);
		assert_int_equal(choice.kinds, 2);
		assert_int_equal(choice.cpu, last_is_fast ? 2 : 1);
		assert_non_null(strstr(choice.why, "fastest kind"));
	}
	unlink(path);
}

static void isolated_cpus_come_first(void **state)
{
	int error;

	(void)state;
	if (access(ISOLATED, F_OK) || !mounts_cover(ISOLATED, "5-6,99\n"))
		skip_because("no mounts of one's own are permitted here");
	error = choose_on("pack:1 core:4 pu:2", -1);
	mounts_uncover(ISOLATED);
	assert_int_equal(error, 0);
	/* 5 is a second unit, but the first of its core that is isolated. */
	assert_int_equal(choice.cpu, 5);
	assert_non_null(strstr(choice.why, "isolated"));
	assert_string_equal(choice.isolated, "5-6");
}

static void nonsense_about_isolation_is_ignored(void **state)
{
	static const char *const lists[] = { "nonsense\n", "5-6;7\n",
					     "4294967295\n", "0-9999999\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		int error;

		if (access(ISOLATED, F_OK) || !mounts_cover(ISOLATED, lists[i]))
			skip_because(
				"no mounts of one's own are permitted here");
		error = choose_on("pack:1 core:4 pu:2", -1);
		mounts_uncover(ISOLATED);
		assert_int_equal(error, 0);
		assert_for(lists[i], choice.cpu == 2);
		assert_string_equal(choice.isolated, "");
	}
}

/* The CPUs that are listed beside one, as text. */
static const char *others_on(const char *synthetic, int cpu, unsigned int most)
{
	static char text[64];
	struct topology *topology;
	unsigned int count;
	int cpus[16];

	setenv("HWLOC_SYNTHETIC", synthetic, 1);
	assert_int_equal(topology_load(&topology), 0);
	unsetenv("HWLOC_SYNTHETIC");
	count = topology_others(topology, cpu, cpus, most);
	topology_free(topology);
	text[0] = '\0';
	for (unsigned int i = 0; i < count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "%d ", cpus[i]);
	return text;
}

/* Which CPUs these are, and on how many cores. */
static unsigned int cores_of(const char *synthetic, const int *cpus,
			     unsigned int count, char *list, size_t size)
{
	struct topology *topology;
	unsigned int cores;

	setenv("HWLOC_SYNTHETIC", synthetic, 1);
	assert_int_equal(topology_load(&topology), 0);
	unsetenv("HWLOC_SYNTHETIC");
	cores = topology_list(topology, cpus, count, list, size);
	topology_free(topology);
	return cores;
}

static void siblings_are_on_one_core(void **state)
{
	static const int cpus[] = { 5, 0, 1, 4 };
	char list[16];

	(void)state;
	assert_int_equal(
		cores_of("pack:1 core:8 pu:1", cpus, 4, list, sizeof(list)), 4);
	assert_string_equal(list, "0-1,4-5");
	assert_int_equal(
		cores_of("pack:1 core:4 pu:2", cpus, 4, list, sizeof(list)), 2);
	assert_int_equal(
		cores_of("pack:1 core:4 pu:2", cpus, 1, list, sizeof(list)), 1);
	assert_string_equal(list, "5");
}

static void other_cores_come_before_siblings(void **state)
{
	(void)state;
	assert_string_equal(others_on("pack:1 core:4 pu:1", 1, 16), "0 2 3 ");
	assert_string_equal(others_on("pack:1 core:4 pu:1", 1, 2), "0 2 ");
	assert_string_equal(others_on("pack:1 core:3 pu:2", 2, 16),
			    "0 4 1 3 5 ");
	assert_string_equal(others_on("pack:1 core:3 pu:2", 3, 2), "0 4 ");
	assert_string_equal(others_on("pack:1 core:1 pu:2", 0, 16), "1 ");
	assert_string_equal(others_on("pack:1 core:1 pu:1", 0, 16), "");
	/* Cores of 0 and 2, 1 and 3, 4 and 6, 5 and 7. */
	assert_string_equal(
		others_on("pack:1 core:4 pu:2(indexes=4*2:1*4)", 1, 16),
		"0 4 5 2 3 6 7 ");
}

/* Where this process may not run, its threads may not either. */
static void others_are_allowed_ones(void **state)
{
	struct topology *topology;
	cpu_set_t own, one;
	int cpu = 0, other;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(own), &own), 0);
	while (!CPU_ISSET(cpu, &own))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	assert_int_equal(topology_load(&topology), 0);
	sched_setaffinity(0, sizeof(own), &own);
	assert_int_equal(topology_others(topology, cpu, &other, 1), 0);
	topology_free(topology);
}

static cpu_set_t own_cpus;

static int keep_affinity(void **state)
{
	(void)state;
	return sched_getaffinity(0, sizeof(own_cpus), &own_cpus);
}

static int restore_affinity(void **state)
{
	(void)state;
	return sched_setaffinity(0, sizeof(own_cpus), &own_cpus);
}

static void the_thread_is_bound_to_the_choice(void **state)
{
	struct topology *topology;
	cpu_set_t bound;
	bool memory;

	(void)state;
	assert_int_equal(topology_load(&topology), 0);
	assert_int_equal(topology_choose(topology, -1, &choice), 0);
	assert_true(CPU_ISSET(choice.cpu, &own_cpus));
	assert_int_equal(topology_bind(topology, choice.cpu, &memory), 0);
	topology_free(topology);
	assert_int_equal(sched_getaffinity(0, sizeof(bound), &bound), 0);
	assert_int_equal(CPU_COUNT(&bound), 1);
	assert_true(CPU_ISSET(choice.cpu, &bound));
	assert_int_equal(sched_getcpu(), choice.cpu);
}

/* A made-up machine's binding is a pretence: it is not believed. */
static void binding_is_the_kernels_whatever_hwloc_sees(void **state)
{
	struct topology *topology;
	cpu_set_t now;
	bool memory;
	int cpu = 0;

	(void)state;
	while (!CPU_ISSET(cpu, &own_cpus))
		cpu++;
	setenv("HWLOC_SYNTHETIC", "pu:1(indexes=1023)", 1);
	assert_int_equal(topology_load(&topology), 0);
	unsetenv("HWLOC_SYNTHETIC");
	assert_int_equal(topology_bind(topology, cpu, &memory), 0);
	assert_int_equal(sched_getaffinity(0, sizeof(now), &now), 0);
	assert_int_equal(CPU_COUNT(&now), 1);
	assert_true(CPU_ISSET(cpu, &now));
	topology_free(topology);
}

static void an_impossible_binding_is_an_error(void **state)
{
	struct topology *topology;
	bool memory = true;

	(void)state;
	assert_int_equal(topology_load(&topology), 0);
	assert_true(topology_bind(topology, CPU_SETSIZE - 1, &memory) < 0);
	assert_false(memory);
	topology_free(topology);
}

static bool is_here(const char *variable, const char *value)
{
	struct topology *topology;
	bool here;

	if (variable)
		setenv(variable, value, 1);
	assert_int_equal(topology_load(&topology), 0);
	if (variable)
		unsetenv(variable);
	here = topology_is_here(topology);
	topology_free(topology);
	return here;
}

static void another_machine_is_told_apart(void **state)
{
	char path[] = "/tmp/syscost-topology-XXXXXX";
	int file = mkstemp(path);

	(void)state;
	assert_true(is_here(NULL, NULL));
	assert_false(is_here("HWLOC_SYNTHETIC", "pack:1 core:4 pu:2"));
	assert_true(file >= 0);
	close(file);
	write_kinds(path, true);
	assert_false(is_here("HWLOC_XMLFILE", path));
	unlink(path);
}

/* Said to be this one, it still lacks the CPUs that this process has. */
static void a_machine_without_ones_own_cpus_is_another(void **state)
{
	bool here;

	(void)state;
	setenv("HWLOC_THISSYSTEM", "1", 1);
	here = is_here("HWLOC_SYNTHETIC", "pu:1(indexes=1023)");
	unsetenv("HWLOC_THISSYSTEM");
	assert_false(here);
}

/* taskset -c N: nothing else is chosen, and nothing else may be asked for. */
static void an_affinity_of_one_cpu_is_kept(void **state)
{
	(void)state;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		char list[16];
		cpu_set_t one;

		if (!CPU_ISSET(cpu, &own_cpus))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
		assert_int_equal(choose(-1), 0);
		assert_int_equal(choice.cpu, cpu);
		assert_int_equal(choice.cpus, 1);
		snprintf(list, sizeof(list), "%d", cpu);
		assert_string_equal(choice.allowed, list);
		assert_int_equal(choose(cpu), 0);
		assert_int_equal(choose(cpu + 1), -EINVAL);
	}
}

#define bound(test)                                                            \
	cmocka_unit_test_setup_teardown(test, keep_affinity, restore_affinity)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_0_is_left_out_where_there_is_a_choice),
		cmocka_unit_test(the_first_unit_of_a_core_is_taken),
		cmocka_unit_test(a_machine_of_one_core_gives_its_first_unit),
		cmocka_unit_test(the_cpu_that_is_asked_for_is_taken),
		cmocka_unit_test(a_cpu_that_is_not_allowed_is_refused),
		cmocka_unit_test(the_fastest_kind_of_core_is_taken),
		cmocka_unit_test(isolated_cpus_come_first),
		cmocka_unit_test(nonsense_about_isolation_is_ignored),
		cmocka_unit_test(siblings_are_on_one_core),
		cmocka_unit_test(other_cores_come_before_siblings),
		cmocka_unit_test(others_are_allowed_ones),
		bound(binding_is_the_kernels_whatever_hwloc_sees),
		cmocka_unit_test(another_machine_is_told_apart),
		cmocka_unit_test(a_machine_without_ones_own_cpus_is_another),
		bound(the_thread_is_bound_to_the_choice),
		bound(an_impossible_binding_is_an_error),
		bound(an_affinity_of_one_cpu_is_kept),
	};

	return check_all(tests);
}
