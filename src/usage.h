/* SPDX-License-Identifier: MIT */
/* Wrong usage ends the program, in one line that says what and where. */
#ifndef SYSCOST_USAGE_H
#define SYSCOST_USAGE_H

#include <stddef.h>

/* Prints one line on stderr and exits with 2. */
void usage_refuse(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/* A whole number in [low, high], or a refusal that names the option. */
long usage_number(const char *option, const char *text, long low, long high);

/* Refuses what cannot stand in a CSV file or a folder's name, or has `most`
 * characters and more. */
void usage_check_name(const char *option, const char *name, size_t most);

/* Refuses all but up to `most` small letters, digits and "._-"; and "none". */
void usage_check_word(const char *option, const char *word, size_t most);

#endif
