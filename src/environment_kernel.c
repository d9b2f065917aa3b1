// SPDX-License-Identifier: MIT
/* The kernel's facts: release, command line, configuration. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "cmdline.h"
#include "environment.h"
#include "environment_parts.h"
#include "facts.h"
#include "kconfig.h"
#include "sheet.h"

/* One of uname's texts. A recorded machine has them as files, and before
 * /proc/sys was there, the release in /proc/version. */
static int read_name(const char *from_uname, const char *file, char *name,
		     size_t size)
{
	char path[128];

	if (facts_are_live()) {
		snprintf(name, size, "%s", from_uname);
		return 0;
	}
	snprintf(path, sizeof(path), "/proc/sys/kernel/%s", file);
	return facts_line(path, name, size);
}

static int read_release(char *release, size_t size)
{
	static const char before[] = "Linux version ";
	struct utsname names;
	char line[512];
	int error;

	uname(&names);
	error = read_name(names.release, "osrelease", release, size);
	if (!error || facts_line("/proc/version", line, sizeof(line)) ||
	    strncmp(line, before, sizeof(before) - 1) != 0)
		return error;
	snprintf(release, size, "%.*s",
		 (int)strcspn(line + sizeof(before) - 1, " "),
		 line + sizeof(before) - 1);
	return 0;
}

void environment_release(bool anonymous, char *release, size_t size)
{
	if (read_release(release, size))
		release[0] = '\0';
	if (anonymous)
		release[strspn(release, "0123456789.")] = '\0';
}

static void read_names(json_t *environment, const struct sheet *kernel,
		       bool anonymous)
{
	struct sheet top = sheet_begin(environment, "");
	char host[256], version[256], machine[256], release[256];
	struct utsname names;
	int error;

	uname(&names);
	error = read_name(names.nodename, "hostname", host, sizeof(host));
	sheet_found(&top, "host", anonymous ? NULL : host, error);
	error = read_release(release, sizeof(release));
	environment_release(anonymous, release, sizeof(release));
	sheet_found(kernel, "release", release, error);
	error = read_name(names.version, "version", version, sizeof(version));
	sheet_found(kernel, "version", anonymous ? NULL : version, error);
	error = read_name(names.machine, "arch", machine, sizeof(machine));
	sheet_found(kernel, "machine", machine, error);
}

static void read_cmdline(const struct sheet *kernel, bool anonymous)
{
	char line[4096], kept[4096];
	int error = facts_line("/proc/cmdline", line, sizeof(line));

	cmdline_keep(line, kept, sizeof(kept));
	sheet_found(kernel, "cmdline", anonymous ? kept : line, error);
	sheet_json(kernel, "cmdline_is_filtered", json_boolean(anonymous));
}

static void add_option(void *options, const char *option, const char *value)
{
	json_object_set_new(options, option, environment_text(value));
}

static void read_config(const struct sheet *kernel, bool anonymous,
			struct kconfig *config)
{
	char release[256], hash[KCONFIG_HASH_BYTES];
	json_t *json = json_object(), *options;
	int error;

	environment_release(false, release, sizeof(release));
	error = kconfig_read(config, release);
	if (error) {
		json_decref(json);
		sheet_null(kernel, "config", error);
		return;
	}
	options = json_object();
	kconfig_hash(config, hash);
	kconfig_each_bearing(config->text, add_option, options);
	json_object_set_new(
		json, "source",
		environment_text(anonymous ? NULL : config->source));
	json_object_set_new(json, "sha256", json_string(hash));
	json_object_set_new(json, "options", options);
	sheet_json(kernel, "config", json);
}

/* Modules that patch the running kernel (Documentation/livepatch). */
static void read_livepatches(const struct sheet *kernel)
{
	char **names;
	int count = facts_names("/sys/kernel/livepatch", &names);
	json_t *list;

	if (count < 0) {
		sheet_null(kernel, "livepatches", count);
		return;
	}
	list = json_array();
	for (int i = 0; i < count; i++)
		json_array_append_new(list, environment_text(names[i]));
	sheet_json(kernel, "livepatches", list);
	facts_free_names(names, count);
}

void environment_kernel(json_t *environment, bool anonymous,
			struct kconfig *config)
{
	struct sheet kernel = sheet_begin(environment, "kernel");

	read_names(environment, &kernel, anonymous);
	read_cmdline(&kernel, anonymous);
	read_config(&kernel, anonymous, config);
	read_livepatches(&kernel);
}
