/* SPDX-License-Identifier: MIT */
/* Text from elsewhere, made fit to be shown. */
#ifndef SYSCOST_TEXT_H
#define SYSCOST_TEXT_H

/* Terminals obey control bytes, and a newline would make two lines of one:
 * each becomes '?'. In place. */
void text_make_printable(char *text);

#endif
