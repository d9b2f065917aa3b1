/* SPDX-License-Identifier: MIT */
/* What a person sees: the table, the doubts. */
#ifndef SYSCOST_SCREEN_H
#define SYSCOST_SCREEN_H

#include <stdio.h>

#include "doubts.h"
#include "scaling.h"
#include "session.h"
#include "summary.h"

#define SCREEN_NAME_WIDTH 38

/* The catalogue, a line a row. */
void screen_list(FILE *out, const struct session *session);

/* Head, table, skipped rows and doubts. */
void screen_results(FILE *out, const struct session *session,
		    const struct summary *summary, const struct doubt *doubts,
		    size_t doubt_count);

/* The table of single calls; nothing where it was not asked for. */
void screen_distribution(FILE *out, const struct session *session);

/* The table of threads in one call at once; nothing without such an arm. */
void screen_scaling(FILE *out, const struct session *session,
		    const struct scaling *scaling);

/* The line directly above every table of an emulated CPU; nothing on others. */
void screen_emulation(FILE *out, const struct session *session);

/* Three or four digits that mean something, right-aligned in `width`. */
void screen_ns(FILE *out, double ns, int width);

#endif
