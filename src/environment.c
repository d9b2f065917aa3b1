// SPDX-License-Identifier: MIT
/* The machine, the kernel and the task, as facts in JSON. */
#define _GNU_SOURCE
#include "environment.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "arch.h"
#include "cmdline.h"
#include "facts.h"
#include "governors.h"

#define CPUS		"/sys/devices/system/cpu"
#define VULNERABILITIES CPUS "/vulnerabilities"
#define SMT		CPUS "/smt"
#define CLOCKSOURCE	"/sys/devices/system/clocksource/clocksource0/"

/* Notes why a fact is null. */
static void note(json_t *unreadable, const char *what, int error)
{
	const char *name = strerrorname_np(-error);

	json_object_set_new(unreadable, what,
			    json_string(name ? name : "unknown"));
}

/* The length of the UTF-8 sequence that `text` begins with; 0: none. */
static size_t sequence_length(const unsigned char *text)
{
	size_t length = text[0] < 0x80			    ? 1
			: text[0] >= 0xc2 && text[0] < 0xe0 ? 2
			: text[0] >= 0xe0 && text[0] < 0xf0 ? 3
			: text[0] >= 0xf0 && text[0] < 0xf5 ? 4
							    : 0;
	json_t *value;

	for (size_t i = 1; i < length; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	value = length ? json_stringn((const char *)text, length) : NULL;
	json_decref(value);
	return value ? length : 0;
}

json_t *environment_text(const char *text)
{
	char *clean;
	json_t *value;

	if (!text)
		return json_null();
	clean = strdup(text);
	if (!clean)
		return NULL;
	for (unsigned char *at = (unsigned char *)clean; *at;) {
		size_t length = sequence_length(at);

		if (!length || iscntrl(*at)) {
			*at = '?';
			length = 1;
		}
		at += length;
	}
	value = json_string(clean);
	free(clean);
	return value;
}

static void set_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, environment_text(text));
}

/* One line of a file as a fact of `object`. */
static void set_line(json_t *object, json_t *unreadable, const char *key,
		     const char *path)
{
	char line[4096];
	int error = facts_line(path, line, sizeof(line));

	set_text(object, key, error ? NULL : line);
	if (error)
		note(unreadable, key, error);
}

/* One "key: value" of a text as a fact of `object`. */
static void set_value(json_t *object, json_t *unreadable, const char *text,
		      const char *from, const char *to)
{
	char value[8192];
	int error = facts_value(text, from, value, sizeof(value));

	set_text(object, to, error ? NULL : value);
	if (error)
		note(unreadable, to, error);
}

void environment_release(bool anonymous, char *release, size_t size)
{
	struct utsname names;

	uname(&names);
	if (anonymous)
		names.release[strspn(names.release, "0123456789.")] = '\0';
	snprintf(release, size, "%s", names.release);
}

static json_t *read_kernel(json_t *unreadable, bool anonymous)
{
	json_t *kernel = json_object();
	char release[128], line[4096], kept[4096];
	struct utsname names;
	int error;

	uname(&names);
	environment_release(anonymous, release, sizeof(release));
	set_text(kernel, "release", release);
	set_text(kernel, "version", anonymous ? NULL : names.version);
	set_text(kernel, "machine", names.machine);
	error = facts_line("/proc/cmdline", line, sizeof(line));
	if (error)
		note(unreadable, "cmdline", error);
	cmdline_keep(line, kept, sizeof(kept));
	set_text(kernel, "cmdline", error ? NULL : anonymous ? kept : line);
	json_object_set_new(kernel, "cmdline_is_filtered",
			    json_boolean(anonymous));
	set_line(kernel, unreadable, "boot_id",
		 "/proc/sys/kernel/random/boot_id");
	set_line(kernel, unreadable, "clocksource",
		 CLOCKSOURCE "current_clocksource");
	set_line(kernel, unreadable, "randomize_va_space",
		 "/proc/sys/kernel/randomize_va_space");
	return kernel;
}

static json_t *read_cpu(json_t *unreadable)
{
	static const char *const keys[][2] = { ARCH_CPUINFO_KEYS };
	json_t *cpu = json_object();
	char text[16384];
	long length = facts_file("/proc/cpuinfo", text, sizeof(text));

	set_text(cpu, "architecture", ARCH_NAME);
	if (length < 0)
		note(unreadable, "cpuinfo", (int)length);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		set_value(cpu, unreadable, text, keys[i][0], keys[i][1]);
	json_object_set_new(cpu, "online",
			    json_integer(sysconf(_SC_NPROCESSORS_ONLN)));
	return cpu;
}

/* Every file of the folder, by listing it: kernels add new ones. */
static json_t *read_vulnerabilities(json_t *unreadable)
{
	json_t *files = json_object();
	DIR *folder = opendir(VULNERABILITIES);
	struct dirent *entry;

	if (!folder) {
		note(unreadable, "vulnerabilities", -errno);
		return files;
	}
	while ((entry = readdir(folder))) {
		char path[512];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), VULNERABILITIES "/%s",
			 entry->d_name);
		set_line(files, unreadable, entry->d_name, path);
	}
	closedir(folder);
	return files;
}

/* Whether the CPU has a flag, by /proc/cpuinfo; null where that is silent. */
static void set_flag(json_t *object, json_t *unreadable, const char *key,
		     const char *flag)
{
	char flags[8192];
	int error = facts_cpuinfo("flags", flags, sizeof(flags));

	json_object_set_new(object, key,
			    error ? json_null()
				  : json_boolean(facts_has_word(flags, flag)));
	if (error)
		note(unreadable, key, error);
}

/* x86's flag tells of PTI what sysfs does not: "Not affected" comes before
 * the flag is looked at (arch/x86/kernel/cpu/bugs.c). */
static json_t *read_mitigations(json_t *unreadable)
{
	json_t *mitigations = json_object();

	json_object_set_new(mitigations, "vulnerabilities",
			    read_vulnerabilities(unreadable));
	set_flag(mitigations, unreadable, "pti_flag", "pti");
	return mitigations;
}

static json_t *read_task(json_t *unreadable)
{
	static const char *const keys[] = {
		"Seccomp",
		"Seccomp_filters",
		"NoNewPrivs",
		"TracerPid",
		"Speculation_Store_Bypass",
		"SpeculationIndirectBranch",
		"Cpus_allowed_list",
	};
	json_t *task = json_object();
	char text[8192];
	long length = facts_file("/proc/self/status", text, sizeof(text));

	if (length < 0)
		note(unreadable, "status", (int)length);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		set_value(task, unreadable, text, keys[i], keys[i]);
	return task;
}

/* Are there hardware threads beside ours, and may they run? */
static json_t *read_smt(json_t *unreadable)
{
	static const char *const names[] = { "control", "active" };
	json_t *smt = json_object();
	char path[64], line[32], key[32];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int error;

		snprintf(path, sizeof(path), SMT "/%s", names[i]);
		error = facts_line(path, line, sizeof(line));
		set_text(smt, names[i], error ? NULL : line);
		snprintf(key, sizeof(key), "smt_%s", names[i]);
		if (error)
			note(unreadable, key, error);
	}
	return smt;
}

static void set_governor(json_t *environment, json_t *unreadable)
{
	char names[256];
	int error = governors_read(CPUS, names, sizeof(names));

	set_text(environment, "governor", error ? NULL : names);
	if (error)
		note(unreadable, "governor", error);
}

json_t *environment_read(bool anonymous)
{
	json_t *environment = json_object();
	json_t *unreadable = json_object();
	char host[256] = "";

	gethostname(host, sizeof(host) - 1);
	set_text(environment, "host", anonymous ? NULL : host);
	json_object_set_new(environment, "kernel",
			    read_kernel(unreadable, anonymous));
	json_object_set_new(environment, "cpu", read_cpu(unreadable));
	json_object_set_new(environment, "smt", read_smt(unreadable));
	set_governor(environment, unreadable);
	set_flag(environment, unreadable, "hypervisor", "hypervisor");
	json_object_set_new(environment, "mitigations",
			    read_mitigations(unreadable));
	json_object_set_new(environment, "task", read_task(unreadable));
	set_line(environment, unreadable, "loadavg", "/proc/loadavg");
	json_object_set_new(environment, "unreadable", unreadable);
	return environment;
}
