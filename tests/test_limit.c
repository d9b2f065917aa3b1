// SPDX-License-Identifier: MIT
/* A worker that does not end is killed, and no other. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "limit.h"

static void the_limit_grows_with_the_plan(void **state)
{
	struct job job = { .kind = JOB_CHECK, .rounds = 50, .batch_ns = 1e5 };

	(void)state;
	assert_near(limit_of(&job), 60, 1e-9);
	job.count = 100; /* 50 x 100 x 0.1 ms are half a second */
	assert_near(limit_of(&job), 60 + 50, 1e-9);
	job.rounds = 500;
	assert_near(limit_of(&job), 60 + 500, 1e-9);
	job.rounds = 1; /* a trial takes more than that */
	assert_near(limit_of(&job), 60 + 20, 1e-9);
}

/* A process group of one that ends after so long, stopped or not. */
static pid_t start(unsigned int seconds, bool stopped)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		setpgid(0, 0);
		if (stopped)
			raise(SIGSTOP);
		sleep(seconds);
		_exit(7);
	}
	setpgid(child, child);
	return child;
}

static int status_of(pid_t child)
{
	int status = -1;

	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void who_is_late_is_killed(void **state)
{
	(void)state;
	for (int stopped = 0; stopped < 2; stopped++) {
		pid_t child = start(1000, stopped);
		int status;

		limit_begin(0.05, child);
		status = status_of(child);
		assert_true(limit_end());
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGKILL);
	}
}

static void who_is_in_time_is_left_alone(void **state)
{
	pid_t child = start(0, false);
	int status;

	(void)state;
	limit_begin(1000, child);
	status = status_of(child);
	assert_false(limit_end());
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 7);
}

static void once_it_is_over_nobody_is_killed(void **state)
{
	struct timespec while_ = { .tv_nsec = 50000000 };
	pid_t child = start(0, false);
	int status;

	(void)state;
	limit_begin(0.02, child);
	assert_false(limit_end());
	nanosleep(&while_, NULL);
	status = status_of(child);
	assert_true(WIFEXITED(status));
}

/* A stop for much longer than the limit is one look. */
static void a_stop_of_the_launcher_does_not_count(void **state)
{
	pid_t launcher = fork();

	(void)state;
	assert_true(launcher >= 0);
	if (launcher == 0) {
		pid_t child = start(1000, false);

		limit_begin(0.8, child);
		raise(SIGSTOP);
		_exit(limit_end() || kill(child, SIGKILL) ||
		      !WIFSIGNALED(status_of(child)));
	}
	waitpid(launcher, NULL, WUNTRACED);
	sleep(1);
	kill(launcher, SIGCONT);
	assert_int_equal(status_of(launcher), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_limit_grows_with_the_plan),
		cmocka_unit_test(who_is_late_is_killed),
		cmocka_unit_test(who_is_in_time_is_left_alone),
		cmocka_unit_test(once_it_is_over_nobody_is_killed),
		cmocka_unit_test(a_stop_of_the_launcher_does_not_count),
	};

	return check_all(tests);
}
