// SPDX-License-Identifier: MIT
/* The machine and its mitigations in a line each, for the screen's head. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "environment.h"
#include "facts.h"
#include "text.h"

/* The files that bear on every entry or exit, and a short name for each. Which
 * of them share one VERW is not told here: one may be met another way (taa by
 * TSX disabled). */
static const struct {
	const char *file, *name;
} shown[] = {
	{ "spectre_v2", "spectre_v2" },		{ "retbleed", "retbleed" },
	{ "spec_rstack_overflow", "srso" },	{ "mds", "mds" },
	{ "tsx_async_abort", "taa" },		{ "mmio_stale_data", "mmio" },
	{ "reg_file_data_sampling", "rfds" },	{ "tsa", "tsa" },
	{ "indirect_target_selection", "its" }, { "spec_store_bypass", "ssb" },
};

static void append(char *line, size_t size, const char *separator,
		   const char *name, const char *value)
{
	size_t length = strlen(line);

	snprintf(line + length, size - length, "%s%s%s%s",
		 length ? separator : "", name, value[0] ? " " : "", value);
}

void environment_machine_line(char *line, size_t size)
{
	char model[128] = "unknown CPU", release[128], flags[8192] = "";

	line[0] = '\0';
	facts_cpuinfo("model name", model, sizeof(model));
	environment_release(true, release, sizeof(release));
	append(line, size, " · ", model, "");
	append(line, size, " · ", "Linux", release);
	facts_cpuinfo("flags", flags, sizeof(flags));
	if (facts_has_word(flags, "hypervisor"))
		append(line, size, " · ", "virtual machine", "");
	text_make_printable(line);
}

/* "Mitigation: Enhanced IBRS; IBPB: ..." -> "Enhanced IBRS" */
static void append_vulnerability(char *line, size_t size, const char *file,
				 const char *name)
{
	char path[256], text[512];
	const char *value = text;

	snprintf(path, sizeof(path),
		 "/sys/devices/system/cpu/vulnerabilities/%s", file);
	if (facts_line(path, text, sizeof(text)) ||
	    strncmp(text, "Not affected", 12) == 0)
		return;
	text[strcspn(text, ";,")] = '\0';
	if (strncmp(text, "Mitigation: ", 12) == 0)
		value += 12;
	append(line, size, " · ", name, value);
}

static void append_task(char *line, size_t size)
{
	char status[8192], value[32];

	facts_file("/proc/self/status", status, sizeof(status));
	if (facts_value(status, "Seccomp", value, sizeof(value)))
		strcpy(value, "unknown");
	append(line, size, " · ", "seccomp",
	       strcmp(value, "0") ? strcmp(value, "2") ? value : "filter"
				  : "none");
	if (facts_value(status, "TracerPid", value, sizeof(value)))
		strcpy(value, "unknown");
	append(line, size, " · ", "tracer",
	       strcmp(value, "0") ? value : "none");
}

void environment_state_line(char *line, size_t size)
{
	char flags[8192];

	line[0] = '\0';
	if (facts_cpuinfo("flags", flags, sizeof(flags)) == 0)
		append(line, size, " · ", "pti",
		       facts_has_word(flags, "pti") ? "on" : "off");
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		append_vulnerability(line, size, shown[i].file, shown[i].name);
	append_task(line, size);
	text_make_printable(line);
}
