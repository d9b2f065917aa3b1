// SPDX-License-Identifier: MIT
/* Known samples give known estimates, and these a known file. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <locale.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "facts.h"
#include "hand_made.h"
#include "summary.h"

extern char **environ;

static struct hand_made made;
static struct summary summary;

static int release(void **state)
{
	(void)state;
	summary_free(&summary);
	hand_free(&made);
	return 0;
}

/* getppid/inline: three batches a launch around 100, 101, 102 ... ns. */
static struct trial *make(unsigned int arms, unsigned int launches)
{
	struct trial *trial;

	hand_make(&made, arms, launches);
	trial = hand_try(&made, row_named("getppid/inline"), 16);
	hand_fill(&made, trial, 100);
	return trial;
}

/* What the PMU counted of each batch, a call. */
static void count_all(struct trial *trial, float cycles, float user,
		      float kernel)
{
	for (size_t i = 0; i < trial->count; i++) {
		trial->samples[i].cycles = cycles;
		trial->samples[i].instructions_user = user;
		trial->samples[i].instructions_kernel = kernel;
		trial->samples[i].counted = (1U << COUNTERS) - 1;
	}
}

static const struct estimate *summarize(void)
{
	assert_int_equal(summary_make(&summary, &made.session), 0);
	assert_true(summary.count >= 1);
	return &summary.estimates[0];
}

/* Launch medians 100 to 119; the ranks of 20 are 6 and 15. */
static void medians_of_launches_are_the_estimate(void **state)
{
	const struct estimate *e;

	(void)state;
	make(1, 20);
	e = summarize();
	assert_int_equal(summary.count, 1);
	assert_int_equal(e->benchmark, row_named("getppid/inline"));
	assert_int_equal(e->launches, 20);
	assert_int_equal(e->batches, 60);
	assert_near(e->quiet, 109.5, 1e-9);
	assert_near(e->quiet_low, 105, 1e-9);
	assert_near(e->quiet_high, 114, 1e-9);
	assert_near(e->confidence, 0.9586105347, 1e-9);
	assert_near(e->median, 109.5, 1e-9);
	assert_near(e->median_low, 105, 1e-9);
	assert_near(e->median_high, 114, 1e-9);
	for (unsigned int i = 0; i < 20; i++) {
		assert_near(e->launch_quiet[i], 100 + i, 1e-9);
		assert_near(e->launch_median[i], 100 + i, 1e-9);
	}
}

/* Over the 60 batches: numpy's mean, quantile, and median of abs(b/m - 1). */
static void batches_are_described(void **state)
{
	const struct estimate *e;

	(void)state;
	make(1, 20);
	e = summarize();
	assert_near(e->floor, 99.5, 1e-9);
	assert_near(e->p25, 106.875, 1e-9);
	assert_near(e->p75, 116.625, 1e-9);
	assert_near(e->mean, 111.66666666666667, 1e-9);
	assert_near(e->mdape, 0.05022831050228316, 1e-12);
}

static void units_are_the_clocks_and_the_cores(void **state)
{
	const struct estimate *e;

	(void)state;
	make(1, 20);
	e = summarize();
	assert_near(e->median_ticks, 219, 1e-9);
	assert_near(e->net, 109, 1e-9);
	assert_near(e->core_cycles, 219, 1e-9);
}

static void shares_are_of_the_batches(void **state)
{
	struct trial *trial = make(1, 20);
	const struct estimate *e;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		trial->samples[10 * i].dirty = 1;
	/* Two of 60: too few to say that the probe varies. */
	trial->samples[7].jumps = 2 * HAND_MADE_JUMPS;
	trial->samples[29].jumps = 1.06F * HAND_MADE_JUMPS;
	e = summarize();
	assert_near(e->dirty_share, 0.1, 1e-12);
	assert_near(e->quiet_share, 58.0 / 60, 1e-12);
	assert_near(e->quiet, 109.5, 1e-9);
}

static void arms_are_kept_apart(void **state)
{
	struct trial *trial;

	(void)state;
	hand_make(&made, 2, 6);
	trial = hand_try(&made, row_named("getppid/inline"), 16);
	for (unsigned int i = 0; i < 12; i++)
		hand_sample(trial, i, (i % 2 ? 200 : 100) + i);
	summarize();
	assert_int_equal(summary.count, 2);
	assert_int_equal(summary.estimates[0].arm, 0);
	assert_int_equal(summary.estimates[1].arm, 1);
	/* 100 102 ... 110, and 201 203 ... 211: all of six are needed. */
	assert_near(summary.estimates[0].median, 105, 1e-9);
	assert_near(summary.estimates[0].median_low, 100, 1e-9);
	assert_near(summary.estimates[0].median_high, 110, 1e-9);
	assert_near(summary.estimates[1].median, 206, 1e-9);
	assert_near(summary.estimates[1].median_high, 211, 1e-9);
	assert_int_equal(summary.estimates[1].batches, 6);
	assert_near(summary.estimates[1].floor, 201, 1e-9);
}

/* Every launch of the second arm was lost; a lost one of the first counts
 * for nothing. */
static void what_was_lost_is_left_out(void **state)
{
	struct trial *trial;

	(void)state;
	hand_make(&made, 2, 4);
	trial = hand_try(&made, row_named("getppid/inline"), 16);
	for (unsigned int i = 0; i < 6; i += 2)
		hand_sample(trial, i, 100 + i);
	summarize();
	assert_int_equal(summary.count, 1);
	assert_int_equal(summary.estimates[0].arm, 0);
	assert_int_equal(summary.estimates[0].launches, 3);
	assert_near(summary.estimates[0].median, 102, 1e-9);
}

static void rows_without_samples_are_left_out(void **state)
{
	(void)state;
	make(1, 6);
	hand_try(&made, row_named("getuid/inline"), 16);
	hand_fill(&made, hand_try(&made, row_named("getpid/libc"), 16), 50);
	summarize();
	assert_int_equal(summary.count, 2);
}

/* What a neighbour adds is taken off, and the raw figure is left alone. */
static void a_neighbour_is_taken_off(void **state)
{
	const struct estimate *e;
	struct trial *trial;

	(void)state;
	hand_make(&made, 1, 20);
	trial = hand_try(&made, row_named("getppid/inline"), 16);
	for (unsigned int i = 0; i < 600; i++) {
		bool shared = i % 3 != 0;
		struct sample *sample =
			hand_sample(trial, i / 30, shared ? 130 : 100);

		sample->jumps = HAND_MADE_JUMPS * (shared ? 1.5F : 1);
		sample->ns *= 1 + 0.001 * (i % 7);
	}
	e = summarize();
	assert_true(e->median > 129);
	assert_near(e->quiet, 100.3, 0.3);
	assert_near(e->quiet_share, 1.0 / 3, 1e-9);
	assert_true(trial->fit.adjusted);
}

/* An arm's own threads are not, although another arm knows the curve. */
static void a_crowd_of_ones_own_is_left_in(void **state)
{
	const struct estimate *e;
	struct trial *trial;

	(void)state;
	hand_make(&made, 2, 20);
	made.session.arms[1].crowded = true;
	trial = hand_try(&made, row_named("getppid/inline"), 16);
	for (unsigned int i = 0; i < 1200; i++) {
		bool crowd = i / 30 % 2, shared = crowd || i % 3 != 0;
		struct sample *sample =
			hand_sample(trial, i / 30, shared ? 130 : 100);

		sample->jumps = HAND_MADE_JUMPS * (shared ? 1.5F : 1);
	}
	e = summarize();
	assert_near(e[0].median, 130, 1e-9);
	assert_near(e[0].quiet, 100, 0.5);
	assert_int_equal(e[0].flags & FLAG_NO_QUIET, 0);
	assert_near(e[1].quiet, 130, 1e-9);
	assert_near(e[1].quiet, e[1].median, 0);
	assert_true(e[1].flags & FLAG_NO_QUIET);
}

/* Where the core was never ours, by the curve of an earlier run. */
static void an_earlier_runs_curve_is_used(void **state)
{
	unsigned int row = row_named("getppid/inline");
	const struct estimate *e;
	struct trial *trial;

	(void)state;
	hand_make(&made, 1, 20);
	trial = hand_try(&made, row, 16);
	for (unsigned int i = 0; i < 60; i++)
		hand_sample(trial, i / 3, 130)->jumps = 1.5F * HAND_MADE_JUMPS;
	made.session.no_quiet = true;
	made.session.history.runs = 1;
	made.session.history.curves =
		calloc(registry_count(), sizeof(struct quiet_curve));
	made.session.history.curves[row] = (struct quiet_curve){
		.known = true,
		/* What the probe does by itself, 2 %, is left out. */
		.slope = { log(1.3) / (log(1.5) - 0.02) },
		.level = { HAND_MADE_JUMPS, HAND_MADE_CHAIN },
	};
	e = summarize();
	assert_near(e->median, 130, 1e-9);
	assert_near(e->quiet, 100, 1e-6);
	assert_true(e->flags & FLAG_NO_QUIET);
}

static void assert_flags(unsigned int flags)
{
	summary_free(&summary);
	assert_int_equal(summarize()->flags, flags);
}

static void a_clean_row_has_no_flag(void **state)
{
	struct trial *trial;

	(void)state;
	hand_make(&made, 1, 6);
	trial = hand_try(&made, row_named("getppid/inline"), 16);
	for (unsigned int i = 0; i < 6; i++)
		hand_sample(trial, i, 100);
	assert_flags(0);
}

static void each_flag_has_its_reason(void **state)
{
	struct trial *trial;

	(void)state;
	hand_make(&made, 1, 6);
	trial = hand_try(&made, row_named("getppid/inline"), 16);
	for (unsigned int i = 0; i < 6; i++)
		hand_sample(trial, i, 100);
	trial->tried.entries = 0;
	assert_flags(FLAG_ENTRIES_DIFFER);
	trial->tried.entries = 17;
	assert_flags(FLAG_ENTRIES_DIFFER);
	trial->tried.entries = -1;
	assert_flags(FLAG_UNCOUNTED);
	trial->tried.entries = 16;
	made.session.no_quiet = true;
	assert_flags(FLAG_NO_QUIET);
	made.session.no_quiet = false;
	for (size_t i = 0; i < 6; i += 2) /* 100 110 100 110 ...: 4.8 % */
		trial->samples[i].ns = 110;
	assert_flags(0);
	for (size_t i = 0; i < 6; i += 2)
		trial->samples[i].ns = 112; /* 5.7 % */
	assert_flags(FLAG_UNSTABLE);
}

static void few_launches_are_flagged(void **state)
{
	struct trial *trial;

	(void)state;
	hand_make(&made, 1, 5);
	trial = hand_try(&made, row_named("getppid/inline"), 16);
	for (unsigned int i = 0; i < 5; i++)
		hand_sample(trial, i, 100);
	assert_flags(FLAG_FEW);
}

/* A row that is to stay in user space falls back; one that is to enter once
 * in 4,096 calls, and did so, does not. */
static void entries_are_judged_by_what_is_said(void **state)
{
	struct trial *trial;

	(void)state;
	hand_make(&made, 1, 6);
	trial = hand_try(&made, row_named("baseline/empty"), 16);
	for (unsigned int i = 0; i < 6; i++)
		hand_sample(trial, i, 100);
	assert_flags(FLAG_FALLS_BACK);
	trial->tried.entries = 0;
	assert_flags(0);
	trial->count = 0;
	trial = hand_try(&made, row_named("write/stdio/1"), 1);
	for (unsigned int i = 0; i < 6; i++)
		hand_sample(trial, i, 100);
	trial->tried.entry_calls = 4096;
	assert_flags(0);
	trial->tried.entries = 2;
	assert_flags(FLAG_ENTRIES_DIFFER);
}

/* Twelve launches, 1 % apart at the most, or eight and four 3 % apart. */
static void launches_in_two_clusters_are_flagged(void **state)
{
	struct trial *trial;

	(void)state;
	hand_make(&made, 1, 12);
	trial = hand_try(&made, row_named("getppid/inline"), 16);
	for (unsigned int i = 0; i < 12; i++)
		hand_sample(trial, i, 100 + i / 12.0);
	assert_flags(0);
	for (unsigned int i = 0; i < 12; i += 3)
		trial->samples[i].ns += 3;
	assert_flags(FLAG_MODES);
	for (unsigned int i = 0; i < 12; i += 3)
		trial->samples[i].ns -= 2.2; /* a gap under 1 % */
	assert_flags(0);
}

/* Of nine launches chance alone makes clusters too often. */
static void few_launches_have_no_modes(void **state)
{
	struct trial *trial;

	(void)state;
	hand_make(&made, 1, 9);
	trial = hand_try(&made, row_named("getppid/inline"), 16);
	for (unsigned int i = 0; i < 9; i++)
		hand_sample(trial, i, i % 2 ? 103 : 100);
	assert_flags(0);
}

static void flags_are_words(void **state)
{
	char text[128];
	int length;

	(void)state;
	assert_int_equal(summary_flag_text(0, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	summary_flag_text(FLAG_FALLS_BACK | FLAG_FEW, text, sizeof(text));
	assert_string_equal(text, "falls_back few");
	length = summary_flag_text(0xff, text, sizeof(text));
	assert_int_equal(length, strlen(text));
	assert_string_equal(text, "falls_back entries_differ uncounted "
				  "unstable few no_quiet modes emulated");
}

/* An add there is no cycle; what is counted is. */
static void an_emulated_row_is_labelled_and_has_no_cycles(void **state)
{
	struct trial *trial = make(1, 20);
	const struct estimate *e;

	(void)state;
	hand_emulate(&made);
	e = summarize();
	assert_true(e->flags & FLAG_EMULATED);
	assert_true(isnan(e->core_cycles));
	assert_near(e->quiet, 109.5, 1e-9);
	summary_free(&summary);
	for (size_t i = 0; i < trial->count; i++) {
		trial->samples[i].cycles = 777;
		trial->samples[i].counted = COUNTERS_CYCLES;
	}
	assert_near(summarize()->core_cycles, 777, 1e-9);
}

#define HEADER                                                                 \
	"benchmark,arm,launches,batches,quiet_ns,quiet_low_ns,quiet_high_ns,"  \
	"confidence,median_ns,median_low_ns,median_high_ns,floor_ns,p25_ns,"   \
	"p75_ns,mean_ns,mdape,median_ticks,net_ns,core_cycles,dirty_share,"    \
	"quiet_share,flags,core_cycles_from,instructions_user,"                \
	"instructions_kernel\n"

static void assert_file(const char *wanted)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	summary_write(&summary, &made.session, file);
	fclose(file);
	assert_string_equal(text, wanted);
	free(text);
}

static void the_file_is_as_documented(void **state)
{
	(void)state;
	make(1, 20);
	summarize();
	assert_file(HEADER "getppid/inline,plain,20,60,109.500000,105.000000,"
			   "114.000000,0.9586,109.500000,105.000000,114.000000,"
			   "99.500000,106.875000,116.625000,111.666667,0.05023,"
			   "219.000,109.000000,219.00,0.00000,1.00000,unstable,"
			   "adds,,\n");
}

static void what_is_not_known_is_an_empty_cell(void **state)
{
	struct trial *trial;

	(void)state;
	hand_make(&made, 1, 1);
	trial = hand_try(&made, row_named("getppid/inline"), -1);
	hand_sample(trial, 0, 100);
	made.session.yardstick_ns[YARDSTICK_ADDS] = NAN;
	made.session.yardstick_ns[YARDSTICK_LOOP] = NAN;
	summarize();
	assert_file(HEADER
		    "getppid/inline,plain,1,1,100.000000,,,,100.000000,,,"
		    "100.000000,100.000000,100.000000,100.000000,0.00000,"
		    "200.000,,,0.00000,1.00000,uncounted few,,,\n");
}

static void what_was_counted_takes_the_place_of_an_estimate(void **state)
{
	const struct estimate *e;

	(void)state;
	count_all(make(1, 20), 437.5F, 12, 345.25F);
	e = summarize();
	assert_true(e->cycles_counted);
	assert_file(HEADER "getppid/inline,plain,20,60,109.500000,105.000000,"
			   "114.000000,0.9586,109.500000,105.000000,114.000000,"
			   "99.500000,106.875000,116.625000,111.666667,0.05023,"
			   "219.000,109.000000,437.50,0.00000,1.00000,unstable,"
			   "pmu,12.00,345.25\n");
}

/* Cycles of user space alone are not those of a crossing. */
static void cycles_without_the_kernels_stay_an_estimate(void **state)
{
	struct trial *trial = make(1, 20);
	const struct estimate *e;

	(void)state;
	count_all(trial, 20, 12, 0);
	for (size_t i = 0; i < trial->count; i++)
		trial->samples[i].counted = 1U << COUNTER_CYCLES_USER |
					    1U << COUNTER_INSTRUCTIONS_USER;
	e = summarize();
	assert_false(e->cycles_counted);
	assert_near(e->core_cycles, 219, 1e-9);
	assert_near(e->instructions_user, 12, 1e-9);
	assert_true(isnan(e->instructions_kernel));
}

/* Eleven batches a launch: launch medians of the five quiet ones, 500 + launch,
 * and a launch with four takes all. */
static void counts_are_of_the_quiet_batches(void **state)
{
	const struct estimate *e;
	struct trial *trial;

	(void)state;
	hand_make(&made, 1, 7);
	trial = hand_try(&made, row_named("getppid/inline"), 16);
	for (unsigned int i = 0; i < 77; i++)
		hand_sample(trial, i / 11, 100);
	count_all(trial, 0, 0, 0);
	for (unsigned int i = 0; i < 77; i++) {
		bool shared = i % 11 >= 5 || i == 0;

		trial->samples[i].jumps *= shared ? 1.5F : 1;
		trial->samples[i].cycles =
			500 + (float)(i / 11) + (shared ? 1000 : 0);
	}
	e = summarize();
	/* 1500 501 502 503 504 505 506. */
	assert_near(e->core_cycles, 504, 1e-4);
}

/* A batch below 0 is a batch like any other: only the result has an end. */
static void less_than_nothing_is_nothing(void **state)
{
	struct trial *trial = make(1, 6);
	const struct estimate *e;

	(void)state;
	count_all(trial, 400, 1, -3);
	for (size_t i = 0; i < trial->count; i++)
		trial->samples[i].instructions_user = i % 3 ? 2 : -50;
	e = summarize();
	assert_near(e->instructions_kernel, 0, 0);
	assert_near(e->instructions_user, 2, 0);
}

static void most_launches_must_have_counted(void **state)
{
	struct trial *trial = make(1, 6);

	(void)state;
	count_all(trial, 400, 1, 300);
	for (size_t i = 0; i < 9; i++) /* three launches */
		trial->samples[i].counted = 0;
	assert_false(summarize()->cycles_counted);
	assert_true(isnan(summary.estimates[0].instructions_user));
	summary_free(&summary);
	trial->samples[0].counted = (1U << COUNTERS) - 1;
	assert_true(summarize()->cycles_counted);
}

/* The second arm may not count. */
static void arms_count_for_themselves(void **state)
{
	struct trial *trial = make(2, 6);

	(void)state;
	count_all(trial, 400, 1, 300);
	for (size_t i = 0; i < trial->count; i++)
		if (trial->samples[i].launch % 2)
			trial->samples[i].counted = 0;
	summarize();
	assert_int_equal(summary.count, 2);
	assert_true(summary.estimates[0].cycles_counted);
	assert_false(summary.estimates[1].cycles_counted);
}

static void nothing_measured_is_a_header(void **state)
{
	(void)state;
	hand_make(&made, 1, 6);
	assert_int_equal(summary_make(&summary, &made.session), 0);
	assert_int_equal(summary.count, 0);
	assert_file(HEADER);
}

/* A locale of this system that writes 1,5; NULL where none is installed. */
static const char *comma_locale(void)
{
	static const char *const names[] = { "de_DE.UTF-8", "de_DE.utf8",
					     "fr_FR.UTF-8", "fr_FR.utf8",
					     "es_ES.UTF-8", "ru_RU.UTF-8" };
	const char *found = NULL;

	for (size_t i = 0; !found && i < COUNT(names); i++)
		if (setlocale(LC_ALL, names[i]) &&
		    strcmp(localeconv()->decimal_point, ",") == 0)
			found = names[i];
	setlocale(LC_ALL, "C");
	return found;
}

static int run_program(char *const *arguments)
{
	posix_spawn_file_actions_t quietly;
	int status = -1;
	pid_t child;

	posix_spawn_file_actions_init(&quietly);
	posix_spawn_file_actions_addopen(&quietly, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&child, SYSCOST_PROGRAM, &quietly, NULL, arguments,
			environ))
		child = -1;
	posix_spawn_file_actions_destroy(&quietly);
	return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

/* The whole program under such a locale: a row has as many cells as the
 * header, and numbers have their point. */
static void the_users_locale_does_not_matter(void **state)
{
	const char *locale = comma_locale();
	char folder[64] = "/tmp/syscost-locale-XXXXXX", output[128], text[4096];
	char command[128];
	unsigned int commas[2] = { 0 };

	(void)state;
	if (!locale)
		skip_because("no locale with a decimal comma is installed");
	assert_non_null(mkdtemp(folder));
	snprintf(output, sizeof(output), "--output=%s/run", folder);
	setenv("LC_ALL", locale, 1);
	if (run_program((char *const[]){ "syscost", "--filter=^baseline/empty$",
					 "--launches=2", "--rounds=2", output,
					 NULL }))
		skip_because("the program cannot be run from here");
	unsetenv("LC_ALL");
	snprintf(text, sizeof(text), "%s/run/summary.csv", folder);
	assert_true(facts_file(text, text, sizeof(text)) > 0);
	for (char *at = text; *at; at++)
		commas[at > strchr(text, '\n')] += *at == ',';
	assert_int_equal(commas[0], 24);
	assert_int_equal(commas[1], 24);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	assert_int_equal(system(command), 0);
}

#define released(test) cmocka_unit_test_teardown(test, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		released(medians_of_launches_are_the_estimate),
		released(batches_are_described),
		released(units_are_the_clocks_and_the_cores),
		released(shares_are_of_the_batches),
		released(arms_are_kept_apart),
		released(what_was_lost_is_left_out),
		released(rows_without_samples_are_left_out),
		released(a_neighbour_is_taken_off),
		released(a_crowd_of_ones_own_is_left_in),
		released(an_earlier_runs_curve_is_used),
		released(a_clean_row_has_no_flag),
		released(each_flag_has_its_reason),
		released(launches_in_two_clusters_are_flagged),
		released(few_launches_have_no_modes),
		released(few_launches_are_flagged),
		released(entries_are_judged_by_what_is_said),
		cmocka_unit_test(flags_are_words),
		released(an_emulated_row_is_labelled_and_has_no_cycles),
		released(the_file_is_as_documented),
		released(what_is_not_known_is_an_empty_cell),
		released(what_was_counted_takes_the_place_of_an_estimate),
		released(cycles_without_the_kernels_stay_an_estimate),
		released(counts_are_of_the_quiet_batches),
		released(less_than_nothing_is_nothing),
		released(most_launches_must_have_counted),
		released(arms_count_for_themselves),
		released(nothing_measured_is_a_header),
		cmocka_unit_test(the_users_locale_does_not_matter),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
