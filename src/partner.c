// SPDX-License-Identifier: MIT
/* Another task for rows that need two: the other end of a ping-pong. */
#define _GNU_SOURCE
#include "partner.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "topology.h"

#define STACK_BYTES (64UL * 1024)

static int here = -1, elsewhere = -1;

/* What a new task is told. */
struct start {
	void (*work)(void *argument);
	void *argument;
	pid_t parent;
};

void partner_place(struct topology *topology, int cpu)
{
	int other;

	here = cpu;
	elsewhere = topology_others(topology, cpu, &other, 1) ? other : -1;
}

int partner_here(void)
{
	return here >= 0 ? here : sched_getcpu();
}

int partner_elsewhere(void)
{
	return elsewhere;
}

const char *needs_other_cpu(const struct benchmark *benchmark)
{
	(void)benchmark;
	return elsewhere >= 0 ? NULL : "there is no other CPU to work with";
}

/* No glibc in here: a thread shares its thread-local data with the worker. */
static int live(void *argument)
{
	struct start start = *(struct start *)argument;

	syscall5(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (syscall0(SYS_getppid) == start.parent)
		start.work(start.argument);
	syscall1(SYS_exit_group, 0);
	return 0;
}

static pid_t start_process(struct start *start)
{
	pid_t pid = fork();

	if (pid == 0)
		live(start);
	return pid < 0 ? -errno : pid;
}

static pid_t start_thread(struct partner *partner, const struct start *start)
{
	struct start *own;
	pid_t pid;

	partner->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (partner->stack == MAP_FAILED) {
		partner->stack = NULL;
		return -errno;
	}
	/* It may begin when whoever starts it is long elsewhere. */
	own = partner->stack;
	*own = *start;
	pid = clone(live, (char *)partner->stack + STACK_BYTES,
		    CLONE_VM | CLONE_FS | SIGCHLD, own);
	return pid < 0 ? -errno : pid;
}

/* Loaded once, by the first that needs it, and kept. */
static int bind_task(pid_t pid, int cpu)
{
	static struct topology *topology;
	int error = topology ? 0 : topology_load(&topology);

	return error ? error : topology_bind_task(topology, pid, cpu);
}

int partner_start(struct partner *partner, enum partner_kind kind, int cpu,
		  void (*work)(void *argument), void *argument)
{
	struct start start = { work, argument, getpid() };
	sigset_t all, before;
	int error;

	*partner = (struct partner){ 0 };
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	partner->pid = kind == PARTNER_PROCESS ? start_process(&start)
					       : start_thread(partner, &start);
	sigprocmask(SIG_SETMASK, &before, NULL);
	error = partner->pid < 0 ? partner->pid : bind_task(partner->pid, cpu);
	if (error)
		partner_end(partner);
	return error;
}

void partner_end(struct partner *partner)
{
	if (partner->pid > 0) {
		kill(partner->pid, SIGKILL);
		while (waitpid(partner->pid, NULL, __WALL) < 0 &&
		       errno == EINTR)
			;
	}
	if (partner->stack)
		munmap(partner->stack, STACK_BYTES);
	*partner = (struct partner){ 0 };
}
