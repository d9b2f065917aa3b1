// SPDX-License-Identifier: MIT
/* What /proc/cpuinfo calls a CPU's facts, which differs by architecture. */
#include "cpuinfo.h"

#include <string.h>

#include "facts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* arch/x86/kernel/cpu/proc.c, arch/arm64/kernel/cpuinfo.c */
static const struct cpuinfo_key x86_64[] = {
	{ "vendor_id", "vendor" },  { "model name", "model" },
	{ "cpu family", "family" }, { "model", "model_number" },
	{ "stepping", "stepping" }, { "microcode", "microcode" },
	{ "flags", "flags" },	    { "bugs", "bugs" },
};

static const struct cpuinfo_key aarch64[] = {
	{ "CPU implementer", "implementer" },
	{ "CPU part", "part" },
	{ "CPU variant", "variant" },
	{ "CPU revision", "revision" },
	{ "Features", "flags" },
};

static const struct cpuinfo_key other[] = {
	{ "model name", "model" },
};

static const struct cpuinfo_dialect dialects[] = {
	{ "x86_64", "vendor_id", "syscall", x86_64, COUNT(x86_64) },
	{ "aarch64", "CPU implementer", "svc", aarch64, COUNT(aarch64) },
	{ "", "", "libc", other, COUNT(other) },
};

const struct cpuinfo_dialect *cpuinfo_dialect(const char *text,
					      const char *usual)
{
	char value[16];
	size_t i;

	for (i = 0; i < COUNT(dialects) - 1; i++)
		if (facts_value(text, dialects[i].sign, value, sizeof(value)) ==
		    0)
			return &dialects[i];
	for (i = 0; i < COUNT(dialects) - 1; i++)
		if (strcmp(dialects[i].architecture, usual) == 0)
			break;
	return &dialects[i];
}
