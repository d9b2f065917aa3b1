// SPDX-License-Identifier: MIT
/* The CPU, how it enters the kernel, and which mitigations are on that way. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arch.h"
#include "cpuinfo.h"
#include "environment.h"
#include "environment_parts.h"
#include "facts.h"
#include "kconfig.h"
#include "mitigations.h"
#include "sheet.h"

/* What the sections are made from. */
struct source {
	char cpuinfo[16384]; /* the first CPU's block is enough */
	const struct cpuinfo_dialect *dialect;
	const char *flags; /* NULL: not known */
	const struct kconfig *config;
	struct vulnerabilities vulnerabilities;
};

/* How many CPUs a list such as "0-3,8" names. */
static long count_listed(const char *list)
{
	long count = 0;

	while (*list >= '0' && *list <= '9') {
		char *end;
		long first = strtol(list, &end, 10), last = first;

		if (*end == '-')
			last = strtol(end + 1, &end, 10);
		count += last >= first ? last - first + 1 : 0;
		list = end + (*end == ',');
	}
	return count;
}

static void set_online(const struct sheet *cpu)
{
	char list[4096];
	int error;

	if (facts_are_live()) {
		sheet_json(cpu, "online",
			   json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
		return;
	}
	error = facts_line("/sys/devices/system/cpu/online", list,
			   sizeof(list));
	if (error)
		sheet_null(cpu, "online", error);
	else
		sheet_json(cpu, "online", json_integer(count_listed(list)));
}

static void describe_cpu(struct source *source, json_t *environment)
{
	const char *usual = facts_are_live() ? ARCH_NAME : "", *name = usual;
	long length = facts_file("/proc/cpuinfo", source->cpuinfo,
				 sizeof(source->cpuinfo));
	const struct cpuinfo_dialect *dialect =
		cpuinfo_dialect(source->cpuinfo, usual);
	struct sheet cpu = sheet_begin(environment, "cpu");

	source->dialect = dialect;
	if (length < 0)
		sheet_null(&cpu, "cpuinfo", (int)length);
	if (!facts_are_live())
		name = dialect->architecture;
	sheet_found(&cpu, "architecture", name, name[0] ? 0 : -ENODATA);
	for (size_t i = 0; i < dialect->count; i++)
		sheet_value(&cpu, dialect->keys[i].fact, source->cpuinfo,
			    dialect->keys[i].line);
	source->flags = environment_get(environment, "cpu.flags");
	set_online(&cpu);
}

/* x86's flags tell; other architectures have no such flag. */
static void set_flag(const struct sheet *sheet, const char *key,
		     const struct source *source, const char *flag)
{
	if (strcmp(source->dialect->architecture, "x86_64") == 0 &&
	    source->flags)
		sheet_json(sheet, key,
			   json_boolean(facts_has_word(source->flags, flag)));
	else
		sheet_null(sheet, key, -ENODATA);
}

/* FRED replaces the whole entry; the flag is shown only where it is in force
 * (arch/x86/kernel/traps.c clears it otherwise), and PTI excludes it
 * (arch/x86/mm/pti.c). */
static void describe_entry(const struct source *source, json_t *environment)
{
	struct sheet entry = sheet_begin(environment, "entry");
	const char *name = source->dialect->entry;

	set_flag(&entry, "fred", source, "fred");
	if (json_is_true(json_object_get(entry.facts, "fred")))
		name = "syscall, by FRED";
	sheet_text(&entry, "mechanism", name);
}

static json_t *derived_json(const struct source *source,
			    const json_t *environment)
{
	const struct signs signs = {
		.architecture = source->dialect->architecture,
		.flags = source->flags,
		.cmdline = environment_get(environment, "kernel.cmdline"),
		.config = source->config->text,
		.task_ssb = environment_get(environment,
					    "task.Speculation_Store_Bypass"),
		.vulnerabilities = &source->vulnerabilities,
	};
	struct mitigation found[MITIGATIONS_MOST];
	size_t count = mitigations_derive(&signs, found);
	json_t *derived = json_object();

	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object();

		json_object_set_new(
			one, "state",
			json_string(mitigations_state_text(found[i].state)));
		json_object_set_new(one, "evidence",
				    environment_text(found[i].evidence));
		json_object_set_new(derived, found[i].name, one);
	}
	return derived;
}

static json_t *vulnerabilities_json(const struct source *source,
				    const struct sheet *mitigations)
{
	const struct vulnerabilities *all = &source->vulnerabilities;
	struct sheet files = {
		.facts = json_object(),
		.unreadable = mitigations->unreadable,
		.section = "mitigations.vulnerabilities",
	};

	if (all->count < 0)
		sheet_null(mitigations, "vulnerabilities", all->count);
	for (int i = 0; i < all->count; i++) {
		json_t *name = environment_text(all->files[i].name);

		sheet_found(&files, json_string_value(name), all->files[i].text,
			    all->files[i].error);
		json_decref(name);
	}
	return files.facts;
}

static void describe_mitigations(const struct source *source,
				 json_t *environment)
{
	struct sheet mitigations = sheet_begin(environment, "mitigations");
	json_t *files = vulnerabilities_json(source, &mitigations);

	sheet_json(&mitigations, "vulnerabilities", files);
	set_flag(&mitigations, "pti_flag", source, "pti");
	sheet_json(&mitigations, "derived", derived_json(source, environment));
}

void environment_cpu(json_t *environment, const struct kconfig *config)
{
	struct source *source = calloc(1, sizeof(*source));
	struct sheet top = sheet_begin(environment, "");

	if (!source) {
		sheet_null(&top, "mitigations", -ENOMEM);
		return;
	}
	source->config = config;
	vulnerabilities_read(&source->vulnerabilities);
	describe_cpu(source, environment);
	describe_entry(source, environment);
	set_flag(&top, "hypervisor", source, "hypervisor");
	describe_mitigations(source, environment);
	free(source);
}
