/* SPDX-License-Identifier: MIT */
/* The kernel's command line: a parameter's value, and which of them matter. */
#ifndef SYSCOST_CMDLINE_H
#define SYSCOST_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

/* Copies to `kept` the words of `line` whose parameter is known to bear on
 * the cost of a crossing or on its measurement, a space between. */
void cmdline_keep(const char *line, char *kept, size_t size);

/* Is the parameter (an underscore for a dash) there? `value` is what stands
 * behind its '=', cut to fit; the last one holds, as for the kernel. */
bool cmdline_value(const char *line, const char *name, char *value,
		   size_t size);

#endif
