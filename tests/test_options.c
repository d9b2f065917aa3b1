// SPDX-License-Identifier: MIT
/* Good options land in the struct; bad ones end in one line and status 2. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wordexp.h>

#include "check.h"
#include "options.h"
#include "version.h"

#define WORDS_MOST 24

static struct options options;
static char *copy[WORDS_MOST + 2];

static void forget(void)
{
	for (unsigned int i = 0; i < options.arm_count; i++) {
		wordexp_t words = { .we_wordv = options.arms[i].wrap };

		while (words.we_wordv && words.we_wordv[words.we_wordc])
			words.we_wordc++;
		if (words.we_wordv)
			wordfree(&words);
	}
	for (size_t i = 0; i < COUNT(copy); i++) {
		free(copy[i]);
		copy[i] = NULL;
	}
	options.arm_count = 0;
}

/* Options are read from a copy: reading them may write on them. */
static void read_words(const char *const *words)
{
	int count = 0;

	forget();
	copy[count++] = strdup("syscost");
	for (; *words; words++)
		copy[count++] = strdup(*words);
	options_read(&options, count, copy);
}

#define WORDS(...)                                                             \
	(const char *const[])                                                  \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}

static void without_options_there_are_defaults(void **state)
{
	static const char *const none[] = { NULL };
	(void)state;
	read_words(none);
	assert_null(options.filter);
	assert_null(options.emulated);
	assert_null(options.label);
	assert_null(options.output);
	assert_string_equal(options.profile, "default");
	assert_int_equal(options.launches, 20);
	assert_int_equal(options.rounds, 50);
	assert_int_equal(options.cpu, -1);
	assert_int_equal(options.clock, CLOCK_AUTO);
	assert_false(options.list || options.environment || options.anonymous ||
		     options.distribution);
	assert_int_equal(options.arm_count, 1);
	assert_string_equal(options.arms[0].name, "plain");
	assert_null(options.arms[0].wrap);
}

static void values_land_where_they_belong(void **state)
{
	(void)state;
	read_words(WORDS("--filter=get.*", "--launches=7", "--rounds=3",
			 "--cpu=0", "--label=after-1.2_x+", "--output=/tmp/x y",
			 "--seed=9223372036854775807", "--clock=raw",
			 "--anonymous", "--distribution", "--limit=90",
			 "--emulated=qemu-user_8.2"));
	assert_string_equal(options.emulated, "qemu-user_8.2");
	assert_string_equal(options.filter, "get.*");
	assert_int_equal(options.launches, 7);
	assert_int_equal(options.rounds, 3);
	assert_int_equal(options.cpu, 0);
	assert_string_equal(options.label, "after-1.2_x+");
	assert_string_equal(options.output, "/tmp/x y");
	assert_true(options.seed == INT64_MAX);
	assert_int_equal(options.limit_s, 90);
	assert_int_equal(options.clock, CLOCK_RAW);
	assert_true(options.anonymous && options.distribution);
	read_words(WORDS("--clock", "counter", "--list", "--environment",
			 "--benchmark_filter=-x"));
	assert_int_equal(options.clock, CLOCK_COUNTER);
	assert_true(options.list && options.environment);
	assert_string_equal(options.filter, "-x");
}

static void a_profile_yields_to_what_is_said(void **state)
{
	(void)state;
	read_words(WORDS("--profile=quick"));
	assert_int_equal(options.launches, 10);
	assert_string_equal(options.profile, "quick");
	read_words(WORDS("--profile=full"));
	assert_int_equal(options.launches, 40);
	read_words(WORDS("--profile=full", "--launches=3"));
	assert_int_equal(options.launches, 3);
	read_words(WORDS("--launches=3", "--profile=full"));
	assert_int_equal(options.launches, 3);
	assert_string_equal(options.profile, "full");
}

static void arms_are_split_into_words(void **state)
{
	(void)state;
	read_words(WORDS("--wrap=plain=env", "--wrap=b=nice -n 5 'one word'"));
	assert_int_equal(options.arm_count, 2);
	assert_string_equal(options.arms[0].name, "plain");
	assert_string_equal(options.arms[0].wrap[0], "env");
	assert_null(options.arms[0].wrap[1]);
	assert_string_equal(options.arms[1].name, "b");
	assert_string_equal(options.arms[1].wrap_text, "nice -n 5 'one word'");
	assert_string_equal(options.arms[1].wrap[0], "nice");
	assert_string_equal(options.arms[1].wrap[2], "5");
	assert_string_equal(options.arms[1].wrap[3], "one word");
	assert_null(options.arms[1].wrap[4]);
}

static void arms_have_conditions(void **state)
{
	(void)state;
	read_words(WORDS("--arm=a=plain", "--arm=b=seccomp:8,dispatch",
			 "--wrap=c=env"));
	assert_int_equal(options.arm_count, 3);
	assert_string_equal(options.arms[0].name, "a");
	assert_int_equal(options.arms[0].conditions.set, 0);
	assert_null(options.arms[0].wrap);
	assert_string_equal(options.arms[1].name, "b");
	assert_true(conditions_have(&options.arms[1].conditions,
				    CONDITION_SECCOMP));
	assert_true(conditions_have(&options.arms[1].conditions,
				    CONDITION_DISPATCH));
	assert_near(options.arms[1].conditions.value[CONDITION_SECCOMP], 8, 0);
	assert_string_equal(options.arms[2].name, "c");
	assert_int_equal(options.arms[2].conditions.set, 0);
	assert_string_equal(options.arms[2].wrap[0], "env");
}

/* Without "=" a condition names its arm; any other word is a plain arm. */
static void an_arm_may_be_named_by_its_condition(void **state)
{
	(void)state;
	read_words(WORDS("--arm=A", "--arm=B", "--arm=plain", "--arm=dispatch",
			 "--arm=seccomp:8", "--arm=work:0.5"));
	assert_int_equal(options.arm_count, 6);
	for (int i = 0; i < 3; i++)
		assert_int_equal(options.arms[i].conditions.set, 0);
	assert_string_equal(options.arms[1].name, "B");
	assert_string_equal(options.arms[2].name, "plain");
	assert_string_equal(options.arms[3].name, "dispatch");
	assert_true(conditions_have(&options.arms[3].conditions,
				    CONDITION_DISPATCH));
	assert_string_equal(options.arms[4].name, "seccomp-8");
	assert_near(options.arms[4].conditions.value[CONDITION_SECCOMP], 8, 0);
	assert_string_equal(options.arms[5].name, "work-0.5");
	assert_near(options.arms[5].conditions.value[CONDITION_WORK], 0.5, 0);
}

/* In order and each once; how many CPUs `all` are is known later. */
static void numbers_of_threads_make_arms(void **state)
{
	unsigned int count = 0;
	struct arm arms[ARMS_MOST];

	(void)state;
	read_words(WORDS("--threads=4,1,all,2,4"));
	assert_int_equal(options.arm_count, 0);
	assert_int_equal(options.threads.count, 3);
	assert_true(options.threads.all);
	assert_int_equal(arms_add_threads(arms, &count, &options.threads, 8),
			 0);
	assert_int_equal(count, 4);
	assert_string_equal(arms[0].name, "threads-1");
	assert_int_equal(arms[0].conditions.set, 0);
	assert_string_equal(arms[1].name, "threads-2");
	assert_string_equal(arms[3].name, "threads-8");
	assert_int_equal(arms[3].conditions.set, 1U << CONDITION_THREADS);
	assert_near(arms[3].conditions.value[CONDITION_THREADS], 8, 0);
	count = 0;
	assert_int_equal(arms_add_threads(arms, &count, &options.threads, 4),
			 0);
	assert_int_equal(count, 3);
	read_words(WORDS("--threads=1", "--threads=all"));
	count = 0;
	assert_int_equal(arms_add_threads(arms, &count, &options.threads, 1),
			 0);
	assert_int_equal(count, 1);
	assert_int_equal(arms[0].conditions.set, 0);
}

/* Unseeded runs draw anew. */
static void the_seed_differs_from_process_to_process(void **state)
{
	static const char *const none[] = { NULL };
	uint64_t seed;
	uint64_t other;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	if (fork() == 0) {
		read_words(none);
		seed = options.seed;
		_exit(write(ends[1], &seed, sizeof(seed)) != sizeof(seed));
	}
	read_words(none);
	assert_int_equal(read(ends[0], &other, sizeof(other)), sizeof(other));
	assert_true(options.seed != other);
	assert_true(wait(NULL) > 0);
	close(ends[0]);
	close(ends[1]);
}

/* What a child printed, and how it ended. */
struct outcome {
	int status;
	char out[8192], err[8192];
};

static void drain(FILE *file, char *text, size_t size)
{
	size_t length;

	rewind(file);
	length = fread(text, 1, size - 1, file);
	text[length] = '\0';
	fclose(file);
}

static struct outcome run(const char *const *words)
{
	FILE *out = tmpfile(), *err = tmpfile();
	struct outcome outcome;
	pid_t child;

	assert_true(out && err);
	fflush(NULL);
	child = fork();
	if (child == 0) {
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(err), STDERR_FILENO);
		read_words(words);
		fflush(NULL);
		_exit(99); /* it came back: nothing was wrong */
	}
	assert_int_equal(waitpid(child, &outcome.status, 0), child);
	drain(out, outcome.out, sizeof(outcome.out));
	drain(err, outcome.err, sizeof(outcome.err));
	return outcome;
}

/* Refused: status 2, nothing printed but one line, in which `culprit` is. */
static void assert_refused(const char *culprit, const char *const *words)
{
	struct outcome outcome = run(words);
	const char *newline = strchr(outcome.err, '\n');

	assert_for(words[0], WIFEXITED(outcome.status));
	if (WEXITSTATUS(outcome.status) != 2)
		print_error("%s: status %d\n", words[0],
			    WEXITSTATUS(outcome.status));
	assert_int_equal(WEXITSTATUS(outcome.status), 2);
	assert_for(words[0], strncmp(outcome.err, "syscost: ", 9) == 0);
	assert_for(outcome.err, newline && !newline[1]);
	assert_for(outcome.err, strstr(outcome.err, culprit) != NULL);
	assert_string_equal(outcome.out, "");
}

static void numbers_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"--launches=0",
		"--launches=-1",
		"--launches=10001",
		"--launches=x",
		"--launches=3x",
		"--launches=",
		"--launches=1e3",
		"--launches=0x3",
		"--rounds=0",
		"--rounds=100001",
		"--cpu=-1",
		"--cpu=1048577",
		"--limit=0",
		"--limit=x",
		"--limit=1000001",
		"--seed=-1",
		"--seed=9223372036854775808",
		"--launches=99999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_refused(bad[i], WORDS(bad[i]));
}

static void names_that_are_none_are_refused(void **state)
{
	char label[100] = "--label=", emulator[50] = "--emulated=";

	(void)state;
	assert_refused("--profile=fast", WORDS("--profile=fast"));
	assert_refused("--profile=", WORDS("--profile="));
	assert_refused("--clock=tsc", WORDS("--clock=tsc"));
	assert_refused("--emulated=TCG", WORDS("--emulated=TCG"));
	assert_refused("--emulated=", WORDS("--emulated="));
	assert_refused("--emulated=a b", WORDS("--emulated=a b"));
	assert_refused("not none", WORDS("--emulated=none"));
	memset(emulator + 11, 'x', 32);
	read_words(WORDS(emulator));
	assert_int_equal(strlen(options.emulated), 32);
	emulator[43] = 'x';
	assert_refused("32 small letters", WORDS(emulator));
	assert_refused("--label=a/b", WORDS("--label=a/b"));
	assert_refused("--label=a b", WORDS("--label=a b"));
	assert_refused("--label=.hidden", WORDS("--label=.hidden"));
	assert_refused("--label=", WORDS("--label="));
	assert_refused("--label=two?lines", WORDS("--label=two\nlines"));
	memset(label + 8, 'x', 65);
	assert_refused("64 characters", WORDS(label));
}

static void arms_that_are_none_are_refused(void **state)
{
	(void)state;
	assert_refused("--wrap=env", WORDS("--wrap=env"));
	assert_refused("--wrap=", WORDS("--wrap==env"));
	assert_refused("--wrap=a,b", WORDS("--wrap=a,b=env"));
	assert_refused("not a plain command", WORDS("--wrap=a="));
	assert_refused("$(id)", WORDS("--wrap=a=$(id)"));
	assert_refused("a | b", WORDS("--wrap=a=a | b"));
	assert_refused("$NO_SUCH_VARIABLE",
		       WORDS("--wrap=a=$NO_SUCH_VARIABLE"));
	assert_refused("--wrap=a", WORDS("--wrap=a=env", "--wrap=a=nice"));
}

static void lists_of_threads_that_are_none_are_refused(void **state)
{
	unsigned int count = 0;
	struct arm arms[ARMS_MOST];

	(void)state;
	assert_refused("--threads=: numbers of threads", WORDS("--threads="));
	assert_refused("numbers of threads", WORDS("--threads=1,,2"));
	assert_refused("numbers of threads", WORDS("--threads=1,"));
	assert_refused("1 to 1024", WORDS("--threads=0"));
	assert_refused("1 to 1024", WORDS("--threads=1,1025"));
	assert_refused("1 to 1024", WORDS("--threads=two"));
	assert_refused("1 to 1024", WORDS("--threads=1 2"));
	assert_refused("numbers of threads",
		       WORDS("--threads=00000000000000000001"));
	assert_refused("at most 16",
		       WORDS("--threads=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,"
			     "17"));
	assert_refused("no --arm or --wrap",
		       WORDS("--threads=1,2", "--arm=plain"));
	assert_refused("no --arm or --wrap",
		       WORDS("--wrap=a=env", "--threads=1,2"));
	read_words(WORDS("--threads=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,"
			 "all"));
	assert_int_equal(arms_add_threads(arms, &count, &options.threads, 17),
			 -E2BIG);
	assert_int_equal(arms_add_threads(arms, &count, &options.threads, 16),
			 0);
}

static void conditions_that_are_none_are_refused(void **state)
{
	(void)state;
	assert_refused("--arm=a=foo: \"foo\" is no condition; there are plain",
		       WORDS("--arm=a=foo"));
	assert_refused("is no condition", WORDS("--arm=a="));
	assert_refused("--arm=secomp:8: \"secomp\" is no condition",
		       WORDS("--arm=secomp:8"));
	assert_refused("from 1 to 64", WORDS("--arm=seccomp:65"));
	assert_refused("from 1 to 64", WORDS("--arm=a=seccomp:0"));
	assert_refused("from 2 to 1024", WORDS("--arm=threads"));
	assert_refused("from 0.001 to 1000000", WORDS("--arm=work:x"));
	assert_refused("ssbd stands there twice", WORDS("--arm=a=ssbd,ssbd"));
	assert_refused("NAME=CONDITION", WORDS("--arm=ssbd,traced"));
	assert_refused("--arm=a b", WORDS("--arm=a b"));
	assert_refused("--arm=", WORDS("--arm="));
	assert_refused("--arm=", WORDS("--arm==ssbd"));
	assert_refused("--arm=a: named twice",
		       WORDS("--arm=a", "--arm=a=ssbd"));
	assert_refused("--arm=a: named twice",
		       WORDS("--wrap=a=env", "--arm=a"));
	assert_refused("--wrap=a: named twice",
		       WORDS("--arm=a", "--wrap=a=env"));
	assert_refused("--arm=seccomp-8: named twice",
		       WORDS("--arm=seccomp-8=plain", "--arm=seccomp:8"));
	assert_refused("31 characters",
		       WORDS("--arm=abcdefghijklmnopqrstuvwxyz123456"));
}

static void a_seventeenth_arm_is_refused(void **state)
{
	char text[ARMS_MOST + 1][32];
	const char *words[ARMS_MOST + 2] = { NULL };
	(void)state;
	for (int i = 0; i <= ARMS_MOST; i++)
		snprintf(text[i], sizeof(text[i]), "--wrap=arm%d=env", i);
	for (int i = 0; i < ARMS_MOST; i++)
		words[i] = text[i];
	read_words(words);
	assert_int_equal(options.arm_count, ARMS_MOST);
	words[ARMS_MOST] = text[ARMS_MOST];
	assert_refused("16", words);
	words[ARMS_MOST] = "--arm=one-more";
	assert_refused("at most 16", words);
}

static void words_that_nobody_knows_are_refused(void **state)
{
	(void)state;
	assert_refused("stray", WORDS("stray"));
	assert_refused("stray", WORDS("--list", "stray"));
	assert_refused("--nosuch", WORDS("--nosuch"));
	assert_refused("--nosuch=3", WORDS("--nosuch=3", "--list"));
	assert_refused("-x", WORDS("-x"));
	assert_refused("--launches", WORDS("--list", "--launches"));
	assert_refused("--list=yes", WORDS("--list=yes"));
	assert_refused("--distribution=9", WORDS("--distribution=9"));
	assert_refused("--l", WORDS("--l")); /* list, label or launches */
}

/* A full disk behind the redirection is no success. */
static void what_cannot_be_printed_is_an_error(void **state)
{
	int full = open("/dev/full", O_WRONLY), status;
	pid_t child;

	(void)state;
	if (full < 0)
		skip_because("no /dev/full here");
	fflush(NULL);
	child = fork();
	if (child == 0) {
		dup2(full, STDOUT_FILENO);
		dup2(full, STDERR_FILENO);
		read_words(WORDS("--version"));
		_exit(99);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 2);
	close(full);
}

static void help_and_version_are_printed(void **state)
{
	struct outcome outcome = run(WORDS("--version"));

	(void)state;
	assert_int_equal(outcome.status, 0);
	assert_string_equal(outcome.out, "syscost " SYSCOST_VERSION "\n");
	assert_string_equal(outcome.err, "");
	outcome = run(WORDS("--help"));
	assert_int_equal(outcome.status, 0);
	assert_non_null(strstr(outcome.out, "--launches=N"));
	assert_non_null(strstr(outcome.out, "Exit status:"));
	assert_non_null(strstr(outcome.out, "--arm=NAME"));
	assert_non_null(strstr(outcome.out, "\n  seccomp:N "));
	assert_string_equal(outcome.err, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_options_there_are_defaults),
		cmocka_unit_test(values_land_where_they_belong),
		cmocka_unit_test(a_profile_yields_to_what_is_said),
		cmocka_unit_test(arms_are_split_into_words),
		cmocka_unit_test(arms_have_conditions),
		cmocka_unit_test(an_arm_may_be_named_by_its_condition),
		cmocka_unit_test(numbers_of_threads_make_arms),
		cmocka_unit_test(lists_of_threads_that_are_none_are_refused),
		cmocka_unit_test(the_seed_differs_from_process_to_process),
		cmocka_unit_test(numbers_that_are_none_are_refused),
		cmocka_unit_test(names_that_are_none_are_refused),
		cmocka_unit_test(arms_that_are_none_are_refused),
		cmocka_unit_test(conditions_that_are_none_are_refused),
		cmocka_unit_test(a_seventeenth_arm_is_refused),
		cmocka_unit_test(words_that_nobody_knows_are_refused),
		cmocka_unit_test(help_and_version_are_printed),
		cmocka_unit_test(what_cannot_be_printed_is_an_error),
	};

	int status = check_all(tests);

	forget();
	return status;
}
