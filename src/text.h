/* SPDX-License-Identifier: MIT */
/* Text from elsewhere, made fit to be shown. */
#ifndef SYSCOST_TEXT_H
#define SYSCOST_TEXT_H

/* Terminals obey control characters, those that UTF-8 has in two bytes as well
 * (C1: 0xc2 0x9b is the start of a command), and a newline would make two lines
 * of one: each of their bytes becomes '?'. In place. */
void text_make_printable(char *text);

#endif
