/* SPDX-License-Identifier: MIT */
/* The name of the run folder. */
#ifndef SYSCOST_FOLDER_H
#define SYSCOST_FOLDER_H

#include <stddef.h>

#include "session.h"

/* Where the run goes: --output, or results/TIME-HOST-RELEASE[-LABEL], with
 * -2, -3 ... behind it from the second attempt on. 0 or -ENAMETOOLONG. */
int folder_name(const struct session *session, unsigned int attempt, char *path,
		size_t size);

#endif
