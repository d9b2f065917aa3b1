// SPDX-License-Identifier: MIT
/* An emulated CPU is told by its signature, its name, its part or by hearsay. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "emulation.h"
#include "facts.h"

static char root[] = "/tmp/syscost-emulation-XXXXXX";
static bool can_look_within;

/* A machine whose /proc/cpuinfo is to be written. */
static int make_root(void **state)
{
	char path[64];

	(void)state;
	strcpy(root + strlen(root) - 6, "XXXXXX");
	if (!mkdtemp(root))
		return -1;
	snprintf(path, sizeof(path), "%s/proc", root);
	can_look_within = mkdir(path, 0755) == 0 && facts_set_root(root) == 0;
	return 0;
}

static int remove_root(void **state)
{
	char path[64];

	(void)state;
	facts_set_root(NULL);
	snprintf(path, sizeof(path), "%s/proc/cpuinfo", root);
	unlink(path);
	snprintf(path, sizeof(path), "%s/proc", root);
	return rmdir(path) || rmdir(root);
}

static void write_cpuinfo(const char *text)
{
	char path[64];
	FILE *file;

	if (!can_look_within)
		skip_because("this kernel has no openat2");
	snprintf(path, sizeof(path), "%s/proc/cpuinfo", root);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

#define ARM(implementer, part)                                                 \
	"processor\t: 0\nCPU implementer\t: " implementer                      \
	"\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: " part "\n"

static const struct {
	const char *signature, *cpuinfo, *said;
	const char *by, *how; /* "" and a part of it */
	bool tcg;
} cases[] = {
	{ "", "", NULL, "", "nothing tells", false },
	{ "KVMKVMKVM", "", NULL, "", "nothing tells", false },
	{ "TCGTCGTCGTCG", "", NULL, "tcg", "CPUID", true },
	{ "", "model name\t: QEMU TCG CPU version 2.5+\n", NULL, "tcg",
	  "CPU's name", true },
	{ "", "model name\t: QEMU Virtual CPU version 2.5+\n", NULL, "",
	  "nothing tells", false }, /* KVM may show that too */
	{ "Microsoft Hv", "model name\t: QEMU TCG CPU version 2.5+\n", NULL, "",
	  "nothing tells", false }, /* WHPX */
	{ "", ARM("0x00", "0x051"), NULL, "tcg", "0x051", true },
	{ "", ARM("0x00", "0x0515"), NULL, "", "nothing tells", false },
	{ "", ARM("0x41", "0x051"), NULL, "", "nothing tells", false },
	{ "", ARM("0x41", "0xd07"), NULL, "", "nothing tells", false },
	{ "", ARM("0x41", "0xd07"), "tcg", "tcg", "--emulated", true },
	{ "", "", "qemu-user", "qemu-user", "--emulated", false },
	{ "TCGTCGTCGTCG", "", "qemu-user", "qemu-user",
	  "--emulated, and CPUID's signature", true },
};

static void each_trace_is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct emulation found;

		write_cpuinfo(cases[i].cpuinfo);
		emulation_judge(&found, cases[i].signature, cases[i].said);
		assert_string_equal(found.by, cases[i].by);
		assert_for(found.how, strstr(found.how, cases[i].how) != NULL);
		assert_int_equal(found.tcg, cases[i].tcg);
	}
}

/* This machine's CPUID says nothing of another, which was recorded. */
static void a_recorded_machine_is_told_by_its_files(void **state)
{
	struct emulation found;

	(void)state;
	write_cpuinfo("model name\t: QEMU TCG CPU version 2.5+\n");
	emulation_find(&found, NULL);
	assert_string_equal(found.by, "tcg");
	write_cpuinfo("");
	emulation_find(&found, NULL);
	assert_string_equal(found.by, "");
}

static void nothing_is_cut(void **state)
{
	static const char longest[] = "abcdefghijklmnopqrstuvwxyz012345";
	struct emulation found;

	(void)state;
	assert_int_equal(strlen(longest), EMULATION_BY_MOST);
	emulation_judge(&found, "TCGTCGTCGTCG", longest);
	assert_string_equal(found.by, longest);
	assert_non_null(strstr(found.how, "TCGTCGTCGTCG"));
	write_cpuinfo(ARM("0x00", "0x051"));
	emulation_judge(&found, "", longest);
	assert_string_equal(found.how + strlen(found.how) - 10, "QEMU's own");
}

#define rooted(test)                                                           \
	cmocka_unit_test_setup_teardown(test, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		rooted(each_trace_is_told),
		rooted(a_recorded_machine_is_told_by_its_files),
		rooted(nothing_is_cut),
	};

	return check_all(tests);
}
