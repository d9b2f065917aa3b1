/* SPDX-License-Identifier: MIT */
/* What run.json says of the PMU's counters. */
#ifndef SYSCOST_RECORD_COUNTERS_H
#define SYSCOST_RECORD_COUNTERS_H

#include <jansson.h>

#include "session.h"

/* Key "counters" of the run: what its launches counted, or why not. */
json_t *record_counters(const struct session *session);

/* The same of one launch, put into its object. */
void record_launch_counters(json_t *launch, const struct counted *counted);

/* What the core_cycles of the run are by; static text, NULL: there are none. */
const char *record_cycles_from(const struct session *session);

#endif
