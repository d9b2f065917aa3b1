/* SPDX-License-Identifier: MIT */
/* The launch medians in other tools' formats. */
#ifndef SYSCOST_EXPORTS_H
#define SYSCOST_EXPORTS_H

#include <stdio.h>

#include "session.h"
#include "summary.h"

/* gbench.json: a row a launch, for Google Benchmark's compare.py, whose test
 * is then at the level of launches. 0 or -ENOMEM. */
int exports_gbench(const struct session *session, const struct summary *summary,
		   FILE *file);

/* benchstat.txt: Go's benchmark format, a line a launch. */
void exports_benchstat(const struct session *session,
		       const struct summary *summary, FILE *file);

#endif
