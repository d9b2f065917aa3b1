/* SPDX-License-Identifier: MIT */
/* Text from elsewhere, made fit to be shown. */
#ifndef SYSCOST_TEXT_H
#define SYSCOST_TEXT_H

#include <stddef.h>

/* Terminals obey control characters, those that UTF-8 has in two bytes as well
 * (C1: 0xc2 0x9b is the start of a command), and a newline would make two lines
 * of one: each of their bytes becomes '?', and so do marks that turn or hide
 * text. In place. */
void text_make_printable(char *text);

/*
 * How many bytes of UTF-8 at `text` are a character that is not seen but
 * changes what is: one of the second set of control characters (C1), or a mark
 * that turns or hides text (Unicode Standard Annex 9; "Trojan Source",
 * CVE-2021-42574). 0: it begins with none.
 */
size_t text_hidden(const char *text);

#endif
