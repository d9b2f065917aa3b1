// SPDX-License-Identifier: MIT
/* Another task for rows that need two: the other end of a ping-pong. */
#define _GNU_SOURCE
#include "partner.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arch.h"
#include "memory.h"
#include "topology.h"

#define STACK_BYTES (64UL * 1024)
#define GAVE_UP	    3

static int here = -1, elsewhere = -1;
static struct partner *alive;	   /* the last that was started */
static int64_t ended_elsewhere_ns; /* CPU time of those not on this CPU */

/* What a new task is told. */
struct start {
	void (*work)(void *argument);
	void *argument;
	pid_t parent;
};

/* Of the one thread that there is at a time. */
static struct {
	_Alignas(4096) char bytes[STACK_BYTES];
	struct start start;
} stack;
static bool stack_taken;

/* The last thread was killed at its work: a sanitizer still guards its locals
 * against those of the next. */
static void clear_stack(void)
{
#ifdef __SANITIZE_ADDRESS__
	void __asan_unpoison_memory_region(const volatile void *begin,
					   size_t size);

	__asan_unpoison_memory_region(stack.bytes, sizeof(stack.bytes));
#endif
}

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

int partner_one_caller(void)
{
	return syscall0(SYS_gettid) == getpid() ? 0 : -EOPNOTSUPP;
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

/* On a stack that is there from the start: no mapping is made, no page faults
 * in. */
static pid_t start_thread(const struct start *start)
{
	pid_t pid;

	if (stack_taken)
		return -EBUSY;
	clear_stack();
	/* It may begin when whoever starts it is long elsewhere. */
	stack.start = *start;
	pid = clone(live, stack.bytes + sizeof(stack.bytes),
		    CLONE_VM | CLONE_FS | SIGCHLD, &stack.start);
	stack_taken = pid > 0;
	return pid < 0 ? -errno : pid;
}

/* Loaded once, by the first that needs it, and kept. */
static int bind_task(pid_t pid, int cpu)
{
	static struct topology *topology;
	int error = topology ? 0 : topology_load(&topology);

	return error ? error : topology_bind_task(topology, pid, cpu);
}

static void do_nothing(void *argument)
{
	(void)argument;
}

const char *needs_partner_thread(const struct benchmark *benchmark)
{
	static struct partner partner;
	static int error = -1;

	(void)benchmark;
	if (error < 0) {
		error = -partner_start(&partner, PARTNER_THREAD, partner_here(),
				       do_nothing, NULL);
		partner_end(&partner);
	}
	return error ? "no task that shares its memory alone can be made here "
		       "(an emulator?)"
		     : NULL;
}

static int64_t ns_of(const struct timeval *time)
{
	return (int64_t)time->tv_sec * 1000000000 +
	       (int64_t)time->tv_usec * 1000;
}

static int64_t used_ns(const struct rusage *usage)
{
	return ns_of(&usage->ru_utime) + ns_of(&usage->ru_stime);
}

/* What was ended on another CPU is in RUSAGE_CHILDREN all the same. */
static void forget(struct partner *partner, const struct rusage *usage)
{
	struct partner **link = &alive;

	while (*link && *link != partner)
		link = &(*link)->next;
	if (*link)
		*link = partner->next;
	if (partner->cpu != here)
		ended_elsewhere_ns += used_ns(usage);
}

int partner_start(struct partner *partner, enum partner_kind kind, int cpu,
		  void (*work)(void *argument), void *argument)
{
	struct start start = { work, argument, getpid() };
	sigset_t all, before;
	int error;

	*partner = (struct partner){ .cpu = cpu };
	partner->thread = kind == PARTNER_THREAD;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	partner->pid = kind == PARTNER_PROCESS ? start_process(&start)
					       : start_thread(&start);
	sigprocmask(SIG_SETMASK, &before, NULL);
	error = partner->pid < 0 ? partner->pid : bind_task(partner->pid, cpu);
	if (error) {
		partner_end(partner);
		return error;
	}
	partner->next = alive;
	alive = partner;
	if (kind == PARTNER_PROCESS)
		memory_take_back();
	return 0;
}

void partner_end(struct partner *partner)
{
	struct rusage usage = { 0 };

	if (partner->pid > 0) {
		kill(partner->pid, SIGKILL);
		while (wait4(partner->pid, NULL, __WALL, &usage) < 0 &&
		       errno == EINTR)
			;
		forget(partner, &usage);
		stack_taken &= !partner->thread;
	}
	*partner = (struct partner){ 0 };
}

/* Behind the last ")" of its line, since a name may hold one (proc(5)). */
static bool is_running(pid_t pid)
{
	char name[32], line[512];
	const char *behind;
	ssize_t bytes;
	int file;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
	file = open(name, O_RDONLY | O_CLOEXEC);
	bytes = file >= 0 ? read(file, line, sizeof(line) - 1) : 0;
	if (file >= 0)
		close(file);
	line[bytes > 0 ? bytes : 0] = '\0';
	behind = strrchr(line, ')');
	return behind && (behind[2] == 'R' || behind[2] == 'D');
}

void partner_rest(const struct partner *partner)
{
	while (is_running(partner->pid))
		sched_yield();
}

void partner_rest_thread(pid_t thread)
{
	while (thread > 0 && syscall3(SYS_tgkill, getpid(), thread, 0) == 0)
		sched_yield();
}

void partner_give_up(void)
{
	_exit(GAVE_UP);
}

static int64_t cpu_ns(const struct partner *partner)
{
	struct timespec time;
	clockid_t clock;

	if (clock_getcpuclockid(partner->pid, &clock) ||
	    clock_gettime(clock, &time))
		return 0;
	return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int64_t partner_cpu_ns(void)
{
	struct rusage children;
	int64_t ns;

	if (getrusage(RUSAGE_CHILDREN, &children))
		return 0;
	ns = used_ns(&children) - ended_elsewhere_ns;
	for (const struct partner *each = alive; each; each = each->next)
		if (each->cpu == here)
			ns += cpu_ns(each);
	return ns;
}
