/* SPDX-License-Identifier: MIT */
/* run.json's parts that need no measurement: tool, placement, doubts. */
#ifndef SYSCOST_RECORD_MACHINE_H
#define SYSCOST_RECORD_MACHINE_H

#include <jansson.h>
#include <stdio.h>

#include "doubts.h"
#include "topology.h"

/* New references, or NULL for want of memory. */
json_t *record_tool(void);
json_t *record_placement(const struct topology_choice *choice);
json_t *record_doubts(const struct doubt *doubts, size_t count);

/* Prints it as run.json is printed and releases it; 0 or -ENOMEM. */
int record_print(json_t *json, FILE *file);

/* The machine's facts alone, as --environment prints them, with placement,
 * tool and doubts beside them; 0 or -ENOMEM. */
int record_print_environment(const struct session *session,
			     const struct doubt *doubts, size_t count,
			     FILE *file);

#endif
