/* SPDX-License-Identifier: MIT */
/* The files of a run's end: record, summary and exports. */
#ifndef SYSCOST_SAVE_H
#define SYSCOST_SAVE_H

#include "doubts.h"
#include "scaling.h"
#include "session.h"
#include "store.h"
#include "summary.h"

/*
 * Finishes the tables, writes the files, the most needed first, and gives the
 * folder its name; a file that cannot be written does not cost the others, and
 * the session fails with it. Where all of it is now.
 */
const char *save_run(struct session *session, const struct summary *summary,
		     const struct scaling *scaling, const struct doubt *doubts,
		     size_t count, struct store *store);

#endif
