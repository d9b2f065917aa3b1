// SPDX-License-Identifier: MIT
/* Workers are started, heard, wrapped and buried; what killed one is named. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "batch.h"
#include "check.h"
#include "facts.h"
#include "launcher.h"
#include "registry.h"
#include "stamps.h"

extern char **environ;

static struct launcher launcher;
static struct ending ending;

/* What the worker sent, in order. */
static struct {
	enum message_kind kinds[64];
	unsigned int count;
	struct tried tried;
	struct launched launched;
	struct state state;
	struct row rows[64];
	size_t row_count;
	struct stamped stamped[4];
	size_t stamped_count;
	bool mine;   /* the argument came through */
	int refusal; /* what receive is to return */
	int raised;  /* a signal to raise at the first message */
} heard;

static int receive(void *argument, enum message_kind kind, const void *payload,
		   size_t bytes)
{
	heard.mine = argument == &heard;
	if (heard.count < COUNT(heard.kinds))
		heard.kinds[heard.count++] = kind;
	if (kind == MESSAGE_TRIED && bytes == sizeof(heard.tried))
		memcpy(&heard.tried, payload, bytes);
	if (kind == MESSAGE_STATE && bytes == sizeof(heard.state))
		memcpy(&heard.state, payload, bytes);
	if (kind == MESSAGE_LAUNCHED && bytes == sizeof(heard.launched))
		memcpy(&heard.launched, payload, bytes);
	if (kind == MESSAGE_ROWS && bytes <= sizeof(heard.rows)) {
		heard.row_count = bytes / sizeof(struct row);
		memcpy(heard.rows, payload, bytes);
	}
	if (kind == MESSAGE_STAMPED && bytes <= sizeof(heard.stamped)) {
		heard.stamped_count = bytes / sizeof(struct stamped);
		memcpy(heard.stamped, payload, bytes);
	}
	if (heard.raised)
		raise(heard.raised);
	return heard.refusal;
}

/* The worker is the program; this test is none. */
static int begin(void **state)
{
	(void)state;
	memset(&heard, 0, sizeof(heard));
	memset(&ending, 0xff, sizeof(ending));
	if (launcher_init(&launcher, 42))
		return -1;
	strcpy(launcher.program, SYSCOST_PROGRAM);
	return 0;
}

/* An emulator may run this test, but not what it starts. */
static bool program_runs(void)
{
	char *arguments[] = { SYSCOST_PROGRAM, "--version", NULL };
	posix_spawn_file_actions_t quietly;
	int status = -1;
	pid_t child;

	posix_spawn_file_actions_init(&quietly);
	posix_spawn_file_actions_addopen(&quietly, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&child, SYSCOST_PROGRAM, &quietly, NULL, arguments,
			environ))
		child = -1;
	posix_spawn_file_actions_destroy(&quietly);
	return child > 0 && waitpid(child, &status, 0) == child && !status;
}

static int an_allowed_cpu(void)
{
	cpu_set_t allowed;

	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			return cpu;
	return 0;
}

static unsigned int index_of(const char *name)
{
	for (unsigned int i = 0; i < registry_count(); i++)
		if (strcmp(registry_get(i)->name, name) == 0)
			return i;
	fail_msg("no row is called %s", name);
	return 0;
}

/* By the kernel's clock, so that any machine will do. */
static struct job a_job(enum job_kind kind)
{
	return (struct job){
		.kind = kind,
		.rounds = 3,
		.cpu = an_allowed_cpu(),
		.ticks_per_ns = 1,
		.batch_ns = 20000,
	};
}

static int run(char *const *wrap, struct job job)
{
	struct task tasks[] = {
		{ .calls = 100,
		  .benchmark = index_of("getppid/libc"),
		  .stamps = 250 },
		{ .calls = 200,
		  .benchmark = index_of("baseline/call"),
		  .stamps = 1 },
	};

	let_children_crash();
	job.count = job.kind == JOB_LAUNCH || job.kind == JOB_STAMP ? 2 : 1;
	return launcher_run(&launcher, wrap, &job, tasks, receive, &heard,
			    &ending);
}

static void assert_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
}

#define WRAP(...)                                                              \
	(char *const[])                                                        \
	{                                                                      \
		__VA_ARGS__, NULL                                              \
	}

static void the_program_finds_itself(void **state)
{
	struct launcher own;

	(void)state;
	assert_int_equal(launcher_init(&own, 1), 0);
	assert_int_equal(own.program[0], '/');
	assert_int_equal(access(own.program, X_OK), 0);
	assert_non_null(strstr(own.program, "/test_launcher"));
}

static void check_trial(char *const *wrap)
{
	assert_int_equal(run(wrap, a_job(JOB_TRY)), 0);
	assert_string_equal(ending.problem, "");
	assert_true(ending.done);
	assert_true(ending.wall_ns > 0);
	assert_true(heard.mine);
	assert_int_equal(heard.count, 3);
	assert_int_equal(heard.kinds[0], MESSAGE_ADDS);
	assert_int_equal(heard.kinds[1], MESSAGE_TRYING);
	assert_int_equal(heard.kinds[2], MESSAGE_TRIED);
	assert_int_equal(heard.tried.benchmark, index_of("getppid/libc"));
	assert_string_equal(heard.tried.reason, "");
	assert_true(heard.tried.calls > 0);
	assert_no_child();
}

static void a_worker_tries_rows(void **state)
{
	(void)state;
	if (!program_runs())
		skip_because("the program cannot be started from here");
	check_trial(NULL);
}

static void a_wrapped_worker_does_its_job_too(void **state)
{
	(void)state;
	if (!program_runs())
		skip_because("the program cannot be started from here");
	check_trial(WRAP("env", "SOME=thing"));
}

static void a_worker_runs_its_rounds(void **state)
{
	struct job job = a_job(JOB_LAUNCH);
	unsigned int calls[2] = { 0 };

	(void)state;
	if (!program_runs())
		skip_because("the program cannot be started from here");
	assert_int_equal(run(NULL, job), 0);
	assert_string_equal(ending.problem, "");
	assert_true(ending.done);
	assert_int_equal(heard.count, 2);
	assert_int_equal(heard.kinds[0], MESSAGE_LAUNCHED);
	assert_int_equal(heard.kinds[1], MESSAGE_ROWS);
	assert_int_equal(heard.row_count, 6);
	for (unsigned int i = 0; i < 6; i++) {
		bool second = heard.rows[i].benchmark ==
			      index_of("baseline/call");

		if (!second)
			assert_int_equal(heard.rows[i].benchmark,
					 index_of("getppid/libc"));
		assert_int_equal(heard.rows[i].seq, i);
		assert_int_equal(heard.rows[i].calls, second ? 200 : 100);
		assert_int_equal(heard.rows[i].cpu, job.cpu);
		assert_true(heard.rows[i].ticks > 0);
		calls[second]++;
	}
	assert_int_equal(calls[0], 3);
	assert_int_equal(calls[1], 3);
	for (int i = YARDSTICK_NONE + 1; i < YARDSTICKS; i++)
		assert_true(heard.launched.yardstick_ticks[i] > 0);
	assert_true(heard.launched.deltas.window_ms > 0);
	assert_true(heard.launched.deltas.minflt >= 0);
}

/* What is counted in warming up is counted no more. */
static void a_worker_stamps_single_calls(void **state)
{
	static const uint64_t calls[] = { 3 * 250, 3, 3 * 200 };
	unsigned int rows[] = { index_of("getppid/libc"),
				index_of("baseline/call"), registry_count() };

	(void)state;
	if (!program_runs())
		skip_because("the program cannot be started from here");
	assert_int_equal(run(NULL, a_job(JOB_STAMP)), 0);
	assert_string_equal(ending.problem, "");
	assert_true(ending.done);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.kinds[0], MESSAGE_STAMPED);
	assert_int_equal(heard.stamped_count, COUNT(rows));
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct histogram *ticks = &heard.stamped[i].ticks;
		uint64_t sum = 0;

		assert_int_equal(heard.stamped[i].benchmark, rows[i]);
		assert_int_equal(ticks->calls, calls[i]);
		for (size_t j = 0; j < HISTOGRAM_BUCKETS; j++)
			sum += ticks->counts[j];
		assert_int_equal(sum, calls[i]);
		assert_true(ticks->counts[histogram_bucket(ticks->most)] > 0);
	}
	assert_no_child();
}

/* A job with one condition of that number. */
static struct job under(enum job_kind kind, enum condition condition,
			double value)
{
	struct job job = a_job(kind);

	job.conditions.set = 1U << condition;
	job.conditions.value[condition] = value;
	return job;
}

/* The state is the worker's own: this process has no filter of the sort. */
static void a_check_reads_the_state_back(void **state)
{
	struct state mine;

	(void)state;
	if (!program_runs())
		skip_because("the program cannot be started from here");
	state_read(&mine);
	assert_int_equal(run(NULL, a_job(JOB_CHECK)), 0);
	assert_true(ending.done);
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.kinds[0], MESSAGE_STATE);
	assert_string_equal(heard.state.text[0], mine.text[0]);
	assert_false(heard.state.traced && !mine.traced);
	assert_int_equal(run(NULL, under(JOB_CHECK, CONDITION_SECCOMP, 3)), 0);
	if (!ending.done)
		skip_because("%s", ending.problem);
	assert_string_equal(heard.state.text[0], "2");
	assert_string_equal(heard.state.text[2], "1"); /* NoNewPrivs */
	assert_no_child();
}

/* Asked in a child, where it stays. */
static bool addresses_can_be_fixed(void)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(personality(ADDR_NO_RANDOMIZE) < 0 ||
		      !(personality(0xffffffff) & ADDR_NO_RANDOMIZE));
	return waitpid(child, &status, 0) == child && status == 0;
}

/* The child asks for it, and it goes through the wrapper. */
static void addresses_are_fixed_before_the_worker_begins(void **state)
{
	(void)state;
	if (!program_runs())
		skip_because("the program cannot be started from here");
	assert_int_equal(run(WRAP("env", "SOME=thing"),
			     under(JOB_CHECK, CONDITION_NOASLR, 0)),
			 0);
	if (!ending.done && !addresses_can_be_fixed())
		skip_because("%s", ending.problem);
	assert_string_equal(ending.problem, "");
	assert_false(heard.state.aslr);
	state_read(&heard.state);
	if (heard.state.aslr) { /* here it is as it was */
		assert_int_equal(run(NULL, a_job(JOB_CHECK)), 0);
		assert_true(heard.state.aslr);
	}
}

static void a_launch_reads_its_state_back_too(void **state)
{
	(void)state;
	if (!program_runs())
		skip_because("the program cannot be started from here");
	assert_int_equal(run(NULL, under(JOB_LAUNCH, CONDITION_SECCOMP, 2)), 0);
	if (!ending.done)
		skip_because("%s", ending.problem);
	assert_string_equal(heard.launched.state.text[0], "2");
	assert_int_equal(heard.row_count, 6);
}

/* More threads than any machine has CPUs for this process. */
static void a_condition_that_cannot_be_is_named_with_the_reason(void **state)
{
	static const char begin[] = "threads: 1024 CPUs are needed";

	(void)state;
	if (!program_runs())
		skip_because("the program cannot be started from here");
	if (sysconf(_SC_NPROCESSORS_ONLN) >= 1024)
		skip_because("so many CPUs are here");
	assert_int_equal(run(NULL, under(JOB_LAUNCH, CONDITION_THREADS, 1024)),
			 0);
	assert_false(ending.done);
	assert_int_equal(heard.count, 0);
	assert_int_equal(strncmp(ending.reason, begin, strlen(begin)), 0);
	assert_int_equal(strncmp(ending.problem, "gave up: threads: ", 18), 0);
}

/* The tracer is the worker's child, in its group, and gone with it. */
static void a_traced_worker_is_done_like_any(void **state)
{
	(void)state;
	if (!program_runs())
		skip_because("the program cannot be started from here");
	assert_int_equal(run(NULL, under(JOB_LAUNCH, CONDITION_TRACED, 0)), 0);
	if (!ending.done)
		skip_because("%s", ending.problem);
	assert_true(heard.launched.state.traced);
	assert_int_equal(heard.row_count, 6);
	assert_no_child();
}

static void a_worker_that_gives_up_says_why(void **state)
{
	struct job job = a_job(JOB_TRY);

	(void)state;
	if (!program_runs())
		skip_because("the program cannot be started from here");
	job.cpu = CPU_SETSIZE - 1;
	assert_int_equal(run(NULL, job), 0);
	assert_false(ending.done);
	assert_int_equal(strncmp(ending.problem, "gave up: ", 9), 0);
	assert_true(strlen(ending.problem) > 9);
	assert_string_equal(ending.reason, ending.problem + 9);
	assert_int_equal(heard.count, 0);
}

static void a_worker_that_is_killed_is_named_by_its_signal(void **state)
{
	(void)state;
	assert_int_equal(run(WRAP("sh", "-c", "kill -SEGV $$"), a_job(JOB_TRY)),
			 0);
	assert_false(ending.done);
	assert_string_equal(ending.problem, "killed by SIGSEGV");
	assert_int_equal(run(WRAP("sh", "-c", "kill -KILL $$"), a_job(JOB_TRY)),
			 0);
	assert_string_equal(ending.problem, "killed by SIGKILL");
	assert_no_child();
}

static void a_worker_that_ends_early_is_named_by_its_status(void **state)
{
	(void)state;
	assert_int_equal(run(WRAP("sh", "-c", "exit 5"), a_job(JOB_TRY)), 0);
	assert_false(ending.done);
	assert_string_equal(ending.problem, "ended early with status 5");
	assert_int_equal(run(WRAP("true"), a_job(JOB_TRY)), 0);
	assert_false(ending.done);
	assert_string_equal(ending.problem, "ended early with status 0");
}

static void a_command_that_is_not_there_is_no_crash(void **state)
{
	(void)state;
	assert_int_equal(run(WRAP("/nonexistent/command"), a_job(JOB_TRY)), 0);
	assert_false(ending.done);
	assert_string_equal(ending.problem, "could not be executed");
	assert_int_equal(run(WRAP("no-such-command-at-all"), a_job(JOB_TRY)),
			 0);
	assert_string_equal(ending.problem, "could not be executed");
	assert_no_child();
}

/* Runs a shell that sends these numbers and then does as `then` says: $2 is
 * the hidden argument, which ends in the descriptor. */
static int run_sender(const uint32_t *sent, size_t bytes, const char *then)
{
	char path[] = "/tmp/syscost-launcher-XXXXXX", script[128];
	int file = mkstemp(path), error;

	assert_true(file >= 0);
	assert_int_equal(write(file, sent, bytes), bytes);
	close(file);
	snprintf(script, sizeof(script),
		 "cat \"$0\" >/proc/self/fd/${2##*,}; %s", then);
	error = run(WRAP("sh", "-c", script, path), a_job(JOB_TRY));
	unlink(path);
	return error;
}

/* A message, nonsense, and the message again. */
static void nonsense_from_a_worker_is_refused(void **state)
{
	static const uint32_t sent[] = {
		MESSAGE_TRYING, 4, 7, 99, 0, /* no such kind */
		MESSAGE_TRYING, 4, 7
	};

	(void)state;
	assert_int_equal(run_sender(sent, sizeof(sent), "exit 5"), 0);
	assert_false(ending.done);
	assert_string_equal(ending.problem, "ended early with status 5");
	assert_int_equal(heard.count, 1);
	assert_int_equal(heard.kinds[0], MESSAGE_TRYING);
	assert_no_child();
}

/* One that would go on for long, and does not look at its pipes. */
static void a_refusal_stops_the_worker(void **state)
{
	static const uint32_t sent[] = { MESSAGE_TRYING, 4, 7 };

	(void)state;
	heard.refusal = -EIO;
	assert_int_equal(run_sender(sent, sizeof(sent), "sleep 1000"), -EIO);
	assert_int_equal(heard.count, 1);
	assert_string_equal(ending.problem, "killed by SIGKILL");
	assert_no_child();
}

/* The words of the worker's environment, by one that writes them to a file. */
static unsigned int padding_seen_by_worker(void)
{
	char path[] = "/tmp/syscost-launcher-XXXXXX", text[64];
	int file = mkstemp(path);

	assert_true(file >= 0);
	close(file);
	assert_int_equal(
		run(WRAP("sh", "-c", "echo ${#SYSCOST_PADDING} >\"$0\"", path),
		    a_job(JOB_TRY)),
		0);
	assert_int_equal(facts_line(path, text, sizeof(text)), 0);
	unlink(path);
	assert_string_not_equal(text, "");
	return (unsigned int)atoi(text);
}

static void the_padding_is_what_was_drawn(void **state)
{
	unsigned int padding[4], distinct = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(padding); i++) {
		padding[i] = padding_seen_by_worker();
		assert_int_equal(padding[i], ending.padding);
		assert_in_range(padding[i], 0, 4095);
		distinct += i && padding[i] != padding[0];
	}
	assert_true(distinct > 0);
	/* The same seed draws the same. */
	assert_int_equal(begin(NULL), 0);
	for (size_t i = 0; i < COUNT(padding); i++) {
		run(WRAP("true"), a_job(JOB_TRY));
		assert_int_equal(ending.padding, padding[i]);
	}
}

static void a_worker_is_a_process_group_of_its_own(void **state)
{
	char path[] = "/tmp/syscost-launcher-XXXXXX", text[64];
	int file = mkstemp(path);

	(void)state;
	assert_true(file >= 0);
	close(file);
	assert_int_equal(
		run(WRAP("sh", "-c",
			 "cut -d' ' -f5 /proc/$$/stat | tr '\\n' ' ' >\"$0\"; "
			 "echo $$ >>\"$0\"",
			 path),
		    a_job(JOB_TRY)),
		0);
	assert_int_equal(facts_line(path, text, sizeof(text)), 0);
	unlink(path);
	assert_for(text, atoi(text) > 0);
	assert_int_equal(atoi(text), atoi(strchr(text, ' ')));
}

/* A launcher that is killed outright leaves no worker behind, wrapped or not:
 * as its grandparent, this test gets the worker to bury. */
static void a_killed_launcher_takes_the_worker_along(void **state)
{
	char path[] = "/tmp/syscost-launcher-XXXXXX", text[32];
	int file = mkstemp(path), status;
	pid_t launching, worker;

	(void)state;
	assert_true(file >= 0);
	close(file);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1))
		skip_because("orphans cannot be buried here");
	launching = fork();
	if (launching == 0) {
		run(WRAP("sh", "-c", "echo $$ >\"$0\"; exec sleep 1000", path),
		    a_job(JOB_TRY));
		_exit(1);
	}
	do
		facts_line(path, text, sizeof(text));
	while (!text[0] && waitpid(launching, &status, WNOHANG) == 0);
	assert_string_not_equal(text, "");
	worker = atoi(text);
	kill(launching, SIGKILL);
	assert_int_equal(waitpid(launching, &status, 0), launching);
	assert_int_equal(waitpid(worker, &status, 0), worker);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	unlink(path);
}

/* The last test: a signal that was caught stays caught. */
static void a_signal_stops_the_worker(void **state)
{
	(void)state;
	launcher_catch_signals();
	assert_int_equal(launcher_interrupted(), 0);
	if (!program_runs())
		skip_because("the program cannot be started from here");
	heard.raised = SIGTERM;
	/* It may be done before the signal comes: then what wraps it stays. */
	assert_int_equal(run(WRAP("sh", "-c", "\"$0\" \"$@\"; sleep 100"),
			     a_job(JOB_TRY)),
			 0);
	assert_int_equal(launcher_interrupted(), SIGTERM);
	assert_false(ending.done);
	assert_string_equal(ending.problem, "killed by SIGKILL");
	/* The next one does not come to run at all. */
	assert_int_equal(run(WRAP("sh", "-c", "sleep 100"), a_job(JOB_TRY)), 0);
	assert_string_equal(ending.problem, "killed by SIGKILL");
	assert_no_child();
}

#define afresh(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		afresh(the_program_finds_itself),
		afresh(a_worker_tries_rows),
		afresh(a_wrapped_worker_does_its_job_too),
		afresh(a_worker_runs_its_rounds),
		afresh(a_worker_stamps_single_calls),
		afresh(a_check_reads_the_state_back),
		afresh(addresses_are_fixed_before_the_worker_begins),
		afresh(a_launch_reads_its_state_back_too),
		afresh(a_condition_that_cannot_be_is_named_with_the_reason),
		afresh(a_traced_worker_is_done_like_any),
		afresh(a_worker_that_gives_up_says_why),
		afresh(a_worker_that_is_killed_is_named_by_its_signal),
		afresh(a_worker_that_ends_early_is_named_by_its_status),
		afresh(a_command_that_is_not_there_is_no_crash),
		afresh(nonsense_from_a_worker_is_refused),
		afresh(a_refusal_stops_the_worker),
		afresh(the_padding_is_what_was_drawn),
		afresh(a_worker_is_a_process_group_of_its_own),
		afresh(a_killed_launcher_takes_the_worker_along),
		afresh(a_signal_stops_the_worker),
	};

	signal(SIGPIPE, SIG_IGN); /* workers that do not read their job */
	if (registry_init())
		return 1;
	return check_all(tests);
}
