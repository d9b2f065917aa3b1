// SPDX-License-Identifier: MIT
/* arm64: what an entry passes, by arch/arm64/kernel/{proton-pack,cpufeature}.c.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cmdline.h"
#include "facts.h"
#include "kconfig.h"
#include "mitigation_rules.h"

/* kpti= as kstrtobool() has it: 1 on, -1 off, 0 where nothing is said. */
static int forced(const struct signs *signs)
{
	char value[16];

	if (!signs->cmdline ||
	    !cmdline_value(signs->cmdline, "kpti", value, sizeof(value)) ||
	    !value[0])
		return 0;
	if (strchr("yYtT1", value[0]) || strncasecmp(value, "on", 2) == 0)
		return 1;
	if (strchr("nNfF0", value[0]) || strncasecmp(value, "of", 2) == 0)
		return -1;
	return 0;
}

static bool is_built(const struct signs *signs, const char *option)
{
	char value[8];

	return !signs->config ||
	       !kconfig_value(signs->config, option, value, sizeof(value)) ||
	       value[0] != 'n';
}

/* Is it sure that this kernel does not hide its address by KPTI? */
static bool is_not_for_kaslr(const struct signs *signs)
{
	char value[16];

	return !is_built(signs, "CONFIG_RANDOMIZE_BASE") ||
	       (signs->cmdline &&
		cmdline_value(signs->cmdline, "nokaslr", value, sizeof(value)));
}

/*
 * arm64_get_meltdown_state() says "Not affected" of every CPU on the safe list,
 * though unmap_kernel_at_el0() splits the page tables all the same where KASLR
 * is on and the CPU lacks E0PD: then nothing that an ordinary user may read
 * tells, and saying "off" would be a guess.
 */
static void derive_kpti(const struct signs *signs,
			struct mitigation *mitigation)
{
	const char *text = mitigation_text(signs, "meltdown", mitigation);
	int wanted = forced(signs);

	if (text && mitigation_begins(text, "Mitigation: PTI"))
		mitigation_say(mitigation, MITIGATION_ON, "meltdown: %s", text);
	else if (!is_built(signs, "CONFIG_UNMAP_KERNEL_AT_EL0"))
		mitigation_say(mitigation, MITIGATION_OFF,
			       "the kernel is built without "
			       "CONFIG_UNMAP_KERNEL_AT_EL0");
	else if (wanted)
		mitigation_say(mitigation,
			       wanted > 0 ? MITIGATION_ON : MITIGATION_OFF,
			       "forced by kpti= on the command line; "
			       "meltdown: %s",
			       text ? text : "cannot be read");
	else if (text && mitigation_begins(text, "Vulnerable"))
		mitigation_say(mitigation, MITIGATION_OFF, "meltdown: %s",
			       text);
	else if (text && is_not_for_kaslr(signs))
		mitigation_say(mitigation, MITIGATION_OFF,
			       "meltdown: %s, and there is no KASLR to hide",
			       text);
	else
		mitigation_say(mitigation, MITIGATION_UNKNOWN,
			       "meltdown: %s; KASLR may have forced it on, "
			       "which sysfs does not tell",
			       text ? text : "cannot be read");
}

/* A part of spectre_v2's line (cpu_show_spectre_v2); it says "Unprivileged
 * eBPF enabled" only where the mitigation is in force. */
static void derive_bhb(const struct signs *signs, struct mitigation *mitigation)
{
	const char *text = mitigation_text(signs, "spectre_v2", mitigation);
	enum mitigation_state state = MITIGATION_OFF;

	if (!text)
		return;
	if (strstr(text, "not BHB"))
		state = MITIGATION_OFF;
	else if (strstr(text, ", BHB") || strstr(text, "Unprivileged eBPF"))
		state = MITIGATION_ON;
	else if (mitigation_begins(text, "Vulnerable"))
		state = MITIGATION_UNKNOWN;
	mitigation_say(mitigation, state, "spectre_v2: %s", text);
}

const struct mitigation_rule mitigation_rules_arm64[] = {
	{ "kpti", .derive = derive_kpti },
	{ "bhb", .derive = derive_bhb },
	{ "ssbd", .derive = mitigation_ssb },
};
const size_t mitigation_rules_arm64_count =
	sizeof(mitigation_rules_arm64) / sizeof(mitigation_rules_arm64[0]);
