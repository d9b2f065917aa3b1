// SPDX-License-Identifier: MIT
/* x86: what an entry passes, by the strings of arch/x86/kernel/cpu/bugs.c. */
#include <stdio.h>
#include <string.h>

#include "facts.h"
#include "mitigation_rules.h"

/* Two MSR writes a call; the enhanced kind stays set and costs none. */
static const struct mitigation_meaning ibrs[] = {
	{ "Mitigation: IBRS", true },
	{ NULL, false },
};

static const struct mitigation_meaning retpolines[] = {
	{ "Mitigation: Retpolines", true },
	{ "Mitigation: LFENCE", true },
	{ "Mitigation: Full", true }, /* kernels before 5.17 */
	{ "Mitigation: Enhanced IBRS + Retpolines", true },
	{ "Mitigation: Enhanced IBRS + LFENCE", true },
	{ "Mitigation: Enhanced / Automatic IBRS + Retpolines", true },
	{ "Mitigation: Enhanced / Automatic IBRS + LFENCE", true },
	{ "Vulnerable: LFENCE", true },
	{ NULL, false },
};

static const struct mitigation_meaning swapgs[] = {
	{ "Mitigation: usercopy/swapgs", true },
	{ NULL, false },
};

static const struct mitigation_meaning retbleed[] = {
	{ "Mitigation:", true },
	{ "Vulnerable: untrained return thunk", true },
	{ "Vulnerable: IBPB", true },
	{ NULL, false },
};

/* What acts at a VM's exit only, or at no call at all, is off here. */
static const struct mitigation_meaning srso[] = {
	{ "Mitigation: IBPB on VMEXIT", false },
	{ "Mitigation: microcode", false }, /* 6.1: IBPB's alone */
	{ "Mitigation: SMT disabled", false },
	{ "Mitigation: Reduced Speculation", false },
	{ "Mitigation:", true },
	{ "Vulnerable: Safe RET", true },
	{ NULL, false },
};

static const struct mitigation_meaning its[] = {
	{ "Mitigation: Vulnerable", false }, /* "KVM: Not affected" */
	{ "Mitigation:", true },
	{ NULL, false },
};

static const struct mitigation_meaning tsa[] = {
	{ "Mitigation: Clear CPU buffers: VM", false },
	{ "Mitigation: Clear CPU buffers", true },
	{ "Vulnerable: Clear CPU buffers", true },
	{ NULL, false },
};

/* Acts on the way to user space after a guest ran, not on every call. */
static const struct mitigation_meaning vmscape[] = {
	{ "Mitigation: IBPB on VMEXIT", false },
	{ "Mitigation:", true },
	{ NULL, false },
};

/* sysfs says "Not affected" before it looks at the flag (cpu_show_common), so
 * the flag decides: with pti=on a safe CPU pays too. */
static void derive_pti(const struct signs *signs, struct mitigation *mitigation)
{
	const char *text =
		vulnerabilities_text(signs->vulnerabilities, "meltdown");

	if (signs->flags)
		mitigation_say(
			mitigation,
			facts_has_word(signs->flags, "pti") ? MITIGATION_ON
							    : MITIGATION_OFF,
			"cpuinfo's flags %s pti; meltdown: %s",
			facts_has_word(signs->flags, "pti") ? "hold" : "lack",
			text ? text : "cannot be read");
	else if (text && mitigation_begins(text, "Mitigation: PTI"))
		mitigation_say(mitigation, MITIGATION_ON, "meltdown: %s", text);
	else
		mitigation_say(mitigation, MITIGATION_UNKNOWN,
			       "cpuinfo's flags cannot be read; meltdown: %s",
			       text ? text : "cannot be read");
}

static bool enters_by_fred(const struct signs *signs)
{
	return signs->flags && facts_has_word(signs->flags, "fred");
}

static void heed_fred_swapping(const struct signs *signs,
			       struct mitigation *mitigation)
{
	if (enters_by_fred(signs))
		mitigation_say(mitigation, MITIGATION_OFF,
			       "FRED swaps GS itself: there is no swapgs");
}

/* FRED's entry has none of the code that clears by instructions (6.12,
 * entry_64_fred.S), whatever sysfs says of it. */
static void heed_fred(const struct signs *signs, struct mitigation *mitigation)
{
	char said[256];

	if (mitigation->state != MITIGATION_ON || !enters_by_fred(signs))
		return;
	snprintf(said, sizeof(said), "%.255s", mitigation->evidence);
	mitigation_say(mitigation, MITIGATION_UNKNOWN,
		       "%s; but FRED's entry may not pass it", said);
}

/* BHI is a part of spectre_v2's line, up to a semicolon. */
static void derive_bhi(const struct signs *signs, struct mitigation *mitigation)
{
	const char *text = mitigation_text(signs, "spectre_v2", mitigation);
	const char *part = text ? strstr(text, "BHI: ") : NULL;
	char bhi[128];

	if (!text)
		return;
	if (!part) {
		mitigation_say(mitigation, MITIGATION_OFF,
			       "spectre_v2 says nothing of BHI");
		return;
	}
	snprintf(bhi, sizeof(bhi), "%.*s", (int)strcspn(part, ";"), part);
	mitigation_say(mitigation,
		       mitigation_begins(bhi, "BHI: Not affected") ||
				       mitigation_begins(bhi, "BHI: Vulnerable")
			       ? MITIGATION_OFF
			       : MITIGATION_ON,
		       "spectre_v2: %s", bhi);
	if (mitigation_begins(bhi, "BHI: SW loop"))
		heed_fred(signs, mitigation);
}

/* mmio_stale_data's text is the same where only guests are cleared for: the
 * exit to user space is in it only on a CPU with MDS, or TAA and RTM
 * (mmio_select_mitigation, bugs.c). */
static bool mmio_means_us(const struct signs *signs)
{
	const struct vulnerabilities *all = signs->vulnerabilities;
	const char *mds = vulnerabilities_text(all, "mds");
	const char *taa = vulnerabilities_text(all, "tsx_async_abort");

	return (mds && !mitigation_begins(mds, "Not affected")) ||
	       (taa && !mitigation_begins(taa, "Not affected") &&
		signs->flags && facts_has_word(signs->flags, "rtm"));
}

static bool clears_for_us(const struct signs *signs, const char *file,
			  const char *text)
{
	if (strcmp(file, "mmio_stale_data") == 0 && !mmio_means_us(signs))
		return false;
	if (strcmp(file, "reg_file_data_sampling") == 0)
		return mitigation_begins(text, "Mitigation: Clear Register");
	return mitigation_begins(text, "Vulnerable: Clear CPU buffers") ||
	       (mitigation_begins(text, "Mitigation: Clear CPU buffers") &&
		!mitigation_begins(text, "Mitigation: Clear CPU buffers: VM"));
}

/* One VERW on the way out serves all five: turning one off does nothing while
 * another needs it. */
static void derive_verw(const struct signs *signs,
			struct mitigation *mitigation)
{
	static const char *const files[] = {
		"mds",
		"tsx_async_abort",
		"mmio_stale_data",
		"reg_file_data_sampling",
		"tsa",
	};
	char sharers[256] = "";
	size_t read = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *text =
			vulnerabilities_text(signs->vulnerabilities, files[i]);
		size_t length = strlen(sharers);

		read += text || !mitigation_file_exists(signs, files[i]);
		if (text && clears_for_us(signs, files[i], text))
			snprintf(sharers + length, sizeof(sharers) - length,
				 "%s%s", length ? ", " : "", files[i]);
	}
	if (sharers[0])
		mitigation_say(mitigation, MITIGATION_ON, "asked for by %s",
			       sharers);
	else if (signs->vulnerabilities->count < 0 || read < 5)
		mitigation_say(mitigation, MITIGATION_UNKNOWN,
			       "not all of mds, tsx_async_abort, "
			       "mmio_stale_data, reg_file_data_sampling and "
			       "tsa can be read");
	else
		mitigation_say(mitigation, MITIGATION_OFF,
			       "none of mds, tsx_async_abort, mmio_stale_data, "
			       "reg_file_data_sampling and tsa asks for it on "
			       "the way to user space");
	heed_fred(signs, mitigation);
}

/* In the order of arch/x86/entry/entry_64.S. */
// clang-format off
const struct mitigation_rule mitigation_rules_x86[] = {
	{ "swapgs", .file = "spectre_v1", .meanings = swapgs,
	  .derive = heed_fred_swapping },
	{ "pti", .derive = derive_pti },
	{ "ibrs", .file = "spectre_v2", .meanings = ibrs },
	{ "retbleed", .file = "retbleed", .meanings = retbleed },
	{ "srso", .file = "spec_rstack_overflow", .meanings = srso },
	{ "bhi", .derive = derive_bhi },
	{ "retpolines", .file = "spectre_v2", .meanings = retpolines },
	{ "its", .file = "indirect_target_selection", .meanings = its },
	{ "ssb", .derive = mitigation_ssb },
	{ "verw", .derive = derive_verw },
	{ "tsa", .file = "tsa", .meanings = tsa },
	{ "vmscape", .file = "vmscape", .meanings = vmscape },
};
// clang-format on
const size_t mitigation_rules_x86_count =
	sizeof(mitigation_rules_x86) / sizeof(mitigation_rules_x86[0]);
