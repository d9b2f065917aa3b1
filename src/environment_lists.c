// SPDX-License-Identifier: MIT
/* The facts that come several times: idle states, caches, batteries, zones. */
#include <stdio.h>
#include <string.h>

#include "environment_parts.h"
#include "facts.h"
#include "governors.h"
#include "sheet.h"

#define CPUS "/sys/devices/system/cpu"

struct member {
	const char *key;
	const char *file;
};

static const struct member state[] = {
	{ "name", "name" },
	{ "latency_us", "latency" },
	{ "disabled", "disable" },
	{ NULL, NULL },
};

static const struct member cache[] = {
	{ "level", "level" }, { "type", "type" },
	{ "size", "size" },   { "shared_by", "shared_cpu_list" },
	{ NULL, NULL },
};

/* A mains adapter has no status and a battery is not "online". */
static const struct member supply[] = {
	{ "type", "type" },
	{ "online", "online" },
	{ "status", "status" },
	{ NULL, NULL },
};

static const struct member zone[] = {
	{ "type", "type" },
	{ "millidegrees", "temp" },
	{ NULL, NULL },
};

static const struct member sensor[] = {
	{ "name", "name" },
	{ "millidegrees", "temp1_input" },
	{ NULL, NULL },
};

/* One folder's files as an object, with its name among them. */
static json_t *read_members(const struct sheet *sheet, const char *key,
			    const char *folder, const char *name,
			    const struct member *members)
{
	char section[160], path[640];
	struct sheet inner = {
		.facts = json_object(),
		.unreadable = sheet->unreadable,
		.section = section,
	};

	snprintf(section, sizeof(section), "%s.%s.%.100s", sheet->section, key,
		 name);
	sheet_text(&inner, "id", name);
	for (; members->key; members++) {
		snprintf(path, sizeof(path), "%s/%s/%s", folder, name,
			 members->file);
		sheet_line(&inner, members->key, path);
	}
	return inner.facts;
}

/* Those folders within `folder` whose names begin with `prefix`. */
static void read_list(json_t *environment, const char *section, const char *key,
		      const char *folder, const char *prefix,
		      const struct member *members)
{
	struct sheet sheet = sheet_begin(environment, section);
	char **names;
	int count = facts_names(folder, &names);
	json_t *list;

	if (count < 0) {
		sheet_null(&sheet, key, count);
		return;
	}
	list = json_array();
	for (int i = 0; i < count; i++)
		if (strncmp(names[i], prefix, strlen(prefix)) == 0)
			json_array_append_new(list,
					      read_members(&sheet, key, folder,
							   names[i], members));
	sheet_json(&sheet, key, list);
	facts_free_names(names, count);
}

static void read_governors(json_t *environment)
{
	struct sheet top = sheet_begin(environment, "");
	char names[256];
	int error = governors_read(CPUS, names, sizeof(names));

	sheet_found(&top, "governor", names, error);
}

/* How many; their names are of no interest, and are paths. */
static void read_swaps(const struct sheet *sheet)
{
	char text[16384];
	long length = facts_file("/proc/swaps", text, sizeof(text));
	json_int_t lines = 0;

	if (length < 0) {
		sheet_null(sheet, "swaps", (int)length);
		return;
	}
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	sheet_json(sheet, "swaps", json_integer(lines ? lines - 1 : 0));
}

static void read_memory(json_t *environment)
{
	struct sheet sheet = sheet_begin(environment, "memory");
	char text[8192];
	long length = facts_file("/proc/meminfo", text, sizeof(text));

	if (length < 0)
		sheet_null(&sheet, "meminfo", (int)length);
	sheet_value(&sheet, "total", text, "MemTotal");
	sheet_value(&sheet, "available", text, "MemAvailable");
	read_swaps(&sheet);
}

void environment_lists(json_t *environment, int cpu)
{
	char folder[128];

	snprintf(folder, sizeof(folder), CPUS "/cpu%d/cpuidle", cpu);
	read_list(environment, "idle", "states", folder, "state", state);
	snprintf(folder, sizeof(folder), CPUS "/cpu%d/cache", cpu);
	read_list(environment, "topology", "caches", folder, "index", cache);
	read_list(environment, "power", "supplies", "/sys/class/power_supply",
		  "", supply);
	read_list(environment, "thermal", "zones", "/sys/class/thermal",
		  "thermal_zone", zone);
	read_list(environment, "thermal", "sensors", "/sys/class/hwmon",
		  "hwmon", sensor);
	read_governors(environment);
	read_memory(environment);
}
