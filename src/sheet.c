// SPDX-License-Identifier: MIT
/* One section of the machine's facts, and why some of them are null. */
#define _GNU_SOURCE
#include "sheet.h"

#include <stdio.h>
#include <string.h>

#include "environment.h"
#include "facts.h"

#define UNREADABLE "unreadable"

struct sheet sheet_begin(json_t *environment, const char *section)
{
	struct sheet sheet = {
		.facts = environment,
		.unreadable = json_object_get(environment, UNREADABLE),
		.section = section,
	};

	if (!sheet.unreadable) {
		sheet.unreadable = json_object();
		json_object_set_new(environment, UNREADABLE, sheet.unreadable);
	}
	if (!section[0])
		return sheet;
	sheet.facts = json_object_get(environment, section);
	if (!sheet.facts) {
		sheet.facts = json_object();
		json_object_set_new(environment, section, sheet.facts);
	}
	return sheet;
}

void sheet_end(json_t *environment)
{
	json_t *unreadable =
		json_incref(json_object_get(environment, UNREADABLE));

	json_object_del(environment, UNREADABLE);
	json_object_set_new(environment, UNREADABLE, unreadable);
}

void sheet_json(const struct sheet *sheet, const char *key, json_t *value)
{
	json_object_set_new(sheet->facts, key, value ? value : json_null());
}

void sheet_text(const struct sheet *sheet, const char *key, const char *text)
{
	sheet_json(sheet, key, environment_text(text));
}

/* A key may be a file's name, and hold any bytes. */
void sheet_null(const struct sheet *sheet, const char *key, int error)
{
	const char *name = strerrorname_np(-error);
	char path[256];

	snprintf(path, sizeof(path), "%s%s%s", sheet->section,
		 sheet->section[0] ? "." : "", key);
	sheet_json(sheet, key, json_null());
	json_object_set_new(sheet->unreadable, path,
			    json_string(name ? name : "unknown"));
}

void sheet_found(const struct sheet *sheet, const char *key, const char *text,
		 int error)
{
	if (error)
		sheet_null(sheet, key, error);
	else
		sheet_text(sheet, key, text);
}

void sheet_line(const struct sheet *sheet, const char *key, const char *path)
{
	char line[4096];
	int error = facts_line(path, line, sizeof(line));

	sheet_found(sheet, key, line, error);
}

void sheet_value(const struct sheet *sheet, const char *key, const char *text,
		 const char *from)
{
	char value[8192];
	int error = facts_value(text, from, value, sizeof(value));

	sheet_found(sheet, key, value, error);
}

const json_t *sheet_find(const json_t *environment, const char *path)
{
	const char *dot = strchr(path, '.');
	char section[64];

	if (!dot)
		return json_object_get(environment, path);
	snprintf(section, sizeof(section), "%.*s", (int)(dot - path), path);
	return sheet_find(json_object_get(environment, section), dot + 1);
}
