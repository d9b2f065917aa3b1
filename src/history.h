/* SPDX-License-Identifier: MIT */
/*
 * What earlier runs in the same folder know of the probes' quiet level.
 *
 * A short run on a busy machine may never have the core to itself. How the
 * probes read on a quiet core, and how a row's cost follows them, is a
 * property of the CPU and this binary: another run in the same boot may have
 * seen it, and its run.json says so.
 */
#ifndef SYSCOST_HISTORY_H
#define SYSCOST_HISTORY_H

#include "quiet.h"

struct history {
	unsigned int runs;	    /* that saw the quietest level */
	struct quiet_level level;   /* theirs, mean; ticks */
	struct quiet_curve *curves; /* registry_count(); NULL: none */
};

/* What a run must share for its level to hold here. */
struct history_key {
	const char *build_id;
	const char *boot_id;
	int cpu;
};

/*
 * Reads the run.json of every folder beside `path`, newest names first, and
 * keeps the quietest level and, from the runs that saw it, the mean curve of
 * each row. Files are untrusted: what does not make sense is passed over.
 * 0 or -ENOMEM; none found leaves `runs` 0. history_free releases it.
 */
int history_read(struct history *history, const char *path,
		 const struct history_key *key);
void history_free(struct history *history);

#endif
