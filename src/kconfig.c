// SPDX-License-Identifier: MIT
/* The running kernel's configuration, where it can be read. */
#define _GNU_SOURCE
#include "kconfig.h"

#include <errno.h>
#include <fnmatch.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <zlib.h>

#include "facts.h"

#define PACKED_MOST (1U << 20)
#define PLAIN_MOST  (2U << 20)
#define OPTION_MOST 128

/* What acts on the way in or out, by the names of 6.9 and later and of the
 * kernels before (arch/{x86,arm64}/Kconfig, init/Kconfig, kernel/Kconfig.*),
 * and what makes every kernel path slower (lib/Kconfig.debug). */
// clang-format off
static const char *const bearing[] = {
	"CONFIG_MITIGATION_*", "CONFIG_CPU_MITIGATIONS",
	"CONFIG_SPECULATION_MITIGATIONS", "CONFIG_PAGE_TABLE_ISOLATION",
	"CONFIG_RETPOLINE", "CONFIG_RETHUNK", "CONFIG_CPU_*_ENTRY",
	"CONFIG_CPU_SRSO", "CONFIG_CALL_DEPTH_TRACKING", "CONFIG_SLS",
	"CONFIG_SPECTRE_BHI*", "CONFIG_GDS_FORCE_MITIGATION",
	"CONFIG_X86_FRED", "CONFIG_X86_KERNEL_IBT",
	"CONFIG_X86_USER_SHADOW_STACK", "CONFIG_IA32_EMULATION*",
	"CONFIG_LEGACY_VSYSCALL_*", "CONFIG_X86_VSYSCALL_EMULATION",
	"CONFIG_PARAVIRT", "CONFIG_PARAVIRT_XXL",
	"CONFIG_UNMAP_KERNEL_AT_EL0", "CONFIG_MITIGATE_SPECTRE_BRANCH_HISTORY",
	"CONFIG_ARM64_E0PD", "CONFIG_ARM64_SW_TTBR0_PAN",
	"CONFIG_ARM64_PTR_AUTH*", "CONFIG_ARM64_MTE", "CONFIG_ARM64_PSEUDO_NMI",
	"CONFIG_SHADOW_CALL_STACK", "CONFIG_RANDOMIZE_BASE",
	"CONFIG_RANDOMIZE_KSTACK_OFFSET*", "CONFIG_GCC_PLUGIN_STACKLEAK",
	"CONFIG_KSTACK_ERASE", "CONFIG_HZ", "CONFIG_PREEMPT*",
	"CONFIG_NO_HZ_FULL", "CONFIG_CONTEXT_TRACKING_USER*",
	"CONFIG_VIRT_CPU_ACCOUNTING_GEN", "CONFIG_SECCOMP*", "CONFIG_AUDIT*",
	"CONFIG_FTRACE_SYSCALLS", "CONFIG_BPF_SYSCALL", "CONFIG_RSEQ*",
	"CONFIG_LTO_*", "CONFIG_CFI_CLANG", "CONFIG_CFI", "CONFIG_KASAN",
	"CONFIG_KCSAN", "CONFIG_KMSAN", "CONFIG_KCOV", "CONFIG_UBSAN",
	"CONFIG_PROVE_LOCKING", "CONFIG_LOCKDEP", "CONFIG_DEBUG_ENTRY",
	"CONFIG_DEBUG_PREEMPT", "CONFIG_DEBUG_ATOMIC_SLEEP",
	"CONFIG_DEBUG_PAGEALLOC", "CONFIG_SLUB_DEBUG_ON",
	"CONFIG_TRACE_IRQFLAGS", "CONFIG_IRQSOFF_TRACER",
	"CONFIG_PREEMPT_TRACER",
};
// clang-format on

/* Inflates a gzip file's content; 0 or -errno. */
static int inflate_all(const char *packed, size_t length,
		       struct kconfig *config)
{
	z_stream stream = {
		.next_in = (Bytef *)packed,
		.avail_in = (uInt)length,
		.avail_out = PLAIN_MOST,
	};
	int end;

	config->text = malloc(PLAIN_MOST + 1);
	if (!config->text)
		return -ENOMEM;
	stream.next_out = (Bytef *)config->text;
	if (inflateInit2(&stream, 15 + 16) != Z_OK) /* 16: gzip's header */
		return -ENOMEM;
	end = inflate(&stream, Z_FINISH);
	config->length = PLAIN_MOST - stream.avail_out;
	config->text[config->length] = '\0';
	inflateEnd(&stream);
	return end == Z_STREAM_END ? 0 : -EBADMSG;
}

static int read_packed(struct kconfig *config, const char *path)
{
	char *packed;
	long length = facts_whole_file(path, &packed, PACKED_MOST);
	int error;

	if (length < 0)
		return (int)length;
	error = inflate_all(packed, (size_t)length, config);
	free(packed);
	return error;
}

static int read_plain(struct kconfig *config, const char *path)
{
	long length = facts_whole_file(path, &config->text, PLAIN_MOST);

	config->length = length > 0 ? (size_t)length : 0;
	return length < 0 ? (int)length : 0;
}

int kconfig_read(struct kconfig *config, const char *release)
{
	static const struct {
		const char *before, *after;
		int (*read)(struct kconfig *config, const char *path);
	} places[] = {
		{ "/proc/config.gz", NULL, read_packed },
		{ "/boot/config-", "", read_plain },
		{ "/lib/modules/", "/config", read_plain },
	};
	int error = -ENOENT;

	*config = (struct kconfig){ .length = 0 };
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const char *after = places[i].after;

		snprintf(config->source, sizeof(config->source), "%s%s%s",
			 places[i].before, after ? release : "",
			 after ? after : "");
		error = places[i].read(config, config->source);
		if (!error)
			return 0;
		kconfig_free(config);
	}
	return error;
}

void kconfig_free(struct kconfig *config)
{
	free(config->text);
	config->text = NULL;
	config->length = 0;
}

void kconfig_hash(const struct kconfig *config, char *hex)
{
	SHA256Data((const uint8_t *)config->text, config->length, hex);
}

/* "CONFIG_X=value" or "# CONFIG_X is not set": the option's text and length,
 * and its value up to the line's end; NULL: neither. */
static const char *read_option(const char *line, size_t *length,
			       const char **value)
{
	bool unset = strncmp(line, "# CONFIG_", 9) == 0;
	const char *option = unset ? line + 2 : line;

	if (strncmp(option, "CONFIG_", 7) != 0)
		return NULL;
	*length = strcspn(option, "= \n");
	*value = option + *length;
	if (unset)
		return strncmp(*value, " is not set", 11) ? NULL : option;
	if (**value != '=')
		return NULL;
	++*value;
	return option;
}

/* Copies an option's value; "n" for one that is not set. */
static void copy_value(const char *from, char *value, size_t size)
{
	if (*from == ' ')
		from = "n";
	snprintf(value, size, "%.*s", (int)strcspn(from, "\r\n"), from);
}

static const char *next_line(const char *line)
{
	line = strchr(line, '\n');
	return line ? line + 1 : NULL;
}

bool kconfig_value(const char *text, const char *option, char *value,
		   size_t size)
{
	for (const char *line = text; line; line = next_line(line)) {
		const char *found, *behind;
		size_t length;

		found = read_option(line, &length, &behind);
		if (!found || strlen(option) != length ||
		    strncmp(found, option, length) != 0)
			continue;
		copy_value(behind, value, size);
		return true;
	}
	return false;
}

static bool bears(const char *option)
{
	for (size_t i = 0; i < sizeof(bearing) / sizeof(bearing[0]); i++)
		if (fnmatch(bearing[i], option, 0) == 0)
			return true;
	return false;
}

void kconfig_each_bearing(const char *text,
			  void (*see)(void *argument, const char *option,
				      const char *value),
			  void *argument)
{
	for (const char *line = text; line; line = next_line(line)) {
		const char *found, *behind;
		char option[OPTION_MOST], value[OPTION_MOST];
		size_t length;

		found = read_option(line, &length, &behind);
		if (!found || length >= sizeof(option))
			continue;
		snprintf(option, sizeof(option), "%.*s", (int)length, found);
		if (!bears(option))
			continue;
		copy_value(behind, value, sizeof(value));
		see(argument, option, value);
	}
}
