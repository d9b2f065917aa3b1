// SPDX-License-Identifier: MIT
/* The machine, the kernel and the task, as facts in JSON. */
#include "environment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "environment_parts.h"
#include "sheet.h"

json_t *environment_read(bool anonymous, int cpu,
			 const struct emulation *emulation)
{
	json_t *environment = json_object();
	struct kconfig config;
	struct sheet top;

	if (!environment)
		return NULL;
	top = sheet_begin(environment, "");
	environment_kernel(environment, anonymous, &config);
	environment_task(environment);
	environment_cpu(environment, &config);
	kconfig_free(&config);
	environment_lines(environment, cpu < 0 ? 0 : cpu);
	environment_lists(environment, cpu < 0 ? 0 : cpu);
	environment_guest(environment, emulation);
	sheet_line(&top, "loadavg", "/proc/loadavg");
	sheet_end(environment);
	return environment;
}

const char *environment_get(const json_t *environment, const char *path)
{
	return json_string_value(sheet_find(environment, path));
}

double environment_number(const json_t *environment, const char *path)
{
	const json_t *value = sheet_find(environment, path);
	const char *text = json_string_value(value);
	char *end;
	double number;

	if (json_is_number(value))
		return json_number_value(value);
	if (!text)
		return NAN;
	number = strtod(text, &end);
	return end == text ? NAN : number;
}

bool environment_is(const json_t *environment, const char *path)
{
	return json_is_true(sheet_find(environment, path));
}

size_t environment_count(const json_t *environment, const char *path)
{
	return json_array_size(sheet_find(environment, path));
}

bool environment_any(const json_t *environment, const char *path,
		     const char *key, const char *text)
{
	const json_t *list = sheet_find(environment, path);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *found = json_string_value(
			json_object_get(json_array_get(list, i), key));

		if (found && strcmp(found, text) == 0)
			return true;
	}
	return false;
}

const char *environment_why(const json_t *environment, const char *path)
{
	const json_t *unreadable = json_object_get(environment, "unreadable");

	return json_string_value(json_object_get(unreadable, path));
}
