/* SPDX-License-Identifier: MIT */
/* Reads facts of the machine from /proc and /sys: text in, text out. */
#ifndef SYSCOST_FACTS_H
#define SYSCOST_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A count that the kernel does not tell. */
#define FACTS_UNKNOWN UINT64_MAX

/*
 * From now on every path below is looked up in the folder `root`, a machine
 * that was recorded: nothing in it, a link least of all, leads out of it
 * (openat2(2), RESOLVE_IN_ROOT; Linux 5.6). NULL: this machine again. 0 or
 * -errno.
 */
int facts_set_root(const char *root);

/* Are the facts those of the machine that this runs on? */
bool facts_are_live(void);

/* The whole file, NUL-terminated, cut at size - 1; its length or -errno. */
long facts_file(const char *path, char *text, size_t size);

/* The whole file, NUL-terminated, which the caller frees; its length, -EFBIG
 * where it is longer than `most`, or -errno. */
long facts_whole_file(const char *path, char **text, size_t most);

/* The text alone; NULL with errno. */
char *facts_whole(const char *path, size_t most);

/* The file's first line without its newline; 0 or -errno. */
int facts_line(const char *path, char *line, size_t size);

/* A folder's names but those that begin with a dot, as people number them
 * (cpu2 before cpu10); how many, or -errno. facts_free_names frees them. */
int facts_names(const char *folder, char ***names);
void facts_free_names(char **names, int count);

/* Is there such a file or folder? */
bool facts_exist(const char *path);

/* The value behind "key:" or "key\t:" in `text`, trimmed; 0 or -ENODATA. */
int facts_value(const char *text, const char *key, char *value, size_t size);

/* The first such value of /proc/cpuinfo; 0 or -errno. */
int facts_cpuinfo(const char *key, char *value, size_t size);

/* Is `word` one of the words of `text`, which white space separates? */
bool facts_has_word(const char *text, const char *word);

/*
 * The decimal number at *text, which it moves behind it; spaces and tabs before
 * it are skipped, and one, a newline or the end must follow. False, and *text
 * where it was: no number. FACTS_UNKNOWN: too large.
 */
bool facts_count(const char **text, uint64_t *count);

/* The sum; FACTS_UNKNOWN where one of them is, or where it is too large. */
uint64_t facts_sum(uint64_t a, uint64_t b);

#endif
