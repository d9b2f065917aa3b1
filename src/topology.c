// SPDX-License-Identifier: MIT
/* Chooses the processing unit to measure on, and binds to it; by hwloc. */
#define _GNU_SOURCE
#include "topology.h"

#include <ctype.h>
#include <errno.h>
#include <hwloc.h>
#include <hwloc/glibc-sched.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"

#define ISOLATED   "/sys/devices/system/cpu/isolated"
#define CPU_DIGITS 6

struct topology {
	hwloc_topology_t machine;
	hwloc_bitmap_t own;	 /* this thread's affinity, when loaded */
	hwloc_bitmap_t allowed;	 /* where this process may run */
	hwloc_bitmap_t isolated; /* allowed ones among the isolated */
};

static int load_machine(hwloc_topology_t *machine)
{
	/* Without /sys hwloc says so on stderr, and goes on: so do we. */
	setenv(TOPOLOGY_QUIETLY, "2", 0);
	if (hwloc_topology_init(machine) < 0)
		return errno ? -errno : -ENOMEM;
	hwloc_topology_set_all_types_filter(*machine,
					    HWLOC_TYPE_FILTER_KEEP_NONE);
	hwloc_topology_set_type_filter(*machine, HWLOC_OBJ_CORE,
				       HWLOC_TYPE_FILTER_KEEP_ALL);
	if (hwloc_topology_load(*machine) < 0) {
		hwloc_topology_destroy(*machine);
		return errno ? -errno : -ENODEV;
	}
	return 0;
}

/* hwloc makes a bitmap of half a GiB of a CPU number that is no such thing. */
static bool is_cpu_list(const char *list)
{
	size_t digits = 0;

	for (; *list; list++) {
		digits = isdigit((unsigned char)*list) ? digits + 1 : 0;
		if (digits > CPU_DIGITS || (!digits && !strchr(",-", *list)))
			return false;
	}
	return true;
}

static void read_isolated(hwloc_bitmap_t isolated)
{
	char list[4096];

	if (facts_line(ISOLATED, list, sizeof(list)) || !list[0] ||
	    !is_cpu_list(list) || hwloc_bitmap_list_sscanf(isolated, list) < 0)
		hwloc_bitmap_zero(isolated);
}

/* The kernel's word, however little of the machine hwloc sees. A made-up
 * machine is everybody's. More CPUs than a cpu_set_t has are left to hwloc. */
static void find_own(struct topology *topology)
{
	hwloc_topology_t machine = topology->machine;
	cpu_set_t own;

	if (hwloc_topology_is_thissystem(machine) &&
	    sched_getaffinity(0, sizeof(own), &own) == 0 &&
	    hwloc_cpuset_from_glibc_sched_affinity(machine, topology->own, &own,
						   sizeof(own)) == 0)
		return;
	if (hwloc_get_cpubind(machine, topology->own, HWLOC_CPUBIND_THREAD) < 0)
		hwloc_bitmap_copy(topology->own,
				  hwloc_topology_get_allowed_cpuset(machine));
}

/*
 * The kernel keeps isolated CPUs out of the affinity that processes start
 * with, so "may run" is the affinity, and the isolated ones too unless
 * somebody narrowed the affinity on purpose (taskset, a cpuset).
 */
static void find_allowed(struct topology *topology)
{
	hwloc_const_bitmap_t all =
		hwloc_topology_get_allowed_cpuset(topology->machine);
	hwloc_bitmap_t usual = hwloc_bitmap_alloc();

	find_own(topology);
	hwloc_bitmap_and(topology->allowed, topology->own, all);
	if (hwloc_bitmap_iszero(topology->allowed))
		hwloc_bitmap_copy(topology->allowed, topology->own);
	read_isolated(topology->isolated);
	hwloc_bitmap_and(topology->isolated, topology->isolated, all);
	hwloc_bitmap_andnot(usual, all, topology->isolated);
	if (hwloc_bitmap_isequal(topology->allowed, usual))
		hwloc_bitmap_or(topology->allowed, topology->allowed,
				topology->isolated);
	hwloc_bitmap_and(topology->isolated, topology->isolated,
			 topology->allowed);
	hwloc_bitmap_free(usual);
}

static void free_topology(struct topology *topology)
{
	hwloc_bitmap_free(topology->own);
	hwloc_bitmap_free(topology->allowed);
	hwloc_bitmap_free(topology->isolated);
	free(topology);
}

int topology_load(struct topology **result)
{
	struct topology *topology = calloc(1, sizeof(*topology));
	int error;

	if (!topology)
		return -ENOMEM;
	topology->own = hwloc_bitmap_alloc();
	topology->allowed = hwloc_bitmap_alloc();
	topology->isolated = hwloc_bitmap_alloc();
	error = load_machine(&topology->machine);
	if (error) {
		free_topology(topology);
		return error;
	}
	find_allowed(topology);
	*result = topology;
	return 0;
}

bool topology_is_here(const struct topology *topology)
{
	return hwloc_topology_is_thissystem(topology->machine) &&
	       hwloc_bitmap_isincluded(
		       topology->own,
		       hwloc_topology_get_complete_cpuset(topology->machine));
}

void topology_free(struct topology *topology)
{
	if (!topology)
		return;
	hwloc_topology_destroy(topology->machine);
	free_topology(topology);
}

/* Narrows `set` to `part` if any of it is left; says whether it did. */
static bool narrow(hwloc_bitmap_t set, hwloc_const_bitmap_t part)
{
	if (!hwloc_bitmap_intersects(set, part) ||
	    hwloc_bitmap_isincluded(set, part))
		return false;
	hwloc_bitmap_and(set, set, part);
	return true;
}

/* hwloc orders the kinds of core by efficiency: the last is the fastest. */
static bool narrow_to_fastest(const struct topology *topology,
			      hwloc_bitmap_t set, int kinds)
{
	hwloc_bitmap_t kind = hwloc_bitmap_alloc();
	bool narrowed = false;

	for (int i = kinds - 1; i >= 0 && !narrowed; i--) {
		int efficiency = -1;

		if (hwloc_cpukinds_get_info(topology->machine, (unsigned int)i,
					    kind, &efficiency, NULL, NULL, 0) ||
		    efficiency < 0)
			break;
		if (hwloc_bitmap_isincluded(set, kind))
			break;
		narrowed = narrow(set, kind);
	}
	hwloc_bitmap_free(kind);
	return narrowed;
}

/* Keeps the first unit of each core. */
static void narrow_to_first_units(const struct topology *topology,
				  hwloc_bitmap_t set)
{
	hwloc_bitmap_t first = hwloc_bitmap_dup(set);

	hwloc_bitmap_singlify_per_core(topology->machine, first, 0);
	narrow(set, first);
	hwloc_bitmap_free(first);
}

static bool leave_out_cpu0(hwloc_bitmap_t set)
{
	if (!hwloc_bitmap_isset(set, 0) || hwloc_bitmap_weight(set) < 2)
		return false;
	hwloc_bitmap_clr(set, 0);
	return true;
}

/* NULL where the machine does not tell. */
static hwloc_obj_t core_of(const struct topology *topology, int cpu)
{
	hwloc_obj_t unit = hwloc_get_pu_obj_by_os_index(topology->machine,
							(unsigned int)cpu);

	return unit ? hwloc_get_ancestor_obj_by_type(topology->machine,
						     HWLOC_OBJ_CORE, unit)
		    : NULL;
}

/* The next after `cpu`, the first after the last; -1: there is no other. */
static int next_of(hwloc_const_bitmap_t set, int cpu)
{
	int next = hwloc_bitmap_next(set, cpu);

	if (next < 0)
		next = hwloc_bitmap_first(set);
	return next == cpu ? -1 : next;
}

static void describe(const struct topology *topology,
		     struct topology_choice *choice)
{
	hwloc_obj_t core;
	hwloc_bitmap_t cores = hwloc_bitmap_dup(topology->allowed);

	hwloc_bitmap_list_snprintf(choice->allowed, sizeof(choice->allowed),
				   topology->allowed);
	hwloc_bitmap_list_snprintf(choice->isolated, sizeof(choice->isolated),
				   topology->isolated);
	choice->cpus = hwloc_bitmap_weight(topology->allowed);
	hwloc_bitmap_singlify_per_core(topology->machine, cores, 0);
	choice->cores = hwloc_bitmap_weight(cores);
	choice->kinds = hwloc_cpukinds_get_nr(topology->machine, 0);
	hwloc_bitmap_free(cores);
	core = core_of(topology, choice->cpu);
	choice->siblings = core ? hwloc_bitmap_weight(core->cpuset) : 1;
	choice->sibling = core ? next_of(core->cpuset, choice->cpu) : -1;
}

static int choose_wanted(const struct topology *topology, int wanted,
			 struct topology_choice *choice)
{
	if (!hwloc_bitmap_isset(topology->allowed, (unsigned int)wanted))
		return -EINVAL;
	choice->cpu = wanted;
	snprintf(choice->why, sizeof(choice->why), "asked for by --cpu");
	return 0;
}

static int choose_best(const struct topology *topology,
		       struct topology_choice *choice)
{
	hwloc_bitmap_t set = hwloc_bitmap_dup(topology->allowed);
	bool isolated = narrow(set, topology->isolated);
	int kinds = hwloc_cpukinds_get_nr(topology->machine, 0);
	bool fastest = narrow_to_fastest(topology, set, kinds);
	bool not_zero;

	narrow_to_first_units(topology, set);
	not_zero = leave_out_cpu0(set);
	choice->cpu = hwloc_bitmap_first(set);
	hwloc_bitmap_free(set);
	snprintf(choice->why, sizeof(choice->why),
		 "the first unit of a core%s%s%s", isolated ? ", isolated" : "",
		 fastest ? ", of the fastest kind" : "",
		 not_zero ? ", not CPU 0, which serves most interrupts" : "");
	return choice->cpu < 0 ? -ENODEV : 0;
}

int topology_choose(struct topology *topology, int wanted,
		    struct topology_choice *choice)
{
	int error;

	*choice = (struct topology_choice){ .cpu = -1 };
	error = wanted >= 0 ? choose_wanted(topology, wanted, choice)
			    : choose_best(topology, choice);
	describe(topology, choice);
	return error;
}

static unsigned int list_units(hwloc_const_bitmap_t set, int *cpus,
			       unsigned int count, unsigned int most)
{
	int cpu = -1;

	while (count < most && (cpu = hwloc_bitmap_next(set, cpu)) >= 0)
		cpus[count++] = cpu;
	return count;
}

unsigned int topology_others(const struct topology *topology, int cpu,
			     int *cpus, unsigned int most)
{
	hwloc_bitmap_t left = hwloc_bitmap_dup(topology->allowed);
	hwloc_bitmap_t first = hwloc_bitmap_dup(left);
	hwloc_obj_t core = core_of(topology, cpu);
	unsigned int count;

	hwloc_bitmap_clr(left, (unsigned int)cpu);
	hwloc_bitmap_clr(first, (unsigned int)cpu);
	if (core)
		hwloc_bitmap_andnot(first, first, core->cpuset);
	hwloc_bitmap_singlify_per_core(topology->machine, first, 0);
	hwloc_bitmap_andnot(left, left, first);
	count = list_units(first, cpus, 0, most);
	count = list_units(left, cpus, count, most);
	hwloc_bitmap_free(left);
	hwloc_bitmap_free(first);
	return count;
}

unsigned int topology_list(const struct topology *topology, const int *cpus,
			   unsigned int count, char *list, size_t size)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int cores;

	for (unsigned int i = 0; i < count; i++)
		hwloc_bitmap_set(set, (unsigned int)cpus[i]);
	hwloc_bitmap_list_snprintf(list, size, set);
	hwloc_bitmap_singlify_per_core(topology->machine, set, 0);
	cores = hwloc_bitmap_weight(set);
	hwloc_bitmap_free(set);
	return (unsigned int)cores;
}

/* Where hwloc sees fewer CPUs than there are, it cannot read a binding back
 * that has been put on: then the kernel is asked without it. */
static int bind_by_kernel(pid_t task, int cpu)
{
	cpu_set_t set, back;

	if (cpu >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(task, sizeof(set), &set) ||
	    sched_getaffinity(task, sizeof(back), &back))
		return -errno;
	return CPU_EQUAL(&set, &back) ? 0 : -EXDEV;
}

static int bind_by_hwloc(const struct topology *topology,
			 hwloc_const_bitmap_t set)
{
	hwloc_bitmap_t back = hwloc_bitmap_alloc();
	int error = 0;

	if (hwloc_set_cpubind(topology->machine, set, HWLOC_CPUBIND_THREAD))
		error = -errno;
	else if (hwloc_get_cpubind(topology->machine, back,
				   HWLOC_CPUBIND_THREAD) ||
		 !hwloc_bitmap_isequal(set, back))
		error = -EXDEV;
	hwloc_bitmap_free(back);
	return error;
}

int topology_bind_task(struct topology *topology, pid_t task, int cpu)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int error = 0;

	hwloc_bitmap_only(set, (unsigned int)cpu);
	if (hwloc_set_proc_cpubind(topology->machine, task, set,
				   HWLOC_CPUBIND_THREAD))
		error = bind_by_kernel(task, cpu);
	hwloc_bitmap_free(set);
	return error;
}

int topology_bind(struct topology *topology, int cpu, bool *memory)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();
	int error;

	hwloc_bitmap_only(set, (unsigned int)cpu);
	error = bind_by_hwloc(topology, set);
	if (error)
		error = bind_by_kernel(0, cpu);
	*memory = !error &&
		  hwloc_set_membind(topology->machine, set, HWLOC_MEMBIND_BIND,
				    HWLOC_MEMBIND_THREAD) == 0;
	hwloc_bitmap_free(set);
	return error;
}
