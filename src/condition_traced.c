// SPDX-License-Identifier: MIT
/* Condition traced: a child of the worker stops it at each entry and exit. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "condition_kinds.h"
#include "facts.h"

#ifndef PR_SET_PTRACER
#define PR_SET_PTRACER 0x59616d61
#endif
#define STOP_OF_GROUP 128 /* PTRACE_EVENT_STOP */

/* What worker and tracer share. */
struct shared {
	atomic_ullong stops; /* at entries and exits */
	atomic_int error;
};

/* Waits for the worker's next stop; its status, or -1: there will be none. */
static int next_stop(pid_t worker)
{
	int status;

	while (waitpid(worker, &status, __WALL) < 0)
		if (errno != EINTR)
			return -1;
	return WIFSTOPPED(status) ? status : -1;
}

/* Does the worker stop with its process group (SIGSTOP, SIGTSTP ...)? Then it
 * stays stopped until a SIGCONT; the stop that was asked for says SIGTRAP. */
static bool is_group_stop(int status)
{
	return status >> 16 == STOP_OF_GROUP && WSTOPSIG(status) != SIGTRAP;
}

/* What the worker is to go on with: a signal that was meant for it. */
static long signal_of(int status)
{
	bool is_event = status >> 16 || WSTOPSIG(status) == (SIGTRAP | 0x80);

	return is_event ? 0 : WSTOPSIG(status);
}

/* Until the worker ends: it goes on from each stop to the next. */
static void follow(pid_t worker, int status, struct shared *shared)
{
	while (status != -1) {
		if (WSTOPSIG(status) == (SIGTRAP | 0x80))
			atomic_fetch_add_explicit(&shared->stops, 1,
						  memory_order_relaxed);
		if (ptrace(is_group_stop(status) ? PTRACE_LISTEN
						 : PTRACE_SYSCALL,
			   worker, NULL, signal_of(status)))
			return;
		status = next_stop(worker);
	}
}

/* The worker's ends of its pipes are not to outlive it here. */
static void close_all_but(int line)
{
	if (line > 3)
		close_range(3, (unsigned int)line - 1, 0);
	close_range((unsigned int)line + 1, ~0U, 0);
}

/* In the child, once the worker has said so. It stays on the worker's CPU, as
 * it has inherited: each stop is a switch there and back. It dies with the
 * worker, and the worker, which would be stopped for ever, with it. */
static void trace(pid_t worker, struct shared *shared, int line)
{
	int status = -1;
	char go;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != worker)
		_exit(1);
	close_all_but(line);
	if (read(line, &go, 1) != 1)
		_exit(1);
	if (ptrace(PTRACE_SEIZE, worker, NULL,
		   (void *)(PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD)) ||
	    ptrace(PTRACE_INTERRUPT, worker, NULL, NULL))
		atomic_store(&shared->error, errno);
	else
		status = next_stop(worker);
	close(line);
	follow(worker, status, shared);
	_exit(0);
}

static bool has_tracer(void)
{
	char text[8192], tracer[16];

	return facts_file("/proc/self/status", text, sizeof(text)) > 0 &&
	       facts_value(text, "TracerPid", tracer, sizeof(tracer)) == 0 &&
	       atoi(tracer) != 0;
}

/* By the kernel's word, and by the tracer's count: a call is two stops. */
static bool is_in_force(const struct shared *shared)
{
	unsigned long long before = shared->stops;

	syscall0(SYS_getppid);
	return shared->stops >= before + 2 && has_tracer();
}

/* Yama lets a parent trace its child and not the other way round: the worker
 * has to name its tracer, which waits for that. Returns when the tracer has
 * hung up: it has the worker, which was stopped in its read, or cannot. */
static int start_tracer(struct shared *shared)
{
	pid_t worker = getpid(), tracer;
	int ends[2];
	char byte = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -errno;
	tracer = fork();
	if (tracer == 0) {
		close(ends[0]);
		trace(worker, shared, ends[1]);
	}
	close(ends[1]);
	if (tracer > 0) {
		prctl(PR_SET_PTRACER, tracer, 0, 0, 0);
		send(ends[0], &byte, 1, MSG_NOSIGNAL);
		while (recv(ends[0], &byte, 1, 0) < 0 && errno == EINTR)
			;
	}
	close(ends[0]);
	return tracer > 0 ? -atomic_load(&shared->error) : -EAGAIN;
}

int condition_traced(const struct applying *applying)
{
	struct shared *shared = mmap(NULL, sizeof(*shared),
				     PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int error = shared == MAP_FAILED ? -ENOMEM : start_tracer(shared);

	if (error)
		return condition_fail(
			applying, error,
			"no child may trace this process: %s "
			"(kernel.yama.ptrace_scope, a container's "
			"filter, or a tracer that is there)",
			strerror(-error));
	if (is_in_force(shared))
		return 0;
	return condition_fail(applying, -EIO,
			      "a tracer is attached, but sees no stops");
}
