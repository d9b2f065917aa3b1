// SPDX-License-Identifier: MIT
/* run.json is JSON whatever the session holds, and says what was done. */
#define _GNU_SOURCE
#include <jansson.h>
#include <unistd.h>

#include "arch.h"
#include "build.h"
#include "check.h"
#include "environment.h"
#include "hand_made.h"
#include "record.h"
#include "record_machine.h"
#include "version.h"

static struct hand_made made;

static int release(void **state)
{
	(void)state;
	json_decref(made.session.environment);
	hand_free(&made);
	return 0;
}

static json_t *record(const struct doubt *doubts, size_t count)
{
	char *text = NULL;
	json_t *document;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	assert_int_equal(record_write(&made.session, doubts, count, file), 0);
	fclose(file);
	document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_for(text, document != NULL);
	free(text);
	return document;
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

static const char *text_at(const json_t *object, const char *outer,
			   const char *inner)
{
	const char *text = json_string_value(at(object, outer, inner));

	assert_for(inner ? inner : outer, text != NULL);
	return text;
}

static double number_at(const json_t *object, const char *outer,
			const char *inner)
{
	const json_t *value = at(object, outer, inner);

	assert_for(inner ? inner : outer, json_is_number(value));
	return json_number_value(value);
}

/* docs/formats.md names them. */
static void every_documented_key_is_there(void **state)
{
	static const char *const keys[] = {
		"schema",   "complete",	  "problem", "duty_cycle",
		"tool",	    "run",	  "clock",   "placement",
		"probe",    "yardsticks", "arms",    "environment",
		"launches", "benchmarks", "doubts",  "distribution",
		"counters",
	};
	json_t *document;

	(void)state;
	hand_make(&made, 1, 2);
	document = record(NULL, 0);
	for (size_t i = 0; i < COUNT(keys); i++)
		at(document, keys[i], NULL);
	assert_int_equal(number_at(document, "schema", NULL), 1);
	assert_true(json_is_true(at(document, "complete", NULL)));
	assert_true(json_is_null(at(document, "problem", NULL)));
	assert_near(number_at(document, "duty_cycle", NULL), 0.7, 1e-9);
	json_decref(document);
}

static void the_tool_and_the_run_are_named(void **state)
{
	json_t *document;
	char id[64];

	(void)state;
	hand_make(&made, 1, 2);
	made.options.label = "after";
	made.options.seed = 42;
	document = record(NULL, 0);
	build_id(id, sizeof(id));
	assert_string_equal(text_at(document, "tool", "name"), "syscost");
	assert_string_equal(text_at(document, "tool", "version"),
			    SYSCOST_VERSION);
	if (id[0])
		assert_string_equal(text_at(document, "tool", "build_id"), id);
	assert_string_equal(text_at(document, "run", "started"),
			    "2023-11-14T22:13:20Z");
	assert_string_equal(text_at(document, "run", "label"), "after");
	assert_string_equal(text_at(document, "run", "profile"), "default");
	assert_int_equal(number_at(document, "run", "seed"), 42);
	assert_int_equal(number_at(document, "run", "rounds"), 3);
	assert_int_equal(number_at(document, "run", "launches_an_arm"), 2);
	json_decref(document);
}

static void the_clock_says_why(void **state)
{
	json_t *document;

	(void)state;
	hand_make(&made, 1, 1);
	document = record(NULL, 0);
	assert_string_equal(text_at(document, "clock", "source"),
			    ARCH_COUNTER_NAME);
	assert_true(json_is_null(at(document, "clock", "why_not_counter")));
	assert_near(number_at(document, "clock", "ticks_per_ns"), 2, 1e-9);
	assert_near(number_at(document, "clock", "granularity_ns"), 0.5, 1e-9);
	json_decref(document);
	made.session.clock.counter = false;
	strcpy(made.session.clock.reason, "it went backwards");
	document = record(NULL, 0);
	assert_string_equal(text_at(document, "clock", "source"),
			    "CLOCK_MONOTONIC_RAW");
	assert_string_equal(text_at(document, "clock", "why_not_counter"),
			    "it went backwards");
	json_decref(document);
}

static void launches_are_listed_with_what_became_of_them(void **state)
{
	const json_t *launch;
	json_t *document;

	(void)state;
	hand_make(&made, 2, 2);
	made.session.launches[1].done = false;
	made.session.launches[1].padding = 77;
	strcpy(made.session.launches[1].problem, "killed by SIGSEGV");
	document = record(NULL, 0);
	assert_int_equal(json_array_size(at(document, "launches", NULL)), 4);
	launch = json_array_get(at(document, "launches", NULL), 1);
	assert_int_equal(number_at(launch, "launch", NULL), 1);
	assert_string_equal(text_at(launch, "arm", NULL), "other");
	assert_true(json_is_false(at(launch, "done", NULL)));
	assert_string_equal(text_at(launch, "problem", NULL),
			    "killed by SIGSEGV");
	assert_int_equal(number_at(launch, "padding_bytes", NULL), 77);
	assert_near(number_at(launch, "wall_ms", NULL), 10, 1e-9);
	assert_near(number_at(launch, "core_ghz", NULL), 2, 1e-9);
	assert_near(number_at(launch, "alone_share", NULL), 1, 1e-9);
	json_decref(document);
}

static const json_t *row_of(const json_t *document, const char *name)
{
	const json_t *row;
	size_t i;

	json_array_foreach(at(document, "benchmarks", NULL), i, row)
	{
		if (strcmp(text_at(row, "name", NULL), name) == 0)
			return row;
	}
	return NULL;
}

static void rows_are_listed_with_counts_or_reasons(void **state)
{
	struct trial *skipped;
	const json_t *row;
	json_t *document;

	(void)state;
	hand_make(&made, 1, 1);
	hand_try(&made, row_named("getppid/inline"), 16);
	hand_try(&made, row_named("getppid/libc"), -1);
	skipped = hand_try(&made, row_named("getppid/stub"), 0);
	skipped->tried.calls = 0;
	strcpy(skipped->tried.reason, "it lacks \"stubs\" \xff");
	document = record(NULL, 0);
	assert_int_equal(json_array_size(at(document, "benchmarks", NULL)), 3);
	row = row_of(document, "getppid/inline");
	assert_true(json_is_null(at(row, "skipped", NULL)));
	assert_int_equal(number_at(row, "batch_calls", NULL), 400);
	assert_near(number_at(row, "entries_expected", NULL), 1, 0);
	assert_near(number_at(row, "entries_counted", NULL), 1, 0);
	row = row_of(document, "getppid/libc");
	assert_true(json_is_null(at(row, "entries_counted", NULL)));
	row = row_of(document, "getppid/stub");
	assert_string_equal(text_at(row, "skipped", NULL),
			    "it lacks \"stubs\" ?");
	assert_true(json_is_null(at(row, "batch_calls", NULL)));
	json_decref(document);
}

static void an_emulated_cpu_has_a_reason_for_its_clock(void **state)
{
	json_t *document;

	(void)state;
	hand_make(&made, 1, 1);
	document = record(NULL, 0);
	assert_true(json_is_null(at(document, "clock", "why_counter")));
	assert_string_equal(text_at(document, "yardsticks", "core_cycles_from"),
			    "a chain of dependent adds");
	json_decref(document);
	hand_emulate(&made);
	made.session.clock.facts = (struct clock_facts){
		.present = true,
		.forward = true,
		.emulated = true,
		.tcg = true,
		.read_ns = 99,
		.kernel_ns = 14000,
		.clocksource = "tsc",
	};
	document = record(NULL, 0);
	assert_non_null(
		strstr(text_at(document, "clock", "why_counter"), "TCG"));
	assert_true(json_is_true(
		at(at(document, "clock", "facts"), "emulated", NULL)));
	assert_true(json_is_false(
		at(at(document, "clock", "facts"), "invariant", NULL)));
	assert_true(json_is_null(at(document, "yardsticks", "core_ghz")));
	assert_true(
		json_is_null(at(document, "yardsticks", "core_cycles_from")));
	assert_true(json_is_null(
		at(json_array_get(at(document, "launches", NULL), 0),
		   "core_ghz", NULL)));
	json_decref(document);
}

/* Nobody else can tell why such a batch was not marked as disturbed. */
static void what_a_row_is_there_for_is_told(void **state)
{
	const json_t *work;
	json_t *document;

	(void)state;
	hand_make(&made, 1, 1);
	hand_try(&made, row_named("getppid/inline"), 16);
	hand_try(&made, row_named("process/fork/small"), -1);
	document = record(NULL, 0);
	work = at(row_of(document, "getppid/inline"), "work", NULL);
	assert_int_equal(json_array_size(work), 0);
	work = at(row_of(document, "process/fork/small"), "work", NULL);
	assert_int_equal(json_array_size(work), 2);
	assert_string_equal(json_string_value(json_array_get(work, 0)),
			    "faults");
	assert_string_equal(json_string_value(json_array_get(work, 1)),
			    "switches");
	json_decref(document);
}

/* JSON has no NaN and no infinity. */
static void what_is_not_a_number_is_null(void **state)
{
	json_t *document;

	(void)state;
	hand_make(&made, 1, 1);
	made.session.yardstick_ns[YARDSTICK_ADDS] = NAN;
	made.session.shared = NAN;
	made.session.alone = NAN;
	made.session.level.jumps = INFINITY;
	document = record(NULL, 0);
	assert_true(json_is_null(at(document, "yardsticks", "core_ghz")));
	assert_true(json_is_null(at(document, "probe", "shared_share")));
	assert_true(json_is_null(at(document, "probe", "alone_share")));
	assert_true(json_is_null(at(document, "probe", "quiet_jump_ticks")));
	json_decref(document);
}

static const json_t *arm_of(const json_t *document, size_t index)
{
	return json_array_get(at(document, "arms", NULL), index);
}

static void arms_are_listed_with_their_state(void **state)
{
	struct conditions *conditions;
	const json_t *arm;
	json_t *document;

	(void)state;
	hand_make(&made, 2, 3);
	conditions = &made.options.arms[1].conditions;
	conditions->set = 1 << CONDITION_SECCOMP | 1 << CONDITION_TRACED;
	conditions->value[CONDITION_SECCOMP] = 8;
	made.session.arms[1].state.traced = 1;
	made.session.arms[1].verified = 2;
	strcpy(made.session.arms[1].state.text[1], "8");
	document = record(NULL, 0);
	assert_int_equal(json_array_size(at(document, "arms", NULL)), 2);
	arm = arm_of(document, 0);
	assert_string_equal(text_at(arm, "name", NULL), "plain");
	assert_true(json_is_true(at(arm, "reference", NULL)));
	assert_int_equal(json_array_size(at(arm, "conditions", NULL)), 0);
	assert_true(json_is_null(at(arm, "skipped", NULL)));
	assert_true(json_is_false(at(arm, "state", "traced")));
	assert_true(json_is_true(at(arm, "state", "aslr")));
	assert_string_equal(text_at(arm, "state", "Seccomp_filters"), "0");
	assert_string_equal(text_at(arm, "state", "Speculation_Store_Bypass"),
			    "thread vulnerable");
	assert_true(
		json_is_null(at(arm, "state", "SpeculationIndirectBranch")));
	assert_true(json_is_null(at(arm, "state", "work_ns_an_entry")));
	assert_true(json_is_null(at(arm, "added_ns_a_call", NULL)));
	arm = arm_of(document, 1);
	assert_true(json_is_false(at(arm, "reference", NULL)));
	assert_string_equal(json_string_value(json_array_get(
				    at(arm, "conditions", NULL), 0)),
			    "seccomp:8");
	assert_string_equal(json_string_value(json_array_get(
				    at(arm, "conditions", NULL), 1)),
			    "traced");
	assert_string_equal(text_at(arm, "state", "Seccomp_filters"), "8");
	assert_true(json_is_true(at(arm, "state", "traced")));
	assert_int_equal(number_at(arm, "state", "threads"), 1);
	assert_int_equal(number_at(arm, "verified_launches", NULL), 2);
	json_decref(document);
}

static void a_skipped_arm_has_a_reason_and_no_state(void **state)
{
	const json_t *arm;
	json_t *document;

	(void)state;
	hand_make(&made, 2, 3);
	hand_skip(&made, 0, "tracepoint: no tracefs");
	document = record(NULL, 0);
	arm = arm_of(document, 0);
	assert_string_equal(text_at(arm, "skipped", NULL),
			    "tracepoint: no tracefs");
	assert_true(json_is_null(at(arm, "state", NULL)));
	assert_true(json_is_false(at(arm, "reference", NULL)));
	assert_int_equal(number_at(arm, "verified_launches", NULL), 0);
	arm = arm_of(document, 1);
	assert_true(json_is_true(at(arm, "reference", NULL)));
	assert_int_equal(json_array_size(at(document, "probe", "arms")), 1);
	json_decref(document);
}

/* 400 calls at 2 adds a ns: 5 ns an entry are 40 hundreds, 0.3 ns 2.4. */
static void what_was_added_is_told_row_by_row(void **state)
{
	struct conditions *conditions = &made.options.arms[1].conditions;
	const json_t *added;
	json_t *document;

	(void)state;
	hand_make(&made, 2, 1);
	hand_try(&made, row_named("getppid/inline"), 16);
	hand_try(&made, row_named("baseline/call"), 0);
	conditions->set = 1 << CONDITION_WORK;
	conditions->value[CONDITION_WORK] = 5;
	document = record(NULL, 0);
	added = at(arm_of(document, 1), "added_ns_a_call", NULL);
	assert_int_equal(json_object_size(added), 2);
	assert_near(number_at(added, "getppid/inline", NULL), 5, 1e-9);
	assert_near(number_at(added, "baseline/call", NULL), 0, 0);
	assert_near(number_at(arm_of(document, 1), "state", "work_ns_an_entry"),
		    5, 0);
	assert_near(number_at(document, "yardsticks", "adds_per_ns"), 2, 1e-9);
	json_decref(document);
	conditions->value[CONDITION_WORK] = 0.3;
	document = record(NULL, 0);
	added = at(arm_of(document, 1), "added_ns_a_call", NULL);
	assert_near(number_at(added, "getppid/inline", NULL), 0.25, 1e-9);
	json_decref(document);
}

static void the_probes_are_told_arm_by_arm(void **state)
{
	const json_t *probe;
	json_t *document;

	(void)state;
	hand_make(&made, 2, 1);
	made.session.arms[0].level.jumps = 1400;
	made.session.arms[1].level.jumps = 2000;
	made.session.arms[1].level.chain = 160;
	made.session.arms[1].alone = 0.25;
	made.session.arms[1].shared = NAN;
	document = record(NULL, 0);
	probe = json_array_get(at(document, "probe", "arms"), 1);
	assert_string_equal(text_at(probe, "name", NULL), "other");
	assert_near(number_at(probe, "quiet_jump_ticks", NULL), 2000, 0);
	assert_near(number_at(probe, "quiet_chain_ticks", NULL), 160, 0);
	assert_near(number_at(probe, "alone_share", NULL), 0.25, 0);
	assert_true(json_is_null(at(probe, "shared_share", NULL)));
	json_decref(document);
}

static void doubts_are_listed(void **state)
{
	static const struct doubt doubts[] = {
		{ "steal", SEVERITY_DOUBT, "stolen \x1b", "bare metal" },
		{ "uncounted", SEVERITY_NOTE, "no ptrace", "allow it" },
	};
	const json_t *list;
	json_t *document;

	(void)state;
	hand_make(&made, 1, 1);
	document = record(doubts, 2);
	list = at(document, "doubts", NULL);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(text_at(json_array_get(list, 0), "id", NULL),
			    "steal");
	assert_string_equal(text_at(json_array_get(list, 0), "severity", NULL),
			    "doubt");
	assert_string_equal(text_at(json_array_get(list, 0), "message", NULL),
			    "stolen ?");
	assert_string_equal(text_at(json_array_get(list, 1), "remedy", NULL),
			    "allow it");
	json_decref(document);
}

static void a_public_record_names_no_command(void **state)
{
	static char wrap[] = "secret-path/run";
	static char *words[] = { wrap, NULL };
	json_t *document;
	char *text;

	(void)state;
	hand_make(&made, 1, 1);
	made.options.arms[0].wrap_text = wrap;
	made.options.arms[0].wrap = words;
	document = record(NULL, 0);
	text = json_dumps(document, 0);
	assert_non_null(strstr(text, "secret-path"));
	free(text);
	json_decref(document);
	made.options.anonymous = true;
	made.options.output = "secret-path/of/the/folder";
	document = record(NULL, 0);
	text = json_dumps(document, 0);
	assert_null(strstr(text, "secret-path"));
	assert_true(json_is_true(at(document, "run", "anonymous")));
	free(text);
	json_decref(document);
}

static void the_environment_alone_can_be_printed(void **state)
{
	const struct doubt doubt = { .id = "made_up", .remedy = "none" };
	json_t *document;
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	assert_non_null(file);
	hand_make(&made, 1, 6);
	made.session.environment =
		environment_read(true, 0, &made.session.emulation);
	assert_int_equal(
		record_print_environment(&made.session, &doubt, 1, file), 0);
	fclose(file);
	document = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_for(text, document != NULL);
	at(document, "kernel", "release");
	at(document, "placement", "cpu");
	at(document, "tool", "build_id");
	assert_string_equal(
		json_string_value(json_object_get(
			json_array_get(at(document, "doubts", NULL), 0), "id")),
		"made_up");
	json_decref(document);
	free(text);
}

#define released(test) cmocka_unit_test_teardown(test, release)

/* Three launches that counted, in that order, so much and for that reason. */
static json_t *record_counted(const uint32_t *counters, const char *const *why)
{
	hand_make(&made, 1, 3);
	for (unsigned int i = 0; i < 3; i++) {
		struct counted *counted =
			&made.session.launches[i].launched.counted;

		counted->counters = counted->overhead.counted = counters[i];
		for (unsigned int j = 0; j < COUNTERS; j++)
			counted->overhead.of[j] = 1000 * (j + 1) + i;
		if (why[i])
			strcpy(counted->why, why[i]);
	}
	return record(NULL, 0);
}

static void what_a_pmu_counted_is_told(void **state)
{
	static const uint32_t all[] = { 15, 15, 15 };
	static const char *const why[3] = { NULL };
	const json_t *counters, *launch;
	json_t *document = record_counted(all, why);

	(void)state;
	counters = at(document, "counters", NULL);
	assert_string_equal(text_at(counters, "source", NULL), "pmu");
	assert_true(json_is_null(at(counters, "why_not", NULL)));
	assert_true(json_is_true(at(counters, "kernel", NULL)));
	assert_int_equal(number_at(counters, "launches", NULL), 3);
	assert_int_equal(number_at(counters, "overhead", "cycles_user"), 1001);
	assert_int_equal(number_at(counters, "overhead", "instructions_kernel"),
			 4001);
	assert_non_null(strstr(
		text_at(document, "yardsticks", "core_cycles_from"), "PMU"));
	launch = json_array_get(at(document, "launches", NULL), 0);
	assert_int_equal(json_array_size(at(launch, "counted", NULL)), 4);
	assert_true(json_is_null(at(launch, "why_not_counted", NULL)));
	json_decref(document);
}

/* The second launch had the right to user space alone, the third to nothing. */
static void what_was_not_counted_is_told_with_the_reason(void **state)
{
	static const uint32_t some[] = { 15, 5, 0 };
	static const char *const why[] = { NULL, "paranoid", "killed" };
	const json_t *counters, *launches;
	json_t *document = record_counted(some, why);

	(void)state;
	counters = at(document, "counters", NULL);
	assert_string_equal(text_at(counters, "source", NULL), "pmu");
	assert_string_equal(text_at(counters, "why_not", NULL), "paranoid");
	assert_true(json_is_false(at(counters, "kernel", NULL)));
	assert_int_equal(number_at(counters, "launches", NULL), 2);
	assert_near(number_at(counters, "overhead", "cycles_user"), 1000.5,
		    1e-9);
	assert_near(number_at(counters, "overhead", "cycles_kernel"), 2000,
		    1e-9);
	assert_non_null(
		strstr(text_at(document, "yardsticks", "core_cycles_from"),
		       "summary.csv says which"));
	launches = at(document, "launches", NULL);
	assert_int_equal(json_array_size(at(json_array_get(launches, 1),
					    "counted", NULL)),
			 2);
	assert_string_equal(
		text_at(json_array_get(launches, 2), "why_not_counted", NULL),
		"killed");
	json_decref(document);
}

static void without_a_pmu_cycles_are_by_adds(void **state)
{
	static const uint32_t none[3] = { 0 };
	static const char *const why[] = { "no PMU", "no PMU", "no PMU" };
	json_t *document = record_counted(none, why);

	(void)state;
	assert_true(json_is_null(at(document, "counters", "source")));
	assert_true(json_is_false(at(document, "counters", "kernel")));
	assert_string_equal(text_at(document, "counters", "why_not"), "no PMU");
	assert_true(json_is_null(
		at(at(document, "counters", "overhead"), "cycles_user", NULL)));
	assert_string_equal(text_at(document, "yardsticks", "core_cycles_from"),
			    "a chain of dependent adds");
	json_decref(document);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		released(every_documented_key_is_there),
		released(the_tool_and_the_run_are_named),
		released(the_clock_says_why),
		released(launches_are_listed_with_what_became_of_them),
		released(rows_are_listed_with_counts_or_reasons),
		released(what_a_row_is_there_for_is_told),
		released(what_a_pmu_counted_is_told),
		released(what_was_not_counted_is_told_with_the_reason),
		released(without_a_pmu_cycles_are_by_adds),
		released(what_is_not_a_number_is_null),
		released(an_emulated_cpu_has_a_reason_for_its_clock),
		released(arms_are_listed_with_their_state),
		released(a_skipped_arm_has_a_reason_and_no_state),
		released(what_was_added_is_told_row_by_row),
		released(the_probes_are_told_arm_by_arm),
		released(doubts_are_listed),
		released(a_public_record_names_no_command),
		released(the_environment_alone_can_be_printed),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
