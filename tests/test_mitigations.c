// SPDX-License-Identifier: MIT
/* What an entry passes, by every text that the kernel's files may hold. */
#include <string.h>

#include "check.h"
#include "mitigations.h"

static struct vulnerabilities files;
static struct signs signs;

static int begin(void **state)
{
	(void)state;
	files.count = 0;
	signs = (struct signs){
		.architecture = "x86_64",
		.flags = "fpu vme",
		.cmdline = "",
		.task_ssb = "thread vulnerable",
		.vulnerabilities = &files,
	};
	return 0;
}

static void say(const char *name, const char *text)
{
	struct vulnerability *file = &files.files[files.count++];

	snprintf(file->name, sizeof(file->name), "%s", name);
	snprintf(file->text, sizeof(file->text), "%s", text);
	file->error = 0;
}

static struct mitigation found[MITIGATIONS_MOST];

static const struct mitigation *derive(const char *name)
{
	size_t count = mitigations_derive(&signs, found);

	assert_in_range(count, 1, MITIGATIONS_MOST);
	for (size_t i = 0; i < count; i++)
		if (strcmp(found[i].name, name) == 0)
			return &found[i];
	fail_msg("no mitigation is called %s", name);
	return NULL;
}

static const char *state_of(const char *name)
{
	return mitigations_state_text(derive(name)->state);
}

/* The strings of arch/x86/kernel/cpu/bugs.c. */
static void each_text_of_x86_has_its_meaning(void **state)
{
	static const struct {
		const char *name, *file, *text, *wanted;
	} cases[] = {
		{ "swapgs", "spectre_v1",
		  "Mitigation: usercopy/swapgs barriers and __user pointer "
		  "sanitization",
		  "on" },
		{ "swapgs", "spectre_v1",
		  "Vulnerable: __user pointer sanitization and usercopy "
		  "barriers only; no swapgs barriers",
		  "off" },
		{ "ibrs", "spectre_v2", "Mitigation: IBRS; IBPB: conditional",
		  "on" },
		{ "ibrs", "spectre_v2", "Mitigation: Enhanced IBRS; IBPB: ...",
		  "off" },
		{ "ibrs", "spectre_v2",
		  "Mitigation: Enhanced / Automatic IBRS; IBPB: ...", "off" },
		{ "retpolines", "spectre_v2", "Mitigation: Retpolines; STIBP",
		  "on" },
		{ "retpolines", "spectre_v2",
		  "Mitigation: Full generic retpoline, IBPB: conditional",
		  "on" },
		{ "retpolines", "spectre_v2",
		  "Mitigation: Enhanced / Automatic IBRS + Retpolines", "on" },
		{ "retpolines", "spectre_v2", "Mitigation: Enhanced IBRS",
		  "off" },
		{ "retpolines", "spectre_v2", "Vulnerable; IBPB: disabled",
		  "off" },
		{ "retbleed", "retbleed",
		  "Mitigation: untrained return thunk; SMT vulnerable", "on" },
		{ "retbleed", "retbleed", "Mitigation: IBRS", "on" },
		{ "retbleed", "retbleed", "Mitigation: Stuffing", "on" },
		{ "retbleed", "retbleed",
		  "Vulnerable: untrained return thunk / IBPB on non-AMD based "
		  "uarch",
		  "on" },
		{ "retbleed", "retbleed", "Vulnerable", "off" },
		{ "srso", "spec_rstack_overflow", "Mitigation: Safe RET",
		  "on" },
		{ "srso", "spec_rstack_overflow",
		  "Vulnerable: Safe RET, no microcode", "on" },
		{ "srso", "spec_rstack_overflow",
		  "Vulnerable: Microcode, no safe RET", "off" },
		{ "srso", "spec_rstack_overflow", "Mitigation: IBPB", "on" },
		{ "srso", "spec_rstack_overflow", "Mitigation: microcode",
		  "off" },
		{ "srso", "spec_rstack_overflow", "Mitigation: safe RET",
		  "on" },
		{ "srso", "spec_rstack_overflow",
		  "Mitigation: IBPB on VMEXIT only", "off" },
		{ "srso", "spec_rstack_overflow", "Mitigation: SMT disabled",
		  "off" },
		{ "srso", "spec_rstack_overflow",
		  "Mitigation: Reduced Speculation", "off" },
		{ "bhi", "spectre_v2",
		  "Mitigation: Enhanced IBRS; BHI: SW loop, KVM: SW loop",
		  "on" },
		{ "bhi", "spectre_v2", "Mitigation: X; BHI: BHI_DIS_S", "on" },
		{ "bhi", "spectre_v2", "Mitigation: X; BHI: Retpoline", "on" },
		{ "bhi", "spectre_v2",
		  "Mitigation: X; BHI: Vulnerable, KVM: SW loop", "off" },
		{ "bhi", "spectre_v2", "Mitigation: X; BHI: Not affected",
		  "off" },
		{ "bhi", "spectre_v2", "Mitigation: X; IBPB: conditional",
		  "off" },
		{ "its", "indirect_target_selection",
		  "Mitigation: Aligned branch/return thunks", "on" },
		{ "its", "indirect_target_selection",
		  "Mitigation: Retpolines, Stuffing RSB", "on" },
		{ "its", "indirect_target_selection",
		  "Mitigation: Vulnerable, KVM: Not affected", "off" },
		{ "tsa", "tsa", "Mitigation: Clear CPU buffers", "on" },
		{ "tsa", "tsa",
		  "Mitigation: Clear CPU buffers: user/kernel boundary", "on" },
		{ "tsa", "tsa", "Mitigation: Clear CPU buffers: VM", "off" },
		{ "tsa", "tsa",
		  "Vulnerable: Clear CPU buffers attempted, no microcode",
		  "on" },
		{ "vmscape", "vmscape",
		  "Mitigation: IBPB before exit to userspace", "on" },
		{ "vmscape", "vmscape", "Mitigation: IBPB on VMEXIT", "off" },
		{ "vmscape", "vmscape", "Vulnerable", "off" },
		{ "retbleed", "retbleed",
		  "Unknown: Dependent on hypervisor status", "unknown" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		begin(state);
		say(cases[i].file, cases[i].text);
		assert_string_equal(state_of(cases[i].name), cases[i].wanted);
		begin(state);
		say(cases[i].file, "Not affected");
		assert_string_equal(state_of(cases[i].name), "off");
	}
}

/* What decides is in the evidence, word for word. */
static void the_evidence_is_the_files_text(void **state)
{
	(void)state;
	say("retbleed", "Mitigation: IBRS");
	assert_string_equal(derive("retbleed")->evidence,
			    "retbleed: Mitigation: IBRS");
	say("spectre_v2", "Mitigation: IBRS; BHI: SW loop, KVM: SW loop; X");
	assert_string_equal(derive("bhi")->evidence,
			    "spectre_v2: BHI: SW loop, KVM: SW loop");
}

static void the_flag_tells_of_pti_and_not_sysfs(void **state)
{
	(void)state;
	say("meltdown", "Not affected");
	assert_string_equal(state_of("pti"), "off");
	signs.flags = "fpu pti vme";
	assert_string_equal(state_of("pti"), "on");
	assert_non_null(strstr(derive("pti")->evidence, "Not affected"));
	signs.flags = "fpu notpti ptix";
	assert_string_equal(state_of("pti"), "off");
	signs.flags = NULL;
	assert_string_equal(state_of("pti"), "unknown");
	files.count = 0;
	say("meltdown", "Mitigation: PTI");
	assert_string_equal(state_of("pti"), "on");
}

static void say_all_unaffected(void)
{
	say("mds", "Not affected");
	say("tsx_async_abort", "Not affected");
	say("mmio_stale_data", "Not affected");
	say("reg_file_data_sampling", "Not affected");
	say("tsa", "Not affected");
}

static struct vulnerability *file(const char *name)
{
	for (int i = 0; i < files.count; i++)
		if (strcmp(files.files[i].name, name) == 0)
			return &files.files[i];
	fail_msg("no file is called %s", name);
	return &files.files[0];
}

static void one_verw_serves_all_who_ask(void **state)
{
	static const struct {
		const char *file, *text, *wanted;
	} cases[] = {
		{ "mds", "Mitigation: Clear CPU buffers; SMT vulnerable",
		  "on" },
		{ "mds",
		  "Vulnerable: Clear CPU buffers attempted, no microcode; SMT "
		  "Host state unknown",
		  "on" },
		{ "mds", "Vulnerable; SMT vulnerable", "off" },
		{ "tsx_async_abort", "Mitigation: TSX disabled", "off" },
		{ "tsx_async_abort", "Mitigation: Clear CPU buffers", "on" },
		{ "reg_file_data_sampling", "Mitigation: Clear Register File",
		  "on" },
		{ "reg_file_data_sampling", "Vulnerable: No microcode", "off" },
		{ "tsa", "Mitigation: Clear CPU buffers: VM", "off" },
		{ "tsa", "Mitigation: Clear CPU buffers", "on" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		begin(state);
		say_all_unaffected();
		assert_string_equal(state_of("verw"), "off");
		strcpy(file(cases[i].file)->text, cases[i].text);
		assert_string_equal(state_of("verw"), cases[i].wanted);
		if (strcmp(cases[i].wanted, "on") == 0)
			assert_non_null(strstr(derive("verw")->evidence,
					       cases[i].file));
	}
}

/* Its text does not tell whether guests alone are cleared for. */
static void stale_mmio_alone_clears_for_guests(void **state)
{
	(void)state;
	say_all_unaffected();
	strcpy(file("mmio_stale_data")->text,
	       "Mitigation: Clear CPU buffers; SMT vulnerable");
	assert_string_equal(state_of("verw"), "off");
	strcpy(file("mds")->text, "Vulnerable; SMT vulnerable");
	assert_string_equal(state_of("verw"), "on");
	strcpy(file("mds")->text, "Not affected");
	strcpy(file("tsx_async_abort")->text, "Vulnerable");
	assert_string_equal(state_of("verw"), "off");
	signs.flags = "fpu rtm";
	assert_string_equal(state_of("verw"), "on");
}

static void fred_has_an_entry_of_its_own(void **state)
{
	(void)state;
	signs.flags = "fpu fred";
	say_all_unaffected();
	say("spectre_v1", "Mitigation: usercopy/swapgs barriers and more");
	say("spectre_v2", "Mitigation: X; BHI: SW loop, KVM: SW loop");
	assert_string_equal(state_of("swapgs"), "off");
	assert_string_equal(state_of("bhi"), "unknown");
	strcpy(file("mds")->text, "Mitigation: Clear CPU buffers");
	assert_string_equal(state_of("verw"), "unknown");
	strcpy(file("spectre_v2")->text, "Mitigation: X; BHI: BHI_DIS_S");
	assert_string_equal(state_of("bhi"), "on");
}

/* A kernel that lists the folder and has no such file knows no such flaw; one
 * whose folder is hidden may know it. */
static void what_is_not_there_is_off_or_unknown(void **state)
{
	(void)state;
	say("spectre_v2", "Mitigation: Retpolines");
	assert_string_equal(state_of("tsa"), "off");
	assert_non_null(strstr(derive("tsa")->evidence, "no file tsa"));
	say("tsa", "");
	files.files[files.count - 1].error = -13;
	assert_string_equal(state_of("tsa"), "unknown");
	assert_string_equal(state_of("verw"), "unknown");
	files.count = -2;
	assert_string_equal(state_of("tsa"), "unknown");
	assert_string_equal(state_of("bhi"), "unknown");
	assert_string_equal(state_of("verw"), "unknown");
}

static void the_store_bypass_is_the_tasks(void **state)
{
	static const struct {
		const char *task, *wanted;
	} cases[] = {
		{ "thread vulnerable", "off" },
		{ "thread mitigated", "on" },
		{ "thread force mitigated", "on" },
		{ "globally mitigated", "on" },
		{ "not vulnerable", "off" },
		{ "vulnerable", "off" },
		{ "unknown", "unknown" },
	};

	(void)state;
	say("spec_store_bypass", "Mitigation: Speculative Store Bypass "
				 "disabled via prctl");
	for (size_t i = 0; i < COUNT(cases); i++) {
		signs.task_ssb = cases[i].task;
		assert_string_equal(state_of("ssb"), cases[i].wanted);
		assert_non_null(strstr(derive("ssb")->evidence, cases[i].task));
	}
	signs.task_ssb = NULL;
	assert_string_equal(state_of("ssb"), "unknown");
}

/* "Not affected" is said of safe CPUs whether or not KASLR split the tables
 * (arch/arm64/kernel/cpufeature.c). */
static void kpti_for_kaslr_is_not_guessed(void **state)
{
	static const struct {
		const char *meltdown, *cmdline, *config, *wanted;
	} cases[] = {
		{ "Not affected", "quiet", NULL, "unknown" },
		{ "Not affected", "mitigations=off", NULL, "unknown" },
		{ "Not affected", "nokaslr quiet", NULL, "off" },
		{ "Not affected", "kpti=0", NULL, "off" },
		{ "Not affected", "kpti=off", NULL, "off" },
		{ "Not affected", "kpti=1", NULL, "on" },
		{ "Not affected", "kpti=on", NULL, "on" },
		{ "Not affected", "kpti=\"off\"", NULL, "off" },
		{ "Not affected", "kpti", NULL, "unknown" },
		{ "Not affected", "kpti=0 kpti=1", NULL, "on" },
		{ "Not affected", "init=/x -- kpti=0", NULL, "unknown" },
		{ "Not affected", "", "# CONFIG_RANDOMIZE_BASE is not set\n",
		  "off" },
		{ "Not affected", "", "CONFIG_RANDOMIZE_BASE=y\n", "unknown" },
		{ "Not affected", "kpti=1",
		  "# CONFIG_UNMAP_KERNEL_AT_EL0 is not set\n", "off" },
		{ "Mitigation: PTI", "", NULL, "on" },
		{ "Vulnerable", "", NULL, "off" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		begin(state);
		signs.architecture = "aarch64";
		signs.cmdline = cases[i].cmdline;
		signs.config = cases[i].config;
		say("meltdown", cases[i].meltdown);
		assert_string_equal(state_of("kpti"), cases[i].wanted);
	}
}

/* cpu_show_spectre_v2, arch/arm64/kernel/proton-pack.c */
static void bhb_is_a_part_of_spectre_v2(void **state)
{
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{ "Mitigation: CSV2, BHB", "on" },
		{ "Mitigation: Branch predictor hardening, BHB", "on" },
		{ "Mitigation: CSV2, but not BHB", "off" },
		{ "Mitigation: CSV2", "off" },
		{ "Not affected", "off" },
		{ "Vulnerable: Unprivileged eBPF enabled", "on" },
		{ "Vulnerable", "unknown" },
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		begin(state);
		signs.architecture = "aarch64";
		say("spectre_v2", cases[i].text);
		assert_string_equal(state_of("bhb"), cases[i].wanted);
	}
}

static void another_architecture_has_none(void **state)
{
	(void)state;
	signs.architecture = "";
	assert_int_equal(mitigations_derive(&signs, found), 0);
}

#define begun(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		begun(each_text_of_x86_has_its_meaning),
		begun(the_evidence_is_the_files_text),
		begun(the_flag_tells_of_pti_and_not_sysfs),
		begun(one_verw_serves_all_who_ask),
		begun(stale_mmio_alone_clears_for_guests),
		begun(fred_has_an_entry_of_its_own),
		begun(what_is_not_there_is_off_or_unknown),
		begun(the_store_bypass_is_the_tasks),
		begun(kpti_for_kaslr_is_not_guessed),
		begun(bhb_is_a_part_of_spectre_v2),
		begun(another_architecture_has_none),
	};

	return check_all(tests);
}
