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

#define DOUBTS_MOST 64

/* How much of a session there is to doubt. */
enum doubts_phase {
	DOUBTS_MACHINE, /* its environment and its CPU */
	DOUBTS_CLOCK,	/* its clock too */
	DOUBTS_RUN,	/* all of it, with a summary */
};

/* Fills `doubts` (DOUBTS_MOST places), the most serious first; how many.
 * `summary` may be NULL before DOUBTS_RUN. */
size_t doubts_find(struct doubt *doubts, enum doubts_phase until,
		   const struct session *session,
		   const struct summary *summary);

const char *doubts_severity_text(enum severity severity);

#endif
