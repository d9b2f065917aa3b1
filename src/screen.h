/* SPDX-License-Identifier: MIT */
/* What a person sees: the progress line, the table, the doubts. */
#ifndef SYSCOST_SCREEN_H
#define SYSCOST_SCREEN_H

#include <stdio.h>

#include "doubts.h"
#include "session.h"
#include "summary.h"

/* The line on a terminal's stderr before launch `next`; nothing elsewhere. */
void screen_progress(const struct session *session, unsigned int next);
void screen_progress_clear(void);

/* The catalogue, a line a row. */
void screen_list(FILE *out, const struct session *session);

/* Head, table, skipped rows and doubts. */
void screen_results(FILE *out, const struct session *session,
		    const struct summary *summary, const struct doubt *doubts,
		    size_t doubt_count);

#endif
