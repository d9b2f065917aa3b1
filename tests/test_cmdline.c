// SPDX-License-Identifier: MIT
/* What bears on the cost is kept of the kernel's command line, nothing else. */
#include <string.h>

#include "check.h"
#include "cmdline.h"

static void assert_kept(const char *line, const char *wanted)
{
	char kept[256];

	cmdline_keep(line, kept, sizeof(kept));
	assert_string_equal(kept, wanted);
}

static void parameters_of_cost_are_kept(void **state)
{
	(void)state;
	assert_kept("pti=on", "pti=on");
	assert_kept("nopti nosmt=force mitigations=off",
		    "nopti nosmt=force mitigations=off");
	assert_kept("kvm_intel.vmentry_l1d_flush=always",
		    "kvm_intel.vmentry_l1d_flush=always");
}

static void all_others_are_dropped(void **state)
{
	(void)state;
	assert_kept("BOOT_IMAGE=/boot/vmlinuz root=UUID=1-2 ro quiet pti=off",
		    "pti=off");
	assert_kept("root=/dev/sda1 ip=10.0.0.1", "");
	/* Names that only begin or end like one of ours. */
	assert_kept("ptis=on xpti=on my.pti=on", "");
	/* Ours as a value. */
	assert_kept("password=pti init=/mitigations=off", "");
}

static void a_dash_is_an_underscore(void **state)
{
	(void)state;
	assert_kept("spectre-v2=retpoline", "spectre-v2=retpoline");
	assert_kept("spectre_v2=retpoline-1", "spectre_v2=retpoline-1");
}

static void quotes_hold_a_value_together(void **state)
{
	(void)state;
	assert_kept("dyndbg=\"file secret.c mds=off +p\" pti=on", "pti=on");
	assert_kept("isolcpus=\"nohz 1\" x", "isolcpus=\"nohz 1\"");
	assert_kept("foo=\"never closed mds=off", "");
}

static void what_is_for_init_is_dropped(void **state)
{
	(void)state;
	assert_kept("pti=on -- mds=off", "pti=on");
	assert_kept("-- mds=off", "");
	assert_kept("--x mds=off", "mds=off");
}

static void white_space_is_one_space(void **state)
{
	(void)state;
	assert_kept("", "");
	assert_kept(" \t\n", "");
	assert_kept("\tpti=on  root=x\tmds=off\n", "pti=on mds=off");
}

static void words_that_do_not_fit_are_left_out_whole(void **state)
{
	char small[12];

	(void)state;
	memset(small, '#', sizeof(small));
	cmdline_keep("mitigations=auto pti=on mds=off", small,
		     sizeof(small) - 1);
	assert_string_equal(small, "pti=on");
	assert_int_equal(small[sizeof(small) - 1], '#');
}

static void long_names_are_nobodys(void **state)
{
	char line[300];

	(void)state;
	memset(line, 'p', sizeof(line));
	strcpy(line + 200, " pti=on");
	assert_kept(line, "pti=on");
}

static void assert_value(const char *line, const char *name, const char *wanted)
{
	char value[16];

	assert_int_equal(cmdline_value(line, name, value, sizeof(value)),
			 wanted != NULL);
	assert_string_equal(value, wanted ? wanted : "");
}

static void a_parameter_has_the_last_of_its_values(void **state)
{
	(void)state;
	assert_value("quiet kpti=0 x kpti=1", "kpti", "1");
	assert_value("quiet nokaslr", "nokaslr", "");
	assert_value("quiet", "nokaslr", NULL);
	assert_value("kpti=\"off\" a=\"b c\"", "kpti", "off");
	assert_value("kpti=\"off\" a=\"b c\"", "a", "b c");
	assert_value("kpti=\"", "kpti", "");
	assert_value("spec-store-bypass-disable=on",
		     "spec_store_bypass_disable", "on");
	assert_value("kptix=1 xkpti=1", "kpti", NULL);
	assert_value("-- kpti=1", "kpti", NULL);
	assert_value("kpti=0123456789abcdefgh", "kpti", "0123456789abcde");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_of_cost_are_kept),
		cmocka_unit_test(all_others_are_dropped),
		cmocka_unit_test(a_dash_is_an_underscore),
		cmocka_unit_test(quotes_hold_a_value_together),
		cmocka_unit_test(what_is_for_init_is_dropped),
		cmocka_unit_test(white_space_is_one_space),
		cmocka_unit_test(words_that_do_not_fit_are_left_out_whole),
		cmocka_unit_test(long_names_are_nobodys),
		cmocka_unit_test(a_parameter_has_the_last_of_its_values),
	};

	return check_all(tests);
}
