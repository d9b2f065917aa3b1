// SPDX-License-Identifier: MIT
/* The machine's facts: valid JSON whatever they hold, and no secrets. */
#define _GNU_SOURCE
#include <ctype.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "arch.h"
#include "check.h"
#include "environment.h"
#include "facts.h"
#include "mounts.h"

/* Writes `text` as JSON and reads it back. */
static void assert_text(const char *text, const char *wanted)
{
	json_t *value = environment_text(text);
	char *dumped = json_dumps(value, JSON_ENCODE_ANY);
	json_t *back;

	assert_non_null(value);
	assert_non_null(dumped);
	back = json_loads(dumped, JSON_DECODE_ANY, NULL);
	assert_non_null(back);
	assert_string_equal(json_string_value(back), wanted);
	json_decref(back);
	json_decref(value);
	free(dumped);
}

static void text_is_kept(void **state)
{
	(void)state;
	assert_text("", "");
	assert_text("plain text", "plain text");
	assert_text("quote \" and \\", "quote \" and \\");
	assert_text("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		    "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
	assert_text("\xef\xbf\xbf", "\xef\xbf\xbf");
}

static void what_is_no_utf8_becomes_a_question_mark(void **state)
{
	(void)state;
	assert_text("\xff", "?");
	assert_text("a\x80z", "a?z");
	assert_text("cut \xe2\x82", "cut ??");
	assert_text("cut \xc3", "cut ?");
	assert_text("\xc0\x80", "??");		 /* overlong NUL */
	assert_text("\xe0\x80\xaf", "???");	 /* overlong slash */
	assert_text("\xed\xa0\x80", "???");	 /* a surrogate */
	assert_text("\xf4\x90\x80\x80", "????"); /* beyond U+10FFFF */
	assert_text("\xf5\x80\x80\x80", "????");
	assert_text("\xc3\xa9\xff\xc3\xa9", "\xc3\xa9?\xc3\xa9");
}

static void control_characters_become_question_marks(void **state)
{
	(void)state;
	assert_text("\x1b[31m", "?[31m");
	assert_text("a\nb\tc\x01\x7f", "a?b?c??");
	assert_text("\xc2\x9b"
		    "31m",
		    "??31m");
	assert_text("a\xe2\x80\xae"
		    "b",
		    "a???b");
	assert_text("\xe2\x81\xa6\xef\xbb\xbf", "??????");
	assert_text("\xc2\xa0\xe2\x80\x93", "\xc2\xa0\xe2\x80\x93");
}

static void no_text_is_null(void **state)
{
	json_t *value = environment_text(NULL);

	(void)state;
	assert_true(json_is_null(value));
	json_decref(value);
}

static struct emulation emulation;

static json_t *read_it(bool anonymous)
{
	json_t *environment = environment_read(anonymous, 0, &emulation);
	char *text = json_dumps(environment, 0);
	json_t *back = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL)
			    : NULL;

	assert_non_null(back);
	free(text);
	json_decref(environment);
	return back;
}

static const json_t *at(const json_t *object, const char *outer,
			const char *inner)
{
	const json_t *value = json_object_get(object, outer);

	if (inner)
		value = json_object_get(value, inner);
	assert_for(inner ? inner : outer, value != NULL);
	return value;
}

static void facts_are_those_of_this_machine(void **state)
{
	json_t *environment = read_it(false);
	char host[256] = "";
	struct utsname names;

	(void)state;
	uname(&names);
	gethostname(host, sizeof(host) - 1);
	assert_string_equal(json_string_value(at(environment, "host", NULL)),
			    host);
	assert_string_equal(
		json_string_value(at(environment, "kernel", "release")),
		names.release);
	assert_string_equal(
		json_string_value(at(environment, "kernel", "machine")),
		names.machine);
	assert_string_equal(
		json_string_value(at(environment, "cpu", "architecture")),
		ARCH_NAME);
	assert_int_equal(json_integer_value(at(environment, "cpu", "online")),
			 sysconf(_SC_NPROCESSORS_ONLN));
	assert_true(json_is_false(
		at(environment, "kernel", "cmdline_is_filtered")));
	json_decref(environment);
}

/* Every null below `value` is named among the unreadable, by its path, and all
 * that is named there is null. How many nulls there are. */
static size_t check_nulls(const json_t *unreadable, const char *path,
			  const json_t *value)
{
	const json_t *inner;
	char below[512];
	const char *key;
	size_t nulls = 0;

	if (json_is_null(value)) {
		assert_for(path,
			   json_is_string(json_object_get(unreadable, path)));
		return 1;
	}
	json_object_foreach((json_t *)value, key, inner)
	{
		snprintf(below, sizeof(below), "%s%s%s", path,
			 path[0] ? "." : "", key);
		nulls += check_nulls(unreadable, below, inner);
	}
	for (size_t i = 0; i < json_array_size(value); i++) {
		inner = json_array_get(value, i);
		if (!json_is_object(inner))
			continue;
		snprintf(below, sizeof(below), "%s.%s", path,
			 json_string_value(json_object_get(inner, "id")));
		nulls += check_nulls(unreadable, below, inner);
	}
	return nulls;
}

static void what_is_missing_is_null_and_named(void **state)
{
	json_t *environment = read_it(false);
	const json_t *unreadable = at(environment, "unreadable", NULL);

	(void)state;
	assert_int_equal(check_nulls(unreadable, "", environment),
			 json_object_size(unreadable));
	json_decref(environment);
}

static void an_empty_cpuinfo_is_no_crash(void **state)
{
	json_t *environment;

	(void)state;
	if (!mounts_cover("/proc/cpuinfo", ""))
		skip_because("no mounts of one's own are permitted here");
	environment = read_it(false);
	mounts_uncover("/proc/cpuinfo");
	assert_true(json_is_null(at(environment, "mitigations", "pti_flag")));
	assert_string_equal(json_string_value(at(environment, "unreadable",
						 "mitigations.pti_flag")),
			    "ENODATA");
	check_nulls(at(environment, "unreadable", NULL), "cpu",
		    at(environment, "cpu", NULL));
	assert_true(json_is_null(at(environment, "hypervisor", NULL)));
	json_decref(environment);
}

/* As sysfs has it, or null with the reason. */
static void smt_and_governor_are_told(void **state)
{
	static const char *const names[] = { "control", "active" };
	json_t *environment = read_it(false);
	char path[128], line[64], key[32];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		const json_t *value = at(environment, "smt", names[i]);

		snprintf(path, sizeof(path), "/sys/devices/system/cpu/smt/%s",
			 names[i]);
		snprintf(key, sizeof(key), "smt.%s", names[i]);
		if (facts_line(path, line, sizeof(line)) == 0)
			assert_string_equal(json_string_value(value), line);
		else
			assert_true(json_is_string(
				at(environment, "unreadable", key)));
	}
	if (json_is_null(at(environment, "governor", NULL)))
		assert_true(json_is_string(
			at(environment, "unreadable", "governor")));
	json_decref(environment);
}

static void flags_of_the_cpu_are_read(void **state)
{
	json_t *environment;

	(void)state;
	if (!mounts_cover("/proc/cpuinfo",
			  "vendor_id\t: GenuineIntel\n"
			  "flags\t\t: fpu pti hypervisor constant_tsc\n"
			  "model name\t: \x1b[31mred \xff\n"))
		skip_because("no mounts of one's own are permitted here");
	environment = read_it(false);
	mounts_uncover("/proc/cpuinfo");
	assert_true(json_is_true(at(environment, "mitigations", "pti_flag")));
	assert_true(json_is_true(at(environment, "hypervisor", NULL)));
	json_decref(environment);
}

#define SECRET "BOOT_IMAGE=/secret-path root=UUID=secret-disk pti=on -- secret"

static void a_public_record_has_no_secrets(void **state)
{
	json_t *environment;
	const char *release;
	char *text;

	(void)state;
	if (!mounts_cover("/proc/cmdline", SECRET "\n"))
		skip_because("no mounts of one's own are permitted here");
	if (unshare(CLONE_NEWUTS) || sethostname("secret-host", 11))
		skip_because("no host name of one's own is permitted here");
	environment = read_it(true);
	text = json_dumps(environment, 0);
	mounts_uncover("/proc/cmdline");
	assert_null(strstr(text, "secret"));
	assert_true(json_is_null(at(environment, "host", NULL)));
	assert_true(json_is_null(at(environment, "kernel", "version")));
	assert_string_equal(
		json_string_value(at(environment, "kernel", "cmdline")),
		"pti=on");
	assert_true(
		json_is_true(at(environment, "kernel", "cmdline_is_filtered")));
	release = json_string_value(at(environment, "kernel", "release"));
	assert_int_equal(strspn(release, "0123456789."), strlen(release));
	free(text);
	json_decref(environment);
}

static void a_record_of_ones_own_has_all(void **state)
{
	json_t *environment;

	(void)state;
	if (!mounts_cover("/proc/cmdline", SECRET "\n"))
		skip_because("no mounts of one's own are permitted here");
	environment = read_it(false);
	mounts_uncover("/proc/cmdline");
	assert_string_equal(
		json_string_value(at(environment, "kernel", "cmdline")),
		SECRET);
	json_decref(environment);
}

static void a_public_release_is_digits_and_dots(void **state)
{
	char release[128], small[4];
	struct utsname names;

	(void)state;
	uname(&names);
	environment_release(false, release, sizeof(release));
	assert_string_equal(release, names.release);
	environment_release(true, release, sizeof(release));
	assert_int_equal(strspn(release, "0123456789."), strlen(release));
	assert_int_equal(strncmp(release, names.release, strlen(release)), 0);
	assert_true(strlen(release) > 0);
	environment_release(true, small, sizeof(small));
	assert_int_equal(strlen(small), 3);
}

static void assert_printable(const char *line)
{
	for (const char *byte = line; *byte; byte++)
		assert_for(line, !iscntrl((unsigned char)*byte));
}

static void lines_for_the_screen_are_printable(void **state)
{
	json_t *environment = read_it(false);
	char line[1024];

	(void)state;
	environment_machine_line(environment, line, sizeof(line));
	assert_non_null(strstr(line, "Linux "));
	assert_printable(line);
	environment_state_line(environment, line, sizeof(line));
	assert_printable(line);
	json_decref(environment);
	if (!mounts_cover("/proc/cpuinfo", "model name\t: \x1b[31mred\n"))
		skip_because("no mounts of one's own are permitted here");
	environment = read_it(false);
	mounts_uncover("/proc/cpuinfo");
	environment_machine_line(environment, line, sizeof(line));
	json_decref(environment);
	assert_printable(line);
	if (strcmp(ARCH_NAME, "x86_64") == 0)
		assert_non_null(strstr(line, "red"));
}

static void a_line_that_is_too_long_is_cut(void **state)
{
	json_t *environment = read_it(false);
	char line[24];

	(void)state;
	memset(line, '#', sizeof(line));
	environment_machine_line(environment, line, sizeof(line) - 1);
	assert_true(strlen(line) < sizeof(line) - 1);
	environment_state_line(environment, line, sizeof(line) - 1);
	assert_true(strlen(line) < sizeof(line) - 1);
	assert_int_equal(line[sizeof(line) - 1], '#');
	json_decref(environment);
}

static void an_emulator_is_told_with_its_trace(void **state)
{
	json_t *environment;
	char line[512];

	(void)state;
	emulation_judge(&emulation, "", "bochs");
	environment = read_it(false);
	assert_string_equal(
		json_string_value(at(environment, "guest", "emulated_by")),
		"bochs");
	assert_non_null(strstr(
		json_string_value(at(environment, "guest", "emulated_how")),
		"--emulated"));
	environment_machine_line(environment, line, sizeof(line));
	assert_non_null(strstr(line, " · emulated by bochs"));
	assert_null(strstr(line, "virtual machine"));
	json_decref(environment);
	emulation = (struct emulation){ .how = "nothing" };
	environment = read_it(false);
	assert_string_equal(
		json_string_value(at(environment, "guest", "emulated_by")),
		"none");
	environment_machine_line(environment, line, sizeof(line));
	assert_null(strstr(line, "emulated"));
	json_decref(environment);
}

/* What an entry passes is told by name, and by what it was found. */
static void the_state_line_tells_what_was_derived(void **state)
{
	json_t *environment = json_pack(
		"{s{ss}s{ss}s{s{s{ss}s{ss}}s{ssss}}s{ssss}}", "cpu", "model",
		"Some CPU", "guest", "signature", "KVMKVMKVM", "mitigations",
		"derived", "pti", "state", "on", "verw", "state", "off",
		"vulnerabilities", "spectre_v2",
		"Mitigation: Enhanced IBRS; IBPB: conditional", "retbleed",
		"Not affected", "task", "Seccomp", "2", "TracerPid", "77");
	char line[512];

	(void)state;
	assert_non_null(environment);
	environment_state_line(environment, line, sizeof(line));
	assert_string_equal(line, "pti on · spectre_v2 Enhanced IBRS · "
				  "verw off · seccomp filter · tracer 77");
	environment_machine_line(environment, line, sizeof(line));
	assert_non_null(strstr(line, "Some CPU · Linux "));
	assert_non_null(strstr(line, " · KVM guest"));
	environment_state_line(NULL, line, sizeof(line));
	assert_string_equal(line, "seccomp unknown · tracer unknown");
	json_decref(environment);
}

static void facts_are_found_by_their_path(void **state)
{
	json_t *environment = json_pack(
		"{ss si sb sn s{s[{ss}{ss}]}s{ss}}", "text", "12.5 of them",
		"count", 7, "yes", 1, "nothing", "list", "of", "key", "a",
		"key", "b", "unreadable", "nothing", "EACCES");

	(void)state;
	assert_non_null(environment);
	assert_string_equal(environment_get(environment, "text"),
			    "12.5 of them");
	assert_null(environment_get(environment, "count"));
	assert_null(environment_get(environment, "no.such.thing"));
	assert_true(environment_number(environment, "text") == 12.5);
	assert_true(environment_number(environment, "count") == 7);
	assert_true(isnan(environment_number(environment, "nothing")));
	assert_true(isnan(environment_number(environment, "unreadable.x")));
	assert_true(environment_is(environment, "yes"));
	assert_false(environment_is(environment, "nothing"));
	assert_int_equal(environment_count(environment, "list.of"), 2);
	assert_int_equal(environment_count(environment, "text"), 0);
	assert_true(environment_any(environment, "list.of", "key", "b"));
	assert_false(environment_any(environment, "list.of", "key", "c"));
	assert_string_equal(environment_why(environment, "nothing"), "EACCES");
	assert_null(environment_why(environment, "text"));
	json_decref(environment);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_kept),
		cmocka_unit_test(what_is_no_utf8_becomes_a_question_mark),
		cmocka_unit_test(control_characters_become_question_marks),
		cmocka_unit_test(no_text_is_null),
		cmocka_unit_test(facts_are_those_of_this_machine),
		cmocka_unit_test(what_is_missing_is_null_and_named),
		cmocka_unit_test(an_empty_cpuinfo_is_no_crash),
		cmocka_unit_test(smt_and_governor_are_told),
		cmocka_unit_test(flags_of_the_cpu_are_read),
		cmocka_unit_test(a_public_record_has_no_secrets),
		cmocka_unit_test(a_record_of_ones_own_has_all),
		cmocka_unit_test(a_public_release_is_digits_and_dots),
		cmocka_unit_test(lines_for_the_screen_are_printable),
		cmocka_unit_test(a_line_that_is_too_long_is_cut),
		cmocka_unit_test(the_state_line_tells_what_was_derived),
		cmocka_unit_test(facts_are_found_by_their_path),
		cmocka_unit_test(an_emulator_is_told_with_its_trace),
	};

	return check_all(tests);
}
