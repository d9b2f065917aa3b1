/* SPDX-License-Identifier: MIT */
/* Binds a test's process as a worker is: rows that have a partner ask. */
#ifndef SYSCOST_BOUND_H
#define SYSCOST_BOUND_H

#include "partner.h"
#include "topology.h"

/* To the CPU that would be chosen. 0 or -errno. */
static inline int bind_as_a_worker(void)
{
	struct topology *topology;
	struct topology_choice choice;
	bool memory;
	int error = topology_load(&topology);

	if (error)
		return error;
	error = topology_choose(topology, -1, &choice);
	if (!error) {
		partner_place(topology, choice.cpu);
		error = topology_bind(topology, choice.cpu, &memory);
	}
	topology_free(topology);
	return error;
}

#endif
