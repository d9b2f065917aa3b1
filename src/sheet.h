/* SPDX-License-Identifier: MIT */
/* One section of the machine's facts, and why some of them are null. */
#ifndef SYSCOST_SHEET_H
#define SYSCOST_SHEET_H

#include <jansson.h>
#include <stdbool.h>

struct sheet {
	json_t *facts;
	json_t *unreadable; /* of all sections: "section.key": "ENOENT" */
	const char *section;
};

/* A section of `environment`, new or not; "" is its top. */
struct sheet sheet_begin(json_t *environment, const char *section);

/* Puts what could not be read behind all sections. */
void sheet_end(json_t *environment);

/* A fact as text, whatever bytes it holds, and as any value; a value that is
 * NULL is null for want of memory. */
void sheet_text(const struct sheet *sheet, const char *key, const char *text);
void sheet_json(const struct sheet *sheet, const char *key, json_t *value);

/* A fact that could not be read, for that -errno. */
void sheet_null(const struct sheet *sheet, const char *key, int error);

/* The first line of a file. */
void sheet_line(const struct sheet *sheet, const char *key, const char *path);

/* The value of "from: value" in `text`. */
void sheet_value(const struct sheet *sheet, const char *key, const char *text,
		 const char *from);

/* `text`, or null for `error` where that is not 0. */
void sheet_found(const struct sheet *sheet, const char *key, const char *text,
		 int error);

/* A value of one of the sections, by "section.key" or "key"; NULL: absent. */
const json_t *sheet_find(const json_t *environment, const char *path);

#endif
