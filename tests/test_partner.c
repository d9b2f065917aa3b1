// SPDX-License-Identifier: MIT
/* A partner works on the CPU it is bound to, and is gone when it is ended. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "check.h"
#include "partner.h"
#include "topology.h"

/* What a partner of either kind can leave a note in. */
static struct note {
	atomic_int cpu; /* that it ran on, + 1 */
	atomic_int same_memory;
	atomic_int pid;
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

static int place(void **state)
{
	struct topology *topology;

	(void)state;
	if (topology_load(&topology))
		return -1;
	partner_place(topology, sched_getcpu());
	topology_free(topology);
	return 0;
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
	work_on(PARTNER_THREAD, partner_here());
	if (partner_elsewhere() < 0)
		skip_because("there is one CPU");
	assert_int_not_equal(partner_elsewhere(), partner_here());
	work_on(PARTNER_PROCESS, partner_elsewhere());
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
		cmocka_unit_test(it_dies_with_the_worker),
	};

	note = mmap(NULL, sizeof(*note), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (note == MAP_FAILED || place(NULL))
		return 1;
	return check_all(tests);
}
