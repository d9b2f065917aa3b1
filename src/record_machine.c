// SPDX-License-Identifier: MIT
/* run.json's parts that need no measurement: tool, placement, doubts. */
#include "record_machine.h"

#include <errno.h>
#include <gnu/libc-version.h>

#include "arch.h"
#include "build.h"
#include "put.h"
#include "version.h"

json_t *record_tool(void)
{
	json_t *tool = json_object(), *libraries = json_object();
	char id[64];

	build_id(id, sizeof(id));
	put_text(tool, "name", "syscost");
	put_text(tool, "version", SYSCOST_VERSION);
	put_text(tool, "build_type", SYSCOST_BUILD_TYPE);
	put_text(tool, "build_id", id[0] ? id : NULL);
	put_text(tool, "compiler", SYSCOST_COMPILER);
	put_text(tool, "flags", SYSCOST_FLAGS);
	put_text(tool, "architecture", ARCH_NAME);
	put_text(tool, "libc", gnu_get_libc_version());
	put_text(libraries, "hwloc", SYSCOST_HWLOC_VERSION);
	put_text(libraries, "jansson", JANSSON_VERSION);
	put_text(libraries, "benchmark", SYSCOST_BENCHMARK_VERSION);
	json_object_set_new(tool, "libraries", libraries);
	return tool;
}

static void put_cpu(json_t *object, const char *key, int cpu)
{
	json_object_set_new(object, key,
			    cpu < 0 ? json_null() : json_integer(cpu));
}

json_t *record_placement(const struct topology_choice *choice)
{
	json_t *placement = json_object();

	put_cpu(placement, "cpu", choice->cpu);
	put_text(placement, "why", choice->why);
	put_text(placement, "allowed", choice->allowed);
	put_text(placement, "isolated", choice->isolated);
	put_count(placement, "cpus", (uint64_t)choice->cpus);
	put_count(placement, "cores", (uint64_t)choice->cores);
	put_count(placement, "siblings_of_core", (uint64_t)choice->siblings);
	put_cpu(placement, "sibling", choice->sibling);
	put_count(placement, "kinds", (uint64_t)choice->kinds);
	put_bool(placement, "hwloc_variables_ignored", choice->foreign);
	return placement;
}

json_t *record_doubts(const struct doubt *doubts, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *json = json_object();

		put_text(json, "id", doubts[i].id);
		put_text(json, "severity",
			 doubts_severity_text(doubts[i].severity));
		put_text(json, "message", doubts[i].message);
		put_text(json, "remedy", doubts[i].remedy);
		json_array_append_new(list, json);
	}
	return list;
}

int record_print(json_t *json, FILE *file)
{
	int failed = !json ||
		     json_dumpf(json, file,
				JSON_INDENT(2) | JSON_REAL_PRECISION(10));

	json_decref(json);
	fputc('\n', file);
	return failed ? -ENOMEM : 0;
}

int record_print_environment(const struct session *session,
			     const struct doubt *doubts, size_t count,
			     FILE *file)
{
	json_t *environment = session->environment;

	json_object_set_new(environment, "placement",
			    record_placement(&session->choice));
	json_object_set_new(environment, "tool", record_tool());
	json_object_set_new(environment, "doubts",
			    record_doubts(doubts, count));
	return record_print(json_incref(environment), file);
}
