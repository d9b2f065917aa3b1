// SPDX-License-Identifier: MIT
/* Which parameters of the kernel's command line bear on the cost. */
#include "cmdline.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Documentation/admin-guide/kernel-parameters.txt (6.12); a dash there is an
 * underscore here, as the kernel takes either. */
// clang-format off
static const char *const bearing[] = {
	"audit", "cet", "clocksource", "cpuidle.off", "fred",
	"gather_data_sampling", "hpet", "ia32_emulation", "ibt", "idle",
	"indirect_target_selection", "init_on_alloc", "init_on_free",
	"intel_idle.max_cstate", "intel_pstate", "amd_pstate", "irqaffinity",
	"isolcpus", "kpti", "kvm_intel.vmentry_l1d_flush", "l1d_flush", "l1tf",
	"lsm", "maxcpus", "mds", "mitigations", "mmio_stale_data",
	"nmi_watchdog", "nohz", "nohz_full", "noinvpcid", "nokaslr", "nopcid",
	"nopti", "nosmap", "nosmep", "nosmt", "nospec_store_bypass_disable",
	"nospectre_bhb", "nospectre_v1", "nospectre_v2", "nousershstk",
	"nowatchdog", "nr_cpus", "preempt", "processor.max_cstate", "pti",
	"randomize_kstack_offset", "rcu_nocbs", "reg_file_data_sampling",
	"retbleed", "rodata", "selinux", "apparmor", "skew_tick",
	"spec_rstack_overflow", "spec_store_bypass_disable", "spectre_bhi",
	"spectre_v2", "spectre_v2_user", "srbds", "ssbd", "threadirqs",
	"transparent_hugepage", "tsa", "tsc", "tsx", "tsx_async_abort", "vdso",
	"vmscape", "vsyscall",
};
// clang-format on

/* The name of a parameter, dashes as underscores; cut where it does not fit. */
static void read_name(const char *word, size_t length, char *name, size_t size)
{
	size_t end = 0;

	while (end < length && end < size - 1 && word[end] != '=') {
		name[end] = word[end] == '-' ? '_' : word[end];
		end++;
	}
	name[end] = '\0';
}

static bool bears(const char *word, size_t length)
{
	char name[64];

	read_name(word, length, name, sizeof(name));
	for (size_t i = 0; i < sizeof(bearing) / sizeof(bearing[0]); i++)
		if (strcmp(name, bearing[i]) == 0)
			return true;
	return false;
}

/* A word ends at white space, unless quotes hold its value together, as the
 * kernel has it (lib/cmdline.c, next_arg). */
static size_t word_length(const char *word)
{
	bool quoted = false;
	size_t length = 0;

	for (; word[length]; length++) {
		if (!quoted && strchr(" \t\n", word[length]))
			break;
		quoted ^= word[length] == '"';
	}
	return length;
}

/* The next word and its length; 0: there is none. What stands behind "--" is
 * for init, not for the kernel. */
static size_t next_word(const char **word)
{
	size_t length;

	*word += strspn(*word, " \t\n");
	length = word_length(*word);
	return length == 2 && strncmp(*word, "--", 2) == 0 ? 0 : length;
}

void cmdline_keep(const char *line, char *kept, size_t size)
{
	size_t used = 0, length;

	kept[0] = '\0';
	for (; (length = next_word(&line)); line += length)
		if (bears(line, length) && used + length + 2 < size)
			used += (size_t)snprintf(kept + used, size - used,
						 "%s%.*s", used ? " " : "",
						 (int)length, line);
}

/* Quotes around it are not a part of it (lib/cmdline.c, next_arg). */
static void copy_value(const char *from, size_t length, char *value,
		       size_t size)
{
	bool quoted = length && from[0] == '"';

	if (quoted && length > 1 && from[length - 1] == '"')
		length--;
	snprintf(value, size, "%.*s", (int)(length - quoted), from + quoted);
}

bool cmdline_value(const char *line, const char *name, char *value, size_t size)
{
	bool found = false;
	size_t length;

	value[0] = '\0';
	for (; (length = next_word(&line)); line += length) {
		char this[64];
		size_t skip;

		read_name(line, length, this, sizeof(this));
		if (strcmp(this, name) != 0)
			continue;
		found = true;
		skip = strlen(this) + (line[strlen(this)] == '=');
		copy_value(line + skip, length - skip, value, size);
	}
	return found;
}
