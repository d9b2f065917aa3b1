// SPDX-License-Identifier: MIT
/* The catalogue: names every row and finds rows by name. */
#include "registry.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* The bounds of the section in which BENCHMARK_GROUP leaves its pointers;
 * the linker defines them (ld manual, "Orphan Sections"). */
extern const struct benchmark_group *const __start_benchmark_groups[];
extern const struct benchmark_group *const __stop_benchmark_groups[];

static struct registry_entry *entries;
static unsigned int entry_count;

static void add(const struct benchmark_group *group,
		const struct benchmark *benchmark)
{
	struct registry_entry *entry = &entries[entry_count++];

	entry->group = group;
	entry->benchmark = benchmark;
	snprintf(entry->name, sizeof(entry->name), "%s/%s%s%s", group->name,
		 benchmark->path, benchmark->variant ? "/" : "",
		 benchmark->variant ? benchmark->variant : "");
}

static int refuse_twins(void)
{
	for (unsigned int i = 0; i < entry_count; i++)
		for (unsigned int j = 0; j < i; j++)
			if (strcmp(entries[i].name, entries[j].name) == 0)
				return -EEXIST;
	return 0;
}

int registry_init(void)
{
	const struct benchmark_group *const *group;
	size_t rows = 0;

	for (group = __start_benchmark_groups; group < __stop_benchmark_groups;
	     group++)
		rows += (*group)->count;
	entries = calloc(rows, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	entry_count = 0;
	for (group = __start_benchmark_groups; group < __stop_benchmark_groups;
	     group++)
		for (size_t i = 0; i < (*group)->count; i++)
			add(*group, &(*group)->benchmarks[i]);
	return refuse_twins();
}

unsigned int registry_count(void)
{
	return entry_count;
}

const struct registry_entry *registry_get(unsigned int index)
{
	return &entries[index];
}

const struct registry_entry *registry_yardstick(enum yardstick yardstick)
{
	for (unsigned int i = 0; i < entry_count; i++)
		if (entries[i].benchmark->yardstick == yardstick)
			return &entries[i];
	return NULL;
}

int registry_select(const char *expression, bool *selected, char *error,
		    size_t error_bytes)
{
	bool inverted = expression && expression[0] == '-';
	bool short_of_memory = false;
	regex_t regex;
	int count = 0, code;

	code = regcomp(&regex, expression ? expression + inverted : "",
		       REG_EXTENDED | REG_NOSUB);
	if (code == REG_ESPACE)
		return -ENOMEM;
	if (code) {
		regerror(code, &regex, error, error_bytes);
		return -EINVAL;
	}
	for (unsigned int i = 0; i < entry_count; i++) {
		bool match;

		errno = 0;
		match = !regexec(&regex, entries[i].name, 0, NULL, 0);
		/* glibc's answers "no match" too where memory ran out. */
		short_of_memory |= !match && errno == ENOMEM;
		selected[i] = match != inverted;
		count += selected[i];
	}
	regfree(&regex);
	return short_of_memory ? -ENOMEM : count;
}
