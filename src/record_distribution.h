/* SPDX-License-Identifier: MIT */
/* What run.json says of single calls. */
#ifndef SYSCOST_RECORD_DISTRIBUTION_H
#define SYSCOST_RECORD_DISTRIBUTION_H

#include <jansson.h>

#include "session.h"

/* Their launches and limits; null where they were not asked for. */
json_t *record_distribution(const struct session *session);

/* Why a benchmark's single calls were not stamped; null: they were to be, or
 * none were asked for. */
json_t *record_not_stamped(const struct session *session,
			   unsigned int benchmark);

#endif
