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

#define FLAGS_BYTES 8192

/* What the sections are made from. */
struct source {
	char cpuinfo[16384]; /* the first CPU's block is enough */
	char status[8192];
	char flags[FLAGS_BYTES];
	char cmdline[4096];
	char task_ssb[64];
	const struct cpuinfo_dialect *dialect;
	bool has_flags, has_cmdline, has_ssb;
	struct vulnerabilities vulnerabilities;
	struct kconfig config;
};

static void read_source(struct source *source, json_t *environment)
{
	struct sheet cpu = sheet_begin(environment, "cpu");
	long length = facts_file("/proc/cpuinfo", source->cpuinfo,
				 sizeof(source->cpuinfo));
	char release[256];

	if (length < 0)
		sheet_null(&cpu, "cpuinfo", (int)length);
	facts_file("/proc/self/status", source->status, sizeof(source->status));
	source->dialect = cpuinfo_dialect(source->cpuinfo,
					  facts_are_live() ? ARCH_NAME : "");
	for (size_t i = 0; i < source->dialect->count; i++)
		if (strcmp(source->dialect->keys[i].fact, "flags") == 0)
			source->has_flags =
				facts_value(source->cpuinfo,
					    source->dialect->keys[i].line,
					    source->flags, FLAGS_BYTES) == 0;
	source->has_cmdline = facts_line("/proc/cmdline", source->cmdline,
					 sizeof(source->cmdline)) == 0;
	source->has_ssb =
		facts_value(source->status, "Speculation_Store_Bypass",
			    source->task_ssb, sizeof(source->task_ssb)) == 0;
	vulnerabilities_read(&source->vulnerabilities);
	environment_release(false, release, sizeof(release));
	if (kconfig_read(&source->config, release))
		source->config.text = NULL;
}

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
	int error = facts_line("/sys/devices/system/cpu/online", list,
			       sizeof(list));

	if (facts_are_live())
		sheet_json(cpu, "online",
			   json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	else if (error)
		sheet_null(cpu, "online", error);
	else
		sheet_json(cpu, "online", json_integer(count_listed(list)));
}

static void describe_cpu(const struct source *source, json_t *environment)
{
	const struct cpuinfo_dialect *dialect = source->dialect;
	struct sheet cpu = sheet_begin(environment, "cpu");
	const char *name = dialect->architecture;

	if (facts_are_live())
		name = ARCH_NAME;
	sheet_found(&cpu, "architecture", name, name[0] ? 0 : -ENODATA);
	for (size_t i = 0; i < dialect->count; i++)
		sheet_value(&cpu, dialect->keys[i].fact, source->cpuinfo,
			    dialect->keys[i].line);
	set_online(&cpu);
}

/* x86's flags tell; other architectures have no such flag. */
static void set_flag(const struct sheet *sheet, const char *key,
		     const struct source *source, const char *flag)
{
	if (strcmp(source->dialect->architecture, "x86_64") == 0 &&
	    source->has_flags)
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

static json_t *derived_json(const struct source *source)
{
	const struct signs signs = {
		.architecture = source->dialect->architecture,
		.flags = source->has_flags ? source->flags : NULL,
		.cmdline = source->has_cmdline ? source->cmdline : NULL,
		.config = source->config.text,
		.task_ssb = source->has_ssb ? source->task_ssb : NULL,
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
	sheet_json(&mitigations, "derived", derived_json(source));
}

void environment_cpu(json_t *environment)
{
	struct source *source = calloc(1, sizeof(*source));
	struct sheet top = sheet_begin(environment, "");

	if (!source) {
		sheet_null(&top, "mitigations", -ENOMEM);
		return;
	}
	read_source(source, environment);
	describe_cpu(source, environment);
	describe_entry(source, environment);
	set_flag(&top, "hypervisor", source, "hypervisor");
	describe_mitigations(source, environment);
	kconfig_free(&source->config);
	free(source);
}
