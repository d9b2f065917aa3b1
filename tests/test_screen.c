// SPDX-License-Identifier: MIT
/* What a person sees holds every row, every reason and every doubt. */
#define _GNU_SOURCE
#include <unistd.h>

#include "check.h"
#include "hand_made.h"
#include "screen.h"

static struct hand_made made;
static struct summary summary;

static int release(void **state)
{
	(void)state;
	summary_free(&summary);
	hand_free(&made);
	return 0;
}

static char *results(const struct doubt *doubts, size_t count)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	assert_int_equal(summary_make(&summary, &made.session), 0);
	screen_results(file, &made.session, &summary, doubts, count);
	fclose(file);
	return text;
}

/* The line that begins with `start`, cut out of `text`. */
static const char *line_of(const char *text, const char *start)
{
	static char line[512];
	const char *found = strstr(text, start);

	assert_for(start, found && (found == text || found[-1] == '\n' ||
				    found[-1] == ' '));
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(found, "\n"), found);
	return line;
}

static void assert_in_order(const char *line, const char *const *parts)
{
	const char *at = line;

	for (; *parts; parts++) {
		at = strstr(at, *parts);
		assert_for(line, at != NULL);
		at += strlen(*parts);
	}
}

/* 20 launches of 100 to 119 ns; 2 cycles a ns; a call takes 2 ns. */
static void a_row_has_its_figures(void **state)
{
	static const char *const parts[] = { "109.5 ns", "105.0", "114.0",
					     "109.5",	 "99.5",  "219",
					     "55",	 NULL };
	char *text;

	(void)state;
	hand_make(&made, 1, 20);
	hand_fill(&made, hand_try(&made, row_named("getppid/inline"), 16), 100);
	text = results(NULL, 0);
	assert_in_order(line_of(text, "getppid/inline"), parts);
	assert_null(strstr(text, "doubts"));
	assert_null(strstr(text, "skipped"));
	assert_null(strstr(text, "nan"));
	free(text);
}

/* A fork of a large parent: the columns stay apart. */
static void millions_are_told_as_such(void **state)
{
	static const char *const parts[] = { " 70.00M ns", " 70.00M ",
					     " 140.0M ", " 35.0M", NULL };
	char *text;

	(void)state;
	hand_make(&made, 1, 20);
	hand_fill(&made, hand_try(&made, row_named("getppid/inline"), 16), 7e7);
	text = results(NULL, 0);
	assert_in_order(line_of(text, "getppid/inline"), parts);
	free(text);
}

/* Estimated cycles are marked, also where one row alone was not counted. */
static void an_estimate_of_cycles_is_marked(void **state)
{
	struct trial *trial;
	char *text;

	(void)state;
	hand_make(&made, 1, 6);
	trial = hand_try(&made, row_named("getppid/inline"), 16);
	hand_fill(&made, trial, 100);
	for (size_t i = 0; i < trial->count; i++) {
		trial->samples[i].cycles = 777;
		trial->samples[i].counted = COUNTERS_CYCLES;
	}
	text = results(NULL, 0);
	assert_non_null(strstr(text, "floor  cycles  x call\n"));
	assert_non_null(strstr(line_of(text, "getppid/inline"), " 777 "));
	free(text);
	summary_free(&summary);
	hand_fill(&made, hand_try(&made, row_named("getuid/inline"), 16), 100);
	text = results(NULL, 0);
	assert_non_null(strstr(text, "floor ~cycles  x call\n"));
	free(text);
}

static void every_arm_has_its_table(void **state)
{
	unsigned int rows = 0;
	const char *at;
	char *text;

	(void)state;
	hand_make(&made, 2, 6);
	hand_fill(&made, hand_try(&made, row_named("getppid/inline"), 16), 100);
	text = results(NULL, 0);
	line_of(text, "plain ");
	line_of(text, "other ");
	for (at = text; (at = strstr(at, "\ngetppid/inline ")); at++)
		rows++;
	assert_int_equal(rows, 2);
	free(text);
}

static void an_arms_conditions_stand_beside_its_name(void **state)
{
	struct conditions *conditions = &made.options.arms[1].conditions;
	char *text;

	(void)state;
	hand_make(&made, 2, 6);
	conditions->set = 1 << CONDITION_SECCOMP | 1 << CONDITION_TRACED;
	conditions->value[CONDITION_SECCOMP] = 8;
	hand_fill(&made, hand_try(&made, row_named("getppid/inline"), 16), 100);
	text = results(NULL, 0);
	assert_non_null(strstr(text, "\nplain  "));
	assert_non_null(strstr(text, "\nother [seccomp:8,traced]  "));
	free(text);
}

/* One that is too long for its column has a line of its own. */
static void long_conditions_leave_the_columns_alone(void **state)
{
	const char *line;
	char *text;

	(void)state;
	hand_make(&made, 2, 6);
	made.options.arms[1].conditions.set = (1 << CONDITIONS) - 1;
	hand_fill(&made, hand_try(&made, row_named("getppid/inline"), 16), 100);
	text = results(NULL, 0);
	line = strstr(text, "\nother [noaslr,");
	assert_non_null(line);
	line = strchr(line + 1, '\n');
	assert_int_equal(strspn(line + 1, " ") + strlen("quiet core"), 38 + 12);
	free(text);
}

static void a_skipped_arm_is_listed_and_has_no_table(void **state)
{
	char *text;

	(void)state;
	hand_make(&made, 3, 6);
	hand_skip(&made, 1, "traced: no ptrace here");
	hand_fill(&made, hand_try(&made, row_named("getppid/inline"), 16), 100);
	text = results(NULL, 0);
	assert_null(strstr(text, "\nother  "));
	assert_non_null(strstr(text, "\nthird  "));
	assert_non_null(strstr(text, "\nskipped\n"));
	assert_non_null(
		strstr(line_of(text, "arm other"), "traced: no ptrace here"));
	assert_null(strstr(text, "the reference is"));
	free(text);
}

static void another_reference_than_was_meant_is_said(void **state)
{
	char *text;

	(void)state;
	hand_make(&made, 3, 6);
	hand_skip(&made, 0, "not here");
	hand_fill(&made, hand_try(&made, row_named("getppid/inline"), 16), 100);
	text = results(NULL, 0);
	assert_non_null(strstr(text, "the reference is other\n"));
	free(text);
}

/* One a table, in the line before its titles. */
static void every_table_of_an_emulated_cpu_says_so(void **state)
{
	static const char label[] = "\nemulated: signs and constancy only\n";
	unsigned int labels = 0;
	const char *at;
	char *text;

	(void)state;
	hand_make(&made, 2, 6);
	hand_fill(&made, hand_try(&made, row_named("getppid/inline"), 16), 100);
	text = results(NULL, 0);
	assert_null(strstr(text, "emulated"));
	free(text);
	summary_free(&summary);
	hand_emulate(&made);
	text = results(NULL, 0);
	for (at = text; (at = strstr(at, label)); at += strlen(label) - 1) {
		assert_non_null(strstr(line_of(at + strlen(label),
					       labels ? "other " : "plain "),
				       "quiet core"));
		labels++;
	}
	assert_int_equal(labels, 2);
	assert_null(strstr(line_of(text, "getppid/inline"), "emulated"));
	assert_non_null(strstr(line_of(text, "getppid/inline"), " - "));
	free(text);
}

static void what_is_not_known_is_a_dash(void **state)
{
	char *text;

	(void)state;
	hand_make(&made, 1, 1);
	hand_fill(&made, hand_try(&made, row_named("getppid/inline"), 16), 100);
	made.session.yardstick_ns[YARDSTICK_CALL] = NAN;
	made.session.yardstick_ns[YARDSTICK_ADDS] = NAN;
	text = results(NULL, 0);
	assert_null(strstr(text, "nan"));
	assert_non_null(strstr(line_of(text, "getppid/inline"), " -"));
	free(text);
}

static void skipped_rows_are_listed_with_the_reason(void **state)
{
	struct trial *trial;
	char *text;

	(void)state;
	hand_make(&made, 1, 6);
	hand_fill(&made, hand_try(&made, row_named("getppid/inline"), 16), 100);
	trial = hand_try(&made, row_named("getppid/stub"), 0);
	trial->tried.calls = 0;
	strcpy(trial->tried.reason, "no stubs here");
	text = results(NULL, 0);
	assert_non_null(strstr(line_of(text, "getppid/stub"), "no stubs here"));
	free(text);
}

static void doubts_are_listed_with_the_remedy(void **state)
{
	static const struct doubt doubts[] = {
		{ "one", SEVERITY_SERIOUS, "a message", "a remedy" },
		{ "two", SEVERITY_NOTE, "another", "nothing" },
	};
	char *text;

	(void)state;
	hand_make(&made, 1, 6);
	hand_fill(&made, hand_try(&made, row_named("getppid/inline"), 16), 100);
	text = results(doubts, 2);
	assert_non_null(strstr(text, "!! a message"));
	assert_non_null(strstr(line_of(text, "a message"), "a remedy"));
	assert_non_null(strstr(line_of(text, "another"), "nothing"));
	free(text);
}

static void a_flag_stands_beside_its_row(void **state)
{
	char *text;

	(void)state;
	hand_make(&made, 1, 6);
	hand_fill(&made, hand_try(&made, row_named("getppid/inline"), 99), 100);
	text = results(NULL, 0);
	assert_non_null(
		strstr(line_of(text, "getppid/inline"), "entries_differ"));
	free(text);
}

static void the_list_is_of_what_was_selected(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	assert_non_null(file);
	hand_make(&made, 1, 1);
	hand_try(&made, row_named("getppid/inline"), 0);
	hand_try(&made, row_named("getuid/libc"), 0);
	screen_list(file, &made.session);
	fclose(file);
	assert_non_null(strstr(
		line_of(text, "getppid/inline"),
		registry_get(row_named("getppid/inline"))->benchmark->summary));
	line_of(text, "getuid/libc");
	assert_null(strstr(text, "getpid/libc"));
	free(text);
}

#define released(test) cmocka_unit_test_teardown(test, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		released(a_row_has_its_figures),
		released(millions_are_told_as_such),
		released(an_estimate_of_cycles_is_marked),
		released(every_arm_has_its_table),
		released(an_arms_conditions_stand_beside_its_name),
		released(long_conditions_leave_the_columns_alone),
		released(a_skipped_arm_is_listed_and_has_no_table),
		released(another_reference_than_was_meant_is_said),
		released(what_is_not_known_is_a_dash),
		released(every_table_of_an_emulated_cpu_says_so),
		released(skipped_rows_are_listed_with_the_reason),
		released(doubts_are_listed_with_the_remedy),
		released(a_flag_stands_beside_its_row),
		released(the_list_is_of_what_was_selected),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
