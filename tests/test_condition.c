// SPDX-License-Identifier: MIT
/* Conditions are read as written, put on, and read back; or say why not. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <locale.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "check.h"
#include "condition.h"
#include "condition_kinds.h"
#include "crowd.h"
#include "facts.h"
#include "registry.h"
#include "state.h"

static struct conditions conditions;
static char why[512];

static int parse(const char *text)
{
	why[0] = '\0';
	return conditions_parse(&conditions, text, why, sizeof(why));
}

static void what_is_written_is_read(void **state)
{
	(void)state;
	assert_int_equal(parse("plain"), 0);
	assert_int_equal(conditions.set, 0);
	assert_int_equal(parse("ssbd"), 0);
	assert_int_equal(conditions.set, 1U << CONDITION_SSBD);
	assert_int_equal(parse("traced,seccomp:64,work:0.001"), 0);
	assert_true(conditions_have(&conditions, CONDITION_TRACED));
	assert_true(conditions_have(&conditions, CONDITION_SECCOMP));
	assert_true(conditions_have(&conditions, CONDITION_WORK));
	assert_false(conditions_have(&conditions, CONDITION_SECCOMP_BITMAP));
	assert_near(conditions.value[CONDITION_SECCOMP], 64, 0);
	assert_near(conditions.value[CONDITION_WORK], 0.001, 0);
	assert_int_equal(parse("work:1e6"), 0);
	assert_near(conditions.value[CONDITION_WORK], 1e6, 0);
	assert_int_equal(parse("threads:2,seccomp:1"), 0);
	assert_int_equal(parse("seccomp-bitmap,indirect,dispatch,tracepoint,"
			       "noaslr,threads:1024"),
			 0);
}

static void assert_refused(const char *text, const char *reason)
{
	assert_for(text, parse(text) == -EINVAL);
	if (!strstr(why, reason))
		print_error("%s: %s\n", text, why);
	assert_non_null(strstr(why, reason));
	assert_null(strchr(why, '\n'));
}

static void what_is_no_condition_is_refused(void **state)
{
	static const char *const bad[] = { "",	    "foo",	   "Plain",
					   "ssb",   "ssbdd",	   ",ssbd",
					   "ssbd,", " ssbd",	   "a:1",
					   ":",	    "ssbd,,traced" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_refused(bad[i], "is no condition; there are plain, ");
	assert_refused("foo", "\"foo\"");
	assert_refused("ssbd,bar:3", "\"bar\"");
	assert_refused("plain,ssbd", "stands alone");
	assert_refused("ssbd,plain", "stands alone");
	assert_refused("ssbd,traced,ssbd", "ssbd stands there twice");
	assert_refused("seccomp:2,seccomp:3", "seccomp stands there twice");
}

/* The list is whole: whoever mistypes one sees it. */
static void a_refusal_lists_what_there_is(void **state)
{
	static const char *const names[] = {
		"plain",     "noaslr",	   "ssbd",	"indirect",
		"seccomp:N", "work:NS",	   "threads:N", "seccomp-bitmap",
		"dispatch",  "tracepoint", "traced",
	};
	char help[2048];

	(void)state;
	conditions_help(help, sizeof(help));
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_refused("nothing-of-the-sort", names[i]);
		assert_for(names[i], strstr(help, names[i]) != NULL);
	}
	for (char *line = strtok(help, "\n"); line; line = strtok(NULL, "\n"))
		assert_in_range(strlen(line), 20, 79);
}

static void numbers_are_checked(void **state)
{
	static const char *const bad[] = {
		"seccomp",
		"seccomp:",
		"seccomp:0",
		"seccomp:65",
		"seccomp:-1",
		"seccomp:1.5",
		"seccomp:x",
		"seccomp:1x",
		"seccomp: 1",
		"seccomp:+1",
		"seccomp:1:1",
		"threads:1",
		"threads:1025",
		"threads:2.5",
		"threads",
		"work",
		"work:0",
		"work:0.0009",
		"work:1000000.1",
		"work:-5",
		"work:nan",
		"work:inf",
		"work:0x10",
		"work:1e",
		"work:1,5",
		"work:1e9",
		"work:.5.5",
		"work:1e400",
		"work:0.000000000000000000000000000000001",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_for(bad[i], parse(bad[i]) == -EINVAL && why[0]);
	assert_refused("seccomp:65", "a whole number from 1 to 64");
	assert_refused("threads:1", "a whole number from 2 to 1024");
	assert_refused("work:0", "a number from 0.001 to 1000000");
	assert_refused("ssbd:3", "ssbd takes no number");
	assert_refused("seccomp-bitmap:1", "takes no number");
}

/* Where a comma is the decimal point, a point still is. */
static void numbers_have_points_in_every_locale(void **state)
{
	static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8",
					     "de_DE.utf8", "fr_FR.utf8" };
	bool any = false;

	(void)state;
	for (size_t i = 0; i < COUNT(names) && !any; i++)
		any = setlocale(LC_ALL, names[i]) &&
		      localeconv()->decimal_point[0] == ',';
	if (!any)
		skip_because("no locale with decimal commas here");
	assert_int_equal(parse("work:2.5"), 0);
	assert_near(conditions.value[CONDITION_WORK], 2.5, 0);
	setlocale(LC_ALL, "C");
}

static void what_was_read_can_be_written(void **state)
{
	char text[CONDITIONS_TEXT_BYTES];

	(void)state;
	parse("plain");
	conditions_text(&conditions, text, sizeof(text));
	assert_string_equal(text, "");
	/* In the order in which they are put on. */
	parse("work:2.5,traced,seccomp:8,threads:2,noaslr");
	conditions_text(&conditions, text, sizeof(text));
	assert_string_equal(text, "noaslr,seccomp:8,threads:2,traced,work:2.5");
	parse("seccomp-bitmap,indirect,dispatch,tracepoint,noaslr,threads:1024,"
	      "ssbd,work:999999.125,traced,seccomp:64");
	conditions_text(&conditions, text, sizeof(text));
	assert_int_equal(parse(text), 0);
	assert_near(conditions.value[CONDITION_WORK], 999999.125, 0);
	assert_int_equal(conditions.set, (1U << CONDITIONS) - 1);
}

static void names_are_told_from_conditions(void **state)
{
	(void)state;
	assert_true(condition_is_named("plain"));
	assert_true(condition_is_named("seccomp:8"));
	assert_true(condition_is_named("seccomp:nonsense"));
	assert_true(condition_is_named("ssbd"));
	assert_false(condition_is_named("ssbd2"));
	assert_false(condition_is_named("A"));
	assert_false(condition_is_named(""));
}

/* What a child made of some conditions. */
struct outcome {
	int error;
	char why[CONDITION_WHY_BYTES];
	struct state before, after;
	bool lasts;   /* it goes on calling and writing afterwards */
	bool signals; /* a signal comes to its handler, once */
};

static volatile sig_atomic_t signalled;

static void note_signal(int number)
{
	(void)number;
	signalled++;
}

static int first_cpu(void)
{
	cpu_set_t allowed;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0)
		while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &allowed))
			cpu++;
	return cpu;
}

/* No assertion here: it would jump into the parent's tests. */
static void apply_here(const struct conditions *wanted, int out)
{
	struct outcome outcome = { .error = -ENOSYS };
	struct topology *topology = NULL;
	int cpu = first_cpu();
	bool memory;

	let_children_crash();
	alarm(30);
	if (conditions_have(wanted, CONDITION_NOASLR))
		personality(ADDR_NO_RANDOMIZE); /* the launcher's part */
	state_read(&outcome.before);
	outcome.error = topology_load(&topology);
	if (!outcome.error)
		outcome.error = topology_bind(topology, cpu, &memory);
	if (!outcome.error)
		outcome.error = conditions_apply(wanted, topology, cpu,
						 outcome.why,
						 sizeof(outcome.why));
	state_read(&outcome.after);
	crowd_end();
	topology_free(topology);
	outcome.lasts = syscall0(SYS_getppid) == getppid();
	signal(SIGUSR1, note_signal);
	raise(SIGUSR1);
	outcome.signals = signalled == 1;
	_exit(write(out, &outcome, sizeof(outcome)) != sizeof(outcome));
}

/* Puts them on in a child; the test fails where that dies. */
static struct outcome apply(const char *text)
{
	struct conditions wanted;
	struct outcome outcome;
	int ends[2], status;
	pid_t child;

	assert_int_equal(conditions_parse(&wanted, text, outcome.why,
					  sizeof(outcome.why)),
			 0);
	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	child = fork();
	if (child == 0)
		apply_here(&wanted, ends[1]);
	close(ends[1]);
	assert_for(text,
		   read(ends[0], &outcome, sizeof(outcome)) == sizeof(outcome));
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_for(text, status == 0);
	assert_for(text, outcome.lasts);
	assert_for(text, outcome.signals);
	return outcome;
}

/* In a child of its own, which answers by its status: does the kernel do this
 * at all, asked in another way than the condition does? */
static bool kernel_does(bool (*ask)(void))
{
	int status = -1;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		let_children_crash();
		_exit(ask() ? 0 : 1);
	}
	return waitpid(child, &status, 0) == child && status == 0;
}

/* Put on and read back, or skipped for a reason that names the condition;
 * where the kernel does it, there is none. */
static struct outcome apply_or_skip(const char *text, const char *name,
				    bool (*ask)(void))
{
	struct outcome outcome = apply(text);

	if (!outcome.error) {
		assert_string_equal(outcome.why, "");
		return outcome;
	}
	if (kernel_does(ask))
		print_error("%s\n", outcome.why);
	assert_for(text, !kernel_does(ask));
	assert_for(outcome.why, strncmp(outcome.why, name, strlen(name)) == 0);
	assert_for(outcome.why,
		   strncmp(outcome.why + strlen(name), ": ", 2) == 0 &&
			   strlen(outcome.why) > strlen(name) + 10);
	skip_because("%s", outcome.why);
	return outcome;
}

static bool has_store_bypass_control(void)
{
	int now = prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0);

	return now > 0 && (now & PR_SPEC_PRCTL);
}

static bool has_indirect_branch_control(void)
{
	int now = prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, 0, 0,
			0);

	return now > 0 && (now & PR_SPEC_PRCTL);
}

static void store_bypass_is_off(void **state)
{
	struct outcome outcome =
		apply_or_skip("ssbd", "ssbd", has_store_bypass_control);

	(void)state;
	assert_non_null(strstr(outcome.after.text[3], "mitigated"));
	assert_string_equal(outcome.before.text[4], outcome.after.text[4]);
}

static void indirect_branches_are_off(void **state)
{
	struct outcome outcome = apply_or_skip("indirect", "indirect",
					       has_indirect_branch_control);

	(void)state;
	assert_non_null(strstr(outcome.after.text[4], "disabled"));
	assert_string_equal(outcome.before.text[3], outcome.after.text[3]);
}

static bool takes_filters(void)
{
	struct sock_fprog program = condition_seccomp_program(true);

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void check_filters(const char *text, int count)
{
	struct outcome outcome = apply_or_skip(text, "seccomp", takes_filters);

	assert_string_equal(outcome.after.text[0], "2");
	if (outcome.after.text[1][0])
		assert_int_equal(atoi(outcome.after.text[1]),
				 atoi(outcome.before.text[1]) + count);
	assert_string_equal(outcome.after.text[2], "1");
	/* No mitigation rides along. */
	assert_string_equal(outcome.before.text[3], outcome.after.text[3]);
	assert_string_equal(outcome.before.text[4], outcome.after.text[4]);
}

static void filters_are_stacked(void **state)
{
	(void)state;
	check_filters("seccomp:1", 1);
	check_filters("seccomp:64", 64);
}

static void one_filter_is_for_the_bitmap(void **state)
{
	struct outcome outcome;

	(void)state;
	outcome = apply_or_skip("seccomp-bitmap", "seccomp-bitmap",
				takes_filters);
	assert_string_equal(outcome.after.text[0], "2");
	if (outcome.after.text[1][0])
		assert_int_equal(atoi(outcome.after.text[1]),
				 atoi(outcome.before.text[1]) + 1);
}

/* A child that has put filters on, and stops. */
static pid_t start_filtered(const char *text)
{
	struct conditions wanted;
	char reason[CONDITION_WHY_BYTES];
	pid_t child;

	conditions_parse(&wanted, text, reason, sizeof(reason));
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (conditions_apply(&wanted, NULL, 0, reason, sizeof(reason)))
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	return child;
}

/* The length of a filter of a process, as the kernel has it
 * (CONFIG_CHECKPOINT_RESTORE, root); < 0: it does not tell. */
static long filter_length(pid_t process, long index)
{
	return ptrace(0x420c /* PTRACE_SECCOMP_GET_FILTER */, process,
		      (void *)index, NULL);
}

static void the_kernel_has_the_filters_that_were_meant(void **state)
{
	pid_t child = start_filtered("seccomp:2,seccomp-bitmap");
	long lengths[3] = { -1, -1, -1 };
	int status, constant = 0;

	(void)state;
	assert_int_equal(waitpid(child, &status, WUNTRACED), child);
	if (!WIFSTOPPED(status))
		skip_because("no filters here");
	if (ptrace(PTRACE_SEIZE, child, NULL, NULL) == 0 &&
	    ptrace(PTRACE_INTERRUPT, child, NULL, NULL) == 0 &&
	    waitpid(child, &status, __WALL) == child)
		for (int i = 0; i < 3; i++)
			lengths[i] = filter_length(child, i);
	kill(child, SIGKILL);
	waitpid(child, NULL, __WALL);
	if (lengths[0] < 0)
		skip_because("the kernel shows no filters");
	for (int i = 0; i < 3; i++) {
		constant += lengths[i] == condition_seccomp_program(true).len;
		assert_in_range(lengths[i], 1, 2);
	}
	assert_int_equal(constant, 1);
}

/* The kernel's bitmap answers for a filter that loads the number and the
 * architecture only (kernel/seccomp.c): one must, the other must not. */
static void the_two_kinds_of_filter_differ(void **state)
{
	struct sock_fprog each = condition_seccomp_program(false);
	struct sock_fprog constant = condition_seccomp_program(true);

	(void)state;
	assert_int_equal(each.filter[0].code, BPF_LD | BPF_W | BPF_ABS);
	assert_in_range(each.filter[0].k,
			offsetof(struct seccomp_data, instruction_pointer),
			sizeof(struct seccomp_data) - 4);
	for (unsigned short i = 0; i < constant.len; i++)
		assert_true(BPF_CLASS(constant.filter[i].code) != BPF_LD ||
			    constant.filter[i].k <=
				    offsetof(struct seccomp_data, arch));
	assert_int_equal(each.filter[each.len - 1].code, BPF_RET | BPF_K);
	assert_int_equal(each.filter[each.len - 1].k, SECCOMP_RET_ALLOW);
	assert_int_equal(constant.filter[constant.len - 1].code,
			 BPF_RET | BPF_K);
	assert_int_equal(constant.filter[constant.len - 1].k,
			 SECCOMP_RET_ALLOW);
}

static bool dispatches(void)
{
	static char selector;

	return prctl(59, 1, 0, 0, &selector) == 0;
}

static void calls_could_be_dispatched(void **state)
{
	(void)state;
	apply_or_skip("dispatch", "dispatch", dispatches);
}

/* A child may be traced, and may trace: no more is needed. */
static bool traces(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		prctl(0x59616d61, getppid(), 0, 0, 0);
		pause();
		_exit(0);
	}
	status = (int)ptrace(PTRACE_SEIZE, child, NULL, NULL);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return status == 0;
}

static void a_tracer_sees_the_calls(void **state)
{
	struct outcome outcome = apply_or_skip("traced", "traced", traces);

	(void)state;
	assert_true(outcome.after.traced);
}

static bool has_event(void)
{
	return access("/sys/kernel/tracing/events/raw_syscalls/sys_enter/id",
		      R_OK) == 0 &&
	       geteuid() == 0;
}

static void the_tracepoint_counts(void **state)
{
	(void)state;
	apply_or_skip("tracepoint", "tracepoint", has_event);
}

static bool fixes_addresses(void)
{
	return personality(ADDR_NO_RANDOMIZE) >= 0 &&
	       (personality(0xffffffff) & ADDR_NO_RANDOMIZE);
}

static void addresses_are_not_drawn(void **state)
{
	struct outcome outcome =
		apply_or_skip("noaslr", "noaslr", fixes_addresses);

	(void)state;
	assert_false(outcome.after.aslr);
}

static bool has_another_cpu(void)
{
	cpu_set_t allowed;

	return sched_getaffinity(0, sizeof(allowed), &allowed) == 0 &&
	       CPU_COUNT(&allowed) > 1;
}

static void threads_are_there(void **state)
{
	struct outcome outcome =
		apply_or_skip("threads:2", "threads", has_another_cpu);

	(void)state;
	assert_int_equal(outcome.after.threads, outcome.before.threads + 1);
}

static void too_many_threads_are_refused(void **state)
{
	struct outcome outcome = apply("threads:1024");

	(void)state;
	if (!outcome.error)
		skip_because("so many CPUs are here");
	assert_non_null(strstr(outcome.why, "threads: 1024 CPUs are needed"));
	assert_int_equal(outcome.after.threads, outcome.before.threads);
}

/* Whoever asked for none is as he was. */
static void plain_changes_nothing(void **state)
{
	struct outcome outcome = apply("plain");

	(void)state;
	assert_int_equal(outcome.error, 0);
	assert_true(state_equal(&outcome.before, &outcome.after));
	outcome = apply("work:50");
	assert_int_equal(outcome.error, 0);
	assert_true(state_equal(&outcome.before, &outcome.after));
}

static void conditions_go_together(void **state)
{
	struct outcome outcome;

	(void)state;
	outcome = apply("threads:2,seccomp:2,dispatch,ssbd,traced");
	if (outcome.error)
		skip_because("%s", outcome.why);
	assert_true(outcome.after.traced);
	assert_string_equal(outcome.after.text[0], "2");
}

static void states_differ_by_any_part(void **state)
{
	struct state one, other;

	(void)state;
	state_read(&one);
	other = one;
	assert_true(state_equal(&one, &other));
	for (int i = 0; i < STATE_TEXTS; i++) {
		other = one;
		strcat(other.text[i], "x");
		assert_false(state_equal(&one, &other));
	}
	other = one;
	other.traced ^= 1;
	assert_false(state_equal(&one, &other));
	other = one;
	other.aslr ^= 1;
	assert_false(state_equal(&one, &other));
	other = one;
	other.threads++;
	assert_false(state_equal(&one, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_no_condition_is_refused),
		cmocka_unit_test(a_refusal_lists_what_there_is),
		cmocka_unit_test(numbers_are_checked),
		cmocka_unit_test(numbers_have_points_in_every_locale),
		cmocka_unit_test(what_was_read_can_be_written),
		cmocka_unit_test(names_are_told_from_conditions),
		cmocka_unit_test(store_bypass_is_off),
		cmocka_unit_test(indirect_branches_are_off),
		cmocka_unit_test(filters_are_stacked),
		cmocka_unit_test(one_filter_is_for_the_bitmap),
		cmocka_unit_test(the_two_kinds_of_filter_differ),
		cmocka_unit_test(the_kernel_has_the_filters_that_were_meant),
		cmocka_unit_test(calls_could_be_dispatched),
		cmocka_unit_test(a_tracer_sees_the_calls),
		cmocka_unit_test(the_tracepoint_counts),
		cmocka_unit_test(addresses_are_not_drawn),
		cmocka_unit_test(threads_are_there),
		cmocka_unit_test(too_many_threads_are_refused),
		cmocka_unit_test(plain_changes_nothing),
		cmocka_unit_test(conditions_go_together),
		cmocka_unit_test(states_differ_by_any_part),
	};

	if (registry_init())
		return 1;
	return check_all(tests);
}
