/* SPDX-License-Identifier: MIT */
/* What run.json says of the arms. */
#ifndef SYSCOST_RECORD_ARMS_H
#define SYSCOST_RECORD_ARMS_H

#include <jansson.h>

#include "session.h"

/* Every arm that was given, in order; new references, or NULL. */
json_t *record_arms(const struct session *session);

/* How the probes fared beside each arm's batches. */
json_t *record_arm_probes(const struct session *session);

#endif
