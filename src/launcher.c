// SPDX-License-Identifier: MIT
/* Starts workers, one at a time, and hands on what they send. */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "limit.h"
#include "worker.h"

#define PADDING_NAME "SYSCOST_PADDING="
#define PADDING_MOST 4096 /* a page: every stack offset can come up */

static volatile sig_atomic_t caught;
static volatile sig_atomic_t running; /* the worker's process group, or 0 */

static void stop_worker(int number)
{
	caught = number;
	if (running)
		kill(-running, SIGKILL);
}

void launcher_catch_signals(void)
{
	struct sigaction action = { .sa_handler = stop_worker };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a write over the limit fails: EFBIG */
}

int launcher_interrupted(void)
{
	return caught;
}

int launcher_init(struct launcher *launcher, uint64_t seed)
{
	const char *name = (const char *)getauxval(AT_EXECFN);
	char *absolute = realpath("/proc/self/exe", NULL);

	/* An emulator's /proc/self/exe may be the emulator's own file, and
	 * without /proc there is none: then by the name it was started. */
	if (name && (!absolute || strncmp(absolute, "/proc", 5) == 0 ||
		     access(name, X_OK) == 0)) {
		free(absolute);
		absolute = realpath(name, NULL);
	}
	if (!absolute)
		return -errno;
	snprintf(launcher->program, sizeof(launcher->program), "%s", absolute);
	free(absolute);
	launcher->limit_s = 0;
	for (int i = 0; i < 3; i++)
		launcher->seed[i] = (unsigned short)(seed >> (16 * i));
	return 0;
}

/* A launch's environment has a size of its own: where the stack begins, and
 * with it what shares a cache set or a page, is drawn anew (Mytkowicz 2009). */
static char **padded_environment(unsigned int padding)
{
	size_t count = 0;
	char **copy, *text;

	while (environ[count])
		count++;
	copy = calloc(count + 2, sizeof(*copy));
	text = malloc(sizeof(PADDING_NAME) + padding);
	if (!copy || !text) {
		free(copy);
		free(text);
		return NULL;
	}
	memcpy(copy, environ, count * sizeof(*copy));
	memcpy(text, PADDING_NAME, sizeof(PADDING_NAME));
	memset(text + sizeof(PADDING_NAME) - 1, 'x', padding);
	text[sizeof(PADDING_NAME) - 1 + padding] = '\0';
	copy[count] = text;
	return copy;
}

static void free_environment(char **copy)
{
	size_t last = 0;

	while (copy[last + 1])
		last++;
	free(copy[last]);
	free(copy);
}

/* The wrapping words, the program, and the worker's hidden argument. */
static char **worker_arguments(const struct launcher *launcher,
			       char *const *wrap, const char *hidden)
{
	size_t count = 0, words = 0;
	char **arguments;

	while (wrap && wrap[words])
		words++;
	arguments = calloc(words + 3, sizeof(*arguments));
	if (!arguments)
		return NULL;
	for (; count < words; count++)
		arguments[count] = wrap[count];
	arguments[count++] = (char *)launcher->program;
	arguments[count] = (char *)hidden;
	return arguments;
}

/* Addresses are drawn at exec. Where this is refused, the worker says so. */
static void stop_randomizing(void)
{
	int flags = personality(0xffffffff);

	if (flags >= 0)
		personality((unsigned long)flags | ADDR_NO_RANDOMIZE);
}

/* In the child: a process group of its own, so that a signal from the
 * terminal reaches only the launcher, and the worker's descriptors alone. */
static void become_worker(pid_t launcher, char *const *arguments,
			  char *const *environment, int job, int messages)
{
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* survives the exec */
	if (getppid() != launcher)	  /* it died before that */
		_exit(127);
	fcntl(job, F_SETFD, 0);
	fcntl(messages, F_SETFD, 0);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	/* execvpe hands what is no program to a shell: not a path of ours. */
	if (strchr(arguments[0], '/'))
		execve(arguments[0], arguments, environment);
	else
		execvpe(arguments[0], arguments, environment);
	_exit(127);
}

struct pipes {
	int job[2], messages[2];
};

static int open_pipes(struct pipes *pipes)
{
	if (pipe2(pipes->job, O_CLOEXEC))
		return -errno;
	if (pipe2(pipes->messages, O_CLOEXEC)) {
		int error = -errno;

		close(pipes->job[0]);
		close(pipes->job[1]);
		return error;
	}
	return 0;
}

static pid_t start(struct launcher *launcher, char *const *wrap,
		   const struct conditions *conditions,
		   const struct pipes *pipes, unsigned int padding)
{
	char hidden[64];
	char **environment = padded_environment(padding);
	char **arguments;
	pid_t self = getpid(), child = -1;

	snprintf(hidden, sizeof(hidden), WORKER_ARGUMENT "%d,%d", pipes->job[0],
		 pipes->messages[1]);
	arguments = worker_arguments(launcher, wrap, hidden);
	if (environment && arguments)
		child = fork();
	if (child == 0) {
		if (conditions_have(conditions, CONDITION_NOASLR))
			stop_randomizing();
		become_worker(self, arguments, environment, pipes->job[0],
			      pipes->messages[1]);
	}
	if (environment)
		free_environment(environment);
	free(arguments);
	return child;
}

static int receive_all(int pipe, launcher_receive *receive, void *argument,
		       struct ending *ending)
{
	size_t capacity = 0, bytes = 0;
	void *payload = NULL;
	int kind = 0, error = 0;

	while (!error && (kind = message_receive(pipe, &payload, &capacity,
						 &bytes)) > 0) {
		if (kind == MESSAGE_FAILED)
			snprintf(ending->reason, sizeof(ending->reason), "%s",
				 (const char *)payload);
		else if (kind == MESSAGE_DONE)
			ending->done = true;
		else
			error = receive(argument, kind, payload, bytes);
	}
	free(payload);
	return kind == -ENOMEM ? kind : error;
}

static void describe_ending(int status, struct ending *ending)
{
	if (WIFSIGNALED(status) && ending->late) {
		ending->done = false;
		snprintf(ending->problem, sizeof(ending->problem),
			 "did not end and was killed (--limit)");
	} else if (WIFSIGNALED(status)) {
		const char *name = sigabbrev_np(WTERMSIG(status));

		ending->done = false;
		snprintf(ending->problem, sizeof(ending->problem),
			 "killed by SIG%s", name ? name : "?");
	} else if (ending->reason[0]) {
		snprintf(ending->problem, sizeof(ending->problem),
			 "gave up: %s", ending->reason);
	} else if (!ending->done && WEXITSTATUS(status) == 127) {
		snprintf(ending->problem, sizeof(ending->problem),
			 "could not be executed");
	} else if (!ending->done) {
		snprintf(ending->problem, sizeof(ending->problem),
			 "ended early with status %d", WEXITSTATUS(status));
	}
}

int launcher_run(struct launcher *launcher, char *const *wrap,
		 const struct job *job, const struct task *tasks,
		 launcher_receive *receive, void *argument,
		 struct ending *ending)
{
	uint64_t begin = clock_raw_ns();
	struct pipes pipes;
	int error, status = 0;
	pid_t child;

	*ending = (struct ending){ 0 };
	ending->padding =
		(unsigned int)(nrand48(launcher->seed) % PADDING_MOST);
	error = open_pipes(&pipes);
	if (error)
		return error;
	child = start(launcher, wrap, &job->conditions, &pipes,
		      ending->padding);
	close(pipes.job[0]);
	close(pipes.messages[1]);
	if (child > 0) {
		setpgid(child, child);
		running = child;
		if (caught) /* it came before there was a worker */
			kill(-child, SIGKILL);
		limit_begin(launcher->limit_s ? launcher->limit_s
					      : limit_of(job),
			    child);
		message_send_job(pipes.job[1], job, tasks);
		error = receive_all(pipes.messages[0], receive, argument,
				    ending);
	} else {
		error = -EAGAIN;
	}
	close(pipes.job[1]);
	close(pipes.messages[0]);
	if (child > 0) {
		if (error)
			kill(-child, SIGKILL);
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		running = 0;
		ending->late = limit_end();
		describe_ending(status, ending);
	}
	ending->wall_ns = clock_raw_ns() - begin;
	return error;
}
