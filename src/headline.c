// SPDX-License-Identifier: MIT
/* The machine and its mitigations in a line each, for the screen's head. */
#include <stdio.h>
#include <string.h>

#include "environment.h"
#include "text.h"

#define NOT_AFFECTED "Not affected"
#define MITIGATION   "Mitigation: "

/* Files of vulnerabilities/ that bear on every entry, and a short name for
 * each. Those that share one VERW are told by it. */
static const struct {
	const char *file, *name;
} shown[] = {
	{ "spectre_v2", "spectre_v2" },
	{ "retbleed", "retbleed" },
	{ "spec_rstack_overflow", "srso" },
	{ "indirect_target_selection", "its" },
	{ "spec_store_bypass", "ssb" },
};

static void append(char *line, size_t size, const char *name, const char *value)
{
	size_t length = strlen(line);

	snprintf(line + length, size - length, "%s%s%s%s", length ? " · " : "",
		 name, value[0] ? " " : "", value);
}

/* "KVMKVMKVM" is how KVM signs (Documentation/virt/kvm/x86/cpuid.rst). */
static void append_guest(const json_t *environment, char *line, size_t size)
{
	const char *signature = environment_get(environment, "guest.signature");
	const char *engine = environment_get(environment, "guest.container");
	const char *emulator =
		environment_get(environment, "guest.emulated_by");

	if (emulator && strcmp(emulator, "none") != 0)
		append(line, size, "emulated by", emulator);
	else if (signature && strncmp(signature, "KVMKVMKVM", 9) == 0)
		append(line, size, "KVM guest", "");
	else if ((signature && signature[0]) ||
		 environment_is(environment, "hypervisor"))
		append(line, size, "virtual machine", "");
	if (engine && strcmp(engine, "none") != 0)
		append(line, size, "container", engine);
}

void environment_machine_line(const json_t *environment, char *line,
			      size_t size)
{
	const char *model = environment_get(environment, "cpu.model");
	char release[128];

	line[0] = '\0';
	append(line, size, model ? model : "unknown CPU", "");
	environment_release(true, release, sizeof(release));
	append(line, size, "Linux", release);
	append_guest(environment, line, size);
	text_make_printable(line);
}

/* "Mitigation: Enhanced IBRS; IBPB: ..." -> "Enhanced IBRS" */
static void append_vulnerability(const json_t *environment, size_t index,
				 char *line, size_t size)
{
	const char *text;
	char path[128], value[256];

	snprintf(path, sizeof(path), "mitigations.vulnerabilities.%s",
		 shown[index].file);
	text = environment_get(environment, path);
	if (!text || strncmp(text, NOT_AFFECTED, strlen(NOT_AFFECTED)) == 0)
		return;
	if (strncmp(text, MITIGATION, strlen(MITIGATION)) == 0)
		text += strlen(MITIGATION);
	snprintf(value, sizeof(value), "%.*s", (int)strcspn(text, ";,"), text);
	append(line, size, shown[index].name, value);
}

/* What was derived; an architecture has only some of the names. */
static void append_derived(const json_t *environment, const char *name,
			   char *line, size_t size)
{
	char path[64];
	const char *state;

	snprintf(path, sizeof(path), "mitigations.derived.%s.state", name);
	state = environment_get(environment, path);
	if (state)
		append(line, size, name, state);
}

static void append_task(const json_t *environment, char *line, size_t size)
{
	static const char *const modes[] = { "none", "strict", "filter" };
	const char *mode = environment_get(environment, "task.Seccomp");
	const char *tracer = environment_get(environment, "task.TracerPid");
	bool known = mode && mode[0] >= '0' && mode[0] <= '2' && !mode[1];

	append(line, size, "seccomp",
	       known  ? modes[mode[0] - '0']
	       : mode ? mode
		      : "unknown");
	append(line, size, "tracer",
	       !tracer			  ? "unknown"
	       : strcmp(tracer, "0") == 0 ? "none"
					  : tracer);
}

void environment_state_line(const json_t *environment, char *line, size_t size)
{
	line[0] = '\0';
	append_derived(environment, "pti", line, size);
	append_derived(environment, "kpti", line, size);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		append_vulnerability(environment, i, line, size);
	append_derived(environment, "verw", line, size);
	append_derived(environment, "bhb", line, size);
	append_task(environment, line, size);
	text_make_printable(line);
}
