/* SPDX-License-Identifier: MIT */
/* Reasons to distrust the figures, each with its remedy. */
#ifndef SYSCOST_DOUBTS_H
#define SYSCOST_DOUBTS_H

#include <stddef.h>

#include "session.h"
#include "summary.h"

enum severity { SEVERITY_NOTE, SEVERITY_DOUBT, SEVERITY_SERIOUS };

struct doubt {
	const char *id;
	enum severity severity;
	char message[256];
	const char *remedy;
};

#define DOUBTS_MOST 32

/* Fills `doubts` (DOUBTS_MOST places), the most serious first; how many. */
size_t doubts_find(struct doubt *doubts, const struct session *session,
		   const struct summary *summary);

const char *doubts_severity_text(enum severity severity);

#endif
