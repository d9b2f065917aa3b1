/* SPDX-License-Identifier: MIT */
/* Which parameters of the kernel's command line bear on the cost. */
#ifndef SYSCOST_CMDLINE_H
#define SYSCOST_CMDLINE_H

#include <stddef.h>

/* Copies to `kept` the words of `line` whose parameter is known to bear on
 * the cost of a crossing or on its measurement, a space between. */
void cmdline_keep(const char *line, char *kept, size_t size);

#endif
