/* SPDX-License-Identifier: MIT */
/* What --help says beside the options. */
#ifndef SYSCOST_HELP_H
#define SYSCOST_HELP_H

#include <stddef.h>

#define HELP_BYTES 8192

/* The text around the options as argp takes it: what stands before them, a
 * vertical tab, what stands behind them. */
void help_write(char *text, size_t size);

#endif
