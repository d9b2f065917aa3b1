// SPDX-License-Identifier: MIT
/* Earlier runs lend what they saw, if they are of this boot and binary. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "hand_made.h"
#include "history.h"

static char base[64], beside[128];
static struct history history;
static const struct history_key key = { .build_id = "abc",
					.boot_id = "boot-1",
					.cpu = 1 };

static int make_base(void **state)
{
	(void)state;
	strcpy(base, "/tmp/syscost-history-XXXXXX");
	if (!mkdtemp(base))
		return -1;
	snprintf(beside, sizeof(beside), "%s/the-next-run", base);
	return 0;
}

static int remove_base(void **state)
{
	char command[128];

	(void)state;
	history_free(&history);
	snprintf(command, sizeof(command), "rm -rf %s", base);
	return system(command);
}

/* What an earlier run's record says, as far as it matters. */
struct said {
	const char *build, *boot;
	int cpu;
	bool no_quiet;
	double jumps, chain, slope;
};

static const struct said usual = {
	.build = "abc",
	.boot = "boot-1",
	.cpu = 1,
	.jumps = 1400,
	.chain = 160,
	.slope = 0.5,
};

static void write_text(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", base, name);
	assert_int_equal(mkdir(path, 0777), 0);
	strcat(path, "/run.json");
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void write_run(const char *name, const struct said *said)
{
	char text[2048];

	snprintf(text, sizeof(text),
		 "{\"schema\": 1, \"tool\": {\"build_id\": \"%s\"},"
		 "\"environment\": {\"kernel\": {\"boot_id\": \"%s\"}},"
		 "\"placement\": {\"cpu\": %d}, \"probe\": {"
		 "\"quiet_jump_ticks\": %f, \"quiet_chain_ticks\": %f,"
		 "\"no_quiet_moment\": %s}, \"benchmarks\": ["
		 "{\"name\": \"getuid/inline\", \"curve\": null},"
		 "{\"name\": \"gone/away\", \"curve\": {}}, {}, 7,"
		 "{\"name\": \"getppid/inline\", \"curve\": {"
		 "\"jump_ticks\": %f, \"chain_ticks\": %f,"
		 "\"lent_jump_slope\": %f, \"lent_chain_slope\": 0.25}}]}",
		 said->build, said->boot, said->cpu, said->jumps, said->chain,
		 said->no_quiet ? "true" : "false", said->jumps, said->chain,
		 said->slope);
	write_text(name, text);
}

static const struct quiet_curve *curve_of(const char *name)
{
	return &history.curves[row_named(name)];
}

static unsigned int read_it(void)
{
	history_free(&history);
	assert_int_equal(history_read(&history, beside, &key), 0);
	return history.runs;
}

static void without_earlier_runs_there_is_nothing(void **state)
{
	(void)state;
	assert_int_equal(read_it(), 0);
	assert_null(history.curves);
	assert_int_equal(history_read(&history, "/nonexistent/x/y", &key), 0);
	assert_int_equal(history.runs, 0);
}

static void an_earlier_run_lends_level_and_curve(void **state)
{
	(void)state;
	write_run("one", &usual);
	assert_int_equal(read_it(), 1);
	assert_near(history.level.jumps, 1400, 1e-6);
	assert_near(history.level.chain, 160, 1e-6);
	assert_true(curve_of("getppid/inline")->known);
	assert_near(curve_of("getppid/inline")->slope[0], 0.5, 1e-6);
	assert_near(curve_of("getppid/inline")->slope[1], 0, 0);
	assert_near(curve_of("getppid/inline")->slope[2], 0.25, 1e-6);
	assert_near(curve_of("getppid/inline")->level.jumps, 1400, 1e-6);
	assert_false(curve_of("getuid/inline")->known);
}

static void several_runs_lend_their_mean(void **state)
{
	struct said other = usual;

	(void)state;
	other.jumps = 1420;
	other.slope = 0.7;
	write_run("one", &usual);
	write_run("two", &other);
	assert_int_equal(read_it(), 2);
	assert_near(history.level.jumps, 1410, 1e-6);
	assert_near(curve_of("getppid/inline")->slope[0], 0.6, 1e-6);
	assert_near(curve_of("getppid/inline")->level.jumps, 1410, 1e-6);
}

static void only_the_quietest_level_counts(void **state)
{
	struct said shared = usual;

	(void)state;
	shared.jumps = 1600;
	shared.slope = 5;
	write_run("one", &shared);
	write_run("two", &usual);
	write_run("three", &shared);
	assert_int_equal(read_it(), 1);
	assert_near(history.level.jumps, 1400, 1e-6);
	assert_near(curve_of("getppid/inline")->slope[0], 0.5, 1e-6);
}

static void another_boot_binary_or_cpu_does_not_count(void **state)
{
	struct said others[4] = { usual, usual, usual, usual };

	(void)state;
	others[0].build = "abd";
	others[1].boot = "boot-2";
	others[2].cpu = 0;
	others[3].no_quiet = true;
	write_run("one", &others[0]);
	write_run("two", &others[1]);
	write_run("three", &others[2]);
	write_run("four", &others[3]);
	assert_int_equal(read_it(), 0);
}

/* A binary without a build id, or a kernel without a boot id, is not known
 * to be the same as any other. */
static void what_has_no_identity_matches_nothing(void **state)
{
	static const struct history_key nobody = { .build_id = "",
						   .boot_id = "boot-1",
						   .cpu = 1 };
	struct said said = usual;

	(void)state;
	said.build = "";
	write_run("one", &said);
	assert_int_equal(history_read(&history, beside, &nobody), 0);
	assert_int_equal(history.runs, 0);
}

static void nonsense_is_passed_over(void **state)
{
	struct said absurd[3] = { usual, usual, usual };
	char path[256];

	(void)state;
	write_text("broken", "{\"schema\": 1, ");
	write_text("empty", "");
	write_text("list", "[1, 2]");
	write_text("number", "7");
	write_text("null", "{\"schema\": 1, \"tool\": null, \"probe\": 3}");
	absurd[0].jumps = -5;
	absurd[1].chain = 1e12;
	write_run("absurd-1", &absurd[0]);
	write_run("absurd-2", &absurd[1]);
	snprintf(path, sizeof(path), "%s/file", base);
	fclose(fopen(path, "w"));
	snprintf(path, sizeof(path), "%s/folder", base);
	mkdir(path, 0777);
	strcat(path, "/run.json");
	mkdir(path, 0777);
	assert_int_equal(read_it(), 0);
	/* A slope that cannot be is left out, the level stands. */
	absurd[2].slope = 50;
	write_run("absurd-3", &absurd[2]);
	assert_int_equal(read_it(), 1);
	assert_false(curve_of("getppid/inline")->known);
}

/* A pipe in a record's place would block, a huge file would take memory. */
static void what_is_no_small_file_is_passed_over(void **state)
{
	char path[256];
	FILE *file;

	(void)state;
	snprintf(path, sizeof(path), "%s/pipe", base);
	assert_int_equal(mkdir(path, 0777), 0);
	strcat(path, "/run.json");
	assert_int_equal(mkfifo(path, 0666), 0);
	write_run("huge", &usual);
	snprintf(path, sizeof(path), "%s/huge/run.json", base);
	file = fopen(path, "a");
	assert_non_null(file);
	fprintf(file, "%*s", 5 << 20, ""); /* still good JSON */
	fclose(file);
	assert_int_equal(read_it(), 0);
}

static void hidden_runs_are_passed_over(void **state)
{
	(void)state;
	write_run(".one.partial", &usual);
	assert_int_equal(read_it(), 0);
}

#define in_a_folder(test)                                                      \
	cmocka_unit_test_setup_teardown(test, make_base, remove_base)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(without_earlier_runs_there_is_nothing),
		in_a_folder(an_earlier_run_lends_level_and_curve),
		in_a_folder(several_runs_lend_their_mean),
		in_a_folder(only_the_quietest_level_counts),
		in_a_folder(another_boot_binary_or_cpu_does_not_count),
		in_a_folder(what_has_no_identity_matches_nothing),
		in_a_folder(nonsense_is_passed_over),
		in_a_folder(what_is_no_small_file_is_passed_over),
		in_a_folder(hidden_runs_are_passed_over),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
