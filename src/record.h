/* SPDX-License-Identifier: MIT */
/* run.json: everything about the run that is not a batch. */
#ifndef SYSCOST_RECORD_H
#define SYSCOST_RECORD_H

#include <stdio.h>

#include "doubts.h"
#include "session.h"

#define RECORD_SCHEMA 1

/* Writes run.json; 0 or -ENOMEM. docs/formats.md describes every key. */
int record_write(const struct session *session, const struct doubt *doubts,
		 size_t doubt_count, FILE *file);

#endif
