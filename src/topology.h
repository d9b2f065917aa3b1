/* SPDX-License-Identifier: MIT */
/* Chooses the processing unit to measure on, and binds to it; by hwloc. */
#ifndef SYSCOST_TOPOLOGY_H
#define SYSCOST_TOPOLOGY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TOPOLOGY_QUIETLY "HWLOC_HIDE_ERRORS" /* a variable that is ours */

struct topology; /* hwloc's, loaded */

/* The choice and its reasons, for run.json. CPU numbers are the kernel's. */
struct topology_choice {
	int cpu;
	char why[256];
	char allowed[256];  /* where this process may run, as a list */
	char isolated[256]; /* the kernel's isolated CPUs; "" none */
	int cores, cpus;    /* allowed ones */
	int siblings;	    /* CPUs that share the chosen core, itself too */
	int kinds;	    /* kinds of core (big.LITTLE); 0 unknown */
	int sibling;	    /* the next CPU of the chosen core; -1: none */
	bool foreign;	    /* hwloc's variables told of another machine */
};

/*
 * Loads the machine. `io` and caches are left out: a worker wants it quick.
 * 0 or -errno; on success topology_free releases it.
 */
int topology_load(struct topology **topology);
void topology_free(struct topology *topology);

/* Is it this machine, and all of it on which this process may run? Variables
 * like HWLOC_XMLFILE and HWLOC_SYNTHETIC make hwloc tell of another one, and
 * of a broken /sys it makes less. */
bool topology_is_here(const struct topology *topology);

/*
 * Chooses among the allowed CPUs: isolated ones first, the fastest kind of
 * core, not CPU 0 where there is a choice, the first unit of its core.
 * `wanted` >= 0 overrides. 0, or -EINVAL: `wanted` is not allowed (`allowed`
 * says what is), or -ENODEV: nothing is.
 */
int topology_choose(struct topology *topology, int wanted,
		    struct topology_choice *choice);

/*
 * Lists up to `most` allowed CPUs beside `cpu`: a unit of each other core
 * first, then what is left, hardware threads of the same core among it. How
 * many there are.
 */
unsigned int topology_others(const struct topology *topology, int cpu,
			     int *cpus, unsigned int most);

/* Lists `cpus` in `list`, as the kernel writes them ("0,2-3"); on how many cores
 * they are. */
unsigned int topology_list(const struct topology *topology, const int *cpus,
			   unsigned int count, char *list, size_t size);

/*
 * Binds the calling thread to `cpu`, reads the binding back, and binds its
 * memory to the node beside it; `memory` says whether that was possible.
 * 0 or -errno.
 */
int topology_bind(struct topology *topology, int cpu, bool *memory);

/* Binds a task of another number, a process or a thread, to `cpu`; 0 or
 * -errno. */
int topology_bind_task(struct topology *topology, pid_t task, int cpu);

#endif
