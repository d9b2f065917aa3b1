// SPDX-License-Identifier: MIT
/* Each doubt comes up on a session made for it, and on no clean one. */
#define _GNU_SOURCE
#include <jansson.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "doubts.h"
#include "environment.h"
#include "hand_made.h"

static struct hand_made made;
static struct summary summary;
static struct doubt doubts[DOUBTS_MOST];
static size_t count;

/* A clean session with two rows. */
static int make(void **state)
{
	static const char *const names[] = { "getppid/inline",
					     "clock_gettime/vdso" };

	(void)state;
	hand_make(&made, 1, 6);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct trial *trial =
			hand_try(&made, row_named(names[i]), i ? 0 : 16);

		for (unsigned int j = 0; j < 60; j++)
			hand_sample(trial, j / 10, 100);
	}
	return summary_make(&summary, &made.session);
}

static int release(void **state)
{
	(void)state;
	summary_free(&summary);
	json_decref(made.session.environment);
	hand_free(&made);
	return 0;
}

static const struct doubt *find(const char *id)
{
	count = doubts_find(doubts, DOUBTS_RUN, &made.session, &summary);
	for (size_t i = 0; i < count; i++)
		if (strcmp(doubts[i].id, id) == 0)
			return &doubts[i];
	return NULL;
}

/* Of the machine there is nothing to doubt where nothing is known of it; the
 * tests are built for debugging under sanitizers. */
static void a_clean_session_leaves_no_doubt(void **state)
{
	(void)state;
	count = doubts_find(doubts, DOUBTS_RUN, &made.session, &summary);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(doubts[i].id, "debug_build");
}

static struct estimate *row(const char *name)
{
	for (size_t i = 0; i < summary.count; i++)
		if (summary.estimates[i].benchmark == row_named(name))
			return &summary.estimates[i];
	return NULL;
}

static void by_incomplete(void)
{
	made.session.launches_done = 5;
	strcpy(made.session.problem, "launch 3: killed by SIGSEGV");
}

static void by_clock(void)
{
	made.session.clock.counter = false;
	strcpy(made.session.clock.reason, "the counter went backwards");
}

static void by_drift(void)
{
	made.session.clock.drift_ppm = 51;
}

static void by_entries(void)
{
	row("getppid/inline")->flags = FLAG_ENTRIES_DIFFER;
}

static void by_no_quiet(void)
{
	made.session.no_quiet = true;
}

static void by_borrowed(void)
{
	made.session.no_quiet = true;
	made.session.history.runs = 3;
}

static void by_shared(void)
{
	made.session.alone = 0.89;
}

static void by_shared_probe(void)
{
	made.session.alone = NAN;
	made.session.shared = 0.11;
}

static void by_steal(void)
{
	made.session.totals.steal_share = 0.015;
}

static void by_the_host(void)
{
	by_shared();
	hand_emulate(&made);
}

/* 256 ns of 50 us. */
static void by_stamps(void)
{
	made.session.clock.stamp_ticks = 512;
}

static void by_tenant(void)
{
	made.session.alone = 0.5;
	made.session.environment = json_pack("{sb}", "hypervisor", 1);
}

static void by_sibling(void)
{
	made.session.alone = 0.5;
	made.session.choice.sibling = 7;
	made.session.totals.sibling_share = 0.42;
}

static void by_drift_of_a_launch(void)
{
	made.session.totals.drift_ppm = 63;
}

static void by_others(void)
{
	made.session.totals.other_share = 0.08;
}

static void by_throttling(void)
{
	made.session.totals.throttles = 3;
}

static void by_frequency(void)
{
	made.session.totals.khz_least = 2.0e6;
	made.session.totals.khz_most = 2.2e6;
}

static void by_dirty(void)
{
	row("getppid/inline")->dirty_share = 0.12; /* 6 % of all */
}

static void by_unstable(void)
{
	row("getppid/inline")->flags = FLAG_UNSTABLE;
}

static void by_modes(void)
{
	row("getppid/inline")->flags = FLAG_MODES;
}

static void by_granularity(void)
{
	made.session.clock.granularity_ticks = 102;
}

static void by_few(void)
{
	made.options.launches = 5;
}

static void by_fall_back(void)
{
	row("clock_gettime/vdso")->flags = FLAG_FALLS_BACK;
}

static void by_uncounted(void)
{
	row("clock_gettime/vdso")->flags = FLAG_UNCOUNTED;
}

static const struct {
	const char *id;
	enum severity severity;
	void (*bring)(void);
	const char *word; /* that the message has */
} cases[] = {
	{ "incomplete", SEVERITY_SERIOUS, by_incomplete, "5 of 6" },
	{ "incomplete", SEVERITY_SERIOUS, by_incomplete, "SIGSEGV" },
	{ "clock", SEVERITY_SERIOUS, by_clock, "went backwards" },
	{ "clock_drift", SEVERITY_SERIOUS, by_drift, "51 ppm" },
	{ "entries", SEVERITY_SERIOUS, by_entries, "getppid/inline" },
	{ "no_quiet", SEVERITY_SERIOUS, by_no_quiet, "never ours alone" },
	{ "quiet_borrowed", SEVERITY_DOUBT, by_borrowed, "3 earlier runs" },
	{ "core_shared", SEVERITY_DOUBT, by_shared, "11 %" },
	{ "core_shared", SEVERITY_DOUBT, by_shared_probe, "11 %" },
	{ "steal", SEVERITY_DOUBT, by_steal, "2 %" },
	{ "core_shared", SEVERITY_DOUBT, by_tenant, "another tenant" },
	{ "core_shared", SEVERITY_DOUBT, by_the_host, "on the host" },
	{ "core_shared", SEVERITY_DOUBT, by_sibling, "CPU 7" },
	{ "core_shared", SEVERITY_DOUBT, by_sibling, "busy 42 %" },
	{ "clock_drift", SEVERITY_SERIOUS, by_drift_of_a_launch, "63 ppm" },
	{ "other_load", SEVERITY_DOUBT, by_others, "8 %" },
	{ "throttled", SEVERITY_SERIOUS, by_throttling, "3 times" },
	{ "frequency", SEVERITY_DOUBT, by_frequency, "2.00 and 2.20 GHz" },
	{ "dirty", SEVERITY_DOUBT, by_dirty, "6 %" },
	{ "unstable", SEVERITY_DOUBT, by_unstable, "1 of 2" },
	{ "modes", SEVERITY_DOUBT, by_modes, "getppid/inline" },
	{ "granularity", SEVERITY_DOUBT, by_granularity, "51 ns" },
	{ "stamps", SEVERITY_DOUBT, by_stamps, "0.3 us, 0.5 %" },
	{ "few_launches", SEVERITY_DOUBT, by_few, "5 launches" },
	{ "falls_back", SEVERITY_NOTE, by_fall_back, "clock_gettime/vdso" },
	{ "uncounted", SEVERITY_NOTE, by_uncounted, "1 rows" },
};

static void each_doubt_has_its_reason(void **state)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct doubt *doubt;

		release(state);
		assert_int_equal(make(state), 0);
		assert_null(find(cases[i].id));
		cases[i].bring();
		doubt = find(cases[i].id);
		assert_for(cases[i].id, doubt != NULL);
		assert_int_equal(doubt->severity, cases[i].severity);
		assert_for(doubt->message,
			   strstr(doubt->message, cases[i].word) != NULL);
		assert_for(cases[i].id, doubt->remedy[0]);
	}
}

/* A run that borrowed says so, and does not say that it is lost. */
static void what_is_borrowed_is_not_missing(void **state)
{
	(void)state;
	by_borrowed();
	assert_null(find("no_quiet"));
	assert_non_null(find("quiet_borrowed"));
}

static void thresholds_are_not_reached_at_once(void **state)
{
	(void)state;
	made.session.clock.drift_ppm = 50;
	made.session.alone = 0.9;
	made.session.totals.other_share = 0.05;
	made.session.totals.drift_ppm = 50;
	made.session.totals.khz_least = 2.0e6;
	made.session.totals.khz_most = 2.1e6;
	made.session.clock.granularity_ticks = 100;
	made.session.clock.stamp_ticks = 500;
	made.session.totals.steal_share = 0.01;
	row("getppid/inline")->dirty_share = 0.1;
	a_clean_session_leaves_no_doubt(state);
}

static void the_most_serious_come_first(void **state)
{
	unsigned int seen[3] = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		cases[COUNT(cases) - 1 - i].bring();
	made.session.history.runs = 0;
	row("getppid/inline")->flags = FLAG_ENTRIES_DIFFER | FLAG_UNSTABLE;
	row("clock_gettime/vdso")->flags = FLAG_FALLS_BACK | FLAG_UNCOUNTED;
	count = doubts_find(doubts, DOUBTS_RUN, &made.session, &summary);
	for (size_t i = 0; i < count; i++) {
		assert_true(i == 0 ||
			    doubts[i].severity <= doubts[i - 1].severity);
		seen[doubts[i].severity]++;
	}
	assert_true(seen[SEVERITY_SERIOUS] >= 5);
	assert_true(seen[SEVERITY_DOUBT] >= 6);
	assert_true(seen[SEVERITY_NOTE] >= 2);
}

/* A message that cannot hold all names says so and stays whole. */
static void many_rows_are_cut_short(void **state)
{
	const struct doubt *doubt;

	release(state);
	hand_make(&made, 1, 1);
	for (unsigned int i = 0; i < registry_count(); i++)
		hand_sample(hand_try(&made, i, 16), 0, 100);
	assert_int_equal(summary_make(&summary, &made.session), 0);
	for (size_t i = 0; i < summary.count; i++)
		summary.estimates[i].flags = FLAG_ENTRIES_DIFFER;
	doubt = find("entries");
	assert_non_null(doubt);
	assert_for(doubt->message, strstr(doubt->message, " ..."));
	assert_true(strlen(doubt->message) < sizeof(doubt->message) - 1);
}

static void an_arm_of_two_states_is_doubted(void **state)
{
	const struct doubt *doubt;

	(void)state;
	release(NULL);
	hand_make(&made, 3, 6);
	assert_int_equal(summary_make(&summary, &made.session), 0);
	assert_null(find("state_changed"));
	made.session.arms[2].changed = true;
	doubt = find("state_changed");
	assert_non_null(doubt);
	assert_int_equal(doubt->severity, SEVERITY_SERIOUS);
	assert_non_null(strstr(doubt->message, " third"));
	assert_null(strstr(doubt->message, "other"));
}

/* What is said of rows is said of the reference's, whichever that is. */
static void rows_are_the_references(void **state)
{
	const struct doubt *doubt;

	(void)state;
	release(NULL);
	hand_make(&made, 2, 6);
	hand_skip(&made, 0, "not here");
	hand_fill(&made, hand_try(&made, row_named("getppid/inline"), 99), 100);
	assert_int_equal(summary_make(&summary, &made.session), 0);
	doubt = find("entries");
	assert_non_null(doubt);
	assert_non_null(strstr(doubt->message, "1 rows"));
	assert_non_null(strstr(doubt->message, "getppid/inline"));
}

static void severities_have_names(void **state)
{
	(void)state;
	assert_string_equal(doubts_severity_text(SEVERITY_NOTE), "note");
	assert_string_equal(doubts_severity_text(SEVERITY_DOUBT), "doubt");
	assert_string_equal(doubts_severity_text(SEVERITY_SERIOUS), "serious");
}

/* A filter that lets everything pass, in a child: it cannot be taken off. */
static void a_filtered_task_is_doubted(void **state)
{
	struct sock_filter pass = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = 1, .filter = &pass };
	int status;
	pid_t child;

	(void)state;
	child = fork();
	if (child == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
			_exit(2);
		made.session.environment =
			environment_read(false, 0, &made.session.emulation);
		_exit(find("seccomp") ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		skip_because("no seccomp filter is permitted here");
	assert_int_equal(status, 0);
}

static void a_traced_task_is_doubted(void **state)
{
	int status;
	pid_t child;

	(void)state;
	child = fork();
	if (child == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(2);
		made.session.environment =
			environment_read(false, 0, &made.session.emulation);
		_exit(find("traced") ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		skip_because("ptrace is not permitted here");
	assert_int_equal(status, 0);
}

#define prepared(test) cmocka_unit_test_setup_teardown(test, make, release)

int main(void)
{
	const struct CMUnitTest tests[] = {
		prepared(a_clean_session_leaves_no_doubt),
		prepared(each_doubt_has_its_reason),
		prepared(what_is_borrowed_is_not_missing),
		prepared(thresholds_are_not_reached_at_once),
		prepared(the_most_serious_come_first),
		prepared(many_rows_are_cut_short),
		prepared(an_arm_of_two_states_is_doubted),
		prepared(rows_are_the_references),
		prepared(severities_have_names),
		prepared(a_filtered_task_is_doubted),
		prepared(a_traced_task_is_doubted),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
