// SPDX-License-Identifier: MIT
/* A partner works on the CPU it is bound to, and is gone when it is ended. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "bound.h"
#include "check.h"
#include "memory.h"

#define ROUNDING_NS 10000 /* getrusage tells microseconds */

/* What a partner of either kind can leave a note in. */
static struct note {
	atomic_int cpu; /* that it ran on, + 1 */
	atomic_int same_memory;
	atomic_int pid;
	atomic_int spins;
} * note;

static int private_word;

static void sleep_a_little(void)
{
	struct timespec little = { .tv_nsec = 1000000 };

	syscall2(SYS_nanosleep, (long)&little, 0);
}

/* For good, when bound to where it is to be. */
static void tell(void *argument)
{
	unsigned int cpu;

	(void)argument;
	private_word++;
	for (;;) {
		syscall3(SYS_getcpu, (long)&cpu, 0, 0);
		note->same_memory = private_word;
		note->cpu = (int)cpu + 1;
		sleep_a_little();
	}
}

static void return_at_once(void *argument)
{
	(void)argument;
}

static void wait_for_cpu(int cpu)
{
	for (int i = 0; i < 60000 && note->cpu != cpu + 1; i++)
		sleep_a_little();
	assert_int_equal(note->cpu, cpu + 1);
}

static void nobody_is_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
}

static void work_on(enum partner_kind kind, int cpu)
{
	struct partner partner;

	note->cpu = note->same_memory = 0;
	private_word = 0;
	assert_int_equal(partner_start(&partner, kind, cpu, tell, NULL), 0);
	assert_true(partner.pid > 0);
	wait_for_cpu(cpu);
	assert_int_equal(note->same_memory, 1);
	assert_int_equal(private_word, kind == PARTNER_THREAD ? 1 : 0);
	partner_end(&partner);
	assert_int_equal(partner.pid, 0);
	nobody_is_left();
}

static void both_kinds_work_here_and_elsewhere(void **state)
{
	(void)state;
	work_on(PARTNER_PROCESS, partner_here());
	if (!needs_partner_thread(NULL))
		work_on(PARTNER_THREAD, partner_here());
	if (partner_elsewhere() < 0)
		skip_because("there is one CPU");
	assert_int_not_equal(partner_elsewhere(), partner_here());
	work_on(PARTNER_PROCESS, partner_elsewhere());
	if (needs_partner_thread(NULL))
		skip_because("%s", needs_partner_thread(NULL));
	work_on(PARTNER_THREAD, partner_elsewhere());
}

static void one_that_is_done_is_ended_too(void **state)
{
	struct partner partner = { 0 };

	(void)state;
	partner_end(&partner);
	assert_int_equal(partner_start(&partner, PARTNER_PROCESS,
				       partner_here(), return_at_once, NULL),
			 0);
	partner_end(&partner);
	nobody_is_left();
}

static void a_cpu_that_is_not_there_is_an_error(void **state)
{
	struct partner partner;

	(void)state;
	assert_true(partner_start(&partner, PARTNER_PROCESS, 1 << 20, tell,
				  NULL) < 0);
	assert_int_equal(partner.pid, 0);
	nobody_is_left();
}

static void spin(void *argument)
{
	(void)argument;
	for (;;)
		note->spins++;
}

/* CPU time that is told of a partner that spun while we slept. */
static int64_t told_of(enum partner_kind kind, int cpu)
{
	int64_t alive, before = partner_cpu_ns();
	struct partner partner;

	assert_int_equal(partner_start(&partner, kind, cpu, spin, NULL), 0);
	usleep(100000);
	alive = partner_cpu_ns() - before;
	partner_end(&partner);
	assert_true(partner_cpu_ns() - before >= alive - ROUNDING_NS);
	return partner_cpu_ns() - before;
}

static void what_it_does_here_is_told(void **state)
{
	(void)state;
	assert_true(told_of(PARTNER_PROCESS, partner_here()) > 1000000);
	if (partner_elsewhere() < 0)
		skip_because("there is one CPU");
	assert_near(told_of(PARTNER_PROCESS, partner_elsewhere()), 0,
		    ROUNDING_NS);
	if (needs_partner_thread(NULL))
		skip_because("%s", needs_partner_thread(NULL));
	assert_true(told_of(PARTNER_THREAD, partner_here()) > 1000000);
	assert_near(told_of(PARTNER_THREAD, partner_elsewhere()), 0,
		    ROUNDING_NS);
}

/* Spins for a while and says so, then sleeps for good. */
static void work_then_sleep(void *argument)
{
	(void)argument;
	for (int i = 0; i < 20000000; i++)
		note->spins++;
	for (;;)
		sleep_a_little();
}

static void who_rests_sleeps(void **state)
{
	struct partner partner;

	(void)state;
	for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
		int cpu = elsewhere ? partner_elsewhere() : partner_here();

		if (cpu < 0)
			continue;
		note->spins = 0;
		assert_int_equal(partner_start(&partner, PARTNER_PROCESS, cpu,
					       work_then_sleep, NULL),
				 0);
		partner_rest(&partner);
		assert_int_equal(note->spins, 20000000);
		partner_end(&partner);
	}
}

static int wait_for_word(void *word)
{
	while (!*(atomic_int *)word)
		;
	return 0;
}

static void a_thread_that_ends_is_waited_for(void **state)
{
	static _Alignas(16) char stack[16384];
	static atomic_int word, tid;
	pid_t thread = clone(wait_for_word, stack + sizeof(stack),
			     CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
				     CLONE_THREAD | CLONE_SYSVSEM |
				     CLONE_CHILD_CLEARTID,
			     (void *)&word, NULL, NULL, &tid);

	(void)state;
	assert_true(thread > 0);
	assert_int_equal(syscall3(SYS_tgkill, getpid(), thread, 0), 0);
	word = 1;
	partner_rest_thread(thread);
	assert_int_equal(syscall3(SYS_tgkill, getpid(), thread, 0), -ESRCH);
	partner_rest_thread(0);
}

static void there_is_one_thread_at_a_time(void **state)
{
	struct partner first, second;

	(void)state;
	if (needs_partner_thread(NULL))
		skip_because("%s", needs_partner_thread(NULL));
	assert_int_equal(partner_start(&first, PARTNER_THREAD, partner_here(),
				       tell, NULL),
			 0);
	assert_int_equal(partner_start(&second, PARTNER_THREAD, partner_here(),
				       tell, NULL),
			 -EBUSY);
	assert_true(kill(first.pid, 0) == 0);
	assert_int_equal(partner_start(&second, PARTNER_THREAD, partner_here(),
				       tell, NULL),
			 -EBUSY);
	partner_end(&first);
	assert_int_equal(partner_start(&second, PARTNER_THREAD, partner_here(),
				       tell, NULL),
			 0);
	partner_end(&second);
	nobody_is_left();
}

static void *ask(void *argument)
{
	*(int *)argument = partner_one_caller();
	return NULL;
}

static void a_second_thread_is_told_to_go(void **state)
{
	pthread_t thread;
	int answer = 0;

	(void)state;
	assert_int_equal(partner_one_caller(), 0);
	assert_int_equal(pthread_create(&thread, NULL, ask, &answer), 0);
	pthread_join(thread, NULL);
	assert_int_equal(answer, -EOPNOTSUPP);
}

static char pages[64][4096] __attribute__((aligned(4096)));

static long faults_of_writing(void)
{
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	for (int i = 0; i < 64; i++)
		((volatile char *)pages[i])[0]++;
	getrusage(RUSAGE_SELF, &after);
	return after.ru_minflt - before.ru_minflt;
}

/* Pages that we wrote before and write again: no fault is left over. */
static void our_pages_are_taken_back(void **state)
{
	struct partner partner;
	long faults;

	(void)state;
	faults_of_writing();
	if (fork() == 0)
		_exit(0);
	wait(NULL);
	memory_take_back();
	if (faults_of_writing() >= 8)
		skip_because("no page can be taken back here");
	assert_int_equal(partner_start(&partner, PARTNER_PROCESS,
				       partner_here(), tell, NULL),
			 0);
	faults = faults_of_writing();
	partner_end(&partner);
	assert_true(faults < 8);
}

static void who_gives_up_ends_the_worker(void **state)
{
	int status;
	pid_t worker = fork();

	(void)state;
	if (worker == 0)
		partner_give_up();
	assert_int_equal(waitpid(worker, &status, 0), worker);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
}

/* The one who starts it dies without ending it. */
static void it_dies_with_the_worker(void **state)
{
	struct partner partner;
	int status;
	pid_t worker = fork();

	(void)state;
	if (worker == 0) {
		if (partner_start(&partner, PARTNER_PROCESS, partner_here(),
				  tell, NULL) == 0)
			note->pid = partner.pid;
		_exit(0);
	}
	assert_int_equal(waitpid(worker, &status, 0), worker);
	for (int i = 0; i < 60000 && kill(note->pid, 0) == 0; i++)
		sleep_a_little();
	assert_int_equal(kill(note->pid, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_kinds_work_here_and_elsewhere),
		cmocka_unit_test(one_that_is_done_is_ended_too),
		cmocka_unit_test(a_cpu_that_is_not_there_is_an_error),
		cmocka_unit_test(there_is_one_thread_at_a_time),
		cmocka_unit_test(what_it_does_here_is_told),
		cmocka_unit_test(who_rests_sleeps),
		cmocka_unit_test(a_thread_that_ends_is_waited_for),
		cmocka_unit_test(our_pages_are_taken_back),
		cmocka_unit_test(who_gives_up_ends_the_worker),
		cmocka_unit_test(it_dies_with_the_worker),
		cmocka_unit_test(a_second_thread_is_told_to_go),
	};

	note = mmap(NULL, sizeof(*note), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (note == MAP_FAILED || bind_as_a_worker())
		return 1;
	return check_all(tests);
}
