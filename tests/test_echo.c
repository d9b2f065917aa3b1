// SPDX-License-Identifier: MIT
/* The far end answers each time, by every kind, and is gone when closed. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bound.h"
#include "check.h"
#include "echo.h"

#define ROUNDS 20

static int count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	int count = 0;

	assert_non_null(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void nobody_is_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
}

static void go_round(struct echo *echo)
{
	uint64_t word = echo->word;

	if (echo->kind == ECHO_FUTEX) {
		echo_futex();
	} else if (echo->kind == ECHO_SIGNAL) {
		echo_signal(echo->pid);
	} else {
		assert_int_equal(write(echo->out, &word, sizeof(word)),
				 sizeof(word));
		assert_int_equal(read(echo->in, &echo->word, sizeof(word)),
				 sizeof(word));
		assert_int_equal(echo->word, word + 1);
	}
}

static void assert_bound(pid_t pid, int cpu)
{
	cpu_set_t set;

	assert_int_equal(sched_getaffinity(pid, sizeof(set), &set), 0);
	assert_int_equal(CPU_COUNT(&set), 1);
	assert_true(CPU_ISSET(cpu, &set));
}

static void use(struct echo *echo, bool thread, int cpu)
{
	sigset_t before = { 0 }, after = { 0 };

	sigprocmask(SIG_SETMASK, NULL, &before);
	for (int turn = 0; turn < 3; turn++) {
		uint64_t count;

		echo_start(echo);
		echo_start(echo);
		count = echo_count(echo);
		for (int i = 0; i < ROUNDS; i++)
			go_round(echo);
		assert_int_equal(echo_count(echo), count + ROUNDS);
		assert_int_equal(echo_shares_memory(), thread);
		assert_bound(echo->pid, cpu);
		echo_stop(echo);
		assert_int_equal(echo->pid, 0);
	}
	echo_stop(echo);
	sigprocmask(SIG_SETMASK, NULL, &after);
	assert_memory_equal(&before, &after, sizeof(before));
}

/* 0, or that this kind cannot be had here. */
static int open_kind(struct echo *echo, int kind, bool thread, int cpu)
{
	int error = echo_open(echo, kind,
			      thread ? PARTNER_THREAD : PARTNER_PROCESS, cpu);

	if (error)
		assert_true(kind == CHANNEL_UDP || kind == CHANNEL_TCP);
	return error;
}

static void answer_on(bool thread, int cpu)
{
	int before = count_descriptors();

	for (int kind = 0; kind < ECHO_KINDS; kind++) {
		struct echo echo;

		if (open_kind(&echo, kind, thread, cpu))
			continue;
		use(&echo, thread, cpu);
		echo_close(&echo);
		nobody_is_left();
		assert_int_equal(count_descriptors(), before);
	}
}

static void a_process_answers_here(void **state)
{
	(void)state;
	answer_on(false, partner_here());
}

static void a_thread_answers_here(void **state)
{
	(void)state;
	if (needs_partner_thread(NULL))
		skip_because("%s", needs_partner_thread(NULL));
	answer_on(true, partner_here());
}

static void both_answer_elsewhere(void **state)
{
	(void)state;
	if (needs_other_cpu(NULL))
		skip_because("%s", needs_other_cpu(NULL));
	answer_on(false, partner_elsewhere());
	if (!needs_partner_thread(NULL))
		answer_on(true, partner_elsewhere());
}

static char state_of(pid_t pid)
{
	char name[64], state = 0;
	FILE *file;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	file = fopen(name, "re");
	if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (file)
		fclose(file);
	return state;
}

/* All are open at once, as in a launch; each process serves its CPU. */
static void many_share_a_process_that_sleeps_meanwhile(void **state)
{
	struct echo echoes[ECHO_KINDS] = { 0 };
	bool open[ECHO_KINDS];
	pid_t pid = 0;

	(void)state;
	for (int kind = 0; kind < ECHO_KINDS; kind++)
		open[kind] =
			!open_kind(&echoes[kind], kind, false, partner_here());
	for (int round = 0; round < 2; round++) {
		for (int kind = ECHO_KINDS; kind-- > 0;) {
			if (!open[kind])
				continue;
			echo_start(&echoes[kind]);
			if (pid)
				assert_int_equal(echoes[kind].pid, pid);
			pid = echoes[kind].pid;
			go_round(&echoes[kind]);
			echo_stop(&echoes[kind]);
			assert_int_equal(state_of(pid), 'S');
		}
	}
	for (int kind = 0; kind < ECHO_KINDS; kind++)
		if (open[kind])
			echo_close(&echoes[kind]);
	nobody_is_left();
}

/* As the row is counted under ptrace: by a copy of the worker. */
static void a_copy_of_the_worker_is_answered_too(void **state)
{
	(void)state;
	for (int kind = 0; kind < ECHO_KINDS; kind++) {
		struct echo echo;
		uint64_t count;
		int status;
		pid_t copy;

		if (open_kind(&echo, kind, false, partner_here()))
			continue;
		echo_start(&echo);
		count = echo_count(&echo);
		copy = fork();
		if (copy == 0) {
			for (int i = 0; i < ROUNDS; i++)
				go_round(&echo);
			_exit(echo_count(&echo) == count + ROUNDS ? 0 : 1);
		}
		assert_int_equal(waitpid(copy, &status, 0), copy);
		assert_int_equal(status, 0);
		go_round(&echo);
		echo_stop(&echo);
		echo_close(&echo);
	}
	nobody_is_left();
}

static void *open_in_thread(void *argument)
{
	struct echo echo;

	*(int *)argument =
		echo_open(&echo, CHANNEL_PIPE, PARTNER_PROCESS, partner_here());
	return NULL;
}

static void a_second_thread_has_none(void **state)
{
	int error = 0, before = count_descriptors();
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, open_in_thread, &error),
			 0);
	pthread_join(thread, NULL);
	assert_int_equal(error, -EOPNOTSUPP);
	assert_int_equal(count_descriptors(), before);
	nobody_is_left();
}

static void a_cpu_that_is_not_there_is_an_error(void **state)
{
	int before = count_descriptors();
	struct echo echo;

	(void)state;
	assert_true(echo_open(&echo, CHANNEL_PIPE, PARTNER_PROCESS, 1 << 20) <
		    0);
	assert_int_equal(count_descriptors(), before);
	nobody_is_left();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_answers_here),
		cmocka_unit_test(a_thread_answers_here),
		cmocka_unit_test(both_answer_elsewhere),
		cmocka_unit_test(many_share_a_process_that_sleeps_meanwhile),
		cmocka_unit_test(a_copy_of_the_worker_is_answered_too),
		cmocka_unit_test(a_cpu_that_is_not_there_is_an_error),
		cmocka_unit_test(a_second_thread_has_none),
	};

	if (bind_as_a_worker())
		return 1;
	return check_all(tests);
}
