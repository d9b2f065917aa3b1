/* SPDX-License-Identifier: MIT */
/* The line that tells how far it is, on a terminal's stderr only. It is
 * written between launches, while no worker is there to be disturbed. */
#ifndef SYSCOST_PROGRESS_H
#define SYSCOST_PROGRESS_H

#include "session.h"

/* Before the rows are tried. */
void progress_of_trials(void);

/* Before launch `next`, and of single calls. */
void progress_of_launches(const struct session *session, unsigned int next);
void progress_of_calls(const struct session *session, unsigned int next);

/* Takes the line away. */
void progress_clear(void);

#endif
