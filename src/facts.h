/* SPDX-License-Identifier: MIT */
/* Reads facts of the machine from /proc and /sys: text in, text out. */
#ifndef SYSCOST_FACTS_H
#define SYSCOST_FACTS_H

#include <stdbool.h>
#include <stddef.h>

/* The whole file, NUL-terminated, cut at size - 1; its length or -errno. */
long facts_file(const char *path, char *text, size_t size);

/* The file's first line without its newline; 0 or -errno. */
int facts_line(const char *path, char *line, size_t size);

/* The value behind "key:" or "key\t:" in `text`, trimmed; 0 or -ENODATA. */
int facts_value(const char *text, const char *key, char *value, size_t size);

/* The first such value of /proc/cpuinfo; 0 or -errno. */
int facts_cpuinfo(const char *key, char *value, size_t size);

/* Is `word` one of the words of `text`, which white space separates? */
bool facts_has_word(const char *text, const char *word);

#endif
